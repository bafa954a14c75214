"""How a job ended, as its outcome: done, stopped, given away, or failed and noted so."""

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
    JobCancelled,
    JobError,
    JobUncertain,
    JournalError,
    JournalUnreadable,
    JournalWriteFailed,
    RemoteFailure,
    RemoteLost,
    RequestRefused,
)
from audiokit.jobs._context import JobContext
from audiokit.jobs._course import Course, Stop
from audiokit.jobs._equals import is_wanted
from audiokit.jobs._job import JobState, JobStats, Outcome
from audiokit.jobs._journal_entry import Output
from audiokit.jobs._shared import Shared

logger = logging.getLogger("audiokit.jobs")

_FOR_GOOD: Final = (InvalidRequest, RemoteFailure, RemoteLost, RequestRefused)
_RESUME: Final = "; run it again with the same journal, and it goes on from there"
_ANEW: Final = "; run it again with the same journal to submit it anew"


class Endings:
    """Makes the outcomes of jobs.

    Args:
        shared: What the jobs use together.
        cancels_remotely: Ask the API to cancel what is stopped here, where the kind can.
        cancel_s: Longest time for that, in seconds.
        on_budget: Called when credits ran out.
        on_broken_journal: Called when the journal takes no more records.
    """

    def __init__(
        self,
        shared: Shared,
        *,
        cancels_remotely: bool,
        cancel_s: float,
        on_budget: Callable[[], object],
        on_broken_journal: Callable[[JournalError], object],
    ) -> None:
        self._shared = shared
        self._cancels_remotely = cancels_remotely
        self._cancel_s = cancel_s
        self._on_budget = on_budget
        self._on_broken_journal = on_broken_journal

    def done(self, course: Course, result: Any, saved: Sequence[Path | Output]) -> Outcome[Any, Any]:
        """The outcome of a job that went well."""
        now = self._shared.clock.monotonic()
        return Outcome(
            key=course.key,
            index=course.index,
            job=course.job,
            state=JobState.DONE,
            result=result,
            saved=saved,
            elapsed_s=now - course.began_s,
            restored=course.restored,
            stats=course.stats(now),
            services=self._shared.services,
        )

    async def cut_short(self, course: Course) -> Outcome[Any, Any]:
        """The outcome of a job that was stopped under way; cancels it remotely where that is wanted."""
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
        return self.stopped(course)

    def stopped(self, course: Course) -> Outcome[Any, Any]:
        """The outcome of a job that was stopped, for whatever reason it names."""
        elapsed_s = self._shared.clock.monotonic() - course.began_s
        is_late = course.stop is Stop.DEADLINE
        return self._failed(
            course, course.stopped(elapsed_s), state=JobState.FAILED if is_late else JobState.CANCELLED
        )

    def given_away(self, course: Course) -> Outcome[Any, Any]:
        """The outcome of a job whose work others still want: it has cost what they are told."""
        error = JobCancelled(
            f"{course.name} was cancelled; an equal job (key {course.key!r}) goes on",
            job=course.name,
            stage=course.stage,
            remote_id=course.remote_id,
        )
        return attrs.evolve(self._failed(course, error, state=JobState.CANCELLED), stats=JobStats())

    async def given_up(self, course: Course, error: Exception | asyncio.CancelledError) -> Outcome[Any, Any]:
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
