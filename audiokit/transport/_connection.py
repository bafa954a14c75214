"""Makes single connections: our own HTTP/1.1 where possible, httpx's where it knows a way that we do not."""

from __future__ import annotations

import asyncio
import functools
import ssl
import sys
from collections.abc import AsyncIterator
from typing import Any, Protocol

import anyio
import anyio.to_thread
import httpx

from audiokit.errors import InvalidRequest, UsageError
from audiokit.transport._hush import hush
from audiokit.transport._origin import port_of
from audiokit.transport._paced import exchange_in_pace, in_pace
from audiokit.transport._proxies import proxy_for
from audiokit.transport._wire import Pace, Wire, connect, scratch_memory


class Connection(Protocol):
    """One connection, one request at a time."""

    @property
    def is_reusable(self) -> bool:
        """Whether another request may go over it, now that the last answer's stream is closed."""
        ...

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """Send *request* and give the answer unread; raises httpx's errors."""
        ...

    async def aclose(self) -> None:
        """Close it; whoever waits for it gets an error."""
        ...


class Connector:
    """Makes connections, all in one event loop.

    Args:
        tls: A context, or the path of a PEM file of authorities; the usual ones by default.
        proxy: URL of a proxy for everything; by default what the environment names.
        idle_s: Seconds an idle connection may be kept.
    """

    def __init__(
        self, *, tls: ssl.SSLContext | str | None = None, proxy: str | None = None, idle_s: float = 5.0
    ) -> None:
        self._tls = tls
        self._loading = anyio.Lock()
        self._proxy = proxy
        self._idle_s = idle_s
        self._scratch = scratch_memory()

    async def make(self, url: httpx.URL) -> Connection:
        """Make a connection for *url*, which connects when it is first used.

        Proxies and Windows (whose event loop cannot watch sockets) are left to httpx, and so are
        requests that a test intercepts.

        Raises:
            httpx.UnsupportedProtocol: It is no http or https URL with a host.
            InvalidRequest: The authorities cannot be read, or the environment names a proxy that is none.
            UsageError: It is a SOCKS proxy, and what speaks with those is not installed.
        """
        if url.scheme not in {"http", "https"} or not url.host:
            raise httpx.UnsupportedProtocol(f"no http or https URL with a host: {url.scheme}://{url.host}")
        proxy = self._proxy or proxy_for(url)
        if proxy or sys.platform == "win32" or is_intercepted():
            return HttpxConnection(await self._made_by_httpx(url, proxy))
        # Here, because h11 takes as long to load as a tenth of httpx; an AudioKit loads it when it is opened.
        from audiokit.transport._http11 import Http11Connection  # noqa: PLC0415

        return Http11Connection(self._connect)

    async def _connect(self, request: httpx.Request) -> Wire:
        """Connect for *request*; name, address and TLS together take the connect timeout at most."""
        url = request.url
        limit: float | None = request.extensions.get("timeout", {}).get("connect")
        port = port_of(url)
        try:
            async with asyncio.timeout(limit):
                host = url.raw_host.decode("ascii").strip("[]")
                if url.scheme == "http":
                    return await connect(host, port, self._scratch)
                context = await self._trust()
                wire = await connect(host, port, self._scratch)
                try:
                    await wire.start_tls(context, host)
                except BaseException:
                    wire.close()
                    raise
                return wire
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"no connection within {limit} s") from error
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error

    async def _made_by_httpx(self, url: httpx.URL, proxy: str | None) -> httpx.AsyncBaseTransport:
        needs_tls = url.scheme == "https" or (proxy or "").startswith("https")
        one = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=self._idle_s)
        context = await self._trust() if needs_tls else _no_tls()
        try:
            return httpx.AsyncHTTPTransport(verify=context, proxy=proxy, limits=one)
        except ImportError:
            raise UsageError("a SOCKS proxy needs one more package: pip install 'httpx[socks]'") from None

    async def _trust(self) -> ssl.SSLContext:
        """Whom to trust; read from the disk when first needed, off the loop, once."""
        if isinstance(self._tls, ssl.SSLContext):
            return self._tls
        async with self._loading:
            if isinstance(self._tls, str):
                self._tls = await anyio.to_thread.run_sync(_tls_from, self._tls)
            elif self._tls is None:
                self._tls = await anyio.to_thread.run_sync(default_tls)
            return self._tls


class HttpxConnection:
    """A transport of httpx that holds one connection."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        hush()
        self._transport = transport
        self.is_reusable = False

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """As httpx's transport, in the pace asked for; notes whether the answer is read to its end."""
        self.is_reusable = False
        send = self._transport.handle_async_request
        response = await exchange_in_pace(send, request, is_traced=not is_intercepted())
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - what async transports give
        pace = Pace.of(request.extensions, "read")
        response.stream = _Noted(response.stream, self, pace, _tls_below(response))
        return response

    async def aclose(self) -> None:
        """Close it."""
        await self._transport.aclose()


class _Noted(httpx.AsyncByteStream):
    def __init__(
        self,
        inner: httpx.AsyncByteStream,
        connection: HttpxConnection,
        pace: Pace,
        tls: ssl.SSLObject | None,
    ) -> None:
        self._inner = inner
        self._tls = tls
        self._pace = pace
        self._connection = connection
        self._is_complete = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in in_pace(self._inner, self._pace):
            yield chunk
        self._is_complete = True

    async def aclose(self) -> None:
        is_clean = self._is_complete and not self._has_leftover()
        await self._inner.aclose()
        self._connection.is_reusable = is_clean

    def _has_leftover(self) -> bool:
        """Whether bytes lie behind the announced end: the next call would take them for its own answer.

        httpcore does not say, so its parser is asked; one that cannot be found counts as having some.
        """
        connection: object = self._inner
        for name in ("_httpcore_stream", "_stream", "_connection"):
            connection = getattr(connection, name, None)
        parser = getattr(connection, "_h11_state", None)
        if parser is None or parser.trailing_data[0]:
            return True
        return self._tls is not None and _holds_more(self._tls)


def _tls_below(response: httpx.Response) -> ssl.SSLObject | None:
    stream = response.extensions.get("network_stream")
    return None if stream is None else stream.get_extra_info("ssl_object")


def _holds_more(tls: ssl.SSLObject) -> bool:
    """Whether something has left the socket and was not read yet; it is taken out, and belongs to nothing."""
    try:
        tls.read(1)
    except ssl.SSLError as error:
        return not isinstance(error, ssl.SSLWantReadError)
    return True


def is_intercepted() -> bool:
    """Whether a test, e.g. with respx, has put something in the place of httpcore's method.

    httpcore itself is not imported for it: that costs 20 ms, and httpx does it when it is needed.
    """
    httpcore: Any = sys.modules.get("httpcore")
    if httpcore is None:
        return False
    sending = httpcore.AsyncConnectionPool.handle_async_request
    return not str(getattr(sending, "__module__", "")).startswith("httpcore.")


@functools.cache
def default_tls() -> ssl.SSLContext:
    """One for the process: loading the certificates takes 20 ms. Honours ``SSL_CERT_FILE``."""
    return httpx.create_ssl_context()


def _tls_from(path: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise InvalidRequest(
            f"tls: cannot read certificates from {path!r}: {error}; give a PEM file",
            field="tls",
            value=path,
        ) from error


@functools.cache
def _no_tls() -> ssl.SSLContext:
    """For plain HTTP, where none is used; trusts nobody, should that ever change."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
