"""Every operation of AudioStack v2 with every parameter, as one table: what goes out, what comes back."""

from __future__ import annotations

import csv
import inspect
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from audiokit import AudioKit, MixSection, MixTimeline
from audiokit.services import all_endpoints
from audiokit.services.audiostack import StackFile, StackScript

BASE = "https://v2.example"
COVERAGE = Path(__file__).parents[2] / "contract" / "coverage.csv"
MOMENT = "2026-01-02T03:04:05Z"

SCRIPT = {
    "scriptId": "s-1",
    "projectName": "p",
    "moduleName": "m",
    "scriptName": "n",
    "scriptText": "Hello",
}
SPEECH = {
    "speechId": "t-1",
    "sections": [{"sectionName": "intro", "audience": {}, "url": "https://files.example/a.wav"}],
}
MIX = {
    "productionId": "m-1",
    "files": [{"filename": "m", "format": "wav", "url": "https://files.example/m.wav"}],
}
TEMPLATE = {"templateName": "epic1", "contents": ["intro"], "genre": "jazz", "soundTemplateId": "st-1"}
PIPELINE = {
    "pipelineId": "pipe-1",
    "status": 200,
    "results": {
        "newFileIds": [{"fileId": "f-2"}],
        "inputFileIds": [{"fileId": "f-1"}],
        "replacedFileIds": [],
    },
}
FILE = {
    "fileId": "f-1",
    "fileName": "a.wav",
    "folderId": "d-1",
    "url": None,
    "createdBy": "me",
    "createdAt": MOMENT,
    "fileType": {"fileTypeId": "ft-1", "name": "audio"},
    "fileCategory": None,
    "size": 100,
    "status": "uploaded",
    "duration": 1.5,
    "accessControl": "private",
}
FOLDER = {"folderId": "d-1", "folderName": "ads", "createdBy": "me", "createdAt": MOMENT}
CONTENTS = {
    "data": {"folders": [FOLDER], "files": [FILE], "currentPathChain": [FOLDER]},
    "pagination": {"limit": 50, "offset": 0},
}
ENCODING = {"encoderId": "e-1", "url": "https://files.example/e.mp3", "format": "mp3"}
MIX_WIRE = {
    "soundTemplate": "epic1",
    "mediaFiles": {"jingle": "med-1"},
    "fxFiles": {"bell": "fx-1"},
    "sectionProperties": {"intro": {"endAt": 10.5, "alignment": "centre"}},
    "timelineProperties": {"forceLength": 30},
    "masteringPreset": "balanced",
    "public": False,
    "exportSettings": {"ttsTrack": True},
    "strictValidation": False,
    "sections": {"intro": {"atmosphere": "x"}},
    "soundLayer": "default",
}
MIX_ARGUMENTS: dict[str, Any] = {
    "sound_template": "epic1",
    "media_files": {"jingle": "med-1"},
    "fx_files": {"bell": "fx-1"},
    "section_properties": {"intro": MixSection(end_at_s=10.5, alignment="centre")},
    "timeline_properties": MixTimeline(force_length_s=30),
    "mastering_preset": "balanced",
    "public": False,
    "export_settings": {"ttsTrack": True},
    "strict_validation": False,
    "sections": {"intro": {"atmosphere": "x"}},
    "sound_layer": "default",
}
LEVELS: dict[str, Any] = {
    "project_name": "p",
    "module_name": "m",
    "script_name": "n",
    "script_id": "s-1",
    "verbose": False,
    "pagination_token": "page2",
}
LEVELS_WIRE = [
    ("projectName", "p"),
    ("moduleName", "m"),
    ("scriptName", "n"),
    ("scriptId", "s-1"),
    ("verbose", "false"),
    ("paginationToken", "page2"),
]


def enveloped(data: Any) -> dict[str, Any]:
    """The usual envelope around a result."""
    return {
        "data": data,
        "message": "ok",
        "meta": {"version": "1", "requestId": "q-1", "creditsUsed": 2.5, "creditsRemaining": 97},
        "warnings": [],
    }


def scripted() -> StackScript:
    """A script object, as `create` gives it."""
    return StackScript(script_id="s-1")


@attrs.frozen(kw_only=True)
class Row:
    """One operation: its names in the contract, how to call it, what must go out, and what comes back."""

    contract: str
    call: Callable[[AudioKit], Awaitable[Any]]
    request: str
    query: list[tuple[str, str]] = attrs.field(factory=list)
    json: Any = None
    headers: dict[str, str] = attrs.field(factory=dict)
    reply: Any
    status: int = 200
    result: Callable[[Any], object] = lambda value: value
    expected: object

    @property
    def method_and_path(self) -> tuple[str, str]:
        """The request without the host."""
        method, _, url = self.request.partition(" ")
        return method, url.removeprefix(BASE)


async def _first_page(pages: Any) -> Any:
    return await pages.page()


SPEECH_WIRE = {
    "scriptId": "s-1",
    "voice": "wren",
    "speed": 1.5,
    "silencePadding": "2000",
    "audience": {"name": "Ann"},
    "sections": {"intro": {"voice": "coco"}},
    "sectionToProduce": "intro",
    "voiceIntelligence": True,
    "public": True,
    "sync": False,
    "useCache": False,
    "useDenoiser": True,
    "useAutofix": True,
}

