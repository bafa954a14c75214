"""One job that waits, and what a look showed of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Self

import attrs

from audiokit.errors import JobTimeout, RemoteLost, UsageError
from audiokit.jobs._durations import Law
from audiokit.jobs._poll_plan import Cohort
from audiokit.services._poll import Look

if TYPE_CHECKING:
    from audiokit.jobs._poll_lists import Shelf
    from audiokit.jobs._poll_question import Question


class Waiting:
    """A job that somebody waits for. Moments in seconds of the clock.

    Attributes:
        remote: The API's id of it, or empty.
        started_at: When the waiting began, which is when the work did as far as is known.
        seen_at: When it was last seen running, or `started_at`.
        begun_at: When the waiting began.
        ends_at: When it is given up.
        last: What the last look showed.
        place: Index in its list, the oldest object being 0.
        losses: How often it was not found there.
        question: What answers for it; None once that is over.
    """

    __slots__ = (
        "begun_at",
        "done",
        "ends_at",
        "job",
        "kind",
        "last",
        "law",
        "length_s",
        "look",
        "losses",
        "on_look",
        "place",
        "question",
        "remote",
        "seen_at",
        "shelf",
        "started_at",
    )

    def __init__(
        self,
        *,
        kind: str,
        remote: str,
        job: str,
        look: Callable[[], Awaitable[tuple[Any, Look]]],
        on_look: Callable[[Look], object] | None,
        law: Law,
        length_s: float | None,
        now: float,
        timeout_s: float,
    ) -> None:
        self.kind = kind
        self.remote = remote
        self.job = job
        self.look = look
        self.on_look = on_look
        self.law = law
        self.length_s = length_s
        self.begun_at = now
        self.started_at = self.seen_at = now
        self.ends_at = now + timeout_s
        self.last: Look | None = None
        self.place: int | None = None
        self.losses = 0
        self.shelf: Shelf | None = None
        self.question: Question | None = None
        self.done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def gone(self, cause: Exception) -> RemoteLost:
        """The error for when the API does not know it any more."""
        error = RemoteLost(
            f"{self.name} is not known to the API any more, though it was submitted: it was "
            "deleted, belongs to another account, or was lost there; submit it again if it is still wanted",
            job=self.job,
            stage="poll",
            remote_id=self.remote or None,
        )
        error.__cause__ = cause
        return error

    def timed_out(self, now: float) -> JobTimeout:
        """The error for when its time is up."""
        elapsed_s = now - self.begun_at
        state = self.last.state if self.last else None
        return JobTimeout(
            f"{self.name} was not finished after {elapsed_s:.1f} s, last state {state!r}; "
            "it may still finish: look again with its id, or allow more time",
            job=self.job,
            stage="poll",
            elapsed_s=elapsed_s,
            last_state=state,
            remote_id=self.remote or None,
        )

    def left_behind(self, cause: BaseException | None) -> UsageError:
        """The error for when the poller was closed."""
        error = UsageError(f"the poller was closed while {self.name} was waited for; it goes on remotely")
        error.__cause__ = cause
        return error

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.job} ({self.remote})" if self.remote else self.job

    @property
    def key(self) -> str:
        """What it is found by: its id, or its name where it has none."""
        return self.remote or self.job

    @property
    def expected_end(self) -> float:
        """When it is likely to be over."""
        return self.started_at + self.law.expected_s(self.length_s)

    def position(self, grain_s: float) -> tuple[object, ...]:
        """Equal for jobs that may be planned as one."""
        return (self.law, self.length_s, self.started_at // grain_s, self.seen_at // grain_s)

    def cohort(self, jobs: float) -> Cohort:
        """This job as one of *jobs* alike."""
        unit_s = self.law.expected_s(self.length_s)
        return Cohort(jobs, self.law.hazard, unit_s, self.started_at, self.seen_at)


@attrs.frozen(kw_only=True)
class Answer:
    """What a question showed of one job: how it stands, that it failed, or that it was not to be found."""

    waiting: Waiting
    value: Any = None
    look: Look | None = None
    error: Exception | None = None
    is_lost: bool = False

    @classmethod
    def reading(cls, waiting: Waiting, read: Callable[[Any], tuple[Any, Look]], item: Any) -> Self:
        """Read an object of a list; what that raises is this job's alone."""
        try:
            value, look = read(item)
        except Exception as error:  # noqa: BLE001 - goes to whoever waits for this job
            return cls(waiting=waiting, error=error)
        return cls(waiting=waiting, value=value, look=look)
