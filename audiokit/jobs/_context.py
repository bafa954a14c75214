"""What a job's steps may use: the services, limits, things done once, and where files go."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import anyio.to_thread

from audiokit.errors import AudiokitError, RemoteFailure, RemoteLost
from audiokit.jobs._course import Course, id_of
from audiokit.jobs._events import JobPolled, JobSubmitted, TransferProgress
from audiokit.jobs._job import Outcome, Services
from audiokit.jobs._journal import JournalState
from audiokit.jobs._once import Once
from audiokit.jobs._poll_lists import Listing
from audiokit.jobs._recorder import NOBODY
from audiokit.jobs._shared import Shared
from audiokit.jobs._steps import Step, Submission
from audiokit.services._poll import Look, follow
from audiokit.transport import Gate, names_a_folder, safe_file_name
from audiokit.typing import Clock, Progress, ProgressCallback, StrPath

T = TypeVar("T")

_STEM_BYTES: Final = 120
_LABEL_CHARACTERS: Final = 40
_TOKEN_CHARACTERS: Final = 8
_HELD: Final = nullcontext()
_NOT_FOR_LABELS: Final = re.compile(r"[^A-Za-z0-9 -]+")


class SharedWork(Protocol):
    """Work that several jobs need, e.g. an upload: a record with a kind, and one step of `JobContext`."""

    @property
    def kind(self) -> str:
        """Short name that begins with an underscore."""
        ...

    async def make(self, context: JobContext) -> str:
        """Do it, and give the id of what was made."""
        ...


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
        return _token_of(self.key)

    @property
    def generation(self) -> int:
        """How often the job's work failed at the API, or was lost there, and was ordered anew.

        `label` counts it in, and so should ids of a kind's own: an order whose answer was lost is looked
        for by them, and what failed before must not be taken for it.
        """
        return self._course.generation

    @property
    def transfer(self) -> Gate:
        """Hold this while uploading or downloading; `Gate.carrying` where the size is known."""
        return self._shared.transfer

    @property
    def submit(self) -> AbstractAsyncContextManager[None]:
        """Hold this while handing work to an API; inside a step the job holds it already."""
        return _HELD if self._course.has_place else self._shared.submit

    @property
    def once(self) -> Once:
        """For what several jobs share, e.g. an upload."""
        return self._shared.once

    @property
    def clock(self) -> Clock:
        """The client's time."""
        return self._shared.clock

    @property
    def namespace(self) -> str:
        """Text that no other journal has, for ids of one's own; without a journal no other orchestrator."""
        recorder = self._shared.recorder
        return self._shared.namespace if recorder is None else recorder.namespace

    @property
    def callback_url(self) -> str | None:
        """Where an API that can shall tell that work has ended, see `WebhookReceiver`."""
        return self._shared.callback_url

    @property
    def has_budget(self) -> bool:
        """Whether somebody limits the credits, so that prices are worth a call."""
        return self._shared.spending.limit is not None

    @property
    def is_recorded(self) -> bool:
        """Whether there is a journal."""
        return self._shared.recorder is not None

    def sent(self, then: ProgressCallback | None = None) -> ProgressCallback:
        """An ``on_progress`` for an upload, which counts its bytes for this job."""
        return self._counted("bytes_sent", then)

    def received(self, then: ProgressCallback | None = None) -> ProgressCallback:
        """As `sent`, for what is saved."""
        return self._counted("bytes_received", then)

    def note_length(self, seconds: float | None) -> None:
        """Note the seconds of audio that the work is about: what takes long is looked at less often."""
        self._course.length_s = seconds

    def spent(self, credits: float) -> None:  # noqa: A002 - the field's own word
        """Count credits that this job has cost."""
        self._shared.spending.count(self._course, credits)

    async def step(self, name: str, do: Callable[[], Awaitable[Any]], how: Submission | None = None) -> Any:
        """Submit something besides the job's own `submit`: once, however often the job is begun.

        With a journal it is noted before and after. What is not answered is looked for.

        Args:
            name: Unique in the job, and not ``submit``.
            do: Asks the API; gives the remote object or id.
            how: How it is told from others.

        Returns:
            What *do* gave, or the id alone when an earlier run did it.

        Raises:
            JobUncertain: Whether it was taken cannot be found out.
            CreditBudgetReached: It costs more than is left.
        """
        is_done = name in self._course.steps
        taken = await self._shared.steps.take(self._course, Step(name, do, how or Submission()))
        if not is_done and self._shared.events.streams:
            self._shared.tell(JobSubmitted, self._course, step=name, remote_id=id_of(taken))
        return taken

    async def shared(self, key: str, work: SharedWork) -> str:
        """Do *work* once for all jobs that name the same *key*; with a journal, once for ever.

        Returns:
            The id it gave.
        """
        course, monotonic = self._course, self.clock.monotonic
        sharing = self._shared.sharing.setdefault(key, [])
        if any(other.paused_at is not None for other in sharing):
            course.pause(monotonic())  # what it is about to wait for waits for its turn
        sharing.append(course)
        try:
            return await self.once.get(("shared", key), lambda: self._shared_work(key, work))
        finally:
            sharing.remove(course)
            course.resume(monotonic())
            if not sharing:
                self._shared.sharing.pop(key, None)

    async def forget_shared(self, key: str, error: AudiokitError) -> None:
        """What `shared` gave for *key* is no more, as *error* says: the next job makes it anew."""
        self.once.forget(("shared", key))
        recorder = self._shared.recorder
        if recorder is not None:
            await recorder.forget(key, error)

    async def run(self, job: Any, name: str) -> Outcome[Any, Any]:
        """Run another job as a part of this one, or wait for an equal one that is under way.

        Args:
            job: With a key of its own, or with this job's and *name*; only inside a `Chain` that has no
                key is it known by what it is, as if it was run on its own.
            name: Unique in this job.

        Returns:
            Its outcome, whatever it is.

        Raises:
            UsageError: It is this job itself.
        """
        return await self._shared.run_part(self._course, job, name)

    async def note_others(self, place: str, others: Callable[[], Awaitable[Iterable[str]]]) -> None:
        """Before the first submission to *place*: have the journal know what is there already.

        Args:
            place: See `Submission`.
            others: Gives the ids; asked only when this journal never noted any.
        """
        recorder = self._shared.recorder
        if recorder is not None:
            await recorder.note_others(place, others)

    async def follow(
        self,
        look: Callable[[], Awaitable[tuple[T, Look]]],
        *,
        what: str,
        kind: str | None = None,
        remote_id: str | None = None,
        listing: Listing[Any, T] | None = None,
        length_s: float | None = None,
    ) -> T:
        """Look until *what* is over, together with all other jobs that are waited for.

        Args:
            look: Asks the API once; gives the object and what it says of its state.
            what: For messages.
            kind: Work of one kind is supposed to take times that are alike; *what* when not given.
            remote_id: The API's id of the work.
            listing: A list in which it will be found, so that one call may answer for many.
            length_s: Seconds of audio, where known; what `note_length` said when not given.

        Raises:
            JobTimeout: It was not over in time.
            RemoteLost: The API does not know it any more.
        """
        course, clock = self._course, self.clock
        left_s = max(0.001, course.limit_s - (clock.monotonic() - course.began_s))
        if self._shared.schedule is not None:
            return await follow(
                look,
                clock=clock,
                timeout_s=left_s,
                job=what,
                remote_id=remote_id,
                schedule=self._shared.schedule,
                on_look=self.saw,
            )
        poller = await self._shared.pollers.of(getattr(course.job, "api", ""))
        return await poller.wait(
            kind or what,
            remote_id,
            look,
            timeout_s=left_s,
            listing=listing,
            length_s=course.length_s if length_s is None else length_s,
            job=what,
            on_look=self.saw,
        )

    @contextmanager
    def also_called(self, remote_id: str, *names: str | None) -> Generator[None]:
        """Inside the block, `Orchestrator.wake` finds work by these names, too; None is left out."""
        with self._shared.pollers.also_called(remote_id, names):
            yield

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
        """A label made from *name* that ends in eight characters which tell this job, at most 40 in all.

        They are its `token` unless its work failed before: then others, see `generation`.
        """
        if not has_token:
            return label_of(name)
        room = _LABEL_CHARACTERS - _TOKEN_CHARACTERS - 1
        token = _token_of(f"{self.key}~{self.generation}") if self.generation else self.token
        return f"{label_of(name)[:room].strip(' -')}-{token}"

    def saw(self, look: Look) -> None:
        """Count a look."""
        self._course.state = look.state
        self._course.polls += 1
        if self._shared.events.streams:
            self._shared.tell(JobPolled, self._course, state=look.state)

    async def _shared_work(self, key: str, work: SharedWork) -> str:
        host, recorder = self._course, self._shared.recorder
        course = Course(work, host.index, NOBODY)
        course.key, course.began_s, course.limit_s = key, host.began_s, host.limit_s
        course.hosts = self._shared.sharing[key]
        context = JobContext(self._shared, course)
        try:
            if recorder is None:
                return await work.make(context)
            entry = await recorder.begin(course)
            if entry is not None and entry.state is JournalState.DONE and course.steps:
                return str(next(iter(course.steps.values())))
            try:
                made = await work.make(context)
            except (RemoteFailure, RemoteLost) as error:
                await recorder.failed(course, error, is_remote=True)
                raise
            await recorder.finished(course, ())
            return made
        finally:
            host.bytes_sent += course.bytes_sent
            host.polls += course.polls

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


def _token_of(key: str) -> str:
    """Keys of one's own often start or end alike, so it is their digest that tells jobs apart."""
    return hashlib.sha256(key.encode()).hexdigest()[:_TOKEN_CHARACTERS]


def label_of(name: str) -> str:
    """A label made from a file name: letters, digits, spaces and hyphens, at most 40 characters."""
    return _NOT_FOR_LABELS.sub("-", name).strip(" -")[:_LABEL_CHARACTERS].strip(" -") or "audio"
