"""Readers of events: a report in JSON lines, a plain log, and bars on a terminal."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import aiofiles
import anyio
import orjson
from aiofiles.threadpool.binary import AsyncBufferedIOBase

from audiokit.errors import InvalidRequest, UsageError
from audiokit.jobs._events import (
    EventStream,
    JobEvent,
    JobFinished,
    JobPolled,
    JobStarted,
    JobSubmitted,
    TransferProgress,
)
from audiokit.typing import StrPath

logger = logging.getLogger("audiokit.jobs")

_READ_S: Final = 10.0
"""Longest time that the last events take to be written, in seconds."""


class HasEvents(Protocol):
    """What readers read from; an `Orchestrator` is one."""

    def events(self, *, size: int = 1000) -> EventStream:
        """What happens from now on."""
        ...


@asynccontextmanager
async def write_report(jobs: HasEvents, path: StrPath) -> AsyncGenerator[None]:
    """Write a line of JSON for each job that ends inside the block, and a last one for all of them.

    ::

        async with kit.orchestrator() as jobs, write_report(jobs, "run.jsonl"):
            async for outcome in jobs.run(inputs): ...

    A job's line has ``key index kind part_of state stage error elapsed_s stages_s bytes_sent bytes_received
    polls repeats credits restored paths at``; the last has ``jobs`` by state and the sums of what can be
    added; it is written however the block ends. A job inside a chain has the chain's key as ``part_of``, and
    is counted with the chain.

    Args:
        jobs: The orchestrator.
        path: The file; what was in it is replaced. Its folder is made if need be.

    Raises:
        InvalidRequest: The file cannot be written.
    """
    sums: Counter[str] = Counter()
    states: Counter[str] = Counter()
    async with _new_file(path) as file:

        async def take(event: JobEvent) -> None:
            if isinstance(event, JobFinished):
                line = _line_of(event)
                if event.part_of is None:
                    states[event.state.value] += 1
                    sums.update({name: line[name] for name in _SUMMED})
                await file.write(orjson.dumps(line) + b"\n")

        try:
            async with _reading(jobs, take):
                yield
        finally:
            total = {"jobs": dict(states), **{name: round(sums[name], 6) for name in _SUMMED}, "at": _now()}
            with anyio.CancelScope(shield=True):
                await file.write(orjson.dumps(total) + b"\n")


@asynccontextmanager
async def _new_file(path: StrPath) -> AsyncGenerator[AsyncBufferedIOBase]:
    try:
        await anyio.Path(path).parent.mkdir(parents=True, exist_ok=True)
        file = await aiofiles.open(path, "wb")
    except OSError as error:
        raise InvalidRequest(
            f"path must be a file that can be written, got {str(path)!r}: {error.strerror or error}; "
            "give another one, or the right to write there",
            field="path",
            value=str(path),
        ) from error
    try:
        yield file
    finally:
        await file.close()


@asynccontextmanager
async def log_progress(jobs: HasEvents, *, every_s: float = 10.0) -> AsyncGenerator[None]:
    """Log, at INFO to ``audiokit.jobs``, how many jobs there are in each state, and each that is not done.

    Args:
        jobs: The orchestrator.
        every_s: Seconds between two lines; a line says nothing new is not written.
    """
    counts = _Counts()
    said = ""

    def say() -> None:
        nonlocal said
        if str(counts) != said:
            said = str(counts)
            logger.info("jobs: %s", said)

    async def tick() -> None:
        while True:
            await anyio.sleep(every_s)
            say()

    async def take(event: JobEvent) -> None:
        counts.take(event)
        if isinstance(event, JobFinished) and event.error is not None:
            # The reason may hold what a log should not: it is in the outcome.
            logger.info("%s job #%d %s in stage %s", event.kind, event.index, event.state.value, event.stage)

    ticker = asyncio.create_task(tick(), name="audiokit log")
    try:
        async with _reading(jobs, take):
            yield
    finally:
        ticker.cancel()
        await _ended(ticker)
        say()


@asynccontextmanager
async def show_progress(jobs: HasEvents, *, total: int | None = None) -> AsyncGenerator[None]:
    """Show bars on the terminal: jobs done, failed and under way, and the files being moved.

    Args:
        jobs: The orchestrator.
        total: How many jobs there will be, where that is known.

    Raises:
        UsageError: rich is not installed: ``pip install 'audiokit[cli]'``.
    """
    try:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    except ImportError:
        raise UsageError("show_progress() needs rich: pip install 'audiokit[cli]'") from None
    counts = _Counts()
    bars: dict[str, Any] = {}
    said = TextColumn("{task.description}", markup=False)  # what an API calls a state is text
    columns = (said, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=False) as shown:
        whole = shown.add_task("jobs", total=total)

        async def take(event: JobEvent) -> None:
            counts.take(event)
            if isinstance(event, TransferProgress):
                name = f"{event.key} {event.direction}"
                if name not in bars:
                    bars[name] = shown.add_task(f"{event.kind} {event.direction}", total=event.total_bytes)
                shown.update(bars[name], completed=event.done_bytes)
                if event.done_bytes == event.total_bytes:
                    shown.remove_task(bars.pop(name))
            elif isinstance(event, JobFinished):
                for name in (f"{event.key} up", f"{event.key} down"):
                    if name in bars:
                        shown.remove_task(bars.pop(name))
            shown.update(whole, completed=counts.ended, description=f"jobs: {counts}")

        async with _reading(jobs, take):
            yield


class _Counts:
    """Jobs by how they stand."""

    def __init__(self) -> None:
        self._ended: Counter[str] = Counter()
        self._standing: dict[str, str] = {}

    @property
    def ended(self) -> int:
        """Jobs that have their outcome."""
        return self._ended.total()

    def take(self, event: JobEvent) -> None:
        """Note what happened to a job; parts are counted with the job they are in."""
        if event.part_of is not None:
            return
        match event:
            case JobFinished():
                self._standing.pop(event.key, None)
                self._ended["restored" if event.restored else event.state.value] += 1
            case JobStarted():
                self._standing[event.key] = "preparing"
            case JobSubmitted() if event.key in self._standing:
                self._standing[event.key] = "submitted"
            case JobPolled() if event.key in self._standing:
                self._standing[event.key] = event.state
            case _:
                pass

    def __str__(self) -> str:
        found = {**Counter(self._standing.values()), **self._ended}
        return ", ".join(f"{count} {state}" for state, count in sorted(found.items())) or "none yet"


_SUMMED: Final = ("elapsed_s", "bytes_sent", "bytes_received", "polls", "repeats", "credits")


def _line_of(event: JobFinished) -> Mapping[str, Any]:
    stats = event.stats
    return {
        "key": _written(event.key),
        "index": event.index,
        "kind": event.kind,
        "part_of": None if event.part_of is None else _written(event.part_of),
        "state": event.state.value,
        "stage": event.stage,
        "error": None if event.error is None else _written(event.error),
        "elapsed_s": round(event.elapsed_s, 6),
        "stages_s": {name: round(seconds, 6) for name, seconds in stats.stages_s.items()},
        "bytes_sent": stats.bytes_sent,
        "bytes_received": stats.bytes_received,
        "polls": stats.polls,
        "repeats": stats.repeats,
        "credits": stats.credits,
        "restored": event.restored,
        "paths": [_written(str(path)) for path in event.paths],
        "at": _now(),
    }


def _written(text: str) -> str:
    r"""*text* as UTF-8 can hold it: bytes of a path that are none become ``\udcff`` and the like."""
    return text.encode("utf-8", "backslashreplace").decode()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@asynccontextmanager
async def _reading(jobs: HasEvents, take: Callable[[JobEvent], Awaitable[None]]) -> AsyncGenerator[None]:
    """Hand events to *take* while the block runs, and those that are left when it ends.

    What *take* raises is raised at the end of the block: jobs go on without their reader.
    """
    async with jobs.events() as events:

        async def read() -> None:
            try:
                async for event in events:
                    await take(event)
            finally:
                events.leave()

        reader = asyncio.create_task(read(), name="audiokit reader")
        try:
            yield
        finally:
            events.end()
            await _ended(reader)
    reader.result()


async def _ended(task: asyncio.Task[None]) -> None:
    """Wait for a task to end by itself, then no longer."""
    with anyio.CancelScope(shield=True):
        await asyncio.wait([task], timeout=_READ_S)
        if not task.done():
            task.cancel()
            await asyncio.wait([task])  # readers are ours, and let go
