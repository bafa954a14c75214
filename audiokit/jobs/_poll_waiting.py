"""One job that waits, and the questions that answer for one or many of them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from audiokit.jobs._durations import Law
from audiokit.jobs._poll_plan import Cohort, best_moment
from audiokit.services._poll import Look

if TYPE_CHECKING:
    from audiokit.jobs._poll_lists import Shelf

_EACH: Final = 8
_MERGED: Final = 8
"""Where the jobs of a question differ, so many that end first are planned each, the others in so many heaps."""
_GROWN: Final = 1.25
_GRAIN: Final = 0.01
"""Jobs whose moments differ by less than this part of their age are alike."""


class Waiting:
    """A job that somebody waits for. Moments in seconds of the clock.

    Attributes:
        started_at: When the work began, as far as is known.
        seen_at: When it was last seen running, or `started_at`.
        begun_at: When the waiting began.
        ends_at: When it is given up.
        last: What the last look showed.
        place: Index in its list, the oldest object being 0.
        losses: How often it was not found there.
        question: What answers for it; None once that is over.
    """

    __slots__ = (
        "begun_at",
        "done",
        "ends_at",
        "job",
        "kind",
        "last",
        "law",
        "length_s",
        "look",
        "losses",
        "on_look",
        "place",
        "question",
        "remote",
        "seen_at",
        "shelf",
        "started_at",
    )

    def __init__(
        self,
        *,
        kind: str,
        remote: str,
        job: str,
        look: Callable[[], Awaitable[tuple[Any, Look]]],
        on_look: Callable[[Look], object] | None,
        law: Law,
        length_s: float | None,
        now: float,
        age_s: float,
        timeout_s: float,
    ) -> None:
        self.kind = kind
        self.remote = remote
        self.job = job
        self.look = look
        self.on_look = on_look
        self.law = law
        self.length_s = length_s
        self.begun_at = now
        self.started_at = self.seen_at = now - age_s
        self.ends_at = now + timeout_s
        self.last: Look | None = None
        self.place: int | None = None
        self.losses = 0
        self.shelf: Shelf | None = None
        self.question: Question | None = None
        self.done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def look_alone(self) -> Answer:
        """Ask for this job only."""
        value, look = await self.look()
        return Answer(waiting=self, value=value, look=look)

    @property
    def expected_end(self) -> float:
        """When it is likely to be over."""
        return self.started_at + self.law.expected_s(self.length_s)

    def position(self, grain_s: float) -> tuple[object, ...]:
        """Equal for jobs that may be planned as one."""
        return (self.law, self.length_s, self.started_at // grain_s, self.seen_at // grain_s)

    def cohort(self, jobs: float) -> Cohort:
        """This job as one of *jobs* alike."""
        unit_s = self.law.expected_s(self.length_s)
        return Cohort(jobs, self.law.hazard, unit_s, self.started_at, self.seen_at)


@attrs.frozen(kw_only=True)
class Answer:
    """What a question showed of one job: how it stands, that it failed, or that it was not to be found."""

    waiting: Waiting
    value: Any = None
    look: Look | None = None
    error: Exception | None = None
    is_lost: bool = False

    @classmethod
    def reading(cls, waiting: Waiting, read: Callable[[Any], tuple[Any, Look]], item: Any) -> Self:
        """Read an object of a list; what that raises is this job's alone."""
        try:
            value, look = read(item)
        except Exception as error:  # noqa: BLE001 - goes to whoever waits for this job
            return cls(waiting=waiting, error=error)
        return cls(waiting=waiting, value=value, look=look)


class Question:
    """A call that can be made, and the jobs it answers for.

    Attributes:
        waiting: The jobs, in the order they came.
        due: When it shall be asked.
        not_before: Not earlier, whatever is due: the API said so, or it failed.
        planned_for: How many jobs it had when `due` was chosen.
        failures: Temporary failures in a row.
        is_asked: Whether it is being asked now.
        is_woken: Whether somebody knows better than the plan, e.g. a webhook.
        jitter: Factor on the price of its next call.
    """

    def __init__(self) -> None:
        self.waiting: dict[Waiting, None] = {}
        self.due = math.inf
        self.not_before = -math.inf
        self.planned_for = 0
        self.failures = 0
        self.is_asked = False
        self.is_woken = False
        self.jitter = 1.0

    @property
    def apart(self) -> float:
        """What part of a call there should be under way for it, whatever else is."""
        return 0.05

    @property
    def calls(self) -> int:
        """How many calls it takes to ask it."""
        return 1

    @property
    def answers_for(self) -> int:
        """How many jobs one call tells of."""
        return len(self.waiting)

    @property
    def has_outgrown_plan(self) -> bool:
        """Whether it should be planned anew: many more jobs than then, or the newest is over before."""
        newest = next(reversed(self.waiting), None)
        if newest is None or len(self.waiting) > self.planned_for * _GROWN:
            return True
        return newest.expected_end < self.due

    async def ask(self) -> list[Answer]:
        """Make one call."""
        raise NotImplementedError

    def best_moment(self, cohorts: Sequence[Cohort], price: float) -> float:
        """When to ask, as things are."""
        return best_moment(cohorts, price)

    def lost(self, waiting: Waiting) -> None:
        """Let something else answer for a job that was not found here."""
        raise NotImplementedError

    def replaced(self) -> bool:
        """This can never be answered: whether something else answers for its jobs now."""
        return False

    def admit(self, waiting: Waiting) -> None:
        """Answer for this job from now on, instead of whatever did."""
        if waiting.question is not None:
            waiting.question.waiting.pop(waiting, None)
        waiting.question = self
        self.waiting[waiting] = None

    def cohorts(self) -> list[Cohort]:
        """Its jobs for planning, those that are alike together, at most a few."""
        first = next(iter(self.waiting))
        grain_s = max(_GRAIN * (first.seen_at - first.started_at), 1e-3)
        alike: dict[tuple[object, ...], list[Waiting]] = {}
        for one in self.waiting:
            alike.setdefault(one.position(grain_s), []).append(one)
        groups = sorted(alike.values(), key=lambda group: group[0].expected_end)
        share = self.answers_for / len(self.waiting)
        cohorts = [group[0].cohort(len(group) * share) for group in groups[:_EACH]]
        chunk = -(-max(0, len(groups) - _EACH) // _MERGED)
        for begin in range(_EACH, len(groups), chunk or 1):
            merged = groups[begin : begin + chunk]
            jobs = sum(len(group) for group in merged) * share
            cohorts.append(merged[len(merged) // 2][0].cohort(jobs))
        return cohorts


class Single(Question):
    """One job, looked at on its own."""

    def __init__(self, waiting: Waiting) -> None:
        super().__init__()
        self.admit(waiting)

    def __repr__(self) -> str:
        return f"<look at {next(iter(self.waiting)).job}>" if self.waiting else "<look, over>"

    @property
    def apart(self) -> float:
        """It tells little of others."""
        return 1.0

    async def ask(self) -> list[Answer]:
        """Look."""
        return [await next(iter(self.waiting)).look_alone()]
