"""One job on its way: where it stands, what it has cost so far, and how it is stopped."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Sequence
from typing import Any, Final, Protocol

from audiokit.errors import AudiokitError, JobCancelled, JobFailed, JobTimeout
from audiokit.jobs._job import JobStats, Outcome


class Stop(enum.Enum):
    """Why a job is stopped from outside."""

    DEADLINE = "its time ran out"
    CANCELLED = "it was cancelled"
    CLOSED = "the orchestrator was closed"
    STOPPED = "no further jobs are begun"


NOTHING: Final[frozenset[Stop]] = frozenset()
ASKING: Final = frozenset(Stop) - {Stop.DEADLINE}
"""Stops that wait until the API has answered: cut short, nobody would know whether it took the work."""
NOTING: Final = frozenset(Stop)
"""Stops that wait until a record is on disk."""


_NO_IDS: Final[frozenset[str]] = frozenset()


class Sink(Protocol):
    """Whoever wants a job's outcome."""

    def give(self, course: Course, outcome: Outcome[Any, Any]) -> None:
        """Take the outcome."""
        ...


class Pausable(Protocol):
    """Deadlines that can be stopped for a while."""

    def pause(self, course: Course) -> None:
        """Count no time of *course*."""
        ...

    def resume(self, course: Course) -> None:
        """Count on."""
        ...


