"""When a look pays: arithmetic without clock, tasks or calls.

A look costs one call. Waiting with it costs delay: each job that is over and not known to be is that much
late, counted as a share of its length. The best moment is the one at which a look costs least per job that it
is expected to find over::

    (price of a call + delay until then, of all jobs it answers for) / jobs expected to be over by then

For one job or a hundred of the same list, whether their end is known to the second or not at all, this gives
what one would do by hand: nothing while none can be over, often while many end, soon when all must be over.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import attrs

from audiokit._config import positive, whole
from audiokit.jobs._hazard import Hazard, position
from audiokit.transport import Priority

_GROWTH: Final = 1.1
_FIRST_STEP: Final = 0.01
_LONGEST: Final = 1.0
_DEARER: Final = 4.0
"""No wait is longer than so many times the age of the youngest job, or what is typical of its kind: what was
learned may be wrong by now. The dearer a call, the longer that may be."""
_PRICE_STEP: Final = 0.05
_LOOKS_EACH: Final = 20.0
_FULLEST: Final = 0.97


class Cohort(NamedTuple):
    """Jobs that are alike for planning; moments in seconds of the clock.

    Attributes:
        jobs: How many; a fraction where they stand for others.
        hazard: Of their kind.
        unit_s: Their expected seconds, the unit of ages in *hazard*.
        started_at: When they began.
        seen_at: When they were last seen running, or began.
    """

    jobs: float
    hazard: Hazard
    unit_s: float
    started_at: float
    seen_at: float


def best_moment(cohorts: Sequence[Cohort], price: float) -> float:
    """The moment at which one look at all of these costs least per job found over.

    For a job alone this depends on its age only, in units of its kind, and is remembered for others.

    Args:
        cohorts: At least one.
        price: What one call is worth, in delays as long as a job takes; above 0.
    """
    if len(cohorts) == 1 and cohorts[0].jobs == 1.0:
        return _best_alone(cohorts[0], price)
    return _best(cohorts, price)


def _best_alone(job: Cohort, price: float) -> float:
    step = round(math.log(price) / _PRICE_STEP)
    age = (job.seen_at - job.started_at) / job.unit_s
    place = round(4 * position(age)) if age > 0 else -1
    plans = job.hazard.plans
    wait = plans.get((place, step))
    if wait is None:
        alike = Cohort(1.0, job.hazard, 1.0, -age, 0.0)
        wait = plans[place, step] = _best([alike], math.exp(step * _PRICE_STEP))
    return job.seen_at + wait * job.unit_s


def _best(cohorts: Sequence[Cohort], price: float) -> float:
    known = [
        (one, one.hazard.summed((one.seen_at - one.started_at) / one.unit_s))  # what is behind them
        for one in cohorts
    ]
    moment = begin = min(one.seen_at for one in cohorts)
    age_s = min(max(begin - one.started_at, 0.0) for one in cohorts)
    typical_s = min(one.unit_s * one.hazard.typical for one in cohorts)
    step = max(_FIRST_STEP * age_s, _FIRST_STEP * typical_s / 4)
    limit = begin + _LONGEST * (1.0 + _DEARER * price) * max(age_s, typical_s)
    delay = late = 0.0
    best, best_cost = begin + step, math.inf
    while moment < limit:
        then = begin + step
        over = late_then = 0.0
        for (jobs, hazard, unit, started_at, _), behind in known:
            chance = jobs * -math.expm1(behind - hazard.summed((then - started_at) / unit))
            if chance > 0.0:
                over += chance
                late_then += chance / (then - started_at)
        delay += (late + late_then) / 2 * (then - moment)
        moment, late = then, late_then
        if over > 0.0:
            cost = (price + delay) / over
            if cost > best_cost:
                break
            best, best_cost = moment, cost
        step *= _GROWTH
    return best


def first_chance(cohorts: Sequence[Cohort], share: float) -> float:
    """The moment at which the first of these is over with a chance of *share* (0 to 1, exclusive)."""
    return min(
        started_at + unit_s * hazard.age_of(share, since=(seen_at - started_at) / unit_s)
        for _, hazard, unit_s, started_at, seen_at in cohorts
    )


def worth(cohorts: Sequence[Cohort], moment: float) -> float:
    """Jobs that a look at *moment* is expected to find over, short ones counting more."""
    return sum(
        jobs
        * -math.expm1(
            hazard.summed((seen_at - started_at) / unit) - hazard.summed((moment - started_at) / unit)
        )
        / max(moment - started_at, 1e-3)
        for jobs, hazard, unit, started_at, seen_at in cohorts
    )


@attrs.frozen(kw_only=True)
class PollPolicy:
    """How much looking is worth.

    Attributes:
        price: What one call is worth where the calls that are left would give each page, and each job that
            is on none, twenty looks: as much as one outcome known so late, in shares of the job's length.
            With fewer jobs calls are cheaper, with more dearer, and dearer without end as they run out.
        calls: How many calls per *window_s* to reckon with where the API has no limit. They may be exceeded.
        window_s: Seconds.
        at_once: Looks under way at the same time.
        longest_look_s: A look that has not ended after so many seconds is given up, and made again later.
    """

    price: float = attrs.field(default=0.08, validator=positive)
    calls: int = attrs.field(default=600, validator=whole)
    window_s: float = attrs.field(default=300.0, validator=positive)
    at_once: int = attrs.field(default=8, validator=whole)
    longest_look_s: float = attrs.field(default=60.0, validator=positive)


class Allowance(Protocol):
    """What is left of an API's limit; the transport's rate limiter is one."""

    def free_now(self, *, priority: Priority) -> int:
        """Calls that could begin at once."""
        ...

    def next_free_s(self, *, priority: Priority) -> float:
        """Seconds until one more could begin, at least."""
        ...


class PollBudget:
    """Counts looks, and says what one is worth."""

    def __init__(self, policy: PollPolicy, allowance: Allowance | None) -> None:
        self._policy = policy
        self._allowance = allowance
        self._begun: deque[float] = deque()

    def note(self, now: float) -> None:
        """A look begins."""
        self._begun.append(now)

    def wait_s(self, under_way: int) -> float:
        """Seconds until there is room for one more look; 0 when there is.

        Looks under way may not have got their places yet: while they may need all that is left, it is never.
        """
        if self._allowance is None or self._allowance.free_now(priority=Priority.POLL) > under_way:
            return 0.0
        return math.inf if under_way else self._allowance.next_free_s(priority=Priority.POLL)

    def price(self, now: float, questions: float) -> float:
        """What one call is worth while so many questions are open, each of which wants some looks."""
        while self._begun and self._begun[0] <= now - self._policy.window_s:
            self._begun.popleft()
        used = len(self._begun)
        if self._allowance is None:
            room = max(self._policy.calls, used)
        else:
            room = used + self._allowance.free_now(priority=Priority.POLL)
        full = min(used / room, _FULLEST) if room else _FULLEST
        load = _LOOKS_EACH * questions / max(room, 1)
        # With more of them each gets fewer looks, which cost as the square root: see `best_moment`.
        load = min(load, math.sqrt(load))
        return self._policy.price * max(load, full**2) / (1.0 - full**4)
