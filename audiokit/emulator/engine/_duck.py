"""How far music goes down under speech: a smooth curve from the places where somebody speaks.

Not a side-chain compressor: the whole timeline is known, so music can be down just before the first syllable
and by exactly the wanted amount, which a compressor (level dependent, no look-ahead) cannot promise.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from audiokit.emulator.engine._base import Signal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ACTIVITY_HZ: Final = 100
"""Level frames a second from which speech is told from pauses."""

_LOOK_AHEAD_S: Final = 0.30
_ATTACK_S: Final = 0.25
_HOLD_S: Final = 0.15
_RELEASE_S: Final = 0.60
_SHORTEST_GAP_S: Final = 1.0  # music that comes up for less than that only pumps
_BELOW_LOUDEST_DB: Final = 35.0

Interval = tuple[float, float]


def active_intervals(levels: Sequence[float], start_s: float) -> list[Interval]:
    """Tell where a clip sounds.

    Args:
        levels: RMS of each frame, `ACTIVITY_HZ` a second.
        start_s: Where the clip starts on the track.
    """
    if not len(levels) or max(levels) <= 1e-6:
        return []
    sounding = np.asarray(levels) > max(levels) * 10 ** (-_BELOW_LOUDEST_DB / 20)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], sounding, [False]]).astype(np.int8)))
    return [(start_s + a / ACTIVITY_HZ, start_s + b / ACTIVITY_HZ) for a, b in edges.reshape(-1, 2)]


@attrs.frozen
class DuckCurve:
    """Gain of the music over time.

    Attributes:
        times_s: Corners of the curve.
        gains_db: Gain at each.
    """

    times_s: tuple[float, ...]
    gains_db: tuple[float, ...]

    @classmethod
    def under(cls, speech: Iterable[Interval], duck_db: float) -> DuckCurve:
        """Build the curve that is at *duck_db* wherever *speech* is, and at 0 dB in longer gaps."""
        times, gains = [-1.0], [0.0]
        for start, end in _merged(speech):
            down = start - _LOOK_AHEAD_S
            times += [down, down + _ATTACK_S, end + _HOLD_S, end + _HOLD_S + _RELEASE_S]
            gains += [0.0, duck_db, duck_db, 0.0]
        return cls(tuple(times), tuple(gains))

    def gain(self, first_frame: int, frames: int, rate_hz: int) -> Signal:
        """Amplitudes for some frames of the track."""
        start_s, end_s = first_frame / rate_hz, (first_frame + frames) / rate_hz
        corners = self.gains_db[bisect_left(self.times_s, start_s) : bisect_right(self.times_s, end_s)]
        edges = np.interp([start_s, end_s], self.times_s, self.gains_db)
        if {*corners, *edges.tolist()} == {edges[0]}:  # nothing changes here, as nearly everywhere
            return np.full(frames, 10.0 ** (edges[0] / 20.0))
        times = (first_frame + np.arange(frames)) / rate_hz
        gains_db = np.interp(times, self.times_s, self.gains_db)
        result: Signal = 10.0 ** (gains_db / 20.0)
        return result


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Join intervals whose gap is too short for music to come up and go down again."""
    smallest = max(_SHORTEST_GAP_S, _LOOK_AHEAD_S + _HOLD_S + _RELEASE_S)
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if joined and start - joined[-1][1] <= smallest:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
