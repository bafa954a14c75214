"""Small edits of one recording: finding where it sounds, cutting and stretching it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from audiokit.emulator.engine._base import Refused
from audiokit.emulator.engine._decode import AudioReader
from audiokit.emulator.engine._encode import open_writer
from audiokit.emulator.engine._source import Excerpt, ExcerptStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audiokit.emulator.engine._base import Samples


def edges(path: str, threshold: float) -> dict[str, Any]:
    """Say where a recording begins and ends to sound.

    Args:
        path: The recording.
        threshold: Amplitude, 0 to 1; what stays at or below it is silence.

    Returns:
        ``seconds``, ``start_s`` and ``end_s`` of what sounds; both 0 when nothing does.
    """
    first: int | None = None
    last = 0
    with AudioReader(path) as reader:
        position = 0
        for block in reader.blocks():
            loud = np.flatnonzero(np.abs(block).max(axis=1) > threshold)
            if len(loud):
                first = position + int(loud[0]) if first is None else first
                last = position + int(loud[-1]) + 1
            position += len(block)
        rate_hz = reader.sample_rate_hz
    return {"seconds": position / rate_hz, "start_s": (first or 0) / rate_hz, "end_s": last / rate_hz}


def excerpt(
    path: str, out: str, offset_s: float = 0.0, duration_s: float | None = None, stretch: float = 1.0
) -> dict[str, Any]:
    """Write a stretch of a recording as 16-bit wav of the same rate.

    Args:
        path: The recording.
        out: File to make.
        offset_s: Seconds to skip.
        duration_s: Seconds to keep, after stretching; None for all the rest.
        stretch: Factor on the length, 0.25 to 2.0; the pitch stays.

    Returns:
        ``seconds``.

    Raises:
        Refused: Nothing would be left.
    """
    wanted = Excerpt(path=path, offset_s=offset_s, duration_s=duration_s, stretch=stretch)
    with AudioReader(path) as reader:
        rate_hz, channels = reader.sample_rate_hz, min(reader.channels, 2)
    stream = ExcerptStream(wanted, rate_hz=rate_hz, channels=channels)
    try:
        frames = _written(stream.blocks(), out, rate_hz=rate_hz, channels=channels)
    finally:
        stream.close()
    if not frames:
        raise Refused("nothing of the recording would be left")
    return {"seconds": frames / rate_hz}


def _written(blocks: Iterator[Samples], out: str, *, rate_hz: int, channels: int) -> int:
    frames = 0
    with open_writer(out, "wav", rate_hz=rate_hz, channels=channels) as writer:
        for block in blocks:
            if len(block):
                writer.write(block)
                frames += len(block)
    return frames
