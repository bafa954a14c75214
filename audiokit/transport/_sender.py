"""One attempt: build the request, sign it where it may be signed, send it over a connection.

There is no httpx client in between unless the caller brings one: a client logs every URL, and URLs here
carry signatures and listeners' data; its cookies would mix accounts; and it costs CPU per request.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from typing import Any, Final

import anyio
import httpx

from audiokit._config import ENVIRONMENT_KEYS, ApiAccess, Limits, Login, Timeouts
from audiokit.errors import (
    ConnectionFailed,
    MissingCredentials,
    UnexpectedResponse,
    UploadInterrupted,
    UsageError,
)
from audiokit.transport._auth import KeyAuth, SessionAuth, auth_for, session_id_of, usable_session
from audiokit.transport._call import Body, Call, Reply
from audiokit.transport._chunks import Chunk, LentChunks
from audiokit.transport._connection import Connector
from audiokit.transport._network import Injected, Network
from audiokit.transport._origin import origin_of, origin_or_none
from audiokit.transport._pool import ConnectionPool, HeldStream

CLOSE_S: Final = 5.0
_MAX_REDIRECTS: Final = 5
_HEADERS: Final = {"accept": "*/*", "user-agent": "audiokit"}


class Attempts:
    """What has been tried so far, for messages and for bodies that can be sent once."""

    def __init__(self) -> None:
        self.count = 0
        self.is_begun = False
        """Whether a byte of the last attempt may have left, and the server may have acted on it."""
        self.place = "the API"
        self.body_opened = False
        self.body_ended = False
        self._was_begun = False
        self._body: AsyncGenerator[Chunk] | None = None

    @property
    def maybe_sent(self) -> bool:
        """Whether the server may have the call: from this attempt, or from one whose outcome is unknown."""
        return self.is_begun or self._was_begun

    def start(self) -> None:
        """Another attempt begins."""
        self.count += 1
        self._was_begun = self.maybe_sent
        self.is_begun = False

    def begin(self) -> None:
        """The first byte of this attempt leaves."""
        self.is_begun = True

    def refused(self) -> None:
        """The server has certainly done nothing of what left with this attempt."""
        self.is_begun = False

    def watch(self, body: Body) -> AsyncIterator[Chunk]:
        """The bytes of a file, noting that they are on the way."""
        self._body = _watched(body, self)
        return self._body

    async def close_body(self) -> None:
        """Close what was left unread of the body of the last attempt, and with it its file."""
        body, self._body = self._body, None
        if body is not None:
            with anyio.move_on_after(CLOSE_S, shield=True):
                await body.aclose()


class Sender:
    """Owns the connections and the credentials; sends, and follows redirects of GETs."""

    def __init__(
        self, access: Mapping[str, ApiAccess], timeouts: Timeouts, limits: Limits, network: Network
    ) -> None:
        self._access = dict(access)
        self._limits = limits
        self._network = network
        self._auth: dict[str, KeyAuth | SessionAuth | None] = {
            api: auth_for(api, one) for api, one in self._access.items()
        }
        timeout = httpx.Timeout(timeouts.stall_s, connect=timeouts.connect_s, pool=None)
        self._extensions = {
            "timeout": timeout.as_dict(),
            "least_bytes_per_s": timeouts.least_bytes_per_s,
        }
        # Fast: a free place needs no pass of the event loop.
        self._gate = anyio.Semaphore(limits.connections, fast_acquire=True)
        self._passing_secrets: list[str] = []
        self._connections: ConnectionPool | Injected | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0
        self._closed = False

    @property
    def state(self) -> str:
        """For reprs."""
        return "closed" if self._closed else "open" if self._connections else "not opened"

    @property
    def apis(self) -> list[str]:
        """Names of the APIs it has access to."""
        return sorted(self._access)

    def open(self) -> None:
        """Get ready, for the event loop that runs now."""
        if self._closed or self._connections is not None:
            raise UsageError("a client can be opened only once; make a new one")
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()
        network = self._network
        if network.http is not None:
            self._connections = Injected(network.http)
        else:
            connector = Connector(tls=network.tls, proxy=network.proxy, idle_s=self._limits.idle_s)
            self._connections = ConnectionPool(self._limits, connector.make)

    async def aclose(self) -> None:
        """Close all connections; further calls raise `UsageError`."""
        self._closed = True
        connections, self._connections = self._connections, None
        if connections is not None:
            await connections.aclose()

    def adopt_session(self, api: str, reply: Reply, csrf_token: str) -> bool:
        """Use the session that a login's *reply* set; False when it set none.

        Raises:
            UnexpectedResponse: No header can carry it.
        """
        session_id = session_id_of(httpx.Headers(reply.headers))
        if session_id is None:
            return False
        session = usable_session(session_id, csrf_token, status=reply.status)
        access = self._access[api]
        login = access.credentials if isinstance(access.credentials, Login) else None
        self._auth[api] = SessionAuth(access.base_url, login, session=session)
        return True

    def forget_session(self, api: str) -> None:
        """Go back to the credentials the client was made with."""
        self._auth[api] = auth_for(api, self._access[api])

    def secrets(self, api: str) -> list[str]:
        """What must not be shown: these credentials, the session that is used, what calls under way carry."""
        own, used = auth_for(api, self._access[api]), self._auth[api]
        kept = [secret for auth in (own, used) if auth is not None for secret in auth.secrets]
        return [*kept, *self._passing_secrets]

    @contextlib.contextmanager
    def hiding(self, secret: str) -> Generator[None]:
        """Count *secret*, which a call carries, among the `secrets` while the call is under way."""
        self._passing_secrets.append(secret)
        try:
            yield
        finally:
            self._passing_secrets.remove(secret)

    async def send(self, call: Call, tries: Attempts) -> httpx.Response:
        """Send once, as soon as there is a free place, and give the answer unread; raises httpx's errors."""
        self.check_open()
        # First, so that what waits costs little: thousands may.
        await self._gate.acquire()
        try:
            response = await self._follow(call, tries)
            assert isinstance(response.stream, HeldStream)  # noqa: S101 - what both ways of sending give
        except BaseException:
            self._gate.release()
            raise
        response.stream.on_close = self._gate.release
        return response

    async def _follow(self, call: Call, tries: Attempts) -> httpx.Response:
        url = call.url
        if not url[:8].lower().startswith(("http://", "https://")):
            # Always a slash in between: what followed the host directly would be part of it.
            url = f"{self._access[call.api].base_url}/{url.removeprefix('/')}"
        query: Any = list(call.query) or None
        hops = 0
        while True:
            trusted, tries.place = self._place(call, url)
            request = await self._request(call, url, query, tries, trusted=trusted)
            auth = self._auth_of(call) if call.authorise and trusted else None
            response = await self._exchange(request, auth, tries)
            if call.method != "GET" or not response.has_redirect_location:
                if tries.body_opened and not tries.body_ended and response.is_success:
                    await close(response)
                    raise httpx.WriteError("the answer came before all was sent")
                return response
            await close(response)
            hops += 1
            if hops > _MAX_REDIRECTS:
                raise httpx.TooManyRedirects(f"more than {_MAX_REDIRECTS} redirects")
            target = _joined(request.url, response.headers["location"])
            if target is None:
                raise _unusable(call, response.headers["location"])
            if call.body is not None and not self._place(call, target)[0]:
                raise _led_away(call, target, status=response.status_code)
            url, query = target, None

    async def _request(
        self, call: Call, url: str, query: Any, tries: Attempts, *, trusted: bool
    ) -> httpx.Request:
        own = {**_HEADERS, "accept-encoding": call.accept_encoding}
        headers = {**own, **(call.headers if trusted or not call.authorise else {})}
        if call.body is not None:
            if call.body.content_type:
                headers["content-type"] = call.body.content_type
            if call.body.size_bytes is not None:
                headers["content-length"] = str(call.body.size_bytes)
        content = await _content(call.body, tries)
        request: httpx.Request | None = None
        with contextlib.suppress(httpx.InvalidURL, ValueError):
            request = httpx.Request(
                call.method,
                _parsed(url) if trusted else url,
                params=query,
                headers=headers,
                content=LentChunks(content) if isinstance(content, AsyncIterator) else content,
                extensions={**self._extensions, "on_first_byte": tries.begin},
            )
        if request is None:
            raise _unusable(call, url)
        if isinstance(content, AsyncIterator):
            request.stream = LentChunks(content)  # httpx has wrapped it in a stream of its own
        return request

    async def _exchange(
        self, request: httpx.Request, auth: httpx.Auth | None, tries: Attempts
    ) -> httpx.Response:
        if auth is None:
            return await self._over(request)
        flow = auth.async_auth_flow(request)
        try:
            outgoing = await anext(flow)
            while True:
                response = await self._over(outgoing)
                try:
                    outgoing = await flow.asend(response)
                except StopAsyncIteration:
                    return response
                except BaseException:
                    await close(response)
                    raise
                # A flow goes on after a login, or because the API refused the call; what follows may be
                # lost, but then the call was not done.
                tries.refused()
                await close(response)
        finally:
            await flow.aclose()

    async def _over(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**self._extensions, **request.extensions}
        try:
            response = await self.check_open().exchange(request)
        except httpx.RequestError as error:
            error.request = None  # type: ignore[assignment]  # as unset: it is signed, and errors travel
            raise
        response.request = request
        return response

    def check_open(self) -> ConnectionPool | Injected:
        """What to send over; raises `UsageError` where the client cannot be used now."""
        if self._connections is None:
            raise UsageError(
                "the client is closed; make a new one"
                if self._closed
                else "the client is not open: use it inside `async with AudioKit(...) as kit:`"
            )
        if os.getpid() != self._process:
            raise UsageError("the client was opened before this process was forked; make one after the fork")
        if asyncio.get_running_loop() is not self._loop:
            raise UsageError("the client was opened in another event loop; make one for this loop")
        return self._connections

    def _auth_of(self, call: Call) -> httpx.Auth:
        auth = self._auth.get(call.api)
        if auth is None:
            name = ENVIRONMENT_KEYS[call.api][0]
            raise MissingCredentials(
                f"no credentials for {call.api}: set {name}, or pass {call.api}=... to AudioKit"
                + (" (a key or a Login)" if call.api == "respeecher" else "")
            )
        return auth

    def _place(self, call: Call, url: str) -> tuple[bool, str]:
        """Whether *url* belongs to the API, so that its credentials may go there; and ``host:port``."""
        base_url = self._access[call.api].base_url
        own = origin_of(base_url)
        # What begins with the base URL and a slash needs no parsing: its host and port end there.
        origin = own if url.startswith(f"{base_url}/") else origin_or_none(url)
        if origin is None:
            raise _unusable(call, url)
        return origin == own, f"{origin[1]}:{origin[2]}"


