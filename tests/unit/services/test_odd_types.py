"""Values of another type than the contract says: understood where they can be, else told."""

from __future__ import annotations

import base64
import math
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from audiokit import AudioKit
from audiokit.errors import InvalidRequest, RemoteFailure, UnexpectedResponse
from audiokit.services import _tolerant
from audiokit.services.respeecher import Conversion

Wire = Callable[..., list[Any]]
Call = Callable[[AudioKit], Awaitable[Any]]


def _data(**fields: Any) -> dict[str, Any]:
    return {"data": fields}


@pytest.mark.parametrize(
    ("call", "answer", "reason"),
    [
        (lambda kit: kit.audiostack.sts.get("p"), _data(pipelineId="p", status="500", message="a"), "a"),
        (lambda kit: kit.audiostack.suite.get("p"), _data(pipelineId="p", status="500", errors="b"), "b"),
        (lambda kit: kit.audiostack.stories.get("s"), _data(storyId="s", statusCode="500", message="c"), "c"),
        (
            lambda kit: kit.audiostack.audioforms.get("a"),
            _data(audioformId="a", errors="bad voice"),
            "bad voice",
        ),
        (lambda kit: kit.audiostack.audioforms.get("a"), _data(audioformId="a", errors={"x": 1}), "{'x': 1}"),
    ],
)
async def test_failure_is_one_however_it_is_written(
    call: Call, answer: Any, reason: str, kit: AudioKit, wire: Wire
) -> None:
    """A status in a text and reasons without a list are read as what they are."""
    wire(httpx.Response(200, json=answer))
    with pytest.raises(RemoteFailure) as caught:
        await call(kit)
    assert reason == caught.value.api_message


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda kit: kit.audiostack.sts.get("p"), _data(pipelineId="p", status="200")),
        (lambda kit: kit.audiostack.suite.get("p"), _data(pipelineId="p", status=200.0)),
        (lambda kit: kit.audiostack.stories.get("s"), _data(storyId="s", statusCode="200")),
        (lambda kit: kit.audiostack.audioforms.get("a"), _data(audioformId=None, errors=None)),
    ],
)
async def test_success_is_one_however_it_is_written(
    call: Call, answer: Any, kit: AudioKit, wire: Wire
) -> None:
    """What is finished is not called failed."""
    wire(httpx.Response(200, json=answer))
    assert (await call(kit)).is_ready


async def test_story_that_runs_says_so_in_a_text(kit: AudioKit, wire: Wire) -> None:
    """A running state in a text is neither finished nor failed."""
    wire(httpx.Response(200, json=_data(storyId="s", statusCode="202")))
    assert not (await kit.audiostack.stories.get("s")).is_ready


@pytest.mark.parametrize("status", ["failed", True, 200.5, [200], "²"])
async def test_status_that_is_no_number_is_unexpected(status: Any, kit: AudioKit, wire: Wire) -> None:
    """It is told rather than compared, and the answer is in `body`."""
    wire(httpx.Response(200, json=_data(pipelineId="p", status=status)))
    with pytest.raises(UnexpectedResponse, match="does not fit Pipeline") as caught:
        await kit.audiostack.sts.get("p")
    assert status == caught.value.body["data"]["status"]


async def test_advert_of_a_brief_has_failed_with_its_status_in_a_text(kit: AudioKit, wire: Wire) -> None:
    """Each advert tells for itself."""
    wire(httpx.Response(200, json=_data(audioforms=[{"statusCode": "500"}, {"statusCode": "200"}, {}])))
    brief = await kit.audiostack.briefs.create({"a": 1})
    assert [True, False, False] == [one.has_failed for one in brief.audioforms]


async def test_birdcache_counts_what_is_ready_in_any_spelling(kit: AudioKit, wire: Wire) -> None:
    """Null is not ready."""
    wire(
        httpx.Response(200, json=[{"ready": None}, {"ready": "true"}]),
        httpx.Response(200, json=[{"ready": 1}, {"ready": "True"}]),
    )
    found = await kit.apiaudio.birdcache.create_and_wait("Hi", kind="speech", voice="x")
    assert [True, True] == [one.ready for one in found]


async def test_birdcache_that_says_neither_is_unexpected(kit: AudioKit, wire: Wire) -> None:
    """A word that is neither yes nor no is told."""
    wire(httpx.Response(200, json=[{"ready": "soon"}]))
    with pytest.raises(UnexpectedResponse, match="does not fit"):
        await kit.apiaudio.birdcache.create_and_wait("Hi", kind="speech", voice="x")


@pytest.mark.parametrize("value", [math.inf, math.nan, 1.5, True, "1 ", "-1", {}])
def test_number_takes_whole_numbers_only(value: Any) -> None:
    """What is no whole number is named."""
    with pytest.raises(TypeError, match="expected a whole number, got"):
        _tolerant.number(value)


