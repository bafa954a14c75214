"""AudioStack v2, emulated: scripts, media, speech, sound templates and segments, mixes."""

from starlette.routing import Route

from audiokit.emulator import _links, _media
from audiokit.emulator.audiostack import _speech, content, mix, sound, speech
from audiokit.emulator.audiostack._envelope import credits_of

__all__ = ["KINDS", "credits_of", "routes"]

KINDS = (_speech.KIND, mix.KIND)
"""Kinds of work that outlive their calls, in the order in which they build on each other."""

_TEMPLATE = "Production.Sound.Template"

routes: list[Route] = [
    Route("/content/script", content.create_script, methods=["POST"], name="Content.Script.create"),
    Route("/content/script", content.update_script, methods=["PUT"], name="Content.Script.update"),
    Route("/content/scripts", content.list_scripts, methods=["GET"], name="Content.Script.list"),
    Route("/content/script/{scriptId}", content.get_script, methods=["GET"], name="Content.Script.get"),
    Route(
        "/content/script/{scriptId}/{version}",
        content.get_script,
        methods=["GET"],
        name="Content.Script.get_version",
    ),
    Route(
        "/content/script/{scriptId}", content.delete_script, methods=["DELETE"], name="Content.Script.delete"
    ),
    Route(
        "/content/script/{scriptId}/{version}",
        content.delete_script,
        methods=["DELETE"],
        name="Content.Script.delete_version",
    ),
    Route(
        "/content/media/create-upload-url",
        content.create_upload_url,
        methods=["POST"],
        name="Content.Media.create",
    ),
    Route("/content/media", content.list_media, methods=["GET"], name="Content.Media.list"),
    Route("/content/media/{mediaId}", content.get_media, methods=["GET"], name="Content.Media.get"),
    Route("/content/media/{mediaId}", content.delete_media, methods=["DELETE"], name="Content.Media.delete"),
    Route("/speech/tts", speech.create, methods=["POST"], name="Speech.TTS.create"),
    Route("/speech/tts", speech.find, methods=["GET"], name="Speech.TTS.list"),
    Route("/speech/tts/section/{speechId}", speech.retrieve, methods=["GET"], name="Speech.TTS.Section.get"),
    Route("/speech/tts/{speechId}", speech.retrieve, methods=["GET"], name="Speech.TTS.get"),
    Route("/speech/tts/{speechId}", speech.delete, methods=["DELETE"], name="Speech.TTS.delete"),
    Route("/production/sound/template", sound.create_template, methods=["POST"], name=f"{_TEMPLATE}.create"),
    Route("/production/sound/template", sound.list_templates, methods=["GET"], name=f"{_TEMPLATE}.list"),
    # A name may hold a slash: clients percent-encode it, servers see it decoded.
    Route(
        "/production/sound/template/{templateName:path}",
        sound.delete_template,
        methods=["DELETE"],
        name=f"{_TEMPLATE}.delete",
    ),
    Route(
        "/production/sound/segment",
        sound.create_segment,
        methods=["POST"],
        name="Production.Sound.Segment.create",
    ),
    Route("/production/mix", mix.create, methods=["POST"], name="Production.Mix.create"),
    Route("/production/validate", mix.validate, methods=["POST"], name="Production.Mix.validate"),
    Route("/production/mixes", mix.find, methods=["GET"], name="Production.Mix.list"),
    Route("/production/mix/presets", mix.list_presets, methods=["GET"], name="Production.Mix.list_presets"),
    Route("/production/mix/{productionId}", mix.retrieve, methods=["GET"], name="Production.Mix.get"),
    Route("/production/mix/{productionId}", mix.delete, methods=["DELETE"], name="Production.Mix.delete"),
    Route(_media.UPLOAD_PATH, _media.receive, methods=["PUT"], name="Content.Media.create (PUT)"),
    Route("/download/{file_id}/{name:path}", speech.serve_file, methods=["GET"], name="File.private"),
    Route("/public/{file_id}/{name:path}", _links.serve_public, methods=["GET"], name="File.public"),
]
"""Routes below the API's mount, in matching order."""
