"""HTTP/1.1 on one connection: h11 reads and writes the heads, the bytes of files pass it by."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from typing import Any, Final

import h11
import httpx

from audiokit.transport._chunks import LentChunks
from audiokit.transport._wire import Deadline, Pace, Wire

MAX_HEAD_BYTES: Final = 100 * 1024
_JOIN_BYTES: Final = 1 << 16
"""A head and a body up to this size go out in one piece."""
_MOST_INFORMATIONAL: Final = 100
"""Heads before the one that counts, e.g. 103 Early Hints; servers send one or two."""
_TURN_EVENTS: Final = 128
"""Taken from what has arrived before the loop has a turn: a MiB may hold 200,000 chunks of one byte."""

_NO_BODY: Final = frozenset({204, 304})


class Http11Connection:
    """One request after the other; connects for the first, and again after the connection was closed.

    Args:
        connect: Makes a connected wire, or raises one of httpx's errors.
    """

    def __init__(self, connect: Callable[[httpx.Request], Awaitable[Wire]]) -> None:
        self._connect = connect
        self._wire: Wire | None = None
        self._is_gone = False

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """Send *request* and read the head of its answer; any failure closes the connection.

        Raises:
            httpx.TransportError: As httpx's own transports do.
        """
        try:
            if self._wire is not None and self._wire.is_readable:  # the server has closed it
                self.close()
            if self._wire is None:
                self._wire = await self._connect(request)
            if self._is_gone:
                raise httpx.CloseError("the client was closed meanwhile")
            exchange = _Exchange(self, request, self._wire)
            await exchange.send()
            head = await exchange.receive()
        except BaseException:
            self.close()
            raise
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=exchange,
            extensions={"http_version": b"HTTP/" + head.http_version, "reason_phrase": head.reason},
        )

    @property
    def is_reusable(self) -> bool:
        """Whether it is connected, and the last answer was read to its end."""
        return self._wire is not None

    async def aclose(self) -> None:
        """Close it for good; whoever waits for it gets an error."""
        self._is_gone = True
        self.close()

    def close(self) -> None:
        """Close what is connected; the next request connects anew."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()


