"""What every module of the engine shares: the shape of samples, and how to say no."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""Audio of shape (frames, channels), full scale -1.0 to 1.0."""

Signal: TypeAlias = NDArray[np.float64]
"""One channel of audio or a control curve, shape (frames,)."""

RENDER_HZ: Final = 48_000
"""Sample rate of everything the emulator masters, in hertz."""


class Refused(Exception):
    """The input cannot be worked on; the message is for the user and names no path."""


def decibels(ratio: float) -> float:
    """Express an amplitude ratio in dB, never below -200."""
    return float(20.0 * np.log10(max(ratio, 1e-10)))


def amplitude(gain_db: float) -> float:
    """Express a gain in dB as an amplitude ratio."""
    return float(10.0 ** (gain_db / 20.0))


def with_channels(block: Samples, channels: int) -> Samples:
    """Return *block* with this many channels: down by averaging, up from mono by copying.

    Args:
        block: Shape (frames, any channels).
        channels: 1 or 2.
    """
    have = block.shape[1]
    if have == channels:
        return block
    if channels == 1:
        return np.asarray(block.mean(axis=1, keepdims=True), np.float32)
    if have == 1:
        return np.repeat(block, channels, axis=1)
    # Surround to stereo: left channels are even, right ones odd in the common orders; centre goes to both.
    left, right = block[:, 0::2].mean(axis=1), block[:, 1::2].mean(axis=1)
    if have % 2:
        centre = block[:, 2]
        left, right = (block[:, 0] + 0.7 * centre) / 1.7, (block[:, 1] + 0.7 * centre) / 1.7
    return np.stack([left, right], axis=1).astype(np.float32)
