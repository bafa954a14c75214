"""Rows of AudioStack v2: speech, voices and dictionaries."""

from __future__ import annotations

from typing import Any

from wire import WAV, Row, first_page
from wire_audiostack_answers import LEVELS, LEVELS_WIRE, PIPELINE, enveloped, scripted

from audiokit.services.audiostack import TTS, TTSSection

SPEECH = {
    "speechId": "t-1",
    "sections": [{"sectionName": "intro", "audience": {}, "url": "https://files.example/a.wav"}],
}
SPEECH_ARGUMENTS: dict[str, Any] = {
    "voice": "wren",
    "speed": 1.5,
    "silence_padding_s": 0.002,
    "audience": {"name": "Ann"},
    "sections": {"intro": {"voice": "coco"}},
    "section_to_produce": "intro",
    "voice_intelligence": True,
    "public": True,
    "sync": False,
    "use_cache": False,
    "use_denoiser": True,
    "use_autofix": True,
}
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
        operation="Speech.TTS.create",
        call=lambda kit: kit.audiostack.tts.create(
            "s-1",
            voice="wren",
            speed=1.2,
            silence_padding_s=0.005,
            audience={"name": "Ann"},
            sections={"intro": {"voice": "bryer"}},
            voice_intelligence=True,
            public=False,
            sync=True,
            use_cache=False,
            use_denoiser=True,
            use_autofix=False,
        ),
        request="POST /speech/tts",
        json={
            "scriptId": "s-1",
            "voice": "wren",
            "speed": 1.2,
            "silencePadding": "5000",
            "audience": {"name": "Ann"},
            "sections": {"intro": {"voice": "bryer"}},
            "voiceIntelligence": True,
            "public": False,
            "sync": True,
            "useCache": False,
            "useDenoiser": True,
            "useAutofix": False,
        },
        reply=enveloped(
            {"speechId": "t-1", "sections": [{"sectionName": "intro", "url": "https://files.example/i.wav"}]}
        ),
        result=lambda speech: (speech.speech_id, speech.is_ready, speech.sections[0].section_name),
        expected=("t-1", True, "intro"),
    ),
    Row(
        operation="Speech.TTS.create",
        call=lambda kit: kit.audiostack.tts.create(scripted(), **SPEECH_ARGUMENTS),
        request="POST /speech/tts",
        json=SPEECH_WIRE,
        reply=enveloped(SPEECH),
        result=lambda found: (found.speech_id, found.is_ready, found.meta.credits_remaining),
        expected=("t-1", True, 97),
    ),
    Row(
        operation="Speech.TTS.get",
        call=lambda kit: kit.audiostack.tts.get("t-1", public=True),
        request="GET /speech/tts/t-1",
        query=[("public", "true")],
        reply=enveloped({"speechId": "t-1"}),
        status=202,
        result=lambda found: (found.speech_id, found.is_ready),
        expected=("t-1", False),
    ),
    Row(
        operation="Speech.TTS.delete",
        call=lambda kit: kit.audiostack.tts.delete("t-1"),
        request="DELETE /speech/tts/t-1",
        reply={"message": "gone"},
    ),
    Row(
        operation="Speech.TTS.list",
        call=lambda kit: first_page(kit.audiostack.tts.list(**LEVELS)),
        request="GET /speech/tts",
        query=LEVELS_WIRE,
        reply=enveloped({"speechIds": [{"speechId": "t-1"}]}),
        result=lambda page: ([one.speech_id for one in page.items], page.next_token),
        expected=(["t-1"], None),
    ),
    Row(
        operation="Speech.TTS.preview",
        call=lambda kit: kit.audiostack.tts.preview("Hi", voice="wren"),
        request="POST /speech/tts/preview",
        json={"text": "Hi", "voice": "wren"},
        reply={"bytes": "UklGRg==", "data": {}, "meta": {"creditsUsed": 1}},
        result=lambda found: (found.audio, found.meta.credits_used),
        expected=(b"RIFF", 1),
    ),
    Row(
        operation="Speech.TTS.reduce",
        call=lambda kit: kit.audiostack.tts.reduce("t-1", target_length_s=5, section_id="intro"),
        request="POST /speech/tts/reduce",
        json={"speechId": "t-1", "targetLength": 5, "sectionId": "intro"},
        reply=enveloped(SPEECH),
        result=lambda found: found.sections[0].section_name,
        expected="intro",
    ),
    Row(
        operation="Speech.TTS.remove_padding",
        call=lambda kit: kit.audiostack.tts.remove_padding(
            "t-1", min_silence_s=1.0, silence_threshold=0.01, position="end", section_id="intro"
        ),
        request="POST /speech/tts/remove_padding",
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
        operation="Speech.TTS.annotate",
        call=lambda kit: kit.audiostack.tts.annotate(
            "t-1", script_reference="Hi", language_code="en-US", continuous_recognition=True
        ),
        request="POST /speech/tts/annotate",
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
        operation="Speech.Voice.list",
        call=lambda kit: kit.audiostack.voices.list(),
        request="GET /speech/voice",
        reply=enveloped({"voices": [{"provider": "x", "alias": "wren", "gender": "female"}]}),
        result=lambda found: [(one.alias, one.provider, one.extra) for one in found],
        expected=[("wren", "x", {"gender": "female"})],
    ),
    Row(
        operation="Speech.Voice.query",
        call=lambda kit: first_page(
            kit.audiostack.voices.query(
                [{"in": {"gender": ["female"]}}],
                minimum_number_of_results=5,
                force_apply_filters=False,
                page=3,
                page_size=10,
            )
        ),
        request="POST /speech/voice/query",
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
        operation="Speech.Voice.select",
        call=lambda kit: kit.audiostack.voices.select(scripted(), tone="warm", target_length_s=15),
        request="POST /speech/voice/select",
        json={"scriptId": "s-1", "tone": "warm", "targetLength": 15},
        reply=enveloped({"speaker": "wren"}),
        result=lambda found: found.data,
        expected={"speaker": "wren"},
    ),
    Row(
        operation="Speech.Voice.select",
        call=lambda kit: kit.audiostack.voices.select(content="Hi", tone="warm"),
        request="POST /speech/voice/select",
        json={"content": "Hi", "tone": "warm"},
        reply=enveloped({"speaker": "wren"}),
        result=lambda found: found.data,
        expected={"speaker": "wren"},
    ),
    Row(
        operation="Speech.Voice.Parameter.get",
        call=lambda kit: kit.audiostack.voices.parameters(),
        request="GET /speech/voice/parameter",
        reply=enveloped({"gender": ["female"]}),
        result=lambda found: found.data,
        expected={"gender": ["female"]},
    ),
    Row(
        operation="Speech.Voice.get",
        call=lambda kit: kit.audiostack.voices.get("wren"),
        request="GET /speech/voice/name/wren",
        reply=enveloped({"provider": "x", "alias": "wren"}),
        result=lambda found: found.alias,
        expected="wren",
    ),
    Row(
        operation="Speech.Diction.list",
        call=lambda kit: kit.audiostack.diction.list(),
        request="GET /speech/diction",
        reply=enveloped({"dictionaries": [{"lang": "en", "words": ["a"], "wordCategory": "x"}]}),
        result=lambda found: [(one.lang, one.words, one.word_category) for one in found],
        expected=[("en", ["a"], "x")],
    ),
    Row(
        operation="Speech.Diction.Custom.list",
        call=lambda kit: kit.audiostack.diction.custom.list(),
        request="GET /speech/diction/custom",
        reply=enveloped({"dictionaries": [{"lang": "global", "words": []}]}),
        result=lambda found: [one.lang for one in found],
        expected=["global"],
    ),
    Row(
        operation="Speech.Diction.Custom.create_word",
        call=lambda kit: kit.audiostack.diction.custom.create_word(
            "sapiens", "saypeeoons", lang="en", specialization="medical", content_type="ipa"
        ),
        request="PUT /speech/diction/custom/item",
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
        operation="Speech.Diction.Custom.list_words",
        call=lambda kit: kit.audiostack.diction.custom.list_words("en"),
        request="GET /speech/diction/custom/items",
        query=[("lang", "en")],
        reply=enveloped({"words": [{"inputs": "a", "replacements": "b"}]}),
        result=lambda found: [(one.inputs, one.replacements) for one in found],
        expected=[("a", "b")],
    ),
    Row(
        operation="Speech.Diction.Custom.delete_word",
        call=lambda kit: kit.audiostack.diction.custom.delete_word("a", lang="en", specialization="x"),
        request="DELETE /speech/diction/custom/item",
        query=[("lang", "en"), ("word", "a"), ("specialization", "x")],
        reply={"message": "gone"},
    ),
    Row(
        operation="Speech.Predict.list",
        call=lambda kit: kit.audiostack.predict.voices(),
        request="GET /speech/predict/voices",
        reply=enveloped({"voices": ["wren", "coco"]}),
        expected=["wren", "coco"],
    ),
    Row(
        operation="Speech.Predict.predict",
        call=lambda kit: kit.audiostack.predict.predict("Hi", voice="wren"),
        request="POST /speech/predict",
        json={"text": "Hi", "voice": "wren"},
        reply=enveloped({"length": 1.25}),
        result=lambda found: found.length_s,
        expected=1.25,
    ),
    Row(
        operation="Speech.STS.voices",
        call=lambda kit: kit.audiostack.sts.voices(),
        request="GET /speech/sts/voices",
        reply=enveloped(
            {"voices": [{"provider": "x", "alias": "wren", "language": "English", "languageCode": "en"}]}
        ),
        result=lambda found: [(one.alias, one.language_code) for one in found],
        expected=[("wren", "en")],
    ),
    Row(
        operation="Speech.STS.create",
        call=lambda kit: kit.audiostack.sts.create("f-1", alias="wren", new_file_path="out/a.wav"),
        request="POST /speech/sts",
        json={"alias": "wren", "fileId": "f-1", "newFilePath": "out/a.wav"},
        reply=enveloped({"pipelineId": "pipe-1"}),
        status=202,
        result=lambda found: (found.pipeline_id, found.is_ready),
        expected=("pipe-1", False),
    ),
    Row(
        operation="Speech.STS.get",
        call=lambda kit: kit.audiostack.sts.get("pipe-1"),
        request="GET /speech/sts/pipe-1",
        reply=enveloped(PIPELINE),
        status=202,
        result=lambda found: (found.is_ready, found.new_file_ids),
        expected=(True, ["f-2"]),
    ),
    Row(
        operation="Speech.TTS.download",
        call=lambda kit: kit.audiostack.tts.download(
            TTS(speech_id="t-1", sections=[TTSSection(section_name="intro", url="https://files.example/a")]),
            ".",
            name="ad",
        ),
        request="GET https://files.example/a",
        has_key=False,
        reply=WAV,
        result=lambda paths: [(one.name, one.read_bytes()) for one in paths],
        expected=[("ad_1_of_1.wav", WAV)],
    ),
    Row(
        operation="Speech.TTS.download",
        call=lambda kit: kit.audiostack.tts.download(
            TTS(
                speech_id="t-1",
                sections=[
                    TTSSection(section_name="intro", url="https://files.example/a", audience={"name": "Ann"})
                ],
            ),
            ".",
            auto_name=True,
        ),
        request="GET https://files.example/a",
        has_key=False,
        reply=WAV,
        result=lambda paths: [one.name for one in paths],
        expected=["name=Ann.wav"],
    ),
    Row(
        operation="Speech.TTS.Section.create",  # the same request as for a whole script
        call=lambda kit: kit.audiostack.tts.create("s-1", **SPEECH_ARGUMENTS),
        request="POST /speech/tts",
        json=SPEECH_WIRE,
        reply=enveloped(SPEECH),
        result=lambda found: [one.section_name for one in found.sections],
        expected=["intro"],
    ),
]
