"""AudioStack v2, emulated: every operation that needs no language model."""

from starlette.routing import Route

from audiokit.emulator import _links, _media
from audiokit.emulator._unavailable import audiostack_routes as unavailable
from audiokit.emulator.audiostack import (
    _encoding,
    _pipelines,
    _speech,
    content,
    diction,
    encoder,
    files,
    folders,
    mix,
    sound,
    speech,
    speech_edits,
    sts,
    suite,
    voices,
)
from audiokit.emulator.audiostack._envelope import credits_of
from audiokit.emulator.audiostack.documentation import documentation_of

__all__ = ["KINDS", "credits_of", "routes"]

KINDS = (_speech.KIND, mix.KIND, _encoding.KIND, _pipelines.KIND, suite.KIND)
"""Kinds of work that outlive their calls, in the order in which they build on each other."""

_TEMPLATE = "Production.Sound.Template"

routes: list[Route] = [
    Route("/content/script", content.create_script, methods=["POST"], name="Content.Script.create"),
    Route("/content/script", content.update_script, methods=["PUT"], name="Content.Script.update"),
    Route("/content/scripts", content.list_scripts, methods=["GET"], name="Content.Script.list"),
    Route("/content/scripts", content.delete_scripts, methods=["DELETE"], name="Content.Script.delete_many"),
    Route("/content/list_projects", content.list_projects, methods=["GET"], name="Content.list_projects"),
    Route("/content/list_modules", content.list_modules, methods=["GET"], name="Content.list_modules"),
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
    Route("/speech/tts/preview", speech_edits.preview, methods=["POST"], name="Speech.TTS.preview"),
    Route("/speech/tts/reduce", speech_edits.reduce, methods=["POST"], name="Speech.TTS.reduce"),
    Route(
        "/speech/tts/remove_padding",
        speech_edits.remove_padding,
        methods=["POST"],
        name="Speech.TTS.remove_padding",
    ),
    Route("/speech/tts/annotate", speech_edits.annotate, methods=["POST"], name="Speech.TTS.annotate"),
    Route("/speech/predict", speech_edits.predict, methods=["POST"], name="Speech.Predict.predict"),
    Route("/speech/predict/voices", voices.list_predictable, methods=["GET"], name="Speech.Predict.list"),
    Route("/speech/voice", voices.find, methods=["GET"], name="Speech.Voice.list"),
    Route("/speech/voice/query", voices.query, methods=["POST"], name="Speech.Voice.query"),
    Route("/speech/voice/select", voices.select, methods=["POST"], name="Speech.Voice.select"),
    Route(
        "/speech/voice/parameter", voices.list_parameters, methods=["GET"], name="Speech.Voice.Parameter.get"
    ),
    Route("/speech/voice/name/{name}", voices.retrieve, methods=["GET"], name="Speech.Voice.get"),
    Route("/speech/diction", diction.find, methods=["GET"], name="Speech.Diction.list"),
    Route("/speech/diction/custom", diction.list_custom, methods=["GET"], name="Speech.Diction.Custom.list"),
    Route(
        "/speech/diction/custom/item",
        diction.register,
        methods=["PUT"],
        name="Speech.Diction.Custom.create_word",
    ),
    Route(
        "/speech/diction/custom/items",
        diction.list_words,
        methods=["GET"],
        name="Speech.Diction.Custom.list_words",
    ),
    Route(
        "/speech/diction/custom/item",
        diction.delete,
        methods=["DELETE"],
        name="Speech.Diction.Custom.delete_word",
    ),
    Route("/speech/sts/voices", sts.list_voices, methods=["GET"], name="Speech.STS.voices"),
    Route("/speech/sts", sts.create, methods=["POST"], name="Speech.STS.create"),
    Route("/speech/sts/{pipelineId}", sts.retrieve, methods=["GET"], name="Speech.STS.get"),
    Route("/speech/tts/section/{speechId}", speech.retrieve, methods=["GET"], name="Speech.TTS.Section.get"),
    Route("/speech/tts/{speechId}", speech.retrieve, methods=["GET"], name="Speech.TTS.get"),
    Route("/speech/tts/{speechId}", speech.delete, methods=["DELETE"], name="Speech.TTS.delete"),
    Route("/production/sound/template", sound.create_template, methods=["POST"], name=f"{_TEMPLATE}.create"),
    Route("/production/sound/template", sound.list_templates, methods=["GET"], name=f"{_TEMPLATE}.list"),
    Route("/production/sound/template", sound.update_template, methods=["PUT"], name=f"{_TEMPLATE}.update"),
    Route("/production/sound/select", sound.select, methods=["POST"], name=f"{_TEMPLATE}.select"),
    Route(
        "/production/sound/recommendations", sound.recommend, methods=["POST"], name=f"{_TEMPLATE}.recommend"
    ),
    Route(
        "/production/sound/parameter",
        sound.list_parameters,
        methods=["GET"],
        name="Production.Sound.Parameter.get",
    ),
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
    Route("/production/suite/denoise", suite.denoise, methods=["POST"], name="Production.Suite.denoise"),
    Route("/production/suite/evaluate", suite.evaluate, methods=["POST"], name="Production.Suite.evaluate"),
    Route(
        "/production/suite/pipeline/{pipelineId}",
        suite.retrieve,
        methods=["GET"],
        name="Production.Suite.get",
    ),
    Route("/delivery/encoder", encoder.encode_mix, methods=["POST"], name="Delivery.Encoder.encode_mix"),
    Route(
        "/delivery/encoder/presets",
        encoder.list_presets,
        methods=["GET"],
        name="Delivery.Encoder.list_presets",
    ),
    Route("/delivery/encoder/{encoderId}", encoder.retrieve, methods=["GET"], name="Delivery.Encoder.get"),
    Route("/files", files.create, methods=["POST"], name="Files.create"),
    Route("/files/copy", files.copy, methods=["PUT"], name="Files.copy"),
    Route("/files/file-categories", files.list_categories, methods=["GET"], name="Files.get_file_categories"),
    Route("/files/{fileId}", files.retrieve, methods=["GET"], name="Files.get"),
    Route("/files/{fileId}", files.patch, methods=["PATCH"], name="Files.patch"),
    Route("/files/{fileId}", files.delete, methods=["DELETE"], name="Files.delete"),
    Route("/files/{fileId}/content/{name:path}", files.serve_content, methods=["GET"], name="File.content"),
    Route("/files/{fileId}/open/{name:path}", files.serve_open, methods=["GET"], name="File.open"),
    Route("/folders", folders.find, methods=["GET"], name="Folders.list"),
    Route("/folders", folders.create, methods=["POST"], name="Folders.create"),
    Route("/folders/{folderId}", folders.retrieve, methods=["GET"], name="Folders.get"),
    Route("/folders/{folderId}", folders.patch, methods=["PATCH"], name="Folders.patch"),
    Route("/folders/{folderId}", folders.delete, methods=["DELETE"], name="Folders.delete"),
    Route("/folders/{folderId}/files", folders.list_files, methods=["GET"], name="Folders.list_files"),
    Route(_media.UPLOAD_PATH, _media.receive, methods=["PUT"], name="Content.Media.create (PUT)"),
    Route("/download/{file_id}/{name:path}", speech.serve_file, methods=["GET"], name="File.private"),
    Route("/public/{file_id}/{name:path}", _links.serve_public, methods=["GET"], name="File.public"),
]
"""Routes below the API's mount, in matching order."""

routes.insert(
    0,
    Route(
        "/documentation",
        documentation_of([*unavailable, *routes]),
        methods=["GET"],
        name="Documentation.docs_for_service",
    ),
)
