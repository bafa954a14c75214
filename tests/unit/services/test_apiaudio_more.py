"""api.audio v1 beyond single requests: files, pages, waiting, and what is refused before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from audiokit import AudioKit
from audiokit.errors import InvalidRequest, JobTimeout, NotFound, RemoteFailure, UnexpectedResponse
from audiokit.services.apiaudio import TimelineClip, TimelineTrack

Wire = Callable[..., list[Any]]
VOICES = [{"alias": f"v{number}"} for number in range(7)]


async def test_media_is_saved_without_the_key(kit: AudioKit, wire: Wire, wav: bytes, tmp_path: Path) -> None:
    """The presigned URL gets no credentials; the file's extension follows its content."""
    listed = {"savedAudioFiles": [{"mediaId": "m-1", "downloadUrl": "https://files.example/x?sig=1"}]}
    sent = wire(httpx.Response(200, json=listed), httpx.Response(200, content=wav))
    path = await kit.apiaudio.media.download("m-1", tmp_path, name="song")
    assert tmp_path / "song.wav" == path
    assert wav == path.read_bytes()
    assert ["https://v1.example/file/customaudio", "https://files.example/x"] == [one.url for one in sent]
    assert "x-api-key" not in sent[1].headers


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ({}, "media 'm-1' does not exist"),
        ({"savedAudioFiles": [], "totalCount": 0}, "media 'm-1' does not exist"),
        ({"savedAudioFiles": [{"mediaId": "m-1"}]}, "media 'm-1' has no content yet"),
    ],
)
async def test_unknown_media_is_not_found(kit: AudioKit, wire: Wire, reply: object, message: str) -> None:
    """The API answers an unknown id with 200; callers get the error they expect."""
    wire(httpx.Response(200, json=reply))
    with pytest.raises(NotFound, match=message):
        await kit.apiaudio.media.get_download_url("m-1")


async def test_speech_is_saved_section_by_section(
    kit: AudioKit, wire: Wire, wav: bytes, tmp_path: Path
) -> None:
    """It is waited for; names that collide as files are numbered; no key goes to the files."""
    urls = {"intro": "https://f.example/1", "a/Intro": "https://f.example/2", "end": "https://f.example/3"}
    sent = wire(
        httpx.Response(202, json={"message": "working"}),
        httpx.Response(200, json=urls),
        *[httpx.Response(200, content=wav) for _ in range(3)],
    )
    paths = await kit.apiaudio.speech.download("s-1", tmp_path, audience={"city": "x"}, section="intro")
    assert ["1_intro.wav", "2_Intro.wav", "end.wav"] == [path.name for path in paths]
    assert [("city", "x"), ("scriptId", "s-1"), ("section", "intro")] == sent[1].query
    assert all("x-api-key" not in one.headers for one in sent[2:])


async def test_one_section_may_go_to_a_file_path(
    kit: AudioKit, wire: Wire, wav: bytes, tmp_path: Path
) -> None:
    """Only several sections need a folder."""
    wire(httpx.Response(200, json={"main": "https://f.example/1"}), httpx.Response(200, content=wav))
    assert [tmp_path / "x.wav"] == await kit.apiaudio.speech.download("s-1", tmp_path / "x.wav")


async def test_several_sections_need_a_folder(kit: AudioKit, wire: Wire, tmp_path: Path) -> None:
    """A file path would be written twice."""
    sent = wire(httpx.Response(200, json={"a": "https://f.example/1", "b": "https://f.example/2"}))
    with pytest.raises(InvalidRequest, match=r"x\.wav' names one file, and 2 files come; give a folder"):
        await kit.apiaudio.speech.download("s-1", tmp_path / "x.wav")
    assert 1 == len(sent)


async def test_failed_section_saves_nothing(kit: AudioKit, wire: Wire, tmp_path: Path) -> None:
    """A 200 with a failed section inside is a failure, before any file is fetched."""
    failed = {"a": "https://f.example/1", "b": {"status_code": "422", "message": "no such voice"}}
    wire(httpx.Response(200, json=failed))
    with pytest.raises(RemoteFailure, match="section 'b': no such voice"):
        await kit.apiaudio.speech.download("s-1", tmp_path)
    assert [] == list(tmp_path.iterdir())


async def test_voices_are_paged_to_the_end(kit: AudioKit, wire: Wire) -> None:
    """A page that is not full is the last one, though the API counts nothing."""
    pages = [httpx.Response(200, json={"voices": VOICES[at : at + 3]}) for at in (0, 3, 6)]
    sent = wire(*pages)
    found = [voice.alias async for voice in kit.apiaudio.voices.list(page_size=3)]
    assert [one["alias"] for one in VOICES] == found
    assert ["0", "3", "6"] == [dict(one.query)["offset"] for one in sent]


