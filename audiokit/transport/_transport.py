"""Calls from start to end: keeps deadlines, lets so many uploads through, reads the answers."""

from __future__ import annotations

import asyncio
import math
import time
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
import attrs
import httpx

from audiokit._config import (
    ApiAccess,
    Limits,
    RateClass,
    RetryPolicy,
    Timeouts,
)
from audiokit.errors import (
    ConnectionLost,
    DownloadFailed,
    OutcomeUnknown,
    TransportError,
)
from audiokit.transport._budget import RetryBudget
from audiokit.transport._call import Call, Reply
from audiokit.transport._call_state import CallState
from audiokit.transport._download import Download, NotYet, StatusCheck
from audiokit.transport._gate import Gate
from audiokit.transport._network import Network
from audiokit.transport._rate import PROCESS, RateLimiter, Windows, limiters
from audiokit.transport._repeater import Attempt, Repeater
from audiokit.transport._retry import AttemptOutcome
from audiokit.transport._secrets import hidden
from audiokit.transport._sender import Sender, close
from audiokit.transport._target import Target
from audiokit.transport._unpack import unpacked
from audiokit.typing import Clock, Hook, ProgressCallback

T = TypeVar("T")


class SystemClock:
    """The system's time, which is also the event loop's."""

    monotonic = staticmethod(time.monotonic)
    """Seconds since some moment; the function itself, because it is asked several times for each job."""

    async def sleep(self, seconds: float, /) -> None:
        """Wait."""
        await anyio.sleep(seconds)


async def _in_time(run: CallState, due_s: float | None, work: Awaitable[T]) -> T:
    """What *work* gives, if it does so before *due_s* of the loop's time; None is no limit."""
    # asyncio's, because anyio's scopes cost three times the objects, and thousands may wait here.
    deadline = asyncio.timeout_at(due_s)
    try:
        async with deadline:
            return await work
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise run.out_of_time() from error


