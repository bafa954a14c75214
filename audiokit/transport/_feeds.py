"""Bytes that come one piece after the other, from whatever gives them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, Final, TypeVar

import anyio

from audiokit.errors import UsageError
from audiokit.transport._chunks import CHUNK_BYTES, CLOSE_S
from audiokit.transport._off_loop import begin, result_of

T = TypeVar("T")


class Feed:
    """Where pieces come from. One of `begin` and `read` is used for each.

    Attributes:
        size_bytes: How many bytes will come in all, where that is known.
        is_replayable: Whether `rewind` works.
    """

    size_bytes: int | None = None
    is_replayable = False

    def begin(self) -> asyncio.Future[bytes] | None:
        """Begin to fetch the next piece while another is on its way; None where that is not possible."""
        return None

    async def read(self) -> bytes:
        """The next piece; empty at the end only."""
        raise NotImplementedError  # pragma: no cover - only of feeds that say they can

    async def rewind(self) -> None:
        """Go back to where it began."""
        raise NotImplementedError  # pragma: no cover - only of feeds that say they can

    def pause(self) -> None:
        """Nobody reads for a while."""

    async def aclose(self) -> None:
        """Let go of what was opened for it."""


class _ThreadFeed(Feed):
    """Read in a thread of its own, as long as somebody reads.

    What the caller's code waits for in there may be other work of this very loop; in the loop's few
    threads some of those would keep all others, and so themselves, from getting on.
    """

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None

    def _begin(self, work: Callable[[], T]) -> asyncio.Future[T]:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="audiokit-source")
        return begin(work, within=self._thread)

    def pause(self) -> None:
        """End the thread, after what it is doing."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown(wait=False)


class _Batch:
    """Small chunks that are there in quick succession, sent as one: 4 KiB alone cost five times the CPU.

    It waits for nothing. A chunk stays here only until the next comes, if that takes longer.
    """

    _ENOUGH_BYTES: Final = 1 << 16
    _QUICK_S: Final = 0.05

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size_bytes = 0
        self._begun_s = monotonic()

    def add(self, part: bytes) -> bool:
        """Take one more; True when that is enough."""
        if part:
            self._parts.append(part)
            self._size_bytes += len(part)
        is_slow = bool(self._parts) and monotonic() - self._begun_s >= self._QUICK_S
        return is_slow or self._size_bytes >= self._ENOUGH_BYTES

    def taken(self) -> bytes:
        """All of them; a single one as it is."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)


class IteratorFeed(Feed):
    """An async iterator, read in the caller's own task.

    A generator may stand inside a timeout or a task group of its own, which only the task that entered
    it may leave: nothing is read ahead.
    """

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks

    async def read(self) -> bytes:
        """The next chunk, or several small ones."""
        batch = _Batch()
        async for chunk in self._chunks:
            if batch.add(checked(chunk, self._chunks)):
                break
        return batch.taken()

    async def aclose(self) -> None:
        """Close a generator: whatever is left of it is of no use."""
        close = getattr(self._chunks, "aclose", None)
        if close is not None:
            with anyio.move_on_after(CLOSE_S, shield=True):
                await close()


class AsyncReaderFeed(Feed):
    """An object with ``async read(n)``; with an async ``seek`` as well, it can be read again."""

    def __init__(self, reader: Any, *, start: int | None = None, size_bytes: int | None = None) -> None:
        self._reader = reader
        self._start = start
        self.size_bytes = size_bytes
        self.is_replayable = start is not None

    def begin(self) -> asyncio.Future[bytes]:
        """Read in a task of its own, which `settle` cancels."""
        return asyncio.create_task(self.read())

    async def read(self) -> bytes:
        """As much as it gives."""
        return checked(await self._reader.read(CHUNK_BYTES), self._reader)

    async def rewind(self) -> None:
        """Seek to where it stood."""
        await self._reader.seek(self._start)


class ReaderFeed(_ThreadFeed):
    """An object with a ``read(n)`` that may block, read in a thread."""

    def __init__(self, reader: Any, *, start: int | None = None, size_bytes: int | None = None) -> None:
        super().__init__()
        self._reader = reader
        self._start = start
        self.size_bytes = size_bytes
        self.is_replayable = start is not None

    def begin(self) -> asyncio.Future[bytes]:
        """Read in a thread."""
        return self._begin(lambda: checked(self._reader.read(CHUNK_BYTES), self._reader))

    async def rewind(self) -> None:
        """Seek to where it stood."""
        try:
            await result_of(self._begin(lambda: self._reader.seek(self._start)))
        except BaseException:
            self.pause()
            raise


class IterableFeed(_ThreadFeed):
    """A plain iterable, whose every step may block, read in a thread."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks

    def begin(self) -> asyncio.Future[bytes]:
        """Take the next chunk, or several small ones, in a thread."""
        return self._begin(self._next)

    def _next(self) -> bytes:
        batch = _Batch()
        for chunk in self._chunks:
            if batch.add(checked(chunk, self._chunks)):
                break
        return batch.taken()

    async def aclose(self) -> None:
        """Close a generator: whatever is left of it is of no use."""
        close = getattr(self._chunks, "close", None)
        try:
            if close is not None:
                with anyio.move_on_after(CLOSE_S, shield=True), contextlib.suppress(ValueError):
                    await result_of(self._begin(close))  # ValueError: it hangs, still
        finally:
            self.pause()


def checked(piece: object, giver: object) -> bytes:
    """The piece as bytes of our own, so that whoever gave it may use its memory again.

    Raises:
        UsageError: It is something else.
    """
    if isinstance(piece, bytes):
        return piece
    if isinstance(piece, bytearray | memoryview):
        return bytes(piece)
    hint = "; open files in binary mode ('rb')" if isinstance(piece, str) else ""
    raise UsageError(f"an upload takes bytes, and {type(giver).__name__} gave {type(piece).__name__}{hint}")