async def test_server_that_does_not_page_is_asked_once(kit: AudioKit, wire: Wire) -> None:
    """More than was asked for means that limit and offset were ignored."""
    sent = wire(httpx.Response(200, json={"voices": VOICES}))
    assert 7 == len([voice async for voice in kit.apiaudio.voices.query({"a": "b"}, page_size=3)])
    assert 1 == len(sent)


async def test_sync_speech_gives_the_bytes(kit: AudioKit, wire: Wire, wav: bytes) -> None:
    """An answer that is no JSON is the audio itself; one's own headers go along."""
    sent = wire(httpx.Response(200, content=wav, headers={"content-type": "audio/wav"}))
    speech = await kit.apiaudio.sync_tts.create("Hi", voice="x", format="wav", headers={"x-trace": "t"})
    assert wav == speech.audio
    assert ("audio/wav", "t") == (sent[0].headers["accept"], sent[0].headers["x-trace"])


@pytest.mark.parametrize(
    ("reply", "message"),
    [({"audio_data": "%%%"}, "no base64"), ({"message": "?"}, "neither audio_data nor url")],
)
async def test_sync_speech_that_cannot_be_read_is_reported(
    kit: AudioKit, wire: Wire, reply: object, message: str
) -> None:
    """What the contract does not know is no silent None."""
    wire(httpx.Response(200, json=reply))
    with pytest.raises(UnexpectedResponse, match=message):
        await kit.apiaudio.sync_tts.create("Hi", voice="x")


async def test_birdcache_is_asked_until_all_is_ready(kit: AudioKit, wire: Wire) -> None:
    """The same call again is the way to ask; the last answer is the result."""
    item = {"text": "Hi", "ready": True, "url": "https://f.example/1"}
    waiting = {"text": "Hi Ann", "ready": False}
    sent = wire(httpx.Response(200, json=[item, waiting]), httpx.Response(200, json=[item, item]))
    found = await kit.apiaudio.birdcache.create_and_wait("Hi {{n}}", kind="speech", voice="x")
    assert [True, True] == [one.ready for one in found]
    assert sent[0].json == sent[1].json


async def test_birdcache_that_never_is_ready_times_out(kit: AudioKit, wire: Wire) -> None:
    """The error tells how far it was."""
    wire(httpx.Response(200, json=[{"ready": False}, {"ready": True}]))
    with pytest.raises(JobTimeout, match="last state '1 of 2 ready'"):
        await kit.apiaudio.birdcache.create_and_wait("Hi", kind="speech", voice="x", timeout=30)


