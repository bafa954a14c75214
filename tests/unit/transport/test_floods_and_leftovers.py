"""Answers that are more, or in more pieces, than were asked for: none is another's, none blocks the loop."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest

from audiokit.transport._http11 import Http11Connection
from audiokit.transport._unpack import unpacked
from audiokit.transport._wire import Deadline, Pace, Wire, scratch_memory

TLS = Path(__file__).parents[2] / "faults" / "tls"
SCRATCH = scratch_memory()
HINT = b"HTTP/1.1 103 E\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
UNASKED = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno"


def _get(read_s: float = 5.0) -> httpx.Request:
    return httpx.Request("GET", "http://host/a", extensions={"timeout": {"read": read_s, "write": 5.0}})


def _pair() -> tuple[socket.socket, socket.socket]:
    theirs, ours = socket.socketpair()
    theirs.settimeout(0)
    ours.settimeout(0)
    return theirs, ours


async def _body(response: httpx.Response) -> bytes:
    assert isinstance(response.stream, httpx.AsyncByteStream)
    try:
        return b"".join([chunk async for chunk in response.stream])
    finally:
        await response.stream.aclose()


class Answering(asyncio.Protocol):
    """Answers the first request of a connection with these writes, over TLS each a record of its own."""

    def __init__(self, writes: Sequence[bytes]) -> None:
        self._writes = writes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for one in self._writes:
            self._transport.write(one)
        self._writes = ()

    def eof_received(self) -> None:
        self._transport.abort()


@pytest.mark.parametrize("writes", [[ANSWER + UNASKED], [ANSWER, UNASKED]])
async def test_answer_that_waits_behind_tls_is_not_the_next_calls(writes: list[bytes]) -> None:
    """It has left the socket, and no read was asked for it: decrypted already, or not yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "trusted.pem")
    loop = asyncio.get_running_loop()
    accepting: list[asyncio.Task[object]] = []

    async def connect(_: httpx.Request) -> Wire:
        theirs, ours = _pair()
        said = [ANSWER] if accepting else writes
        accepted = loop.connect_accepted_socket(lambda: Answering(said), theirs, ssl=context)
        accepting.append(asyncio.create_task(accepted))
        wire = Wire(ours, memoryview(bytearray(len(ANSWER))))  # where 1 MiB would end: just behind the answer
        await wire.start_tls(ssl.create_default_context(cafile=TLS / "ca.pem"), "127.0.0.1")
        return wire

    connection = Http11Connection(connect)
    try:
        assert [b"ok", b"ok"] == [await _body(await connection.exchange(_get())) for _ in range(2)]
    finally:
        connection.close()
        await asyncio.gather(*accepting)
    assert 2 == len(accepting)


class Flooding(Wire):
    """Something has always arrived: the same piece, a few times, and then the answer."""

    def __init__(self, piece: bytes, times: int, *, pause_s: float = 0.0) -> None:
        self._far, near = _pair()
        super().__init__(near, SCRATCH)
        self._pieces = iter([piece] * times + [ANSWER])
        self._pause_s = pause_s

    async def read(self, pace: Pace) -> bytes:
        """The next one; it takes its time without a wait."""
        time.sleep(self._pause_s)  # noqa: ASYNC251 - as parsing does
        return next(self._pieces)

    def close(self) -> None:
        """Both ends."""
        super().close()
        self._far.close()


async def _status(wire: Wire, request: httpx.Request) -> int:
    async def connect(_: httpx.Request) -> Wire:
        return wire

    connection = Http11Connection(connect)
    try:
        return (await connection.exchange(request)).status_code
    finally:
        connection.close()


async def test_a_hundred_informational_answers_are_enough() -> None:
    """More of them are garbage, in one piece or in many."""
    assert 200 == await _status(Flooding(HINT, 100), _get())
    for wire in (Flooding(HINT, 101), Flooding(HINT * 101, 1)):
        with pytest.raises(httpx.RemoteProtocolError, match="over 100 informational answers"):
            await _status(wire, _get())


