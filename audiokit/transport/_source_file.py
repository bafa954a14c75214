"""Regular files, by path or already open, that must stay as they are while they are sent."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import anyio
import anyio.to_thread
import attrs

from audiokit._formats import HEAD_BYTES, AudioFormat, describe, sniff_at
from audiokit.transport._chunks import CHUNK_BYTES, CLOSE_S, Chunk, default_name, interrupted, reading, report
from audiokit.transport._descriptor import Descriptor, FileReader
from audiokit.transport._off_loop import begin, in_time, made, result_of
from audiokit.typing import ProgressCallback


@attrs.frozen(kw_only=True)
class _Sight:
    """What a file was when it was looked at."""

    status: os.stat_result
    format: AudioFormat | None
    looks_like: str


class FileSource:
    """A file whose size, time of change and inode are compared before and after it is read.

    A path is opened for each attempt. A file the caller has opened is read through a descriptor of our
    own at offsets of our own, so its position stays where it was, and closing it does no harm.
    """

    def __init__(
        self,
        sight: _Sight,
        *,
        shown: str,
        name: str | None,
        start: int,
        held: Descriptor | None,
        path: Path,
        stall_s: float | None,
    ) -> None:
        self._status = sight.status
        self._shown = shown
        self._start = start
        self._held = held
        self._path = path
        self._stall_s = stall_s
        self._size_bytes = max(0, sight.status.st_size - start)
        self.size_bytes: int | None = self._size_bytes
        # Two where the disk is slower than the network.
        self.buffer_bytes = 2 * min(CHUNK_BYTES, self._size_bytes)
        self.is_replayable = True
        self.format = sight.format
        self.looks_like = sight.looks_like
        self.name = name or default_name(sight.format)

    @classmethod
    async def of_path(cls, path: Path, name: str | None, *, stall_s: float | None) -> FileSource:
        """A regular file by its path.

        Raises:
            OSError: It cannot be opened or read.
        """
        looking = anyio.to_thread.run_sync(_look_at, path, abandon_on_cancel=True)
        sight = await in_time(looking, stall_s)
        return cls(
            sight,
            shown=repr(str(path)),
            name=name or path.name,
            start=0,
            held=None,
            path=path,
            stall_s=stall_s,
        )

    @classmethod
    async def of_open(cls, number: int, start: int, name: str | None, *, stall_s: float | None) -> FileSource:
        """An open regular file from *start* on; *number* is its descriptor, which is copied.

        Raises:
            OSError: It cannot be read.
        """
        descriptor = Descriptor(os.dup(number))
        try:
            looking = anyio.to_thread.run_sync(_look, descriptor, start, abandon_on_cancel=True)
            sight = await in_time(looking, stall_s)
        except BaseException:
            descriptor.close()
            raise
        shown = f"the open file {name!r}" if name else "the open file"
        return cls(sight, shown=shown, name=name, start=start, held=descriptor, path=Path(), stall_s=stall_s)

    async def open(self, *, on_progress: ProgressCallback | None = None) -> AsyncGenerator[Chunk]:
        """The file's bytes, the last of them only once it is certain that all belong together."""
        sent, total = 0, self._size_bytes
        descriptor = self._held or await self._reopened()
        reader = FileReader(descriptor, start=self._start, size_bytes=total, stall_s=self._stall_s)
        try:
            self._check(descriptor)
            while sent < total:
                with reading(self._shown):
                    chunk = await reader.next()
                sent += len(chunk)
                if not chunk:
                    raise self._changed(f"it ended after {sent} of {total} bytes")
                if sent == total:
                    self._check(descriptor)
                yield chunk
                report(on_progress, sent, total)
        finally:
            try:
                await reader.aclose()
            finally:
                if self._held is None:
                    await _close(descriptor)

    async def aclose(self) -> None:
        """Close our descriptor."""
        held, self._held = self._held, None
        if held is not None:
            await _close(held)

    async def _reopened(self) -> Descriptor:
        try:
            return await _opened(self._path)
        except OSError as error:
            raise self._changed(f"it cannot be opened any more ({error.strerror or error})") from error

    def _check(self, descriptor: Descriptor) -> None:
        was, now = self._status, descriptor.status()
        if (now.st_size, now.st_mtime_ns, now.st_ino) != (was.st_size, was.st_mtime_ns, was.st_ino):
            raise self._changed(f"it had {was.st_size} bytes and now has {now.st_size}, or was rewritten")

    def _changed(self, how: str) -> Exception:
        return interrupted(f"{self._shown} changed while it was being uploaded: {how}; upload it again")


async def _opened(path: Path) -> Descriptor:
    return await made(lambda: _open(path), Descriptor.close)


def _open(path: Path) -> Descriptor:
    return Descriptor(os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0)))


async def _close(descriptor: Descriptor) -> None:
    """Close it off the loop, also while being cancelled."""
    with anyio.move_on_after(CLOSE_S, shield=True):
        await result_of(begin(descriptor.close))


def _look_at(path: Path) -> _Sight:
    descriptor = _open(path)
    try:
        return _look(descriptor, 0)
    finally:
        descriptor.close()


def _look(descriptor: Descriptor, start: int) -> _Sight:
    """Size, time and format; reads at most 64 KiB and an ID3 header."""
    read_at = _reading(descriptor, start)
    return _Sight(
        status=descriptor.status(), format=sniff_at(read_at), looks_like=describe(read_at(0, HEAD_BYTES))
    )


def _reading(descriptor: Descriptor, start: int) -> Callable[[int, int], bytes]:
    def read_at(offset: int, size: int) -> bytes:
        buffer = bytearray(size)
        return bytes(buffer[: descriptor.read(memoryview(buffer), start + offset)])

    return read_at
