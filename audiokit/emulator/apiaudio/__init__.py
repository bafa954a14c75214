"""api.audio v1, emulated: every operation."""

from starlette.routing import Route

from audiokit.emulator import _links, _media
from audiokit.emulator.apiaudio import (
    _mastering,
    _speech,
    _timeline_order,
    birdcache,
    connectors,
    directory,
    lexi,
    mastering,
    media,
    orchestrator,
    organisation,
    scripts,
    sound,
    speech,
    sync_tts,
    voices,
)

__all__ = ["KINDS", "routes"]

KINDS = (_speech.KIND, _mastering.KIND, _timeline_order.KIND, birdcache.KIND)
"""Kinds of work that outlive their calls, in the order in which they build on each other."""

routes: list[Route] = [
    Route("/script", scripts.create, methods=["POST"], name="Script.create"),
    Route("/script", scripts.find, methods=["GET"], name="Script.list"),
    Route("/scripts", directory.delete_many, methods=["DELETE"], name="Script.delete_multiple"),
    Route("/script/random", directory.random_text, methods=["GET"], name="Script.get_random_text"),
    Route(
        "/script/list_projects",
        directory.list_projects,
        methods=["GET"],
        name="Script.Directory.list_projects",
    ),
    Route(
        "/script/list_modules", directory.list_modules, methods=["GET"], name="Script.Directory.list_modules"
    ),
    Route(
        "/script/list_script_names",
        directory.list_script_names,
        methods=["GET"],
        name="Script.Directory.list_script_names",
    ),
    Route("/script/{scriptId}", scripts.retrieve, methods=["GET"], name="Script.retrieve"),
    Route("/script/{scriptId}", scripts.delete, methods=["DELETE"], name="Script.delete"),
    Route("/script/{scriptId}/{version}", scripts.delete, methods=["DELETE"], name="Script.delete_version"),
    Route("/speech", speech.create, methods=["POST"], name="Speech.create"),
    Route("/speech", speech.retrieve, methods=["GET"], name="Speech.retrieve"),
    Route("/speech/sync", sync_tts.create, methods=["POST"], name="SyncTTS.create"),
    Route("/birdcache", birdcache.create, methods=["POST"], name="Birdcache.create"),
    Route("/diction", lexi.find, methods=["GET"], name="Lexi.list"),
    Route("/diction/custom", lexi.list_custom, methods=["GET"], name="Lexi.list_custom_dicts"),
    Route("/diction/custom/item", lexi.register, methods=["PUT"], name="Lexi.register_custom_word"),
    Route("/diction/custom/item", lexi.list_words, methods=["GET"], name="Lexi.list_custom_words"),
    Route("/diction/custom/item", lexi.delete, methods=["DELETE"], name="Lexi.delete_custom_word"),
    Route("/diction/list_types", lexi.list_types, methods=["GET"], name="Lexi.list_types"),
    Route("/diction/list/{dict_id}", lexi.list_dictionary, methods=["GET"], name="Lexi.list_dictionary"),
    Route("/diction/search/{word}/{language}", lexi.search, methods=["GET"], name="Lexi.search"),
    Route("/connector/{name}", connectors.retrieve, methods=["GET"], name="Connector.retrieve"),
    Route("/connection/{connection_id}", connectors.connection, methods=["GET"], name="Connector.connection"),
    Route(
        "/orchestrator/create_audio",
        orchestrator.create_audio,
        methods=["POST"],
        name="Orchestrator.create_audio",
    ),
    Route(
        "/orchestrator/create_three_sections",
        orchestrator.create_three_sections,
        methods=["POST"],
        name="Orchestrator.create_three_sections",
    ),
    Route(
        "/orchestrator/media_with_sound",
        orchestrator.media_with_sound,
        methods=["POST"],
        name="Orchestrator.media_with_sound",
    ),
    Route("/orchestrator", orchestrator.describe, methods=["OPTIONS"], name="Orchestrator.help"),
    Route("/pipeline", orchestrator.create_pipeline, methods=["POST"], name="Pipeline.create"),
    Route(
        "/media-timeline",
        mastering.create_media_timeline,
        methods=["POST"],
        name="Mastering.create_media_timeline",
    ),
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
    Route("/voice", voices.search, methods=["POST"], name="Voice.query"),
    Route("/voice/parameter", voices.list_parameters, methods=["GET"], name="Voice.list_parameters"),
    Route("/voice/name/{name}", voices.retrieve, methods=["GET"], name="Voice.get"),
    Route(_media.UPLOAD_PATH, _media.receive, methods=["PUT"], name="Media.upload (PUT)"),
    Route(
        "/public/vast/{track_id}/impression",
        mastering.count_impression,
        methods=["GET"],
        name="Mastering.vast_impression",
    ),
    Route(
        "/public/vast/{track_id}/{name:path}", mastering.serve_vast, methods=["GET"], name="Mastering.vast"
    ),
    Route("/public/{file_id}/{name:path}", _links.serve_public, methods=["GET"], name="File.public"),
    Route("/private/{file_id}/{name:path}", _links.serve_private, methods=["GET"], name="File.private"),
]
"""Routes below the API's mount, in matching order."""
