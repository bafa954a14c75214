"""Save an answer to a file, over as many answers as that takes: a complete file appears at once, or none."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeAlias, TypeVar

import anyio.to_thread
import attrs

from audiokit._formats import HEAD_BYTES
from audiokit.errors import ConnectionLost, DownloadFailed
from audiokit.transport._call import Call
from audiokit.transport._claims import Claim
from audiokit.transport._digest import Digest
from audiokit.transport._part import Part, to_the_end
from audiokit.transport._resume import Continuation, asks_for_a_part, is_same_origin, is_whole
from audiokit.transport._target import Target
from audiokit.typing import Progress, ProgressCallback

T = TypeVar("T")

WRITE_BYTES: Final = 1 << 20
"""Bytes gathered before one write: a thread hop per network chunk costs several times the CPU."""

StatusCheck: TypeAlias = Callable[[Any], Awaitable[None]]


class Answer(Protocol):
    """What is needed of an answer whose body has not been read yet."""

    status: int
    headers: Mapping[str, str]
    url: str

    @property
    def size_bytes(self) -> int | None:
        """Length of the body, where it is announced."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body."""
        ...


class NotYet(ConnectionLost):
    """This answer made no file; another may. Never leaves the transport."""

    def final(self, attempts: int) -> DownloadFailed:
        """What the caller is told when there is no other, after so many *attempts*."""
        return DownloadFailed(str(self), operation=self.operation, attempts=attempts)


