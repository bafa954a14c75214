"""The record that the API took the work goes to disk while the first look is made, and before all else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest

from audiokit.errors import JournalWriteFailed
from audiokit.jobs import JobContext, JobState, Journal, JournalState, Look, Orchestrator, Scope
from audiokit.testing import FakeClock

LIMIT_S = 10.0


@attrs.define
class Service:
    """Answers when a test lets it; work is over at the given look."""

    over_at: int = 1
    looks: int = 0
    may_answer: asyncio.Event = attrs.field(factory=asyncio.Event)
    may_tell: asyncio.Event = attrs.field(factory=asyncio.Event)
    asked: asyncio.Event = attrs.field(factory=asyncio.Event)
    looked: asyncio.Event = attrs.field(factory=asyncio.Event)


@attrs.frozen(kw_only=True)
class Work:
    """Work of that service."""

    key: str | None = "work"
    timeout_s: float | None = None

    kind = "work"

    async def prepare(self, context: JobContext) -> None:
        """Nothing."""

    async def submit(self, context: JobContext, prepared: None) -> str:
        """Be taken, and told so when the test lets it."""
        service: Any = context.services
        service.asked.set()
        await service.may_answer.wait()
        return "work-1"

    async def look(self, context: JobContext, remote: str) -> tuple[str, Look]:
        """Be told when the test lets it."""
        service: Any = context.services
        service.looks += 1
        service.looked.set()
        await service.may_tell.wait()
        is_over = service.looks >= service.over_at
        return remote, Look(state="done" if is_over else "busy", is_over=is_over)

    async def collect(self, context: JobContext, remote: str) -> tuple[str, Sequence[Path]]:
        """The id."""
        return remote, ()


class HeldDisk:
    """Holds the journal's thread back right before the record of a submission is written."""

    def __init__(self) -> None:
        self._may_write = threading.Event()
        self.written: list[str] = []

    def __call__(self, when: str, _: str, state: JournalState) -> None:
        """As a journal's `on_transition`."""
        if (when, state) == ("before", JournalState.SENT):
            assert self._may_write.wait(LIMIT_S), "nobody let the record be written"
        if when == "after":
            self.written.append(state.value)

    def let_write(self) -> None:
        """The disk is free."""
        self._may_write.set()


@asynccontextmanager
async def _opened(service: Service, disk: HeldDisk, path: Path) -> AsyncIterator[Orchestrator]:
    journal = Journal(path / "jobs.sqlite", scope=Scope(), on_transition=disk)
    arguments: dict[str, Any] = {"clock": FakeClock(), "timeout_s": 1e4, "kinds": [Work], "journal": journal}
    try:
        with anyio.fail_after(2 * LIMIT_S):
            async with Orchestrator(service, **arguments) as orchestrator:  # type: ignore[arg-type]
                yield orchestrator
    finally:
        disk.let_write()


async def test_first_look_does_not_wait_for_the_record(tmp_path: Path) -> None:
    """Nor does the file: work that is over at once is collected meanwhile, and then all is written."""
    service, disk = Service(), HeldDisk()
    service.may_answer.set()
    service.may_tell.set()
    async with _opened(service, disk, tmp_path) as orchestrator:
        handle = await orchestrator.submit(Work())
        await service.looked.wait()
        assert ["planned", "intent"] == disk.written
        disk.let_write()
        outcome = await handle
    assert (JobState.DONE, "work-1") == (outcome.state, outcome.result)
    assert ["planned", "intent", "sent", "done"] == disk.written


async def test_work_is_not_followed_before_the_record_is_written(tmp_path: Path) -> None:
    """One look, and no second one."""
    service, disk = Service(over_at=2), HeldDisk()
    service.may_answer.set()
    service.may_tell.set()
    async with _opened(service, disk, tmp_path) as orchestrator:
        handle = await orchestrator.submit(Work())
        await service.looked.wait()
        for _ in range(1000):  # of the loop; the clock does not wait
            await asyncio.sleep(0)
        assert 1 == service.looks
        disk.let_write()
        outcome = await handle
    assert (JobState.DONE, 2) == (outcome.state, service.looks)


@pytest.mark.parametrize("during", ["submit", "look"])
async def test_whoever_stops_it_is_told_when_the_record_is_written(tmp_path: Path, during: str) -> None:
    """So that whoever is told what goes on remotely can rely on finding it in the journal."""
    service, disk = Service(), HeldDisk()
    async with _opened(service, disk, tmp_path) as orchestrator:
        handle = await orchestrator.submit(Work())
        await service.asked.wait()
        if during == "look":
            service.may_answer.set()
            await service.looked.wait()
        handle.cancel()
        service.may_answer.set()
        waiting = asyncio.ensure_future(handle._wait())
        await anyio.wait_all_tasks_blocked()
        assert not waiting.done()
        disk.let_write()
        outcome = await waiting
        assert "sent" in disk.written
    assert JobState.CANCELLED is outcome.state
    assert "work-1 goes on remotely" in str(outcome.error)


@pytest.mark.parametrize("over_at", [1, 2], ids=["over at once", "followed"])
async def test_record_that_cannot_be_written_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, over_at: int
) -> None:
    """Even when the work is over by then; the next run asks the API about it."""
    real = Journal.put

    def put(self: Journal, key: str, state: JournalState, **facts: Any) -> asyncio.Future[None]:
        if state is not JournalState.SENT:
            return real(self, key, state, **facts)
        failing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        failing.get_loop().call_soon(
            failing.set_exception, JournalWriteFailed("database or disk is full", path="x")
        )
        return failing

    monkeypatch.setattr(Journal, "put", put)
    service, disk = Service(over_at=over_at), HeldDisk()
    service.may_answer.set()
    service.may_tell.set()
    outcomes = []
    with pytest.raises(JournalWriteFailed, match="disk is full"):  # noqa: PT012 - the loop is what raises
        async with _opened(service, disk, tmp_path) as orchestrator:
            async for outcome in orchestrator.run([Work(), Work(key="other")]):
                outcomes.append(outcome)  # noqa: PERF401 - those before the error count
    assert {JobState.FAILED} == {one.state for one in outcomes}
    assert "disk is full" in str(outcomes[0].error)
    assert 2 >= service.looks
