"""Every operation of the three APIs, as one table: what goes out, and what the answer becomes."""

from __future__ import annotations

import csv
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from audiokit import AudioKit, Conversion, MixSection, MixTimeline, SectionTiming, SectionVoice
from audiokit.services import all_endpoints

V1, V2, GATEWAY = "https://v1.example", "https://v2.example", "https://gateway.example"
ID = "00000000-0000-0000-0000-000000000001"
MOMENT = "2023-10-08T16:12:55.753Z"
AWARE = datetime(2023, 10, 8, 16, 12, 55, 753_000, tzinfo=UTC)

# Shapes as the vendors' reference pages print them.
PAGING = {"count": 1, "limit": 0, "offset": 0}
CALIBRATION = {
    "id": "c-1",
    "name": "mine",
    "user_id": "u-1",
    "f0": 118.5,
    "algorithm": "crepe",
    "bucket": "b",
    "key": "k",
    "state": "processing",
    "error": None,
    "created_at": MOMENT,
    "calibrated_at": MOMENT,
    "enabled": True,
}
PROJECT = {
    "name": "p",
    "slug": "p",
    "owner": ID,
    "url": "u/p",
    "models": {},
    "id": "p-1",
    "active": True,
    "created_at": MOMENT,
    "last_recording_at": MOMENT,
}
FOLDER = {
    "name": "f",
    "project_id": "p-1",
    "parent_id": ID,
    "id": "f-1",
    "active": True,
    "created_at": MOMENT,
}
RECORDING = {
    "id": "r-1",
    "project_id": "p-1",
    "parent_folder_id": "f-1",
    "type": "original",
    "url": "/api/files/r-1.wav",
    "waveform_url": "/api/files/r-1.png",
    "file_name": "r-1.wav",
    "label": "take",
    "state": "done",
    "original_id": ID,
    "model_id": ID,
    "model_name": "m",
    "calibration_id": ID,
    "calibration_value": 0,
    "calibration_name": "c",
    "microphone": "file",
    "size": 800,
    "duration": 2.5,
    "starred": False,
    "tts": True,
    "tts_voice": "v",
    "tts_voice_id": ID,
    "text": "t",
    "params": {},
    "error": None,
    "active": True,
    "created_at": MOMENT,
    "converted_at": MOMENT,
    "listen_count": 0,
    "process_stage": "",
    "note": {"id": "n-1", "text": "hm", "active": True},
}
NOTE = {"id": "n-1", "recording_id": "r-1", "text": "hm", "active": True}
COUNTS = {"total": 4, "completed": 1, "in_progress": 1, "failed": 2}
TIME = {"total": 60, "current_month": 10, "previous_monthes": [{"month": "2023-09-01", "duration": 50}]}
ORDER = {
    "id": "o-1",
    "user_id": "u-1",
    "original_id": "r-1",
    "conversion_id": "r-2",
    "tracking_id": ID,
    "transaction_id": ID,
    "moderation_id": None,
    "calibration_id": None,
    "f0": 120,
    "state": "new",
    "created_at": MOMENT,
    "closed_at": None,
    "error": None,
}
VOICE = {
    "id": "v-1",
    "owner_id": ID,
    "name": "Anna",
    "slug": "anna",
    "visibility": "public",
    "species": "human",
    "gender": "female",
    "pitch": 190.5,
    "rating": 80,
    "active": True,
    "created_at": MOMENT,
    "favorite": False,
    "available": True,
    "accents": [
        {
            "id": "a-1",
            "is_default": True,
            "native": True,
            "info": {"name": "British", "short_name": "UK", "locale": "en-GB"},
            "tiers": [{"name": "free"}],
            "available": True,
            "settings": {"favorite": True, "semitones_correction": -2},
        }
    ],
    "narration_styles": [{"id": "s-1", "is_default": True, "info": {"name": "Calm"}, "settings": None}],
    "tiers": [{"name": "free"}],
}
USER = {
    "id": "u-1",
    "email": "a@example.com",
    "verified": True,
    "username": "a",
    "first_name": None,
    "last_name": None,
    "roles": ["user"],
    "groups": [{"id": ID, "name": "g"}],
    "data": {"credit_limit": True},
}
SCRIPT = {"scriptId": "s-1", "scriptName": "n", "sections": [{"sectionName": "intro"}], "orgId": "o"}
TRACK = {"url": "https://files.example/t.mp3", "warnings": "", "requestId": "q-1"}
TEMPLATE = {
    "templateName": "jazz",
    "contents": ["intro", "main"],
    "collections": ["commercial"],
    "tags": ["calm"],
    "genre": "acoustic",
    "tempo": "mid",
    "sample": "https://x.example/a.mp3",
    "isElastic": False,
    "description": "d",
    "soundTemplateId": "t-1",
}


def in_data(data: Any) -> dict[str, Any]:
    """The v2 envelope around a result."""
    return {"data": data, "message": "ok", "meta": {"version": "1", "requestId": "q-1"}, "warnings": []}


def in_list(item: Any) -> dict[str, Any]:
    """The gateway's envelope around a list of one."""
    return {"list": [item], "pagination": PAGING}


