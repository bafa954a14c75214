"""Connections: per origin a stack of single ones, behind one bounded gate.

httpx's own pool looks at every connection and every waiting request for each request, and calls
cancelled while they queue can leave it without usable connections for good. Here a request takes
the connection used last (it is the likeliest to be alive), or makes one. A connection goes back
only after its answer was read to the end; after any error or cancellation it is thrown away.

Idle ones of all origins stand in one row as well, the oldest first: there they expire, whoever asks,
and there the one is found that makes room for a connection to somewhere else.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import anyio
import httpx

from audiokit._config import Limits
from audiokit.transport._connection import Connection, is_intercepted

_CLOSE_S: Final = 5.0

Origin = tuple[str, str, int | None, bool]


class ConnectionPool:
    """Gives each request a connection of its own.

    Idle and in use together they are never more than `Limits.connections`, as long as no more requests
    than that come at once.

    Args:
        limits: How many connections there may be, and for how long idle ones are kept.
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
        self._stacks: dict[Origin, deque[Connection]] = {}
        self._idle: OrderedDict[Connection, tuple[Origin, float]] = OrderedDict()
        self._in_use: set[Connection] = set()
        self._busy = 0  # in use, or being made
        self._closed = False

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """Send on a free connection, a new one where none is free; raises httpx's errors."""
        url = request.url
        origin = (url.scheme, url.host, url.port, is_intercepted())
        connection, spare = self._take(origin)
        try:
            if spare:
                await _close_all(spare)
            if connection is None:
                connection = await self._make(url)
            self._in_use.add(connection)
            response = await connection.exchange(request)
        except BaseException:
            self._busy -= 1
            if connection is not None:
                self._in_use.discard(connection)
                await _close_all([connection])
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - what connections give
        response.stream = HeldStream(response.stream, functools.partial(self._put_back, origin, connection))
        return response

    async def aclose(self) -> None:
        """Close all connections; calls under way end with an error."""
        self._closed = True
        idle = list(self._idle)
        self._stacks.clear()
        self._idle.clear()
        await _close_all([*idle, *self._in_use])

    def _take(self, origin: Origin) -> tuple[Connection | None, list[Connection]]:
        """The origin's connection used last, if there is one, and those to close before a new one is made."""
        spare = self._expired(self._now())
        self._busy += 1
        stack = self._stacks.get(origin)
        if stack:
            taken = stack.pop()
            del self._idle[taken]
            if not stack:
                del self._stacks[origin]
            return taken, spare
        while self._idle and self._busy + len(self._idle) > self._limits.connections:
            spare.append(self._oldest())
        return None, spare

    async def _put_back(self, origin: Origin, connection: Connection) -> None:
        """Keep the connection of a closed answer, if it is clean."""
        self._in_use.discard(connection)
        self._busy -= 1
        now_s = self._now()
        spare = self._expired(now_s)
        if connection.is_reusable and not self._closed:
            if len(self._idle) >= self._limits.idle_connections:
                spare.append(self._oldest())
            self._stacks.setdefault(origin, deque()).append(connection)
            self._idle[connection] = origin, now_s
        else:
            spare.append(connection)
        if spare:
            await _close_all(spare)

    def _expired(self, now_s: float) -> list[Connection]:
        """Take out those that are too old to keep."""
        limit_s = now_s - self._limits.idle_s
        expired: list[Connection] = []
        while self._idle and next(iter(self._idle.values()))[1] < limit_s:
            expired.append(self._oldest())
        return expired

    def _oldest(self) -> Connection:
        """Take out the connection that is idle for the longest time."""
        connection, (origin, _) = self._idle.popitem(last=False)
        stack = self._stacks[origin]
        stack.popleft()  # the same one: a stack too has its oldest first
        if not stack:
            del self._stacks[origin]
        return connection


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
    failure: BaseException | None = None
    for connection in connections:
        try:
            with anyio.move_on_after(_CLOSE_S, shield=True):
                await connection.aclose()
        # The shield holds off anyio's cancellation, not a bare task.cancel(); nobody else knows the others.
        except BaseException as error:  # noqa: BLE001 - raised when all are closed
            if failure is None or isinstance(failure, Exception):  # a cancellation is not lost for a failure
                failure = error
    if failure is not None:
        raise failure
