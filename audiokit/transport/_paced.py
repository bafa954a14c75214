"""The pace that `Timeouts` asks for, where httpx or a caller's own client or transport moves the bytes.

Their timeouts end silence, each at its own operation, and never a drip. Here each wait for a piece of a
body is counted, as our own connections do it in smaller steps, and the head of an answer has its limit
as far as it can be seen when it begins: after a file was sent, and wherever httpcore says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import Any, Final

import httpx

from audiokit.transport._chunks import LentChunks
from audiokit.transport._wire import Pace

_PIECE_BYTES: Final = 1 << 16
"""Given away at once: only between two pieces it can be seen that something moves."""

_REQUEST_LEAVES: Final = "send_request_headers.started"
_HEAD_BEGINS: Final = "receive_response_headers.started"
_HEAD_IS_HERE: Final = "receive_response_headers.complete"

Send = Callable[[httpx.Request], Awaitable[httpx.Response]]


async def exchange_in_pace(send: Send, request: httpx.Request, *, is_traced: bool = False) -> httpx.Response:
    """Give *request* to *send*, and the answer unread; its body comes by way of `in_pace`.

    Args:
        send: Sends a request.
        request: Its ``on_first_byte`` is called when it leaves, as far as that can be seen.
        is_traced: Whether *send* is sure to be httpcore's, which says when the request leaves. Else it may
            have left as soon as *send* has it.

    Raises:
        httpx.WriteTimeout: The body is not taken in.
        httpx.ReadTimeout: The head of the answer is not complete in time.
        httpx.ProxyError: A SOCKS proxy answers something else; httpx itself lets that pass as it is.
    """
    watch = _Watch(request.extensions)
    extensions = {**request.extensions, "trace": watch.hear}
    if isinstance(request.stream, LentChunks):
        body = watch.sent(request.stream.lent)
        outgoing = httpx.Request(
            request.method, request.url, headers=request.headers, stream=_Body(body), extensions=extensions
        )
    else:  # as it is: there are transports that take bytes for a body of known length, and else go chunked
        outgoing = request
        outgoing.extensions = extensions
    if not is_traced:
        watch.begin()
    try:
        return await watch.over(send(outgoing))
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "socksio":
            raise
        raise httpx.ProxyError("what the proxy answers is no SOCKS") from error


async def in_pace(chunks: AsyncIterable[bytes], pace: Pace) -> AsyncGenerator[bytes]:
    """The chunks of an answer.

    Raises:
        httpx.ReadTimeout: Too little comes.
    """
    loop = asyncio.get_running_loop()
    iterator = aiter(chunks)
    while True:
        pace.begin(loop.time())
        limit = asyncio.timeout_at(pace.due_s)
        try:
            async with limit:
                chunk = await anext(iterator)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise httpx.ReadTimeout(f"the server is silent: {pace}") from error
        now_s = loop.time()
        pace.end(now_s)
        pace.moved(len(chunk), now_s)
        yield chunk


class _Watch:
    """Limits one exchange up to the head of its answer."""

    def __init__(self, extensions: dict[str, Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit = asyncio.timeout(None)
        self._pace = Pace.of(extensions, "write")
        self._head_s: float | None = extensions.get("timeout", {}).get("read")
        self.begin: Callable[[], None] = extensions.get("on_first_byte", _nothing)
        self._is_on = False
        self._is_sending = False

    async def over(self, exchange: Awaitable[httpx.Response]) -> httpx.Response:
        """Wait for the head."""
        try:
            async with self._limit:
                self._is_on = True
                try:
                    return await exchange
                finally:
                    self._is_on = False
        except TimeoutError as error:
            if not self._limit.expired():
                raise
            if self._is_sending:
                raise httpx.WriteTimeout(f"the server takes nothing in: {self._pace}") from error
            raise httpx.ReadTimeout(f"no answer within {self._head_s} s") from error

    async def sent(self, chunks: AsyncIterator[bytes | memoryview]) -> AsyncIterator[bytes]:
        """The body in pieces, timed from giving one away to being asked for the next."""
        async for chunk in chunks:
            view = memoryview(chunk)
            for start in range(0, len(view), _PIECE_BYTES):
                piece = bytes(view[start : start + _PIECE_BYTES])
                self._pace.begin(self._loop.time())
                self._is_sending = True
                self._end_at(self._pace.due_s)
                yield piece
                now_s = self._loop.time()
                self._pace.end(now_s)
                self._pace.moved(len(piece), now_s)
                self._is_sending = False
                self._end_at(None)  # a source that gives nothing is not the server's fault
        self._await_head()

    async def hear(self, event: str, facts: dict[str, Any]) -> None:
        """What httpcore is about to do, or has done; it may be speaking with a proxy first."""
        if event.endswith(_REQUEST_LEAVES):
            if getattr(facts.get("request"), "method", None) != b"CONNECT":  # that opens a proxy's tunnel
                self.begin()
        elif event.endswith(_HEAD_BEGINS):
            self._await_head()
        elif event.endswith(_HEAD_IS_HERE):
            self._end_at(None)

    def _await_head(self) -> None:
        self._end_at(None if self._head_s is None else self._loop.time() + self._head_s)

    def _end_at(self, when_s: float | None) -> None:
        if self._is_on and not self._limit.expired():  # a body may still be on its way behind its answer
            self._limit.reschedule(when_s)


class _Body(httpx.AsyncByteStream):
    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces


def _nothing() -> None:
    """Nobody asks."""
