"""Every operation of api.audio v1 with every parameter, as one table: what goes out, what comes back."""

from __future__ import annotations

import base64
import csv
import inspect
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import orjson
import pytest

from audiokit import AudioKit, SectionTiming, SectionVoice
from audiokit.services import all_endpoints
from audiokit.services.apiaudio import TimelineClip, TimelineTrack

BASE = "https://v1.example"
COVERAGE = Path(__file__).parents[2] / "contract" / "coverage.csv"

SCRIPT = {
    "orgId": "o-1",
    "projectName": "p",
    "moduleName": "m",
    "scriptName": "n",
    "scriptId": "s-1",
    "scriptText": "Hello",
    "version": "v0",
    "availableVersions": ["v0", "v1"],
    "estimatedLength": "2.5",
    "sections": [{"name": "default", "text": "Hello", "parameters": {}}],
    "creationDate": "2022-11-01",
    "containsDictionary": False,
}
TRACK = {"message": "ok", "url": "https://files.example/t.mp3", "warnings": "", "connectionId": "c-1"}
TEMPLATE = {"templateName": "jazz", "soundTemplateId": "t-1", "contents": ["intro"], "isElastic": False}
VOICE = {
    "alias": "joanna",
    "voiceId": "Joanna",
    "language": "english",
    "languageCode": "en-US",
    "gender": "female",
    "ageBracket": "adult",
    "provider": "polly",
    "tags": ["calm"],
    "sectionCharacterLimit": 4000,
    "timePerformance": "fast",
    "audioSample": "https://files.example/j.mp3",
}
CREATE_SPEECH = {
    "voice": "Joanna",
    "speed": 110,
    "effect": "chewie",
    "silence_padding_ms": 1000,
    "audience": {"username": "linda"},
    "sections": {"intro": SectionVoice(voice="Matthew", silence_padding_ms=5)},
    "version": "v1",
    "sync": False,
    "use_dictionary": True,
    "use_text_normalizer": False,
    "callback_url": "https://me.example/hook",
}
CREATE_SPEECH_WIRE = {
    "scriptId": "s-1",
    "voice": "Joanna",
    "speed": 110,
    "effect": "chewie",
    "silencePadding": 1000,
    "audience": [{"username": "linda"}],
    "sections": {"intro": {"voice": "Matthew", "silence_padding": 5}},
    "version": "v1",
    "sync": False,
    "useDictionary": True,
    "useTextNormalizer": False,
    "callback_url": "https://me.example/hook",
}
CREATE_MASTERING = {
    "sound_template": "jazz",
    "audience": {"username": "linda"},
    "public": True,
    "vast": True,
    "end_format": ["wav", "mp3_low"],
    "force_length_s": 30,
    "media_files": {"myrecording": "12345"},
    "media_volume_trim_db": -1.5,
    "section_properties": {"intro": SectionTiming(end_at_s=10.5, justify="centre")},
    "match_voice": True,
    "channels": 1,
    "version": "v1",
    "mastering_preset": "lightducking",
    "share": True,
    "connectors": [{"name": "julep"}],
    "callback_url": "https://me.example/hook",
}
CREATE_MASTERING_WIRE = {
    "scriptId": "s-1",
    "soundTemplate": "jazz",
    "audience": [{"username": "linda"}],
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
    "masteringPreset": "lightducking",
    "share": True,
    "connectors": [{"name": "julep"}],
    "callback_url": "https://me.example/hook",
}


@attrs.frozen(kw_only=True)
class Row:
    """One operation: its name in the contract, how to call it, what must go out, and what comes back."""

    contract: str
    call: Callable[[AudioKit], Awaitable[Any]]
    request: str
    query: list[tuple[str, str]] = attrs.field(factory=list)
    json: Any = None
    headers: dict[str, str] = attrs.field(factory=dict)
    reply: Any = None
    status: int = 200
    result: Callable[[Any], object] = lambda value: value
    expected: object = None

    @property
    def method_and_path(self) -> tuple[str, str]:
        """The request without the host."""
        method, _, url = self.request.partition(" ")
        return method, url.removeprefix(BASE)


