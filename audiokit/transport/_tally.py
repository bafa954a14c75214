"""Counts and hashes what an upload sends, for its receipt."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

from audiokit._formats import AudioFormat
from audiokit.errors import UsageError
from audiokit.transport._chunks import Chunk, Source
from audiokit.transport._off_loop import begin, result_of, settle
from audiokit.typing import ProgressCallback, UploadReceipt

_INLINE_BYTES: Final = 1 << 15
"""Up to here hashing takes less than asking a thread to do it."""


class Tally:
    """A source that gives what another gives, and knows afterwards what that was.

    Args:
        source: Where the bytes come from; closed with this one.
        checksum: Compute SHA-256 too. It costs 0.6 CPU-seconds per GiB, in a thread, while each chunk is
            sent; the next is asked for when both are done, so that no memory changes under the hash.
    """

    def __init__(self, source: Source, *, checksum: bool) -> None:
        self._source = source
        self._checksum = checksum
        self._receipt: UploadReceipt | None = None
        self.name: str = source.name
        self.size_bytes: int | None = source.size_bytes
        self.buffer_bytes: int = source.buffer_bytes
        self.is_replayable: bool = source.is_replayable
        self.format: AudioFormat | None = source.format
        self.looks_like: str = source.looks_like

    @property
    def receipt(self) -> UploadReceipt:
        """What the last attempt sent.

        Raises:
            UsageError: It has not given all there is.
        """
        if self._receipt is None:
            raise UsageError("there is no receipt: the source was not read to its end")
        return self._receipt

    async def open(self, *, on_progress: ProgressCallback | None = None) -> AsyncGenerator[Chunk]:
        """The source's bytes, counted anew at each opening."""
        self._receipt = None
        sent = 0
        digest = hashlib.sha256() if self._checksum else None
        hashing: asyncio.Future[Any] | None = None
        try:
            async with aclosing(self._source.open(on_progress=on_progress)) as chunks:
                async for chunk in chunks:
                    sent += len(chunk)
                    if digest is not None and len(chunk) <= _INLINE_BYTES:
                        digest.update(chunk)
                    elif digest is not None:
                        hashing = begin(digest.update, chunk)
                    yield chunk
                    if hashing is not None:
                        await result_of(hashing)
                        hashing = None
        finally:
            await settle(hashing)
        self._receipt = UploadReceipt(
            size_bytes=sent,
            format=self.format and self.format.value,
            sha256=None if digest is None else digest.hexdigest(),
        )

    async def aclose(self) -> None:
        """Close the source."""
        await self._source.aclose()
