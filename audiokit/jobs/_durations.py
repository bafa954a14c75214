"""How long remote work takes, learned from what looks show.

A job that was running at one look and over at the next tells that its end lies between them; one that still
runs tells that its end lies later. Both count. What is kept is the *hazard*: of the jobs that reach an age,
which share ends per further second. From it follows, for a job that has run t seconds, how likely it is to
be over a little later, whatever the shape of the durations: all alike, spread evenly, or in two heaps.

Ages are measured in multiples of a *scale*. Without lengths it is one second. With lengths (seconds of audio
of each job) it is whichever law explains best what was seen: no influence, proportional, or a + b * length.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from itertools import combinations
from statistics import median
from typing import Final

import attrs

_RATIO: Final = 1.04
"""Each bin of ages is this much longer than the one before; the finest that is told apart."""
_LOG_RATIO: Final = math.log(_RATIO)
_SHORTEST: Final = 0.02
_BINS: Final = 400
_PRIOR_MEDIAN: Final = 1.0
"""Before anything is known: half are over at this age, and of those that reach t >> 1, 2/t end per second."""
_KEPT: Final = 0.95
"""What is known at one age counts this much at the next bin, where it is mixed with what was seen there."""
_CARRIED: Final = 60.0
"""... but never more than as much as so many jobs seen, so that a sudden change shows at once."""
_DOUBT: Final = 0.5
"""Each bin adds the prior's opinion as if it had been seen with so many jobs."""
_REMEMBERED: Final = 512
_FORGET_AT: Final = 4096.0

_EDGES: Final = [_SHORTEST * _RATIO**index for index in range(_BINS + 1)]
_PRIOR: Final = [
    math.log1p((upper / _PRIOR_MEDIAN) ** 2) - math.log1p((lower / _PRIOR_MEDIAN) ** 2)
    for lower, upper in zip(_EDGES, _EDGES[1:], strict=False)
]


def _position(age: float) -> float:
    """Where an age lies among the bins, with its fraction."""
    if age <= _SHORTEST:
        return 0.0
    return min(math.log(age / _SHORTEST) / _LOG_RATIO, _BINS - 1e-6)


class Hazard:
    """Ends and survivals by age, and what they mean for the ages to come. Ages have no unit here."""

    def __init__(self) -> None:
        self._ends = [0.0] * (_BINS + 1)
        self._entries = [0.0] * (_BINS + 1)  # change of the number at risk, bin by bin
        self._total = 0.0
        self._observed = 0.0
        self._news = 0.0
        self._sums: list[float] = []
        self.version = 0

    def saw(self, since: float, age: float, *, is_over: bool, weight: float = 1.0) -> None:
        """Note that what ran at age *since* was over at *age*, or still ran."""
        start, end = _position(since), _position(age)
        _add(self._entries, start, weight)
        _add(self._entries, end, -weight)
        if is_over:
            # When it ended in between is not known: everywhere alike, so at risk half of that time.
            span = max(end - start, 1e-3)
            density = weight / span
            _add(self._ends, end - span, density)
            _add(self._ends, end, -density)
            self._total += weight
        self._observed += weight
        self._news += weight * (10.0 if is_over else 1.0)
        if self._news * 50.0 >= self._observed:
            self._sums = []  # worth a new look at the whole
        if self._total > _FORGET_AT:
            self._forget()

    def summed(self, age: float) -> float:
        """The hazard added up from age 0; exp(-difference) is the chance to get from one age to the other."""
        sums = self._sums or self._estimate()
        position = _position(age)
        index = int(position)
        lower = sums[index]
        return lower + (sums[index + 1] - lower) * (position - index)

    def quantile(self, share: float) -> float:
        """The age at which *share* (0 to 1) of the jobs are over."""
        sums = self._sums or self._estimate()
        return _EDGES[min(bisect_left(sums, -math.log1p(-share)), _BINS)]

    def likelihood(self) -> float:
        """How well the bins tell ends from survivals; comparable between scalings of the same jobs."""
        at_risk = found = 0.0
        for index, ends in enumerate(self._ends):
            at_risk += self._entries[index]
            if ends > 0.0:
                width = _EDGES[index + 1] - _EDGES[index]
                found += ends * math.log(ends / (max(at_risk, ends) * width))
        return found

    def _estimate(self) -> list[float]:
        self.version += 1
        self._news = 0.0
        total = at_risk = ends = seen_ends = seen_jobs = 0.0
        sums = [0.0]
        for prior, entries, ending in zip(_PRIOR, self._entries, self._ends, strict=False):
            at_risk += entries
            ends += ending
            keep = _KEPT if seen_jobs < _CARRIED else _CARRIED / seen_jobs * _KEPT
            seen_ends = seen_ends * keep + _DOUBT + ends / prior
            seen_jobs = seen_jobs * keep + _DOUBT + max(at_risk - ends / 2, 0.0)
            total += seen_ends / seen_jobs * prior
            sums.append(total)
        self._sums = sums
        return sums

    def _forget(self) -> None:
        """Let half of the past count, so that an API that becomes faster or slower is followed."""
        self._ends = [value / 2 for value in self._ends]
        self._entries = [value / 2 for value in self._entries]
        self._total /= 2
        self._observed /= 2


def _add(changes: list[float], position: float, weight: float) -> None:
    """Let a quantity per bin change by *weight* from *position* on."""
    index = int(position)
    part = position - index
    changes[index] += weight * (1.0 - part)
    changes[index + 1] += weight * part