ROWS = [
    Row(
        contract="Content.Script.create",
        call=lambda kit: kit.audiostack.scripts.create(
            "Hello", project_name="p", module_name="m", script_name="n", metadata={"a": 1}
        ),
        request=f"POST {BASE}/content/script",
        json={
            "scriptText": "Hello",
            "projectName": "p",
            "moduleName": "m",
            "scriptName": "n",
            "metadata": {"a": 1},
        },
        reply=enveloped(SCRIPT),
        result=lambda found: (found.script_id, found.script_text, found.meta.credits_used),
        expected=("s-1", "Hello", 2.5),
    ),
    Row(
        contract="Content.Script.get",
        call=lambda kit: kit.audiostack.scripts.get("s-1"),
        request=f"GET {BASE}/content/script/s-1",
        reply=enveloped(SCRIPT),
        result=lambda found: found.script_name,
        expected="n",
    ),
    Row(
        contract="Content.Script.get",
        call=lambda kit: kit.audiostack.scripts.get("s-1", version="v 2", preview_with_voice="wren"),
        request=f"GET {BASE}/content/script/s-1/v%202",
        query=[("preview", "true"), ("voice", "wren")],
        reply=enveloped(SCRIPT),
        result=lambda found: found.script_id,
        expected="s-1",
    ),
    Row(
        contract="Content.Script.update",
        call=lambda kit: kit.audiostack.scripts.update("s-1", "Bye", version="v1"),
        request=f"PUT {BASE}/content/script",
        json={"scriptId": "s-1", "scriptText": "Bye", "version": "v1"},
        reply=enveloped(SCRIPT),
        result=lambda found: found.script_id,
        expected="s-1",
    ),
    Row(
        contract="Content.Script.delete",
        call=lambda kit: kit.audiostack.scripts.delete("s-1"),
        request=f"DELETE {BASE}/content/script/s-1",
        reply={"message": "gone"},
        expected=None,
    ),
    Row(
        contract="Content.Script.delete",
        call=lambda kit: kit.audiostack.scripts.delete("s-1", version="v1"),
        request=f"DELETE {BASE}/content/script/s-1/v1",
        reply=None,
        status=204,
        expected=None,
    ),
    Row(
        contract="Content.Script.list",
        call=lambda kit: _first_page(kit.audiostack.scripts.list(**LEVELS)),
        request=f"GET {BASE}/content/scripts",
        query=LEVELS_WIRE,
        reply=enveloped({"scripts": [SCRIPT], "paginationToken": "page3"}),
        result=lambda page: ([one.script_id for one in page.items], page.next_token),
        expected=(["s-1"], "page3"),
    ),
    Row(
        contract="Content.Script.delete_many",
        call=lambda kit: kit.audiostack.scripts.delete_many(
            project_name="p", module_name="m", script_name="n"
        ),
        request=f"DELETE {BASE}/content/scripts",
        query=[("projectName", "p"), ("moduleName", "m"), ("scriptName", "n")],
        reply={"message": "gone"},
        expected=None,
    ),
    Row(
        contract="Content.Script.generate_advert",
        call=lambda kit: kit.audiostack.scripts.generate_advert(
            "Tea", "hot", mood="happy", tone="warm", third_person=False, ad_length_s=20
        ),
        request=f"POST {BASE}/content/generate/advert",
        json={
            "productName": "Tea",
            "productDescription": "hot",
            "mood": "happy",
            "tone": "warm",
            "thirdPerson": False,
            "adLength": 20,
        },
        reply=enveloped({"adText": "Drink tea."}),
        result=lambda found: (found.data, found.meta.request_id),
        expected=({"adText": "Drink tea."}, "q-1"),
    ),
    Row(
        contract="Content.list_projects",
        call=lambda kit: kit.audiostack.content.list_projects(),
        request=f"GET {BASE}/content/list_projects",
        reply=["p", "q"],
        result=lambda found: found.data,
        expected=["p", "q"],
    ),
    Row(
        contract="Content.list_modules",
        call=lambda kit: kit.audiostack.content.list_modules("p"),
        request=f"GET {BASE}/content/list_modules",
        query=[("projectPrefix", "p")],
        reply=enveloped({"modules": ["m"]}),
        result=lambda found: found.data,
        expected={"modules": ["m"]},
    ),
    Row(
        contract="Content.generate",
        call=lambda kit: kit.audiostack.content.generate("tea", max_length=50),
        request=f"POST {BASE}/content/generate",
        json={"prompt": "tea", "max_length": 50},
        reply=enveloped({"text": "Tea."}),
        result=lambda found: found.data,
        expected={"text": "Tea."},
    ),
    Row(
        contract="Content.RecommendTag.create",
        call=lambda kit: kit.audiostack.recommend.tag(
            "x", category="genre", tags=["jazz", "rock"], number_of_results=2
        ),
        request=f"POST {BASE}/content/recommend/tag",
        json={"text": "x", "category": "genre", "tags": ["jazz", "rock"], "number_of_results": 2},
        reply=enveloped({"tags": ["rock", "jazz"]}),
        result=lambda found: found.tags,
        expected=["rock", "jazz"],
    ),
    Row(
        contract="Content.RecommendMood.create",
        call=lambda kit: kit.audiostack.recommend.mood("x", number_of_results=2),
        request=f"POST {BASE}/content/recommend/mood",
        json={"text": "x", "number_of_results": 2},
        reply=enveloped({"tags": ["happy"]}),
        result=lambda found: found.tags,
        expected=["happy"],
    ),
    Row(
        contract="Content.RecommendTone.create",
        call=lambda kit: kit.audiostack.recommend.tone("x", number_of_results=2),
        request=f"POST {BASE}/content/recommend/tone",
        json={"text": "x", "number_of_results": 2},
        reply=enveloped({"tags": ["warm"]}),
        result=lambda found: found.tags,
        expected=["warm"],
    ),
    Row(
        contract="Content.Media.get",
        call=lambda kit: kit.audiostack.media.get("med-1"),
        request=f"GET {BASE}/content/media/med-1",
        reply=enveloped({"mediaId": "med-1", "tags": ["a"], "filename": "a.wav"}),
        result=lambda found: (found.media_id, found.tags, found.filename),
        expected=("med-1", ["a"], "a.wav"),
    ),
    Row(
        contract="Content.Media.list",
        call=lambda kit: kit.audiostack.media.list(),
        request=f"GET {BASE}/content/media",
        reply=enveloped({"mediaFiles": [{"mediaId": "med-1", "tags": [], "filename": "a.wav"}]}),
        result=lambda found: [one.filename for one in found],
        expected=["a.wav"],
    ),
    Row(
        contract="Content.Media.delete",
        call=lambda kit: kit.audiostack.media.delete("med-1"),
        request=f"DELETE {BASE}/content/media/med-1",
        reply=None,
        status=204,
        expected=None,
    ),
    Row(
        contract="Speech.TTS.create",
        call=lambda kit: kit.audiostack.tts.create(
            scripted(),
            voice="wren",
            speed=1.5,
            silence_padding="2000",
            audience={"name": "Ann"},
            sections={"intro": {"voice": "coco"}},
            section_to_produce="intro",
            voice_intelligence=True,
            public=True,
            sync=False,
            use_cache=False,
            use_denoiser=True,
            use_autofix=True,
        ),
        request=f"POST {BASE}/speech/tts",
        json=SPEECH_WIRE,
        reply=enveloped(SPEECH),
        result=lambda found: (found.speech_id, found.is_ready, found.meta.credits_remaining),
        expected=("t-1", True, 97),
    ),
    Row(
        contract="Speech.TTS.get",
        call=lambda kit: kit.audiostack.tts.get("t-1", public=True),
        request=f"GET {BASE}/speech/tts/t-1",
        query=[("public", "true")],
        reply=enveloped({"speechId": "t-1"}),
        status=202,
        result=lambda found: found.is_ready,
        expected=False,
    ),
    Row(
        contract="Speech.TTS.delete",
        call=lambda kit: kit.audiostack.tts.delete("t-1"),
        request=f"DELETE {BASE}/speech/tts/t-1",
        reply={"message": "gone"},
        expected=None,
    ),
    Row(
        contract="Speech.TTS.list",
        call=lambda kit: _first_page(kit.audiostack.tts.list(**LEVELS)),
        request=f"GET {BASE}/speech/tts",
        query=LEVELS_WIRE,
        reply=enveloped({"speechIds": [{"speechId": "t-1"}]}),
        result=lambda page: ([one.speech_id for one in page.items], page.next_token),
        expected=(["t-1"], None),
    ),
    Row(
        contract="Speech.TTS.preview",
        call=lambda kit: kit.audiostack.tts.preview("Hi", voice="wren"),
        request=f"POST {BASE}/speech/tts/preview",
        json={"text": "Hi", "voice": "wren"},
        reply={"bytes": "UklGRg==", "data": {}, "meta": {"creditsUsed": 1}},
        result=lambda found: (found.audio, found.meta.credits_used),
        expected=(b"RIFF", 1),
    ),
    Row(
        contract="Speech.TTS.reduce",
        call=lambda kit: kit.audiostack.tts.reduce("t-1", target_length_s=5, section_id="intro"),
        request=f"POST {BASE}/speech/tts/reduce",
        json={"speechId": "t-1", "targetLength": 5, "sectionId": "intro"},
        reply=enveloped(SPEECH),
        result=lambda found: found.sections[0].section_name,
        expected="intro",
    ),
    Row(
        contract="Speech.TTS.remove_padding",
        call=lambda kit: kit.audiostack.tts.remove_padding(
            "t-1", min_silence_s=1.0, silence_threshold=0.01, position="end", section_id="intro"
        ),
        request=f"POST {BASE}/speech/tts/remove_padding",
        json={
            "speechId": "t-1",
            "minSilenceDuration": 1.0,
            "silenceThreshold": 0.01,
            "position": "end",
            "sectionId": "intro",
        },
        reply=enveloped(SPEECH),
        result=lambda found: found.is_ready,
        expected=True,
    ),
    Row(
        contract="Speech.TTS.annotate",
        call=lambda kit: kit.audiostack.tts.annotate(
            "t-1", script_reference="Hi", language_code="en-US", continuous_recognition=True
        ),
        request=f"POST {BASE}/speech/tts/annotate",
        json={
            "speechId": "t-1",
            "scriptReference": "Hi",
            "language_code": "en-US",
            "continuous_recognition": True,
        },
        reply=enveloped({"words": [{"word": "Hi", "start": 0.1}]}),
        result=lambda found: found.data,
        expected={"words": [{"word": "Hi", "start": 0.1}]},
    ),
    Row(
        contract="Speech.Voice.list",
        call=lambda kit: kit.audiostack.voices.list(),
        request=f"GET {BASE}/speech/voice",
        reply=enveloped({"voices": [{"provider": "x", "alias": "wren", "gender": "female"}]}),
        result=lambda found: [(one.alias, one.provider, one.extra) for one in found],
        expected=[("wren", "x", {"gender": "female"})],
    ),
    Row(
        contract="Speech.Voice.query",
        call=lambda kit: _first_page(
            kit.audiostack.voices.query(
                [{"in": {"gender": ["female"]}}],
                minimum_number_of_results=5,
                force_apply_filters=False,
                page=3,
                page_size=10,
            )
        ),
        request=f"POST {BASE}/speech/voice/query",
        json={
            "filters": [{"in": {"gender": ["female"]}}],
            "minimumNumberOfResults": 5,
            "forceApplyFilters": False,
            "page": 3,
            "pageLimit": 10,
        },
        reply=enveloped({"voices": [{"provider": "x", "alias": "wren"}]}),
        result=lambda page: ([one.alias for one in page.items], page.total, page.offset),
        expected=(["wren"], 21, 20),
    ),
    Row(
        contract="Speech.Voice.select",
        call=lambda kit: kit.audiostack.voices.select(scripted(), tone="warm", target_length_s=15),
        request=f"POST {BASE}/speech/voice/select",
        json={"scriptId": "s-1", "tone": "warm", "targetLength": 15},
        reply=enveloped({"speaker": "wren"}),
        result=lambda found: found.data,
        expected={"speaker": "wren"},
    ),
    Row(
        contract="Speech.Voice.select",
        call=lambda kit: kit.audiostack.voices.select(content="Hi", tone="warm"),
        request=f"POST {BASE}/speech/voice/select",
        json={"content": "Hi", "tone": "warm"},
        reply=enveloped({"speaker": "wren"}),
        result=lambda found: found.data,
        expected={"speaker": "wren"},
    ),
    Row(
        contract="Speech.Voice.Parameter.get",
        call=lambda kit: kit.audiostack.voices.parameters(),
        request=f"GET {BASE}/speech/voice/parameter",
        reply=enveloped({"gender": ["female"]}),
        result=lambda found: found.data,
        expected={"gender": ["female"]},
    ),
    Row(
        contract="Speech.Voice.get",
        call=lambda kit: kit.audiostack.voices.get("wren"),
        request=f"GET {BASE}/speech/voice/name/wren",
        reply=enveloped({"provider": "x", "alias": "wren"}),
        result=lambda found: found.alias,
        expected="wren",
    ),
    Row(
        contract="Speech.Diction.list",
        call=lambda kit: kit.audiostack.diction.list(),
        request=f"GET {BASE}/speech/diction",
        reply=enveloped({"dictionaries": [{"lang": "en", "words": ["a"], "wordCategory": "x"}]}),
        result=lambda found: [(one.lang, one.words, one.word_category) for one in found],
        expected=[("en", ["a"], "x")],
    ),
    Row(
        contract="Speech.Diction.Custom.list",
        call=lambda kit: kit.audiostack.diction.custom.list(),
        request=f"GET {BASE}/speech/diction/custom",
        reply=enveloped({"dictionaries": [{"lang": "global", "words": []}]}),
        result=lambda found: [one.lang for one in found],
        expected=["global"],
    ),
    Row(
        contract="Speech.Diction.Custom.create_word",
        call=lambda kit: kit.audiostack.diction.custom.create_word(
            "sapiens", "saypeeoons", lang="en", specialization="medical", content_type="ipa"
        ),
        request=f"PUT {BASE}/speech/diction/custom/item",
        json={
            "word": "sapiens",
            "replacement": "saypeeoons",
            "lang": "en",
            "specialization": "medical",
            "contentType": "ipa",
        },
        reply=enveloped({"inputs": ["sapiens"], "replacements": ["saypeeoons"]}),
        result=lambda found: (found.inputs, found.replacements),
        expected=(["sapiens"], ["saypeeoons"]),
    ),
    Row(
        contract="Speech.Diction.Custom.list_words",
        call=lambda kit: kit.audiostack.diction.custom.list_words("en"),
        request=f"GET {BASE}/speech/diction/custom/items",
        query=[("lang", "en")],
        reply=enveloped({"words": [{"inputs": "a", "replacements": "b"}]}),
        result=lambda found: [(one.inputs, one.replacements) for one in found],
        expected=[("a", "b")],
    ),
    Row(
        contract="Speech.Diction.Custom.delete_word",
        call=lambda kit: kit.audiostack.diction.custom.delete_word("a", lang="en", specialization="x"),
        request=f"DELETE {BASE}/speech/diction/custom/item",
        query=[("lang", "en"), ("word", "a"), ("specialization", "x")],
        reply={"message": "gone"},
        expected=None,
    ),
    Row(
        contract="Speech.Predict.list",
        call=lambda kit: kit.audiostack.predict.voices(),
        request=f"GET {BASE}/speech/predict/voices",
        reply=enveloped({"voices": ["wren", "coco"]}),
        expected=["wren", "coco"],
    ),
    Row(
        contract="Speech.Predict.predict",
        call=lambda kit: kit.audiostack.predict.predict("Hi", voice="wren"),
        request=f"POST {BASE}/speech/predict",
        json={"text": "Hi", "voice": "wren"},
        reply=enveloped({"length": 1.25}),
        result=lambda found: found.length_s,
        expected=1.25,
    ),
    Row(
        contract="Speech.STS.voices",
        call=lambda kit: kit.audiostack.sts.voices(),
        request=f"GET {BASE}/speech/sts/voices",
        reply=enveloped(
            {"voices": [{"provider": "x", "alias": "wren", "language": "English", "languageCode": "en"}]}
        ),
        result=lambda found: [(one.alias, one.language_code) for one in found],
        expected=[("wren", "en")],
    ),
    Row(
        contract="Speech.STS.create",
        call=lambda kit: kit.audiostack.sts.create("f-1", alias="wren", new_file_path="out/a.wav"),
        request=f"POST {BASE}/speech/sts",
        json={"alias": "wren", "fileId": "f-1", "newFilePath": "out/a.wav"},
        reply=enveloped({"pipelineId": "pipe-1"}),
        status=202,
        result=lambda found: (found.pipeline_id, found.is_ready),
        expected=("pipe-1", False),
    ),
    Row(
        contract="Speech.STS.get",
        call=lambda kit: kit.audiostack.sts.get("pipe-1"),
        request=f"GET {BASE}/speech/sts/pipe-1",
        reply=enveloped(PIPELINE),
        status=202,  # what counts is the status inside
        result=lambda found: (found.is_ready, found.new_file_ids),
        expected=(True, ["f-2"]),
    ),
    Row(
        contract="Production.Mix.create",
        call=lambda kit: kit.audiostack.mixes.create(speech="t-1", **MIX_ARGUMENTS),
        request=f"POST {BASE}/production/mix",
        json={"speechId": "t-1", **MIX_WIRE},
        reply=enveloped(MIX),
        result=lambda found: (found.production_id, found.files[0].filename),
        expected=("m-1", "m"),
    ),
    Row(
        contract="Production.Mix.create",
        call=lambda kit: kit.audiostack.mixes.create(script_id="s-1"),
        request=f"POST {BASE}/production/mix",
        json={"scriptId": "s-1"},
        reply=enveloped({"productionId": "m-1"}),
        status=202,
        result=lambda found: found.is_ready,
        expected=False,
    ),
    Row(
        contract="Production.Mix.validate",
        call=lambda kit: kit.audiostack.mixes.validate(speech="t-1", **MIX_ARGUMENTS),
        request=f"POST {BASE}/production/validate",
        json={"speechId": "t-1", **MIX_WIRE},
        reply={**enveloped({"productionId": "m-1"}), "warnings": ["intro is short"]},
        result=lambda found: (found.meta.message, found.meta.warnings),
        expected=("ok", ("intro is short",)),
    ),
    Row(
        contract="Production.Mix.validate",
        call=lambda kit: kit.audiostack.mixes.validate(script_id="s-1"),
        request=f"POST {BASE}/production/validate",
        json={"scriptId": "s-1"},
        reply=enveloped({"productionId": "m-1"}),
        result=lambda found: found.data,
        expected={"productionId": "m-1"},
    ),
    Row(
        contract="Production.Mix.get",
        call=lambda kit: kit.audiostack.mixes.get("m-1"),
        request=f"GET {BASE}/production/mix/m-1",
        reply=enveloped(MIX),
        result=lambda found: found.is_ready,
        expected=True,
    ),
    Row(
        contract="Production.Mix.delete",
        call=lambda kit: kit.audiostack.mixes.delete("m-1"),
        request=f"DELETE {BASE}/production/mix/m-1",
        reply={"message": "gone"},
        expected=None,
    ),
    Row(
        contract="Production.Mix.list",
        call=lambda kit: _first_page(kit.audiostack.mixes.list(**LEVELS)),
        request=f"GET {BASE}/production/mixes",
        query=LEVELS_WIRE,
        reply=enveloped({"productionIds": [{"productionId": "m-1"}]}),
        result=lambda page: [one.production_id for one in page.items],
        expected=["m-1"],
    ),
    Row(
        contract="Production.Mix.list_presets",
        call=lambda kit: kit.audiostack.mixes.list_presets(),
        request=f"GET {BASE}/production/mix/presets",
        reply=enveloped({"presets": [{"presetName": "balanced"}]}),
        expected=[{"presetName": "balanced"}],
    ),
    Row(
        contract="Production.Sound.Template.create",
        call=lambda kit: kit.audiostack.templates.create("epic1", description="d", is_elastic=True),
        request=f"POST {BASE}/production/sound/template",
        json={"templateName": "epic1", "description": "d", "isElastic": True},
        reply=enveloped({"template": TEMPLATE}),
        result=lambda found: (found.template_name, found.segment_names, found.meta.request_id),
        expected=("epic1", ["intro"], "q-1"),
    ),
    Row(
        contract="Production.Sound.Template.delete",
        call=lambda kit: kit.audiostack.templates.delete("epic 1/b"),
        request=f"DELETE {BASE}/production/sound/template/epic%201%2Fb",
        reply={"message": "gone"},
        expected=None,
    ),
    Row(
        contract="Production.Sound.Segment.create",
        call=lambda kit: kit.audiostack.segments.create("epic1", StackFile(file_id="f-1"), "main"),
        request=f"POST {BASE}/production/sound/segment",
        json={"templateName": "epic1", "mediaId": "f-1", "segmentName": "main"},
        reply=enveloped(TEMPLATE),
        result=lambda found: found.template_name,
        expected="epic1",
    ),
    Row(
        contract="Production.Sound.Template.list",
        call=lambda kit: kit.audiostack.templates.list(
            moods="calm", collections=["a", "b"], instruments="piano", genres=["jazz"]
        ),
        request=f"GET {BASE}/production/sound/template",
        query=[
            ("moods", "calm"),
            ("collections", "a"),
            ("collections", "b"),
            ("instruments", "piano"),
            ("genres", "jazz"),
        ],
        reply=enveloped({"templates": [TEMPLATE]}),
        result=lambda found: [(one.template_name, one.sound_template_id) for one in found],
        expected=[("epic1", "st-1")],
    ),
    Row(
        contract="Production.Sound.Template.update",
        call=lambda kit: kit.audiostack.templates.update(
            "epic1", description="d", genre="jazz", tempo="mid", collections=["a"], tags=[]
        ),
        request=f"PUT {BASE}/production/sound/template",
        json={
            "templateName": "epic1",
            "description": "d",
            "genre": "jazz",
            "tempo": "mid",
            "collections": ["a"],
            "tags": [],
        },
        reply=enveloped({"template": TEMPLATE}),
        result=lambda found: found.genre,
        expected="jazz",
    ),
    Row(
        contract="Production.Sound.Template.select",
        call=lambda kit: kit.audiostack.templates.select("s-1", mood="calm"),
        request=f"POST {BASE}/production/sound/select",
        json={"scriptId": "s-1", "mood": "calm"},
        reply=enveloped({"template": "epic1"}),
        result=lambda found: found.data,
        expected={"template": "epic1"},
    ),
    Row(
        contract="Production.Sound.Template.select",
        call=lambda kit: kit.audiostack.templates.select(content="Hi"),
        request=f"POST {BASE}/production/sound/select",
        json={"content": "Hi"},
        reply=enveloped({"template": "epic1"}),
        result=lambda found: found.data,
        expected={"template": "epic1"},
    ),
    Row(
        contract="Production.Sound.Template.recommend",
        call=lambda kit: kit.audiostack.templates.recommend(
            file_id="f-1",
            sound_template_id="st-1",
            number_of_results=2,
            filters=[{"in": {"genre": ["jazz"]}}],
            force_apply_filters=True,
        ),
        request=f"POST {BASE}/production/sound/recommendations",
        json={
            "fileId": "f-1",
            "soundTemplateId": "st-1",
            "numberOfResults": 2,
            "filters": [{"in": {"genre": ["jazz"]}}],
            "force_apply_filters": True,
        },
        reply=enveloped({"soundTemplates": [{"soundTemplateId": "st-2", "score": 0.9}]}),
        result=lambda found: [(one.sound_template_id, one.extra) for one in found],
        expected=[("st-2", {"score": 0.9})],
    ),
    Row(
        contract="Production.Sound.Parameter.get",
        call=lambda kit: kit.audiostack.templates.parameters(),
        request=f"GET {BASE}/production/sound/parameter",
        reply=enveloped({"genre": ["jazz"]}),
        result=lambda found: found.data,
        expected={"genre": ["jazz"]},
    ),
    Row(
        contract="Production.Suite.evaluate",
        call=lambda kit: kit.audiostack.suite.evaluate(
            "f-1", preset="p", processes=["loudness"], language="de-DE", text="Hallo"
        ),
        request=f"POST {BASE}/production/suite/evaluate",
        json={
            "fileId": "f-1",
            "preset": "p",
            "processes": ["loudness"],
            "language": "de-DE",
            "text": "Hallo",
        },
        reply=enveloped({"score": 5}),
        result=lambda found: (found.is_ready, found.extra),
        expected=(True, {"score": 5}),
    ),
    Row(
        contract="Production.Suite.evaluate",
        call=lambda kit: kit.audiostack.suite.evaluate(StackFile(file_id="f-1"), script_id="s-1"),
        request=f"POST {BASE}/production/suite/evaluate",
        json={"fileId": "f-1", "scriptId": "s-1"},
        reply=None,
        status=204,
        result=lambda found: found.is_ready,
        expected=False,
    ),
    Row(
        contract="Production.Suite.separate",
        call=lambda kit: kit.audiostack.suite.separate("f-1"),
        request=f"POST {BASE}/production/suite/separate",
        json={"fileId": "f-1"},
        reply=enveloped({"pipelineId": "pipe-1"}),
        status=202,
        result=lambda found: (found.pipeline_id, found.is_ready),
        expected=("pipe-1", False),
    ),
    Row(
        contract="Production.Suite.denoise",
        call=lambda kit: kit.audiostack.suite.denoise("f-1", level=0),
        request=f"POST {BASE}/production/suite/denoise",
        json={"fileId": "f-1", "level": 0},
        reply=enveloped({"pipelineId": "pipe-1"}),
        status=202,
        result=lambda found: found.new_file_ids,
        expected=[],
    ),
    Row(
        contract="Production.Suite.transcribe",
        call=lambda kit: kit.audiostack.suite.transcribe("f-1", language="en-US"),
        request=f"POST {BASE}/production/suite/transcribe",
        json={"fileId": "f-1", "language": "en-US"},
        reply=enveloped({"pipelineId": "pipe-1"}),
        status=202,
        result=lambda found: found.pipeline_id,
        expected="pipe-1",
    ),
    Row(
        contract="Production.Suite.get",
        call=lambda kit: kit.audiostack.suite.get("pipe-1"),
        request=f"GET {BASE}/production/suite/pipeline/pipe-1",
        reply=enveloped(PIPELINE),
        result=lambda found: (found.is_ready, found.new_file_ids, found.results.input_file_ids[0].file_id),
        expected=(True, ["f-2"], "f-1"),
    ),
    Row(
        contract="Delivery.Encoder.encode_mix",
        call=lambda kit: kit.audiostack.encoder.encode_mix(
            "m-1",
            preset="custom",
            public=True,
            bit_rate_type="constant",
            bit_rate=128,
            format="mp3",
            bit_depth=16,
            channels=2,
            loudness_preset="podcast",
            loudness_settings="x",
            loudness_target_lufs=-16.5,
            dynamic_range_lu=8,
            true_peak_dbtp=-1,
        ),
        request=f"POST {BASE}/delivery/encoder",
        json={
            "productionId": "m-1",
            "preset": "custom",
            "public": True,
            "bitRateType": "constant",
            "bitRate": 128,
            "format": "mp3",
            "bitDepth": 16,
            "channels": 2,
            "loudnessPreset": "podcast",
            "loudnessSettings": "x",
            "loudnessTarget": -16.5,
            "dynamicRange": 8,
            "truePeak": -1,
        },
        reply=enveloped(ENCODING),
        result=lambda found: (found.encoder_id, found.format, found.is_ready),
        expected=("e-1", "mp3", True),
    ),
    Row(
        contract="Delivery.Encoder.encode_mix",
        call=lambda kit: kit.audiostack.encoder.encode_mix("m-1", preset="custom", sample_rate_hz=48000),
        request=f"POST {BASE}/delivery/encoder",
        json={"productionId": "m-1", "preset": "custom", "sampleRate": 48000},
        reply=enveloped({"encoderId": "e-1"}),
        status=202,
        result=lambda found: found.is_ready,
        expected=False,
    ),
    Row(
        contract="Delivery.Encoder.get",
        call=lambda kit: kit.audiostack.encoder.get("e-1"),
        request=f"GET {BASE}/delivery/encoder/e-1",
        reply=enveloped(ENCODING),
        result=lambda found: found.url,
        expected="https://files.example/e.mp3",
    ),
    Row(
        contract="Delivery.Encoder.list_presets",
        call=lambda kit: kit.audiostack.encoder.list_presets(),
        request=f"GET {BASE}/delivery/encoder/presets",
        reply=enveloped({"presets": ["mp3", "wav"]}),
        expected=["mp3", "wav"],
    ),
    Row(
        contract="Files.get",
        call=lambda kit: kit.audiostack.files.get("f-1"),
        request=f"GET {BASE}/files/f-1",
        reply=FILE,
        result=lambda found: (found.size_bytes, found.duration_s, found.is_ready, found.file_type.name),
        expected=(100, 1.5, True, "audio"),
    ),
    Row(
        contract="Files.delete",
        call=lambda kit: kit.audiostack.files.delete("f-1"),
        request=f"DELETE {BASE}/files/f-1",
        reply=None,
        status=204,
        expected=None,
    ),
    Row(
        contract="Files.copy",
        call=lambda kit: kit.audiostack.files.copy("f-1", current_folder_id="d-1", new_folder_id="d-2"),
        request=f"PUT {BASE}/files/copy",
        json={"file_id": "f-1", "current_folder_id": "d-1", "new_folder_id": "d-2"},
        reply={**FILE, "fileId": "f-2"},
        result=lambda found: found.file_id,
        expected="f-2",
    ),
    Row(
        contract="Files.patch",
        call=lambda kit: kit.audiostack.files.patch(
            "f-1", name="b.wav", category_id="k-1", category_name="k", access_control="public"
        ),
        request=f"PATCH {BASE}/files/f-1",
        json={
            "file_name": "b.wav",
            "category_id": "k-1",
            "category_name": "k",
            "access_control": "public",
        },
        reply=FILE,
        result=lambda found: found.file_id,
        expected="f-1",
    ),
    Row(
        contract="Files.get_file_categories",
        call=lambda kit: kit.audiostack.files.categories(),
        request=f"GET {BASE}/files/file-categories",
        reply={"fileTypes": [{"fileTypeId": "ft-1", "name": "audio", "fileCategories": []}]},
        result=lambda found: [(one.name, one.extra) for one in found],
        expected=[("audio", {"fileCategories": []})],
    ),
    Row(
        contract="Folders.list",
        call=lambda kit: kit.audiostack.folders.list(path="ads/2026"),
        request=f"GET {BASE}/folders",
        query=[("path", "ads/2026")],
        reply=CONTENTS,
        result=lambda found: (
            found.files[0].file_id,
            found.folders[0].folder_name,
            found.limit,
            found.offset,
        ),
        expected=("f-1", "ads", 50, 0),
    ),
    Row(
        contract="Folders.list",
        call=lambda kit: kit.audiostack.folders.root_id(),
        request=f"GET {BASE}/folders",
        reply=CONTENTS,
        expected="d-1",
    ),
    Row(
        contract="Folders.create",
        call=lambda kit: kit.audiostack.folders.create("ads", parent_folder_id="d-0"),
        request=f"POST {BASE}/folders",
        json={"folder_name": "ads", "parent_folder_id": "d-0"},
        reply=FOLDER,
        result=lambda found: (found.folder_id, found.created_at.year),
        expected=("d-1", 2026),
    ),
    Row(
        contract="Folders.get",
        call=lambda kit: kit.audiostack.folders.get("d-1"),
        request=f"GET {BASE}/folders/d-1",
        reply=CONTENTS,
        result=lambda found: found.current_path_chain[-1].folder_id,
        expected="d-1",
    ),
    Row(
        contract="Folders.patch",
        call=lambda kit: kit.audiostack.folders.patch("d-1", name="new"),
        request=f"PATCH {BASE}/folders/d-1",
        json={"folder_name": "new"},
        reply=FOLDER,
        result=lambda found: found.folder_id,
        expected="d-1",
    ),
    Row(
        contract="Folders.delete",
        call=lambda kit: kit.audiostack.folders.delete("d-1"),
        request=f"DELETE {BASE}/folders/d-1",
        reply={"message": "gone"},
        expected=None,
    ),
    Row(
        contract="Folders.list_files",
        call=lambda kit: _first_page(
            kit.audiostack.folders.list_files(
                "d-1", filter="size gt 5", order_by="createdAt desc", page_size=10, offset=20
            )
        ),
        request=f"GET {BASE}/folders/d-1/files",
        query=[
            ("$filter", "size gt 5"),
            ("$orderBy", "createdAt desc"),
            ("limit", "10"),
            ("offset", "20"),
        ],
        reply={"data": [FILE], "pagination": {"limit": 10, "offset": 20}},
        result=lambda page: ([one.file_id for one in page.items], page.total),
        expected=(["f-1"], 21),
    ),
    Row(
        contract="Audioform.create",
        call=lambda kit: kit.audiostack.audioforms.create({"header": {"version": "2"}, "assets": {}}),
        request=f"POST {BASE}/audioforms",
        json={"audioform": {"header": {"version": "2"}, "assets": {}}},
        reply={"data": {"audioformId": "af-1"}, "metadata": {"creditUsed": 3, "requestId": "q-9"}},
        status=202,
        result=lambda found: (found.audioform_id, found.is_ready, found.meta.credits_used),
        expected=("af-1", False, 3),
    ),
    Row(
        contract="Audioform.get",
        call=lambda kit: kit.audiostack.audioforms.get("af-1"),
        request=f"GET {BASE}/audioforms/af-1",
        headers={"version": "2"},
        reply={"audioformId": "af-1", "statusCode": 202},
        status=202,
        result=lambda found: (found.audioform_id, found.is_ready),
        expected=("af-1", False),
    ),
    Row(
        contract="Audioform.get",
        call=lambda kit: kit.audiostack.audioforms.get("af-1", version="0.0.1", headers={"x-trace": "1"}),
        request=f"GET {BASE}/audioforms/af-1",
        headers={"version": "0.0.1", "x-trace": "1"},
        reply={"data": {"audioformId": "af-1", "audioform": {"a": 1}, "result": {"r": 2}, "errors": []}},
        result=lambda found: (found.is_ready, found.audioform, found.result),
        expected=(True, {"a": 1}, {"r": 2}),
    ),
    Row(
        contract="Creator.Brief.create",
        call=lambda kit: kit.audiostack.briefs.create(
            {"script": {}, "voices": []}, num_ads=2, audioform_version="2"
        ),
        request=f"POST {BASE}/creator/brief",
        json={"brief": {"script": {}, "voices": []}, "numAds": 2, "audioformVersion": "2"},
        reply=enveloped(
            {"audioforms": [{"statusCode": 200, "audioformId": "af-1", "audioform": {}}, {"statusCode": 400}]}
        ),
        result=lambda found: [(one.audioform_id, one.has_failed) for one in found.audioforms],
        expected=[("af-1", False), (None, True)],
    ),
    Row(
        contract="Creator.Brief.create",
        call=lambda kit: kit.audiostack.briefs.create(file=StackFile(file_id="f-1")),
        request=f"POST {BASE}/creator/brief",
        json={"fileId": "f-1"},
        reply=enveloped({"audioforms": []}),
        result=lambda found: found.audioforms,
        expected=[],
    ),
    Row(
        contract="Creator.Story.create",
        call=lambda kit: kit.audiostack.stories.create({"title": "t", "chapters": []}),
        request=f"POST {BASE}/creator/story",
        json={"story": {"title": "t", "chapters": []}},
        reply={"data": {"storyId": "st-1"}, "metadata": {"requestId": "q-2"}},
        result=lambda found: (found.story_id, found.is_ready, found.meta.request_id),
        expected=("st-1", False, "q-2"),
    ),
    Row(
        contract="Creator.Story.get",
        call=lambda kit: kit.audiostack.stories.get("st-1"),
        request=f"GET {BASE}/creator/story/st-1",
        reply={"data": {"statusCode": 200, "storyId": "st-1", "storyResult": {"a": 1}, "audioforms": [{}]}},
        result=lambda found: (found.is_ready, found.story_result, found.audioforms),
        expected=(True, {"a": 1}, [{}]),
    ),
    Row(
        contract="Documentation.docs_for_service",
        call=lambda kit: kit.audiostack.documentation.docs_for_service("Mix"),
        request=f"GET {BASE}/documentation",
        query=[("route", "mix")],
        reply={"docs": "text"},
        result=lambda found: found.data,
        expected={"docs": "text"},
    ),
]


