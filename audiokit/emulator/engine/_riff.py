"""What a WAV header claims about its own length."""

from __future__ import annotations

import struct
from typing import BinaryIO, Final

_STREAMED: Final = frozenset({0, 0xFFFFFFFF})
"""Data sizes that writers into a pipe leave behind: they claim nothing."""

_MAX_CHUNKS: Final = 1000


def claimed_seconds(file: BinaryIO) -> float | None:
    """Read the length in seconds that a WAV header claims; None when it claims none.

    Args:
        file: Seekable; left at an unspecified position.
    """
    file.seek(12)
    bytes_per_second = 0
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return None
        name, size = struct.unpack("<4sI", head)
        if name == b"fmt " and size >= 16:
            bytes_per_second = struct.unpack("<I", file.read(16)[8:12].ljust(4, b"\0"))[0]
            file.seek(size - 16 + size % 2, 1)
        elif name == b"data":
            return None if size in _STREAMED or not bytes_per_second else size / bytes_per_second
        else:
            file.seek(size + size % 2, 1)
    return None
