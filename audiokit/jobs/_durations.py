"""How long remote work takes, by kind and by length of audio; learned while looking."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from itertools import combinations
from statistics import median
from typing import Final

import attrs

from audiokit.jobs._hazard import Hazard

_REMEMBERED: Final = 512
_MOST_COUNTED: Final = 2048
_SEED: Final = 1
_FIRST_FIT: Final = 8
_FITTED: Final = 48
_LEAST_S: Final = 1e-3
_LEAST_SCALE: Final = 0.02


@attrs.frozen
class Line:
    """What is expected of a job: seconds = intercept + slope * length of its audio in seconds."""

    intercept_s: float
    slope: float

    def at(self, length_s: float) -> float:
        """Expected seconds."""
        return self.intercept_s + self.slope * length_s


TYPICAL: Final[Mapping[str, Line]] = {
    # Nothing is published but the looks of Respeecher's own client: every 0.5 s, for at most 120 s.
    "conversion": Line(1.0, 0.2),
    "calibration": Line(1.0, 0.2),
    "mastering": Line(1.0, 0.1),
    "mix": Line(1.0, 0.1),
}
"""What is supposed before anything was seen; of other kinds `_ELSE`. A handful of jobs corrects it."""

_ELSE: Final = Line(1.0, 0.05)
_SUPPOSED_LENGTH_S: Final = 30.0


@attrs.frozen
class _Past:
    """A job that ended between two looks."""

    length_s: float
    since_s: float
    age_s: float

    @property
    def took_s(self) -> float:
        """About how long it took."""
        return (self.since_s + self.age_s) / 2


class Law:
    """What is known of one kind: how the length of the audio matters, and how durations scatter about that.

    Jobs of which no length is known have a law of their own, in which all are expected to be alike.

    Attributes:
        hazard: In multiples of the expected seconds.
    """

    def __init__(self, typical: Line) -> None:
        self.hazard = Hazard()
        self._line = typical
        self._past: list[_Past] = []  # a fair sample: the last ones alone would be the long ones of a batch
        self._rng = random.Random(_SEED)  # noqa: S311 - chooses a sample
        self._lengths_seen = 0
        self._fit_at = _FIRST_FIT

    def expected_s(self, length_s: float | None) -> float:
        """Seconds a job of this length is expected to take; the unit of its ages in `hazard`."""
        return self._line.at(_SUPPOSED_LENGTH_S if length_s is None else length_s)

    def saw(self, length_s: float | None, since_s: float, age_s: float, *, is_over: bool) -> None:
        """Note that a job that ran *since_s* seconds after its start was over, or not, at *age_s*."""
        unit = self.expected_s(length_s)
        self.hazard.saw(since_s / unit, age_s / unit, is_over=is_over)
        if is_over and length_s is not None:
            self._remember(_Past(length_s, since_s, age_s))

    @property
    def wants_fit(self) -> bool:
        """Whether enough ended since the last `fit` for another; rarer and rarer, then every 512."""
        return self._lengths_seen >= self._fit_at

    def fit(self, running: Iterable[tuple[float, float]]) -> None:
        """Find out anew how the length matters.

        Those that still run count too: among jobs begun together the short ones end first, and would alone
        make all jobs look alike.

        Args:
            running: Length, and age at which it was last seen running, of each job under way; in seconds.
        """
        self._fit_at = min(self._lengths_seen * 2, self._lengths_seen + _REMEMBERED)
        still = list(running)
        lines = _candidates(self._past)
        tried = [(self._measured(line, still), line) for line in lines]
        (_, hazard), line = max(tried, key=lambda one: one[0][0])
        if line.slope or self._line.slope:  # else only the unit would change
            self._line, self.hazard = line, hazard

    def _remember(self, past: _Past) -> None:
        self._lengths_seen += 1
        if len(self._past) < _REMEMBERED:
            self._past.append(past)
            return
        place = self._rng.randrange(min(self._lengths_seen, _MOST_COUNTED))
        if place < _REMEMBERED:
            self._past[place] = past

    def _measured(self, line: Line, running: list[tuple[float, float]]) -> tuple[float, Hazard]:
        """How well a line explains what was seen, and the hazard about it."""
        hazard = Hazard()
        each = min(self._lengths_seen, _MOST_COUNTED) / len(self._past)
        for one in sorted(self._past, key=_vagueness):  # the clear ones help to place the others
            unit = line.at(one.length_s)
            hazard.saw(0.0, one.since_s / unit, is_over=False, weight=each)
            hazard.saw(one.since_s / unit, one.age_s / unit, is_over=True, weight=each)
        step = max(1, len(running) // _REMEMBERED)
        for length_s, age_s in running[::step]:
            hazard.saw(0.0, age_s / line.at(length_s), is_over=False, weight=step)
        # Per second, not per unit: else the line with the largest units would always win.
        return hazard.likelihood() - each * sum(math.log(line.at(one.length_s)) for one in self._past), hazard


class Durations:
    """The laws of all kinds. One may serve several pollers, and outlive them.

    Args:
        typical: What to suppose of kinds nothing is known of yet.
    """

    def __init__(self, typical: Mapping[str, Line] = TYPICAL) -> None:
        self._typical = typical
        self._laws: dict[tuple[str, bool], Law] = {}

    def law(self, kind: str, *, has_length: bool) -> Law:
        """The law of a kind, made when it is new."""
        found = self._laws.get((kind, has_length))
        if found is None:
            found = self._laws[kind, has_length] = Law(self._typical.get(kind, _ELSE))
        return found

    def expected_s(self, kind: str, length_s: float | None = None, *, share: float = 0.5) -> float:
        """Seconds after which *share* (0 to 1, exclusive) of such jobs are over; for display, no promise."""
        law = self.law(kind, has_length=length_s is not None)
        return law.hazard.age_of(share) * law.expected_s(length_s)


def _candidates(past: list[_Past]) -> list[Line]:
    """Lines worth trying: no influence, proportional, and the middle one of those through two jobs each."""
    # Work that was over when it was first looked at took no time at all, as far as anybody can tell.
    least_s = max(_LEAST_SCALE * median(one.took_s for one in past), _LEAST_S)
    lines = [
        Line(max(median(one.took_s for one in past), least_s), 0.0),
        Line(least_s, median(one.took_s / one.length_s for one in past)),
    ]
    last = past[-_FITTED:]
    slopes = [
        (other.took_s - one.took_s) / (other.length_s - one.length_s)
        for one, other in combinations(last, 2)
        if abs(other.length_s - one.length_s) > 1e-3 * one.length_s
    ]
    if slopes and (slope := median(slopes)) > 0:
        intercept_s = median(one.took_s - slope * one.length_s for one in last)
        lines.append(Line(max(intercept_s, least_s), slope))
    return lines


def _vagueness(past: _Past) -> float:
    return past.age_s / (past.since_s + _LEAST_SCALE)
