"""When each waiting job is given up; one heap, no timer of its own for any of them."""

from __future__ import annotations

import heapq
import math
from itertools import count

from audiokit.jobs._poll_waiting import Waiting


class PollDeadlines:
    """The deadlines of all jobs. Moments in seconds of the clock.

    A job that is being looked at is not given up meanwhile: the look ends in time by itself, and may
    show that the job is over.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Waiting]] = []
        self._looked_at: list[tuple[float, int, Waiting]] = []
        self._order = count()

    def add(self, waiting: Waiting) -> None:
        """Watch over a job, if it has a deadline."""
        if math.isfinite(waiting.ends_at):
            heapq.heappush(self._heap, (waiting.ends_at, next(self._order), waiting))

    def next_at(self) -> float:
        """The first deadline, as of the last `overdue`; never, if there is none."""
        return self._heap[0][0] if self._heap else math.inf

    def overdue(self, now: float) -> list[Waiting]:
        """Jobs whose time is up."""
        found: list[Waiting] = []
        while self._heap:
            ends_at, _, waiting = self._heap[0]
            is_asked = waiting.question is not None and waiting.question.is_asked
            if ends_at > now and not is_asked and not waiting.done.done():
                break
            entry = heapq.heappop(self._heap)
            if waiting.done.done():
                continue
            if is_asked:
                self._looked_at.append(entry)
            else:
                found.append(waiting)
        return found

    def look_ended(self) -> None:
        """A look is over: those it was for can be overdue again."""
        for entry in self._looked_at:
            heapq.heappush(self._heap, entry)
        self._looked_at.clear()
