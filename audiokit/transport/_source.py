"""Where uploaded bytes come from, and what is known of them before they leave."""

from __future__ import annotations

import contextlib
import os
import stat as stat_module
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from pathlib import Path
from typing import Final, Protocol, TypeAlias, cast

import anyio
import anyio.lowlevel
import anyio.to_thread

from audiokit._formats import HEAD_BYTES, AudioFormat, describe, sniff, sniff_at
from audiokit.errors import InvalidRequest, UploadInterrupted, UsageError
from audiokit.transport._files import open_file
from audiokit.typing import AudioData, Progress, ProgressCallback

CHUNK_BYTES: Final = 1 << 20
"""Size of one read. Measured: 64 KiB costs 4-5 times the CPU, 4 MiB gains nothing and costs memory."""


_HAS_NOWAIT: Final = hasattr(os, "RWF_NOWAIT") and hasattr(os, "preadv")


Chunk: TypeAlias = bytes | memoryview
"""A piece of a body; a view is only good until the next piece is asked for."""


class Source(Protocol):
    """Bytes to upload. Made by `as_source`, which has already looked at size and content."""

    @property
    def name(self) -> str:
        """Base name to show to the server; a label, never a path."""
        ...

    @property
    def size_bytes(self) -> int | None:
        """Exact size, or None when unknown."""
        ...

    @property
    def is_replayable(self) -> bool:
        """Whether `open` works more than once."""
        ...

    @property
    def format(self) -> AudioFormat | None:
        """What the content is, or None when it is none of the known formats."""
        ...

    @property
    def looks_like(self) -> str:
        """A few words on content that has no `format`."""
        ...

    def open(self, *, on_progress: ProgressCallback | None = None) -> AsyncGenerator[Chunk]:
        """The bytes in chunks of at most 1 MiB."""
        ...


async def as_source(data: AudioData, *, name: str | None = None) -> Source:
    """Look at *data* and make a source of it; reads at most 64 KiB and an ID3 header, off the loop.

    Args:
        data: Path, bytes or async iterable of chunks.
        name: Name to show to the server. A path has one; other data is called ``audio`` without it.

    Raises:
        InvalidRequest: There is no such regular file, or it cannot be read.
        UsageError: *data* is something else, e.g. an open file.
    """
    if isinstance(data, bytes):
        return _BytesSource(data, name)
    if isinstance(data, str | os.PathLike):
        return await _PathSource.look_at(Path(os.fspath(cast("str", data))), name)
    if hasattr(data, "__aiter__"):
        return await _StreamSource.look_at(data, name)
    raise UsageError(f"can upload a path, bytes or an async iterable of bytes, got {type(data).__name__}")


class _BytesSource:
    def __init__(self, data: bytes, name: str | None) -> None:
        self._data = data
        self.size_bytes: int | None = len(data)
        self.is_replayable = True
        self.format = sniff_at(lambda offset, size: data[offset : offset + size])
        self.looks_like = describe(data[:HEAD_BYTES])
        self.name = name or _default_name(self.format)

    async def open(self, *, on_progress: ProgressCallback | None = None) -> AsyncGenerator[Chunk]:
        view, total = memoryview(self._data), len(self._data)
        for start in range(0, total, CHUNK_BYTES):
            chunk = bytes(view[start : start + CHUNK_BYTES])
            yield chunk
            _report(on_progress, start + len(chunk), total)