@attrs.frozen(kw_only=True)
class Case:
    """One operation: how to call it, what must go out, and what must come back."""

    operation: str
    call: Callable[[AudioKit], Awaitable[Any]]
    request: str
    query: list[tuple[str, str]] = attrs.field(factory=list)
    json: Any = None
    form: dict[str, Any] = attrs.field(factory=dict)
    reply: Any
    status: int = 200
    result: Callable[[Any], object] = lambda value: value
    expected: object


WAV = b"RIFF\x24\0\0\0WAVEfmt "


async def _collected(pages: Any) -> list[Any]:
    return [item async for item in pages]


V1_CASES = [
    Case(
        operation="apiaudio.scripts.create",
        call=lambda kit: kit.apiaudio.scripts.create("Hello {{name|friend}}"),
        request=f"POST {V1}/script",
        json={"scriptText": "Hello {{name|friend}}"},
        reply=SCRIPT,
        result=lambda script: (script.script_id, script.sections, script.org_id),
        expected=("s-1", [{"sectionName": "intro"}], "o"),
    ),
    Case(
        operation="apiaudio.scripts.create",
        call=lambda kit: kit.apiaudio.scripts.create(
            "x",
            project_name="p",
            module_name="m",
            script_name="n",
            script_id="mine",
            versions={"v1": "y"},
            version="v1",
            metadata={"a": [1]},
        ),
        request=f"POST {V1}/script",
        json={
            "scriptText": "x",
            "projectName": "p",
            "moduleName": "m",
            "scriptName": "n",
            "scriptId": "mine",
            "versions": {"v1": "y"},
            "version": "v1",
            "metadata": {"a": [1]},
        },
        reply=SCRIPT,
        result=lambda script: script.script_name,
        expected="n",
    ),
    Case(
        operation="apiaudio.speech.create",
        call=lambda kit: kit.apiaudio.speech.create(
            "s-1",
            voice="Joanna",
            speed=110,
            effect="chewie",
            silence_padding_ms=1000,
            audience={"username": "linda"},
            sections={"intro": SectionVoice(voice="Matthew", speed=1.1, effect="88b", silence_padding_ms=5)},
            version="v1",
            sync=False,
            use_dictionary=True,
            use_text_normalizer=False,
            callback_url="https://me.example/hook",
        ),
        request=f"POST {V1}/speech",
        json={
            "scriptId": "s-1",
            "voice": "Joanna",
            "speed": 110,
            "effect": "chewie",
            "silencePadding": 1000,
            "audience": [{"username": "linda"}],
            "sections": {"intro": {"voice": "Matthew", "speed": 1.1, "effect": "88b", "silence_padding": 5}},
            "version": "v1",
            "sync": False,
            "useDictionary": True,
            "useTextNormalizer": False,
            "callback_url": "https://me.example/hook",
        },
        reply={
            "intro": {
                "message": "ok",
                "status_code": "201",
                "created_at": MOMENT,
                "requestId": "q-1",
                "url": "https://files.example/a.wav",
            }
        },
        result=lambda speech: (speech.is_ready, speech.sections["intro"].url),
        expected=(True, "https://files.example/a.wav"),
    ),
    Case(
        operation="apiaudio.speech.create",
        call=lambda kit: kit.apiaudio.speech.create("s-1"),
        request=f"POST {V1}/speech",
        json={"scriptId": "s-1"},
        reply={"message": "working", "requestId": "q-1"},
        status=202,
        result=lambda speech: (speech.is_ready, speech.request_id, dict(speech.sections)),
        expected=(False, "q-1", {}),
    ),
    Case(
        operation="apiaudio.speech.retrieve",
        call=lambda kit: kit.apiaudio.speech.retrieve(
            "s-1", audience={"username": "linda"}, version="v1", section="intro", request_id="q-1"
        ),
        request=f"GET {V1}/speech",
        query=[
            ("username", "linda"),
            ("scriptId", "s-1"),
            ("version", "v1"),
            ("section", "intro"),
            ("requestId", "q-1"),
        ],
        reply={"intro": "https://files.example/a.wav"},
        result=lambda speech: speech.sections["intro"].url,
        expected="https://files.example/a.wav",
    ),
    Case(
        operation="apiaudio.mastering.create",
        call=lambda kit: kit.apiaudio.mastering.create(
            "s-1",
            sound_template="jazz",
            audience=[{"username": "linda", "location": "barcelona"}],
            public=True,
            vast=True,
            end_format=["wav", "mp3_low"],
            force_length_s=30,
            media_files={"myrecording": "12345"},
            media_volume_trim_db=-1.5,
            section_properties={"intro": SectionTiming(end_at_s=10.5, justify="centre")},
            match_voice=True,
            channels=1,
            version="v1",
            mastering_preset="radio",
            share=True,
            connectors=[{"name": "x"}],
            callback_url="https://me.example/hook",
        ),
        request=f"POST {V1}/mastering",
        json={
            "scriptId": "s-1",
            "soundTemplate": "jazz",
            "audience": [{"username": "linda", "location": "barcelona"}],
            "public": True,
            "vast": True,
            "endFormat": ["wav", "mp3_low"],
            "forceLength": 30,
            "mediaFiles": [{"myrecording": "12345"}],
            "mediaVolumeTrim": -1.5,
            "sectionProperties": {"intro": {"endAt": 10.5, "justify": "centre"}},
            "matchVoice": True,
            "channels": 1,
            "version": "v1",
            "masteringPreset": "radio",
            "share": True,
            "connectors": [{"name": "x"}],
            "callback_url": "https://me.example/hook",
        },
        reply=TRACK,
        result=lambda track: (track.url, track.is_ready, track.request_id),
        expected=("https://files.example/t.mp3", True, "q-1"),
    ),
    Case(
        operation="apiaudio.mastering.create",
        call=lambda kit: kit.apiaudio.mastering.create("s-1", end_format="mp3"),
        request=f"POST {V1}/mastering",
        json={"scriptId": "s-1", "endFormat": ["mp3"]},
        reply={"message": "working"},
        status=202,
        result=lambda track: track.is_ready,
        expected=False,
    ),
    Case(
        operation="apiaudio.mastering.retrieve",
        call=lambda kit: kit.apiaudio.mastering.retrieve(
            "s-1",
            audience={"username": "linda"},
            version="v1",
            public=True,
            vast=True,
            end_format="wav",
            request_id="q-1",
        ),
        request=f"GET {V1}/mastering",
        query=[
            ("username", "linda"),
            ("scriptId", "s-1"),
            ("version", "v1"),
            ("public", "true"),
            ("vast", "true"),
            ("endFormat", "wav"),
            ("requestId", "q-1"),
        ],
        reply=TRACK,
        result=lambda track: track.url,
        expected="https://files.example/t.mp3",
    ),
    Case(
        operation="apiaudio.sound.list_sound_templates",
        call=lambda kit: kit.apiaudio.sound.list_sound_templates(
            genre="acoustic",
            tempo="mid",
            tags=["calm", "happy"],
            collections="commercial",
            contents=["intro"],
            industry_examples=["news", "travel"],
        ),
        request=f"GET {V1}/sound/template",
        query=[
            ("genre", "acoustic"),
            ("tempo", "mid"),
            ("tags", "calm,happy"),
            ("collections", "commercial"),
            ("contents", "intro"),
            ("industryExamples", "news,travel"),
        ],
        reply={"templates": [TEMPLATE]},
        result=lambda found: [(one.template_name, one.contents, one.sound_template_id) for one in found],
        expected=[("jazz", ["intro", "main"], "t-1")],
    ),
    Case(
        operation="apiaudio.sound.list_sound_templates",
        call=lambda kit: kit.apiaudio.sound.list(),
        request=f"GET {V1}/sound/template",
        reply={"templates": []},
        expected=[],
    ),
]

