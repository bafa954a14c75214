"""Ends jobs whose time has run out, with one timer for all of them."""

from __future__ import annotations

import asyncio
import math
from types import TracebackType

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

    def watch(self, course: Course, limit_s: float) -> Watch:
        """Stop *course* when *limit_s* seconds of the loop's time have passed inside the block."""
        return Watch(self, course, limit_s)

    def add(self, course: Course, limit_s: float) -> None:
        """Begin to watch."""
        loop = asyncio.get_running_loop()
        course.ends_at = loop.time() + limit_s
        self._watched.add(course)
        if course.ends_at < self._next_at:
            self._ring_at(course.ends_at, loop)

    def remove(self, course: Course) -> None:
        """End watching."""
        self._watched.discard(course)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._next_at = math.inf

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
            if course.ends_at is None:
                continue
            if course.ends_at <= now:
                self._watched.discard(course)
                course.interrupt(Stop.DEADLINE)
            else:
                earliest = min(earliest, course.ends_at)
        self._ring_at(earliest, loop)


class Watch:
    """The time during which a job is watched; `pause` stops counting it, `resume` goes on."""

    __slots__ = ("_course", "_deadlines", "_left_s", "_limit_s")

    def __init__(self, deadlines: Deadlines, course: Course, limit_s: float) -> None:
        self._deadlines = deadlines
        self._course = course
        self._limit_s = limit_s
        self._left_s: float | None = None

    def __enter__(self) -> None:
        self._course.watch = self
        self._deadlines.add(self._course, self._limit_s)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._course.watch = None
        self._deadlines.remove(self._course)

    def pause(self) -> None:
        """Count no time until `resume`."""
        ends_at = self._course.ends_at
        if self._left_s is None and ends_at is not None:
            self._left_s = ends_at - asyncio.get_running_loop().time()
            self._deadlines.remove(self._course)

    def resume(self) -> None:
        """Count on."""
        if self._left_s is not None:
            self._deadlines.add(self._course, self._left_s)
            self._left_s = None
