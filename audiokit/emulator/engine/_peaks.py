"""The outline of a recording: smallest and largest sample of each stretch, in constant memory."""

from __future__ import annotations

from typing import Any, Final

import attrs
import numpy as np

from audiokit.emulator.engine._base import Refused, Signal
from audiokit.emulator.engine._decode import AudioReader
from audiokit.emulator.engine._fold import folding

_FIRST_FRAMES_PER_PIXEL: Final = 64
_MAX_PIXELS: Final = 2_000


@attrs.frozen(kw_only=True)
class Outline:
    """Extremes of a recording, folded to mono.

    Attributes:
        sample_rate_hz: Of the recording.
        frames_per_pixel: Frames that each pair stands for.
        lows: Smallest sample of each stretch.
        highs: Largest sample of each stretch.
    """

    sample_rate_hz: int
    frames_per_pixel: int
    lows: Signal
    highs: Signal


def outline(path: str) -> Outline:
    """Read a file and outline it in at most 2000 pairs.

    Its length is not known before it is decoded, so pairs are merged two by two whenever there are too many.

    Raises:
        Refused: The file cannot be read or holds no samples.
    """
    per_pixel = _FIRST_FRAMES_PER_PIXEL
    lows: list[Signal] = []
    highs: list[Signal] = []
    count, rest = 0, np.zeros(0)
    fold = folding(path, 1)
    with AudioReader(path) as reader:
        for block in reader.blocks():
            rest = np.concatenate([rest, fold(block)[:, 0].astype(np.float64)])
            while len(rest) >= per_pixel:
                # Never more than there is room for: merging an odd number would shift all that follows.
                taken = min(len(rest) // per_pixel, _MAX_PIXELS - count)
                pixels, rest = rest[: taken * per_pixel].reshape(-1, per_pixel), rest[taken * per_pixel :]
                lows.append(pixels.min(axis=1))
                highs.append(pixels.max(axis=1))
                count += taken
                if count == _MAX_PIXELS:
                    lows = [np.concatenate(lows).reshape(-1, 2).min(axis=1)]
                    highs = [np.concatenate(highs).reshape(-1, 2).max(axis=1)]
                    count, per_pixel = count // 2, per_pixel * 2
        if len(rest):
            lows.append(np.array([rest.min()]))
            highs.append(np.array([rest.max()]))
        if not reader.decoded_frames:
            raise Refused("the file holds no samples that can be decoded")
        return Outline(
            sample_rate_hz=reader.sample_rate_hz,
            frames_per_pixel=per_pixel,
            lows=np.concatenate(lows),
            highs=np.concatenate(highs),
        )


def peaks(path: str) -> dict[str, Any]:
    """Outline a file as JSON in version 2 of the layout that BBC's audiowaveform writes.

    Returns:
        ``version`` 2, ``channels`` 1, ``sample_rate`` in hertz, ``samples_per_pixel``, ``bits`` 8, ``length``
        (pairs) and ``data``: lowest and highest of each pair in turn, -128 to 127.
    """
    found = outline(path)
    pairs = np.stack([found.lows, found.highs], axis=1).reshape(-1)
    return {
        "version": 2,
        "channels": 1,
        "sample_rate": found.sample_rate_hz,
        "samples_per_pixel": found.frames_per_pixel,
        "bits": 8,
        "length": len(found.lows),
        "data": np.clip(np.rint(pairs * 128.0), -128, 127).astype(int).tolist(),
    }
