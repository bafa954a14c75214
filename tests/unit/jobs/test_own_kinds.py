"""Kinds that callers write themselves: what one of them does wrong ends that job alone."""

from __future__ import annotations

import asyncio
import decimal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest

from audiokit.errors import InvalidRequest, JobFailed, UsageError
from audiokit.jobs import JobContext, JobState, Journal, Look, Orchestrator, Output, Scope
from audiokit.testing import FakeClock

Make = Callable[..., Orchestrator]


@attrs.frozen(kw_only=True)
class Own:
    """A kind whose only stage that matters is the last."""

    gives: Any = None
    data: Any = None
    source: Any = None
    key: str | None = None
    timeout_s: float | None = None

    kind = "own"

    async def prepare(self, _: JobContext) -> None:
        """Nothing."""

    async def submit(self, _: JobContext, prepared: None) -> str:
        """Nothing."""
        return "remote"

    async def look(self, _: JobContext, remote: str) -> tuple[str, Look]:
        """Over."""
        return remote, Look(state="done", is_over=True)

    async def collect(self, _: JobContext, remote: str) -> tuple[str, Sequence[Path]]:
        """Give, or raise, what the test says."""
        if isinstance(self.gives, BaseException):
            raise self.gives
        return remote, self.gives


class Mute(Exception):
    """An error without a text."""

    def __str__(self) -> str:
        raise ZeroDivisionError


@attrs.frozen(kw_only=True)
class Shy(Own):
    """A kind that does not even say what it is."""

    @property
    def kind(self) -> str:  # type: ignore[override]
        """Not said."""
        raise LookupError("shy")


async def _run(orchestrator: Orchestrator, *jobs: Any) -> list[Any]:
    async with orchestrator:
        return [outcome async for outcome in orchestrator.run(jobs, ordered=True)]


@pytest.mark.parametrize(
    ("gives", "paths"),
    [
        (None, ()),
        ((), ()),
        (["a.wav"], (Path("a.wav"),)),
        (
            [Path("a.wav"), Output(path="b.wav", size_bytes=1, sha256="00" * 32)],
            (Path("a.wav"), Path("b.wav")),
        ),
    ],
    ids=["none", "empty", "text", "both"],
)
async def test_files_come_in_any_form(make_orchestrator: Make, gives: Any, paths: Sequence[Path]) -> None:
    """No file may be None, and a path text; readers of events get paths, too."""
    orchestrator = make_orchestrator()
    async with orchestrator, orchestrator.events() as events:
        (outcome,) = [one async for one in orchestrator.run([Own(gives=gives)])]
        finished = [event async for event in _until_finished(events)][-1]

    assert (JobState.DONE, paths, paths) == (outcome.state, outcome.paths, tuple(finished.paths))
    assert outcome.path == (paths[0] if paths else None)


async def _until_finished(events: Any) -> Any:
    async for event in events:
        yield event
        if type(event).__name__ == "JobFinished":
            return


@pytest.mark.parametrize("bad", [Own(gives=[1]), Own(gives=Mute()), Shy()], ids=["number", "mute", "shy"])
async def test_a_bad_one_ends_alone(make_orchestrator: Make, bad: Any) -> None:
    """The others are done, and its outcome says why."""
    outcomes = await _run(make_orchestrator(), Own(data=1), bad, Own(data=2))

    assert [JobState.DONE, JobState.FAILED, JobState.DONE] == [one.state for one in outcomes]
    assert isinstance(outcomes[1].error, JobFailed)
    assert "failed in stage" in str(outcomes[1].error)


async def test_an_end_that_nobody_asked_for_leaves_nobody_waiting(make_orchestrator: Make) -> None:
    """Were a fault of ours to end it, handles and loops end, too, and it says that it is closed."""
    orchestrator = make_orchestrator(max_in_flight=1)

    async def use() -> None:
        async with orchestrator, orchestrator.events() as events:
            orchestrator._runner._stages.of = _broken  # type: ignore[method-assign,assignment]
            orchestrator._runner._after_error = _broken  # type: ignore[method-assign,assignment]
            first, second = [await orchestrator.submit(Own(data=number)) for number in range(2)]
            assert [JobState.CANCELLED] * 2 == [(await first).state, (await second).state]
            assert [event async for event in events]
            with pytest.raises(UsageError, match="async with"):
                await orchestrator.submit(Own())

    with pytest.raises(ExceptionGroup) as caught:
        await use()
    assert "closed" in repr(orchestrator)
    assert caught.group_contains(ZeroDivisionError)


async def _broken(*_: Any) -> Any:
    await asyncio.sleep(0)
    raise ZeroDivisionError


