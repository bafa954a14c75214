"""Whether an Ogg file was cut: its last page should carry the end-of-stream flag."""

from __future__ import annotations

from typing import BinaryIO, Final

_MAX_PAGE_BYTES: Final = 65_307
_END_OF_STREAM: Final = 0x04


def is_cut(file: BinaryIO) -> bool:
    """Tell whether the last page is missing or unfinished.

    Args:
        file: Seekable; left at an unspecified position.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - _MAX_PAGE_BYTES))
    tail = file.read()
    last = tail.rfind(b"OggS")
    if last < 0 or len(tail) < last + 27:
        return True
    if not tail[last + 5] & _END_OF_STREAM:
        return True
    segments = tail[last + 26]
    table = tail[last + 27 : last + 27 + segments]
    return len(table) < segments or len(tail) < last + 27 + segments + sum(table)
