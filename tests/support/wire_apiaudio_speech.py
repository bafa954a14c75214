"""Rows of api.audio v1: voices, speech, and files to go with it."""

from __future__ import annotations

import base64

from wire import WAV, Row, Step, items

from audiokit import SectionVoice

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
    "silence_padding_s": 1.0,
    "audience": {"username": "linda"},
    "sections": {"intro": SectionVoice(voice="Matthew", silence_padding_s=0.005)},
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
MOMENT = "2023-10-08T16:12:55.753Z"

ROWS = [
    Row(
        operation="Speech.create",
        call=lambda kit: kit.apiaudio.speech.create(
            "s-1",
            voice="Joanna",
            speed=110,
            effect="chewie",
            silence_padding_s=1.0,
            audience={"username": "linda"},
            sections={
                "intro": SectionVoice(voice="Matthew", speed=1.1, effect="88b", silence_padding_s=0.005)
            },
            version="v1",
            sync=False,
            use_dictionary=True,
            use_text_normalizer=False,
            callback_url="https://me.example/hook",
        ),
        request="POST /speech",
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
    Row(
        operation="Speech.create",
        call=lambda kit: kit.apiaudio.speech.create("s-1"),
        request="POST /speech",
        json={"scriptId": "s-1"},
        reply={"message": "working", "requestId": "q-1"},
        status=202,
        result=lambda speech: (speech.is_ready, speech.request_id, dict(speech.sections)),
        expected=(False, "q-1", {}),
    ),
    Row(
        operation="Speech.create",
        call=lambda kit: kit.apiaudio.speech.create("s-1", **CREATE_SPEECH),
        request="POST /speech",
        json=CREATE_SPEECH_WIRE,
        reply={"message": "working", "requestId": "q-1"},
        status=202,
        result=lambda speech: (speech.is_ready, speech.request_id),
        expected=(False, "q-1"),
    ),
    Row(
        operation="Speech.retrieve",
        call=lambda kit: kit.apiaudio.speech.retrieve(
            "s-1", audience={"username": "linda"}, version="v1", section="intro", request_id="q-1"
        ),
        request="GET /speech",
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
        operation="Media.list",
        call=lambda kit: kit.apiaudio.media.list(
            media_id="m-1", tags=["a", "b"], with_download_url=True, public=True
        ),
        request="GET /file/customaudio",
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
        operation="Media.list",
        call=lambda kit: kit.apiaudio.media.list(media_id="unknown"),
        request="GET /file/customaudio",
        query=[("mediaId", "unknown")],
        reply={},
        expected=[],
    ),
    Row(
        operation="Media.list_tags",
        call=lambda kit: kit.apiaudio.media.list_tags(),
        request="GET /file/customaudio/tags",
        reply={"uniqueTags": ["a", "b"]},
        expected=["a", "b"],
    ),
    Row(
        operation="Media.get_download_url",
        call=lambda kit: kit.apiaudio.media.get_download_url("m-1"),
        request="GET /file/customaudio",
        query=[("mediaId", "m-1"), ("target", "download")],
        reply={"savedAudioFiles": [{"mediaId": "m-1", "downloadUrl": "https://f.example/a"}]},
        expected="https://f.example/a",
    ),
    Row(
        operation="Media.delete",
        call=lambda kit: kit.apiaudio.media.delete("m-1"),
        request="DELETE /file/customaudio",
        query=[("mediaId", "m-1")],
        reply={"message": "deleted"},
    ),
    Row(
        operation="Voice.list",
        call=lambda kit: items(
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
        request="GET /voice",
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
        operation="Voice.query",
        call=lambda kit: items(
            kit.apiaudio.voices.query({"language": "english", "tags": {"$contains": "calm"}}, sort="alias")
        ),
        request="POST /voice",
        query=[("sort", "alias"), ("limit", "100"), ("offset", "0")],
        json={"query": {"language": "english", "tags": {"$contains": "calm"}}},
        reply={"voices": [VOICE]},
        result=lambda voices: [one.voice_id for one in voices],
        expected=["Joanna"],
    ),
    Row(
        operation="Voice.list_parameters",
        call=lambda kit: kit.apiaudio.voices.list_parameters(),
        request="GET /voice/parameter",
        reply={"gender": ["female", "male"], "language": ["english"]},
        expected={"gender": ["female", "male"], "language": ["english"]},
    ),
    Row(
        operation="Voice.get",
        call=lambda kit: kit.apiaudio.voices.get("en-US/Joanna"),
        request="GET /voice/name/en-US%2FJoanna",
        reply=VOICE,
        result=lambda voice: voice.alias,
        expected="joanna",
    ),
    Row(
        operation="SyncTTS.create",
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
        request="POST /speech/sync",
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
        operation="SyncTTS.create",
        call=lambda kit: kit.apiaudio.sync_tts.create(
            ssml="<speak>Hi</speak>", voice="Joanna", metadata=True, format="mp3", bitrate_kbps=128
        ),
        request="POST /speech/sync",
        json={"ssml": "<speak>Hi</speak>", "voice": "Joanna", "metadata": True, "bitrate": "128"},
        headers={"accept": "audio/mp3"},
        reply={"audio_data": base64.b64encode(b"sound").decode(), "sampling_rate": 24000, "event_data": []},
        result=lambda speech: (speech.audio, speech.url, speech.sample_rate_hz, speech.events),
        expected=(b"sound", None, 24000, ()),
    ),
    Row(
        operation="Birdcache.create",
        call=lambda kit: kit.apiaudio.birdcache.create(
            "Hi {{name}}",
            kind="mastering",
            voice="Joanna",
            audience={"name": ["friend", "Ann"]},
            sound_template="jazz",
        ),
        request="POST /birdcache",
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
        operation="Speech.download",
        call=lambda kit: kit.apiaudio.speech.download(
            "s-1", ".", audience={"username": "linda"}, version="v1", section="intro", request_id="q-1"
        ),
        request="GET /speech",
        query=[
            ("username", "linda"),
            ("scriptId", "s-1"),
            ("version", "v1"),
            ("section", "intro"),
            ("requestId", "q-1"),
        ],
        reply={"intro": "https://files.example/a.wav"},
        then=[
            Step(
                operation="Speech.download",
                request="GET https://files.example/a.wav",
                has_key=False,
                reply=WAV,
            )
        ],
        result=lambda paths: [(one.name, one.read_bytes()) for one in paths],
        expected=[("intro.wav", WAV)],
    ),
    Row(
        operation="Media.upload",
        call=lambda kit: kit.apiaudio.media.upload(WAV, name="a b.wav", tags=["x", "y"]),
        request="GET /file/customaudio/uploadurl",
        query=[("filename", "a b.wav"), ("tags", "x,y")],
        reply={"mediaId": "m-1", "fileUploadUrl": "https://store.example/put?sig=1"},
        then=[
            Step(
                operation="Media.upload (PUT)",
                request="PUT https://store.example/put",
                query=[("sig", "1")],
                headers={"Content-Type": "audio/mpeg"},  # whatever it is, as the official client has it
                content=WAV,
                has_key=False,
            )
        ],
        result=lambda media: media.media_id,
        expected="m-1",
    ),
    Row(
        operation="Media.download",
        call=lambda kit: kit.apiaudio.media.download("m-1", ".", name="song"),
        request="GET /file/customaudio",
        query=[("mediaId", "m-1"), ("target", "download")],
        reply={"savedAudioFiles": [{"mediaId": "m-1", "downloadUrl": "https://files.example/a?sig=1"}]},
        then=[
            Step(
                operation="Media.download",
                request="GET https://files.example/a",
                query=[("sig", "1")],
                has_key=False,
                reply=WAV,
            )
        ],
        result=lambda path: (path.name, path.read_bytes()),
        expected=("song.wav", WAV),
    ),
    Row(
        operation="Voice.query",
        call=lambda kit: items(kit.apiaudio.voices.query({"gender": "female"}, page_size=10, offset=20)),
        request="POST /voice",
        query=[("limit", "10"), ("offset", "20")],
        json={"query": {"gender": "female"}},
        reply={"voices": []},
        expected=[],
    ),
]
