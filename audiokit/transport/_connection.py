"""Makes single connections: our own HTTP/1.1 where possible, httpx's where it knows a way that we do not."""

from __future__ import annotations

import asyncio
import functools
import logging
import ssl
import sys
import urllib.request
from collections.abc import AsyncIterator
from typing import Any, Final, Protocol

import anyio
import anyio.to_thread
import httpx

from audiokit.errors import InvalidRequest
from audiokit.transport._wire import Wire, connect, scratch_memory

_TALKATIVE: Final = ("httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy")


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
            InvalidRequest: The authorities cannot be read.
        """
        if url.scheme not in {"http", "https"} or not url.host:
            raise httpx.UnsupportedProtocol(f"no http or https URL with a host: {url.scheme}://{url.host}")
        proxy = self._proxy or _proxy_for(url)
        if proxy or sys.platform == "win32" or is_intercepted():
            return HttpxConnection(await self._made_by_httpx(url, proxy))
        # Here, because h11 takes as long to load as a tenth of httpx; an AudioKit loads it when it is opened.
        from audiokit.transport._http11 import Http11Connection  # noqa: PLC0415

        return Http11Connection(self._connect)

    async def _connect(self, request: httpx.Request) -> Wire:
        """Connect for *request*; name, address and TLS together take the connect timeout at most."""
        url = request.url
        limit: float | None = request.extensions.get("timeout", {}).get("connect")
        port = url.port or (443 if url.scheme == "https" else 80)
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
        return httpx.AsyncHTTPTransport(verify=context, proxy=proxy, limits=one)

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
        _hush()
        self._transport = transport
        self.is_reusable = False

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """As httpx's transport, noting whether the answer is read to its end."""
        self.is_reusable = False
        response = await self._transport.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - what async transports give
        response.stream = _Noted(response.stream, self)
        return response

    async def aclose(self) -> None:
        """Close it."""
        await self._transport.aclose()


class _Noted(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, connection: HttpxConnection) -> None:
        self._inner = inner
        self._connection = connection
        self._is_complete = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
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
        return parser is None or bool(parser.trailing_data[0])


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
def _hush() -> None:
    """Keep headers out of httpcore's debug log: it prints what servers set, session cookies too."""

    def cut(record: logging.LogRecord) -> bool:
        record.msg, record.args = str(record.msg).partition(" ")[0], None
        return True

    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(cut)


def _proxy_for(url: httpx.URL) -> str | None:
    """``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``: httpx leaves them to us here."""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(url.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


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
