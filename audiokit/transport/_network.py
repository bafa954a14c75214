"""How to reach the APIs: settings, and the caller's own httpx client or transport in place of the pool."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import attrs
import httpx

from audiokit.errors import InvalidRequest, UsageError
from audiokit.transport._hush import hush
from audiokit.transport._paced import exchange_in_pace, in_pace
from audiokit.transport._pool import HeldStream
from audiokit.transport._proxies import checked
from audiokit.transport._wire import Pace
from audiokit.typing import StrPath

HttpClient: TypeAlias = httpx.AsyncClient | httpx.AsyncBaseTransport


def _tls(value: ssl.SSLContext | StrPath | None) -> ssl.SSLContext | str | None:
    if value is None or isinstance(value, ssl.SSLContext):
        return value
    if isinstance(value, str | os.PathLike):
        return os.fspath(value)
    raise InvalidRequest.of("tls", type(value).__name__, "an ssl.SSLContext or the path of a PEM file")


def _usable_client(_: object, __: object, value: Any) -> None:
    if value is not None and not isinstance(value, httpx.AsyncClient | httpx.AsyncBaseTransport):
        raise InvalidRequest.of(
            "http", type(value).__name__, "an httpx.AsyncClient or httpx.AsyncBaseTransport"
        )


def _usable_proxy(_: object, __: object, value: str | None) -> None:
    if value is not None:
        checked(value if isinstance(value, str) else "", where="Network(proxy=...)")


@attrs.frozen(kw_only=True)
class Network:
    """How to reach the APIs; the defaults need nothing.

    Attributes:
        tls: Whom to trust: a PEM file of authorities, or an `ssl.SSLContext` (with `load_cert_chain` it
            shows a certificate of its own). By default the usual authorities, or ``SSL_CERT_FILE``.
        proxy: URL of a proxy for everything. By default ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY``
            and ``NO_PROXY``. A SOCKS proxy needs ``httpx[socks]``.
        http: An `httpx.AsyncClient` or transport of your own, e.g. for HTTP/2 or over aiohttp. It is used
            as it is and never closed; its own credentials and redirects are left out. Mind that an httpx
            client logs each URL at INFO, and that URLs of files carry signatures.
    """

    tls: ssl.SSLContext | str | None = attrs.field(default=None, converter=_tls)
    proxy: str | None = attrs.field(default=None, repr=False, validator=_usable_proxy)
    http: HttpClient | None = attrs.field(default=None, validator=_usable_client)

    def __attrs_post_init__(self) -> None:
        if self.http is not None and (self.tls or self.proxy):
            raise InvalidRequest(
                "http= brings its own tls and proxy: set them on the httpx client, or leave http out",
                field="http",
                value=type(self.http).__name__,
            )


class Injected:
    """What the caller brought, in place of the pool."""

    def __init__(self, http: HttpClient) -> None:
        hush()
        self._http = _without_jar(http) if isinstance(http, httpx.AsyncClient) else http

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """Send, without the client's own credentials, cookies and redirects; raises httpx's errors."""
        if isinstance(self._http, httpx.AsyncClient) and self._http.is_closed:
            raise UsageError(
                "the httpx.AsyncClient of Network(http=...) is closed; "
                "close it after the AudioKit that uses it, or make both anew"
            )
        response = await exchange_in_pace(self._send, request)
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - what async transports give
        # A new one, because what a mock gives is read and closed already, which would hide its closing here.
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=HeldStream(_Paced(response.stream, Pace.of(request.extensions, "read"))),
            extensions=response.extensions,
        )

    async def _send(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self._http, httpx.AsyncClient):
            return await self._http.send(request, stream=True, auth=None, follow_redirects=False)
        return await self._http.handle_async_request(request)

    async def aclose(self) -> None:
        """It is the caller's to close."""


def _without_jar(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same client, with all that it has and does, but its cookie jar: sessions must not get there.

    httpx puts the cookies of each answer into the jar, and has no way to say no. Taking them out afterwards
    would take out those that the caller's own calls have set meanwhile.
    """
    kind = type(client)
    changes = {
        "cookies": property(lambda _: httpx.Cookies()),
        "__del__": lambda _: None,  # some close themselves there, and the client goes on without us
    }
    view: httpx.AsyncClient = object.__new__(type(kind.__name__, (kind,), changes))
    # One state: open or closed, hooks, whatever it counts. Set past what the class itself does when set.
    object.__setattr__(view, "__dict__", client.__dict__)
    return view


class _Paced(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, pace: Pace) -> None:
        self._inner = inner
        self._pace = pace

    def __aiter__(self) -> AsyncIterator[bytes]:
        return in_pace(self._inner, self._pace)

    async def aclose(self) -> None:
        await self._inner.aclose()