CLIP = TimelineClip(media_id="m", start_at_s=1, end_at_s=2)
REFUSED = [
    (lambda v1: v1.scripts.list(module_name="m"), "module_name='m' needs project_name"),
    (lambda v1: v1.scripts.list(project_name="p", script_name="n"), "script_name='n' needs module_name"),
    (lambda v1: v1.scripts.delete_multiple("p", script_name="n"), "script_name='n' needs module_name"),
    (lambda v1: v1.scripts.delete_multiple(""), "project_name must have 1 to 60 characters"),
    (lambda v1: v1.scripts.delete("s", version=""), "version must be an identifier"),
    (lambda v1: v1.media.delete(""), "media_id must have 1 to 1000 characters"),
    (lambda v1: v1.sync_tts.create(voice="x"), "exactly one of spoken_text and ssml"),
    (lambda v1: v1.sync_tts.create("a", ssml="b", voice="x"), "exactly one of spoken_text and ssml"),
    (
        lambda v1: v1.sync_tts.create("a" * 801, voice="x"),
        "spoken_text must have 1 to 800 characters, got 801",
    ),
    (lambda v1: v1.sync_tts.create(ssml="a" * 1001, voice="x"), "ssml must have 1 to 1000 characters"),
    (
        lambda v1: v1.sync_tts.create("a", voice="x", format="flac"),
        "format must be one of mp3, pcm, wav, got 'flac'",
    ),
    (lambda v1: v1.sync_tts.create("a", voice="x", speed=4), "speed must be 0.5 to 3, got 4"),
    (lambda v1: v1.sync_tts.create("a", voice="x", metadata="some"), "metadata must be one of full, none"),
    (
        lambda v1: v1.sync_tts.create("a", voice="x", sample_rate_hz=8000),
        "sample_rate_hz must be one of 16000,",
    ),
    (
        lambda v1: v1.sync_tts.create("a", voice="x", sample_rate_hz=16000, format="mp3"),
        "sample_rate_hz=16000 needs format='wav', got 'mp3'",
    ),
    (
        lambda v1: v1.sync_tts.create("a", voice="x", bitrate_kbps=128),
        "bitrate_kbps=128 needs format='mp3', got None",
    ),
    (
        lambda v1: v1.birdcache.create("a", kind="mix", voice="x"),
        "kind must be one of mastering, speech, sync_tts",
    ),
    (lambda v1: v1.birdcache.create("a", kind="mastering", voice="x"), "sound_template must be given"),
    (
        lambda v1: v1.birdcache.create("a", kind="speech", voice="x", audience={"n": []}),
        r"audience\['n'\] must be one value or more, got \[\]",
    ),
    (lambda v1: v1.pipeline.create([], kind="speech", voice="x"), "script_ids must be one script id or more"),
    (lambda v1: v1.pipeline.create("s", kind="mix", voice="x"), "kind must be one of mastering, speech"),
    (lambda v1: v1.pipeline.create("s", kind="mastering", voice="x"), "sound_template must be given"),
    (
        lambda v1: v1.lexi.register_custom_word("a", "b", language="en", content_type="x"),
        "content_type must be one of basic, ipa",
    ),
    (lambda v1: v1.mastering.create_media_timeline([]), "tracks must be one track or more"),
    (
        lambda v1: v1.mastering.create_media_timeline([TimelineTrack(clips=[], content_type="sound")]),
        "clips must be one clip or more",
    ),
    (
        lambda v1: v1.mastering.create_media_timeline([TimelineTrack(clips=[CLIP], content_type="noise")]),
        "content_type must be one of sound, speech",
    ),
    (
        lambda v1: v1.mastering.create_media_timeline(
            [
                TimelineTrack(
                    clips=[TimelineClip(media_id="m", start_at_s=2, end_at_s=2)], content_type="sound"
                )
            ]
        ),
        "end_at_s must be after start_at_s=2, got 2",
    ),
]


@pytest.mark.parametrize(
    ("call", "message"), REFUSED, ids=lambda value: value if isinstance(value, str) else ""
)
async def test_certain_faults_are_refused_before_anything_is_sent(
    call: Callable[[Any], Any], message: str, kit: AudioKit
) -> None:
    """The message names the field, what is allowed and what was given; no route is mocked."""
    with pytest.raises(InvalidRequest, match=message):
        await call(kit.apiaudio)


async def test_long_texts_are_fine_for_a_link(kit: AudioKit, wire: Wire) -> None:
    """The size limits hold only where the audio itself is in the answer."""
    sent = wire(httpx.Response(200, json={"url": "https://f.example/1"}))
    await kit.apiaudio.sync_tts.create("a" * 5000, voice="x", url=True)
    assert 5000 == len(sent[0].json["text"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"errors": ["one", "two"]}, "one; two"),
        (
            {"message": "unknown filter", "allowedFilteringParameters": ["a", "b"]},
            "unknown filter; allowed filters: a, b",
        ),
        ({"Message": "old"}, "old"),
        ({"error": "no connector"}, "no connector"),
    ],
)
async def test_error_bodies_are_read(kit: AudioKit, wire: Wire, body: object, said: str) -> None:
    """The four shapes of the contract, in their order."""
    wire(httpx.Response(404, json=body))
    with pytest.raises(NotFound) as caught:
        await kit.apiaudio.connectors.retrieve("x")
    assert said == caught.value.api_message


async def test_options_hold_for_the_file_too(kit: AudioKit, wire: Wire, wav: bytes, tmp_path: Path) -> None:
    """A caller who listens hears of the file as well; the timeout is for the waiting alone."""
    wire(httpx.Response(200, json={"main": "https://f.example/1"}), httpx.Response(200, content=wav))
    heard: list[int] = []
    await kit.apiaudio.speech.download(
        "s-1", tmp_path, timeout=5, on_reply=lambda reply: heard.append(reply.status)
    )
    assert [200, 200] == heard


async def test_login_takes_a_duration_and_is_heard_of(kit: AudioKit, wire: Wire) -> None:
    """Login is a call like any other, with options and with the gateway's extra parameter."""
    reply = httpx.Response(
        200,
        json={"user": {"id": "u-1"}, "csrf_token": "t"},
        headers={"set-cookie": "session_id=s"},
    )
    sent, heard = wire(reply), []
    await kit.respeecher.session.login("a@b.c", "x", session_duration_s=60, on_reply=heard.append)
    assert {"email": "a@b.c", "password": "x", "session_duration": 60} == sent[0].json
    assert 1 == len(heard)
