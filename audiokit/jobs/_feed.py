"""Where jobs come from: the inputs of runs, read lazily and in turn, and jobs handed in one by one."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing
from typing import Any, Final

import anyio

from audiokit.errors import AudiokitError, UsageError
from audiokit.jobs._course import Course
from audiokit.jobs._job import JobState, Outcome

_MOST_FAILURES: Final = 100
_CLOSE_S: Final = 5.0


class Feed:
    """Gives the next job to whoever is free: those handed in by priority, then the runs in turn.

    Args:
        wake: Called when there may be something to take.
        is_held_back: Whether nothing shall be taken for now.
    """

    def __init__(self, wake: Callable[[], None], *, is_held_back: Callable[[], bool] = lambda: False) -> None:
        self.wake = wake
        self._is_held_back = is_held_back
        self.is_closed = False
        self._runs: deque[Run] = deque()
        self._waiting: list[tuple[int, int, Course]] = []
        self._count = 0
        self._room = anyio.Event()

    @property
    def is_in_use(self) -> bool:
        """Whether jobs may still come without a new `add` or `push`."""
        return not self.is_closed and bool(self._runs or self._waiting)

    @property
    def queued(self) -> int:
        """Jobs handed in that nobody has taken."""
        return len(self._waiting)

    async def has_room(self) -> None:
        """Wait until one of the jobs handed in has been taken, or all were given back."""
        if self._room.is_set():
            self._room = anyio.Event()
        await self._room.wait()

    def push(self, course: Course, priority: int) -> None:
        """Hand in one job; a higher *priority* is taken first, equal ones in their sequence."""
        self._count += 1
        heapq.heappush(self._waiting, (-priority, self._count, course))
        self.wake()

    def forget_stopped(self) -> None:
        """Jobs handed in that were cancelled take no place any more."""
        left = [one for one in self._waiting if one[2].stop is None]
        if len(left) < len(self._waiting):
            heapq.heapify(left)
            self._waiting = left
            self._room.set()

    def add(self, run: Run) -> None:
        """Take jobs from *run*, too."""
        self._runs.append(run)
        self.wake()

    def remove(self, run: Run) -> None:
        """Take no more jobs from *run*."""
        if run in self._runs:
            self._runs.remove(run)
        self.wake()

    def take(self) -> Course | None:
        """The next job, or None when there is none now. Jobs of runs have priority 0."""
        if self.is_closed or self._is_held_back():
            return None
        if self._waiting and self._waiting[0][0] <= 0 and (first := self._pop()) is not None:
            return first
        for _ in range(len(self._runs)):
            course = self._runs[0].take()
            if len(self._runs) > 1:
                self._runs.rotate(-1)
            if course is not None:
                return course
        return self._pop()

    def stop(self) -> list[Course]:
        """Begin nothing more: inputs are read no further; jobs handed in and not taken come back."""
        for run in list(self._runs):
            run.stop_reading()
        left = [course for _, _, course in sorted(self._waiting, key=lambda one: one[:2])]
        self._waiting.clear()
        self._room.set()
        return [course for course in left if course.stop is None]

    def close(self) -> list[Course]:
        """Give no more jobs; those handed in and not taken come back."""
        self.is_closed = True
        return self.stop()

    def _pop(self) -> Course | None:
        """The first of those handed in that was not cancelled meanwhile."""
        while self._waiting:
            course = heapq.heappop(self._waiting)[2]
            self._room.set()
            if course.stop is None:
                return course
        return None


class Run:
    """One call of `Orchestrator.run`: its inputs, and its outcomes on their way to the reader.

    Args:
        feed: Tells workers that there is something to take.
        jobs: The inputs.
        window: Jobs at most that were taken and whose outcomes were not read yet.
        is_ordered: Give outcomes in the sequence of the inputs.
        keeps_failures: Failed outcomes go to `failures` instead of the reader.
    """

    def __init__(
        self,
        feed: Feed,
        jobs: Iterable[Any] | AsyncIterable[Any],
        *,
        window: int,
        is_ordered: bool,
        keeps_failures: bool,
    ) -> None:
        self._feed = feed
        self._window = window
        self._is_ordered = is_ordered
        self._keeps_failures = keeps_failures
        self._plain: Iterator[Any] | None = None if isinstance(jobs, AsyncIterable) else iter(jobs)
        self.slow = jobs if isinstance(jobs, AsyncIterable) else None
        self._read_ahead: deque[Any] = deque()
        self._reading = anyio.CancelScope()
        self._room: asyncio.Future[None] | None = None
        self._taken = 0
        self._given = 0
        self._is_used_up = False
        self._is_left = False
        self._was_cut = False
        self._has_ended = False
        self._input_error: Exception | None = None
        self._ready: deque[Outcome[Any, Any]] = deque()
        self._early: dict[int, Outcome[Any, Any]] = {}
        self._reader: asyncio.Future[None] | None = None
        self.failures: list[AudiokitError] = []
        self.failed = 0

    def take(self) -> Course | None:
        """The next job of the inputs, or None: used up, not there yet, or the reader is behind."""
        if self._is_used_up or self._taken - self._given >= self._window:
            return None
        if self._plain is None:
            if not self._read_ahead:
                return None
            job = self._read_ahead.popleft()
            self._make_room()
        else:
            try:
                job = next(self._plain)
            except StopIteration:
                self._end_inputs(None)
                return None
            except Exception as error:  # noqa: BLE001 - belongs to whoever reads the outcomes
                self._end_inputs(error)
                return None
        index = self._taken
        self._taken += 1
        return Course(job, index, self)

    def give(self, course: Course, outcome: Outcome[Any, Any]) -> None:
        """Take the outcome of one of its jobs, for the reader."""
        if self._is_left:
            self._given += 1
            return
        if self._is_ordered:
            self._early[course.index] = outcome
            while (following := self._early.pop(self._given + len(self._ready), None)) is not None:
                self._ready.append(following)
        else:
            self._ready.append(outcome)
        self._tell_reader()

    async def outcomes(self) -> AsyncIterator[Outcome[Any, Any]]:
        """Outcomes as they come (or in sequence), then the error of the inputs if there was one."""
        while True:
            while self._ready:
                outcome = self._ready.popleft()
                self._given += 1
                # One wake for half a window read: workers then find many jobs to take, not one.
                if self._taken - self._given <= self._window // 2:
                    self._feed.wake()
                if self._keeps_failures and outcome.state is not JobState.DONE:
                    self._keep(outcome)
                    continue
                yield outcome
            if self._has_ended or (self._is_used_up and self._given == self._taken):
                break
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        if self._input_error is not None:
            raise self._input_error
        if self._was_cut:
            raise UsageError("the orchestrator was closed before all jobs of this run had ended")

    async def read(self) -> None:
        """Read inputs that come asynchronously, one ahead of the workers."""
        if self.slow is None:
            return
        inputs = _each(self.slow)
        try:
            with self._reading:
                async for job in inputs:
                    self._read_ahead.append(job)
                    self._feed.wake()
                    while self._read_ahead:
                        self._room = asyncio.get_running_loop().create_future()
                        await self._room
            self._end_inputs(None)
        except Exception as error:  # noqa: BLE001 - belongs to whoever reads the outcomes
            self._end_inputs(error)
        finally:
            with anyio.move_on_after(_CLOSE_S, shield=True):
                await inputs.aclose()

    def leave(self) -> None:
        """Nobody reads outcomes any more: read no further inputs."""
        self._is_left = True
        self.stop_reading()

    def cut(self) -> None:
        """The orchestrator is being closed: the reader gets what there is, and is told."""
        self._was_cut = not self._is_used_up or self._given + len(self._ready) < self._taken
        self.stop_reading()

    def fail(self, error: Exception) -> None:
        """Read no further inputs; the reader gets *error* after the outcomes of what was taken."""
        self.stop_reading()
        self._input_error = self._input_error or error

    def end(self) -> None:
        """The orchestrator is closed: no outcome comes any more."""
        self._has_ended = True
        self._tell_reader()

    def stop_reading(self) -> None:
        """Read no further inputs; what was taken ends as usual."""
        self._reading.cancel()
        self._read_ahead.clear()
        self._end_inputs(None)
        self._tell_reader()

    def _keep(self, outcome: Outcome[Any, Any]) -> None:
        self.failed += 1
        if outcome.error is not None and len(self.failures) < _MOST_FAILURES:
            self.failures.append(outcome.error)

    def _end_inputs(self, error: Exception | None) -> None:
        if self._is_used_up:
            return
        self._is_used_up = True
        self._input_error = error
        self._feed.remove(self)
        self._tell_reader()

    def _make_room(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _tell_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


async def _each(jobs: AsyncIterable[Any]) -> AsyncGenerator[Any]:
    """The inputs one by one; a generator of the caller's is closed with this one."""
    if isinstance(jobs, AsyncGenerator):
        async with aclosing(jobs):
            async for job in jobs:
                yield job
    else:
        async for job in jobs:
            yield job