class _Exchange(httpx.AsyncByteStream):
    """One request and its answer; read as a stream, it gives the answer's body."""

    def __init__(self, connection: Http11Connection, request: httpx.Request, wire: Wire) -> None:
        self._connection = connection
        self._request = request
        self._wire = wire
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._timeout = request.extensions.get("timeout", {})
        self._on_first_byte: Callable[[], None] = request.extensions.get("on_first_byte", _nothing)
        self._head: h11.Response | None = None
        self._broken: httpx.WriteError | None = None
        self._is_complete = False
        self._has_ended = False
        self._behind = b""  # arrived, and not given to h11 yet
        self._informational = 0
        self._events_in_turn = 0

    async def send(self) -> None:
        """Send the request, up to where it is refused or breaks; `receive` tells what that means."""
        self._wire.listen = self._hear
        try:
            with _protocol_errors():
                await self._send_all()
        except TimeoutError as error:
            raise httpx.WriteTimeout(f"the server takes nothing in: {error}") from error
        except OSError as error:
            self._broken = httpx.WriteError(str(error))
            self._broken.__cause__ = error
        finally:
            self._wire.listen = None

    async def _send_all(self) -> None:
        protocol, wire, request = self._protocol, self._wire, self._request
        pace = Pace.of(request.extensions, "write")
        is_lent = isinstance(request.stream, LentChunks)
        pending = protocol.send(
            h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
        )
        async for chunk in _chunks(request.stream):
            if not chunk:
                continue
            pieces = [pending or b"", *(protocol.send_with_data_passthrough(h11.Data(data=chunk)) or [])]
            pending = b""
            if sum(map(len, pieces)) <= _JOIN_BYTES:
                pieces = [b"".join(pieces)]
                if not is_lent:  # all of it is there: one write for head and body
                    pending = pieces.pop()
            for piece in pieces:
                self._on_first_byte()
                if piece and not await wire.write(piece, pace):
                    return
            if is_lent and wire.listen is not None and wire.is_readable and not self._hear():
                return
        self._on_first_byte()
        await wire.write((pending or b"") + (protocol.send(h11.EndOfMessage()) or b""), pace)

    async def receive(self) -> h11.Response:
        """Read the head of the answer."""
        loop = asyncio.get_running_loop()
        deadline = Deadline(self._timeout.get("read"), loop.time())  # a head that drips is none
        try:
            while self._head is None:
                self._take(await self._event(deadline))
                if self._head is None:
                    await asyncio.sleep(0)
                    if deadline.due_s is not None and loop.time() >= deadline.due_s:
                        raise httpx.ReadTimeout(f"the head of the answer does not end: {deadline}")
        except httpx.TransportError:
            if self._broken is None:
                raise
        # Who breaks off may have said why: a no is believed, a yes to half a request is not.
        if self._broken is not None and (self._head is None or self._head.status_code < 400):
            raise self._broken
        assert self._head is not None  # noqa: S101 - else the loop goes on, or has raised
        return self._head

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size_bytes = self._size_bytes()
        async for chunk in self._by_h11() if size_bytes is None else self._exactly(size_bytes):
            yield chunk

    async def aclose(self) -> None:
        """Close the connection, unless all was sent and read and it can serve another request."""
        if not (self._is_complete and self._protocol.our_state is h11.DONE and self._may_stay()):
            self._connection.close()

    def _size_bytes(self) -> int | None:
        """Length of the body where it is announced; h11 has seen to it that there is one, and a number."""
        head = self._head
        if head is None or self._request.method == "HEAD" or head.status_code in _NO_BODY:
            return None
        fields = dict(head.headers)
        return None if b"transfer-encoding" in fields else _number(fields.get(b"content-length"))

    def _may_stay(self) -> bool:
        if self._head is None or self._head.http_version != b"1.1":
            return False
        said = b",".join(value for name, value in self._head.headers if name == b"connection")
        return not said or b"close" not in {token.strip().lower() for token in said.split(b",")}

    async def _exactly(self, size_bytes: int) -> AsyncGenerator[bytes]:
        """A body of known length, not looked at by h11."""
        left, data = size_bytes, self._protocol.trailing_data[0]
        pace = Pace.of(self._request.extensions, "read")
        while left:
            data = data or await self._read(pace)
            if not data:
                raise httpx.RemoteProtocolError(f"the answer ended {left} bytes too early")
            if len(data) > left:
                yield data[:left]
                return  # what lies behind the end is the answer to nothing: not complete
            left -= len(data)
            yield data
            data = b""
        self._is_complete = not data

    async def _by_h11(self) -> AsyncGenerator[bytes]:
        """A body in chunks, one that ends with the connection, or none."""
        pace = Pace.of(self._request.extensions, "read")
        while isinstance(event := await self._event(pace), h11.Data):
            yield bytes(event.data)
        is_done = self._protocol.their_state is h11.DONE and not self._has_ended
        self._is_complete = is_done and not self._protocol.trailing_data[0]

    async def _event(self, pace: Pace) -> Any:
        self._events_in_turn += 1
        if self._events_in_turn >= _TURN_EVENTS:
            self._events_in_turn = 0
            await asyncio.sleep(0)
        try:
            while (event := self._next_event()) is h11.NEED_DATA:
                data = await self._read(pace)
                if not data:
                    self._has_ended = True
                    if self._head is None:
                        raise httpx.RemoteProtocolError("the server closed the connection without an answer")
                self._receive(data)
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        return event

    def _next_event(self) -> Any:
        while (event := self._protocol.next_event()) is h11.NEED_DATA and self._behind:
            self._receive(self._behind)
        return event

    def _receive(self, data: bytes) -> None:
        """Give h11 what has arrived; before there is a head no more at once than a head may have.

        A MiB of short lines, arrived in one piece, would be read at a stretch, which takes half a second.
        """
        self._behind = b""
        if self._head is None and len(data) > MAX_HEAD_BYTES:
            data, self._behind = data[:MAX_HEAD_BYTES], data[MAX_HEAD_BYTES:]
        self._protocol.receive_data(data)

    async def _read(self, pace: Pace) -> bytes:
        try:
            return await self._wire.read(pace)
        except TimeoutError as error:
            raise httpx.ReadTimeout(f"the server is silent: {error}") from error
        except OSError as error:
            raise httpx.ReadError(str(error)) from error

    def _hear(self) -> bool:
        """Look at what arrives before all is sent; False when the server does not want the rest."""
        data = self._wire.read_nowait()
        if data is None:
            return True
        if not data:
            raise OSError("the server closed the connection before it had the whole request")
        with _protocol_errors():
            self._receive(data)
            while self._head is None and (event := self._next_event()) is not h11.NEED_DATA:
                self._take(event)
        if self._head is None:
            return True
        self._wire.listen = None
        return self._head.status_code < 400

    def _take(self, event: Any) -> None:
        if isinstance(event, h11.Response):
            self._head = event
            if self._behind:
                self._receive(self._behind)
        elif event is h11.PAUSED or getattr(event, "status_code", 0) == 101:
            raise httpx.RemoteProtocolError("the server changed the protocol, which nobody asked for")
        elif isinstance(event, h11.InformationalResponse):
            self._informational += 1
            if self._informational > _MOST_INFORMATIONAL:
                raise httpx.RemoteProtocolError(
                    f"over {_MOST_INFORMATIONAL} informational answers and no other"
                )


def _chunks(stream: Any) -> AsyncIterator[Any]:
    """A request's body; h11 passes on whatever has a length."""
    return stream.lent if isinstance(stream, LentChunks) else aiter(stream)


def _nothing() -> None:
    """Nobody asks."""


def _number(value: bytes | None) -> int | None:
    return None if value is None else int(value)


@contextlib.contextmanager
def _protocol_errors() -> Generator[None]:
    try:
        yield
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error
