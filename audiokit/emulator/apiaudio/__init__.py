"""api.audio v1, emulated: scripts, speech, media, sound templates, mastering."""

from starlette.routing import Route

from audiokit.emulator import _links, _media
from audiokit.emulator.apiaudio import (
    _mastering,
    _speech,
    mastering,
    media,
    organisation,
    scripts,
    sound,
    speech,
    voices,
)

__all__ = ["KINDS", "routes"]

KINDS = (_speech.KIND, _mastering.KIND)
"""Kinds of work that outlive their calls, in the order in which they build on each other."""

routes: list[Route] = [
    Route("/script", scripts.create, methods=["POST"], name="Script.create"),
    Route("/script", scripts.find, methods=["GET"], name="Script.list"),
    Route("/script/{scriptId}", scripts.retrieve, methods=["GET"], name="Script.retrieve"),
    Route("/script/{scriptId}", scripts.delete, methods=["DELETE"], name="Script.delete"),
    Route("/script/{scriptId}/{version}", scripts.delete, methods=["DELETE"], name="Script.delete_version"),
    Route("/speech", speech.create, methods=["POST"], name="Speech.create"),
    Route("/speech", speech.retrieve, methods=["GET"], name="Speech.retrieve"),
    Route("/mastering", mastering.create, methods=["POST"], name="Mastering.create"),
    Route("/mastering", mastering.retrieve, methods=["GET"], name="Mastering.retrieve"),
    Route("/mastering-presets", mastering.list_presets, methods=["GET"], name="Mastering.list_presets"),
    Route("/sound/template", sound.list_templates, methods=["GET"], name="Sound.list_sound_templates"),
    Route("/sound/parameter", sound.list_parameters, methods=["GET"], name="Sound.list_parameters"),
    Route("/file/customaudio/uploadurl", media.upload_url, methods=["GET"], name="Media.upload"),
    Route("/file/customaudio/tags", media.list_tags, methods=["GET"], name="Media.list_tags"),
    Route("/file/customaudio", media.find, methods=["GET"], name="Media.list"),
    Route("/file/customaudio", media.delete, methods=["DELETE"], name="Media.delete"),
    Route("/org", organisation.get_org_data, methods=["GET"], name="Organization.get_org_data"),
    Route(
        "/org/child_orgs",
        organisation.list_child_orgs,
        methods=["GET"],
        name="Organization.list_child_orgs",
    ),
    Route("/secrets", organisation.get_secrets, methods=["GET"], name="Organization.get_secrets"),
    Route("/voice", voices.find, methods=["GET"], name="Voice.list"),
    Route("/voice/name/{name}", voices.retrieve, methods=["GET"], name="Voice.get"),
    Route(_media.UPLOAD_PATH, _media.receive, methods=["PUT"], name="Media.upload (PUT)"),
    Route(
        "/public/vast/{track_id}/{name:path}", mastering.serve_vast, methods=["GET"], name="Mastering.vast"
    ),
    Route("/public/{file_id}/{name:path}", _links.serve_public, methods=["GET"], name="File.public"),
    Route("/private/{file_id}/{name:path}", _links.serve_private, methods=["GET"], name="File.private"),
]
"""Routes below the API's mount, in matching order."""