async def test_null_is_the_default_where_there_is_no_none(kit: AudioKit, wire: Wire) -> None:
    """A field that its type says is never None is never None."""
    wire(httpx.Response(200, json={"id": "r", "state": "done", "starred": None, "tts": None, "active": None}))
    found = await kit.respeecher.recordings.get("r")
    assert (False, False, True) == (found.starred, found.tts, found.active)


THREE = [Conversion(voice_id=voice) for voice in "abc"]


@pytest.mark.parametrize(
    ("came", "message"),
    [
        (["c-1"], "has 1 orders for 3 conversions: 'c-1'; what came is paid for"),
        ([], "has 0 orders for 3 conversions: none"),
        (["c-1", "c-2", "c-3", "c-4"], "has 4 orders for 3 conversions: 'c-1', 'c-2', 'c-3', 'c-4'"),
    ],
)
async def test_each_conversion_has_its_order(
    came: list[str], message: str, kit: AudioKit, wire: Wire
) -> None:
    """Where orders are missing, nobody knows whose; the error names what was paid for."""
    orders = [{"id": f"o-{one}", "original_id": "r", "conversion_id": one} for one in came]
    wire(httpx.Response(200, json=orders))
    with pytest.raises(UnexpectedResponse, match=message) as caught:
        await kit.respeecher.orders.create("r", THREE)
    assert orders == caught.value.body


async def test_conversions_may_come_from_a_generator(kit: AudioKit, wire: Wire) -> None:
    """They are read once, also for being counted."""
    sent = wire(httpx.Response(200, json=[{"id": "o", "original_id": "r", "conversion_id": "c"}]))
    await kit.respeecher.orders.create("r", (one for one in THREE[:1]))  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match="at least one conversion, got \\[\\]"):
        await kit.respeecher.orders.create("r", iter(()))  # type: ignore[arg-type]
    assert [{"voice_id": "a"}] == sent[0].json["conversions"]


@pytest.mark.parametrize(
    ("content", "media_type", "message"),
    [
        (b"<html>log in first</html>", "text/html; charset=utf-8", "is no audio but an HTML page"),
        (b"<html>log in first</html>", "audio/wav", "is no audio but an HTML page"),
        (b'{"error": "x"}', "text/plain", "is no audio but text"),
        (b"", "audio/wav", "is no audio but an empty file"),
        (b"", "", "is no audio but an empty file"),
    ],
)
@pytest.mark.parametrize("wanted", [None, "wav", "mp3"])
async def test_sync_speech_that_is_no_audio_is_unexpected(
    content: bytes, media_type: str, message: str, wanted: str | None, kit: AudioKit, wire: Wire
) -> None:
    """The page of a network that wants a login is not handed out as speech."""
    wire(httpx.Response(200, content=content, headers={"content-type": media_type}))
    with pytest.raises(UnexpectedResponse, match=message):
        await kit.apiaudio.sync_tts.create("Hi", voice="x", format=wanted)


async def test_sync_speech_of_another_format_is_unexpected(
    kit: AudioKit, wire: Wire, sounds: dict[str, bytes]
) -> None:
    """Who asked for mp3 saves it as mp3."""
    wire(httpx.Response(200, content=sounds["wav"], headers={"content-type": "audio/mpeg"}))
    with pytest.raises(UnexpectedResponse, match="is wav audio, mp3 was asked for"):
        await kit.apiaudio.sync_tts.create("Hi", voice="x", format="mp3")


async def test_sync_speech_as_pcm_is_taken_as_it_comes(kit: AudioKit, wire: Wire) -> None:
    """Bare samples have nothing to tell them by, but a text is none, nor is nothing."""
    wire(
        httpx.Response(200, content=b"\1\2\3\4", headers={"content-type": "audio/pcm"}),
        httpx.Response(200, content=b"sorry", headers={"content-type": "Text/Plain"}),
        httpx.Response(200, content=b"", headers={"content-type": "audio/pcm"}),
    )
    speak = lambda: kit.apiaudio.sync_tts.create("Hi", voice="x", format="pcm")  # noqa: E731
    assert b"\1\2\3\4" == (await speak()).audio
    for _ in range(2):
        with pytest.raises(UnexpectedResponse, match="is no audio"):
            await speak()


async def test_sync_speech_reads_the_type_in_any_case(kit: AudioKit, wire: Wire) -> None:
    """Media types have no case."""
    document = f'{{"audio_data": "{base64.b64encode(b"sound").decode()}"}}'.encode()
    wire(httpx.Response(200, content=document, headers={"content-type": "Application/JSON; charset=utf-8"}))
    assert b"sound" == (await kit.apiaudio.sync_tts.create("Hi", voice="x")).audio


async def test_sync_speech_with_nothing_in_it_is_unexpected(kit: AudioKit, wire: Wire) -> None:
    """Empty audio and an empty link are neither."""
    wire(httpx.Response(200, json={"audio_data": "", "url": ""}))
    with pytest.raises(UnexpectedResponse, match="neither audio_data nor url"):
        await kit.apiaudio.sync_tts.create("Hi", voice="x")