def _response(row: Row) -> httpx.Response:
    return httpx.Response(row.status) if row.reply is None else httpx.Response(row.status, json=row.reply)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.contract)
async def test_operation_speaks_the_contract(
    row: Row, kit: AudioKit, wire: Callable[..., list[Any]], keys: dict[str, str]
) -> None:
    """Method, address, query, body and headers are exactly the contract's; the answer gets our names."""
    sent = wire(_response(row))
    value = await row.call(kit)
    assert 1 == len(sent)
    assert row.request == f"{sent[0].method} {sent[0].url}"
    assert row.query == sent[0].query
    assert row.json == sent[0].json
    assert row.headers == {name: sent[0].headers.get(name) for name in row.headers}
    assert keys["audiostack"] == sent[0].headers["x-api-key"]
    assert row.expected == row.result(value)


# Uploads take several requests; their own tests are below and in test_files.py.
SEVERAL_REQUESTS = {
    "Content.Media.create",
    "Content.Media.create (PUT)",
    "Files.create",
    "Files.create (PUT)",
}
# Sections are spoken by the same request as whole scripts.
SAME_REQUEST = {"Speech.TTS.Section.create": "Speech.TTS.create"}
DOWNLOADS = {"Speech.TTS.download", "Production.Mix.download"}


def _parameters() -> Iterator[tuple[str, str, str]]:
    """Contract operation, parameter and place of each parameter row."""
    with COVERAGE.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["api"] == "audiostack-v2" and row["param"]:
                place = row["notes"].partition(";")[0].removeprefix("in ").strip()
                yield row["operation"], row["param"], place


