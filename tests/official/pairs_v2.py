"""What the official AudioStack client can do, and the same with audiokit."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any
from uuid import UUID

import audiostack
from audiostack.files.file import AccessControl, File
from audiostack.folders.folder import Folder
from pair import Pair, collect
from pairs_v1 import WAV
from recorder import Answer

from audiokit import AudioKit, MixSection, MixTimeline

Content, Speech, Production = audiostack.Content, audiostack.Speech, audiostack.Production
Template, Segment, Suite = Production.Sound.Template, Production.Sound.Segment, Production.Suite
Encoder, Audioform = audiostack.Delivery.Encoder, audiostack.Audioform.Audioform
Brief, Story = audiostack.Creator.Brief, audiostack.Creator.Story

RESOURCES: dict[str, Any] = {
    "Content.Script": Content.Script,
    "Content.RecommendTag": Content.RecommendTag,
    "Content.RecommendMood": Content.RecommendMood,
    "Content.RecommendTone": Content.RecommendTone,
    "Speech.TTS": Speech.TTS,
    "Speech.TTS.Section": Speech.TTS.Section,
    "Speech.Voice": Speech.Voice,
    "Speech.Voice.Parameter": Speech.Voice.Parameter,
    "Speech.Diction": Speech.Diction,
    "Speech.Diction.Custom": Speech.Diction.Custom,
    "Speech.Predict": Speech.Predict,
    "Speech.STS": Speech.STS,
    "Production.Mix": Production.Mix,
    "Production.Sound.Template": Template,
    "Production.Sound.Segment": Segment,
    "Production.Sound.Parameter": Production.Sound.Parameter,
    "Production.Suite": Suite,
    "Delivery.Encoder": Encoder,
    "Files.File": File,
    "Folders.Folder": Folder,
    "Audioform.Audioform": Audioform,
    "Creator.Brief": Brief,
    "Creator.Story": Story,
    "Documentation": audiostack.Documentation,
}
FUNCTIONS = ("Content.list_projects", "Content.list_modules", "Content.generate")

NOT_COMPARED: dict[str, str] = {}

FILE_ID = "11111111-1111-4111-8111-111111111111"
FOLDER_ID = "22222222-2222-4222-8222-222222222222"
NEW_FOLDER_ID = "33333333-3333-4333-8333-333333333333"
SCRIPT = {
    "scriptId": "s-1", "projectName": "p", "moduleName": "m", "scriptName": "n", "scriptText": "Hello",
}  # fmt: skip
SECTION = {"sectionName": "intro", "audience": {"name": "Ann"}, "url": "{base}/files/intro.wav"}
SPEECH = {"speechId": "t-1", "sections": [SECTION]}
MIX = {"productionId": "m-1", "files": [{"filename": "m", "format": "wav", "url": "{base}/files/m.wav"}]}
TEMPLATE = {"template": {"templateName": "epic1"}}
PIPELINE = {
    "pipelineId": "pipe-1",
    "status": 200,
    "results": {"newFileIds": [], "inputFileIds": [], "replacedFileIds": []},
}
FILE = {
    "fileId": FILE_ID, "fileName": "a.wav", "folderId": FOLDER_ID, "url": "{base}/files/a.wav",
    "createdBy": "me", "createdAt": "2026-01-02T03:04:05Z", "fileType": {"fileTypeId": "1", "name": "audio"},
    "fileCategory": None, "size": 10, "status": "uploaded",
}  # fmt: skip
FOLDER = {
    "folderId": FOLDER_ID, "folderName": "ads", "createdBy": "me", "createdAt": "2026-01-02T03:04:05Z",
}  # fmt: skip
CONTENTS = {
    "data": {"folders": [], "files": [], "currentPathChain": [FOLDER]},
    "pagination": {"limit": 50, "offset": 0},
}
AUDIO = Answer(content=WAV)


def operations() -> set[str]:
    """Every call of the official client, by class and method."""
    names = set(FUNCTIONS)
    for name, resource in RESOURCES.items():
        names |= {
            f"{name}.{call}"
            for call, value in vars(resource).items()
            if isinstance(value, staticmethod) and not call.startswith("_")
        }
        item = getattr(resource, "Item", None)
        if inspect.isclass(item) and hasattr(item, "download"):
            names.add(f"{name}.download")
    return names


def _data(data: Any, status: int = 200) -> tuple[Answer, ...]:
    document = {"data": data, "message": "ok", "meta": {"creditsUsed": 1}, "warnings": []}
    return (Answer(document, status),)


def _bare(document: Any, status: int = 200) -> tuple[Answer, ...]:
    return (Answer(document, status),)


async def _first(pages: Any) -> Any:
    return await pages.page()


async def _speech_saved(kit: AudioKit, **names: Any) -> None:
    speech = await kit.audiostack.tts.get("t-1", public=False)
    await kit.audiostack.tts.download(speech, ".", **names)


async def _mix_saved(kit: AudioKit) -> None:
    await kit.audiostack.mixes.download(await kit.audiostack.mixes.get("m-1"), ".", name="ad")


async def _encoding_saved(kit: AudioKit) -> None:
    encoding = await kit.audiostack.encoder.encode_mix("m-1", preset="wav", public=False)
    await kit.audiostack.encoder.download(encoding, ".", name="ad")


async def _file_saved(kit: AudioKit) -> None:
    await kit.audiostack.files.download(await kit.audiostack.files.get(FILE_ID), ".", name="b.wav")


LEVELS = {"projectName": "p", "moduleName": "m", "scriptName": "n", "scriptId": "s-1"}
OUR_LEVELS: dict[str, Any] = {
    "project_name": "p", "module_name": "m", "script_name": "n", "script_id": "s-1",
}  # fmt: skip
SPOKEN: dict[str, Any] = {
    "voice": "wren", "speed": 1.5, "silencePadding": "2000", "audience": {"name": "Ann"},
    "sections": {"intro": {"voice": "coco"}}, "voiceIntelligence": True, "public": True, "sync": False,
    "useCache": False, "useDenoiser": True, "useAutofix": True,
}  # fmt: skip
OUR_SPOKEN: dict[str, Any] = {
    "voice": "wren", "speed": 1.5, "silence_padding_s": 0.002, "audience": {"name": "Ann"},
    "sections": {"intro": {"voice": "coco"}}, "voice_intelligence": True, "public": True, "sync": False,
    "use_cache": False, "use_denoiser": True, "use_autofix": True,
}  # fmt: skip
MIXED: dict[str, Any] = {
    "soundTemplate": "epic1", "mediaFiles": {"a": "med-1"}, "fxFiles": {"b": "fx-1"},
    "sectionProperties": {"intro": {"endAt": 10, "alignment": "centre"}},
    "timelineProperties": {"forceLength": 30}, "masteringPreset": "balanced", "public": True,
    "exportSettings": {"ttsTrack": True}, "strictValidation": False, "sections": {"intro": {"a": "x"}},
    "soundLayer": "default",
}  # fmt: skip
OUR_MIXED: dict[str, Any] = {
    "sound_template": "epic1", "media_files": {"a": "med-1"}, "fx_files": {"b": "fx-1"},
    "section_properties": {"intro": MixSection(end_at_s=10, alignment="centre")},
    "timeline_properties": MixTimeline(force_length_s=30), "mastering_preset": "balanced", "public": True,
    "export_settings": {"ttsTrack": True}, "strict_validation": False, "sections": {"intro": {"a": "x"}},
    "sound_layer": "default",
}  # fmt: skip


def pairs(folder: Path) -> list[Pair]:
    """All pairs; *folder* takes the files that are sent."""
    sound = folder / "b.wav"
    sound.write_bytes(WAV)
    return [*_content(), *_speech(), *_more_speech(), *_mixes(), *_sound(), *_suite(), *_delivery(),
            *_files(sound), *_folders(), *_productions()]  # fmt: skip


def _content() -> list[Pair]:
    return [
        Pair(
            "Content.Script.create",
            lambda: Content.Script.create(
                "Hello", projectName="p", moduleName="m", scriptName="n", metadata={"a": 1}
            ),
            lambda kit: kit.audiostack.scripts.create(
                "Hello", project_name="p", module_name="m", script_name="n", metadata={"a": 1}
            ),
            _data(SCRIPT),
        ),
        Pair(
            "Content.Script.create",
            lambda: Content.Script.create("Hello"),
            lambda kit: kit.audiostack.scripts.create("Hello"),
            _data(SCRIPT),
            variant="bare",
        ),
        Pair(
            "Content.Script.get",
            lambda: Content.Script.get("s-1"),
            lambda kit: kit.audiostack.scripts.get("s-1"),
            _data(SCRIPT),
        ),
        Pair(
            "Content.Script.get",
            lambda: Content.Script.get("s-1", version="v1", previewWithVoice="wren"),
            lambda kit: kit.audiostack.scripts.get("s-1", version="v1", preview_with_voice="wren"),
            _data(SCRIPT),
            variant="version, preview",
        ),
        Pair(
            "Content.Script.update",
            lambda: Content.Script.update("s-1", "Bye", version="v1"),
            lambda kit: kit.audiostack.scripts.update("s-1", "Bye", version="v1"),
            _data(SCRIPT),
        ),
        Pair(
            "Content.Script.delete",
            lambda: Content.Script.delete("s-1"),
            lambda kit: kit.audiostack.scripts.delete("s-1"),
            _data({}),
        ),
        Pair(
            "Content.Script.delete",
            lambda: Content.Script.delete("s-1", version="v1"),
            lambda kit: kit.audiostack.scripts.delete("s-1", version="v1"),
            _data({}),
            variant="version",
        ),
        Pair(
            "Content.Script.list",
            lambda: Content.Script.list(**LEVELS),
            lambda kit: collect(kit.audiostack.scripts.list(**OUR_LEVELS)),
            _data({"scripts": [SCRIPT]}),
        ),
        Pair(
            "Content.Script.generate_advert",
            lambda: Content.Script.generate_advert("Tea", "hot", mood="happy", tone="warm"),
            lambda kit: kit.audiostack.scripts.generate_advert(
                "Tea", "hot", mood="happy", tone="warm", third_person=True, ad_length_s=30
            ),
            _data({}),
        ),
        Pair(
            "Content.list_projects",
            lambda: Content.list_projects(),
            lambda kit: kit.audiostack.content.list_projects(),
            _data({"projects": []}),
        ),
        Pair(
            "Content.list_modules",
            lambda: Content.list_modules("p"),
            lambda kit: kit.audiostack.content.list_modules("p"),
            _data({"modules": []}),
        ),
        Pair(
            "Content.generate",
            lambda: Content.generate("tea", max_length=50),
            lambda kit: kit.audiostack.content.generate("tea", max_length=50),
            _data({}),
        ),
        Pair(
            "Content.RecommendTag.create",
            lambda: Content.RecommendTag.create("x", "genre", ["jazz", "rock"], number_of_results=2),
            lambda kit: kit.audiostack.recommend.tag(
                "x", category="genre", tags=["jazz", "rock"], number_of_results=2
            ),
            _data({"tags": []}),
        ),
        Pair(
            "Content.RecommendMood.create",
            lambda: Content.RecommendMood.create("x", number_of_results=2),
            lambda kit: kit.audiostack.recommend.mood("x", number_of_results=2),
            _data({"tags": []}),
        ),
        Pair(
            "Content.RecommendTone.create",
            lambda: Content.RecommendTone.create("x", number_of_results=2),
            lambda kit: kit.audiostack.recommend.tone("x", number_of_results=2),
            _data({"tags": []}),
        ),
    ]


def _speech() -> list[Pair]:
    tts = Speech.TTS
    return [
        Pair(
            "Speech.TTS.create",
            lambda: tts.create(scriptId="s-1", **SPOKEN),
            lambda kit: kit.audiostack.tts.create("s-1", **OUR_SPOKEN),
            _data(SPEECH),
        ),
        Pair(
            "Speech.TTS.create",
            lambda: tts.create(scriptId="s-1"),
            lambda kit: kit.audiostack.tts.create("s-1"),
            _data(SPEECH),
            variant="bare",
        ),
        Pair(
            "Speech.TTS.create",
            lambda: tts.create(scriptId="s-1", **SPOKEN),
            lambda kit: kit.audiostack.tts.create_and_wait("s-1", **OUR_SPOKEN),
            (*_data({"speechId": "t-1"}, 202), *_data({"speechId": "t-1"}, 202), *_data(SPEECH)),
            variant="followed",
        ),
        Pair(
            "Speech.TTS.Section.create",
            lambda: tts.Section.create("intro", scriptId="s-1", **SPOKEN),
            lambda kit: kit.audiostack.tts.create_and_wait("s-1", section_to_produce="intro", **OUR_SPOKEN),
            (*_data({"speechId": "t-1"}, 202), *_data(SPEECH)),
            variant="followed",
        ),
        Pair(
            "Speech.TTS.get",
            lambda: tts.get("t-1", public=True),
            lambda kit: kit.audiostack.tts.get("t-1", public=True),
            _data(SPEECH),
        ),
        Pair(
            "Speech.TTS.download",
            lambda: tts.get("t-1").download(fileName="ad"),
            lambda kit: _speech_saved(kit, name="ad"),
            (*_data(SPEECH), AUDIO),
        ),
        Pair(
            "Speech.TTS.delete",
            lambda: tts.delete("t-1"),
            lambda kit: kit.audiostack.tts.delete("t-1"),
            _bare(None, 204),
        ),
        Pair(
            "Speech.TTS.list",
            lambda: tts.list(**LEVELS),
            lambda kit: collect(kit.audiostack.tts.list(**OUR_LEVELS)),
            _data({"speechIds": [SPEECH]}),
        ),
        Pair(
            "Speech.TTS.preview",
            lambda: tts.preview("Hi", "wren"),
            lambda kit: kit.audiostack.tts.preview("Hi", voice="wren"),
            _bare({"bytes": "UklGRg=="}),
        ),
        Pair(
            "Speech.TTS.reduce",
            lambda: tts.reduce("t-1", 5, sectionId="intro"),
            lambda kit: kit.audiostack.tts.reduce("t-1", target_length_s=5, section_id="intro"),
            _data(SPEECH),
        ),
        Pair(
            "Speech.TTS.remove_padding",
            lambda: tts.remove_padding("t-1", 1.5, 0.001, "end", sectionId="intro"),
            lambda kit: kit.audiostack.tts.remove_padding(
                "t-1", min_silence_s=1.5, silence_threshold=0.001, position="end", section_id="intro"
            ),
            _data(SPEECH),
        ),
        Pair(
            "Speech.TTS.annotate",
            lambda: tts.annotate(
                "t-1", scriptReference="Hi", languageCode="en-US", continuousRecognition=True
            ),
            lambda kit: kit.audiostack.tts.annotate(
                "t-1", script_reference="Hi", language_code="en-US", continuous_recognition=True
            ),
            _data({"words": []}),
        ),
    ]


def _more_speech() -> list[Pair]:
    filters = [{"in": {"gender": ["female"]}}]
    voice, custom, sts = Speech.Voice, Speech.Diction.Custom, Speech.STS
    return [
        Pair(
            "Speech.Voice.list",
            lambda: voice.list(),
            lambda kit: kit.audiostack.voices.list(),
            _data({"voices": []}),
        ),
        Pair(
            "Speech.Voice.query",
            lambda: voice.query(
                filters, minimumNumberOfResults=5, forceApplyFilters=False, page=2, pageLimit=9
            ),
            lambda kit: _first(
                kit.audiostack.voices.query(
                    filters, minimum_number_of_results=5, force_apply_filters=False, page=2, page_size=9
                )
            ),
            _data({"voices": []}),
        ),
        Pair(
            "Speech.Voice.query",
            lambda: voice.query(),
            lambda kit: _first(kit.audiostack.voices.query()),
            _data({"voices": []}),
            variant="bare",
        ),
        Pair(
            "Speech.Voice.select_for_script",
            lambda: voice.select_for_script(scriptId="s-1", tone="warm", targetLength=15),
            lambda kit: kit.audiostack.voices.select("s-1", tone="warm", target_length_s=15),
            _data({}),
        ),
        Pair(
            "Speech.Voice.select_for_content",
            lambda: voice.select_for_content("Hi", tone="warm"),
            lambda kit: kit.audiostack.voices.select(content="Hi", tone="warm"),
            _data({}),
        ),
        Pair(
            "Speech.Voice.Parameter.get",
            lambda: voice.Parameter.get(),
            lambda kit: kit.audiostack.voices.parameters(),
            _data({}),
        ),
        Pair(
            "Speech.Diction.list",
            lambda: Speech.Diction.list(),
            lambda kit: kit.audiostack.diction.list(),
            _data({"dictionaries": []}),
        ),
        Pair(
            "Speech.Diction.Custom.list",
            lambda: custom.list(),
            lambda kit: kit.audiostack.diction.custom.list(),
            _data({"dictionaries": []}),
        ),
        Pair(
            "Speech.Diction.Custom.create_word",
            lambda: custom.create_word("a", "b", lang="en", specialization="x", contentType="ipa"),
            lambda kit: kit.audiostack.diction.custom.create_word(
                "a", "b", lang="en", specialization="x", content_type="ipa"
            ),
            _data({"inputs": "a", "replacements": "b"}),
        ),
        Pair(
            "Speech.Diction.Custom.create_word",
            lambda: custom.create_word("a", "b"),
            lambda kit: kit.audiostack.diction.custom.create_word("a", "b"),
            _data({"inputs": "a", "replacements": "b"}),
            variant="bare",
        ),
        Pair(
            "Speech.Diction.Custom.list_words",
            lambda: custom.list_words("en"),
            lambda kit: kit.audiostack.diction.custom.list_words("en"),
            _data({"words": []}),
        ),
        Pair(
            "Speech.Diction.Custom.delete_word",
            lambda: custom.delete_word("en", "a", specialization="x"),
            lambda kit: kit.audiostack.diction.custom.delete_word("a", lang="en", specialization="x"),
            _data({}),
        ),
        Pair(
            "Speech.Predict.list",
            lambda: Speech.Predict.list(),
            lambda kit: kit.audiostack.predict.voices(),
            _data({"voices": ["wren"]}),
        ),
        Pair(
            "Speech.Predict.predict",
            lambda: Speech.Predict.predict("Hi", "wren"),
            lambda kit: kit.audiostack.predict.predict("Hi", voice="wren"),
            _data({"length": 1.5}),
        ),
        Pair(
            "Speech.STS.voices",
            lambda: sts.voices(),
            lambda kit: kit.audiostack.sts.voices(),
            _data({"voices": []}),
        ),
        Pair(
            "Speech.STS.create",
            lambda: sts.create("wren", "f-1", newFilePath="x/a.wav"),
            lambda kit: kit.audiostack.sts.create("f-1", alias="wren", new_file_path="x/a.wav"),
            _data({"pipelineId": "pipe-1"}, 202),
        ),
        Pair(
            "Speech.STS.get",
            lambda: sts.get("pipe-1"),
            lambda kit: kit.audiostack.sts.wait("pipe-1"),
            (*_data({"pipelineId": "pipe-1", "status": 202}), *_data(PIPELINE, 202)),
            variant="followed",
        ),
    ]


def _mixes() -> list[Pair]:
    mix = Production.Mix
    return [
        Pair(
            "Production.Mix.create",
            lambda: mix.create(speechId="t-1", **MIXED),
            lambda kit: kit.audiostack.mixes.create(speech="t-1", **OUR_MIXED),
            _data(MIX),
        ),
        Pair(
            "Production.Mix.create",
            lambda: mix.create(scriptId="s-1"),
            lambda kit: kit.audiostack.mixes.create(script_id="s-1"),
            _data(MIX),
            variant="bare",
        ),
        Pair(
            "Production.Mix.create",
            lambda: mix.create(speechId="t-1", **MIXED),
            lambda kit: kit.audiostack.mixes.create_and_wait(speech="t-1", **OUR_MIXED),
            (*_data({"productionId": "m-1"}, 202), *_data({"productionId": "m-1"}, 202), *_data(MIX)),
            variant="followed",
        ),
        Pair(
            "Production.Mix.create",
            lambda: mix.create(speechId="t-1", validate=True, **MIXED),
            lambda kit: kit.audiostack.mixes.validate(speech="t-1", **OUR_MIXED),
            _data({"productionId": "m-1"}),
            variant="validate",
        ),
        Pair(
            "Production.Mix.get",
            lambda: mix.get("m-1"),
            lambda kit: kit.audiostack.mixes.get("m-1"),
            _data(MIX),
        ),
        Pair(
            "Production.Mix.download",
            lambda: mix.get("m-1").download(fileName="ad"),
            _mix_saved,
            (*_data(MIX), AUDIO),
        ),
        Pair(
            "Production.Mix.delete",
            lambda: mix.delete("m-1"),
            lambda kit: kit.audiostack.mixes.delete("m-1"),
            _data({}),
        ),
        Pair(
            "Production.Mix.list",
            lambda: mix.list(**LEVELS),
            lambda kit: collect(kit.audiostack.mixes.list(**OUR_LEVELS)),
            _data({"productionIds": [MIX]}),
        ),
        Pair(
            "Production.Mix.list_presets",
            lambda: mix.list_presets(),
            lambda kit: kit.audiostack.mixes.list_presets(),
            _data({"presets": []}),
        ),
    ]


def _sound() -> list[Pair]:
    filters = [{"in": {"genre": ["jazz"]}}]
    return [
        Pair(
            "Production.Sound.Template.create",
            lambda: Template.create("epic1", description="d"),
            lambda kit: kit.audiostack.templates.create("epic1", description="d"),
            _data(TEMPLATE),
        ),
        Pair(
            "Production.Sound.Template.create",
            lambda: Template.create("epic1"),
            lambda kit: kit.audiostack.templates.create("epic1"),
            _data(TEMPLATE),
            variant="bare",
        ),
        Pair(
            "Production.Sound.Template.delete",
            lambda: Template.delete("epic1"),
            lambda kit: kit.audiostack.templates.delete("epic1"),
            _data({}),
        ),
        Pair(
            "Production.Sound.Template.list",
            lambda: Template.list(moods="calm", collections="a", instruments="piano", genres="jazz"),
            lambda kit: kit.audiostack.templates.list(
                moods="calm", collections="a", instruments="piano", genres="jazz"
            ),
            _data({"templates": []}),
        ),
        Pair(
            "Production.Sound.Template.list",
            lambda: Template.list(collections=["a", "b"]),
            lambda kit: kit.audiostack.templates.list(collections=["a", "b"]),
            _data({"templates": []}),
            variant="several",
        ),
        Pair(
            "Production.Sound.Template.select_for_script",
            lambda: Template.select_for_script(scriptId="s-1", mood="calm"),
            lambda kit: kit.audiostack.templates.select("s-1", mood="calm"),
            _data({}),
        ),
        Pair(
            "Production.Sound.Template.select_for_content",
            lambda: Template.select_for_content("Hi", mood="calm"),
            lambda kit: kit.audiostack.templates.select(content="Hi", mood="calm"),
            _data({}),
        ),
        Pair(
            "Production.Sound.Template.recommend",
            lambda: Template.recommend("f-1", "st-1", x=2, filters=filters, force_apply_filters=True),
            lambda kit: kit.audiostack.templates.recommend(
                file_id="f-1",
                sound_template_id="st-1",
                number_of_results=2,
                filters=filters,
                force_apply_filters=True,
            ),
            _data({"soundTemplates": []}),
        ),
        Pair(
            "Production.Sound.Segment.create",
            lambda: Segment.create("med-1", "epic1", "main"),
            lambda kit: kit.audiostack.segments.create("epic1", "med-1", "main"),
            _data(TEMPLATE),
        ),
        Pair(
            "Production.Sound.Parameter.get",
            lambda: Production.Sound.Parameter.get(),
            lambda kit: kit.audiostack.templates.parameters(),
            _data({}),
        ),
    ]


def _suite() -> list[Pair]:
    followed = (*_data({"pipelineId": "pipe-1"}, 202), *_data(PIPELINE, 202), *_data(PIPELINE))
    return [
        Pair(
            "Production.Suite.evaluate",
            lambda: Suite.evaluate("f-1", preset="p", processes=["loudness"], text="Hi", language="de-DE"),
            lambda kit: kit.audiostack.suite.evaluate_and_wait(
                "f-1", preset="p", processes=["loudness"], text="Hi", language="de-DE"
            ),
            (*_data({}, 202), *_data({"score": 1})),
            variant="followed",
        ),
        Pair(
            "Production.Suite.separate",
            lambda: Suite.separate("f-1"),
            lambda kit: kit.audiostack.suite.separate_and_wait("f-1"),
            followed,
            variant="followed",
        ),
        Pair(
            "Production.Suite.denoise",
            lambda: Suite.denoise("f-1", level=0, wait=False),
            lambda kit: kit.audiostack.suite.denoise("f-1", level=0),
            _data({"pipelineId": "pipe-1"}, 202),
        ),
        Pair(
            "Production.Suite.transcribe",
            lambda: Suite.transcribe("f-1", "en-US"),
            lambda kit: kit.audiostack.suite.transcribe_and_wait("f-1", language="en-US"),
            followed,
            variant="followed",
        ),
        Pair(
            "Production.Suite.get",
            lambda: Suite.get("pipe-1"),
            lambda kit: kit.audiostack.suite.get("pipe-1"),
            _data(PIPELINE),
        ),
    ]


def _delivery() -> list[Pair]:
    return [
        Pair(
            "Delivery.Encoder.encode_mix",
            lambda: Encoder.encode_mix(
                preset="custom",
                productionId="m-1",
                loudnessPreset="podcast",
                public=True,
                bitRateType="constant",
                bitRate=128,
                format="mp3",
                bitDepth=16,
                channels=2,
                loudnessSettings="x",
                loudnessTarget=-16.5,
                dynamicRange=8,
                truePeak=-1,
            ),
            lambda kit: kit.audiostack.encoder.encode_mix(
                "m-1",
                preset="custom",
                loudness_preset="podcast",
                public=True,
                bit_rate_type="constant",
                bit_rate=128,
                format="mp3",
                bit_depth=16,
                channels=2,
                loudness_settings="x",
                loudness_target_lufs=-16.5,
                dynamic_range_lu=8,
                true_peak_dbtp=-1,
            ),
            _data({"url": "{base}/files/e.mp3", "format": "mp3"}),
        ),
        Pair(
            "Delivery.Encoder.encode_mix",
            lambda: Encoder.encode_mix(preset="custom", productionId="m-1", sampleRate=48000),
            lambda kit: kit.audiostack.encoder.encode_mix_and_wait(
                "m-1", preset="custom", sample_rate_hz=48000, public=False
            ),
            (*_data({"encoderId": "e-1"}, 202), *_data({"url": "{base}/files/e.wav", "format": "wav"})),
            variant="followed",
        ),
        Pair(
            "Delivery.Encoder.download",
            lambda: Encoder.encode_mix(preset="wav", productionId="m-1").download(fileName="ad"),
            _encoding_saved,
            (*_data({"url": "{base}/files/e.wav", "format": "wav"}), AUDIO),
        ),
        Pair(
            "Delivery.Encoder.list_presets",
            lambda: Encoder.list_presets(),
            lambda kit: kit.audiostack.encoder.list_presets(),
            _data({"presets": []}),
        ),
    ]


def _files(sound: Path) -> list[Pair]:
    file_id, folder_id, new_folder_id = UUID(FILE_ID), UUID(FOLDER_ID), UUID(NEW_FOLDER_ID)
    place = {"fileId": FILE_ID, "uploadUrl": "{base}/store/a?sig=1", "mimeType": "audio/wav"}
    return [
        Pair(
            "Files.File.create",
            lambda: File.create(str(sound), "a.wav", folderId=folder_id, categoryId=file_id),
            lambda kit: kit.audiostack.files.create_and_wait(
                sound, name="a.wav", folder_id=FOLDER_ID, category_id=FILE_ID
            ),
            (*_bare(place), *_bare({}), *_bare({**FILE, "status": "pending"}), *_bare(FILE)),
            variant="followed",
        ),
        Pair(
            "Files.File.get",
            lambda: File.get(file_id),
            lambda kit: kit.audiostack.files.get(FILE_ID),
            _bare(FILE),
        ),
        Pair(
            "Files.File.download",
            lambda: File.get(file_id).download("b.wav"),
            _file_saved,
            (*_bare(FILE), AUDIO),
        ),
        Pair(
            "Files.File.delete",
            lambda: File.delete(file_id),
            lambda kit: kit.audiostack.files.delete(FILE_ID),
            _bare(None, 204),
        ),
        Pair(
            "Files.File.copy",
            lambda: File.copy(file_id, folder_id, new_folder_id),
            lambda kit: kit.audiostack.files.copy(
                FILE_ID, current_folder_id=FOLDER_ID, new_folder_id=NEW_FOLDER_ID
            ),
            _bare(FILE),
        ),
        Pair(
            "Files.File.patch",
            lambda: File.patch(
                file_id,
                fileName="b.wav",
                categoryId=folder_id,
                categoryName="k",
                accessControl=AccessControl.public,
            ),
            lambda kit: kit.audiostack.files.patch(
                FILE_ID, name="b.wav", category_id=FOLDER_ID, category_name="k", access_control="public"
            ),
            _bare(FILE),
        ),
        Pair(
            "Files.File.patch",
            lambda: File.patch(file_id),
            lambda kit: kit.audiostack.files.patch(FILE_ID),
            _bare(FILE),
            variant="bare",
        ),
        Pair(
            "Files.File.get_file_categories",
            lambda: File.get_file_categories(),
            lambda kit: kit.audiostack.files.categories(),
            _bare({"fileTypes": []}),
        ),
    ]


def _folders() -> list[Pair]:
    folder_id = UUID(FOLDER_ID)
    return [
        Pair(
            "Folders.Folder.get_root_folder_id",
            lambda: Folder.get_root_folder_id(),
            lambda kit: kit.audiostack.folders.root_id(),
            _bare(CONTENTS),
        ),
        Pair(
            "Folders.Folder.list",
            lambda: Folder.list("ads/2026"),
            lambda kit: kit.audiostack.folders.list(path="ads/2026"),
            _bare(CONTENTS),
        ),
        Pair(
            "Folders.Folder.create",
            lambda: Folder.create("ads", parentFolderId=folder_id),
            lambda kit: kit.audiostack.folders.create("ads", parent_folder_id=FOLDER_ID),
            _bare(FOLDER),
        ),
        Pair(
            "Folders.Folder.get",
            lambda: Folder.get(folder_id),
            lambda kit: kit.audiostack.folders.get(FOLDER_ID),
            _bare(CONTENTS),
        ),
        Pair(
            "Folders.Folder.patch",
            lambda: Folder.patch(folder_id, "new"),
            lambda kit: kit.audiostack.folders.patch(FOLDER_ID, name="new"),
            _bare(FOLDER),
        ),
        Pair(
            "Folders.Folder.delete",
            lambda: Folder.delete(folder_id),
            lambda kit: kit.audiostack.folders.delete(FOLDER_ID),
            _bare(None, 204),
        ),
        Pair(
            "Folders.Folder.list_files",
            lambda: Folder.list_files(folder_id, filter="size gt 5", orderBy="size", limit=10, offset=20),
            lambda kit: _first(
                kit.audiostack.folders.list_files(
                    FOLDER_ID, filter="size gt 5", order_by="size", page_size=10, offset=20
                )
            ),
            _bare({"data": [], "pagination": {"limit": 10, "offset": 20}}),
        ),
    ]


def _productions() -> list[Pair]:
    built = {"audioformId": "a-1", "audioform": {}, "result": {}, "errors": []}
    document = {"header": {"version": "2"}, "assets": {}, "production": {"a": 0}}
    return [
        Pair(
            "Audioform.Audioform.create",
            lambda: Audioform.create(document),
            lambda kit: kit.audiostack.audioforms.create(document),
            _data({"audioformId": "a-1"}, 202),
        ),
        Pair(
            "Audioform.Audioform.get",
            lambda: Audioform.get("a-1", version="1"),
            lambda kit: kit.audiostack.audioforms.wait("a-1", version="1"),
            (*_bare({"audioformId": "a-1"}, 202), *_data(built)),
            variant="followed",
        ),
        Pair(
            "Audioform.Audioform.get",
            lambda: Audioform.get("a-1", wait=False),
            lambda kit: kit.audiostack.audioforms.get("a-1"),
            _bare({"audioformId": "a-1"}, 202),
        ),
        Pair(
            "Creator.Brief.create",
            lambda: Brief.create(brief={"script": {"productName": "Tea"}}),
            lambda kit: kit.audiostack.briefs.create(
                {"script": {"productName": "Tea"}}, num_ads=3, audioform_version="1"
            ),
            _data({"audioforms": []}),
        ),
        Pair(
            "Creator.Brief.create",
            lambda: Brief.create(file_id=FILE_ID, num_ads=2, audioform_version="2"),
            lambda kit: kit.audiostack.briefs.create(file=FILE_ID, num_ads=2, audioform_version="2"),
            _data({"audioforms": []}),
            variant="file",
        ),
        Pair(
            "Creator.Story.create",
            lambda: Story.create({"title": "t", "chapters": [{"text": "x"}]}),
            lambda kit: kit.audiostack.stories.create({"title": "t", "chapters": [{"text": "x"}]}),
            _data({"storyId": "s-1"}),
        ),
        Pair(
            "Creator.Story.get",
            lambda: Story.get("s-1"),
            lambda kit: kit.audiostack.stories.wait("s-1"),
            _data({"storyId": "s-1", "statusCode": 200}),
        ),
        Pair(
            "Documentation.docs_for_service",
            lambda: audiostack.Documentation.docs_for_service(Production.Mix),
            lambda kit: kit.audiostack.documentation.docs_for_service("Mix"),
            _data({}),
        ),
    ]
