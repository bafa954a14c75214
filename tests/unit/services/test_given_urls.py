"""URLs that an API gives: where they lead, which are refused, and what reprs show of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from audiokit import AudioKit
from audiokit.errors import InvalidRequest, NotFound, UnexpectedResponse
from audiokit.services._convert import Model
from audiokit.services.apiaudio import MasteredTrack, SpokenSection
from audiokit.services.apiaudio.birdcache import CachedAudio
from audiokit.services.apiaudio.sync_tts import SyncSpeech
from audiokit.services.audiostack import TTS, Mix, StackFile
from audiokit.services.audiostack._base import StackAnswer
from audiokit.services.audiostack._pipeline import Pipeline
from audiokit.services.audiostack.audioforms import Audioform
from audiokit.services.audiostack.encoder import Encoding
from audiokit.services.audiostack.mixes import MixFile
from audiokit.services.audiostack.stories import Story
from audiokit.services.audiostack.tts import TTSSection
from audiokit.services.respeecher import Recording
from audiokit.transport import Call, Transport

Wire = Callable[..., list[Any]]
Save = Callable[[AudioKit, str, Path], Awaitable[Any]]

SAVES = {
    "v1 master": lambda kit, url, to: kit.apiaudio.mastering.save(MasteredTrack(url=url), to),
    "v1 speech": lambda kit, url, to: kit.apiaudio.speech.save(SpokenSection(name="a", url=url), to),
    "v2 encoding": lambda kit, url, to: kit.audiostack.encoder.download(
        Encoding(encoder_id="e", url=url), to
    ),
    "v2 file": lambda kit, url, to: kit.audiostack.files.download(StackFile(file_id="f", url=url), to),
    "v2 mix": lambda kit, url, to: kit.audiostack.mixes.download(
        Mix(production_id="m", files=[MixFile(url=url)]), to
    ),
    "v2 speech": lambda kit, url, to: kit.audiostack.tts.download(
        TTS(speech_id="s", sections=[TTSSection(url=url)]), to
    ),
    "recording": lambda kit, url, to: kit.respeecher.recordings.download(
        Recording(id="r", state="done", url=url), to
    ),
}
HOSTS = {"v1": "https://v1.example", "v2": "https://v2.example", "recording": "https://gateway.example"}
SIGNED = "https://bucket.example/f.wav?X-Amz-Signature=sig"

each_save = pytest.mark.parametrize("name", SAVES)


@each_save
@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("files/x.wav", "/files/x.wav"),
        ("/files/x.wav", "/files/x.wav"),
        ("@evil.example/x.wav", "/@evil.example/x.wav"),
        (".evil.example/x.wav", "/.evil.example/x.wav"),
        (":80@evil.example/x", "/:80@evil.example/x"),
    ],
)
async def test_url_without_a_host_stays_at_the_api(
    name: str, url: str, path: str, kit: AudioKit, wav: bytes, wire: Wire, tmp_path: Path
) -> None:
    """One slash is between host and path, so nothing that follows becomes part of the host."""
    sent = wire(httpx.Response(200, content=wav))
    await SAVES[name](kit, url, tmp_path)
    assert [HOSTS[name.partition(" ")[0]] + path] == [one.url for one in sent]


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        (".evil.example/x", "https://gateway.example/.evil.example/x"),
        ("/api/x", "https://gateway.example/api/x"),
        ("", "https://gateway.example/"),
        ("HTTPS://files.example/x", "https://files.example/x"),
    ],
)
async def test_transport_never_glues_a_url_to_the_host(
    url: str, whole: str, transport: Transport, wire: Wire
) -> None:
    """The same holds for calls that a job kind of one's own makes."""
    sent = wire(httpx.Response(200))
    await transport.fetch(Call(api="respeecher", operation="x", method="GET", url=url))
    assert whole == sent[0].url


@each_save
async def test_scheme_is_read_in_any_case(
    name: str, kit: AudioKit, wav: bytes, wire: Wire, tmp_path: Path
) -> None:
    """An absolute URL is one however its scheme is written, and gets a key only at home."""
    sent = wire(httpx.Response(200, content=wav))
    await SAVES[name](kit, "HTTPS://files.example/x.wav", tmp_path)
    assert ["https://files.example/x.wav"] == [one.url for one in sent]
    assert not any("SECRET" in value for value in sent[0].headers.values())


async def test_own_host_is_known_in_any_case(
    kit: AudioKit, wav: bytes, wire: Wire, tmp_path: Path, keys: dict[str, str]
) -> None:
    """The API's own origin gets the key, which its files need."""
    sent = wire(httpx.Response(200, content=wav))
    await SAVES["v2 file"](kit, "HTTPS://V2.example/x.wav", tmp_path)
    assert keys["audiostack"] == sent[0].headers["x-api-key"]


