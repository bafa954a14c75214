"""Rows of AudioStack v2: mixes, sound templates and the suite."""

from __future__ import annotations

from typing import Any

from wire import WAV, Row, first_page
from wire_audiostack_answers import LEVELS, LEVELS_WIRE, PIPELINE, enveloped

from audiokit import MixSection, MixTimeline
from audiokit.services.audiostack import Mix, MixFile, StackFile

MIX = {
    "productionId": "m-1",
    "files": [{"filename": "m", "format": "wav", "url": "https://files.example/m.wav"}],
}
TEMPLATE = {"templateName": "epic1", "contents": ["intro"], "genre": "jazz", "soundTemplateId": "st-1"}
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

ROWS = [
    Row(
        operation="Production.Mix.create",
        call=lambda kit: kit.audiostack.mixes.create(
            speech="t-1",
            sound_template="epic1",
            media_files={"a": "med-1"},
            fx_files={"b": "fx-1"},
            section_properties={
                "main": MixSection(
                    start_at_s=1, end_at_s=5, alignment="centre", fade_in_s=0.5, fade_out_s=0.25, padding_s=0
                )
            },
            timeline_properties=MixTimeline(
                force_length_s=30, speech_start_s=2, sound_tail_s=3, fade_in_s=1, fade_out_s=1, padding_s=0.5
            ),
            mastering_preset="balanced",
            public=False,
            export_settings={"ttsTrack": True},
            strict_validation=False,
            sections={"main": {"atmosphere": "rain"}},
            sound_layer="default",
        ),
        request="POST /production/mix",
        json={
            "speechId": "t-1",
            "soundTemplate": "epic1",
            "mediaFiles": {"a": "med-1"},
            "fxFiles": {"b": "fx-1"},
            "sectionProperties": {
                "main": {
                    "startAt": 1,
                    "endAt": 5,
                    "alignment": "centre",
                    "fadeIn": 0.5,
                    "fadeOut": 0.25,
                    "padding": 0,
                }
            },
            "timelineProperties": {
                "forceLength": 30,
                "speechStart": 2,
                "soundTail": 3,
                "fadeIn": 1,
                "fadeOut": 1,
                "padding": 0.5,
            },
            "masteringPreset": "balanced",
            "public": False,
            "exportSettings": {"ttsTrack": True},
            "strictValidation": False,
            "sections": {"main": {"atmosphere": "rain"}},
            "soundLayer": "default",
        },
        reply=enveloped(MIX),
        result=lambda mix: (mix.production_id, mix.is_ready, mix.files[0].filename, mix.files[0].format),
        expected=("m-1", True, "m", "wav"),
    ),
    Row(
        operation="Production.Mix.create",
        call=lambda kit: kit.audiostack.mixes.create(speech="t-1", **MIX_ARGUMENTS),
        request="POST /production/mix",
        json={"speechId": "t-1", **MIX_WIRE},
        reply=enveloped(MIX),
        result=lambda found: (found.production_id, found.files[0].filename),
        expected=("m-1", "m"),
    ),
    Row(
        operation="Production.Mix.create",
        call=lambda kit: kit.audiostack.mixes.create(script_id="s-1"),
        request="POST /production/mix",
        json={"scriptId": "s-1"},
        reply=enveloped({"productionId": "m-1"}),
        status=202,
        result=lambda found: (found.is_ready, found.files),
        expected=(False, []),
    ),
    Row(
        operation="Production.Mix.validate",
        call=lambda kit: kit.audiostack.mixes.validate(speech="t-1", **MIX_ARGUMENTS),
        request="POST /production/validate",
        json={"speechId": "t-1", **MIX_WIRE},
        reply={**enveloped({"productionId": "m-1"}), "warnings": ["intro is short"]},
        result=lambda found: (found.meta.message, found.meta.warnings),
        expected=("ok", ("intro is short",)),
    ),
    Row(
        operation="Production.Mix.validate",
        call=lambda kit: kit.audiostack.mixes.validate(script_id="s-1"),
        request="POST /production/validate",
        json={"scriptId": "s-1"},
        reply=enveloped({"productionId": "m-1"}),
        result=lambda found: found.data,
        expected={"productionId": "m-1"},
    ),
    Row(
        operation="Production.Mix.get",
        call=lambda kit: kit.audiostack.mixes.get("m-1"),
        request="GET /production/mix/m-1",
        reply=enveloped(MIX),
        result=lambda found: (found.is_ready, found.files[0].url),
        expected=(True, "https://files.example/m.wav"),
    ),
    Row(
        operation="Production.Mix.delete",
        call=lambda kit: kit.audiostack.mixes.delete("m-1"),
        request="DELETE /production/mix/m-1",
        reply={"message": "gone"},
    ),
    Row(
        operation="Production.Mix.list",
        call=lambda kit: first_page(kit.audiostack.mixes.list(**LEVELS)),
        request="GET /production/mixes",
        query=LEVELS_WIRE,
        reply=enveloped({"productionIds": [{"productionId": "m-1"}]}),
        result=lambda page: [one.production_id for one in page.items],
        expected=["m-1"],
    ),
    Row(
        operation="Production.Mix.list_presets",
        call=lambda kit: kit.audiostack.mixes.list_presets(),
        request="GET /production/mix/presets",
        reply=enveloped({"presets": [{"presetName": "balanced"}]}),
        expected=[{"presetName": "balanced"}],
    ),
    Row(
        operation="Production.Sound.Template.create",
        call=lambda kit: kit.audiostack.templates.create("epic1", description="d", is_elastic=False),
        request="POST /production/sound/template",
        json={"templateName": "epic1", "description": "d", "isElastic": False},
        reply=enveloped({"templateName": "epic1", "segments": []}),
        result=lambda template: (template.template_name, template.segment_names),
        expected=("epic1", []),
    ),
    Row(
        operation="Production.Sound.Template.create",
        call=lambda kit: kit.audiostack.templates.create("epic1", description="d", is_elastic=True),
        request="POST /production/sound/template",
        json={"templateName": "epic1", "description": "d", "isElastic": True},
        reply=enveloped({"template": TEMPLATE}),
        result=lambda found: (found.template_name, found.segment_names, found.meta.request_id),
        expected=("epic1", ["intro"], "q-1"),
    ),
    Row(
        operation="Production.Sound.Template.delete",
        call=lambda kit: kit.audiostack.templates.delete("epic 1/b"),
        request="DELETE /production/sound/template/epic%201%2Fb",
        reply={"message": "gone"},
    ),
    Row(
        operation="Production.Sound.Segment.create",
        call=lambda kit: kit.audiostack.segments.create("epic1", "med-1", "main"),
        request="POST /production/sound/segment",
        json={"templateName": "epic1", "mediaId": "med-1", "segmentName": "main"},
        reply=enveloped(
            {"template": {"templateName": "epic1", "segments": [{"segmentName": "main", "mediaId": "med-1"}]}}
        ),
        result=lambda template: template.segment_names,
        expected=["main"],
    ),
    Row(
        operation="Production.Sound.Segment.create",
        call=lambda kit: kit.audiostack.segments.create("epic1", StackFile(file_id="f-1"), "main"),
        request="POST /production/sound/segment",
        json={"templateName": "epic1", "mediaId": "f-1", "segmentName": "main"},
        reply=enveloped(TEMPLATE),
        result=lambda found: found.template_name,
        expected="epic1",
    ),
    Row(
        operation="Production.Sound.Template.list",
        call=lambda kit: kit.audiostack.templates.list(
            moods="calm", collections=["a", "b"], instruments="piano", genres=["jazz"]
        ),
        request="GET /production/sound/template",
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
        operation="Production.Sound.Template.update",
        call=lambda kit: kit.audiostack.templates.update(
            "epic1", description="d", genre="jazz", tempo="mid", collections=["a"], tags=[]
        ),
        request="PUT /production/sound/template",
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
        operation="Production.Sound.Template.select",
        call=lambda kit: kit.audiostack.templates.select("s-1", mood="calm"),
        request="POST /production/sound/select",
        json={"scriptId": "s-1", "mood": "calm"},
        reply=enveloped({"template": "epic1"}),
        result=lambda found: found.data,
        expected={"template": "epic1"},
    ),
    Row(
        operation="Production.Sound.Template.select",
        call=lambda kit: kit.audiostack.templates.select(content="Hi"),
        request="POST /production/sound/select",
        json={"content": "Hi"},
        reply=enveloped({"template": "epic1"}),
        result=lambda found: found.data,
        expected={"template": "epic1"},
    ),
    Row(
        operation="Production.Sound.Template.recommend",
        call=lambda kit: kit.audiostack.templates.recommend(
            file_id="f-1",
            sound_template_id="st-1",
            number_of_results=2,
            filters=[{"in": {"genre": ["jazz"]}}],
            force_apply_filters=True,
        ),
        request="POST /production/sound/recommendations",
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
        operation="Production.Sound.Parameter.get",
        call=lambda kit: kit.audiostack.templates.parameters(),
        request="GET /production/sound/parameter",
        reply=enveloped({"genre": ["jazz"]}),
        result=lambda found: found.data,
        expected={"genre": ["jazz"]},
    ),
    Row(
        operation="Production.Suite.evaluate",
        call=lambda kit: kit.audiostack.suite.evaluate(
            "f-1", preset="p", processes=["loudness"], language="de-DE", text="Hallo"
        ),
        request="POST /production/suite/evaluate",
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
        operation="Production.Suite.evaluate",
        call=lambda kit: kit.audiostack.suite.evaluate(StackFile(file_id="f-1"), script_id="s-1"),
        request="POST /production/suite/evaluate",
        json={"fileId": "f-1", "scriptId": "s-1"},
        status=204,
        result=lambda found: found.is_ready,
        expected=False,
    ),
    Row(
        operation="Production.Suite.separate",
        call=lambda kit: kit.audiostack.suite.separate("f-1"),
        request="POST /production/suite/separate",
        json={"fileId": "f-1"},
        reply=enveloped({"pipelineId": "pipe-1"}),
        status=202,
        result=lambda found: (found.pipeline_id, found.is_ready),
        expected=("pipe-1", False),
    ),
    Row(
        operation="Production.Suite.denoise",
        call=lambda kit: kit.audiostack.suite.denoise("f-1", level=0),
        request="POST /production/suite/denoise",
        json={"fileId": "f-1", "level": 0},
        reply=enveloped({"pipelineId": "pipe-1"}),
        status=202,
        result=lambda found: found.new_file_ids,
        expected=[],
    ),
    Row(
        operation="Production.Suite.transcribe",
        call=lambda kit: kit.audiostack.suite.transcribe("f-1", language="en-US"),
        request="POST /production/suite/transcribe",
        json={"fileId": "f-1", "language": "en-US"},
        reply=enveloped({"pipelineId": "pipe-1"}),
        status=202,
        result=lambda found: found.pipeline_id,
        expected="pipe-1",
    ),
    Row(
        operation="Production.Suite.get",
        call=lambda kit: kit.audiostack.suite.get("pipe-1"),
        request="GET /production/suite/pipeline/pipe-1",
        reply=enveloped(PIPELINE),
        result=lambda found: (found.is_ready, found.new_file_ids, found.results.input_file_ids[0].file_id),
        expected=(True, ["f-2"], "f-1"),
    ),
    Row(
        operation="Production.Mix.download",
        call=lambda kit: kit.audiostack.mixes.download(
            Mix(production_id="m-1", files=[MixFile(url="https://files.example/m.wav", filename="m")]),
            ".",
            name="ad",
        ),
        request="GET https://files.example/m.wav",
        has_key=False,
        reply=WAV,
        result=lambda paths: [(one.name, one.read_bytes()) for one in paths],
        expected=[("ad.wav", WAV)],
    ),
]
