"""Calls that can be made, each of which answers for one waiting job or many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from audiokit.jobs._poll_plan import Cohort, best_moment
from audiokit.jobs._poll_waiting import Answer, Waiting

_EACH: Final = 8
_MERGED: Final = 8
"""Where jobs differ, so many that end first are planned each, the others in so many heaps."""
_GROWN: Final = 1.25
_GRAIN: Final = 0.01
"""Jobs whose moments differ by less than this part of their age are alike."""


class Question:
    """A call that can be made, and the jobs it answers for.

    Attributes:
        waiting: The jobs, in the order they came.
        due: When it shall be asked.
        not_before: Not earlier, whatever is due: the API said so, or it failed.
        planned_at: When `due` was chosen,
        planned_for: and for how many jobs.
        failures: Temporary failures in a row.
        alone: The one job the call under way, or the last one, was for; None when it was for a page.
        is_asked: Whether it is being asked now.
        is_woken: Whether somebody knows better than the plan, e.g. a webhook.
        jitter: Factor on the price of its next call.
    """

    def __init__(self) -> None:
        self.waiting: dict[Waiting, None] = {}
        self.due = math.inf
        self.not_before = -math.inf
        self.planned_at = -math.inf
        self.planned_for = 0
        self.failures = 0
        self.alone: Waiting | None = None
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

    def give_up(self) -> None:
        """Pages cannot be had: let something else answer for its jobs."""
        raise NotImplementedError

    async def ask_alone(self, waiting: Waiting) -> list[Answer]:
        """Ask for one job only."""
        self.alone = waiting
        value, look = await waiting.look()
        return [Answer(waiting=waiting, value=value, look=look)]

    def admit(self, waiting: Waiting) -> None:
        """Answer for this job from now on, instead of whatever did."""
        if waiting.question is not None:
            waiting.question.waiting.pop(waiting, None)
        waiting.question = self
        self.waiting[waiting] = None

    def cohorts(self) -> list[Cohort]:
        """Its jobs for planning, those that are alike together, at most a few."""
        if len(self.waiting) == 1:
            return [next(iter(self.waiting)).cohort(1.0)]
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
        return await self.ask_alone(next(iter(self.waiting)))
