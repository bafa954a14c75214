"""One job on its way: where it stands, what it has cost so far, and how it is stopped."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Sequence
from typing import Any, Protocol

from audiokit.errors import AudiokitError, JobCancelled, JobFailed, JobTimeout
from audiokit.jobs._job import JobStats, Outcome


class Stop(enum.Enum):
    """Why a job is stopped from outside."""

    DEADLINE = "its time ran out"
    CANCELLED = "it was cancelled"
    CLOSED = "the orchestrator was closed"


class Sink(Protocol):
    """Whoever wants a job's outcome."""

    def give(self, course: Course, outcome: Outcome[Any, Any]) -> None:
        """Take the outcome."""
        ...


class Pausable(Protocol):
    """A deadline that can be stopped for a while."""

    def pause(self) -> None:
        """Count no time."""
        ...

    def resume(self) -> None:
        """Count on."""
        ...


class Course:
    """What is known of one job while it runs. A plain class: there is one for each of a million jobs."""

    __slots__ = (
        "began_s",
        "bytes_received",
        "bytes_sent",
        "credits",
        "ends_at",
        "followers",
        "generation",
        "has_place",
        "hosts",
        "index",
        "is_cancelled_remotely",
        "is_critical",
        "is_noted",
        "job",
        "key",
        "kind",
        "length_s",
        "limit_s",
        "open_step",
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
        self.kind: str = getattr(job, "kind", None) or type(job).__name__
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
        self.restored = False
        self.followers: list[Course] = []
        self.is_critical = False
        self.is_noted = False
        self.was_uncertain = False
        self.watch: Pausable | None = None
        self.hosts: Sequence[Course] = ()  # which wait for this one
        self.paused_at: float | None = None
        self.has_place = False
        self.is_cancelled_remotely = False
        self.length_s: float | None = None
        self.limit_s = 0.0
        self.ends_at: float | None = None
        self.task: asyncio.Task[Any] | None = None
        self.stop: Stop | None = None

    def __repr__(self) -> str:
        return f"<{self.name} in {self.stage}>"

    def pause(self, now_s: float) -> None:
        """Count no time, neither of this job nor of those that wait for it; twice does nothing."""
        if self.paused_at is None:
            self.paused_at = now_s
            if self.watch is not None:
                self.watch.pause()
            for host in self.hosts:
                host.pause(now_s)

    def resume(self, now_s: float) -> None:
        """Count on; twice does nothing."""
        if self.paused_at is not None:
            self.limit_s += now_s - self.paused_at
            self.paused_at = None
            if self.watch is not None:
                self.watch.resume()
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
        """Stop it; the first reason counts.

        A job that is being closed in the moment between asking the API and noting its answer may
        get the answer first: `leave_critical` then stops it.
        """
        if self.stop is None:
            self.stop = why
            if self.task is not None and not (self.is_critical and why is Stop.CLOSED):
                self.task.cancel()

    def leave_critical(self) -> None:
        """The answer is noted: stop here if somebody has asked for it meanwhile."""
        was_critical, self.is_critical = self.is_critical, False
        if was_critical and self.stop is Stop.CLOSED and self.task is not None:
            self.task.cancel()

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
            f"{self.name} failed in stage {self.stage!r}: {str(error) or type(error).__name__}{hint}",
            job=self.name,
            stage=self.stage,
            remote_id=self.remote_id,
        )
        failure.__cause__ = error
        return failure

    def stopped(self, elapsed_s: float) -> AudiokitError:
        """The error of a job that was stopped from outside."""
        named = f"{self.name} ({self.remote_id})" if self.remote_id else self.name
        if self.stop is Stop.DEADLINE:
            return JobTimeout(
                f"{named} was not finished after {elapsed_s:.1f} s: stage {self.stage!r}, "
                f"last state {self.state!r}; it may go on remotely, or allow more time",
                job=self.name,
                stage=self.stage,
                elapsed_s=elapsed_s,
                last_state=self.state,
                remote_id=self.remote_id,
            )
        why = self.stop.value if self.stop else "it was stopped"
        left = f"; {self.remote_id} goes on remotely" if self.remote_id else ""
        if self.is_cancelled_remotely:
            left = f"; {self.remote_id} was cancelled remotely, too"
        return JobCancelled(
            f"{named} ended in stage {self.stage!r} because {why}{left}",
            job=self.name,
            stage=self.stage,
            remote_id=self.remote_id,
        )


def id_of(remote: object) -> str | None:
    """The API's id inside what `submit` gave, or None where none can be seen."""
    if isinstance(remote, str):
        return remote
    for name in ("id", "production_id", "speech_id", "script_id"):
        value = getattr(remote, name, None)
        if isinstance(value, str):
            return value
    return None
