"""The pace of transfers where somebody else moves the bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from virtual_time import virtually

from audiokit.transport._chunks import LentChunks
from audiokit.transport._paced import exchange_in_pace, in_pace
from audiokit.transport._wire import Pace

STALL_S = 0.05
EXTENSIONS = {"timeout": {"read": STALL_S, "write": STALL_S}, "least_bytes_per_s": 1000.0}


def _put(*chunks: bytes, pause_s: float = 0.0) -> httpx.Request:
    """A file in these chunks; its source takes a while for each."""

    async def source() -> AsyncIterator[bytes | memoryview]:
        for chunk in chunks:
            await asyncio.sleep(pause_s)
            yield memoryview(chunk)

    request = httpx.Request("PUT", "http://host.example/a", extensions=EXTENSIONS)
    request.stream = LentChunks(source())
    return request


class Reader:
    """Takes a request's body in at its own pace, and answers after a while."""

    def __init__(self, *, pieces: int | None = None, pause_s: float = 0.0, answer_s: float = 0.0) -> None:
        self._pieces = pieces
        self._pause_s = pause_s
        self._answer_s = answer_s
        self.taken: list[bytes] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        async for piece in request.stream:
            self.taken.append(piece)
            await asyncio.sleep(self._pause_s)
            if len(self.taken) == self._pieces:
                await asyncio.Event().wait()
        await asyncio.sleep(self._answer_s)
        return httpx.Response(200)


@virtually
async def test_upload_that_is_not_taken_in_ends() -> None:
    """As over our own connections."""
    reader = Reader(pieces=2)
    with pytest.raises(httpx.WriteTimeout, match="the server takes nothing in"):
        await exchange_in_pace(reader, _put(bytes(200_000)))
    assert 2 == len(reader.taken)


@virtually
async def test_upload_that_moves_may_take_long() -> None:
    """What counts is the pace: three pieces take longer than one may."""
    reader = Reader(pause_s=0.6 * STALL_S)
    assert 200 == (await exchange_in_pace(reader, _put(b"a" * 150_000, b"b"))).status_code
    assert b"a" * 150_000 + b"b" == b"".join(reader.taken)


@virtually
async def test_slow_source_is_not_the_servers_fault() -> None:
    """Sources have limits of their own."""
    reader = Reader()
    await exchange_in_pace(reader, _put(b"a", b"b", pause_s=1.5 * STALL_S))
    assert [b"a", b"b"] == reader.taken


@virtually
async def test_answer_to_an_upload_must_come_in_time() -> None:
    """From the last byte on."""
    with pytest.raises(httpx.ReadTimeout, match=r"no answer within 0\.05 s"):
        await exchange_in_pace(Reader(answer_s=10), _put(b"a"))


@virtually
async def test_head_is_limited_from_where_httpcore_reports_it() -> None:
    """A small request has no body to go by; a proxy's own answer before it does not count."""
    events: list[str] = []

    async def send(request: httpx.Request) -> httpx.Response:
        for event in ("http11.receive_response_headers.started", "http11.receive_response_headers.complete"):
            await request.extensions["trace"](event, {})
            events.append(event)
        await asyncio.sleep(1.5 * STALL_S)
        await request.extensions["trace"]("http11.receive_response_headers.started", {})
        await asyncio.sleep(10)
        raise AssertionError

    request = httpx.Request("GET", "http://host.example/a", extensions=EXTENSIONS)
    with pytest.raises(httpx.ReadTimeout, match="no answer within"):
        await exchange_in_pace(send, request)
    assert 2 == len(events)


@virtually
async def test_answer_before_the_end_of_the_body_is_given() -> None:
    """A body that is still read afterwards meets no limit that is over."""
    body: list[Any] = []

    async def hasty(request: httpx.Request) -> httpx.Response:
        body.append(request.stream)
        return httpx.Response(413)

    assert 413 == (await exchange_in_pace(hasty, _put(b"a", b"b"))).status_code
    assert [b"a", b"b"] == [piece async for piece in body[0]]


@pytest.mark.parametrize("extensions", [{}, EXTENSIONS])
@virtually
async def test_small_request_goes_as_it_is(extensions: dict[str, Any]) -> None:
    """Some transports send a known body by its length, and a stream in chunks; limits may be missing."""
    seen: list[httpx.Request] = []

    async def send(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    began: list[int] = []
    request = httpx.Request("POST", "http://host.example/a", content=b"{}", extensions=extensions)
    request.extensions["on_first_byte"] = lambda: began.append(len(seen))
    await exchange_in_pace(send, request)
    assert (b"{}", [0]) == (seen[0].content, began)


@virtually
async def test_errors_of_the_transport_are_its_own() -> None:
    """A timeout that is not ours is not told as ours, neither of the head nor of the body."""

    async def send(_: httpx.Request) -> httpx.Response:
        raise TimeoutError("theirs")

    async def chunks() -> AsyncIterator[bytes]:
        yield b"a"
        raise TimeoutError("theirs")

    with pytest.raises(TimeoutError, match="theirs"):
        await exchange_in_pace(send, _put(b"a"))
    with pytest.raises(TimeoutError, match="theirs"):
        _ = [chunk async for chunk in in_pace(chunks(), Pace(5.0, 1))]


@virtually
async def test_body_that_drips_ends() -> None:
    """A byte now and then is no transfer."""

    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"a"
            await asyncio.sleep(0.2 * STALL_S)

    with pytest.raises(httpx.ReadTimeout, match=r"the server is silent: \d bytes in 0\.05 s"):
        _ = [chunk async for chunk in in_pace(chunks(), Pace.of(EXTENSIONS, "read"))]


@virtually
async def test_body_that_moves_may_take_long() -> None:
    """Enough bytes begin the count anew."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            await asyncio.sleep(0.6 * STALL_S)
            yield bytes(100)

    assert 3 == len([chunk async for chunk in in_pace(chunks(), Pace.of(EXTENSIONS, "read"))])


@virtually
async def test_socks_proxy_that_is_none_is_an_error_of_httpx() -> None:
    """What the SOCKS package raises passes httpx as it is, and nobody above knows it."""
    foreign = type("ProtocolError", (Exception,), {"__module__": "socksio.exceptions"})

    async def send(_: httpx.Request) -> httpx.Response:
        raise foreign("x")

    with pytest.raises(httpx.ProxyError, match="no SOCKS"):
        await exchange_in_pace(send, _put(b"a"))