class _PathSource:
    """A file that must stay as it is while it is sent: size, time and inode are compared."""

    def __init__(
        self, path: Path, name: str, status: os.stat_result, audio: AudioFormat | None, looks_like: str
    ) -> None:
        self._path = path
        self._status = status
        self.name = name
        self.size_bytes: int | None = status.st_size
        self.is_replayable = True
        self.format = audio
        self.looks_like = looks_like

    @classmethod
    async def look_at(cls, path: Path, name: str | None) -> _PathSource:
        def look() -> tuple[os.stat_result, AudioFormat | None, str]:
            if not stat_module.S_ISREG(path.stat().st_mode):  # before opening: a pipe would block
                raise InvalidRequest.of("path", str(path), "a regular file")
            with path.open("rb") as file:

                def read_at(offset: int, size: int) -> bytes:
                    file.seek(offset)
                    return file.read(size)

                return os.fstat(file.fileno()), sniff_at(read_at), describe(read_at(0, HEAD_BYTES))

        try:
            status, audio, looks_like = await anyio.to_thread.run_sync(look)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            if isinstance(error, InvalidRequest):
                raise
            reason = getattr(error, "strerror", None) or error
            raise InvalidRequest(
                f"cannot read {str(path)!r}: {reason}", field="path", value=str(path)
            ) from error
        return cls(path, name or path.name, status, audio, looks_like)

    async def open(self, *, on_progress: ProgressCallback | None = None) -> AsyncGenerator[Chunk]:
        sent, total = 0, self._status.st_size
        # The same memory for all pieces: fresh pages for each cost as much as sending it.
        scratch = memoryview(bytearray(min(CHUNK_BYTES, total)))
        try:
            file = await open_file(self._path, "rb")
        except OSError as error:
            raise self._changed(f"it cannot be opened any more ({error.strerror or error})") from error
        try:
            self._check(os.fstat(file.fileno()))
            while sent < total:
                chunk = await _read_at(file.fileno(), min(CHUNK_BYTES, total - sent), sent, scratch)
                if not chunk:
                    raise self._changed(f"it ended after {sent} of {total} bytes")
                sent += len(chunk)
                yield chunk
                _report(on_progress, sent, total)
            self._check(os.fstat(file.fileno()))
        finally:
            with anyio.CancelScope(shield=True):
                await file.close()

    def _check(self, now: os.stat_result) -> None:
        was = self._status
        if (now.st_size, now.st_mtime_ns, now.st_ino) != (was.st_size, was.st_mtime_ns, was.st_ino):
            raise self._changed(f"it had {was.st_size} bytes and now has {now.st_size}, or was rewritten")

    def _changed(self, how: str) -> UploadInterrupted:
        return UploadInterrupted(
            f"{str(self._path)!r} changed while it was being uploaded: {how}; upload it again",
            operation="upload",
        )


async def _read_at(number: int, size: int, offset: int, scratch: memoryview) -> Chunk:
    """Read without a thread what is in memory already: the way there and back costs more than the copy."""
    if _HAS_NOWAIT:
        read = 0
        with contextlib.suppress(OSError):  # it is on the disk, or the file system cannot tell
            read = os.preadv(number, [scratch[:size]], offset, os.RWF_NOWAIT)
        if read:
            await anyio.lowlevel.checkpoint()  # others want to run between two reads
            return scratch[:read]
    return await anyio.to_thread.run_sync(os.pread, number, size, offset)


class _StreamSource:
    """Chunks from elsewhere, of unknown length, to be had once."""

    def __init__(self, chunks: AsyncIterator[bytes], head: list[bytes], name: str | None) -> None:
        self._chunks = chunks
        self._head = head
        self._opened = False
        start = b"".join(head)
        self.size_bytes: int | None = None
        self.is_replayable = False
        self.format = sniff(start[:HEAD_BYTES], complete=len(start) < HEAD_BYTES)
        self.looks_like = describe(start[:HEAD_BYTES])
        self.name = name or _default_name(self.format)

    @classmethod
    async def look_at(cls, data: AsyncIterable[bytes], name: str | None) -> _StreamSource:
        chunks = aiter(data)
        head: list[bytes] = []
        seen = 0
        while seen < HEAD_BYTES:
            chunk = await anext(chunks, None)
            if chunk is None:
                break
            head.append(bytes(chunk))
            seen += len(chunk)
        return cls(chunks, head, name)

    async def open(self, *, on_progress: ProgressCallback | None = None) -> AsyncGenerator[Chunk]:
        if self._opened:
            raise UploadInterrupted(
                "an async iterable can be uploaded only once; pass a path or bytes to allow a repeat",
                operation="upload",
            )
        self._opened = True
        sent = 0
        for chunk in self._head:
            yield chunk
            sent += len(chunk)
            _report(on_progress, sent, None)
        self._head = []
        async for chunk in self._chunks:
            yield chunk
            sent += len(chunk)
            _report(on_progress, sent, None)


def _default_name(audio: AudioFormat | None) -> str:
    return "audio" + (audio.extension if audio else "")


def _report(on_progress: ProgressCallback | None, done: int, total: int | None) -> None:
    if on_progress is not None:
        on_progress(Progress(done_bytes=done, total_bytes=total))
