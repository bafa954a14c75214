"""The one owner of the httpx client: sends calls, repeats what may be repeated, keeps deadlines."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit

import anyio
import httpx

from audiokit._config import (
    DEFAULT_BASE_URLS,
    ENVIRONMENT_KEYS,
    ApiAccess,
    Limits,
    Login,
    RetryPolicy,
    Timeouts,
)
from audiokit.errors import (
    CallTimeout,
    ConnectionFailed,
    ConnectionLost,
    MissingCredentials,
    OutcomeUnknown,
    UploadInterrupted,
    UsageError,
)
from audiokit.transport import _download
from audiokit.transport._auth import SessionAuth, auth_for, session_id_of
from audiokit.transport._call import Body, Call, Reply, Retry
from audiokit.transport._errors import NEVER_REPEATED, error_for, outcome_of
from audiokit.transport._pool import ConnectionPool
from audiokit.transport._retry import Outcome, may_repeat, next_wait, outcome_of_status, parse_retry_after
from audiokit.typing import Clock, ProgressCallback

logger = logging.getLogger("audiokit.transport")

_MAX_REDIRECTS: Final = 5
_CLOSE_S: Final = 5.0

T = TypeVar("T")


class SystemClock:
    """The event loop's own time."""

    def monotonic(self) -> float:
        """Seconds on the loop's clock."""
        return anyio.current_time()

    async def sleep(self, seconds: float, /) -> None:
        """Wait."""
        await anyio.sleep(seconds)


