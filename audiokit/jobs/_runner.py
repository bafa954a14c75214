"""One job through its stages, and whatever happens turned into an outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import anyio
import attrs

from audiokit.errors import (
    AudiokitError,
    CreditBudgetReached,
    InvalidRequest,
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
from audiokit.jobs._chain import key_of_part
from audiokit.jobs._context import JobContext
from audiokit.jobs._course import Course, Stop
from audiokit.jobs._deadlines import Deadlines
from audiokit.jobs._events import JobFinished, JobStarted
from audiokit.jobs._identity import key_for
from audiokit.jobs._job import JobState, Outcome
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
        cancel_s: Longest time for that, in seconds.
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
        on_budget: Callable[[], object],
        on_broken_journal: Callable[[JournalError], object],
    ) -> None:
        self._shared = shared
        self._stages = Stages(shared, attempts=attempts)
        self._cancels_remotely = cancels_remotely
        self._cancel_s = cancel_s
        self._on_budget = on_budget
        self._on_broken_journal = on_broken_journal
        self._deadlines = Deadlines()
        self._drained: asyncio.Event | None = None
        self._by_key: dict[str, Course] = {}
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
            if self._by_key.get(course.key) is course:
                del self._by_key[course.key]
            course.task = None
            if not self.courses and self._drained is not None:
                self._drained.set()
            if outcome is not None:
                self.hand_over(course, outcome)
                for follower in course.followers:
                    self.hand_over(follower, attrs.evolve(outcome, index=follower.index, job=follower.job))

    async def run_part(self, host: Course, job: Any, name: str) -> Outcome[Any, Any]:
        """Run *job* inside another one, in its worker and within its time."""
        _check(job)
        got: list[Outcome[Any, Any]] = []
        part = Course(key_of_part(host.key, name, job), host.index, _Taker(got.append))
        part.hosts = [host]
        part.limit_s = max(0.001, host.limit_s - (self._shared.clock.monotonic() - host.began_s))
        await self.run(part)
        if not got:
            raise UsageError(f"{part.name} (key {part.key!r}) is under way already, in another job")
        for counted in ("polls", "repeats", "bytes_sent", "bytes_received", "credits"):
            setattr(host, counted, getattr(host, counted) + getattr(part, counted))
        return got[0]

    async def run_aside(self, job: Any) -> Outcome[Any, Any] | None:
        """Run *job* though nobody has asked for its outcome; None where it is under way elsewhere."""
        got: list[Outcome[Any, Any]] = []
        await self.run(Course(job, 0, _Taker(got.append)))
        return got[0] if got else None

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
        return key in self._by_key

    async def drained(self, limit_s: float) -> bool:
        """Wait until no job is under way, at most *limit_s* seconds; whether that came true."""
        self._drained = asyncio.Event()
        with anyio.move_on_after(limit_s):
            while self.courses:
                self._drained.clear()
                await self._drained.wait()
        return not self.courses

    def interrupt_all(self, why: Stop) -> None:
        """Stop every job that is under way."""
        for course in list(self.courses):
            course.interrupt(why)

    def stopped_before(self, course: Course) -> Outcome[Any, Any]:
        """The outcome of a job that was stopped before it began."""
        course.began_s = course.stage_began_s = self._shared.clock.monotonic()
        course.key = course.key or f"{course.kind}-{course.index}"
        return self._stopped(course)

    def close(self) -> None:
        """Stop the timer of the deadlines."""
        self._deadlines.close()

    async def _outcome(self, course: Course) -> Outcome[Any, Any] | None:
        """The outcome of one job; None where an equal job is under way, whose outcome it will get."""
        try:
            _check(course.job)
            course.key = await key_for(course.job, course.index)
            leader = self._by_key.setdefault(course.key, course)
            if leader is not course:
                leader.followers.append(course)
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

    async def _within_time(self, course: Course) -> tuple[Any, Sequence[Path]]:
        job, shared = course.job, self._shared
        if shared.events.streams:
            shared.tell(JobStarted, course)
        if job.timeout_s is not None:
            course.limit_s = min(job.timeout_s, course.limit_s) if course.hosts else job.timeout_s
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
        is_wanted = self._cancels_remotely and course.stop is not Stop.DEADLINE
        if is_wanted and cancel is not None and course.remote is not None:
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

    def __init__(self, take: Callable[[Outcome[Any, Any]], object]) -> None:
        self._take = take

    def give(self, course: Course, outcome: Outcome[Any, Any]) -> None:  # noqa: ARG002 - as `Sink` says
        """Take it."""
        self._take(outcome)


def _check(job: object) -> None:
    missing = [name for name in _STEPS if not callable(getattr(job, name, None))]
    if missing:
        raise UsageError(f"{job!r:.200} is no job: it has no {', '.join(missing)}; see audiokit.Job")
