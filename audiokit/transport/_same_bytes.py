"""Notices when what was sent once is not the same when it is sent again."""

from __future__ import annotations

import zlib

from audiokit.errors import UploadInterrupted
from audiokit.transport._chunks import CHUNK_BYTES, Chunk, interrupted


class SameBytes:
    """Checksums of what the attempts of one upload have sent, at every MiB and wherever one ended.

    For sources whose change nothing else tells: not a defence against malice, hence CRC-32.
    """

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._marks: dict[int, int] = {}
        self._size_bytes: int | None = None
        self._at = 0
        self._crc = 0

    def start(self) -> None:
        """An attempt begins."""
        if self._at:
            self._mark()
        self._at = self._crc = 0

    def add(self, chunk: Chunk) -> None:
        """Note what is about to be sent.

        Raises:
            UploadInterrupted: Another attempt sent something else there.
        """
        view, end = memoryview(chunk), self._at + len(chunk)
        first = self._at // CHUNK_BYTES + 1
        stops = {*range(first * CHUNK_BYTES, end + 1, CHUNK_BYTES)}
        stops |= {mark for mark in self._marks if self._at < mark <= end}
        for stop in sorted({*stops, end}):
            self._crc = zlib.crc32(view[: stop - self._at], self._crc)
            view = view[stop - self._at :]
            self._at = stop
            if stop in stops:
                self._mark()

    def finish(self) -> None:
        """The source has ended.

        Raises:
            UploadInterrupted: Another attempt got further, or ended elsewhere.
        """
        size = self._at if self._size_bytes is None else self._size_bytes
        if size != self._at or any(mark > self._at for mark in self._marks):
            raise self._changed()
        self._size_bytes = size

    def _mark(self) -> None:
        if self._marks.setdefault(self._at, self._crc) != self._crc:
            raise self._changed()

    def _changed(self) -> UploadInterrupted:
        return interrupted(
            f"{self._shown} gave other bytes than before when they were needed a second time; "
            "upload it again, from a source that does not change"
        )
