"""The stages of a job: prepared, submitted, followed, collected; or restored from the journal."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from audiokit.errors import AudiokitError, CallTimeout, DownloadFailed, NotFound, OutcomeUnknown, RemoteLost
from audiokit.jobs._context import JobContext
from audiokit.jobs._course import ASKING, NOTHING, Course, id_of
from audiokit.jobs._events import JobRepeated, JobSubmitted
from audiokit.jobs._journal import Entry, JournalState, Output
from audiokit.jobs._outputs import are_there, describe, files_of
from audiokit.jobs._recorder import Recorder
from audiokit.jobs._shared import Shared
from audiokit.jobs._steps import LAST, Step, Submission
from audiokit.services._poll import TEMPORARY

_TEMPORARY: Final = (*TEMPORARY, DownloadFailed)
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
        self._monotonic = shared.clock.monotonic

    async def of(self, course: Course) -> tuple[Any, Sequence[Path | Output]]:
        """Do what is left of a job; gives its result, and the files saved."""
        context = JobContext(self._shared, course)
        recorder = self._shared.recorder if getattr(course.job, "is_recorded", True) else None
        if recorder is not None:
            entry = await recorder.begin(course)
            if entry is not None and entry.state in {JournalState.DONE, JournalState.FETCHED}:
                return await self._restored(course, context, recorder, entry)
        try:
            if LAST in course.steps:
                remote = course.steps[LAST]
            else:
                remote = await self._submitted(course, context, is_recorded=recorder is not None)
            course.remote = remote
            course.enter("poll", self._monotonic())
            remote = await self._followed(course, context, remote)
            result, saved = await self._collected(course, context, remote)
            if recorder is not None:
                await recorder.finished(course, await describe(saved))
        finally:
            await course.noted()  # however it ended
        return result, saved

    async def _restored(
        self, course: Course, context: JobContext, recorder: Recorder, entry: Entry
    ) -> tuple[Any, Sequence[Path | Output]]:
        """The result of a job that an earlier run finished: its files, or else what the API still has."""
        course.restored = True
        if entry.outputs and await are_there(entry.outputs):
            if entry.state is JournalState.FETCHED:
                await recorder.journal.write(course.key, JournalState.DONE)
            return None, entry.outputs
        course.remote = course.steps.get(LAST)
        result, saved = await self._collected(course, context, course.remote)
        await recorder.finished(course, await describe(saved))
        return result, saved

    async def _submitted(self, course: Course, context: JobContext, *, is_recorded: bool) -> Any:
        """Prepare and submit: together, because what is submitted again is prepared again."""
        job, shared = course.job, self._shared
        is_step = is_recorded or hasattr(job, "submission") or hasattr(job, "api")
        attempt = 1
        while True:
            if course.stage != "prepare":  # again
                course.enter("prepare", self._monotonic())
            try:
                prepared = await job.prepare(context)
                course.enter("submit", self._monotonic())
                if is_step:
                    how = await job.submission(context, prepared) if hasattr(job, "submission") else _PLAIN
                    step = Step(LAST, functools.partial(job.submit, context, prepared), how)
                    remote = await shared.steps.take(course, step)
                else:
                    remote = await self._asked(course, context, prepared)
            except _TEMPORARY as error:
                wait_s = self._wait_s(course, error, attempt)
            else:
                break
            await shared.clock.sleep(wait_s)
            attempt += 1
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
        try:
            if hasattr(job, "poll"):
                await self._noted(course)
                return await job.poll(context, remote)
            try:
                seen, look = await job.look(context, remote)
            except _TEMPORARY:
                pass
            else:
                context.saw(look)
                if look.is_over:
                    return seen
            await self._noted(course)
            return await context.follow(
                functools.partial(job.look, context, remote),
                what=course.name,
                kind=course.kind,
                remote_id=id_of(remote),
            )
        except NotFound as error:
            raise _lost(course, error) from error

    async def _noted(self, course: Course) -> None:
        """Before work is followed for long, what it is called has to be on disk."""
        await course.noted()
        course.end_if_stopped()

    async def _collected(
        self, course: Course, context: JobContext, remote: Any
    ) -> tuple[Any, Sequence[Path | Output]]:
        course.enter("collect", self._monotonic())
        attempt = 1
        while True:
            try:
                result, saved = await course.job.collect(context, remote)
            except NotFound as error:
                raise _lost(course, error) from error
            except _TEMPORARY as error:
                wait_s = self._wait_s(course, error, attempt)
            else:
                return result, files_of(saved)
            await self._shared.clock.sleep(wait_s)
            attempt += 1

    def _wait_s(self, course: Course, error: AudiokitError, attempt: int) -> float:
        """How long to wait before a stage is begun again; raises *error* where it shall not be.

        It is not where it may have left something behind.
        """
        is_open = isinstance(error, CallTimeout) and error.maybe_sent
        if attempt >= self._attempts or is_open or course.stop is not None:
            raise error
        asked_s: float = getattr(error, "retry_after", None) or 0.0
        wait_s: float = max(asked_s, min(_FIRST_WAIT_S * 2 ** (attempt - 1), _LONGEST_WAIT_S))
        course.repeats += 1
        if self._shared.events.streams:
            name = type(error).__name__
            self._shared.tell(JobRepeated, course, stage=course.stage, error=name, wait_s=wait_s)
        return wait_s


def _lost(course: Course, error: NotFound) -> RemoteLost:
    return RemoteLost(
        f"{course.name}: {course.remote_id} was submitted, and the API knows it no more: {error}",
        job=course.name,
        stage=course.stage,
        remote_id=course.remote_id,
    )