async def test_failures_are_not_lost_with_the_inputs(make_orchestrator: Make) -> None:
    """With errors="raise" the group has what reading the inputs raised, and the jobs' errors."""

    def inputs() -> Any:
        yield Own(data=1, gives=ValueError("one"))
        yield Own(data=2, gives=ValueError("two"))
        raise RuntimeError("the disk is gone")

    orchestrator = make_orchestrator()
    async with orchestrator:
        with pytest.raises(ExceptionGroup, match="2 jobs failed, and the disk is gone") as caught:
            async for _ in orchestrator.run(inputs(), errors="raise"):
                pass
        with pytest.raises(RuntimeError):  # alone, it is raised as it is
            async for _ in orchestrator.run(_only_fails(), errors="raise"):
                pass

    assert [RuntimeError, JobFailed, JobFailed] == [type(one) for one in caught.value.exceptions]


def _only_fails() -> Any:
    yield from ()
    raise RuntimeError


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("data", Path("cover.png")),
        ("data", [Path("a.wav"), {"x": Path("b.wav")}]),
        ("data", {"x": b"yy"}),
        ("data", {1: "a", "n": [1, 2.5, None]}),
        ("source", "take.wav"),
        ("source", b"bytes"),
    ],
    ids=["path", "paths", "bytes", "numbers", "source", "source bytes"],
)
async def test_the_same_input_is_the_same_work(
    clock: FakeClock, tmp_path: Path, field: str, value: Any
) -> None:
    """Whatever a journal makes of its fields: with a key of its own, a second run is the resume."""
    runs = []
    for _ in range(2):
        orchestrator = _journalled(clock, tmp_path)
        runs += await _run(orchestrator, Own(key="k", **{field: value}))
    (other,) = await _run(_journalled(clock, tmp_path), Own(key="k", **{field: "other"}))

    assert [JobState.DONE, JobState.DONE] == [one.state for one in runs], [one.error for one in runs]
    assert runs[1].restored
    assert f"{field} is" in str(other.error)


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"x": -float("inf")}], ids=str)
async def test_numbers_that_json_has_not_are_refused(clock: FakeClock, tmp_path: Path, value: Any) -> None:
    """They would come back as nothing."""
    (outcome,) = await _run(_journalled(clock, tmp_path), Own(data=value))

    assert isinstance(outcome.error.__cause__, InvalidRequest)
    assert "a finite number, because there is a journal" in str(outcome.error)


@pytest.mark.parametrize("version", [(1, 0), "1", True, -1, 2**70, decimal.Decimal(1)], ids=str)
async def test_versions_are_whole_numbers(clock: FakeClock, tmp_path: Path, version: Any) -> None:
    """Said when a kind is registered, and by the journal, rather than by SQLite to every job of a batch."""
    odd = type("Odd", (Own,), {"version": version})
    with pytest.raises(UsageError, match="no whole number"):
        _journalled(clock, tmp_path, kinds=[odd])
    async with Journal(tmp_path / "own.sqlite", scope=Scope()) as journal:
        with pytest.raises(InvalidRequest, match="kind_version"):
            await journal.plan("k", kind="own", kind_version=version, fields={})


async def test_cancelled_jobs_take_no_place_in_the_queue(make_orchestrator: Make) -> None:
    """`max_queued` counts those that still wait, and a cancelled one lends its priority to nobody."""
    go = asyncio.Event()

    @attrs.frozen(kw_only=True)
    class Slow(Own):
        async def prepare(self, _: JobContext) -> None:
            await go.wait()

    seen = []

    @attrs.frozen(kw_only=True)
    class Noted(Own):
        async def prepare(self, _: JobContext) -> None:
            seen.append(self.data)

    orchestrator = make_orchestrator(max_in_flight=1, max_queued=2)
    async with orchestrator, asyncio.timeout(5):
        busy = await orchestrator.submit(Slow())
        await anyio.wait_all_tasks_blocked()
        urgent, second = [await orchestrator.submit(Noted(data=name), priority=5) for name in ("a", "b")]
        urgent.cancel()
        second.cancel()
        low = await orchestrator.submit(Noted(data="low"), priority=-5)
        run = asyncio.create_task(_all(orchestrator.run([Noted(data="run")])))
        await anyio.wait_all_tasks_blocked()
        go.set()
        await asyncio.gather(run, _wait(low), _wait(busy))

    assert ["run", "low"] == seen


async def _all(outcomes: Any) -> list[Any]:
    return [outcome async for outcome in outcomes]


async def _wait(handle: Any) -> Any:
    return await handle


def _journalled(clock: FakeClock, folder: Path, **options: Any) -> Orchestrator:
    journal = Journal(folder / "jobs.sqlite", scope=Scope())
    given = {"clock": clock, "timeout_s": 60.0, "journal": journal, "kinds": [Own], **options}
    return Orchestrator(None, **given)  # type: ignore[arg-type]