MIX = {
    "productionId": "m-1",
    "files": [{"url": "https://files.example/m.wav", "filename": "m", "format": "wav"}],
}

V2_CASES = [
    Case(
        operation="audiostack.scripts.create",
        call=lambda kit: kit.audiostack.scripts.create(
            "<as:section>Hi</as:section>",
            project_name="p",
            module_name="m",
            script_name="n",
            metadata={"a": 1},
        ),
        request=f"POST {V2}/content/script",
        json={
            "scriptText": "<as:section>Hi</as:section>",
            "projectName": "p",
            "moduleName": "m",
            "scriptName": "n",
            "metadata": {"a": 1},
        },
        reply=in_data({"scriptId": "s-1", "scriptName": "n"}),
        result=lambda script: (script.script_id, script.script_name),
        expected=("s-1", "n"),
    ),
    Case(
        operation="audiostack.media.get",
        call=lambda kit: kit.audiostack.media.get("med-1"),
        request=f"GET {V2}/content/media/med-1",
        reply=in_data({"mediaId": "med-1", "filename": "epic_main.wav", "tags": ["a"]}),
        result=lambda media: (media.media_id, media.filename, media.tags),
        expected=("med-1", "epic_main.wav", ["a"]),
    ),
    Case(
        operation="audiostack.tts.create",
        call=lambda kit: kit.audiostack.tts.create(
            "s-1",
            voice="wren",
            speed=1.2,
            silence_padding="5000",
            audience={"name": "Ann"},
            sections={"intro": {"voice": "bryer"}},
            voice_intelligence=True,
            public=False,
            sync=True,
            use_cache=False,
            use_denoiser=True,
            use_autofix=False,
        ),
        request=f"POST {V2}/speech/tts",
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
        reply=in_data(
            {"speechId": "t-1", "sections": [{"sectionName": "intro", "url": "https://files.example/i.wav"}]}
        ),
        result=lambda speech: (speech.speech_id, speech.is_ready, speech.sections[0].section_name),
        expected=("t-1", True, "intro"),
    ),
    Case(
        operation="audiostack.tts.get",
        call=lambda kit: kit.audiostack.tts.get("t-1", public=True),
        request=f"GET {V2}/speech/tts/t-1",
        query=[("public", "true")],
        reply=in_data({"speechId": "t-1"}),
        status=202,
        result=lambda speech: (speech.speech_id, speech.is_ready),
        expected=("t-1", False),
    ),
    Case(
        operation="audiostack.mixes.create",
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
        request=f"POST {V2}/production/mix",
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
        reply=in_data(MIX),
        result=lambda mix: (mix.production_id, mix.is_ready, mix.files[0].filename, mix.files[0].format),
        expected=("m-1", True, "m", "wav"),
    ),
    Case(
        operation="audiostack.mixes.create",
        call=lambda kit: kit.audiostack.mixes.create(script_id="s-1"),
        request=f"POST {V2}/production/mix",
        json={"scriptId": "s-1"},
        reply=in_data({"productionId": "m-1"}),
        status=202,
        result=lambda mix: (mix.is_ready, mix.files),
        expected=(False, []),
    ),
    Case(
        operation="audiostack.mixes.get",
        call=lambda kit: kit.audiostack.mixes.get("m-1"),
        request=f"GET {V2}/production/mix/m-1",
        reply=in_data(MIX),
        result=lambda mix: mix.files[0].url,
        expected="https://files.example/m.wav",
    ),
    Case(
        operation="audiostack.templates.create",
        call=lambda kit: kit.audiostack.templates.create("epic1", description="d", is_elastic=False),
        request=f"POST {V2}/production/sound/template",
        json={"templateName": "epic1", "description": "d", "isElastic": False},
        reply=in_data({"templateName": "epic1", "segments": []}),
        result=lambda template: (template.template_name, template.segment_names),
        expected=("epic1", []),
    ),
    Case(
        operation="audiostack.templates.delete",
        call=lambda kit: kit.audiostack.templates.delete("epic 1/b"),
        request=f"DELETE {V2}/production/sound/template/epic%201%2Fb",
        reply=in_data({}),
        expected=None,
    ),
    Case(
        operation="audiostack.segments.create",
        call=lambda kit: kit.audiostack.segments.create("epic1", "med-1", "main"),
        request=f"POST {V2}/production/sound/segment",
        json={"templateName": "epic1", "mediaId": "med-1", "segmentName": "main"},
        reply=in_data(
            {"template": {"templateName": "epic1", "segments": [{"segmentName": "main", "mediaId": "med-1"}]}}
        ),
        result=lambda template: template.segment_names,
        expected=["main"],
    ),
]

