"""A tiny HTTP server on a real loopback socket, which does exactly what a test tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import attrs
import pytest

from audiokit import ApiAccess, ApiKey
from audiokit.transport import Transport

Answer = Callable[["Exchange"], Awaitable[None]]


@attrs.define
class Exchange:
    """One request as it stands on the socket, and the means to answer it."""

    method: str
    path: str
    headers: dict[str, str]
    connection: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    keep_open: bool = True

    async def body_chunks(self) -> AsyncIterator[bytes]:
        """The request's body, by length or in chunks."""
        if self.headers.get("transfer-encoding") == "chunked":
            while size := int(await self.reader.readline(), 16):
                yield await self.reader.readexactly(size)
                await self.reader.readexactly(2)
            await self.reader.readline()
            return
        left = int(self.headers.get("content-length", "0"))
        while left:
            chunk = await self.reader.read(min(left, 1 << 18))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk

    async def body(self) -> bytes:
        """All of it."""
        return b"".join([chunk async for chunk in self.body_chunks()])

    async def reply(
        self, status: int = 200, content: bytes = b"", *, announce: int | None = None, **headers: str
    ) -> None:
        """Answer; with *announce* the stated length differs from what is sent."""
        length = len(content) if announce is None else announce
        lines = [f"HTTP/1.1 {status} X", f"content-length: {length}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
        await self.writer.drain()

    def hang_up(self) -> None:
        """Cut the connection."""
        self.keep_open = False
        self.writer.close()


@attrs.define
class Server:
    """Counts connections and requests; `answer` decides."""

    answer: Answer
    port: int = 0
    connections: int = 0
    requests: list[Exchange] = attrs.field(factory=list)

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, as many requests as come."""
        self.connections += 1
        connection = self.connections
        try:
            while line := await reader.readline():
                method, path, _ = line.decode().split(" ", 2)
                headers = {}
                while (line := await reader.readline()).strip():
                    name, _, value = line.decode("latin-1").partition(":")
                    headers[name.lower()] = value.strip()
                exchange = Exchange(method, path, headers, connection, reader, writer)
                self.requests.append(exchange)
                await self.answer(exchange)
                if not exchange.keep_open:
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Answer], Awaitable[Server]]]:
    """Start servers; they end with the test."""
    listening: list[asyncio.Server] = []
    handlers: set[asyncio.Task[Any]] = set()

    async def start(answer: Answer) -> Server:
        server = Server(answer)

        async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            handlers.add(task)
            await server.serve(reader, writer)

        listener = await asyncio.start_server(run, "127.0.0.1", 0)
        listening.append(listener)
        server.port = listener.sockets[0].getsockname()[1]
        return server

    yield start
    for listener in listening:
        listener.close()
    for _ in range(5):  # a task that was never begun would leave its connection to the garbage collector
        await asyncio.sleep(0)
    for task in handlers:
        task.cancel()
    await asyncio.gather(*handlers, return_exceptions=True)


@pytest.fixture
def connect() -> Callable[..., Transport]:
    """A transport to a server, not opened yet."""

    def make(server: Server, **options: Any) -> Transport:
        access = ApiAccess(base_url=server.base_url, credentials=ApiKey("k"))
        return Transport({"respeecher": access}, **options)

    return make