async def test_head_that_goes_on_and_on_ends_in_time() -> None:
    """The limit holds for the whole, though nothing was waited for."""
    with pytest.raises(httpx.ReadTimeout, match=r"does not end: \d+ bytes in 0\.01 s"):
        await _status(Flooding(HINT, 90, pause_s=0.001), _get(0.01))


def test_deadline_counts_what_is_between_waits() -> None:
    """Other than a pace; None is no limit."""
    deadline, pace = Deadline(10.0, 100.0), Pace(10.0, 1)
    for one in (deadline, pace):
        one.begin(100.0)
        one.end(101.0)
        one.begin(105.0)
    assert (110.0, 114.0, None) == (deadline.due_s, pace.due_s, Deadline(None, 100.0).due_s)


async def test_head_in_one_piece_may_be_no_longer_than_in_many() -> None:
    """A MiB of short lines is refused before all of it is read; a body may follow in the same piece."""
    lines = b"HTTP/1.1 200 OK\r\n" + b"x:1\r\n" * 200_000 + b"\r\n"
    with pytest.raises(httpx.RemoteProtocolError, match="too long"):
        await _status(Flooding(lines, 1), _get())
    body = bytes(range(256)) * 4096
    head = b"HTTP/1.1 200 OK\r\nx: %s\r\ncontent-length: %d\r\n\r\n" % (b"y" * 99_000, len(body))
    wire = Flooding(head + body, 1)

    async def connect(_: httpx.Request) -> Wire:
        return wire

    connection = Http11Connection(connect)
    try:
        assert body == await _body(await connection.exchange(_get()))
    finally:
        connection.close()


async def test_unpacking_leaves_the_loop_its_turns() -> None:
    """However much comes out of one piece."""
    draw = random.Random(1)
    data = b"".join(draw.randbytes(100) + bytes(3000) for _ in range(5500))
    packed = zlib.compress(data, 1)
    turns = 0

    async def chunks() -> AsyncIterator[bytes]:
        yield packed

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    try:
        assert len(data) == sum([len(piece) async for piece in unpacked(chunks(), "deflate")])
    finally:
        counting.cancel()
    assert len(data) // (1 << 22) <= turns


async def test_heads_and_chunks_leave_the_loop_its_turns() -> None:
    """However many came in one piece, other tasks run in between."""
    chunks = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 2560 + b"0\r\n\r\n"
    theirs, ours = _pair()
    turns = [0]

    async def connect(_: httpx.Request) -> Wire:
        return Wire(ours, SCRATCH)

    async def count() -> None:
        while True:
            turns[-1] += 1
            await asyncio.sleep(0)

    connection = Http11Connection(connect)
    theirs.send(HINT * 100 + chunks)
    counting = asyncio.create_task(count())
    try:
        response = await connection.exchange(_get())
        turns.append(0)
        assert b"x" * 2560 == await _body(response)
    finally:
        counting.cancel()
        connection.close()
        theirs.close()
    assert turns[0] >= 100
    assert 20 == turns[1]


@pytest.mark.parametrize("size_bytes", [1 << 18, (1 << 18) + 56, 3 << 18])
@pytest.mark.parametrize("step", [1, 1 << 20])
async def test_bare_deflate_is_unpacked_to_its_end(size_bytes: int, step: int) -> None:
    """All may be taken in, and more is to come out; nothing behind it, a checksum e.g., asks for that."""
    data = b"{}" + b" " * (size_bytes - 2)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(packed), step):
            yield packed[start : start + step]

    assert data == b"".join([piece async for piece in unpacked(chunks(), "deflate")])
    packed = packed[:-1]
    with pytest.raises(httpx.RemoteProtocolError, match="ends before its end"):
        _ = [piece async for piece in unpacked(chunks(), "deflate")]
