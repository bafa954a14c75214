"""What happens to jobs, as frozen records on bounded streams.

::

    async with jobs.events() as events:
        async for event in events:
            match event:
                case JobFinished(state=JobState.FAILED):
                    ...
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import attrs

from audiokit.errors import InvalidRequest, UsageError
from audiokit.jobs._job import JobState, JobStats


@attrs.frozen(kw_only=True)
class JobEvent:
    """Something happened to a job.

    Attributes:
        key: The job's key.
        index: Its place among the inputs of its run, from 0.
        kind: Its kind, e.g. ``conversion``.
        at_s: When, in seconds of the client's clock, which only differences of mean something.
        part_of: Key of the job that it is a part of, e.g. of a `Chain`, whose own events count it in.
    """

    key: str
    index: int
    kind: str
    at_s: float
    part_of: str | None = None


@attrs.frozen(kw_only=True)
class JobStarted(JobEvent):
    """A worker began the job."""


@attrs.frozen(kw_only=True)
class JobSubmitted(JobEvent):
    """The API took the work.

    Attributes:
        step: Which of its submissions, e.g. ``submit``, or ``speech`` before a master.
        remote_id: The API's id of it, where it has one.
    """

    step: str
    remote_id: str | None


@attrs.frozen(kw_only=True)
class JobRepeated(JobEvent):
    """A stage met something temporary and will be begun again.

    Attributes:
        stage: Which.
        error: What it met, by class; messages may hold what a log should not.
        wait_s: Seconds until then.
    """

    stage: str
    error: str
    wait_s: float


@attrs.frozen(kw_only=True)
class JobFinished(JobEvent):
    """The job has its outcome.

    Attributes:
        state: How it ended.
        elapsed_s: Seconds it took.
        stage: The stage it ended in.
        error: Why it is not done, or None.
        paths: Files saved.
        restored: Done in an earlier run.
        stats: What it cost.
    """

    state: JobState
    elapsed_s: float
    stage: str
    error: str | None
    paths: Sequence[Path]
    restored: bool
    stats: JobStats


@attrs.frozen(kw_only=True)
class JobTick(JobEvent):
    """How far a job is. A reader that is behind gets the latest of each job, not all."""


@attrs.frozen(kw_only=True)
class TransferProgress(JobTick):
    """A file is being moved.

    Attributes:
        direction: ``up`` or ``down``.
        done_bytes: So far.
        total_bytes: Its size, or None while unknown.
    """

    direction: Literal["up", "down"]
    done_bytes: int
    total_bytes: int | None


@attrs.frozen(kw_only=True)
class JobPolled(JobTick):
    """The API was asked how the work stands.

    Attributes:
        state: Its word for it.
    """

    state: str


class EventStream:
    """The events of an orchestrator, or of one job; open it with ``async with``.

    Nothing but ticks is ever left out. When *size* other events wait for a slow reader, no further
    jobs are begun until it has read half of them: so keep reading, or leave the block.
    """

    def __init__(self, events: Events, *, size: int, only: int | None = None) -> None:
        if not isinstance(size, int) or size < 1:
            raise InvalidRequest.of("size", size, "a whole number of 1 or more")
        self._events = events
        self._size = size
        self._only = only
        self._waiting: deque[JobEvent] = deque()
        self._ticks: dict[int, JobTick] = {}
        self._reader: asyncio.Future[None] | None = None
        self._is_over = False
        self._was_opened = False

    @property
    def is_behind(self) -> bool:
        """Whether so many events wait that no further jobs are begun."""
        return len(self._waiting) >= self._size

    async def __aenter__(self) -> Self:
        self._was_opened = True
        self._events.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Take no more events."""
        self._events.remove(self)
        self.end()

    def put(self, course: int, event: JobEvent) -> None:
        """Take an event; *course* identifies its job."""
        if self._is_over or (self._only is not None and course != self._only):
            return
        if isinstance(event, JobTick):
            self._ticks[course] = event
        else:
            self._waiting.append(event)
            if isinstance(event, JobFinished):
                self._ticks.pop(course, None)
                self._is_over = self._only is not None
        self._wake()

    def end(self) -> None:
        """No event comes any more; what waits is still given."""
        self._is_over = True
        self._wake()

    async def __aiter__(self) -> AsyncIterator[JobEvent]:
        if not self._was_opened:  # it would wait for ever
            raise UsageError("events come to a stream that is open: `async with jobs.events() as events:`")
        while True:
            while self._waiting or self._ticks:
                if self._waiting:
                    event = self._waiting.popleft()
                    if len(self._waiting) == self._size // 2:
                        self._events.caught_up()
                else:
                    event = self._ticks.pop(next(iter(self._ticks)))
                yield event
            if self._is_over:
                return
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


class Events:
    """Hands events to all streams that are open.

    Args:
        caught_up: Called when a reader that was behind is so no longer.
    """

    def __init__(self, caught_up: Callable[[], None]) -> None:
        self.caught_up = caught_up
        self.streams: list[EventStream] = []
        self._has_ended = False

    @property
    def is_behind(self) -> bool:
        """Whether a reader is so far behind that no further jobs shall be begun."""
        return bool(self.streams) and any(stream.is_behind for stream in self.streams)

    def add(self, stream: EventStream) -> None:
        """Give events to *stream*, too."""
        self.streams.append(stream)
        if self._has_ended:
            stream.end()

    def remove(self, stream: EventStream) -> None:
        """Give no more events to *stream*."""
        if stream in self.streams:
            self.streams.remove(stream)
        self.caught_up()

    def put(self, course: int, event: JobEvent) -> None:
        """Tell all streams; check `streams` before building the event."""
        for stream in self.streams:
            stream.put(course, event)

    def end(self) -> None:
        """Let every reader come to its end."""
        self._has_ended = True
        for stream in self.streams:
            stream.end()