class StreamReply:
    """An answer whose body has not been read yet."""

    def __init__(self, response: httpx.Response, call: Call, attempts: int) -> None:
        self._response = response
        self._call = call
        self._attempts = attempts
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.url = str(response.url)

    @property
    def size_bytes(self) -> int | None:
        """Length of the body as announced, or None when it is not (or is compressed)."""
        value = self.headers.get("content-length", "")
        is_plain = value.isascii() and value.isdecimal() and not self.headers.get("content-encoding")
        return int(value) if is_plain else None

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, decompressed.

        Raises:
            ConnectionLost: It stopped before its end; the call is safe to repeat.
            OutcomeUnknown: It stopped before its end, and a repeat could do the work twice.
        """
        try:
            async for chunk in self._response.aiter_bytes():
                yield chunk
        except httpx.RequestError as error:
            raise error_for(error, self._call, attempts=self._attempts) from error

    async def read(self, limit_bytes: int) -> bytes:
        """At most *limit_bytes* of the body, for error messages."""
        parts: list[bytes] = []
        seen = 0
        async for chunk in self.chunks():
            parts.append(chunk)
            seen += len(chunk)
            if seen >= limit_bytes:
                break
        return b"".join(parts)[:limit_bytes]


class Transport:
    """Sends calls to the APIs it was given access to.

    Constructing does no I/O; use it as an async context manager, once.
    """

    def __init__(
        self,
        access: Mapping[str, ApiAccess],
        *,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.timeouts = timeouts or Timeouts()
        self.clock: Clock = clock or SystemClock()
        self._access = dict(access)
        self._limits = limits or Limits()
        self._retry = retry or RetryPolicy()
        self._auth = {api: auth_for(api, one) for api, one in self._access.items()}
        self._uploads = anyio.Semaphore(int(self._limits.uploads))
        self._client: httpx.AsyncClient | None = None
        self._closed = False

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open" if self._client else "not opened"
        return f"<Transport {state}, APIs: {', '.join(sorted(self._access))}>"

    async def __aenter__(self) -> Self:
        if self._closed or self._client is not None:
            raise UsageError("a client can be opened only once; make a new one")
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(self.timeouts.stall_s, connect=self.timeouts.connect_s, pool=None),
            transport=ConnectionPool(self._limits),
            headers={"user-agent": "audiokit", "accept": "*/*"},
            # A jar that takes nothing: sessions belong to credentials, not to the process.
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections; further calls raise `UsageError`."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            with anyio.CancelScope(shield=True), anyio.move_on_after(5):
                await client.aclose()

    def base_url(self, api: str) -> str:
        """Root URL of *api*, without a slash at the end."""
        return self._access[api].base_url

    def adopt_session(self, api: str, reply: Reply, csrf_token: str) -> bool:
        """Use the session that a login's *reply* set; False when it set none."""
        session_id = session_id_of(httpx.Headers(reply.headers))
        if session_id is None:
            return False
        access = self._access[api]
        login = access.credentials if isinstance(access.credentials, Login) else None
        self._auth[api] = SessionAuth(access.base_url, login, session=(session_id, csrf_token))
        return True

    def forget_session(self, api: str) -> None:
        """Go back to the credentials the client was made with."""
        self._auth[api] = auth_for(api, self._access[api])

    async def fetch(self, call: Call) -> Reply:
        """Send *call* and read the answer, whatever its status.

        Raises:
            TransportError: No complete answer arrived; the subclass tells what is known.
            UsageError: The client is not open.
            MissingCredentials: No credentials were given for the API.
        """

        async def read(reply: StreamReply) -> Reply:
            content = bytearray()
            try:
                async for chunk in reply.chunks():
                    content += chunk
            except (ConnectionLost, OutcomeUnknown):
                if reply.status < 400:
                    raise
                # The answer is no, however much of the reason arrived.
            return Reply(status=reply.status, headers=reply.headers, content=bytes(content))

        is_file = call.body is not None and call.body.is_file
        return await self._perform(call, read, limit_s=math.inf if is_file else self.timeouts.call_s)

    async def download(
        self,
        call: Call,
        target: _download.Target,
        *,
        check: _download.StatusCheck,
        on_progress: ProgressCallback | None = None,
    ) -> Path:
        """Save the answer to a file: to a temporary name first, renamed when complete.

        A body that breaks off is asked for again, as often as the retry policy allows.

        Args:
            call: A GET.
            target: Where to, and under which name.
            check: Called with the answer's head; raises for an error status.
            on_progress: Called after each chunk.

        Returns:
            The file's path.
        """

        async def save(reply: StreamReply) -> Path:
            await check(reply)
            return await _download.save(
                reply.chunks(),
                target,
                headers=reply.headers,
                url=reply.url,
                size_bytes=reply.size_bytes,
                on_progress=on_progress,
            )

        return await self._perform(call, save, limit_s=math.inf)

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncGenerator[StreamReply]:
        """Send *call* and give the answer as soon as its head is there.

        A `timeout_s` of the call covers the body too; the answer is closed on leaving. What
        breaks off after the head is not repeated: the caller has seen a part of it.
        """
        tries = _Attempts()
        limit = math.inf if call.timeout_s is None else call.timeout_s
        with anyio.move_on_after(limit) as scope:
            response = await self._send(call, tries)
            try:
                yield StreamReply(response, call, tries.count)
            finally:
                await _close(response)
        if scope.cancelled_caught:
            raise _out_of_time(call, limit, tries)

    async def _perform(
        self, call: Call, consume: Callable[[StreamReply], Awaitable[T]], *, limit_s: float
    ) -> T:
        """Send *call* and consume the answer, both again where that is allowed, within one limit.

        *limit_s* holds where the call has none of its own; files take as long as they take,
        and `Timeouts.stall_s` ends those that hang.
        """
        tries = _Attempts()
        limit = limit_s if call.timeout_s is None else call.timeout_s
        with anyio.move_on_after(limit):
            async with AsyncExitStack() as stack:
                if call.body is not None and call.body.is_file:
                    await stack.enter_async_context(self._uploads)
                stack.push_async_callback(tries.close_body)
                while True:
                    response = await self._send(call, tries)
                    try:
                        return await consume(StreamReply(response, call, tries.count))
                    except (ConnectionLost, OutcomeUnknown) as error:
                        wait = self._wait_after(call, tries, Outcome.UNKNOWN, error.__cause__, None)
                        if wait is None:
                            raise
                    finally:
                        await _close(response)
                    await self.clock.sleep(wait)
        raise _out_of_time(call, limit, tries)

    async def _send(self, call: Call, tries: _Attempts) -> httpx.Response:
        """Attempts with waits between them; gives the answer back unread."""
        while True:
            tries.count += 1
            await tries.close_body()
            retry_after: float | None = None
            failure: httpx.RequestError | None = None
            response: httpx.Response | None = None
            try:
                response = await self._attempt(call, tries)
            except httpx.RequestError as error:
                failure, outcome = error, outcome_of(error)
            else:
                outcome = outcome_of_status(response.status_code)
                retry_after = parse_retry_after(response.headers.get("retry-after"))
            wait = self._wait_after(call, tries, outcome, failure, retry_after)
            if wait is None:
                if response is not None:
                    return response
                assert failure is not None  # noqa: S101 - one of the two was set
                raise error_for(failure, call, attempts=tries.count) from failure
            if response is not None:
                await _close(response)
            logger.info(
                "%s: attempt %d ended with %s, next in %.2f s",
                call.operation,
                tries.count,
                outcome.name,
                wait,
            )
            await self.clock.sleep(wait)

    def _wait_after(
        self,
        call: Call,
        tries: _Attempts,
        outcome: Outcome,
        failure: BaseException | None,
        retry_after: float | None,
    ) -> float | None:
        """Seconds until the next attempt, or None when there shall be none."""
        is_spent = tries.body_opened and call.body is not None and not call.body.is_replayable
        if is_spent or isinstance(failure, NEVER_REPEATED) or not may_repeat(outcome, call.retry):
            return None
        return next_wait(self._retry, attempt=tries.count, retry_after=retry_after)

    async def _attempt(self, call: Call, tries: _Attempts) -> httpx.Response:
        client = self._open_client()
        url = (
            call.url
            if call.url.startswith(("http://", "https://"))
            else self._access[call.api].base_url + call.url
        )
        method = call.method
        query: Any = list(call.query) or None
        hops = 0
        while True:
            trusted = self._is_own_origin(call, url)
            content = await _content(call.body, tries)
            try:
                request = client.build_request(
                    method, url, params=query, headers=self._headers(call, with_own=trusted), content=content
                )
            except (httpx.InvalidURL, ValueError) as error:
                raise _unusable(call, url) from error
            auth = self._auth_of(call) if call.authorise and trusted else None
            response = await client.send(request, stream=True, auth=auth)
            if method != "GET" or not response.has_redirect_location:
                return response
            await _close(response)
            hops += 1
            if hops > _MAX_REDIRECTS:
                raise httpx.TooManyRedirects(f"more than {_MAX_REDIRECTS} redirects", request=request)
            url, query = str(response.next_request.url) if response.next_request else url, None

    def _open_client(self) -> httpx.AsyncClient:
        if self._client is None:
            raise UsageError(
                "the client is closed; make a new one"
                if self._closed
                else "the client is not open: use it inside `async with AudioKit(...) as kit:`"
            )
        return self._client

    def _auth_of(self, call: Call) -> httpx.Auth:
        auth = self._auth.get(call.api)
        if auth is None:
            name = ENVIRONMENT_KEYS[call.api][0]
            raise MissingCredentials(
                f"no credentials for {call.api}: set {name}, or pass {call.api}=... to AudioKit"
                + (" (a key or a Login)" if call.api == "respeecher" else "")
            )
        return auth

    def _is_own_origin(self, call: Call, url: str) -> bool:
        """Whether *url* belongs to the API, so that its credentials may go there."""
        try:
            return _origin(url) == _origin(self._access[call.api].base_url)
        except ValueError as error:
            raise _unusable(call, url) from error

    def _headers(self, call: Call, *, with_own: bool) -> dict[str, str]:
        headers = dict(call.headers) if with_own or not call.authorise else {}
        if call.body is not None:
            if call.body.content_type:
                headers["content-type"] = call.body.content_type
            if call.body.size_bytes is not None:
                headers["content-length"] = str(call.body.size_bytes)
        return headers