async def _items(pages: Any) -> list[Any]:
    return (await pages.page()).items


ROWS = [
    Row(
        contract="Mastering.create",
        call=lambda kit: kit.apiaudio.mastering.create("s-1", **CREATE_MASTERING),
        request=f"POST {BASE}/mastering",
        json=CREATE_MASTERING_WIRE,
        reply=TRACK,
        result=lambda track: (track.url, track.message, track.connection_id),
        expected=("https://files.example/t.mp3", "ok", "c-1"),
    ),
    Row(
        contract="Mastering.create",
        call=lambda kit: kit.apiaudio.mastering.create("s-1"),
        request=f"POST {BASE}/mastering",
        json={"scriptId": "s-1"},
        reply={"url": "https://files.example/t.mp3", "Message": "as older deployments spell it"},
        result=lambda track: track.message,
        expected="as older deployments spell it",
    ),
    Row(
        contract="Mastering.retrieve",
        call=lambda kit: kit.apiaudio.mastering.retrieve(
            "s-1",
            audience={"username": "linda"},
            version="v1",
            public=True,
            vast=True,
            end_format="wav",
            request_id="q-1",
        ),
        request=f"GET {BASE}/mastering",
        query=[
            ("username", "linda"),
            ("scriptId", "s-1"),
            ("version", "v1"),
            ("public", "true"),
            ("vast", "true"),
            ("endFormat", "wav"),
            ("requestId", "q-1"),
        ],
        reply={"script": "s-1", "version": "v1", "url": "https://files.example/public/t.xml"},
        result=lambda track: (track.script, track.url),
        expected=("s-1", "https://files.example/public/t.xml"),
    ),
    Row(
        contract="Mastering.list_presets",
        call=lambda kit: kit.apiaudio.mastering.list_presets(),
        request=f"GET {BASE}/mastering-presets",
        reply={"presets": [{"name": "lightducking", "description": "d"}, {"name": "default"}]},
        result=lambda presets: [(one.name, one.description) for one in presets],
        expected=[("lightducking", "d"), ("default", None)],
    ),
    Row(
        contract="Mastering.create_media_timeline",
        call=lambda kit: kit.apiaudio.mastering.create_media_timeline(
            [
                TimelineTrack(
                    clips=[TimelineClip(media_id="m-1", start_at_s=0, end_at_s=14.5)], content_type="sound"
                )
            ],
            end_format="mp3_alexa",
            mastering_preset="lightducking",
        ),
        request=f"POST {BASE}/media-timeline",
        json={
            "timeline": [
                {"files": [{"mediaId": "m-1", "startAt": 0, "endAt": 14.5}], "contentType": "sound"}
            ],
            "endFormat": ["mp3_alexa"],
            "masteringPreset": "lightducking",
        },
        reply=TRACK,
        result=lambda track: track.url,
        expected="https://files.example/t.mp3",
    ),
    Row(
        contract="Sound.list_sound_templates",
        call=lambda kit: kit.apiaudio.sound.list_sound_templates(
            genre="acoustic",
            tempo="mid",
            tags=["happy", "travel"],
            collections="newscast",
            contents=["intro", "effect1"],
            industry_examples="news",
        ),
        request=f"GET {BASE}/sound/template",
        query=[
            ("genre", "acoustic"),
            ("tempo", "mid"),
            ("tags", "happy,travel"),
            ("collections", "newscast"),
            ("contents", "intro,effect1"),
            ("industryExamples", "news"),
        ],
        reply={"templates": [TEMPLATE]},
        result=lambda found: [(one.template_name, one.contents) for one in found],
        expected=[("jazz", ["intro"])],
    ),
    Row(
        contract="Sound.list_parameters",
        call=lambda kit: kit.apiaudio.sound.list_parameters(),
        request=f"GET {BASE}/sound/parameter",
        reply={"genre": ["rock"], "tempo": ["mid"], "collections": ["fitness"], "tags": ["happy"]},
        result=lambda found: (found.genre, found.tempo, found.collections, found.tags),
        expected=(["rock"], ["mid"], ["fitness"], ["happy"]),
    ),
    Row(
        contract="Script.create",
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
        request=f"POST {BASE}/script",
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
        result=lambda script: (script.script_id, script.available_versions),
        expected=("s-1", ["v0", "v1"]),
    ),
    Row(
        contract="Script.retrieve",
        call=lambda kit: kit.apiaudio.scripts.retrieve("a/b c", version="v1"),
        request=f"GET {BASE}/script/a%2Fb%20c",
        query=[("version", "v1")],
        reply=SCRIPT,
        result=lambda script: script.script_text,
        expected="Hello",
    ),
    Row(
        contract="Script.preview",
        call=lambda kit: kit.apiaudio.scripts.preview("s-1", voice="Joanna"),
        request=f"GET {BASE}/script/s-1",
        query=[("preview", "true"), ("voice", "Joanna")],
        reply={**SCRIPT, "wordsNotInDict": ["Reading"]},
        result=lambda preview: (preview.script_text, preview.words_not_in_dictionary),
        expected=("Hello", ["Reading"]),
    ),
    Row(
        contract="Script.list",
        call=lambda kit: kit.apiaudio.scripts.list(
            project_name="p", module_name="m", script_name="n", script_id="s-1", verbose=False
        ),
        request=f"GET {BASE}/script",
        query=[
            ("projectName", "p"),
            ("moduleName", "m"),
            ("scriptName", "n"),
            ("scriptId", "s-1"),
            ("verbose", "false"),
        ],
        reply={"scripts": [{"projectName": "p", "scriptId": "s-1"}]},
        result=lambda scripts: [(one.script_id, one.script_name) for one in scripts],
        expected=[("s-1", None)],
    ),
    Row(
        contract="Script.list",
        call=lambda kit: kit.apiaudio.scripts.list(),
        request=f"GET {BASE}/script",
        reply=[SCRIPT],
        result=lambda scripts: [one.script_id for one in scripts],
        expected=["s-1"],
    ),
    Row(
        contract="Script.delete",
        call=lambda kit: kit.apiaudio.scripts.delete("s-1"),
        request=f"DELETE {BASE}/script/s-1",
        reply={"message": "deleted"},
    ),
    Row(
        contract="Script.delete",
        call=lambda kit: kit.apiaudio.scripts.delete("s-1", version="v 1"),
        request=f"DELETE {BASE}/script/s-1/v%201",
        reply={"message": "deleted"},
    ),
    Row(
        contract="Script.delete_multiple",
        call=lambda kit: kit.apiaudio.scripts.delete_multiple("p", module_name="m", script_name="n"),
        request=f"DELETE {BASE}/scripts",
        query=[("projectName", "p"), ("moduleName", "m"), ("scriptName", "n")],
        reply={},
    ),
    Row(
        contract="Script.get_random_text",
        call=lambda kit: kit.apiaudio.scripts.get_random_text("Joke"),
        request=f"GET {BASE}/script/random",
        query=[("category", "Joke")],
        reply="Knock knock.",
        expected="Knock knock.",
    ),
    Row(
        contract="Script.Directory.list_projects",
        call=lambda kit: kit.apiaudio.scripts.directory.list_projects(),
        request=f"GET {BASE}/script/list_projects",
        reply=["p"],
        expected=["p"],
    ),
    Row(
        contract="Script.Directory.list_modules",
        call=lambda kit: kit.apiaudio.scripts.directory.list_modules("p"),
        request=f"GET {BASE}/script/list_modules",
        query=[("projectPrefix", "p")],
        reply=["p/m"],
        expected=["p/m"],
    ),
    Row(
        contract="Script.Directory.list_script_names",
        call=lambda kit: kit.apiaudio.scripts.directory.list_script_names("p", "m"),
        request=f"GET {BASE}/script/list_script_names",
        query=[("projectPrefix", "p"), ("modulePrefix", "m")],
        reply=["p/m/n"],
        expected=["p/m/n"],
    ),
    Row(
        contract="Speech.create",
        call=lambda kit: kit.apiaudio.speech.create("s-1", **CREATE_SPEECH),
        request=f"POST {BASE}/speech",
        json=CREATE_SPEECH_WIRE,
        reply={"message": "working", "requestId": "q-1"},
        status=202,
        result=lambda speech: (speech.is_ready, speech.request_id),
        expected=(False, "q-1"),
    ),
    Row(
        contract="Speech.retrieve",
        call=lambda kit: kit.apiaudio.speech.retrieve(
            "s-1", audience={"username": "linda"}, version="v1", section="intro", request_id="q-1"
        ),
        request=f"GET {BASE}/speech",
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
    Row(
        contract="Media.list",
        call=lambda kit: kit.apiaudio.media.list(
            media_id="m-1", tags=["a", "b"], with_download_url=True, public=True
        ),
        request=f"GET {BASE}/file/customaudio",
        query=[("mediaId", "m-1"), ("tags", "a,b"), ("target", "download"), ("public", "true")],
        reply={
            "savedAudioFiles": [
                {"filename": "a.wav", "tags": ["a"], "mediaId": "m-1", "downloadUrl": "https://f.example/a"}
            ],
            "totalCount": 1,
        },
        result=lambda files: [(one.media_id, one.filename, one.download_url) for one in files],
        expected=[("m-1", "a.wav", "https://f.example/a")],
    ),
    Row(
        contract="Media.list",
        call=lambda kit: kit.apiaudio.media.list(media_id="unknown"),
        request=f"GET {BASE}/file/customaudio",
        query=[("mediaId", "unknown")],
        reply={},
        expected=[],
    ),
    Row(
        contract="Media.list_tags",
        call=lambda kit: kit.apiaudio.media.list_tags(),
        request=f"GET {BASE}/file/customaudio/tags",
        reply={"uniqueTags": ["a", "b"]},
        expected=["a", "b"],
    ),
    Row(
        contract="Media.get_download_url",
        call=lambda kit: kit.apiaudio.media.get_download_url("m-1"),
        request=f"GET {BASE}/file/customaudio",
        query=[("mediaId", "m-1"), ("target", "download")],
        reply={"savedAudioFiles": [{"mediaId": "m-1", "downloadUrl": "https://f.example/a"}]},
        expected="https://f.example/a",
    ),
    Row(
        contract="Media.delete",
        call=lambda kit: kit.apiaudio.media.delete("m-1"),
        request=f"DELETE {BASE}/file/customaudio",
        query=[("mediaId", "m-1")],
        reply={"message": "deleted"},
    ),
    Row(
        contract="Voice.list",
        call=lambda kit: _items(
            kit.apiaudio.voices.list(
                provider="polly",
                language="english",
                language_code="en-US",
                accent="american",
                gender="female",
                age_bracket="adult",
                tags=["calm", "warm"],
                industry_examples="news",
                time_performance="fast",
                section_character_limit=4000,
                sort="alias",
                page_size=10,
                offset=20,
            )
        ),
        request=f"GET {BASE}/voice",
        query=[
            ("provider", "polly"),
            ("language", "english"),
            ("languageCode", "en-US"),
            ("accent", "american"),
            ("gender", "female"),
            ("ageBracket", "adult"),
            ("tags", "calm,warm"),
            ("industryExamples", "news"),
            ("timePerformance", "fast"),
            ("sectionCharacterLimit", "4000"),
            ("sort", "alias"),
            ("limit", "10"),
            ("offset", "20"),
        ],
        reply={"voices": [VOICE]},
        result=lambda voices: [(one.alias, one.language_code, one.section_character_limit) for one in voices],
        expected=[("joanna", "en-US", 4000)],
    ),
    Row(
        contract="Voice.query",
        call=lambda kit: _items(
            kit.apiaudio.voices.query({"language": "english", "tags": {"$contains": "calm"}}, sort="alias")
        ),
        request=f"POST {BASE}/voice",
        query=[("sort", "alias"), ("limit", "100"), ("offset", "0")],
        json={"query": {"language": "english", "tags": {"$contains": "calm"}}},
        reply={"voices": [VOICE]},
        result=lambda voices: [one.voice_id for one in voices],
        expected=["Joanna"],
    ),
    Row(
        contract="Voice.list_parameters",
        call=lambda kit: kit.apiaudio.voices.list_parameters(),
        request=f"GET {BASE}/voice/parameter",
        reply={"gender": ["female", "male"], "language": ["english"]},
        expected={"gender": ["female", "male"], "language": ["english"]},
    ),
    Row(
        contract="Voice.get",
        call=lambda kit: kit.apiaudio.voices.get("en-US/Joanna"),
        request=f"GET {BASE}/voice/name/en-US%2FJoanna",
        reply=VOICE,
        result=lambda voice: voice.alias,
        expected="joanna",
    ),
    Row(
        contract="SyncTTS.create",
        call=lambda kit: kit.apiaudio.sync_tts.create(
            "Hi",
            voice="Joanna",
            metadata="full",
            url=True,
            sample_rate_hz=16000,
            effect="chewie",
            speed=1.5,
            use_cache=False,
        ),
        request=f"POST {BASE}/speech/sync",
        json={
            "text": "Hi",
            "voice": "Joanna",
            "metadata": "full",
            "url": True,
            "sampling_rate": "16000",
            "effect": "chewie",
            "speed": 1.5,
        },
        headers={"Cache-Control": "no-cache", "accept": "*/*"},
        reply={
            "url": "https://files.example/a.wav",
            "sampling_rate": "16000",
            "event_data": [{"phoneme": "h"}],
        },
        result=lambda speech: (speech.audio, speech.url, speech.sample_rate_hz, speech.events),
        expected=(None, "https://files.example/a.wav", 16000, ({"phoneme": "h"},)),
    ),
    Row(
        contract="SyncTTS.create",
        call=lambda kit: kit.apiaudio.sync_tts.create(
            ssml="<speak>Hi</speak>", voice="Joanna", metadata=True, format="mp3", bitrate_kbps=128
        ),
        request=f"POST {BASE}/speech/sync",
        json={"ssml": "<speak>Hi</speak>", "voice": "Joanna", "metadata": True, "bitrate": "128"},
        headers={"format": "audio/mp3"},
        reply={"audio_data": base64.b64encode(b"sound").decode(), "sampling_rate": 24000, "event_data": []},
        result=lambda speech: (speech.audio, speech.url, speech.sample_rate_hz, speech.events),
        expected=(b"sound", None, 24000, ()),
    ),
    Row(
        contract="Birdcache.create",
        call=lambda kit: kit.apiaudio.birdcache.create(
            "Hi {{name}}",
            kind="mastering",
            voice="Joanna",
            audience={"name": ["friend", "Ann"]},
            sound_template="jazz",
        ),
        request=f"POST {BASE}/birdcache",
        json={
            "type": "mastering",
            "text": "Hi {{name}}",
            "voice": "Joanna",
            "audience": {"name": ["friend", "Ann"]},
            "soundTemplate": "jazz",
        },
        reply=[{"text": "Hi friend", "ready": False, "url": None, "hashed": "h"}],
        result=lambda items: [(one.text, one.ready, one.url) for one in items],
        expected=[("Hi friend", False, None)],
    ),
    Row(
        contract="Lexi.list",
        call=lambda kit: kit.apiaudio.lexi.list(language="de", kind="names"),
        request=f"GET {BASE}/diction",
        query=[("lang", "de"), ("type", "names")],
        reply=[{"dictId": "de_boy_names", "lang": "de", "type": "names"}],
        result=lambda found: [(one.dictionary_id, one.language, one.type) for one in found],
        expected=[("de_boy_names", "de", "names")],
    ),
    Row(
        contract="Lexi.list_custom_dicts",
        call=lambda kit: kit.apiaudio.lexi.list_custom_dicts(),
        request=f"GET {BASE}/diction/custom",
        reply=[{"lang": "en"}],
        expected=[{"lang": "en"}],
    ),
    Row(
        contract="Lexi.register_custom_word",
        call=lambda kit: kit.apiaudio.lexi.register_custom_word(
            "Reading", "redding", language="en", specialization="Joanna", content_type="basic"
        ),
        request=f"PUT {BASE}/diction/custom/item",
        json={
            "word": "Reading",
            "replacement": "redding",
            "lang": "en",
            "specialization": "Joanna",
            "contentType": "basic",
        },
        reply={"message": "ok"},
        expected={"message": "ok"},
    ),
    Row(
        contract="Lexi.list_custom_words",
        call=lambda kit: kit.apiaudio.lexi.list_custom_words("global"),
        request=f"GET {BASE}/diction/custom/item",
        query=[("lang", "global")],
        reply={"words": []},
        expected={"words": []},
    ),
    Row(
        contract="Lexi.delete_custom_word",
        call=lambda kit: kit.apiaudio.lexi.delete_custom_word("Reading", language="en", specialization="x"),
        request=f"DELETE {BASE}/diction/custom/item",
        query=[("word", "Reading"), ("lang", "en"), ("specialization", "x")],
        reply={"message": "ok"},
    ),
    Row(
        contract="Lexi.list_dictionary",
        call=lambda kit: kit.apiaudio.lexi.list_dictionary("de_boy_names"),
        request=f"GET {BASE}/diction/list/de_boy_names",
        reply=["Jan", "Jörg"],
        expected=["Jan", "Jörg"],
    ),
    Row(
        contract="Lexi.list_types",
        call=lambda kit: kit.apiaudio.lexi.list_types(),
        request=f"GET {BASE}/diction/list_types",
        reply={"types": ["names"]},
        expected=["names"],
    ),
    Row(
        contract="Lexi.search",
        call=lambda kit: kit.apiaudio.lexi.search("Jörg/x", "de"),
        request=f"GET {BASE}/diction/search/J%C3%B6rg%2Fx/de",
        reply={"found": True},
        expected={"found": True},
    ),
    Row(
        contract="Connector.retrieve",
        call=lambda kit: kit.apiaudio.connectors.retrieve("julep"),
        request=f"GET {BASE}/connector/julep",
        reply={"message": "connected"},
        result=lambda status: status.message,
        expected="connected",
    ),
    Row(
        contract="Connector.connection",
        call=lambda kit: kit.apiaudio.connectors.connection("c-1"),
        request=f"GET {BASE}/connection/c-1",
        reply=[{"connectionId": "c-1", "status": "done", "connector": "julep"}],
        result=lambda found: [(one.connection_id, one.status, one.connector) for one in found],
        expected=[("c-1", "done", "julep")],
    ),
    Row(
        contract="Orchestrator.create_audio",
        call=lambda kit: kit.apiaudio.orchestrator.create_audio("Hi", voice="Joanna", sound_template="jazz"),
        request=f"POST {BASE}/orchestrator/create_audio",
        json={"scriptText": "Hi", "voice": "Joanna", "soundTemplate": "jazz"},
        reply=TRACK,
        result=lambda track: track.url,
        expected="https://files.example/t.mp3",
    ),
    Row(
        contract="Orchestrator.create_three_sections",
        call=lambda kit: kit.apiaudio.orchestrator.create_three_sections(
            intro_text="a", main_text="b", outro_text="c", voice="Joanna", sound_template="jazz"
        ),
        request=f"POST {BASE}/orchestrator/create_three_sections",
        json={
            "introText": "a",
            "mainText": "b",
            "outroText": "c",
            "voice": "Joanna",
            "soundTemplate": "jazz",
        },
        reply=TRACK,
        result=lambda track: track.is_ready,
        expected=True,
    ),
    Row(
        contract="Orchestrator.media_with_sound",
        call=lambda kit: kit.apiaudio.orchestrator.create_media_with_sound("m-1", sound_template="jazz"),
        request=f"POST {BASE}/orchestrator/media_with_sound",
        json={"mediaId": "m-1", "soundTemplate": "jazz"},
        reply=TRACK,
        result=lambda track: track.url,
        expected="https://files.example/t.mp3",
    ),
    Row(
        contract="Orchestrator.help",
        call=lambda kit: kit.apiaudio.orchestrator.help(),
        request=f"OPTIONS {BASE}/orchestrator",
        reply={"description": "d", "paths": {"/create_audio": {}}},
        result=lambda found: (found.description, found.paths),
        expected=("d", {"/create_audio": {}}),
    ),
    Row(
        contract="Organization.get_org_data",
        call=lambda kit: kit.apiaudio.organisation.get_org_data(),
        request=f"GET {BASE}/org",
        reply={"orgId": "o-1", "orgName": "me", "plan": "x"},
        result=lambda found: (found.org_id, found.org_name, found.extra),
        expected=("o-1", "me", {"plan": "x"}),
    ),
    Row(
        contract="Organization.list_child_orgs",
        call=lambda kit: kit.apiaudio.organisation.list_child_orgs(),
        request=f"GET {BASE}/org/child_orgs",
        reply=[{"orgId": "o-2"}],
        expected=[{"orgId": "o-2"}],
    ),
    Row(
        contract="Organization.get_secrets",
        call=lambda kit: kit.apiaudio.organisation.get_secrets(),
        request=f"GET {BASE}/secrets",
        reply={"webhook_secret": "whsec"},
        result=lambda found: (found.extra, "whsec" in repr(found)),
        expected=({"webhook_secret": "whsec"}, False),
    ),
    Row(
        contract="Pipeline.create",
        call=lambda kit: kit.apiaudio.pipeline.create(
            ["s-1", "s-2"], kind="mastering", voice=["Joanna", "Matthew"], sound_template="jazz"
        ),
        request=f"POST {BASE}/pipeline",
        json={
            "type": "mastering",
            "scripts": ["s-1", "s-2"],
            "voice": ["Joanna", "Matthew"],
            "soundTemplate": "jazz",
        },
        reply={"pipelineId": "p-1"},
        expected={"pipelineId": "p-1"},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.contract)
async def test_operation_speaks_the_contract(
    row: Row, kit: AudioKit, wire: Callable[..., list[Any]], keys: dict[str, str]
) -> None:
    """Method, address, query, body and headers are exactly the contract's; the answer gets our names."""
    sent = wire(httpx.Response(row.status, json=row.reply))
    value = await row.call(kit)
    assert 1 == len(sent)
    assert row.request == f"{sent[0].method} {sent[0].url}"
    assert row.query == sent[0].query
    assert row.json == sent[0].json
    assert row.headers == {name: sent[0].headers.get(WIRE_NAMES.get(name, name)) for name in row.headers}
    assert keys["apiaudio"] == sent[0].headers["x-api-key"]
    assert row.expected == row.result(value)


# The contract lists these arguments of the official client; on the wire they have other names.
WIRE_NAMES = {"format": "accept", "parameters": "username"}
SEVERAL_REQUESTS = {
    "Media.upload",
    "Media.upload (PUT)",
    "Mastering.download",
    "Speech.download",
    "Media.download",
}
LOCAL = {"Webhooks.verify", "Webhooks (event)"}  # tests/unit/test_webhooks.py


def _parameters() -> Iterator[tuple[str, str, str]]:
    """Contract operation, parameter and place of each parameter row."""
    with COVERAGE.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["api"] == "apiaudio-v1" and row["param"]:
                place = row["notes"].partition(";")[0].removeprefix("in ").strip()
                yield row["operation"], row["param"], place


def _keys(document: Any) -> set[str]:
    """Every key of a document, at any depth."""
    if isinstance(document, dict):
        return set(document).union(*map(_keys, document.values()))
    return set().union(*map(_keys, document)) if isinstance(document, list) else set()


def test_table_shows_where_every_parameter_goes() -> None:
    """Each query, header and body parameter of the contract is in a request of the table."""
    shown: dict[str, set[str]] = {}
    for row in ROWS:
        fields = shown.setdefault(row.contract, set())
        fields |= {name for name, _ in row.query} | _keys(row.json) | set(row.headers)
        if WIRE_NAMES["parameters"] in fields:
            fields.add("parameters")
    missing = [
        (operation, name)
        for operation, name, place in _parameters()
        if place in {"query", "body", "header"}
        and operation not in SEVERAL_REQUESTS | LOCAL
        and re.split(r"[.\]]", name)[-1] not in shown.get(operation, set())
    ]
    assert [] == missing


def test_table_holds_every_operation() -> None:
    """Each operation of the contract has a row, or a test of its own."""
    with COVERAGE.open(newline="") as file:
        named = {row["operation"] for row in csv.DictReader(file) if row["api"] == "apiaudio-v1"}
    assert set() == named - {row.contract for row in ROWS} - SEVERAL_REQUESTS - LOCAL


def _as_pattern(path: str) -> str:
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
    return pattern.replace(r"\[", "(").replace(r"\]", ")?")


def test_every_endpoint_has_a_row() -> None:
    """Nothing is declared that the table does not call."""
    called = [row.method_and_path for row in ROWS]
    uncalled = [
        one.name
        for one in all_endpoints()
        if one.api == "apiaudio"
        and one.path.startswith("/")
        and not any(one.method == verb and re.fullmatch(_as_pattern(one.path), path) for verb, path in called)
    ]
    assert ["apiaudio.media.upload"] == uncalled  # several requests


# Arguments of the official client that never reach the wire as such, and what serves them here.
SERVED_BY = {
    ("Mastering.download", "scriptId"): ("mastering.download", "script_id"),
    ("Mastering.download", "version"): ("mastering.download", "version"),
    ("Mastering.download", "parameters"): ("mastering.download", "audience"),
    ("Mastering.download", "public"): ("mastering.download", "public"),
    ("Mastering.download", "vast"): ("mastering.download", "vast"),
    ("Mastering.download", "endFormat"): ("mastering.download", "end_format"),
    ("Mastering.download", "destination"): ("mastering.download", "to"),
    ("Speech.download", "scriptId"): ("speech.download", "script_id"),
    ("Speech.download", "version"): ("speech.download", "version"),
    ("Speech.download", "section"): ("speech.download", "section"),
    ("Speech.download", "parameters"): ("speech.download", "audience"),
    ("Speech.download", "destination"): ("speech.download", "to"),
    ("Media.upload", "file_path"): ("media.upload", "data"),
    ("Media.get_download_url", "mediaId"): ("media.get_download_url", "media_id"),
    ("Media.download", "mediaId"): ("media.download", "media_id"),
    ("Media.download", "destination"): ("media.download", "to"),
}


async def test_every_argument_of_the_official_client_has_its_place(make_kit: Callable[..., AudioKit]) -> None:
    """What the official client does by itself, e.g. saving files, can be asked for here too."""
    asked = {(one, name) for one, name, place in _parameters() if place == "sdk" and one not in LOCAL}
    assert asked == set(SERVED_BY)
    api = make_kit().apiaudio
    for where, argument in SERVED_BY.values():
        service, _, method = where.partition(".")
        assert argument in inspect.signature(getattr(getattr(api, service), method)).parameters, where


@pytest.mark.parametrize("waiting", ["speech.create", "mastering.create", "birdcache.create"])
def test_waiting_takes_all_arguments_of_starting(make_kit: Callable[..., AudioKit], waiting: str) -> None:
    """Nothing that can be asked for without waiting is lost by waiting."""
    service, _, method = waiting.partition(".")
    found = getattr(make_kit().apiaudio, service)
    started = set(inspect.signature(getattr(found, method)).parameters)
    assert set() == started - set(inspect.signature(getattr(found, f"{method}_and_wait")).parameters)


@pytest.mark.parametrize(
    ("service", "arguments", "sent_body", "first", "then"),
    [
        (
            "speech",
            CREATE_SPEECH,
            CREATE_SPEECH_WIRE,
            {"requestId": "q"},
            {"intro": "https://f.example/a.wav"},
        ),
        ("mastering", CREATE_MASTERING, CREATE_MASTERING_WIRE, {}, {"url": "https://f.example/t.wav"}),
    ],
)
async def test_waiting_sends_what_starting_sends(
    service: str,
    arguments: dict[str, Any],
    sent_body: dict[str, Any],
    first: object,
    then: object,
    kit: AudioKit,
    wire: Callable[..., list[Any]],
) -> None:
    """Every argument arrives, and after a 202 the result is looked for by the same identity."""
    sent = wire(httpx.Response(202, json=first), httpx.Response(200, json=then))
    await getattr(kit.apiaudio, service).create_and_wait("s-1", **arguments)
    assert sent_body == orjson.loads(sent[0].content)
    assert {("scriptId", "s-1"), ("username", "linda"), ("version", "v1")} <= set(sent[1].query)