GATEWAY_CASES = [
    Case(
        operation="respeecher.api_key.create",
        call=lambda kit: kit.respeecher.api_key.create(expires_at=AWARE),
        request=f"POST {GATEWAY}/api/api-key",
        json={"expires_at": "2023-10-08T16:12:55.753000+00:00"},
        reply={"api_key": "new-key"},
        result=lambda key: (key.api_key, "new-key" in repr(key), key.as_secret().reveal()),
        expected=("new-key", False, "new-key"),
    ),
    Case(
        operation="respeecher.api_key.delete",
        call=lambda kit: kit.respeecher.api_key.delete(),
        request=f"DELETE {GATEWAY}/api/api-key",
        reply={},
        expected=None,
    ),
    Case(
        operation="respeecher.session.login",
        call=lambda kit: kit.respeecher.session.login("a@example.com", "pw"),
        request=f"POST {GATEWAY}/api/login",
        json={"email": "a@example.com", "password": "pw"},
        reply={"user": USER, "csrf_token": "t"},
        result=lambda user: (user.id, user.roles, user.data),
        expected=("u-1", ["user"], {"credit_limit": True}),
    ),
    Case(
        operation="respeecher.session.logout",
        call=lambda kit: kit.respeecher.session.logout(),
        request=f"POST {GATEWAY}/api/logout",
        reply={},
        expected=None,
    ),
    Case(
        operation="respeecher.session.auth",
        call=lambda kit: kit.respeecher.session.auth(),
        request=f"POST {GATEWAY}/api/auth",
        reply=USER,
        result=lambda user: user.email,
        expected="a@example.com",
    ),
    Case(
        operation="respeecher.calibrations.create",
        call=lambda kit: kit.respeecher.calibrations.create("mine", WAV),
        request=f"POST {GATEWAY}/api/calibration",
        form={"name": "mine", "data": WAV},
        reply=CALIBRATION,
        result=lambda one: (one.id, one.f0_hz, one.state, one.created_at, one.enabled),
        expected=("c-1", 118.5, "processing", AWARE, True),
    ),
    Case(
        operation="respeecher.calibrations.enable",
        call=lambda kit: kit.respeecher.calibrations.enable("c-1"),
        request=f"PUT {GATEWAY}/api/calibration/c-1/enable",
        reply=CALIBRATION,
        result=lambda one: one.enabled,
        expected=True,
    ),
    Case(
        operation="respeecher.calibrations.auto",
        call=lambda kit: kit.respeecher.calibrations.auto(),
        request=f"POST {GATEWAY}/api/calibration/auto",
        reply=USER,
        result=lambda user: user.id,
        expected="u-1",
    ),
    Case(
        operation="respeecher.calibrations.get",
        call=lambda kit: kit.respeecher.calibrations.get("c-1"),
        request=f"GET {GATEWAY}/api/calibration/c-1",
        reply=CALIBRATION,
        result=lambda one: one.name,
        expected="mine",
    ),
    Case(
        operation="respeecher.calibrations.list",
        call=lambda kit: _collected(kit.respeecher.calibrations.list(search="mi")),
        request=f"GET {GATEWAY}/api/calibration",
        query=[("search", "mi"), ("limit", "50"), ("offset", "0")],
        reply=[CALIBRATION],
        result=lambda found: [one.id for one in found],
        expected=["c-1"],
    ),
    Case(
        operation="respeecher.calibrations.delete",
        call=lambda kit: kit.respeecher.calibrations.delete("c-1"),
        request=f"DELETE {GATEWAY}/api/calibration/c-1",
        reply=CALIBRATION,
        result=lambda one: one.id,
        expected="c-1",
    ),
    Case(
        operation="respeecher.credits.get",
        call=lambda kit: kit.respeecher.credits.get(),
        request=f"GET {GATEWAY}/api/credits",
        reply={"credits": 12.5, "initial_credits": 100},
        result=lambda balance: (balance.left, balance.initial),
        expected=(12.5, 100),
    ),
    Case(
        operation="respeecher.projects.list",
        call=lambda kit: _collected(
            kit.respeecher.projects.list(owner=ID, sort="name", direction="asc", page_size=100, offset=0)
        ),
        request=f"GET {GATEWAY}/api/projects",
        query=[("owner", ID), ("sort", "name"), ("direction", "asc"), ("limit", "100"), ("offset", "0")],
        reply=in_list(PROJECT),
        result=lambda found: [(one.id, one.url, one.last_recording_at) for one in found],
        expected=[("p-1", "u/p", AWARE)],
    ),
    Case(
        operation="respeecher.projects.create",
        call=lambda kit: kit.respeecher.projects.create("p", owner="u-1"),
        request=f"POST {GATEWAY}/api/projects",
        json={"name": "p", "owner": "u-1", "models": {}},
        reply=PROJECT,
        result=lambda project: project.slug,
        expected="p",
    ),
    Case(
        operation="respeecher.projects.rename",
        call=lambda kit: kit.respeecher.projects.rename("p-1", "q"),
        request=f"PATCH {GATEWAY}/api/projects/p-1",
        json={"name": "q"},
        reply=PROJECT,
        result=lambda project: project.id,
        expected="p-1",
    ),
    Case(
        operation="respeecher.projects.delete",
        call=lambda kit: kit.respeecher.projects.delete("p-1"),
        request=f"DELETE {GATEWAY}/api/projects/p-1",
        reply={"id": "p-1"},
        expected=None,
    ),
    Case(
        operation="respeecher.projects.by_url",
        call=lambda kit: kit.respeecher.projects.by_url("u/p q"),
        request=f"GET {GATEWAY}/api/projects/by-url",
        query=[("project_url", "u/p q")],
        reply=PROJECT,
        result=lambda project: project.name,
        expected="p",
    ),
    Case(
        operation="respeecher.folders.list",
        call=lambda kit: _collected(kit.respeecher.folders.list("p-1", direction="desc")),
        request=f"GET {GATEWAY}/api/folders",
        query=[("project_id", "p-1"), ("direction", "desc"), ("limit", "50"), ("offset", "0")],
        reply=in_list(FOLDER),
        result=lambda found: [(one.id, one.project_id, one.parent_id) for one in found],
        expected=[("f-1", "p-1", ID)],
    ),
    Case(
        operation="respeecher.folders.create",
        call=lambda kit: kit.respeecher.folders.create("p-1", "f"),
        request=f"POST {GATEWAY}/api/folders",
        json={"name": "f", "project_id": "p-1"},
        reply=FOLDER,
        result=lambda folder: folder.created_at,
        expected=AWARE,
    ),
    Case(
        operation="respeecher.folders.rename",
        call=lambda kit: kit.respeecher.folders.rename("f-1", "g"),
        request=f"PATCH {GATEWAY}/api/folders/f-1",
        json={"name": "g"},
        reply=FOLDER,
        result=lambda folder: folder.id,
        expected="f-1",
    ),
    *[
        Case(
            operation="respeecher.folders.delete",
            call=lambda kit: kit.respeecher.folders.delete("f-1"),
            request=f"DELETE {GATEWAY}/api/folders/f-1",
            reply=reply,
            status=status,
            result=list,
            expected=expected,
        )
        for status, reply, expected in [
            (200, ["f-1", "f-2"], ["f-1", "f-2"]),
            (200, [{"id": "f-1"}], ["f-1"]),
            (200, {"id": "f-1"}, ["f-1"]),
            (204, None, ["f-1"]),
        ]
    ],
    Case(
        operation="respeecher.folders.get",
        call=lambda kit: kit.respeecher.folders.get("f-1"),
        request=f"GET {GATEWAY}/api/folders/f-1",
        reply=FOLDER,
        result=lambda folder: folder.name,
        expected="f",
    ),
    Case(
        operation="respeecher.recordings.list",
        call=lambda kit: _collected(kit.respeecher.recordings.list(project_id="p-1", folder_id="f-1")),
        request=f"GET {GATEWAY}/api/recordings",
        query=[("project_id", "p-1"), ("folder_id", "f-1"), ("limit", "50"), ("offset", "0")],
        reply=in_list(RECORDING),
        result=lambda found: [
            (one.id, one.size_bytes, one.duration_s, one.note.text, one.is_over, one.created_at)
            for one in found
        ],
        expected=[("r-1", 800, 2.5, "hm", True, AWARE)],
    ),
    Case(
        operation="respeecher.recordings.list_originals",
        call=lambda kit: _collected(kit.respeecher.recordings.list_originals("f-1", direction="asc")),
        request=f"GET {GATEWAY}/api/recordings/originals",
        query=[("folder_id", "f-1"), ("direction", "asc"), ("limit", "50"), ("offset", "0")],
        reply=in_list(RECORDING),
        result=len,
        expected=1,
    ),
    Case(
        operation="respeecher.recordings.list_conversions",
        call=lambda kit: _collected(kit.respeecher.recordings.list_conversions("r-1", page_size=200)),
        request=f"GET {GATEWAY}/api/recordings/conversions",
        query=[("original_id", "r-1"), ("limit", "200"), ("offset", "0")],
        reply=in_list(RECORDING),
        result=len,
        expected=1,
    ),
    Case(
        operation="respeecher.recordings.upload",
        call=lambda kit: kit.respeecher.recordings.upload(
            WAV, folder_id="f-1", label="Take 1", microphone="Shure"
        ),
        request=f"POST {GATEWAY}/api/recordings",
        form={"parent_folder_id": "f-1", "microphone": "Shure", "label": "Take 1", "data": WAV},
        reply=RECORDING,
        result=lambda recording: recording.id,
        expected="r-1",
    ),
    Case(
        operation="respeecher.recordings.upload",
        call=lambda kit: kit.respeecher.recordings.upload(WAV, folder_id="f-1"),
        request=f"POST {GATEWAY}/api/recordings",
        form={"parent_folder_id": "f-1", "microphone": "file", "data": WAV},
        reply=RECORDING,
        result=lambda recording: recording.label,
        expected="take",
    ),
    Case(
        operation="respeecher.recordings.create_tts",
        call=lambda kit: kit.respeecher.recordings.create_tts(
            "Hello", folder_id="f-1", text_language="en", label="l", tts_voice_id="tv-1"
        ),
        request=f"POST {GATEWAY}/api/v2/recordings/tts",
        json={
            "parent_folder_id": "f-1",
            "text": "Hello",
            "text_language": "en",
            "label": "l",
            "tts_voice_id": "tv-1",
        },
        reply=RECORDING,
        result=lambda recording: recording.tts,
        expected=True,
    ),
    Case(
        operation="respeecher.recordings.create_tts",
        call=lambda kit: kit.respeecher.recordings.create_tts("Hello", folder_id="f-1"),
        request=f"POST {GATEWAY}/api/v2/recordings/tts",
        json={"parent_folder_id": "f-1", "text": "Hello"},
        reply=RECORDING,
        result=lambda recording: recording.state,
        expected="done",
    ),
    Case(
        operation="respeecher.recordings.update",
        call=lambda kit: kit.respeecher.recordings.update("r-1", starred=True),
        request=f"PATCH {GATEWAY}/api/recordings/r-1",
        json={"starred": True},
        reply=RECORDING,
        result=lambda recording: recording.id,
        expected="r-1",
    ),
    Case(
        operation="respeecher.recordings.replace",
        call=lambda kit: kit.respeecher.recordings.replace("r-1", label="l", starred=False),
        request=f"PUT {GATEWAY}/api/recordings/r-1",
        json={"label": "l", "starred": False},
        reply=RECORDING,
        result=lambda recording: recording.id,
        expected="r-1",
    ),
    *[
        Case(
            operation="respeecher.recordings.delete",
            call=lambda kit: kit.respeecher.recordings.delete("r-1"),
            request=f"DELETE {GATEWAY}/api/recordings/r-1",
            reply=reply,
            status=status,
            result=list,
            expected=["r-1"],
        )
        for status, reply in [(200, [{"id": "r-1"}]), (204, None)]
    ],
    Case(
        operation="respeecher.recordings.get",
        call=lambda kit: kit.respeecher.recordings.get("r-1"),
        request=f"GET {GATEWAY}/api/recordings/r-1",
        reply=RECORDING,
        result=lambda recording: recording.url,
        expected="/api/files/r-1.wav",
    ),
    Case(
        operation="respeecher.tts_voices.list",
        call=lambda kit: kit.respeecher.tts_voices.list(),
        request=f"GET {GATEWAY}/api/tts-voices",
        reply=[{"id": "tv-1", "visibility": "public", "name": "Joe", "f0": 110, "is_default": True}],
        result=lambda found: [(one.id, one.name, one.f0_hz, one.is_default) for one in found],
        expected=[("tv-1", "Joe", 110, True)],
    ),
    *[
        Case(
            operation=f"respeecher.notes.{verb}",
            call=call,
            request=f"{method} {GATEWAY}/api/notes",
            json=json,
            reply=NOTE,
            result=lambda note: (note.id, note.recording_id, note.text, note.active),
            expected=("n-1", "r-1", "hm", True),
        )
        for verb, method, call, json in [
            (
                "create",
                "POST",
                lambda kit: kit.respeecher.notes.create("r-1", "hm"),
                {"recording_id": "r-1", "text": "hm"},
            ),
            (
                "update",
                "PUT",
                lambda kit: kit.respeecher.notes.update("r-1", "hm"),
                {"recording_id": "r-1", "text": "hm"},
            ),
            ("delete", "DELETE", lambda kit: kit.respeecher.notes.delete("r-1"), {"recording_id": "r-1"}),
        ]
    ],
    Case(
        operation="respeecher.stats.get",
        call=lambda kit: kit.respeecher.stats.get(),
        request=f"GET {GATEWAY}/api/stats",
        reply={
            "time_converted": TIME,
            "conversions": COUNTS,
            "models": [{"id": "v-1", "name": "Anna", "conversions_count": 3, "converted_time": 12.5}],
        },
        result=lambda stats: (
            stats.time_converted.previous_months[0].duration_s,
            stats.conversions.failed,
            stats.models[0].converted_time_s,
        ),
        expected=(50, 2, 12.5),
    ),
    Case(
        operation="respeecher.stats.projects",
        call=lambda kit: kit.respeecher.stats.projects(["p-1", "p-2"]),
        request=f"GET {GATEWAY}/api/stats/projects",
        query=[("project_ids", "p-1"), ("project_ids", "p-2")],
        reply=[
            {
                "project_id": "p-1",
                "time_converted": {"total": 60, "current_month": 1},
                "conversions": COUNTS,
            }
        ],
        result=lambda found: [(one.project_id, one.time_converted.total_s) for one in found],
        expected=[("p-1", 60)],
    ),
    Case(
        operation="respeecher.stats.projects_post",
        call=lambda kit: kit.respeecher.stats.projects(["p-1"], use_post=True),
        request=f"POST {GATEWAY}/api/stats/projects",
        json={"project_ids": ["p-1"]},
        reply=[],
        expected=[],
    ),
    Case(
        operation="respeecher.stats.folders",
        call=lambda kit: kit.respeecher.stats.folders("f-1"),
        request=f"GET {GATEWAY}/api/stats/folders",
        query=[("folder_ids", "f-1")],
        reply=[{"folder_id": "f-1", "stats": COUNTS}],
        result=lambda found: [(one.folder_id, one.conversions.total) for one in found],
        expected=[("f-1", 4)],
    ),
    Case(
        operation="respeecher.stats.folders_post",
        call=lambda kit: kit.respeecher.stats.folders(["f-1"], use_post=True),
        request=f"POST {GATEWAY}/api/stats/folders",
        json={"folder_ids": ["f-1"]},
        reply=[],
        expected=[],
    ),
    Case(
        operation="respeecher.orders.create",
        call=lambda kit: kit.respeecher.orders.create(
            "r-1",
            [
                Conversion(voice_id="v-1", accent_id="a-1", semitones_correction=-2, label="Anna"),
                Conversion(voice_id="v-2", narration_style_id="s-1"),
            ],
            calibration_id="c-1",
        ),
        request=f"POST {GATEWAY}/api/v2/orders",
        json={
            "original_id": "r-1",
            "conversions": [
                {"voice_id": "v-1", "accent_id": "a-1", "semitones_correction": -2, "label": "Anna"},
                {"voice_id": "v-2", "narration_style_id": "s-1"},
            ],
            "use_calibration": True,
            "calibration_id": "c-1",
        },
        reply=[ORDER],
        result=lambda orders: [(one.id, one.conversion_id, one.state, one.f0_hz) for one in orders],
        expected=[("o-1", "r-2", "new", 120)],
    ),
    Case(
        operation="respeecher.orders.create",
        call=lambda kit: kit.respeecher.orders.create("r-1", [Conversion(voice_id="v-1")]),
        request=f"POST {GATEWAY}/api/v2/orders",
        json={"original_id": "r-1", "conversions": [{"voice_id": "v-1"}], "use_calibration": False},
        reply=[ORDER],
        result=len,
        expected=1,
    ),
    Case(
        operation="respeecher.orders.retry",
        call=lambda kit: kit.respeecher.orders.retry("r-2"),
        request=f"POST {GATEWAY}/api/v2/orders/retry/r-2",
        reply=ORDER,
        result=lambda order: order.id,
        expected="o-1",
    ),
    Case(
        operation="respeecher.voices.list",
        call=lambda kit: _collected(
            kit.respeecher.voices.list(
                visibility="public",
                species=["human", "animal"],
                gender="female",
                age_group="adult",
                pitch_group="mid",
                nationality="British",
                sort="pitch",
                direction="asc",
            )
        ),
        request=f"GET {GATEWAY}/api/v2/voices",
        query=[
            ("visibility", "public"),
            ("species", "human"),
            ("species", "animal"),
            ("gender", "female"),
            ("age_group", "adult"),
            ("pitch_group", "mid"),
            ("nationality", "British"),
            ("sort", "pitch"),
            ("direction", "asc"),
            ("limit", "25"),
            ("offset", "0"),
        ],
        reply=in_list(VOICE),
        result=lambda found: [
            (
                one.id,
                one.pitch_hz,
                one.accents[0].info.locale,
                one.accents[0].settings.semitones_correction,
                one.narration_styles[0].name,
                one.tiers[0].name,
            )
            for one in found
        ],
        expected=[("v-1", 190.5, "en-GB", -2, "Calm", "free")],
    ),
    Case(
        operation="respeecher.voices.search",
        call=lambda kit: kit.respeecher.voices.search("An", limit=10),
        request=f"GET {GATEWAY}/api/v2/voices/search",
        query=[("name", "An"), ("limit", "10")],
        reply=[VOICE],
        result=lambda found: [one.name for one in found],
        expected=["Anna"],
    ),
    Case(
        operation="respeecher.voices.favorite",
        call=lambda kit: kit.respeecher.voices.favorite("v-1", favorite=False),
        request=f"POST {GATEWAY}/api/v2/voices/favorite/v-1",
        json={"favorite": False},
        reply=VOICE,
        result=lambda voice: voice.favorite,
        expected=False,
    ),
    Case(
        operation="respeecher.voices.settings",
        call=lambda kit: kit.respeecher.voices.settings(
            "v-1", narration_style_id="s-1", accent_id="a-1", semitones_correction=0
        ),
        request=f"POST {GATEWAY}/api/v2/voices/settings",
        json={
            "voice_id": "v-1",
            "narration_style_id": "s-1",
            "accent_id": "a-1",
            "semitones_correction": 0,
        },
        reply=VOICE,
        result=lambda voice: voice.id,
        expected="v-1",
    ),
    Case(
        operation="respeecher.accents.samples",
        call=lambda kit: kit.respeecher.accents.samples("a-1"),
        request=f"GET {GATEWAY}/api/v2/accents/samples",
        query=[("accent_id", "a-1")],
        reply={"samples": {"low": "/api/s.mp3"}},
        result=lambda found: found.samples,
        expected={"low": "/api/s.mp3"},
    ),
]

