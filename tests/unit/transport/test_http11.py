"""One connection against whatever bytes a server sends, in whatever pieces they arrive."""

from __future__ import annotations

import asyncio
import gc
import gzip
import itertools
import socket
import zlib
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from audiokit.transport._http11 import Http11Connection, LentChunks
from audiokit.transport._unpack import unpacked
from audiokit.transport._wire import Pace, Wire, scratch_memory

SCRATCH = scratch_memory()
STALL_S = 5.0
EXTENSIONS = {"timeout": {"read": STALL_S, "write": STALL_S}}


class Far:
    """The server's end of a socket pair: sends pieces, then perhaps closes."""

    def __init__(self) -> None:
        self.socket, self._near = socket.socketpair()
        self.socket.settimeout(0)
        self._near.settimeout(0)
        self.connection = Http11Connection(self._wire)

    async def _wire(self, _: httpx.Request) -> Wire:
        return Wire(self._near, SCRATCH)

    async def deliver(self, pieces: Sequence[bytes], *, closes: bool) -> None:
        """Send piece by piece, with a turn of the loop in between, and close if that is the end."""
        loop = asyncio.get_running_loop()
        for piece in pieces:
            await loop.sock_sendall(self.socket, piece)
            await asyncio.sleep(0)
        if closes:  # not before the request is read: the rest of it would make a reset of it
            await loop.sock_recv(self.socket, 1 << 16)
            self.socket.close()

    def close(self) -> None:
        """Both ends."""
        self.socket.close()
        self.connection.close()
        self._near.close()


async def _exchange(far: Far, pieces: Sequence[bytes], *, closes: bool) -> tuple[int, bytes, bool]:
    """Status, body, and whether the connection may be used again."""
    request = httpx.Request("GET", "http://host/a", extensions=EXTENSIONS)
    sending = asyncio.create_task(far.deliver(pieces, closes=closes))
    try:
        async with asyncio.timeout(2):
            response = await far.connection.exchange(request)
            assert isinstance(response.stream, httpx.AsyncByteStream)
            try:
                body = b"".join([chunk async for chunk in response.stream])
            finally:
                await response.stream.aclose()
            return response.status_code, body, far.connection.is_reusable
    finally:
        await asyncio.wait([sending])
        sending.exception()


def _pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(places)]


def _chunked(body: bytes, sizes: Sequence[int]) -> bytes:
    framed, rest = b"", body
    for size in sizes:
        piece, rest = rest[:size], rest[size:]
        if piece:
            framed += b"%x\r\n%s\r\n" % (len(piece), piece)
    if rest:
        framed += b"%x\r\n%s\r\n" % (len(rest), rest)
    return framed + b"0\r\n\r\n"


BODIES = st.binary(max_size=3000)
CUTS = st.lists(st.integers(0, 5000), max_size=6)


@settings(max_examples=examples(60), deadline=None)
@given(
    body=BODIES, cuts=CUTS, sizes=st.lists(st.integers(1, 900), max_size=4), framing=st.sampled_from("lce")
)
def test_body_arrives_whole_in_whatever_pieces(
    body: bytes, cuts: list[int], sizes: list[int], framing: str
) -> None:
    """By length, in chunks or to the end of the connection: the same bytes, and reuse where it is safe."""
    head = {
        "l": b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body,
        "c": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + _chunked(body, sizes),
        "e": b"HTTP/1.1 200 OK\r\n\r\n" + body,
    }[framing]

    async def run() -> tuple[int, bytes, bool]:
        far = Far()
        try:
            return await _exchange(far, _pieces(head, cuts), closes=framing == "e")
        finally:
            far.close()

    assert (200, body, framing != "e") == asyncio.run(run())


@settings(max_examples=examples(80), deadline=None)
@given(body=BODIES, cut=st.integers(0, 5000), framing=st.sampled_from("lc"))
def test_answer_cut_anywhere_is_an_error(body: bytes, cut: int, framing: str) -> None:
    """A connection that ends before the answer does never yields a shorter one."""
    whole = (
        b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (len(body) + 1) + body + b"."
        if framing == "l"
        else b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + _chunked(body + b".", [700])
    )
    part = whole[: cut % len(whole)]

    async def run() -> None:
        far = Far()
        try:
            with pytest.raises(httpx.TransportError):
                await _exchange(far, [part] if part else [], closes=True)
            assert not far.connection.is_reusable
        finally:
            far.close()

    asyncio.run(run())


