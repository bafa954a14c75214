"""Ends jobs whose time has run out, with one timer for all of them."""

from __future__ import annotations

import asyncio
import math

from audiokit.jobs._course import Course, Stop


class Deadlines:
    """Watches the jobs that are under way.

    A timer, or a cancel scope, for each job would cost more than all else an idle job does; here
    the earliest end has the timer, and all are looked through when it rings.
    """

    def __init__(self) -> None:
        self._watched: set[Course] = set()
        self._next_at = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def add(self, course: Course, limit_s: float) -> None:
        """Stop *course* when *limit_s* seconds of the loop's time have passed without `remove`."""
        course.watch = self
        self._watched.add(course)
        self._count(course, limit_s)

    def remove(self, course: Course) -> None:
        """End watching."""
        course.watch = None
        self._watched.discard(course)

    def pause(self, course: Course) -> None:
        """Count no time of *course* until `resume`."""
        if course.left_s is None and course.ends_at is not None:
            course.left_s = course.ends_at - asyncio.get_running_loop().time()

    def resume(self, course: Course) -> None:
        """Count on."""
        if course.left_s is not None:
            self._count(course, course.left_s)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._next_at = math.inf

    def _count(self, course: Course, left_s: float) -> None:
        loop = asyncio.get_running_loop()
        course.left_s = None
        course.ends_at = ends_at = loop.time() + left_s
        if ends_at < self._next_at:
            self._ring_at(ends_at, loop)

    def _ring_at(self, moment: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next_at = moment
        self._timer = None if math.isinf(moment) else loop.call_at(moment, self._ring)

    def _ring(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        earliest = math.inf
        for course in list(self._watched):
            if course.ends_at is None or course.left_s is not None:
                continue
            if course.ends_at <= now:
                self._watched.discard(course)
                course.interrupt(Stop.DEADLINE)
            else:
                earliest = min(earliest, course.ends_at)
        self._ring_at(earliest, loop)
