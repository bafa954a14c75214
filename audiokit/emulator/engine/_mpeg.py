"""Whether an MP3 says how many frames it has, or its length is only guessed from its size."""

from __future__ import annotations

from typing import BinaryIO, Final

_ID3_HEADER_BYTES: Final = 10
_SEARCHED_BYTES: Final = 4_096
_MARKS: Final = (b"Xing", b"Info", b"VBRI")


def has_frame_count(file: BinaryIO) -> bool:
    """Look for the frame count that encoders put into the first frame, after any ID3 tag.

    Args:
        file: Seekable; left at an unspecified position.
    """
    start = 0
    file.seek(0)
    head = file.read(_ID3_HEADER_BYTES)
    if head[:3] == b"ID3" and len(head) == _ID3_HEADER_BYTES:
        start = _ID3_HEADER_BYTES + sum(
            byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True)
        )
    file.seek(start)
    first = file.read(_SEARCHED_BYTES)
    return any(mark in first for mark in _MARKS)
