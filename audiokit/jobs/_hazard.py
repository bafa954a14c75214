"""What share of the jobs that reach an age end in the next moment: learned, and used to look ahead.

A job that was running at one look and over at the next tells that its end lies between them; one that still
runs tells that its end lies later. Both count. From the hazard follows, for a job that has run t seconds, how
likely it is to be over a little later, whatever the durations look like: alike, spread evenly, in two heaps.

Ages have no unit here; 1 is what is typical.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import pairwise
from typing import Final

_RATIO: Final = 1.02
"""Each bin of ages is this much longer than the one before; finer differences are not told apart."""
_SHORTEST: Final = 0.004
_BINS: Final = 880
_KEPT: Final = 0.975
"""What is known at one age counts this much at the next bin, where it is mixed with what was seen there."""
_CARRIED: Final = 240.0
"""... yet never more than as much as so many jobs seen, so that a sudden change shows at once;"""
_CARRIED_EMPTY: Final = 60.0
"""and that nothing ended says less than at which rate jobs do: it is how every batch begins."""
_FEW: Final = 1.0
_DOUBT: Final = 0.15
"""Each bin adds the prior's opinion as if it had been seen with so many jobs."""
_ENOUGH: Final = 100.0
_NARROW: Final = 6.0
_FORGET_AT: Final = 4096.0
_COARSE: Final = 6
_END_COUNTS: Final = 10.0
_NEWS: Final = 0.02

_LOG_RATIO: Final = math.log(_RATIO)
_EDGES: Final = [_SHORTEST * _RATIO**index for index in range(_BINS + 1)]
# Before anything is known: half are over at age 1, and of those that live longer 2/age end per unit.
_PRIOR: Final = [math.log1p(upper**2) - math.log1p(lower**2) for lower, upper in pairwise(_EDGES)]


class Hazard:
    """Ends and survivals by age.

    Attributes:
        plans: What others have worked out from the estimate; emptied when it changes.
    """

    def __init__(self) -> None:
        # Both as changes from bin to bin, so that noting an observation takes the same few steps at any age.
        self._entries = [0.0] * (_BINS + 1)
        self._ends = [0.0] * (_BINS + 1)
        self._total_ends = 0.0
        self._observed = 0.0
        self._news = 0.0
        self._sums: list[float] = []
        self.plans: dict[tuple[int, int], float] = {}

    @property
    def knows_enough(self) -> bool:
        """Whether enough ended to tell what is typical."""
        return self._total_ends >= _ENOUGH

    @property
    def typical(self) -> float:
        """An age that a good part of the jobs reach; 1 until enough has ended to tell."""
        return self.age_of(0.25) if self.knows_enough else 1.0

    def saw(self, since: float, age: float, *, is_over: bool, weight: float = 1.0) -> None:
        """Note that what ran at age *since* was over at *age*, or still ran."""
        start, end = position(since), position(age)
        _add(self._entries, start, weight)
        if not is_over:
            _add(self._entries, end, -weight)
        else:
            self._total_ends += weight
            if end - start <= _NARROW:
                self._ended(start, end, weight)
            else:
                self._ended_somewhere(since, age, weight)
        self._observed += weight
        self._news += weight * (_END_COUNTS if is_over else 1.0)
        if self._total_ends > _FORGET_AT:
            self._forget()

    def _ended(self, start: float, end: float, weight: float) -> None:
        """Note an end somewhere between two places, anywhere with equal chance."""
        span = max(end - start, 1e-3)
        _add(self._entries, end, -weight)
        _add(self._ends, end - span, weight / span)
        _add(self._ends, end, -weight / span)

    def _ended_somewhere(self, since: float, age: float, weight: float) -> None:
        """Note an end in a long time: in each bin of it as likely as is known so far."""
        self.refresh()
        sums = self._sums
        behind, ahead = self.summed(since), self.summed(age)
        each = weight / -math.expm1(behind - ahead)
        left = 1.0
        for index in range(int(position(since)), int(position(age)) + 1):
            still = math.exp(behind - min(sums[index + 1], ahead))
            part = each * (left - still)
            left = still
            self._ends[index] += part
            self._ends[index + 1] -= part
            self._entries[index] -= part / 2
            self._entries[index + 1] -= part / 2

    def refresh(self) -> None:
        """Take in what was noted since the last time, if it is enough to matter."""
        if not self._sums or self._news > self._observed * _NEWS:
            self._estimate()

    def summed(self, age: float) -> float:
        """The hazard added up from age 0; exp(-difference) is the chance to get from one age to the other."""
        if not self._sums:
            self._estimate()
        sums = self._sums
        if age <= _SHORTEST:
            return 0.0
        place = math.log(age / _SHORTEST) / _LOG_RATIO
        index = int(place)
        if index >= _BINS:
            return sums[_BINS]
        lower = sums[index]
        return lower + (sums[index + 1] - lower) * (place - index)

    def age_of(self, share: float, *, since: float = 0.0) -> float:
        """The age at which *share* (0 to 1, exclusive) are over of the jobs that reached the age *since*."""
        self.refresh()
        wanted = self.summed(since) - math.log1p(-share)
        return _EDGES[min(bisect_left(self._sums, wanted), _BINS)]

    def likelihood(self) -> float:
        """How well ends and survivals are told apart by age; comparable between scalings of the same jobs."""
        found = at_risk = ending = 0.0
        for first in range(0, _BINS - _COARSE + 1, _COARSE):
            ends = risk = 0.0
            for index in range(first, first + _COARSE):
                at_risk += self._entries[index]
                ending += self._ends[index]
                ends += ending
                risk += max(at_risk - ending / 2, 0.0) * (_EDGES[index + 1] - _EDGES[index])
            if ends > 1e-9 and risk > 0.0:
                found += ends * math.log(ends / risk)
        return found

    def _estimate(self) -> None:
        self.plans.clear()
        self._news = 0.0
        total = at_risk = ends = all_ends = all_jobs = carried_ends = 0.0
        sums = [0.0]
        for prior, entries, ending in zip(_PRIOR, self._entries, self._ends, strict=False):
            at_risk += entries
            ends += ending
            most = _CARRIED if carried_ends > _FEW else _CARRIED_EMPTY
            keep = _KEPT * min(1.0, most / all_jobs) if all_jobs else 0.0
            carried_ends = carried_ends * keep + max(ends, 0.0)
            all_ends = all_ends * keep + _DOUBT + max(ends, 0.0) / prior
            all_jobs = all_jobs * keep + _DOUBT + max(at_risk - ends / 2, 0.0)
            total += all_ends / all_jobs * prior
            sums.append(total)
        self._sums = sums

    def _forget(self) -> None:
        """Let the past count half, so that an API that becomes faster or slower is followed."""
        self._entries = [value / 2 for value in self._entries]
        self._ends = [value / 2 for value in self._ends]
        self._total_ends /= 2
        self._observed /= 2


def position(age: float) -> float:
    """Where an age lies among the bins, with its fraction."""
    if age <= _SHORTEST:
        return 0.0
    return min(math.log(age / _SHORTEST) / _LOG_RATIO, _BINS - 1e-6)


def _add(changes: list[float], place: float, weight: float) -> None:
    """Let a quantity per bin change by *weight* from *place* on."""
    place = max(place, 0.0)
    index = int(place)
    part = place - index
    changes[index] += weight * (1.0 - part)
    changes[index + 1] += weight * part