@settings(max_examples=examples(150), deadline=None)
@given(
    body=st.binary(max_size=200),
    changes=st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3)), min_size=1, max_size=4),
    cuts=CUTS,
)
def test_damaged_answer_is_an_answer_or_an_error_of_httpx(
    body: bytes, changes: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    """Bytes replaced at random never hang a call, never end it with anything but httpx's errors."""
    whole = bytearray(
        b"HTTP/1.1 200 OK\r\nserver: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        % len(body)
        + body
    )
    for place, new in changes:
        start = place % len(whole)
        whole[start : start + len(new)] = new

    async def run() -> None:
        far = Far()
        try:
            status, got, _ = await _exchange(far, _pieces(bytes(whole), cuts), closes=True)
            assert 200 <= status < 1000
            assert len(got) <= len(whole)
        except httpx.TransportError:
            assert not far.connection.is_reusable
        finally:
            far.close()

    asyncio.run(run())


async def test_bytes_behind_the_end_close_the_connection() -> None:
    """Nobody's answer is never taken for the next call's."""
    far = Far()
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"
    assert (200, b"ok", False) == await _exchange(far, [answer], closes=False)
    far.close()


async def test_one_connection_serves_many_calls() -> None:
    """Each call gets its own answer over the same socket."""
    far = Far()
    for number in range(5):
        answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n%d" % number
        assert (200, b"%d" % number, True) == await _exchange(far, [answer], closes=False)
    far.close()


@pytest.mark.parametrize("said", [b"connection: close\r\n", b"Connection: Keep-Alive, Close\r\n"])
async def test_server_that_says_close_is_believed(said: bytes) -> None:
    """The connection is not kept, whatever the case of the word."""
    far = Far()
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n%s\r\nok" % said
    assert (200, b"ok", False) == await _exchange(far, [answer], closes=False)
    far.close()


async def test_early_refusal_ends_the_upload() -> None:
    """A 413 that comes while the body is sent is the answer; the rest of the body is not asked for."""
    far = Far()
    given_out = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given_out
        while True:
            given_out += 1
            yield bytes(1 << 16)

    request = httpx.Request("POST", "http://host/a", headers={"transfer-encoding": "chunked"})
    request.extensions = EXTENSIONS
    request.stream = LentChunks(endless())
    refusal = b"HTTP/1.1 413 Large\r\ncontent-length: 5\r\n\r\nlarge"
    sending = asyncio.create_task(far.deliver([refusal], closes=False))
    async with asyncio.timeout(5):
        response = await far.connection.exchange(request)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    body = b"".join([chunk async for chunk in response.stream])
    await response.stream.aclose()
    await sending
    assert (413, b"large", False) == (response.status_code, body, far.connection.is_reusable)
    assert given_out < 1000
    far.close()


async def test_closing_wakes_who_waits() -> None:
    """A call that waits for its answer ends at once when the connection is closed under it."""
    far = Far()
    request = httpx.Request("GET", "http://host/a", extensions=EXTENSIONS)
    waiting = asyncio.create_task(far.connection.exchange(request))
    for _ in range(3):
        await asyncio.sleep(0)
    await far.connection.aclose()
    with pytest.raises(httpx.ReadError):
        async with asyncio.timeout(1):
            await waiting
    far.close()


class Ticks:
    """Times for `Pace`, by hand."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.now_s = 100.0

    def wait(self, seconds: float, size_bytes: int = 0) -> bool:
        """Wait so long, then move so much; whether the wait would have been ended."""
        self.pace.begin(self.now_s)
        due_s = self.pace.due_s
        assert due_s is not None
        self.now_s += seconds
        is_late = self.now_s > due_s
        if size_bytes:
            self.pace.moved(size_bytes, self.now_s)
        self.pace.end(self.now_s)
        return is_late


def test_pace_ends_silence_and_drips() -> None:
    """Enough bytes in any ten seconds of waiting are enough; a byte each second and silence are not."""
    steady = Ticks(Pace(10.0, 10))
    assert [False] * 20 == [steady.wait(5.0, 6) for _ in range(20)]
    dripping = Ticks(Pace(10.0, 100))
    assert True in [dripping.wait(1.0, 1) for _ in range(12)]
    silent = Ticks(Pace(10.0, 1))
    assert [False, True] == [silent.wait(9.0), silent.wait(2.0)]


def test_pace_counts_waiting_only() -> None:
    """What the program does between two waits is not held against the server."""
    pace = Ticks(Pace(10.0, 100))
    for _ in range(5):
        assert not pace.wait(1.0, 1)
        pace.now_s += 60.0


async def _unpack(packed: bytes, encoding: str, step: int = 7) -> bytes:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(packed), step):
            yield packed[start : start + step]

    return b"".join([piece async for piece in unpacked(chunks(), encoding)])


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("X-GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
    ],
)
async def test_packed_answers_are_unpacked(encoding: str, pack: object) -> None:
    """gzip, and deflate both as the standard says and as some servers send it."""
    data = b"a line of text\n" * 200
    assert data == await _unpack(pack(data), encoding)  # type: ignore[operator]


async def test_bomb_is_left_early() -> None:
    """What grows more than a hundredfold is not unpacked."""
    bomb = gzip.compress(bytes(16 << 20))
    with pytest.raises(httpx.DecodingError, match="over 100 times"):
        await _unpack(bomb, "gzip", 4096)
    gc.collect()


async def test_encoding_nobody_asked_for_is_named() -> None:
    """The message says what came."""
    with pytest.raises(httpx.DecodingError, match="'br', which was not asked for"):
        await _unpack(b"x", "br")


@pytest.mark.parametrize("step", [1, 7, 4096])
async def test_all_members_of_a_gzip_stream_are_unpacked(step: int) -> None:
    """Servers may pack an answer in parts; a cut of the last part is told."""
    parts = [b"a" * 300, b"", b"b" * 300, b"c"]
    packed = b"".join(map(gzip.compress, parts))
    assert b"".join(parts) == await _unpack(packed, "gzip", step)
    with pytest.raises(httpx.RemoteProtocolError, match="ends before its end"):
        await _unpack(packed[:-1], "gzip", step)


@pytest.mark.parametrize("step", [7, 4096])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_garbage_behind_the_end_is_an_error(encoding: str, step: int) -> None:
    """What follows the end belongs to nothing."""
    packed = {"gzip": gzip.compress, "deflate": zlib.compress}[encoding](b"[1,2]")
    with pytest.raises(httpx.DecodingError):
        await _unpack(packed + b"garbage", encoding, step)


async def test_bomb_in_many_members_is_left_early() -> None:
    """The limit is one for all members."""
    bomb = gzip.compress(bytes(1 << 20)) * 16
    with pytest.raises(httpx.DecodingError, match="over 100 times"):
        await _unpack(bomb, "gzip", 4096)
    gc.collect()


async def test_answer_that_never_waits_leaves_the_loop_its_turns() -> None:
    """A server that is always ahead does not hold up other tasks: each gets a turn for every MiB or so."""
    theirs, ours = socket.socketpair()
    theirs.settimeout(0)
    ours.settimeout(0)
    wire = Wire(ours, SCRATCH)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    try:
        for _ in range(256):
            theirs.send(bytes(1 << 14))
            assert 1 << 14 == len(await wire.read(Pace(STALL_S, 1)))
    finally:
        counting.cancel()
        wire.close()
        theirs.close()
    assert 3 == turns


async def test_first_byte_is_told_when_it_leaves() -> None:
    """Not while a connection is made, and not while the source of a file is waited for."""
    far = Far()
    told: list[str] = []
    at = ["connecting"]

    async def connect(request: httpx.Request) -> Wire:
        await asyncio.sleep(0)
        at[0] = "reading the source"
        return await far._wire(request)

    async def source() -> AsyncIterator[bytes]:
        await asyncio.sleep(0)
        at[0] = "sending"
        yield b"x"

    extensions = {**EXTENSIONS, "on_first_byte": lambda: told.append(at[0])}
    request = httpx.Request("PUT", "http://host/a", headers={"content-length": "1"}, extensions=extensions)
    request.stream = LentChunks(source())
    far.socket.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    connection = Http11Connection(connect)
    try:
        await connection.exchange(request)
    finally:
        connection.close()
        far.close()
    assert {"sending"} == set(told)
