"""One job through its stages, and whatever happens turned into an outcome."""

from __future__ import annotations

import asyncio
import functools
import math
from collections.abc import Callable
from typing import Any, Final

import anyio
import attrs

from audiokit.errors import JournalError, UsageError
from audiokit.jobs._chain import with_key_of_part
from audiokit.jobs._course import Course, Stop
from audiokit.jobs._deadlines import Deadlines
from audiokit.jobs._endings import Endings
from audiokit.jobs._equals import (
    Equals,
    can_take_over,
    is_wanted,
    is_wanted_by_it_alone,
    take_over,
    unfollow,
)
from audiokit.jobs._events import JobFinished, JobStarted
from audiokit.jobs._identity import key_for
from audiokit.jobs._job import JobStats, Outcome
from audiokit.jobs._shared import Shared
from audiokit.jobs._stages import Stages

_STEPS: Final = ("prepare", "submit", "look", "collect")


class Runner:
    """Runs jobs one at a time for each worker; what one job does hurts no other.

    Args:
        shared: What the jobs use together.
        attempts: How often a stage is begun in all, where what it met was temporary.
        cancels_remotely: Ask the API to cancel what is stopped here, where the kind can.
        cancel_s: Longest time for that, in seconds; and for the API to answer what it was just asked for,
            before a job that is stopped ends without.
        again: Takes a job that is to be run again, by any worker.
        on_budget: Called when credits ran out.
        on_broken_journal: Called when the journal takes no more records.
    """

    def __init__(
        self,
        shared: Shared,
        *,
        attempts: int,
        cancels_remotely: bool,
        cancel_s: float,
        again: Callable[[Course], object],
        on_budget: Callable[[], object],
        on_broken_journal: Callable[[JournalError], object],
    ) -> None:
        self._shared = shared
        self._stages = Stages(shared, attempts=attempts)
        self._endings = Endings(
            shared,
            cancels_remotely=cancels_remotely,
            cancel_s=cancel_s,
            on_budget=on_budget,
            on_broken_journal=on_broken_journal,
        )
        self._cancel_s = cancel_s
        self._again = again
        self._deadlines = Deadlines()
        self._drained: asyncio.Event | None = None
        self._equals = Equals()
        self._cuts: dict[Course, asyncio.TimerHandle] = {}
        self.courses: set[Course] = set()

    async def run(self, course: Course, task: asyncio.Task[Any] | None) -> None:
        """Run one job and hand over its outcome; the outcome of an equal one that is under way will do.

        Args:
            course: The job.
            task: The one that this is called in.
        """
        course.began_s = course.stage_began_s = self._shared.clock.monotonic()
        course.key = f"{course.kind}-{course.index}"
        course.limit_s = course.limit_s or self._shared.timeout_s
        course.task = task
        self.courses.add(course)
        outcome: Outcome[Any, Any] | None = None
        try:
            try:
                _check(course.job)
                course.key = await key_for(course.job, course.index)
                leader = self._equals.by_key.setdefault(course.key, course)
                if leader is not course and await self._equals.follows(course):
                    return
                self._begin(course)
                result, saved = await self._stages.of(course)
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - is that job's outcome
                outcome = await self._after_error(course, error)
            else:
                self._deadlines.remove(course)
                self._take_back_stop(course)  # it came too late
                outcome = self._endings.done(course, result, saved)
        except BaseException:
            # The worker itself is ended: whoever waits for this job must not wait for ever.
            outcome = self._endings.stopped(course)
            raise
        finally:
            self._leave(course)
            if outcome is not None:
                if not course.is_given:
                    self.hand_over(course, outcome)
                if course.followers:
                    self._pass_on(course, outcome)

    async def run_part(self, host: Course, job: Any, name: str) -> Outcome[Any, Any]:
        """Run *job* inside another one, in its worker and within its time.

        Where an equal one is under way, it waits for that one's outcome. The host's stop is the part's, too.
        """
        _check(job)
        taker = _Taker()
        part = Course(with_key_of_part(host.job, host.key, name, job), host.index, taker)
        part.hosts, part.part_of = [host], host.key
        while taker.outcome is None:
            part.limit_s = max(0.001, host.limit_s - (self._shared.clock.monotonic() - host.began_s))
            host.parts = [*host.parts, part]
            await self.run(part, asyncio.current_task())
            if part.stop is None:
                host.parts = [one for one in host.parts if one is not part]
            if part.leader is not None:
                await self._wait_for(part.leader, part, taker)
            host.end_if_stopped()
        for counted in ("polls", "repeats", "bytes_sent", "bytes_received", "credits"):
            setattr(host, counted, getattr(host, counted) + getattr(part, counted))
        return taker.outcome

    async def run_aside(self, job: Any) -> Outcome[Any, Any] | None:
        """Run *job* though nobody has asked for its outcome; None where it is under way elsewhere."""
        taker = _Taker()
        course = Course(job, 0, taker)
        await self.run(course, asyncio.current_task())
        unfollow(course)
        return taker.outcome

    def cancel(self, course: Course) -> None:
        """Stop a job for whoever handed it in; where an equal one is wanted by others, that one goes on."""
        if (leader := course.leader) is not None and is_wanted_by_it_alone(leader, course):
            course.stop = Stop.CANCELLED
            self.interrupt(leader, Stop.CANCELLED)  # whose outcome, with what is left, is then this one's
        elif course.task is None:
            unfollow(course)
            self.end_unstarted(course, Stop.CANCELLED)
        elif is_wanted(course):
            course.is_given = True
            self.hand_over(course, self._endings.given_away(course))
        else:
            self.interrupt(course, Stop.CANCELLED)

    def end_unstarted(self, course: Course, why: Stop) -> None:
        """Give the outcome of a job that is stopped before it began."""
        course.stop = course.stop or why
        course.began_s = course.stage_began_s = self._shared.clock.monotonic()
        course.key = course.key or f"{course.kind}-{course.index}"
        self.hand_over(course, self._endings.stopped(course))

    def hand_over(self, course: Course, outcome: Outcome[Any, Any]) -> None:
        """Give an outcome to whoever waits for it, and tell the readers of events."""
        if self._shared.events.streams:
            self._shared.tell(
                JobFinished,
                course,
                state=outcome.state,
                elapsed_s=outcome.elapsed_s,
                stage=course.stage,
                error=None if outcome.error is None else str(outcome.error),
                paths=outcome.paths,
                restored=outcome.restored,
                stats=outcome.stats,
            )
        course.sink.give(course, outcome)

    def is_running(self, key: str) -> bool:
        """Whether the job with this key is under way."""
        return key in self._equals.by_key

    async def drained(self, limit_s: float) -> bool:
        """Wait until no job is under way, at most *limit_s* seconds; whether that came true."""
        self._drained = asyncio.Event()
        with anyio.move_on_after(limit_s):
            while self.courses:
                self._drained.clear()
                await self._drained.wait()
        return not self.courses

    def interrupt(self, course: Course, why: Stop, *, within_s: float = math.inf) -> None:
        """Stop a job; what the API was just asked for is answered first, if that comes in time."""
        course.interrupt(why)
        if course.is_told or course.task is None:
            return
        loop = asyncio.get_running_loop()
        within_s = min(within_s, self._cancel_s)
        timer = self._cuts.get(course)
        if timer is None or timer.when() > loop.time() + within_s:
            if timer is not None:
                timer.cancel()
            self._cuts[course] = loop.call_later(within_s, course.interrupt, Stop.DEADLINE)

    def interrupt_all(self, why: Stop, *, within_s: float = math.inf) -> None:
        """Stop every job that is under way."""
        for course in list(self.courses):
            self.interrupt(course, why, within_s=within_s)

    def close(self) -> None:
        """Stop all timers."""
        self._deadlines.close()
        for timer in self._cuts.values():
            timer.cancel()

    def _begin(self, course: Course) -> None:
        """Tell that it begins, and watch its time from now on."""
        if self._shared.events.streams:
            self._shared.tell(JobStarted, course)
        timeout_s: float | None = course.job.timeout_s
        if timeout_s is not None:
            is_part = course.part_of is not None
            course.limit_s = min(timeout_s, course.limit_s) if is_part else timeout_s
        self._deadlines.add(course, course.limit_s)

    def _leave(self, course: Course) -> None:
        """It is under way no more."""
        self.courses.discard(course)
        self._equals.leave(course)
        course.task = None
        if self._cuts and (timer := self._cuts.pop(course, None)) is not None:
            timer.cancel()
        if not self.courses and self._drained is not None:
            self._drained.set()

    async def _after_error(
        self, course: Course, error: Exception | asyncio.CancelledError
    ) -> Outcome[Any, Any]:
        """The outcome of a job that met an error, or was stopped."""
        self._deadlines.remove(course)
        if self._take_back_stop(course):
            return await self._endings.cut_short(course)
        if isinstance(error, asyncio.CancelledError) and (course.task is None or course.task.cancelling()):
            raise error
        # Where nobody cancelled this worker, something the job waited for was cancelled elsewhere.
        return await self._endings.given_up(course, error)

    def _pass_on(self, course: Course, outcome: Outcome[Any, Any]) -> None:
        """Give those that followed its outcome, or have them go on; it has cost them nothing."""
        for follower in course.followers:
            follower.leader = None
            if not can_take_over(course, follower, outcome):
                shared = attrs.evolve(outcome, index=follower.index, job=follower.job, stats=JobStats())
                self.hand_over(follower, shared)
                continue
            take_over(course, follower)
            if isinstance(follower.sink, _Taker):
                follower.sink.go_on()
            else:
                self._again(follower)

    async def _wait_for(self, leader: Course, part: Course, taker: _Taker) -> None:
        """Wait until *leader* has ended; its waiting for its turn is nobody's time."""
        monotonic = self._shared.clock.monotonic
        leader.hosts = [*leader.hosts, part]
        if leader.paused_at is not None:
            part.pause(monotonic())
        try:
            await taker.wait()
        finally:
            leader.hosts = [one for one in leader.hosts if one is not part]
            part.resume(monotonic())
            unfollow(part)
            if leader.is_given and not is_wanted(leader):
                self.interrupt(leader, Stop.CANCELLED)

    def _take_back_stop(self, course: Course) -> bool:
        """Take the cancellation back that stopped it from outside; False where nobody stopped it."""
        if course.stop is None:
            return False
        if course.task is not None and course.task.uncancel() > 0:
            raise asyncio.CancelledError  # somebody cancelled the worker as well
        return True


class _Taker:
    """Takes the outcome of a job inside another."""

    def __init__(self) -> None:
        self.outcome: Outcome[Any, Any] | None = None
        self._turn = asyncio.Event()

    def give(self, course: Course, outcome: Outcome[Any, Any]) -> None:  # noqa: ARG002 - as `Sink` says
        """Take it."""
        self.outcome = outcome
        self._turn.set()

    def go_on(self) -> None:
        """There is none: the job has to be run after all."""
        self._turn.set()

    async def wait(self) -> None:
        """Wait for one of these."""
        await self._turn.wait()
        self._turn.clear()


def _check(job: object) -> None:
    kind: Any = type(job)
    if _has_steps(kind):
        return
    missing = [name for name in _STEPS if not callable(getattr(job, name, None))]
    if missing:
        raise UsageError(f"{job!r:.200} is no job: it has no {', '.join(missing)}; see audiokit.Job")


@functools.lru_cache(maxsize=256)
def _has_steps(kind: Any) -> bool:
    """Whether the class has all of them; what it has not, a job may have itself."""
    return all(callable(getattr(kind, name, None)) for name in _STEPS)
