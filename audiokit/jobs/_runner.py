"""One job through its stages, and whatever happens turned into an outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio

from audiokit.errors import (
    AudiokitError,
    CallTimeout,
    ConnectionFailed,
    ConnectionLost,
    DownloadFailed,
    JobError,
    RateLimited,
    ServerError,
    UsageError,
)
from audiokit.jobs._context import JobContext, Shared
from audiokit.jobs._course import Course, Stop, id_of
from audiokit.jobs._deadlines import Deadlines
from audiokit.jobs._events import JobFinished, JobRepeated, JobStarted, JobSubmitted
from audiokit.jobs._job import JobState, Outcome, key_of
from audiokit.services._poll import Look

logger = logging.getLogger("audiokit.jobs")

T = TypeVar("T")

_STEPS: Final = ("prepare", "submit", "look", "collect")
_TEMPORARY: Final = (ConnectionFailed, ConnectionLost, DownloadFailed, RateLimited, ServerError)
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0


class Runner:
    """Runs jobs one at a time for each worker; what one job does hurts no other.

    Args:
        shared: What the jobs use together.
        attempts: How often a stage is begun in all, where what it met was temporary.
        cancels_remotely: Ask the API to cancel what is stopped here, where the kind can.
        cancel_s: Longest time for that, in seconds.
    """

    def __init__(
        self, shared: Shared, *, attempts: int, cancels_remotely: bool = False, cancel_s: float = 10.0
    ) -> None:
        self._shared = shared
        self._attempts = attempts
        self._deadlines = Deadlines()
        self._cancels_remotely = cancels_remotely
        self._cancel_s = cancel_s
        self._drained: asyncio.Event | None = None
        self.courses: set[Course] = set()

    async def run(self, course: Course) -> None:
        """Run one job and hand over its outcome."""
        course.task = asyncio.current_task()
        self.courses.add(course)
        try:
            outcome = await self._outcome(course)
        finally:
            self.courses.discard(course)
            course.task = None
            if not self.courses and self._drained is not None:
                self._drained.set()
        self.hand_over(course, outcome)

    def hand_over(self, course: Course, outcome: Outcome[Any, Any]) -> None:
        """Give an outcome to whoever waits for it, and tell the readers of events."""
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

    async def _outcome(self, course: Course) -> Outcome[Any, Any]:
        clock = self._shared.clock
        course.began_s = course.stage_began_s = clock.monotonic()
        try:
            result, paths = await self._stages(course)
        except JobError as error:
            if self._was_stopped(course):
                return await self._ended(course)
            return self._failed(course, error)
        except asyncio.CancelledError as error:
            if self._was_stopped(course):
                return await self._ended(course)
            if course.task is None or course.task.cancelling():
                raise
            # Nobody cancelled this worker: something the job waited for was cancelled elsewhere.
            return self._failed(course, course.failed(error))
        except Exception as error:  # noqa: BLE001 - any failure of one job is that job's outcome
            if self._was_stopped(course):
                return await self._ended(course)
            return self._failed(course, course.failed(error))
        self._was_stopped(course)  # a stop that came too late is taken back
        now = clock.monotonic()
        return Outcome(
            key=course.key,
            index=course.index,
            job=course.job,
            state=JobState.DONE,
            result=result,
            paths=tuple(paths),
            elapsed_s=now - course.began_s,
            stats=course.stats(now),
        )

    async def _stages(self, course: Course) -> tuple[Any, Sequence[Path]]:
        job, monotonic = course.job, self._shared.clock.monotonic
        course.key = f"{course.kind}-{course.index}"
        _check(job)
        course.key = key_of(job, course.index)
        limit = self._shared.timeout_s if job.timeout_s is None else job.timeout_s
        context = JobContext(self._shared, course)
        self._shared.tell(JobStarted, course)
        with self._deadlines.watch(course, limit):
            prepared = await self._attempt(course, lambda: job.prepare(context))
            course.enter("submit", monotonic())
            remote = await self._attempt(course, lambda: job.submit(context, prepared))
            course.remote = remote
            self._shared.tell(JobSubmitted, course, step="submit", remote_id=course.remote_id)
            course.enter("poll", monotonic())

            async def look() -> tuple[Any, Look]:
                return await job.look(context, remote)  # type: ignore[no-any-return]

            remote = await context.follow(look, what=course.name, remote_id=id_of(remote))
            course.enter("collect", monotonic())
            return await self._attempt(course, lambda: job.collect(context, remote))

    async def _attempt(self, course: Course, do: Callable[[], Awaitable[T]]) -> T:
        """Do a stage, again after temporary failures that left nothing behind."""
        for attempt in range(1, self._attempts + 1):
            try:
                return await do()
            except (*_TEMPORARY, CallTimeout) as error:
                if attempt == self._attempts or not _may_repeat(error):
                    raise
                wait_s = getattr(error, "retry_after", None) or 0.0
                wait_s = max(wait_s, min(_FIRST_WAIT_S * 2 ** (attempt - 1), _LONGEST_WAIT_S))
                name = type(error).__name__
            course.repeats += 1
            self._shared.tell(JobRepeated, course, stage=course.stage, error=name, wait_s=wait_s)
            await self._shared.clock.sleep(wait_s)
        raise AssertionError("unreachable: the last attempt returns or raises")

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
        if (
            self._cancels_remotely
            and course.stop is not Stop.DEADLINE
            and cancel is not None
            and course.remote is not None
        ):
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
            stats=course.stats(now),
        )


def _may_repeat(error: AudiokitError) -> bool:
    return not (isinstance(error, CallTimeout) and error.maybe_sent)


def _check(job: object) -> None:
    missing = [name for name in _STEPS if not callable(getattr(job, name, None))]
    if missing:
        raise UsageError(f"{job!r:.200} is no job: it has no {', '.join(missing)}; see audiokit.Job")
