"""True peak: the highest point of the curve that the samples stand for, read between them.

The curve is reckoned as FFmpeg's resampler and so its `ebur128` do, by a sinc of 32 samples under a Kaiser
window, but only where it can be higher than what was already found. What lies between two samples is a sum of
the 32 around them with the weights of `_filters`, so never higher than the highest of these times the sum of
the weights' amounts, 2.35 (7.4 dB): all else of the track needs no look. In mastered speech over music that
leaves 7 % of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audiokit.emulator.engine._base import Samples

_TAPS: Final = 32
_BETA: Final = 9.0


class PeakMeter:
    """Highest sample after oversampling to at least 192 kHz; a single one where that changes nothing.

    Args:
        rate_hz: Sample rate of the blocks.
        channels: Of the blocks, 1 or 2.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        filters = _filters(4 if rate_hz < 96_000 else 2 if rate_hz < 192_000 else 1)
        self._weights = _unrolled(filters)
        self._gain = float(np.abs(filters).sum(axis=1).max(initial=0.0))
        self._channels = channels
        self._rest: NDArray[np.float32] | None = None
        self._highest = 0.0

    def push(self, block: Samples) -> None:
        """Look at one more block."""
        rest = _mirrored(block) if self._rest is None else self._rest
        joined = np.concatenate([rest, block.T], axis=1)
        count = joined.shape[1] // _TAPS
        self._rest = joined[:, (count - 1) * _TAPS :]
        runs = joined[:, : count * _TAPS].reshape(len(joined), count, _TAPS)
        highest = np.maximum(runs.max(axis=2), -runs.min(axis=2))
        self._highest = max(self._highest, float(highest.max()))
        self._interpolate(runs, np.maximum(highest[:, :-1], highest[:, 1:]) * self._gain)

    def finish(self) -> float:
        """Return the highest amplitude."""
        self.push(np.zeros((2 * _TAPS, self._channels), np.float32))
        return self._highest

    def _interpolate(self, runs: NDArray[np.float32], bounds: NDArray[np.float32]) -> None:
        """Look between the samples of those pairs of runs whose bound is above what was found.

        Args:
            runs: Shape (channels, runs, `_TAPS`).
            bounds: What each pair of neighbours cannot exceed, shape (channels, runs - 1).
        """
        channel, place = np.nonzero(bounds > self._highest)
        if len(place) and self._weights.size:
            pairs = np.concatenate([runs[channel, place], runs[channel, place + 1]], axis=1)
            between = pairs @ self._weights
            self._highest = max(self._highest, float(between.max()), -float(between.min()))


def _mirrored(block: Samples) -> NDArray[np.float32]:
    """What FFmpeg takes to be before the first sample: the reflection of what follows it."""
    before = block[_TAPS:0:-1].T
    return np.concatenate([np.zeros((len(before), _TAPS - before.shape[1]), np.float32), before], axis=1)


def _filters(factor: int) -> NDArray[np.float64]:
    """Weights of the samples around each point between two of them, shape (factor - 1, `_TAPS`)."""
    points = np.arange(1, factor)[:, None] / factor
    distance = np.arange(_TAPS) - (_TAPS // 2 - 1) - points
    window = np.i0(_BETA * np.sqrt(np.maximum(0.0, 1.0 - (2.0 * distance / _TAPS) ** 2)))
    weights = np.sinc(distance) * window
    normal: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return normal


def _unrolled(filters: NDArray[np.float64]) -> NDArray[np.float32]:
    """Weights that give every point of a pair of runs at once, shape (2 * `_TAPS`, `_TAPS` * points)."""
    rows = np.zeros((_TAPS, len(filters), 2 * _TAPS), np.float32)
    for start in range(_TAPS):
        rows[start, :, start : start + _TAPS] = filters
    return np.ascontiguousarray(rows.reshape(-1, 2 * _TAPS).T)