class StreamReply:
    """An answer whose body has not been read yet: that has to be done before *due_s* of the loop's time."""

    def __init__(self, response: httpx.Response, run: CallState, *, due_s: float | None = None) -> None:
        self._response = response
        self._due_s = due_s
        self.run = run
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
            CallTimeout: It takes longer than the call may.
        """
        try:
            stream = self._response.stream
            assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101 - what both ways of sending give
            encoding = self.headers.get("content-encoding", "identity").strip()
            is_plain = encoding.lower() == "identity"
            chunks = aiter(stream) if is_plain else unpacked(aiter(stream), encoding)
            async for chunk in chunks if self._due_s is None else self._in_time(chunks):
                self.run.received_bytes += len(chunk)
                yield chunk
        except httpx.RequestError as error:
            raise self.run.error(error, place=self._place) from error

    async def _in_time(self, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        # Each read has a limit: one around all would span a yield, and has to end in the task it began in.
        while (chunk := await _in_time(self.run, self._due_s, anext(chunks, None))) is not None:
            yield chunk

    def too_long(self, limit_bytes: int) -> TransportError:
        """The error for a body that goes on after *limit_bytes*."""
        error = httpx.DecodingError(
            f"the answer is longer than {limit_bytes} bytes, which is as much as is read "
            "(Limits.answer_bytes)"
        )
        failure = self.run.error(error, place=self._place)
        failure.__cause__ = error
        return failure

    async def read(self, limit_bytes: int) -> bytes:
        """At most *limit_bytes* of the body; of the reason for a no, as much as arrives and can be unpacked.

        Raises:
            TransportError: As `chunks`, where the answer is no error.
        """
        content = bytearray()
        try:
            async for chunk in self.chunks():
                content += chunk
                if len(content) >= limit_bytes:
                    break
        except (ConnectionLost, OutcomeUnknown):
            if self.status < 400:
                raise
            # The answer is no, however much of the reason arrived.
        del content[limit_bytes:]
        return bytes(content)


def _due_s(run: CallState) -> float | None:
    return None if run.limit_s == math.inf else asyncio.get_running_loop().time() + run.limit_s


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
        network: Network | None = None,
        hooks: Iterable[Hook] = (),
    ) -> None:
        self.timeouts = timeouts or Timeouts()
        self.clock: Clock = clock or SystemClock()
        limits = limits or Limits()
        self._sender = Sender(access, self.timeouts, limits, network or Network())
        # A clock of one's own has its own seconds, which cannot be counted with those of the process.
        windows = PROCESS if clock is None else Windows(clock.monotonic)
        self._repeater = Repeater(
            self._sender,
            access,
            self.clock,
            policy=retry or RetryPolicy(),
            limiters=limiters(limits.rates, access, self.clock, windows),
            hooks=hooks,
        )
        self._answer_bytes = limits.answer_bytes
        self._uploads = Gate(limits.uploads, limits.upload_bytes)
        self._bases = {api: one.base_url for api, one in access.items()}

    def __repr__(self) -> str:
        return f"<Transport {self._sender.state}, APIs: {', '.join(self._sender.apis)}>"

    def __del__(self) -> None:
        sender = getattr(self, "_sender", None)  # missing when the settings were refused
        if sender is not None and sender.state == "open":
            warnings.warn(
                "an AudioKit was not closed: use `async with AudioKit(...) as kit:`, or await kit.aclose()",
                ResourceWarning,
                source=self,
                stacklevel=1,
            )

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

    def budget(self, api: str) -> RetryBudget:
        """The retry budget of this client's calls to the API, and the gate for work that may wait."""
        return self._repeater.budget(api)

    def limiter(self, api: str, rate_class: RateClass) -> RateLimiter | None:
        """The limit on such calls over time, to plan with; None where there is none."""
        return self._repeater.limiter(api, rate_class)

    def adopt_session(self, api: str, reply: Reply, csrf_token: str) -> bool:
        """Use the session that a login's *reply* set; False when it set none."""
        return self._sender.adopt_session(api, reply, csrf_token)

    def forget_session(self, api: str) -> None:
        """Go back to the credentials the client was made with."""
        self._sender.forget_session(api)

    def without_secrets(self, api: str, value: Any) -> Any:
        """A text or decoded document of the API's, with ``***`` in the place of this client's secrets."""
        return hidden(value, self._sender.secrets(api))

    def hiding(self, secret: str) -> AbstractContextManager[None]:
        """Inside it `without_secrets` hides *secret*, too: one that a call carries and nobody keeps."""
        return self._sender.hiding(secret)

    async def fetch(self, call: Call) -> Reply:
        """Send *call* and read the answer, whatever its status.

        Raises:
            TransportError: No complete answer arrived; the subclass tells what is known.
            UsageError: The client is not open.
            MissingCredentials: No credentials were given for the API.
        """

        async def read(reply: StreamReply) -> Reply:
            content = await reply.read(self._answer_bytes + 1)  # one more shows that it goes on
            if len(content) > self._answer_bytes and reply.status < 400:
                raise reply.too_long(self._answer_bytes)
            return Reply(
                status=reply.status,
                headers=reply.headers,
                content=content,
                method=call.method,
                path=call.path,
            )

        is_file = call.body is not None and call.body.is_file
        return await self._perform(call, read, limit_s=math.inf if is_file else self.timeouts.call_s)

    async def download(
        self,
        call: Call,
        target: Target,
        *,
        check: StatusCheck,
        on_progress: ProgressCallback | None = None,
    ) -> Path:
        """Save the answer to a file: to a temporary name first, renamed when complete and durable.

        A body that breaks off is asked for again, as often as the retry policy allows: only the rest, where
        the server names the version of the file and can send a part of it, else all of it. The length is
        checked, and a checksum where the answer announces one (`Digest.announced`).

        Args:
            call: A GET.
            target: Where to, and under which name.
            check: Called with the answer's head; raises for an error status.
            on_progress: Called after each chunk; the count goes back when the file is begun anew.

        Returns:
            The file's path.

        Raises:
            DownloadFailed: It arrived incomplete or damaged, the disk refuses it, or this process is
                writing that path already. Nothing is left of it, and what had the name before stays.
            InvalidRequest: The content is not what the target's extension says.
            TransportError: As `fetch`.
        """
        home = self._bases.get(call.api, "")
        # Audio does not compress, and only a plain body says its size and can be continued.
        plain = attrs.evolve(call, accept_encoding="identity")
        async with Download(target, plain, home=home, check=check, on_progress=on_progress) as download:

            async def save(reply: StreamReply) -> Path:
                try:
                    return await download.take(reply)
                except ConnectionLost:
                    reply.run.call = download.next_call(reply.run.call)
                    raise
                except DownloadFailed as error:
                    error.operation, error.attempts = call.operation, reply.run.tries.count
                    error.method, error.path = call.method, call.path
                    raise

            return await self._perform(plain, save, limit_s=math.inf)

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncGenerator[StreamReply]:
        """Send *call* and give the answer as soon as its head is there.

        A `timeout_s` of the call covers the body too, whenever more of it is read; the answer is closed on
        leaving, which another task may do. What breaks off after the head is not repeated: the caller has
        seen a part of it.
        """
        run = self._run(call, limit_s=math.inf)
        due_s = _due_s(run)
        with self._repeater.watched(run, is_stream=True):
            response = await _in_time(run, due_s, self._repeater.send(run))
            self._repeater.succeeded(run)
            try:
                yield StreamReply(response, run, due_s=due_s)
            finally:
                await close(response)

    async def _perform(
        self, call: Call, consume: Callable[[StreamReply], Awaitable[T]], *, limit_s: float
    ) -> T:
        """Send *call* and consume the answer, both again where that is allowed, within one limit.

        *limit_s* holds where the call has none of its own; files take as long as they take,
        and `Timeouts.stall_s` ends those that hang.
        """
        run = self._run(call, limit_s=limit_s)
        body = call.body
        if body is None or not body.is_file:
            work = self._until_answered(run, consume)
        else:
            work = self._in_its_place(body.buffer_bytes, run, consume)
        if not self._repeater.has_hooks:
            return await _in_time(run, _due_s(run), work)
        with self._repeater.watched(run):
            return await _in_time(run, _due_s(run), work)

    async def _in_its_place(
        self, buffer_bytes: int, run: CallState, consume: Callable[[StreamReply], Awaitable[T]]
    ) -> T:
        async with self._uploads.carrying(buffer_bytes):
            return await self._until_answered(run, consume)

    async def _until_answered(self, run: CallState, consume: Callable[[StreamReply], Awaitable[T]]) -> T:
        try:
            while True:
                response = await self._repeater.send(run)
                try:
                    result = await consume(StreamReply(response, run))
                except (ConnectionLost, OutcomeUnknown) as error:
                    wait = self._repeater.wait_after(
                        run, Attempt(AttemptOutcome.UNKNOWN, failure=error.__cause__)
                    )
                    if wait is None:
                        if isinstance(error, NotYet):
                            raise error.final(run.tries.count) from None
                        raise
                else:
                    self._repeater.succeeded(run)
                    return result
                finally:
                    await close(response)
                await self.clock.sleep(wait)
        finally:
            await run.tries.close_body()

    def _run(self, call: Call, *, limit_s: float) -> CallState:
        self._sender.check_open()
        limit = limit_s if call.timeout_s is None else call.timeout_s
        return CallState(call, limit_s=limit, now_s=self.clock.monotonic())
