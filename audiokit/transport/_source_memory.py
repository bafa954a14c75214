"""Bytes that are in memory already."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import anyio.lowlevel

from audiokit._formats import HEAD_BYTES, describe, sniff_at
from audiokit.errors import InvalidRequest
from audiokit.transport._chunks import CHUNK_BYTES, Chunk, default_name, report
from audiokit.typing import ProgressCallback


class MemorySource:
    """Sends views of *data*, which nobody may change."""

    def __init__(self, data: bytes | bytearray, name: str | None, *, start: int = 0) -> None:
        self._view = memoryview(data)[start:].toreadonly()
        self.size_bytes: int | None = len(self._view)
        self.buffer_bytes = 0
        self.is_replayable = True
        self.format = sniff_at(lambda offset, size: bytes(self._view[offset : offset + size]))
        self.looks_like = describe(bytes(self._view[:HEAD_BYTES]))
        self.name = name or default_name(self.format)

    @classmethod
    async def copy_of(cls, data: bytearray | memoryview[Any], name: str | None) -> MemorySource:
        """Of bytes that may be changed by their owner: a retry must send what the first attempt sent.

        Raises:
            InvalidRequest: The view was released.
        """
        try:
            borrowed = memoryview(data)
        except ValueError as error:
            raise InvalidRequest(
                f"cannot read the memoryview: {error}", field="data", value="memoryview"
            ) from error
        with borrowed as given:
            view = given.cast("B") if given.c_contiguous else memoryview(given.tobytes())
            copy = bytearray(len(view))
            for start in range(0, len(view), CHUNK_BYTES):
                copy[start : start + CHUNK_BYTES] = view[start : start + CHUNK_BYTES]
                await anyio.lowlevel.checkpoint()
            view.release()
        return cls(copy, name)

    async def open(self, *, on_progress: ProgressCallback | None = None) -> AsyncGenerator[Chunk]:
        """The bytes, in views of at most 1 MiB."""
        total = len(self._view)
        for start in range(0, total, CHUNK_BYTES):
            chunk = self._view[start : start + CHUNK_BYTES]
            yield chunk
            report(on_progress, start + len(chunk), total)
            await anyio.lowlevel.checkpoint()  # the socket may take everything at once

    async def aclose(self) -> None:
        """There is nothing to let go of."""
