"""The stages of a job: prepared, submitted, followed, collected; or restored from the journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from audiokit.errors import (
    CallTimeout,
    ConnectionFailed,
    ConnectionLost,
    DownloadFailed,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RemoteLost,
    ServerError,
)
from audiokit.jobs._context import JobContext
from audiokit.jobs._course import ASKING, NOTHING, Course, id_of
from audiokit.jobs._events import JobRepeated, JobSubmitted
from audiokit.jobs._journal import Entry, JournalState, Output
from audiokit.jobs._outputs import are_there, describe, paths_of
from audiokit.jobs._shared import Shared
from audiokit.jobs._steps import LAST, Step, Submission
from audiokit.services._poll import Look

T = TypeVar("T")

_TEMPORARY: Final = (CallTimeout, ConnectionFailed, ConnectionLost, DownloadFailed, RateLimited, ServerError)
_PLAIN: Final = Submission()
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0


class Stages:
    """Takes jobs through their stages.

    Args:
        shared: What the jobs use together.
        attempts: How often a stage is begun in all, where what it met was temporary.
    """

    def __init__(self, shared: Shared, *, attempts: int) -> None:
        self._shared = shared
        self._attempts = attempts

    async def of(self, course: Course) -> tuple[Any, Sequence[Path]]:
        """Do what is left of a job; gives its result, and the files saved."""
        shared = self._shared
        if shared.recorder is None or not self._is_recorded(course.job):
            result, saved = await self._all(course)
            return result, paths_of(saved)
        entry = await shared.recorder.begin(course)
        if entry is not None and entry.state in {JournalState.DONE, JournalState.FETCHED}:
            return await self._restored(course, entry)
        result, saved = await self._all(course)
        await shared.recorder.finished(course, await describe(saved))
        return result, paths_of(saved)

    def _is_recorded(self, job: Any) -> bool:
        """Whether the journal, if there is one, holds this job; what a chain does is held by its parts."""
        return self._shared.recorder is not None and getattr(job, "is_recorded", True)

    async def _restored(self, course: Course, entry: Entry) -> tuple[Any, Sequence[Path]]:
        """The result of a job that an earlier run finished: its files, or else what the API still has."""
        recorder = self._shared.recorder
        assert recorder is not None  # noqa: S101 - the entry is from it
        course.restored = True
        if entry.outputs and await are_there(entry.outputs):
            if entry.state is JournalState.FETCHED:
                await recorder.journal.write(course.key, JournalState.DONE)
            return None, [Path(one.path) for one in entry.outputs]
        course.remote = course.steps.get(LAST)
        course.enter("collect", self._shared.clock.monotonic())
        context = JobContext(self._shared, course)
        result, saved = await self._collect(course, context, course.remote)
        await recorder.finished(course, await describe(saved))
        return result, paths_of(saved)

    async def _all(self, course: Course) -> tuple[Any, Sequence[Path | Output]]:
        monotonic = self._shared.clock.monotonic
        context = JobContext(self._shared, course)
        if LAST in course.steps:
            remote = course.steps[LAST]
        else:
            remote = await self._attempt(course, lambda: self._submitted(course, context))
        course.remote = remote
        course.enter("poll", monotonic())

        try:
            remote = await self._followed(course, context, remote)
        except NotFound as error:
            raise self._lost(course, error) from error
        course.enter("collect", monotonic())
        return await self._collect(course, context, remote)

    async def _submitted(self, course: Course, context: JobContext) -> Any:
        """Prepare and submit: together, because what is submitted again is prepared again."""
        job, shared = course.job, self._shared
        if course.stage != "prepare":  # again
            course.enter("prepare", shared.clock.monotonic())
        prepared = await job.prepare(context)
        course.enter("submit", shared.clock.monotonic())
        is_told_apart = hasattr(job, "submission") or hasattr(job, "api")
        if not self._is_recorded(job) and not is_told_apart:
            remote = await self._asked(course, context, prepared)
        else:
            how = await job.submission(context, prepared) if hasattr(job, "submission") else _PLAIN
            step = Step(LAST, lambda: job.submit(context, prepared), how)
            remote = await shared.steps.take(course, step)
        if shared.events.streams:
            shared.tell(JobSubmitted, course, step=LAST, remote_id=id_of(remote))
        return remote

    async def _asked(self, course: Course, context: JobContext, prepared: Any) -> Any:
        """What a kind's own `submit` gives, where nothing is known of how to find it otherwise."""
        course.deferred, course.in_doubt = ASKING, True
        try:
            remote = course.remote = await course.job.submit(context, prepared)
        except Exception as error:
            course.in_doubt = isinstance(error, OutcomeUnknown)
            raise
        finally:
            course.deferred = NOTHING
        course.in_doubt = False
        course.end_if_stopped()
        return remote

    async def _followed(self, course: Course, context: JobContext, remote: Any) -> Any:
        """What became of the work: as the kind's own `poll` says, else by a look at once and then more."""
        job = course.job
        if hasattr(job, "poll"):
            return await job.poll(context, remote)
        try:
            seen, look = await job.look(context, remote)
        except _TEMPORARY:
            pass
        else:
            context.saw(look)
            if look.is_over:
                return seen

        async def again() -> tuple[Any, Look]:
            return await job.look(context, remote)  # type: ignore[no-any-return]

        return await context.follow(again, what=course.name, kind=course.kind, remote_id=id_of(remote))

    async def _collect(
        self, course: Course, context: JobContext, remote: Any
    ) -> tuple[Any, Sequence[Path | Output]]:
        try:
            return await self._attempt(course, lambda: course.job.collect(context, remote))
        except NotFound as error:
            raise self._lost(course, error) from error

    def _lost(self, course: Course, error: NotFound) -> RemoteLost:
        return RemoteLost(
            f"{course.name}: {course.remote_id} was submitted, and the API knows it no more: {error}",
            job=course.name,
            stage=course.stage,
            remote_id=course.remote_id,
        )

    async def _attempt(self, course: Course, do: Callable[[], Awaitable[T]]) -> T:
        """Do a stage, again after temporary failures that left nothing behind."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return await do()
            except _TEMPORARY as error:
                is_open = isinstance(error, CallTimeout) and error.maybe_sent
                if attempt >= self._attempts or is_open or course.stop is not None:
                    raise
                asked_s: float = getattr(error, "retry_after", None) or 0.0
                wait_s = max(asked_s, min(_FIRST_WAIT_S * 2 ** (attempt - 1), _LONGEST_WAIT_S))
                name = type(error).__name__
            course.repeats += 1
            if self._shared.events.streams:
                self._shared.tell(JobRepeated, course, stage=course.stage, error=name, wait_s=wait_s)
            await self._shared.clock.sleep(wait_s)
