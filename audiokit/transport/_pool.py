"""Connections: per origin a stack of single ones, behind one bounded gate.

httpx's own pool looks at every connection and every waiting request for each request, and calls
cancelled while they queue can leave it without usable connections for good. Here a request takes
the connection used last (it is the likeliest to be alive), or makes one. A connection goes back
only after its answer was read to the end; after any error or cancellation it is thrown away.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import anyio
import attrs
import httpx

from audiokit._config import Limits
from audiokit.transport._connection import Connection, is_intercepted

_CLOSE_S: Final = 5.0

Origin = tuple[str, str, int | None, bool]


@attrs.frozen
class _Idle:
    connection: Connection
    since_s: float


class ConnectionPool:
    """Gives each request a connection of its own.

    Args:
        limits: How many connections are kept, and for how long.
        make: Makes a connection for a URL.
        now: A clock in seconds, for idle connections.
    """

    def __init__(
        self,
        limits: Limits,
        make: Callable[[httpx.URL], Awaitable[Connection]],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._make = make
        self._now = now
        self._stacks: dict[Origin, list[_Idle]] = {}
        self._in_use: set[Connection] = set()
        self._idle = 0
        self._closed = False

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """Send on a free connection, a new one where none is free; raises httpx's errors."""
        url = request.url
        origin = (url.scheme, url.host, url.port, is_intercepted())
        connection, stale = self._take(origin)
        if stale:
            await _close_all(stale)
        if connection is None:
            connection = await self._make(url)
        self._in_use.add(connection)
        try:
            response = await connection.exchange(request)
        except BaseException:
            self._in_use.discard(connection)
            await _close_all([connection])
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - what connections give
        response.stream = HeldStream(response.stream, functools.partial(self._put_back, origin, connection))
        return response

    async def aclose(self) -> None:
        """Close all connections; calls under way end with an error."""
        self._closed = True
        idle = [entry.connection for stack in self._stacks.values() for entry in stack]
        self._stacks.clear()
        self._idle = 0
        await _close_all([*idle, *self._in_use])

    def _take(self, origin: Origin) -> tuple[Connection | None, list[Connection]]:
        """The connection used last, if it is young enough, and those too old to keep."""
        stack = self._stacks.get(origin)
        if not stack:
            return None, []
        oldest = self._now() - self._limits.idle_s
        stale: list[Connection] = []
        if stack[0].since_s < oldest:
            stale = [entry.connection for entry in stack if entry.since_s < oldest]
            del stack[: len(stale)]
        taken = stack.pop().connection if stack else None
        self._idle -= len(stale) + (taken is not None)
        return taken, stale

    async def _put_back(self, origin: Origin, connection: Connection) -> None:
        """Keep the connection of a closed answer, if it is clean and there is room."""
        self._in_use.discard(connection)
        if connection.is_reusable and not self._closed and self._idle < int(self._limits.idle_connections):
            self._stacks.setdefault(origin, []).append(_Idle(connection, self._now()))
            self._idle += 1
        else:
            await _close_all([connection])


class HeldStream(httpx.AsyncByteStream):
    """An answer's body that holds something, until it is closed: also while being cancelled."""

    def __init__(
        self, inner: httpx.AsyncByteStream, after: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._inner = inner
        self._after = after
        self._is_open = True
        self.on_close: Callable[[], None] | None = None
        """Called first: what it gives back must not wait for anything."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._inner)

    async def aclose(self) -> None:
        """Close it, once."""
        if not self._is_open:
            return
        self._is_open = False
        if self.on_close is not None:
            self.on_close()
        try:
            with (
                anyio.move_on_after(_CLOSE_S, shield=True),
                contextlib.suppress(httpx.HTTPError, OSError),  # then it is not reusable, and is dropped
            ):
                await self._inner.aclose()
        finally:  # the shield holds off anyio's cancellation, not a bare task.cancel()
            if self._after is not None:
                await self._after()


async def _close_all(connections: list[Connection]) -> None:
    """Close connections, also while being cancelled; one that does not close in time is dropped."""
    for connection in connections:
        with anyio.move_on_after(_CLOSE_S, shield=True):
            await connection.aclose()
