"""One job through its stages, and whatever happens turned into an outcome."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import anyio
import attrs

from audiokit.errors import (
    AudiokitError,
    CreditBudgetReached,
    InvalidRequest,
    JobCancelled,
    JobError,
    JobUncertain,
    JournalError,
    JournalUnreadable,
    JournalWriteFailed,
    RemoteFailure,
    RemoteLost,
    RequestRefused,
    UsageError,
)
from audiokit.jobs._chain import with_key_of_part
from audiokit.jobs._context import JobContext
from audiokit.jobs._course import Course, Stop
from audiokit.jobs._deadlines import Deadlines
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
from audiokit.jobs._job import JobState, JobStats, Outcome
from audiokit.jobs._shared import Shared
from audiokit.jobs._stages import Stages

logger = logging.getLogger("audiokit.jobs")

_STEPS: Final = ("prepare", "submit", "look", "collect")
_FOR_GOOD: Final = (InvalidRequest, RemoteFailure, RemoteLost, RequestRefused)
_RESUME: Final = "; run it again with the same journal, and it goes on from there"
_ANEW: Final = "; run it again with the same journal to submit it anew"


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
        self._cancels_remotely = cancels_remotely
        self._cancel_s = cancel_s
        self._again = again
        self._on_budget = on_budget
        self._on_broken_journal = on_broken_journal
        self._deadlines = Deadlines()
        self._drained: asyncio.Event | None = None
        self._equals = Equals()
        self._cuts: dict[Course, asyncio.TimerHandle] = {}
        self.courses: set[Course] = set()

    async def run(self, course: Course) -> None:
        """Run one job and hand over its outcome; the outcome of an equal one that is under way will do."""
        course.began_s = course.stage_began_s = self._shared.clock.monotonic()
        course.key = f"{course.kind}-{course.index}"
        course.limit_s = course.limit_s or self._shared.timeout_s
        course.task = asyncio.current_task()
        self.courses.add(course)
        outcome: Outcome[Any, Any] | None = None
        try:
            outcome = await self._outcome(course)
        except BaseException:
            # The worker itself is ended: whoever waits for this job must not wait for ever.
            outcome = self._stopped(course)
            raise
        finally:
            self.courses.discard(course)
            self._equals.leave(course)
            course.task = None
            if self._cuts and (timer := self._cuts.pop(course, None)) is not None:
                timer.cancel()
            if not self.courses and self._drained is not None:
                self._drained.set()
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
            await self.run(part)
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
        await self.run(course)
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
            self.hand_over(course, self._given_away(course))
        else:
            self.interrupt(course, Stop.CANCELLED)

    def end_unstarted(self, course: Course, why: Stop) -> None:
        """Give the outcome of a job that is stopped before it began."""
        course.stop = course.stop or why
        course.began_s = course.stage_began_s = self._shared.clock.monotonic()
        course.key = course.key or f"{course.kind}-{course.index}"
        self.hand_over(course, self._stopped(course))

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

    async def _outcome(self, course: Course) -> Outcome[Any, Any] | None:
        """The outcome of one job; None where an equal job is under way, whose outcome it will get."""
        try:
            _check(course.job)
            course.key = await key_for(course.job, course.index)
            leader = self._equals.by_key.setdefault(course.key, course)
            if leader is not course and await self._equals.follows(course):
                return None
            result, paths = await self._within_time(course)
        except asyncio.CancelledError as error:
            if self._was_stopped(course):
                return await self._ended(course)
            if course.task is None or course.task.cancelling():
                raise
            # Nobody cancelled this worker: something the job waited for was cancelled elsewhere.
            return await self._given_up(course, error)
        except Exception as error:  # noqa: BLE001 - any failure of one job is that job's outcome
            if self._was_stopped(course):
                return await self._ended(course)
            return await self._given_up(course, error)
        self._was_stopped(course)  # a stop that came too late is taken back
        now = self._shared.clock.monotonic()
        return Outcome(
            key=course.key,
            index=course.index,
            job=course.job,
            state=JobState.DONE,
            result=result,
            paths=tuple(paths),
            elapsed_s=now - course.began_s,
            restored=course.restored,
            stats=course.stats(now),
            services=self._shared.services,
        )

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

    async def _within_time(self, course: Course) -> tuple[Any, Sequence[Path]]:
        job, shared = course.job, self._shared
        if shared.events.streams:
            shared.tell(JobStarted, course)
        if job.timeout_s is not None:
            is_part = course.part_of is not None
            course.limit_s = min(job.timeout_s, course.limit_s) if is_part else job.timeout_s
        with self._deadlines.watch(course, course.limit_s):
            return await self._stages.of(course)

    def _was_stopped(self, course: Course) -> bool:
        """Whether it was stopped from outside; takes the cancellation that did it back."""
        if course.stop is None:
            return False
        if course.task is not None and course.task.uncancel() > 0:
            raise asyncio.CancelledError  # somebody cancelled the worker as well
        return True

    async def _ended(self, course: Course) -> Outcome[Any, Any]:
        """The outcome of a job that was stopped under way."""
        cancel = getattr(course.job, "cancel", None)
        is_late = course.stop is Stop.DEADLINE
        is_unwanted = self._cancels_remotely and not is_late and not is_wanted(course)
        if is_unwanted and cancel is not None and course.remote is not None:
            with anyio.move_on_after(self._cancel_s, shield=True):
                try:
                    await cancel(JobContext(self._shared, course), course.remote)
                    course.is_cancelled_remotely = True
                except Exception as error:  # noqa: BLE001 - the job's own end is what counts
                    logger.warning("%s: cancelling remotely met %s", course.name, type(error).__name__)
        return self._stopped(course)

    def _stopped(self, course: Course) -> Outcome[Any, Any]:
        elapsed_s = self._shared.clock.monotonic() - course.began_s
        is_late = course.stop is Stop.DEADLINE
        return self._failed(
            course, course.stopped(elapsed_s), state=JobState.FAILED if is_late else JobState.CANCELLED
        )

    def _given_away(self, course: Course) -> Outcome[Any, Any]:
        """The outcome of a job whose work others still want: it has cost what they are told."""
        error = JobCancelled(
            f"{course.name} was cancelled; an equal job (key {course.key!r}) goes on",
            job=course.name,
            stage=course.stage,
            remote_id=course.remote_id,
        )
        return attrs.evolve(self._failed(course, error, state=JobState.CANCELLED), stats=JobStats())

    async def _given_up(self, course: Course, error: Exception | asyncio.CancelledError) -> Outcome[Any, Any]:
        """The outcome of a job that failed, noted in the journal where it failed for good."""
        if isinstance(error, CreditBudgetReached):
            self._on_budget()
        if isinstance(error, JournalWriteFailed | JournalUnreadable):
            self._on_broken_journal(error)
        if isinstance(error, JobUncertain):
            return self._failed(course, error, state=JobState.UNCERTAIN)
        recorder = self._shared.recorder
        is_remote = isinstance(error, RemoteFailure | RemoteLost)
        hint = _ANEW if is_remote else _RESUME
        if isinstance(error, JobError):
            failure: AudiokitError = error
        else:
            failure = course.failed(error, hint=hint if course.is_noted else "")
        if recorder is not None and course.is_noted and isinstance(error, _FOR_GOOD):
            try:
                await recorder.failed(course, failure, is_remote=is_remote)
            except AudiokitError as unwritten:
                logger.warning("%s: its failure was not noted: %s", course.name, type(unwritten).__name__)
        return self._failed(course, failure)

    def _failed(
        self, course: Course, error: AudiokitError, *, state: JobState = JobState.FAILED
    ) -> Outcome[Any, Any]:
        logger.info("%s %s in stage %s", course.name, state.value, course.stage)
        now = self._shared.clock.monotonic()
        return Outcome(
            key=course.key,
            index=course.index,
            job=course.job,
            state=state,
            error=error,
            elapsed_s=now - course.began_s,
            restored=course.restored,
            stats=course.stats(now),
        )


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
    missing = [name for name in _STEPS if not callable(getattr(job, name, None))]
    if missing:
        raise UsageError(f"{job!r:.200} is no job: it has no {', '.join(missing)}; see audiokit.Job")
