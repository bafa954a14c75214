"""Connections: per origin a stack of single ones, behind one bounded gate.

httpx's own pool looks at every connection and every waiting request for each request, and calls
cancelled while they queue can leave it without usable connections for good. Here a request takes
the connection used last (it is the likeliest to be alive), or makes one. A connection goes back
only after its answer was read to the end; after any error or cancellation it is thrown away.
"""

from __future__ import annotations

import contextlib
import functools
import ssl
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from typing import Final

import anyio
import attrs
import httpx

from audiokit._config import Limits

_CLOSE_S: Final = 5.0

Origin = tuple[str, str, int | None]
MakeConnection = Callable[[httpx.URL], httpx.AsyncBaseTransport]


@attrs.frozen
class _Idle:
    connection: httpx.AsyncBaseTransport
    since_s: float


class ConnectionPool(httpx.AsyncBaseTransport):
    """An httpx transport made of many single-connection ones.

    Args:
        limits: How many requests at once, how many connections kept, and for how long.
        make: Makes a transport with one connection for a URL; `single_connection` by default.
        now: A clock in seconds, for idle connections.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        make: MakeConnection | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._make = make or functools.partial(single_connection, idle_s=limits.idle_s)
        self._now = now
        self._gate = anyio.Semaphore(int(limits.connections))
        self._stacks: dict[Origin, list[_Idle]] = {}
        self._in_use: set[httpx.AsyncBaseTransport] = set()
        self._idle = 0
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send on a free connection, a new one where none is free, in turn where all are in use."""
        origin = (request.url.scheme, request.url.host, request.url.port)
        await self._gate.acquire()
        try:
            connection, stale = self._take(origin)
            await _close_all(stale)
            connection = connection or self._make(request.url)
        except BaseException:
            self._gate.release()
            raise
        self._in_use.add(connection)
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            self._in_use.discard(connection)
            self._gate.release()
            await _close_all([connection])
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - what async transports give
        stream = _Stream(response.stream, functools.partial(self._give_back, origin, connection))
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=stream,
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections; calls under way end with an error."""
        self._closed = True
        idle = [entry.connection for stack in self._stacks.values() for entry in stack]
        self._stacks.clear()
        self._idle = 0
        await _close_all([*idle, *self._in_use])

    def _take(self, origin: Origin) -> tuple[httpx.AsyncBaseTransport | None, list[httpx.AsyncBaseTransport]]:
        """The connection used last, if it is young enough, and those too old to keep."""
        stack = self._stacks.get(origin)
        if not stack:
            return None, []
        oldest = self._now() - self._limits.idle_s
        fresh = [entry for entry in stack if entry.since_s >= oldest]
        stale = [entry.connection for entry in stack if entry.since_s < oldest]
        taken = fresh.pop().connection if fresh else None
        self._idle -= len(stale) + (taken is not None)
        if fresh:
            self._stacks[origin] = fresh
        else:
            del self._stacks[origin]
        return taken, stale

    async def _give_back(self, origin: Origin, connection: httpx.AsyncBaseTransport, stream: _Stream) -> None:
        """Called when an answer is closed: the place is free at once, the connection if it is clean."""
        self._in_use.discard(connection)
        self._gate.release()
        is_clean = False
        try:
            with (
                anyio.CancelScope(shield=True),
                anyio.move_on_after(_CLOSE_S),
                contextlib.suppress(httpx.HTTPError, OSError),  # then it is not clean, and is dropped
            ):
                is_whole = stream.is_complete and not stream.has_leftover
                await stream.close_inner()
                is_clean = is_whole
        finally:  # the shield holds off anyio's cancellation, not a bare task.cancel()
            if is_clean and not self._closed and self._idle < self._limits.idle_connections:
                self._stacks.setdefault(origin, []).append(_Idle(connection, self._now()))
                self._idle += 1
            else:
                await _close_all([connection])


class _Stream(httpx.AsyncByteStream):
    """An answer's body that gives its connection back when it is closed."""

    def __init__(self, inner: httpx.AsyncByteStream, give_back: Callable[[_Stream], object]) -> None:
        self.is_complete = False
        self._inner = inner
        self._give_back: Callable[[_Stream], object] | None = give_back

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            yield chunk
        self.is_complete = True

    async def aclose(self) -> None:
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            await give_back(self)  # type: ignore[misc]

    @property
    def has_leftover(self) -> bool:
        """Whether bytes lie behind the announced end: the next call would take them for its own answer.

        httpcore does not say, so its parser is asked; one that cannot be found counts as having some.
        """
        connection: object = self._inner
        for name in ("_httpcore_stream", "_stream", "_connection"):
            connection = getattr(connection, name, None)
        parser = getattr(connection, "_h11_state", None)
        return parser is None or bool(parser.trailing_data[0])

    async def close_inner(self) -> None:
        await self._inner.aclose()


async def _close_all(connections: list[httpx.AsyncBaseTransport]) -> None:
    """Close connections, also while being cancelled; one that does not close in time is dropped."""
    for connection in connections:
        with anyio.CancelScope(shield=True), anyio.move_on_after(_CLOSE_S):
            await connection.aclose()


def single_connection(url: httpx.URL, *, idle_s: float) -> httpx.AsyncBaseTransport:
    """Make a transport that holds one connection, through the proxy the environment names for *url*."""
    proxy = _proxy_for(url)
    needs_tls = url.scheme == "https" or (proxy or "").startswith("https")
    return httpx.AsyncHTTPTransport(
        verify=_tls_context() if needs_tls else _no_tls_context(),
        proxy=proxy,
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=idle_s),
    )


def _proxy_for(url: httpx.URL) -> str | None:
    """``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``: httpx leaves them to us here."""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(url.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


@functools.cache
def _tls_context() -> ssl.SSLContext:
    """One for the process: loading the certificates takes 20 ms. Honours ``SSL_CERT_FILE``."""
    return httpx.create_ssl_context()


@functools.cache
def _no_tls_context() -> ssl.SSLContext:
    """For plain HTTP, where none is used; trusts nobody, should that ever change."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