async def close(response: httpx.Response) -> None:
    """Give the connection back, or drop it, also while being cancelled."""
    if response.is_closed:  # reading it to the end has done it
        return
    with anyio.move_on_after(CLOSE_S, shield=True):
        await response.aclose()


def _unusable(call: Call, url: str) -> ConnectionFailed:
    """Raise it outside of handlers: what they have caught shows the URL, which may be signed."""
    return ConnectionFailed(
        f"{call.operation}: the URL cannot be used: {_shown(url)!r}; nothing was sent",
        operation=call.operation,
        attempts=0,
        method=call.method,
        path=call.path,
    )


def _led_away(call: Call, url: str, *, status: int) -> UnexpectedResponse:
    """A body goes to the API's own address only, as the key does; without it the call would be another."""
    return UnexpectedResponse(
        f"{call.operation}: HTTP {status}: the API sends this call on to {_shown(url)!r}, which is not its "
        "own address, so its body was not sent there; check the base URL, or call without a body",
        operation=call.operation,
        status=status,
        method=call.method,
        path=call.path,
    )


def _shown(url: str) -> str:
    """As much of a URL as tells where it leads: no query, no fragment, no password."""
    scheme, mark, rest = url.partition("?")[0].partition("#")[0].rpartition("://")
    return (scheme + mark + rest.rpartition("@")[2])[:200]


async def _content(body: Body | None, tries: Attempts) -> bytes | AsyncIterator[Chunk] | None:
    if body is not None and body.is_file:
        return tries.watch(body)
    return None if body is None else b"".join([chunk async for chunk in body.open()])


async def _watched(body: Body, tries: Attempts) -> AsyncGenerator[Chunk]:
    """The body, noting that its bytes are on the way."""
    tries.body_opened = True
    tries.body_ended = False
    sent = 0
    chunks = body.open()
    try:
        async for chunk in chunks:
            sent += len(chunk)
            yield chunk
    finally:
        await chunks.aclose()
    if body.size_bytes is not None and sent != body.size_bytes:
        raise UploadInterrupted(f"{sent} of {body.size_bytes} bytes were sent", operation="upload")
    tries.body_ended = True


@functools.lru_cache(maxsize=512)
def _parsed(url: str) -> httpx.URL:
    """Parsed once: work is looked at again and again, and parsing is a tenth of a small call."""
    return httpx.URL(url)


def _joined(url: httpx.URL, location: str) -> str | None:
    """Where a redirect leads; None for nowhere."""
    try:
        return str(url.join(location))
    except (httpx.InvalidURL, ValueError):
        return None