@each_save
@pytest.mark.parametrize(
    "url", ["//evil.example/x.wav", "ftp://evil.example/x", "http:/evil.example/x", " data:audio/wav,x", 5]
)
async def test_url_that_leads_elsewhere_is_refused(
    name: str, url: str, kit: AudioKit, wire: Wire, tmp_path: Path
) -> None:
    """What is neither http nor a path of the API's own is said to be unusable, and nothing is sent."""
    sent = wire(httpx.Response(200))
    with pytest.raises(
        UnexpectedResponse, match=r"must be an http:// or https:// URL, or a path on .*, got '"
    ):
        await SAVES[name](kit, url, tmp_path)
    assert ([], []) == (sent, list(tmp_path.iterdir()))


async def test_refused_url_is_shown_without_its_secrets(kit: AudioKit, tmp_path: Path) -> None:
    """Neither signature nor password is in the message."""
    with pytest.raises(UnexpectedResponse) as caught:
        await SAVES["v1 master"](kit, "ftp://me:pw@files.example/x?sig=SECRET#SECRET", tmp_path)
    assert "'ftp://files.example/x'" in str(caught.value)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("url", ["//evil.example/x.wav", "ftp://evil.example/x"])
async def test_url_that_the_caller_gave_is_the_callers_mistake(
    url: str, kit: AudioKit, wire: Wire, tmp_path: Path
) -> None:
    """`download` and `stream` name the argument and what it may be."""
    sent = wire(httpx.Response(200))
    with pytest.raises(InvalidRequest, match="recording must be an http"):
        await kit.respeecher.recordings.download(url, tmp_path)
    with pytest.raises(InvalidRequest, match="recording must be an http"):
        kit.respeecher.recordings.stream(url)
    assert [] == sent


@pytest.mark.parametrize("name", [name for name in SAVES if name != "v2 mix"])
async def test_empty_url_is_none(name: str, kit: AudioKit, wire: Wire, tmp_path: Path) -> None:
    """An empty URL is no place to fetch audio from: the object is not finished."""
    sent = wire(httpx.Response(200))
    with pytest.raises(InvalidRequest):
        await SAVES[name](kit, "", tmp_path)
    assert [] == sent


async def test_empty_url_of_a_required_field_is_unexpected(
    kit: AudioKit, wav: bytes, wire: Wire, tmp_path: Path
) -> None:
    """Where a URL must be, an empty one is a fault of the answer; neither files nor uploads follow it."""
    sent = wire(httpx.Response(200, json={"data": {"mediaId": "m", "fileUploadUrl": ""}}))
    with pytest.raises(UnexpectedResponse, match="got ''"):
        await SAVES["v2 mix"](kit, "", tmp_path)
    with pytest.raises(UnexpectedResponse, match="got ''"):
        await kit.audiostack.media.create(wav)
    assert ["POST"] == [one.method for one in sent]


async def test_media_with_an_empty_url_has_no_content(kit: AudioKit, wire: Wire) -> None:
    """An empty download URL is the same as none."""
    wire(httpx.Response(200, json={"savedAudioFiles": [{"mediaId": "m", "downloadUrl": ""}]}))
    with pytest.raises(NotFound, match="has no content yet"):
        await kit.apiaudio.media.get_download_url("m")


def test_master_with_an_empty_url_is_not_ready() -> None:
    """Ready means that there is a file."""
    assert [False, False, True] == [MasteredTrack(url=url).is_ready for url in (None, "", "https://x/y")]


async def test_master_that_is_not_ready_is_the_callers_mistake(
    kit: AudioKit, wire: Wire, tmp_path: Path
) -> None:
    """Nothing was sent, so no answer is to blame."""
    sent = wire(httpx.Response(200))
    with pytest.raises(InvalidRequest, match=r"no file yet \(request 'q-1'\); wait for it first") as caught:
        await kit.apiaudio.mastering.save(MasteredTrack(request_id="q-1"), tmp_path)
    assert ("track", []) == (caught.value.field, sent)


DOCUMENT = {"files": [{"url": SIGNED}]}


@pytest.mark.parametrize(
    "record",
    [
        MasteredTrack(url=SIGNED, share_url=SIGNED),
        SpokenSection(name="a", url=SIGNED),
        SyncSpeech(url=SIGNED),
        CachedAudio(url=SIGNED),
        MixFile(url=SIGNED),
        TTSSection(url=SIGNED),
        Encoding(url=SIGNED),
        Recording(id="r", state="done", url=SIGNED, waveform_url="/api/r.png?X-Amz-Signature=sig"),
        StackAnswer(data=DOCUMENT),
        Pipeline(pipeline_id="p", body=SIGNED, errors=[SIGNED]),
        Audioform(audioform=DOCUMENT, result=DOCUMENT, errors=DOCUMENT),
        Story(story_result=DOCUMENT, audioforms=[DOCUMENT]),
    ],
    ids=lambda record: type(record).__name__,
)
def test_reprs_end_urls_before_their_signature(record: Model) -> None:
    """A repr goes to logs, and whoever has the signature has the file; that there is a URL still shows."""
    shown = repr(record)
    assert "Signature" not in shown
    assert "'https://bucket.example/f.wav'" in shown


def test_reprs_show_that_there_is_no_url() -> None:
    """None stays None."""
    assert "MasteredTrack(url=None, " in repr(MasteredTrack())