class _Attempts:
    """What has been tried so far, for messages and for bodies that can be sent once."""

    def __init__(self) -> None:
        self.count = 0
        self.body_opened = False
        self.maybe_sent = False
        self._body: AsyncGenerator[bytes] | None = None

    def watch(self, body: Body) -> AsyncIterator[bytes]:
        """The bytes of a file, noting that they are on the way."""
        self._body = _watched(body, self)
        return self._body

    async def close_body(self) -> None:
        """Close what was left unread of the body of the last attempt, and with it its file."""
        body, self._body = self._body, None
        if body is not None:
            with anyio.CancelScope(shield=True), anyio.move_on_after(_CLOSE_S):
                await body.aclose()


async def _close(response: httpx.Response) -> None:
    """Give the connection back, or drop it, also while being cancelled."""
    with anyio.CancelScope(shield=True), anyio.move_on_after(_CLOSE_S):
        await response.aclose()


def _out_of_time(call: Call, limit_s: float, tries: _Attempts) -> CallTimeout:
    is_harmless = call.retry is Retry.SAFE or not tries.maybe_sent
    return CallTimeout(
        f"{call.operation}: no complete answer within {limit_s:g} s "
        f"({tries.count} attempt{'s' if tries.count != 1 else ''}); raise `timeout` or call again"
        + ("" if is_harmless else " after looking up what it made"),
        operation=call.operation,
        timeout_s=limit_s,
        attempts=tries.count,
        maybe_sent=tries.maybe_sent,
    )


def _unusable(call: Call, url: str) -> ConnectionFailed:
    return ConnectionFailed(
        f"{call.operation}: the API gave a URL that cannot be used: {url[:200]!r}; nothing was sent",
        operation=call.operation,
        attempts=0,
    )


async def _content(body: Body | None, tries: _Attempts) -> bytes | AsyncIterator[bytes] | None:
    if body is None:
        tries.maybe_sent = True
        return None
    if not body.is_file:
        tries.maybe_sent = True
        return b"".join([chunk async for chunk in body.open()])
    return tries.watch(body)


async def _watched(body: Body, tries: _Attempts) -> AsyncGenerator[bytes]:
    """The body, noting that its bytes are on the way."""
    tries.body_opened = tries.maybe_sent = True
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


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port


__all__ = ["DEFAULT_BASE_URLS", "StreamReply", "SystemClock", "Transport"]