class Course:
    """What is known of one job while it runs. A plain class: there is one for each of a million jobs."""

    __slots__ = (
        "began_s",
        "bytes_received",
        "bytes_sent",
        "credits",
        "deferred",
        "ends_at",
        "followers",
        "former_ids",
        "generation",
        "has_place",
        "hosts",
        "in_doubt",
        "index",
        "is_cancelled_remotely",
        "is_given",
        "is_noted",
        "is_told",
        "job",
        "key",
        "kind",
        "label",
        "leader",
        "left_s",
        "length_s",
        "limit_s",
        "noting",
        "open_step",
        "part_of",
        "parts",
        "paused_at",
        "polls",
        "remote",
        "repeats",
        "restored",
        "sink",
        "stage",
        "stage_began_s",
        "stages_s",
        "state",
        "steps",
        "stop",
        "task",
        "was_uncertain",
        "watch",
    )

    def __init__(self, job: Any, index: int, sink: Sink) -> None:
        self.job = job
        self.index = index
        self.sink = sink
        self.kind = _kind_of(job)
        self.key = ""
        self.stage = "prepare"
        self.stage_began_s = 0.0
        self.stages_s: dict[str, float] = {}
        self.began_s = 0.0
        self.state: str | None = None
        self.remote: Any = None
        self.steps: dict[str, Any] = {}
        self.polls = 0
        self.repeats = 0
        self.bytes_sent = 0
        self.bytes_received = 0
        self.credits = 0.0
        self.open_step: str | None = None
        self.generation = 0
        self.former_ids: frozenset[str] = _NO_IDS  # of work that failed, and was ordered anew
        self.restored = False
        self.followers: Sequence[Course] = ()  # equal ones, which get its outcome
        self.leader: Course | None = None  # the equal one that it follows
        self.is_given = False  # its own outcome was handed over, and it goes on for its followers
        self.part_of: str | None = None
        self.parts: Sequence[Course] = ()  # jobs inside it that are under way, or were stopped
        self.deferred = NOTHING
        self.is_told = False
        self.in_doubt = False  # the API was asked, and has not answered
        self.label: str | None = None
        self.is_noted = False
        self.noting: Awaitable[None] | None = None  # the record of its submission, on its way to the disk
        self.was_uncertain = False
        self.watch: Pausable | None = None
        self.hosts: Sequence[Course] = ()  # which wait for this one
        self.paused_at: float | None = None
        self.has_place = False
        self.is_cancelled_remotely = False
        self.length_s: float | None = None
        self.limit_s = 0.0
        self.ends_at: float | None = None
        self.left_s: float | None = None
        self.task: asyncio.Task[Any] | None = None
        self.stop: Stop | None = None

    def __repr__(self) -> str:
        return f"<{self.name} in {self.stage}>"

    def pause(self, now_s: float) -> None:
        """Count no time, neither of this job nor of those that wait for it; twice does nothing."""
        if self.paused_at is None:
            self.paused_at = now_s
            if self.watch is not None:
                self.watch.pause(self)
            for host in self.hosts:
                host.pause(now_s)

    def resume(self, now_s: float) -> None:
        """Count on; twice does nothing."""
        if self.paused_at is not None:
            self.limit_s += now_s - self.paused_at
            self.paused_at = None
            if self.watch is not None:
                self.watch.resume(self)
            for host in self.hosts:
                host.resume(now_s)

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.kind} job #{self.index}"

    @property
    def remote_id(self) -> str | None:
        """The API's id, as far as one can be seen."""
        return id_of(self.remote)

    def enter(self, stage: str, now_s: float) -> None:
        """Begin a stage, which ends the one before."""
        self.stages_s[self.stage] = self.stages_s.get(self.stage, 0.0) + now_s - self.stage_began_s
        self.stage = stage
        self.stage_began_s = now_s

    def interrupt(self, why: Stop) -> None:
        """Stop it, or the jobs inside it, which end first; the first reason counts.

        What is `deferred` waits: `end_if_stopped` then stops it, or a later reason that need not wait.
        """
        self.stop = self.stop or why
        if self.parts and self._hand_on(why):
            return
        if not self.is_told and self.task is not None and why not in self.deferred:
            self.is_told = True
            self.task.cancel()

    def end_if_stopped(self) -> None:
        """Stop here if somebody has asked for it while it was deferred.

        Raises:
            asyncio.CancelledError: Somebody has. By hand, because a task that cancels itself cannot take
                that back before Python 3.13.
        """
        if self.stop is not None and not self.is_told:
            self.is_told = True
            raise asyncio.CancelledError

    async def noted(self) -> None:
        """Wait until the record of its submission is on disk, if there is one to wait for.

        Raises:
            JournalError: It is not.
        """
        noting, self.noting = self.noting, None
        if noting is None:
            return
        self.deferred = NOTING
        try:
            await noting
        finally:
            self.deferred = NOTHING

    def stats(self, now_s: float) -> JobStats:
        """What it cost, up to now."""
        self.enter(self.stage, now_s)
        return JobStats(
            stages_s=self.stages_s,
            polls=self.polls,
            repeats=self.repeats,
            bytes_sent=self.bytes_sent,
            bytes_received=self.bytes_received,
            credits=self.credits,
        )

    def failed(self, error: BaseException, *, hint: str = "") -> JobFailed:
        """The error of a job that a stage failed; *hint* says how to go on."""
        failure = JobFailed(
            f"{self.name} failed in stage {self.stage!r}: {said(error)}{hint}",
            job=self.name,
            stage=self.stage,
            remote_id=self.remote_id,
        )
        failure.__cause__ = error
        return failure

    def stopped(self, elapsed_s: float) -> AudiokitError:
        """The error of a job that was stopped from outside."""
        at = self._left
        remote_id = at.remote_id
        named = f"{self.name} ({remote_id})" if remote_id else self.name
        asked = "" if remote_id or not at.in_doubt else f"; {at.asked}"
        if self.stop is Stop.DEADLINE:
            return JobTimeout(
                f"{named} was not finished after {elapsed_s:.1f} s: stage {self.stage!r}, "
                f"last state {at.state!r}; it may go on remotely, or allow more time{asked}",
                job=self.name,
                stage=self.stage,
                elapsed_s=elapsed_s,
                last_state=at.state,
                remote_id=remote_id,
            )
        why = self.stop.value if self.stop else "it was stopped"
        left = f"; {remote_id} goes on remotely" if remote_id else asked
        if at.is_cancelled_remotely:
            left = f"; {remote_id} was cancelled remotely, too"
        return JobCancelled(
            f"{named} ended in stage {self.stage!r} because {why}{left}",
            job=self.name,
            stage=self.stage,
            remote_id=remote_id,
        )

    @property
    def asked(self) -> str:
        """What to do about a submission that was cut before its answer."""
        label = f" with the label {self.label!r}" if self.label else ""
        told = f"it was being submitted and may have been taken: look for it at the account{label}"
        return f"{told}, or run it again with the same journal" if self.is_noted else told

    @property
    def _left(self) -> Course:
        """What may go on remotely: this job, or one inside it that was stopped."""
        return self if self.remote is not None or not self.parts else self.parts[-1]._left

    def _hand_on(self, why: Stop) -> bool:
        """Stop the jobs inside; whether there are any."""
        running = [part for part in self.parts if part.task is not None]
        for part in running:
            part.interrupt(why)
        return bool(running)


def said(error: BaseException) -> str:
    """The message of an error, or else its type's name: one of the caller's own may not even have a text."""
    try:
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001 - the error itself is what counts, and is the cause
        return type(error).__name__


def _kind_of(job: Any) -> str:
    try:
        return getattr(job, "kind", None) or type(job).__name__
    except Exception:  # noqa: BLE001 - raised again where it ends this job alone
        return type(job).__name__


def id_of(remote: object) -> str | None:
    """The API's id inside what `submit` gave, or None where none can be seen."""
    if isinstance(remote, str):
        return remote
    for name in ("id", "production_id", "speech_id", "script_id"):
        value = getattr(remote, name, None)
        if isinstance(value, str):
            return value
    return None
