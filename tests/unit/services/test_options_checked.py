"""Options of calls are looked at before anything is sent, and heeded by every kind of call."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import httpx
import pytest

from audiokit import AudioKit, Conversion
from audiokit.errors import InvalidRequest, NotFound
from audiokit.typing import RawReply

Wire = Callable[..., list[Any]]
ORDER = [{"id": "o", "original_id": "x", "conversion_id": "c"}]


async def _later(reply: RawReply) -> None:
    """A coroutine function: what it gives would be awaited by nobody."""


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("on_reply", "print"),
        ("on_reply", _later),
        ("headers", [("a", "b")]),
        ("headers", "a: b"),
        ("is_repeatable", "no"),
        ("is_repeatable", 1),
        ("timeout", "5"),
        ("timeout", 0),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        pytest.param(
            lambda kit, options: kit.respeecher.orders.create("x", [CONVERSION], **options), id="call"
        ),
        pytest.param(
            lambda kit, options: kit.respeecher.orders.create_and_wait("x", [CONVERSION], **options),
            id="wait",
        ),
        pytest.param(
            lambda kit, options: kit.respeecher.request("POST", "/x", json={}, **options), id="request"
        ),
        pytest.param(lambda kit, options: kit.audiostack.audioforms.get("a", **options), id="own headers"),
        pytest.param(
            lambda kit, options: kit.apiaudio.sync_tts.create("a", voice="v", **options), id="spoken"
        ),
    ],
)
async def test_option_of_a_wrong_type_is_refused_before_the_call(
    call: Any, option: str, value: Any, kit: AudioKit, wire: Wire
) -> None:
    """Found only after a paid call it would cost its answer."""
    sent = wire(httpx.Response(200, json=ORDER))
    with pytest.raises(InvalidRequest, match=f"{option} must be") as caught:
        await call(kit, {option: value})
    assert option == caught.value.field
    assert [] == sent


CONVERSION = Conversion(voice_id="v")


async def test_headers_of_a_wrong_type_are_not_shown(kit: AudioKit) -> None:
    """They may be secrets."""
    with pytest.raises(InvalidRequest) as caught:
        await kit.respeecher.credits.get(headers=[("a", "SECRET")])  # type: ignore[arg-type]
    assert "SECRET" not in str(caught.value) + repr(vars(caught.value))


async def test_none_is_the_same_as_not_given(kit: AudioKit, wire: Wire) -> None:
    """A GET is repeated as ever, and nobody is told."""
    sent = wire(httpx.Response(503), httpx.Response(200, json={"credits": 1}))
    await kit.respeecher.credits.get(timeout=None, headers=None, is_repeatable=None, on_reply=None)
    assert 2 == len(sent)


async def test_none_leaves_our_own_headers(kit: AudioKit, wire: Wire) -> None:
    """Where a call has headers of its own."""
    sent = wire(httpx.Response(200, json={"audioformId": "a"}))
    await kit.audiostack.audioforms.get("a", version="3", headers=None)
    await kit.audiostack.audioforms.get("a", version="3", headers={"version": "1", "x-trace": "t"})
    assert ["3", "3"] == [one.headers["version"] for one in sent]
    assert "t" == sent[1].headers["x-trace"]


@pytest.mark.parametrize("status", [200, 404])
async def test_stream_shows_its_answer(status: int, kit: AudioKit, wire: Wire) -> None:
    """Status, headers and place, also where it is about to raise; the body goes to the reader."""
    wire(httpx.Response(status, content=b"audio", headers={"x-limit": "7"}))
    seen: list[RawReply] = []
    try:
        async with kit.respeecher.recordings.stream("api/x", on_reply=seen.append) as chunks:
            assert b"audio" == b"".join([chunk async for chunk in chunks])
    except NotFound:
        assert 404 == status
    [reply] = seen
    assert (status, "7", b"", "GET", "/api/x") == (
        reply.status,
        reply.headers["x-limit"],
        reply.content,
        reply.method,
        reply.path,
    )


async def test_answers_that_were_repeated_are_not_shown(kit: AudioKit, wire: Wire) -> None:
    """Only the one that the call ends with is."""
    wire(httpx.Response(503), httpx.Response(503), httpx.Response(200, json={"credits": 1}))
    seen: list[int] = []
    await kit.respeecher.credits.get(on_reply=lambda reply: seen.append(reply.status))
    assert [200] == seen


async def test_each_request_of_a_call_is_shown(kit: AudioKit, wire: Wire) -> None:
    """Order and looks, each with its place."""
    number = count()
    states = ["processing", "done"]
    wire(
        httpx.Response(200, json=ORDER),
        *[httpx.Response(200, json={"id": "c", "state": state}) for state in states],
    )
    seen: list[tuple[int, str, str]] = []
    await kit.respeecher.orders.create_and_wait(
        "x", [CONVERSION], on_reply=lambda reply: seen.append((next(number), reply.method, reply.path))
    )
    assert [
        (0, "POST", "/api/v2/orders"),
        (1, "GET", "/api/recordings/c"),
        (2, "GET", "/api/recordings/c"),
    ] == seen
