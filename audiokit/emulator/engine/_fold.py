"""Bringing a file to mono without losing it: channels in opposite phase would cancel each other out."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from audiokit.emulator.engine._base import Samples, with_channels
from audiokit.emulator.engine._decode import AudioReader

if TYPE_CHECKING:
    from collections.abc import Callable

_LOST_DB: Final = 20.0
_LOOK_S: Final = 60.0


def folding(path: str, channels: int) -> Callable[[Samples], Samples]:
    """Return what gives the blocks of a file this many channels.

    Mono is the mean of the channels, or where that is more than 20 dB below the loudest of them (in the first
    minute of sound), that one alone.

    Args:
        path: The file.
        channels: 1 or 2.

    Raises:
        Refused: The file cannot be read.
    """
    if channels == 1:
        facts = Path(path).stat()
        only = _only_channel(path, facts.st_mtime_ns, facts.st_size)
        if only is not None:
            return lambda block: block[:, only : only + 1]
    return functools.partial(with_channels, channels=channels)


@functools.lru_cache(maxsize=256)
def _only_channel(path: str, _changed: int, _size: int) -> int | None:
    """Channel that must stand for all, or None; remembered, for music is opened again for each playing."""
    with AudioReader(path) as reader:
        if reader.channels == 1:
            return None
        power, folded, frames = np.zeros(reader.channels), 0.0, 0
        for block in reader.blocks():
            if not frames and not block.any():
                continue
            frames += len(block)
            power += np.einsum("fc,fc->c", block, block, dtype=np.float64)
            mean = block.mean(axis=1)
            folded += float(mean @ mean)
            if frames >= _LOOK_S * reader.sample_rate_hz:
                break
    return int(power.argmax()) if folded < power.max() * 10 ** (-_LOST_DB / 10) else None
