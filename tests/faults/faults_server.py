"""A server on a raw loopback socket that does exactly what a script tells it, and counts what it saw.

It knows five answers, enough for every kind of operation in the table; all else is up to the script.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final, Self

import attrs
import orjson

TLS: Final = Path(__file__).parent / "tls"

CREDITS: Final = {"credits": 5.5}
RECORDING: Final = {"id": "r-1", "state": "done", "url": "/files/r-1.wav", "label": "take"}
ORDER: Final = {"id": "o-1", "original_id": "r-1", "conversion_id": "r-2", "state": "new"}
AUDIO: Final = b"RIFF\x24\x0d\x03\x00WAVE" + bytes(range(256)) * 781
"""What is downloaded: begins as a wav does, 200 kB."""

Script = Callable[["Wire"], Awaitable[None]]
Greeting = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]


@attrs.define
class Seen:
    """A request whose head arrived.

    Attributes:
        body: What arrived of the body.
        is_whole: Whether the body arrived to its end.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytearray = attrs.field(factory=bytearray, repr=False)
    is_whole: bool = False


@attrs.define
class Wire:
    """One request on its connection, and the means to treat it well or badly."""

    server: FaultServer
    seen: Seen
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    is_over: bool = False

    async def read_body(self, limit_bytes: int | None = None) -> None:
        """Take the request's body in, all of it or at least *limit_bytes*."""
        async for _ in self.chunks():
            if limit_bytes is not None and len(self.seen.body) >= limit_bytes:
                return
        self.seen.is_whole = True

    async def chunks(self) -> AsyncIterator[None]:
        """Take the body in piece by piece, into `seen`."""
        if self.seen.headers.get("transfer-encoding") == "chunked":
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                self.seen.body += await self.reader.readexactly(size)
                await self.reader.readexactly(2)
                yield
            await self.reader.readline()
            return
        left = int(self.seen.headers.get("content-length", "0")) - len(self.seen.body)
        while left:
            chunk = await self.reader.read(min(left, 1 << 16))
            if not chunk:
                raise asyncio.IncompleteReadError(bytes(self.seen.body), left)
            left -= len(chunk)
            self.seen.body += chunk
            yield

    def answer(self) -> bytes:
        """The body of the right answer to this request."""
        method, path = self.seen.method, self.seen.path
        if path.startswith("/files/"):
            return AUDIO
        if path == "/api/v2/orders":
            return orjson.dumps([ORDER])
        return orjson.dumps(CREDITS if method == "GET" else RECORDING)

    @property
    def media_type(self) -> str:
        """Of the right answer."""
        return "audio/wav" if self.seen.path.startswith("/files/") else "application/json"

    def head(
        self, *lines: str, status: int = 200, length: int | None = None, kind: str | None = None
    ) -> bytes:
        """The head of an answer; *length* None leaves Content-Length out."""
        every = [f"HTTP/1.1 {status} Said", f"content-type: {kind or self.media_type}", *lines]
        if length is not None:
            every.append(f"content-length: {length}")
        return "\r\n".join(every).encode("latin-1") + b"\r\n\r\n"

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self, *lines: str, status: int = 200, content: bytes | None = None, **head: Any) -> None:
        """Take the request in, and answer as HTTP wants it."""
        if not self.seen.is_whole:
            await self.read_body()
        content = self.answer() if content is None else content
        await self.send(self.head(*lines, status=status, length=len(content), **head) + content)

    async def close(self) -> None:
        """Say goodbye: the client reads the end of the stream."""
        self.is_over = True
        self.writer.close()

    async def reset(self) -> None:
        """Drop the connection as a crashing server does: the client gets ECONNRESET."""
        self.is_over = True
        await asyncio.sleep(0.005)  # what was sent before must not be overtaken
        reset(self.writer)

    async def stall(self) -> None:
        """Neither read nor write any more until the server is released; then see the client go."""
        self.is_over = True
        await self.server.released.wait()
        while await self.reader.read(1 << 16):
            pass


@attrs.define
class FaultServer:
    """Serves connections by a script; everything it opened is gone after its block.

    Attributes:
        script: Called once per request, after its head was read.
        certificate: File in ``tls`` to speak TLS with; None for plain HTTP.
        is_https: Whether `base_url` says https, whatever is spoken.
        greet: Called with each new connection, before any HTTP; True when that was all.
        seen: Every request whose head arrived, in order.
        connections: How many connections were accepted.
        released: Set when the call is over: what stalled goes on.
    """

    script: Script
    certificate: str | None = None
    is_https: bool = False
    greet: Greeting | None = None
    port: int = 0
    seen: list[Seen] = attrs.field(factory=list)
    connections: int = 0
    released: asyncio.Event = attrs.field(factory=asyncio.Event)
    _socket: socket.socket = attrs.field(factory=socket.socket, init=False)
    _listener: asyncio.Server | None = attrs.field(default=None, init=False)
    _tasks: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)
    _writers: set[asyncio.StreamWriter] = attrs.field(factory=set, init=False)
    _fillers: list[socket.socket] = attrs.field(factory=list, init=False)

    @property
    def base_url(self) -> str:
        """Where it is, or would be if it listened."""
        return f"{'https' if self.is_https else 'http'}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Small, so that an upload feels what the server does.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        self._socket.bind(("127.0.0.1", self.port))
        self.port = self._socket.getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listener is not None:
            self._listener.close()
        self._socket.close()
        for filler in self._fillers:
            filler.close()
        for _ in range(5):  # a task that was never begun would leave its connection to the garbage collector
            await asyncio.sleep(0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def listen(self) -> Self:
        """Begin, or go on, to take connections; until then they are refused."""
        tls = None
        if self.certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(TLS / self.certificate)
        if self._listener is not None:
            self._listener.close()
        for filler in self._fillers:
            filler.close()
        self._listener = await asyncio.start_server(
            self._accept, sock=self._socket.dup(), ssl=tls, backlog=256, limit=1 << 16
        )
        return self

    def ignore_connections(self) -> None:
        """Leave connections unanswered: a full queue of the kernel, as an overloaded host has it."""
        self._socket.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                filler.connect(("127.0.0.1", self.port))
            self._fillers.append(filler)

    async def drop_connections(self, how: Callable[[asyncio.StreamWriter], object]) -> None:
        """End every connection from this side, and let the client's machine hear of it."""
        for writer in list(self._writers):
            how(writer)
        await asyncio.sleep(0.01)

    @property
    def open_connections(self) -> int:
        """Connections whose end has not been seen yet."""
        return sum(not task.done() for task in self._tasks)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.connections += 1
        try:
            if self.greet is not None and await self.greet(reader, writer):
                return
            while (request := await _head_of(reader)) is not None:
                self.seen.append(request)
                wire = Wire(self, request, reader, writer)
                await self.script(wire)
                if wire.is_over:
                    return
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # the client left, or the test is over
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST instead of FIN."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _head_of(reader: asyncio.StreamReader) -> Seen | None:
    line = await reader.readline()
    if not line.endswith(b"\n"):
        return None
    method, path, _ = line.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while (line := await reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return Seen(method, path, headers)
