"""Which question to ask next, and when."""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from itertools import count
from typing import Final

from audiokit.jobs._poll_plan import PollBudget, worth
from audiokit.jobs._poll_question import Question

_JITTER: Final = 0.3
_IN_TURN: Final = 16
"""Questions planned anew after each look: what it showed changes what is known of all."""
_MANY: Final = 64
_COMPARED: Final = 8
_CROWD: Final = 20
_SILENCE: Final = 0.12
"""Part of their age for which jobs of a page may go unseen while little is known of their kind."""
_FRESH: Final = 0.02
_LAST_LOOK_S: Final = 1.0
_SLACK: Final = 64


class Agenda:
    """All open questions with the moment at which each shall be asked. Moments in seconds of the clock.

    Args:
        budget: Says what a call is worth.
        rng: For jitter, so that questions planned alike drift apart.
    """

    def __init__(self, budget: PollBudget, rng: random.Random) -> None:
        self._budget = budget
        self._rng = rng
        self._open: dict[Question, None] = {}
        self._apart = 0.0
        self._fresh: dict[Question, None] = {}
        self._turns: deque[Question] = deque()
        self._heap: list[tuple[float, int, Question]] = []  # an entry counts only while it is `Question.due`
        self._order = count()

    def __len__(self) -> int:
        return len(self._open)

    @property
    def useful_at_once(self) -> float:
        """How many calls at once serve a purpose: what one page shows says when to read the next."""
        # The sum drifts as parts come and go; a hair below 1 would mean no call, ever.
        return 1.0 + max(0.0, round(self._apart, 6))

    def adopt(self, question: Question) -> None:
        """Take in a question that is new, or answers for one more job now; `settle` plans it."""
        if question not in self._open or question.has_outgrown_plan:
            self._fresh[question] = None

    def settle(self, now: float) -> None:
        """Plan what was adopted."""
        fresh, self._fresh = self._fresh, {}
        for question in fresh:
            if question.waiting and question not in self._open:
                question.jitter = self._drawn()
                self._open[question] = None
                self._turns.append(question)
                self._apart += question.apart
            self.plan(question, now)

    def forget(self, question: Question) -> None:
        """No job is left that it answers for."""
        if question in self._open:
            del self._open[question]
            self._apart -= question.apart

    def next_at(self) -> float:
        """When the next one is due; never, if there is none."""
        while self._heap:
            moment, _, question = self._heap[0]
            if moment == question.due and question.waiting:
                return moment
            heapq.heappop(self._heap)
        return math.inf

    def take(self, now: float) -> Question | None:
        """The question to ask now: the worthiest of those that are due by the newest plan."""
        due: list[Question] = []
        while len(due) < _COMPARED and self.next_at() <= now:
            _, _, question = heapq.heappop(self._heap)
            question.due = math.inf
            if not question.is_woken and self._is_stale(question, now):
                self.plan(question, now)
                if question.due > now:
                    continue
                question.due = math.inf  # out of the heap again
            due.append(question)
        if not due:
            return None
        chosen = due[0]
        if len(due) > 1:
            chosen = max(due, key=lambda one: (one.is_woken, worth(one.cohorts(), now)))
        for question in due:
            if question is not chosen:
                self._put(question, now)
        return chosen

    def wake(self, question: Question, moment: float) -> None:
        """Ask this one then, whatever its plan."""
        question.is_woken = True
        if not question.is_asked:
            self._put(question, moment)

    def was_asked(self, question: Question, now: float) -> None:
        """Plan its next time, and some others, for which the answer is news as well."""
        question.jitter = self._drawn()
        self.settle(now)
        if question.is_woken:
            self._put(question, now)  # woken while it was being asked: perhaps just too late for the answer
        self.plan(question, now)
        turns = _IN_TURN if len(self._turns) <= _MANY else _IN_TURN // 4
        for _ in range(min(turns, len(self._turns))):
            other = self._turns.popleft()
            if other in self._open:
                self._turns.append(other)
                if other is not question:
                    self.plan(other, now)
        self._keep_watch(now)

    def plan(self, question: Question, now: float) -> None:
        """Choose the moment of its next time."""
        if not question.waiting or question.is_asked or question.is_woken:
            return
        cohorts = question.cohorts()
        for one in cohorts:
            one.hazard.refresh()
        # A question a little dearer or cheaper waits longer or shorter, by as much as its end is uncertain.
        price = self._budget.price(now, len(self._open)) * question.jitter
        moment = question.best_moment(cohorts, price)
        for waiting in question.waiting:
            # A last look before it is given up.
            last_at = waiting.ends_at - min(_LAST_LOOK_S, (waiting.ends_at - waiting.begun_at) / 10)
            if waiting.seen_at < last_at < moment:
                moment = last_at
        question.planned_at = now
        question.planned_for = len(question.waiting)
        self._put(question, max(moment, question.not_before))

    def _keep_watch(self, now: float) -> None:
        """Let no long silence be in which the first ends of a new kind of batch would go unseen.

        Each page alone may wait long while nothing ends; all together they must not.
        """
        moment = self.next_at()
        if math.isinf(moment):
            return
        question = self._heap[0][2]
        first = next(iter(question.waiting))
        if len(question.waiting) < _CROWD or first.law.hazard.knows_enough:
            return
        latest = now + _SILENCE * (now - first.started_at)
        if moment > latest:
            self.wake(question, latest)

    def _is_stale(self, question: Question, now: float) -> bool:
        """Whether enough has happened since it was planned to think again."""
        seen_at = next(iter(question.waiting)).seen_at
        return now - question.planned_at > _FRESH * (now - seen_at)

    def _put(self, question: Question, moment: float) -> None:
        if moment == question.due:
            return
        question.due = moment
        heapq.heappush(self._heap, (moment, next(self._order), question))
        if len(self._heap) > 4 * len(self._open) + _SLACK:
            live = (one for one in self._open if not math.isinf(one.due))
            self._heap = [(one.due, next(self._order), one) for one in live]
            heapq.heapify(self._heap)

    def _drawn(self) -> float:
        return self._rng.uniform(1.0 - _JITTER, 1.0 + _JITTER)
