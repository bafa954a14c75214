"""Bytes that come one piece after the other: to be had once, or again where the giver can go back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable

from audiokit._formats import HEAD_BYTES, describe, sniff
from audiokit.errors import UploadInterrupted
from audiokit.transport._chunks import CHUNK_BYTES, Chunk, default_name, interrupted, reading, report
from audiokit.transport._feeds import Feed
from audiokit.transport._off_loop import Stalled, in_time, result_of, settle
from audiokit.transport._same_bytes import SameBytes
from audiokit.typing import ProgressCallback


class StreamSource:
    """What a feed gives, whose beginning was read already to tell the format.

    Where the feed cannot go back that is sent from memory; else it is read again, and must be the same.
    """

    def __init__(
        self, feed: Feed, head: list[bytes], name: str | None, shown: str, stall_s: float | None
    ) -> None:
        self._feed = feed
        self._head: list[bytes] | None = None if feed.is_replayable else head
        self._shown = shown
        self._stall_s = stall_s
        self._same = SameBytes(shown)
        start = b"".join(head)
        self._same.add(start)
        self.size_bytes = feed.size_bytes
        self.buffer_bytes = 2 * CHUNK_BYTES
        self.is_replayable = feed.is_replayable
        self.format = sniff(start[:HEAD_BYTES], complete=len(start) < HEAD_BYTES)
        self.looks_like = describe(start[:HEAD_BYTES])
        self.name = name or default_name(self.format)

    @classmethod
    async def look_at(
        cls, feed: Feed, name: str | None, shown: str, *, stall_s: float | None = None
    ) -> StreamSource:
        """Read the beginning; whatever the giver raises goes on to the caller.

        Raises:
            UploadInterrupted: It gives nothing for *stall_s* seconds.
        """
        pieces = _Pieces(feed, (), stall_s)
        head: list[bytes] = []
        seen = 0
        try:
            while seen < HEAD_BYTES and (piece := await pieces.next()):
                head.append(piece)
                seen += len(piece)
        except BaseException as error:
            try:
                await pieces.aclose()
            finally:
                await feed.aclose()
            if isinstance(error, Stalled):
                raise interrupted(f"{shown} has not even begun: {error}") from error
            raise
        feed.pause()
        return cls(feed, head, name, shown, stall_s)

    async def open(self, *, on_progress: ProgressCallback | None = None) -> AsyncGenerator[Chunk]:
        """The bytes; where their number is known, the last only once nothing comes behind them."""
        head, self._head = self._head, None
        if head is None:
            await self._go_back()
        sent, total = 0, self.size_bytes
        turn_at = CHUNK_BYTES
        self._same.start()
        pieces = _Pieces(self._feed, head or (), self._stall_s)
        try:
            piece = await self._next_of(pieces)
            while piece:
                following: bytes | None = None
                if total is not None and sent + len(piece) >= total:
                    following = await self._next_of(pieces)
                    if following or sent + len(piece) > total:
                        raise self._changed(f"there are more than {total} bytes")
                else:
                    pieces.look_ahead()
                for view in _views_of(piece):
                    self._same.add(view)
                    yield view
                    sent += len(view)
                    report(on_progress, sent, total)
                    if sent >= turn_at:  # neither the feed nor the socket may ever wait
                        turn_at = sent + CHUNK_BYTES
                        await asyncio.sleep(0)
                piece = await self._next_of(pieces) if following is None else following
            if total is not None and sent < total:
                raise self._changed(f"it ended after {sent} of {total} bytes")
            self._same.finish()
        finally:
            await pieces.aclose()

    async def aclose(self) -> None:
        """Close what was opened for it, and generators: the rest of one is of no use."""
        await self._feed.aclose()

    async def _next_of(self, pieces: _Pieces) -> bytes:
        with reading(self._shown):
            return await pieces.next()

    async def _go_back(self) -> None:
        if not self.is_replayable:
            raise interrupted(
                f"{self._shown} can be uploaded only once; to allow a repeat pass a path, bytes, "
                "a file that can seek, or a callable that opens it anew"
            )
        try:
            await self._feed.rewind()
        except (OSError, ValueError) as error:  # ValueError: it was closed meanwhile
            raise interrupted(
                f"{self._shown} cannot be read again: {error}; keep it open until the upload is over"
            ) from error

    def _changed(self, how: str) -> UploadInterrupted:
        return interrupted(f"{self._shown} changed while it was being uploaded: {how}; upload it again")


class _Pieces:
    """Pieces of a feed behind some that are here already, fetched one ahead where the feed can."""

    def __init__(self, feed: Feed, here: Iterable[bytes], stall_s: float | None) -> None:
        self._feed = feed
        self._stall_s = stall_s
        self._here = deque(here)
        self._ahead: asyncio.Future[bytes] | None = None

    async def next(self) -> bytes:
        """The next piece; empty at the end."""
        if self._here:
            return self._here.popleft()
        self.look_ahead()
        if self._ahead is None:
            return await in_time(self._feed.read(), self._stall_s)
        piece = await result_of(self._ahead, stall_s=self._stall_s)
        self._ahead = None
        return piece

    def look_ahead(self) -> None:
        """Begin to fetch what `next` will give."""
        if not self._here and self._ahead is None:
            self._ahead = self._feed.begin()

    async def aclose(self) -> None:
        """Stop fetching."""
        ahead, self._ahead = self._ahead, None
        self._feed.pause()
        await settle(ahead)


def _views_of(piece: bytes) -> Iterable[Chunk]:
    if len(piece) <= CHUNK_BYTES:
        return (piece,)
    view = memoryview(piece)
    return (view[start : start + CHUNK_BYTES] for start in range(0, len(view), CHUNK_BYTES))
