"""What a job is, and what becomes of it."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import attrs

from audiokit.errors import AudiokitError, UsageError
from audiokit.jobs._journal_entry import Output
from audiokit.services._poll import Look

if TYPE_CHECKING:
    from audiokit.jobs._context import JobContext
    from audiokit.services.apiaudio import ApiAudio
    from audiokit.services.audiostack import AudioStack
    from audiokit.services.respeecher import Respeecher

PreparedT = TypeVar("PreparedT")
RemoteT = TypeVar("RemoteT")
ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)
JobT = TypeVar("JobT")


class Services(Protocol):
    """What jobs need of a client; `audiokit.AudioKit` is one."""

    @property
    def apiaudio(self) -> ApiAudio:
        """api.audio v1."""
        ...

    @property
    def audiostack(self) -> AudioStack:
        """AudioStack v2."""
        ...

    @property
    def respeecher(self) -> Respeecher:
        """Respeecher Voice Marketplace."""
        ...


class Job(Protocol[PreparedT, RemoteT, ResultT_co]):
    """One piece of remote work: four steps, each of which may raise.

    Write a frozen attrs class with these; the orchestrator calls them in this sequence and
    looks, with growing waits, until `look` says that the work is over.

    A kind may have more than these, and then does better:

    - ``api``: ``apiaudio``, ``audiostack`` or ``respeecher``, so that it keeps to that API's limits.
    - ``async submission(context, prepared) -> Submission``: how a submission whose answer was lost is
      found, and what it costs. Without it such a job ends up uncertain.
    - ``async poll(context, remote)``: follow the work in a way of its own, with `JobContext.follow`,
      e.g. by pages of a list; in place of a first `look` at once and further ones when they are due.
    - ``async cancel(context, remote)``: cancel or delete the work remotely.
    - ``stream(services, result)``: the audio as it arrives, for `Outcome.open`.
    - ``version`` (1 when not given) and ``records()``, the classes of records in its fields: for a
      journal, which also wants `submit` to give the API's id, as text or as an object that has it.
      `look` and `collect` are then given that id alone when an earlier run has submitted.
    - ``sources``: names of the fields that are files to be read (``("source",)`` when not given): their
      size and time of change are part of the job's key.
    """

    @property
    def kind(self) -> str:
        """Short name, e.g. ``conversion``."""
        ...

    @property
    def key(self) -> str | None:
        """A name of one's own for this job, or None for one made from its fields."""
        ...

    @property
    def timeout_s(self) -> float | None:
        """Longest time from start to result in seconds; None for the orchestrator's.

        Time in which the job waits to be let through to the API (``max_submits``, the account's limit of
        calls, a service that is down) does not count.
        """
        ...

    async def prepare(self, context: JobContext) -> PreparedT:
        """Do what has to be there first, e.g. upload."""
        ...

    async def submit(self, context: JobContext, prepared: PreparedT) -> RemoteT:
        """Hand the work to the API, and give what identifies it there."""
        ...

    async def look(self, context: JobContext, remote: RemoteT) -> tuple[RemoteT, Look]:
        """Ask the API once how it stands; raise when it failed."""
        ...

    async def collect(
        self, context: JobContext, remote: RemoteT
    ) -> tuple[ResultT_co, Sequence[Path | Output]]:
        """Get the result, and the files saved for it: `Output` where size and digest are known already.

        With a journal the others are read once more for these.
        """
        ...


class JobState(enum.Enum):
    """How a job ended."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """It was stopped from here, by its handle or by closing; the outcome says what goes on remotely."""
    UNCERTAIN = "uncertain"
    """It was handed over, no answer came, and it cannot be found: nobody knows whether it was taken."""


@attrs.frozen(kw_only=True)
class JobStats:
    """What a job cost.

    Attributes:
        stages_s: Seconds in each stage: ``prepare``, ``submit``, ``poll``, ``collect``.
        polls: Looks at remote work, each share of a list counted as one.
        repeats: Stages begun again after a temporary failure.
        bytes_sent: Bytes of files uploaded for it.
        bytes_received: Bytes of files saved for it.
        credits: Credits it cost, as far as the API or its price list tells.
    """

    stages_s: Mapping[str, float] = attrs.field(factory=dict)
    polls: int = 0
    repeats: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    credits: float = 0.0


@attrs.frozen(kw_only=True)
class Outcome(Generic[JobT, ResultT]):
    """How one job ended.

    Attributes:
        key: The job's key.
        index: Its place among the inputs, from 0.
        job: The job as it was given.
        state: Done, failed, cancelled or uncertain.
        result: The typed remote object, when done.
        error: Why it failed; a `JobError` that names the stage, with the reason as its cause.
        saved: Files saved, in the order of what was asked for: as `Output` where size and digest are known.
        elapsed_s: Seconds from its start to its end.
        restored: It was done in an earlier run, as the journal says, and nothing was done now.
        stats: What it cost; nothing where an equal job was done for it at the same time.
        services: The client that did it.
    """

    key: str
    index: int
    job: JobT
    state: JobState
    result: ResultT | None = None
    error: AudiokitError | None = None
    saved: Sequence[Path | Output] = ()
    elapsed_s: float = 0.0
    restored: bool = False
    stats: JobStats = attrs.field(factory=JobStats, repr=False)
    services: Services | None = attrs.field(default=None, repr=False, eq=False)

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Get the audio as it arrives, without a file: for a web app that passes it on.

        `ConversionJob` and `TTSRecordingJob` have it, and kinds of one's own with a ``stream``. The others
        make several files, or none: give them ``to=`` and pass on the files, or stream from the services.

        ::

            async with outcome.open() as chunks:
                async for chunk in chunks: ...

        Raises:
            UsageError: The job is not done; it was done in an earlier run and saved files; or its kind
                has no one stream of audio, as a master with several formats.
        """
        stream = getattr(self.job, "stream", None)
        if stream is None or self.services is None or self.result is None:
            why = f"it is {self.state.value}" if self.result is None else "its kind has no stream"
            raise UsageError(
                f"the job with key {self.key!r} cannot be opened: {why}; "
                "run it with to= and read the files, or get its result from the services"
            )
        opened: AbstractAsyncContextManager[AsyncIterator[bytes]] = stream(self.services, self.result)
        return opened

    @property
    def paths(self) -> Sequence[Path]:
        """Where the files saved are; made when asked for, because paths are not cheap."""
        return tuple(one if isinstance(one, Path) else Path(one.path) for one in self.saved)

    @property
    def path(self) -> Path | None:
        """The first file saved, or None."""
        return self.paths[0] if self.saved else None

    def raise_for_error(self) -> None:
        """Raise the error of a job that is not done."""
        if self.error is not None:
            raise self.error