def test_table_shows_where_every_parameter_goes() -> None:
    """Each path, query, header and body parameter of the contract is in a request of the table."""
    named = {"soundSegmentName": "segmentName"}  # the contract lists the argument; this is its wire name
    shown: dict[str, set[str]] = {}
    for row in ROWS:
        fields = shown.setdefault(row.contract, set())
        fields |= {name for name, _ in row.query} | set(row.json or {}) | set(row.headers)
    missing = [
        (operation, name)
        for operation, name, place in _parameters()
        if place in {"query", "body", "header"}
        and operation not in SEVERAL_REQUESTS
        and named.get(name, name) not in shown.get(SAME_REQUEST.get(operation, operation), set())
    ]
    assert [] == missing


def test_table_holds_every_operation() -> None:
    """Each operation of the contract has a row, or a test of its own."""
    with COVERAGE.open(newline="") as file:
        named = {row["operation"] for row in csv.DictReader(file) if row["api"] == "audiostack-v2"}
    assert set() == named - {row.contract for row in ROWS} - SEVERAL_REQUESTS - set(SAME_REQUEST) - DOWNLOADS


def _as_pattern(path: str) -> str:
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
    return pattern.replace(r"\[", "(").replace(r"\]", ")?")


def test_every_endpoint_has_a_row() -> None:
    """Nothing is declared that the table does not call."""
    called = [row.method_and_path for row in ROWS]
    uncalled = [
        one.name
        for one in all_endpoints()
        if one.api == "audiostack"
        and one.path.startswith("/")
        and not any(one.method == verb and re.fullmatch(_as_pattern(one.path), path) for verb, path in called)
    ]
    assert ["audiostack.files.create", "audiostack.media.create"] == uncalled  # several requests each


