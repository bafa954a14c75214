"""What every source of uploaded bytes has in common."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import contextmanager
from typing import Final, Protocol, TypeAlias

import httpx

from audiokit._formats import AudioFormat
from audiokit.errors import UploadInterrupted
from audiokit.typing import Progress, ProgressCallback

CHUNK_BYTES: Final = 1 << 20
"""Size of one read. Measured: 64 KiB costs 4-5 times the CPU, 4 MiB gains nothing and costs memory."""

CLOSE_S: Final = 5.0
"""Longest wait for a read that is under way when nobody wants its bytes any more."""

Chunk: TypeAlias = bytes | memoryview
"""A piece of a body; a view is only good until the next piece is asked for."""


class LentChunks(httpx.AsyncByteStream):
    """A body whose chunks are lent: each is good until the next is asked for.

    We send them as they are. Whoever else reads the stream (another transport, a test) gets copies.
    """

    def __init__(self, chunks: AsyncIterator[Chunk]) -> None:
        self.lent = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self.lent:
            yield bytes(chunk)


class Source(Protocol):
    """Bytes to upload. Made by `as_source`, which has already looked at size and content; close it after."""

    @property
    def name(self) -> str:
        """Base name to show to the server; a label, never a path."""
        ...

    @property
    def size_bytes(self) -> int | None:
        """Exact size, or None when unknown."""
        ...

    @property
    def buffer_bytes(self) -> int:
        """Memory that sending it takes at most, besides what the caller holds anyway."""
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
        """The bytes in chunks of at most 1 MiB; progress counts from 0 at each opening.

        Raises:
            UploadInterrupted: It is not what was looked at, or cannot be read a second time.
        """
        ...

    async def aclose(self) -> None:
        """Let go of what was opened for it; what the caller opened stays open."""
        ...


def default_name(audio: AudioFormat | None) -> str:
    """Name of bytes that have none."""
    return "audio" + (audio.extension if audio else "")


def base_name(told: object) -> str | None:
    """The last part of what a file object calls itself; None for numbers and ``<stdin>``."""
    if not isinstance(told, str):
        return None
    name = told.replace("\\", "/").rsplit("/", 1)[-1]
    return None if not name or name.startswith("<") else name


def report(on_progress: ProgressCallback | None, done: int, total: int | None) -> None:
    """Tell the caller how far it is."""
    if on_progress is not None:
        on_progress(Progress(done_bytes=done, total_bytes=total))


@contextmanager
def reading(shown: str) -> Generator[None]:
    """Errors of the system while *shown* is read, told apart from those of the connection.

    Raises:
        UploadInterrupted: For any OSError, which a TimeoutError is too; others pass as they are.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise interrupted(f"{shown} cannot be read to its end: {reason}; upload it again") from error


def interrupted(message: str) -> UploadInterrupted:
    """The error of a source that is not what it was."""
    return UploadInterrupted(message, operation="upload")
