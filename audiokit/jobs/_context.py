"""What a job's steps may use: the services, limits, things done once, and where files go."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio.to_thread
import attrs

from audiokit.jobs._course import Course
from audiokit.jobs._events import Events, JobEvent, JobPolled, TransferProgress
from audiokit.jobs._job import Services
from audiokit.jobs._limits import Gate
from audiokit.jobs._once import Once
from audiokit.services._poll import Look, PollSchedule, follow
from audiokit.transport import names_a_folder, safe_file_name
from audiokit.typing import Clock, Progress, ProgressCallback, StrPath

T = TypeVar("T")

_STEM_BYTES: Final = 120
_LABEL_CHARACTERS: Final = 40
_TOKEN_CHARACTERS: Final = 8
_NOT_FOR_LABELS: Final = re.compile(r"[^A-Za-z0-9 -]+")


@attrs.frozen(kw_only=True)
class Shared:
    """What all jobs of one orchestrator use together."""

    services: Services
    transfer: Gate
    submit: Gate
    once: Once
    clock: Clock
    schedule: PollSchedule
    timeout_s: float
    events: Events

    def tell(self, kind: type[JobEvent], course: Course, **facts: Any) -> None:
        """Tell the readers of events; costs next to nothing when there are none."""
        if self.events.streams:
            event = kind(
                key=course.key, index=course.index, kind=course.kind, at_s=self.clock.monotonic(), **facts
            )
            self.events.put(id(course), event)


class JobContext:
    """One job's view of the orchestrator."""

    __slots__ = ("_course", "_shared")

    def __init__(self, shared: Shared, course: Course) -> None:
        self._shared = shared
        self._course = course

    def __repr__(self) -> str:
        return f"<JobContext of {self._course!r}>"

    @property
    def services(self) -> Services:
        """The client."""
        return self._shared.services

    @property
    def key(self) -> str:
        """The job's key."""
        return self._course.key

    @property
    def token(self) -> str:
        """Eight characters that tell this job's files and labels from those of others."""
        # Keys of one's own often start or end alike, so it is their digest that tells jobs apart.
        return hashlib.sha256(self.key.encode()).hexdigest()[:_TOKEN_CHARACTERS]

    @property
    def transfer(self) -> Gate:
        """Hold this while uploading or downloading; `Gate.carrying` where the size is known."""
        return self._shared.transfer

    @property
    def submit(self) -> Gate:
        """Hold this while handing work to an API."""
        return self._shared.submit

    @property
    def once(self) -> Once:
        """For what several jobs share, e.g. an upload."""
        return self._shared.once

    @property
    def clock(self) -> Clock:
        """The client's time."""
        return self._shared.clock

    def sent(self, then: ProgressCallback | None = None) -> ProgressCallback:
        """An ``on_progress`` for an upload, which counts its bytes for this job."""
        return self._counted("bytes_sent", then)

    def received(self, then: ProgressCallback | None = None) -> ProgressCallback:
        """As `sent`, for what is saved."""
        return self._counted("bytes_received", then)

    def spent(self, credits: float) -> None:  # noqa: A002 - the field's own word
        """Count credits that this job has cost."""
        self._course.credits += credits

    async def follow(
        self, look: Callable[[], Awaitable[tuple[T, Look]]], *, what: str, remote_id: str | None = None
    ) -> T:
        """Look until *what* is over, on the orchestrator's schedule."""
        limit = self._course.job.timeout_s
        return await follow(
            look,
            clock=self.clock,
            timeout_s=self._shared.timeout_s if limit is None else limit,
            job=what,
            remote_id=remote_id,
            schedule=self._shared.schedule,
            on_look=self._saw,
        )

    async def place(self, to: StrPath, stem: str) -> tuple[Path, str | None]:
        """Where a file goes: a folder, made if missing, with a name for it; or a file path.

        See `names_a_folder` for which is which. The name in a folder is *stem*
        made safe, with a digest of the job's key, so that jobs never overwrite each other.
        """
        path = Path(os.fspath(to))
        if not names_a_folder(to) and not await anyio.to_thread.run_sync(path.is_dir):
            return path, None
        await anyio.to_thread.run_sync(lambda: path.mkdir(parents=True, exist_ok=True))
        short = safe_file_name(stem).encode()[:_STEM_BYTES].decode("utf-8", "ignore")
        return path, f"{short}-{self.token}"

    def label(self, name: str, *, has_token: bool = True) -> str:
        """A label made from *name* that ends in this job's `token`, at most 40 characters."""
        if not has_token:
            return label_of(name)
        room = _LABEL_CHARACTERS - _TOKEN_CHARACTERS - 1
        return f"{label_of(name)[:room].strip(' -')}-{self.token}"

    def _saw(self, look: Look) -> None:
        self._course.state = look.state
        self._course.polls += 1
        self._shared.tell(JobPolled, self._course, state=look.state)

    def _counted(self, name: str, then: ProgressCallback | None) -> ProgressCallback:
        course = self._course
        before = getattr(course, name)
        seen = 0

        def count(progress: Progress) -> object:
            nonlocal before, seen
            if progress.done_bytes < seen:  # begun again: what was moved before was moved all the same
                before += seen
            seen = progress.done_bytes
            setattr(course, name, before + seen)
            self._shared.tell(
                TransferProgress,
                course,
                direction="up" if name == "bytes_sent" else "down",
                done_bytes=progress.done_bytes,
                total_bytes=progress.total_bytes,
            )
            return then(progress) if then is not None else None

        return count


def label_of(name: str) -> str:
    """A label made from a file name: letters, digits, spaces and hyphens, at most 40 characters."""
    return _NOT_FOR_LABELS.sub("-", name).strip(" -")[:_LABEL_CHARACTERS].strip(" -") or "audio"