class Download:
    """One file on its way to the disk: `take` with each answer, `next_call` after each that was not enough.

    Keeps what has arrived while attempts fail, goes on from there where the server can show that it is
    still the same file, and starts anew where it cannot. Use it as a context manager: what is not complete
    at its end is removed.

    Args:
        target: Where to.
        call: The call that asks for the file.
        home: Base URL of the call's API; its credentials and the caller's headers go nowhere else.
        check: Called with each answer that begins the file, or says no.
        on_progress: Called after each chunk.
    """

    def __init__(
        self,
        target: Target,
        call: Call,
        *,
        home: str,
        check: StatusCheck,
        on_progress: ProgressCallback | None,
    ) -> None:
        self._target = target
        self._operation = call.operation
        self._home = home
        self._check = check
        self._on_progress = on_progress
        self._wants_a_part = asks_for_a_part(call.headers)
        self._is_folder = target.is_folder
        self._resolved = ""
        self._claim: Claim | None = None
        self._part: Part | None = None
        self._last_resort: weakref.finalize[..., Any] | None = None
        self._whole: Call | None = None
        self._asked_from = 0
        self._asked_directly = False
        self._has_mismatched = False
        self._forget()

    def _forget(self) -> None:
        """Nothing has arrived."""
        self._headers: Mapping[str, str] = {}
        self._url = ""
        self._size_bytes: int | None = None
        self._continuation: Continuation | None = None
        self._done_bytes = 0
        self._head = b""
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._final: Path | None = None

    async def __aenter__(self) -> Self:
        self._is_folder, self._resolved = await self._on_disk(_look_at, self._target)
        if not self._is_folder:
            self._claim = self._claimed(self._target.path)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if self._part is not None and not self._part.is_over:
                await to_the_end(self._part.discard)
            if self._last_resort is not None:
                self._last_resort.detach()
        finally:
            if self._claim is not None:
                self._claim.release()

    def next_call(self, call: Call) -> Call:
        """The call to make after *call*: for the rest of what is there already, or for all of it again.

        The rest is asked for where the beginning came from. When that is another host than the API's, to
        which a redirect or a signed URL had led, nothing but the range goes there.
        """
        whole = self._whole = self._whole or call
        self._asked_from, self._asked_directly = 0, False
        if self._continuation is None or not 0 < self._done_bytes < self._continuation.total_bytes:
            return whole
        self._asked_from = self._done_bytes
        part = self._continuation.headers(self._asked_from)
        self._asked_directly = whole.authorise and not is_same_origin(self._url, self._home)
        if self._asked_directly:
            return attrs.evolve(whole, url=self._url, query=(), headers=part, authorise=False)
        return attrs.evolve(whole, headers={**whole.headers, **part})

    async def take(self, answer: Answer) -> Path:
        """Save the answer to the call, or to the last `next_call`.

        Returns:
            The complete file.

        Raises:
            NotYet: It is not complete; another attempt may bring it.
            ConnectionLost: The body broke off; as above.
            DownloadFailed: The disk refuses it, another download writes there, or another attempt
                would not help.
            InvalidRequest: The content is not what the target's extension says.
        """
        if not self._asked_from or not self._goes_on(answer):
            await self._check(answer)
            await self._begin(answer)
        await self._read(answer)
        if self._size_bytes is not None and self._done_bytes != self._size_bytes:
            so_many = "only " if self._done_bytes < self._size_bytes else ""
            raise self._not_yet(
                f"{so_many}{self._done_bytes} of {self._size_bytes} bytes arrived; download it again"
            )
        return await self._finish()

    def _goes_on(self, answer: Answer) -> bool:
        """Whether it is the rest that was asked for, to be added to what is there."""
        assert self._continuation is not None  # noqa: S101 - else no rest was asked for
        if answer.status == 206:
            objection = self._continuation.objection(answer.headers, answer.size_bytes, self._asked_from)
        elif answer.status == 416 or (self._asked_directly and 400 <= answer.status < 500):
            objection = f"the server refuses the rest (HTTP {answer.status})"
        else:
            return False  # all of it anew, or a no
        if objection is not None:
            self._continuation = None
            raise self._not_yet(
                f"the download broke off after {self._done_bytes} bytes and cannot go on there: {objection}; "
                "download it again"
            )
        return True

    async def _begin(self, answer: Answer) -> None:
        """Start a file from its first byte."""
        if answer.status == 206 and not self._wants_a_part and not is_whole(answer.headers):
            raise DownloadFailed(
                f"the server sent a part of the file that nobody asked for "
                f"(Content-Range {answer.headers.get('content-range')!r}); nothing was saved",
                operation=self._operation,
            )
        self._forget()
        if self._is_folder and self._claim is not None:
            self._claim.release()  # it may have another name now
            self._claim = None
        self._headers, self._url, self._size_bytes = answer.headers, answer.url, answer.size_bytes
        digest = None
        if not self._wants_a_part:
            self._continuation = Continuation.offered(answer.status, answer.headers, answer.size_bytes)
            digest = Digest.announced(answer.headers)
        if self._part is None:
            self._part = Part(self._target.path if self._is_folder else self._target.path.parent)
            # For a coroutine that is thrown away in mid-air, with its loop or program: nobody awaits then.
            self._last_resort = weakref.finalize(self, self._part.discard)
        await self._on_disk(self._part.begin, digest)

    async def _read(self, answer: Answer) -> None:
        """Add the body to the file."""
        assert self._part is not None  # noqa: S101 - `_begin` has made it
        async for chunk in answer.chunks():
            self._pending.append(chunk)
            self._pending_bytes += len(chunk)
            self._done_bytes += len(chunk)
            if self._final is None:
                self._head += chunk[: HEAD_BYTES - len(self._head)]
                if len(self._head) == HEAD_BYTES:
                    self._name()
            if self._pending_bytes >= WRITE_BYTES:
                await self._on_disk(self._part.write, self._pending)
                self._pending, self._pending_bytes = [], 0
            if self._on_progress is not None:
                self._on_progress(Progress(done_bytes=self._done_bytes, total_bytes=self._size_bytes))

    def _name(self) -> None:
        """Name the file as soon as its content tells what it is, so that what is unwanted ends early."""
        final = self._target.named(
            self._head, headers=self._headers, url=self._url, is_folder=self._is_folder
        )
        if self._claim is None:
            self._claim = self._claimed(final)
        self._final = final

    async def _finish(self) -> Path:
        assert self._part is not None  # noqa: S101 - `_begin` has made it
        if self._final is None:
            self._name()
        assert self._final is not None  # noqa: S101 - `_name` has set it
        wrong = await self._on_disk(self._part.finish, self._pending, self._final)
        if wrong is None:
            return self._final
        self._continuation = None
        message = f"the file arrived damaged: {wrong}; nothing was saved"
        if self._has_mismatched:
            raise DownloadFailed(message, operation=self._operation)
        self._has_mismatched = True
        raise self._not_yet(message)

    def _not_yet(self, message: str) -> NotYet:
        error = NotYet(message, operation=self._operation)
        error.__cause__ = DownloadFailed(message, operation=self._operation)  # for logs and hooks
        return error

    def _claimed(self, final: Path) -> Claim:
        path = os.path.join(self._resolved, final.name)  # noqa: PTH118 - both are text
        return Claim(path, shown=str(final), operation=self._operation)

    async def _on_disk(self, work: Callable[..., T], *arguments: Any) -> T:
        try:
            return await anyio.to_thread.run_sync(work, *arguments)
        except OSError as error:
            raise DownloadFailed(
                f"cannot write {str(self._target.path)!r}: {error.strerror or error}; nothing was saved",
                operation=self._operation,
                attempts=0,  # so far; the transport counts them
            ) from error


def _look_at(target: Target) -> tuple[bool, str]:
    """Whether the target is a folder, and the real path of the folder its file goes to; raises OSError."""
    is_folder = target.is_folder or target.path.is_dir()
    folder = target.path if is_folder else target.path.parent
    with contextlib.suppress(FileNotFoundError):
        target.path.lstat()  # a path that no file can have is told before anything is sent
    return is_folder, os.path.realpath(folder)