# Arguments of the official client that never reach the wire, and what serves them here.
SERVED_BY = {
    ("Content.Media.create", "filePath"): ("media.create", "data"),
    ("Speech.TTS.create", "scriptItem"): ("tts.create", "script"),
    ("Speech.TTS.create", "timeoutThreshold"): ("tts.create_and_wait", "options"),
    ("Speech.TTS.create", "timeoutRetries"): ("tts.create_and_wait", "restarts"),
    ("Speech.TTS.download", "autoName"): ("tts.download", "auto_name"),
    ("Speech.TTS.download", "fileName"): ("tts.download", "name"),
    ("Speech.TTS.download", "path"): ("tts.download", "to"),
    ("Production.Mix.create", "speechItem"): ("mixes.create", "speech"),
    ("Production.Mix.create", "validate"): ("mixes.validate", "speech"),
    ("Production.Mix.create", "timeoutThreshold"): ("mixes.create_and_wait", "options"),
    ("Production.Mix.create", "timeoutRetries"): ("mixes.create_and_wait", "restarts"),
    ("Production.Mix.download", "fileName"): ("mixes.download", "name"),
    ("Production.Mix.download", "path"): ("mixes.download", "to"),
    ("Production.Suite.separate", "wait"): ("suite.separate_and_wait", "file"),
    ("Production.Suite.denoise", "wait"): ("suite.denoise_and_wait", "file"),
    ("Production.Suite.transcribe", "wait"): ("suite.transcribe_and_wait", "file"),
    ("Files.create", "localPath"): ("files.create", "data"),
    ("Audioform.get", "wait"): ("audioforms.wait", "audioform_id"),
    ("Creator.Story.get", "timeoutThreshold"): ("stories.wait", "options"),
}


async def test_every_argument_of_the_official_client_has_its_place(make_kit: Callable[..., AudioKit]) -> None:
    """What the official client does by itself, e.g. waiting, can be asked for here too."""
    assert {(operation, name) for operation, name, place in _parameters() if place == "sdk"} == set(SERVED_BY)
    stack = make_kit().audiostack
    for where, argument in SERVED_BY.values():
        service, _, method = where.partition(".")
        assert argument in inspect.signature(getattr(getattr(stack, service), method)).parameters, where


@pytest.mark.parametrize("waiting", ["tts.create", "mixes.create", "encoder.encode_mix", "suite.evaluate"])
def test_waiting_takes_all_arguments_of_starting(make_kit: Callable[..., AudioKit], waiting: str) -> None:
    """Nothing that can be asked for without waiting is lost by waiting."""
    service, _, method = waiting.partition(".")
    found = getattr(make_kit().audiostack, service)
    started = set(inspect.signature(getattr(found, method)).parameters)
    assert set() == started - set(inspect.signature(getattr(found, f"{method}_and_wait")).parameters)
