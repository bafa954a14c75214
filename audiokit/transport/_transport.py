"""Calls from start to end: repeats what may be repeated, keeps deadlines, lets so many uploads through."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import anyio
import attrs
import httpx

from audiokit._config import (
    ApiAccess,
    Limits,
    RetryPolicy,
    Timeouts,
)
from audiokit.errors import (
    CallTimeout,
    ConnectionLost,
    OutcomeUnknown,
)
from audiokit.transport import _download
from audiokit.transport._call import Call, Reply, Retry
from audiokit.transport._errors import NEVER_REPEATED, error_for, outcome_of
from audiokit.transport._retry import Outcome, may_repeat, next_wait, outcome_of_status, parse_retry_after
from audiokit.transport._sender import Attempts, Sender, close
from audiokit.typing import Clock, ProgressCallback

logger = logging.getLogger("audiokit.transport")

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
        self._place = response.url.host

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
            raise error_for(error, self._call, attempts=self._attempts, place=self._place) from error

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
        limits = limits or Limits()
        self._retry = retry or RetryPolicy()
        self._sender = Sender(access, self.timeouts, limits)
        self._uploads = anyio.Semaphore(int(limits.uploads))

    def __repr__(self) -> str:
        return f"<Transport {self._sender.state}, APIs: {', '.join(self._sender.apis)}>"

    async def __aenter__(self) -> Self:
        self._sender.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections; further calls raise `UsageError`."""
        await self._sender.aclose()

    def adopt_session(self, api: str, reply: Reply, csrf_token: str) -> bool:
        """Use the session that a login's *reply* set; False when it set none."""
        return self._sender.adopt_session(api, reply, csrf_token)

    def forget_session(self, api: str) -> None:
        """Go back to the credentials the client was made with."""
        self._sender.forget_session(api)

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

        # Audio does not compress, and only a plain body says its size.
        plain = attrs.evolve(call, accept_encoding="identity")
        return await self._perform(plain, save, limit_s=math.inf)

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncGenerator[StreamReply]:
        """Send *call* and give the answer as soon as its head is there.

        A `timeout_s` of the call covers the body too; the answer is closed on leaving. What
        breaks off after the head is not repeated: the caller has seen a part of it.
        """
        tries = Attempts()
        limit = math.inf if call.timeout_s is None else call.timeout_s
        with anyio.move_on_after(limit) as scope:
            response = await self._send(call, tries)
            try:
                yield StreamReply(response, call, tries.count)
            finally:
                await close(response)
        if scope.cancelled_caught:
            raise _out_of_time(call, limit, tries)

    async def _perform(
        self, call: Call, consume: Callable[[StreamReply], Awaitable[T]], *, limit_s: float
    ) -> T:
        """Send *call* and consume the answer, both again where that is allowed, within one limit.

        *limit_s* holds where the call has none of its own; files take as long as they take,
        and `Timeouts.stall_s` ends those that hang.
        """
        tries = Attempts()
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
                        await close(response)
                    await self.clock.sleep(wait)
        raise _out_of_time(call, limit, tries)

    async def _send(self, call: Call, tries: Attempts) -> httpx.Response:
        """Attempts with waits between them; gives the answer back unread."""
        while True:
            tries.count += 1
            await tries.close_body()
            retry_after: float | None = None
            failure: httpx.RequestError | None = None
            response: httpx.Response | None = None
            try:
                response = await self._sender.send(call, tries)
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
                raise error_for(failure, call, attempts=tries.count, place=tries.place) from failure
            if response is not None:
                await close(response)
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
        tries: Attempts,
        outcome: Outcome,
        failure: BaseException | None,
        retry_after: float | None,
    ) -> float | None:
        """Seconds until the next attempt, or None when there shall be none."""
        is_spent = tries.body_opened and call.body is not None and not call.body.is_replayable
        if is_spent or isinstance(failure, NEVER_REPEATED) or not may_repeat(outcome, call.retry):
            return None
        return next_wait(self._retry, attempt=tries.count, retry_after=retry_after)


def _out_of_time(call: Call, limit_s: float, tries: Attempts) -> CallTimeout:
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