CASES = [*V1_CASES, *V2_CASES, *GATEWAY_CASES]


def _response(case: Case) -> httpx.Response:
    headers = {"set-cookie": "session_id=s"} if case.operation.endswith("login") else {}
    if case.reply is None:
        return httpx.Response(case.status, headers=headers)
    return httpx.Response(case.status, json=case.reply, headers=headers)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation)
async def test_operation_speaks_the_contract(
    case: Case, kit: AudioKit, wire: Callable[..., list[Any]]
) -> None:
    """Method, address, query, body and form are exactly the contract's; the answer gets our names."""
    sent = wire(_response(case))
    value = await case.call(kit)
    assert 1 == len(sent)
    assert case.request == f"{sent[0].method} {sent[0].url}"
    assert case.query == sent[0].query
    assert case.json == sent[0].json
    assert case.form == sent[0].form
    assert case.expected == case.result(value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation)
async def test_operation_sends_its_apis_key(
    case: Case, kit: AudioKit, wire: Callable[..., list[Any]], keys: dict[str, str]
) -> None:
    """Every operation but the login carries its API's key, and no other."""
    sent = wire(_response(case))
    await case.call(kit)
    carried = [value for value in sent[0].headers.values() if "SECRET" in value]
    api = case.operation.partition(".")[0]
    assert ([] if case.operation.endswith("login") else [keys[api]]) == carried


# Operations that take several requests or write files; they have tests of their own.
ELSEWHERE = {
    "apiaudio.media.put",
    "apiaudio.media.upload",
    "apiaudio.mastering.file",
    "apiaudio.speech.file",
    "audiostack.media.create",
    "audiostack.media.put",
    "audiostack.mixes.file",
    "respeecher.projects.export",
    "respeecher.recordings.export",
    "respeecher.recordings.download",
    "respeecher.recordings.create_tts_v1",
}
COVERAGE = Path(__file__).parents[2] / "contract" / "coverage.csv"


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def test_table_holds_every_operation_the_vendors_pages_name() -> None:
    """An endpoint without a row here is an endpoint nobody has looked at."""
    with COVERAGE.open(newline="") as file:
        named = {
            (row["api"].partition("-")[0], row["method"], _shape(row["path"]))
            for row in csv.DictReader(file)
            if row["notes"].startswith(("tier S", "tier N")) and not row["param"] and row["path"][0] == "/"
        }
    tested = {case.operation for case in CASES} | ELSEWHERE
    untested = {
        endpoint.name
        for endpoint in all_endpoints()
        if (endpoint.api, endpoint.method, _shape(endpoint.path)) in named and endpoint.name not in tested
    }
    assert set() == untested
