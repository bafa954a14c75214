"""Regular files read at an offset: without a thread what is in memory, in a thread what is on the disk."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from typing import Final

import anyio.lowlevel

from audiokit.transport._chunks import CHUNK_BYTES
from audiokit.transport._memory import page_memory
from audiokit.transport._off_loop import begin, result_of, settle

_HAS_NOWAIT: Final = hasattr(os, "RWF_NOWAIT") and hasattr(os, "preadv")

READS_AT_OFFSET: Final = hasattr(os, "preadv") or hasattr(os, "pread")
"""Whether reading leaves the position of the file alone."""


class Descriptor:
    """An open file that is closed by the last who uses it, so that no thread ever reads a foreign file.

    Args:
        number: A file descriptor; from now on its owner is this object.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._lock = threading.Lock()
        self._readers = 0
        self._is_closed = False

    def status(self) -> os.stat_result:
        """As `os.fstat`."""
        return os.fstat(self._number)

    def read_now(self, view: memoryview, offset: int) -> int:
        """Fill *view* as far as the bytes are in memory; gives how many."""
        if _HAS_NOWAIT and view:
            with contextlib.suppress(OSError):  # it is on the disk, or the file system cannot tell
                return os.preadv(self._number, [view], offset, os.RWF_NOWAIT)
        return 0

    def read(self, view: memoryview, offset: int) -> int:
        """Fill *view* as far as the file goes, waiting for the disk; gives how many bytes."""
        with self._lock:
            if self._is_closed:
                return 0
            self._readers += 1
        try:
            filled = 0
            while filled < len(view):
                count = _read_at(self._number, view[filled:], offset + filled)
                if not count:
                    break
                filled += count
            return filled
        finally:
            with self._lock:
                self._readers -= 1
                self._end()

    def close(self) -> None:
        """Close it, or leave that to who reads in it just now."""
        with self._lock:
            self._is_closed = True
            self._end()

    def _end(self) -> None:
        if self._is_closed and not self._readers and self._number >= 0:
            os.close(self._number)
            self._number = -1


def _read_at(number: int, view: memoryview, offset: int) -> int:
    if hasattr(os, "preadv"):
        return os.preadv(number, [view], offset)
    if hasattr(os, "pread"):  # pragma: no cover - macOS before 11
        data = os.pread(number, len(view), offset)
    else:  # pragma: no cover - Windows; nobody else moves the position of a file we opened
        os.lseek(number, offset, os.SEEK_SET)
        data = os.read(number, len(view))
    view[: len(data)] = data  # pragma: no cover
    return len(data)  # pragma: no cover


class FileReader:
    """Reads a span of a file in pieces, each lent until the next is asked for.

    Once a piece had to come from the disk, the next is read while the current one is sent. Memory is the
    same for all pieces: fresh pages for each would cost as much as sending it.
    """

    def __init__(
        self, descriptor: Descriptor, *, start: int, size_bytes: int, stall_s: float | None = None
    ) -> None:
        self._descriptor = descriptor
        self._stall_s = stall_s
        self._at = start
        self._end = start + size_bytes
        self._buffer = page_memory(min(CHUNK_BYTES, size_bytes))
        self._other: memoryview | None = None
        self._next: memoryview | None = None
        self._in_next = 0
        self._pending: asyncio.Future[int] | None = None

    async def next(self) -> memoryview:
        """The next piece of up to 1 MiB; shorter where the file ends, empty at the end.

        Raises:
            OSError: The disk failed, or (TimeoutError) gave nothing for too long.
        """
        if self._next is None:
            self._next = self._look_at_next(self._buffer)
        piece, count = self._next, self._in_next
        if self._pending is None:
            await anyio.lowlevel.checkpoint()  # others want to run between two reads
        else:
            count += await result_of(self._pending, stall_s=self._stall_s)
            self._pending = None
            if self._other is None and self._at + count < self._end:
                self._other = page_memory(len(self._buffer))
        self._next = None
        self._at += count
        if self._other is not None and count == len(piece):
            self._buffer, self._other = self._other, self._buffer
            self._next = self._look_at_next(self._buffer)
        return piece[:count]

    async def aclose(self) -> None:
        """Wait for a read that is under way, 5 s at most; its memory and its file outlive it in any case."""
        pending, self._pending = self._pending, None
        await settle(pending)

    def _look_at_next(self, buffer: memoryview) -> memoryview:
        piece = buffer[: min(CHUNK_BYTES, self._end - self._at)]
        self._in_next = self._descriptor.read_now(piece, self._at)
        if self._in_next < len(piece):
            rest, offset = piece[self._in_next :], self._at + self._in_next
            self._pending = begin(self._descriptor.read, rest, offset)
        return piece
