"""What happens to jobs is told in full; only ticks are left out for slow readers."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest

from audiokit.errors import ConnectionFailed, InvalidRequest, UsageError
from audiokit.jobs import (
    Chain,
    JobContext,
    JobEvent,
    JobFinished,
    JobPolled,
    JobRepeated,
    JobStarted,
    JobState,
    JobSubmitted,
    Orchestrator,
    TransferProgress,
    log_progress,
    show_progress,
    write_report,
)
from audiokit.typing import Progress

Make = Callable[..., Orchestrator]


def _names(events: list[JobEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


@pytest.mark.parametrize("of", ["all", "one job"])
async def test_a_stream_that_was_never_opened_says_so(
    make_orchestrator: Make, fake_job: Any, of: str
) -> None:
    """Nothing would ever come, and whoever forgot `async with` would wait for ever."""
    async with make_orchestrator() as orchestrator:
        handle = await orchestrator.submit(fake_job(number=1))
        events = orchestrator.events() if of == "all" else handle.events()
        with pytest.raises(UsageError, match=r"`async with jobs.events\(\) as events:`"):
            await anext(aiter(events))
        await handle


async def test_a_job_is_told_from_start_to_end(make_orchestrator: Make, fake_job: Any) -> None:
    """In sequence, with key and index; the end has what the outcome has."""
    failures = [ConnectionFailed("down", operation="x")]

    async def fail(_: JobContext) -> None:
        if failures:
            raise failures.pop()

    seen: list[JobEvent] = []
    async with make_orchestrator() as orchestrator, orchestrator.events() as events:
        handle = await orchestrator.submit(fake_job(number=1, key="k", on_collect=fail))
        async for event in events:
            seen.append(event)
            if isinstance(event, JobFinished):
                break
    assert ["JobStarted", "JobSubmitted", "JobRepeated", "JobFinished"] == [
        name for name in _names(seen) if name != "JobPolled"
    ]
    assert {("k", 0, "fake")} == {(event.key, event.index, event.kind) for event in seen}
    finished = seen[-1]
    outcome = await handle
    assert isinstance(finished, JobFinished)
    assert (outcome.state, outcome.paths, outcome.stats) == (finished.state, finished.paths, finished.stats)
    assert {"prepare", "submit", "poll", "collect"} == set(finished.stats.stages_s)
    repeated = next(event for event in seen if isinstance(event, JobRepeated))
    assert ("collect", "ConnectionFailed", 1.0) == (repeated.stage, repeated.error, repeated.wait_s)


async def test_a_handle_tells_of_its_job_only(make_orchestrator: Make, fake_job: Any) -> None:
    """And ends with it; after the end there is nothing to tell."""
    async with make_orchestrator() as orchestrator:
        handle = await orchestrator.submit(fake_job(number=1))
        other = await orchestrator.submit(fake_job(number=2))
        async with handle.events() as events:
            seen = [event async for event in events]
        await other
        async with handle.events() as events:
            assert [] == [event async for event in events]
    assert isinstance(seen[-1], JobFinished)
    assert {0} == {event.index for event in seen}


async def test_a_slow_reader_gets_the_latest_tick_of_each_job(make_orchestrator: Make, fake_job: Any) -> None:
    """Ticks do not pile up, and none comes after its job's end."""

    async def move(context: JobContext) -> None:
        tell = context.sent()
        for done in range(1, 101):
            tell(Progress(done_bytes=done, total_bytes=100))

    async def wait(_: JobContext) -> None:
        await go.wait()

    go = asyncio.Event()
    async with make_orchestrator() as orchestrator, orchestrator.events() as events:
        handle = await orchestrator.submit(fake_job(number=1, on_prepare=move, on_submit=wait))
        await anyio.wait_all_tasks_blocked()
        reading = aiter(events)
        first, second = await anext(reading), await anext(reading)
        assert isinstance(first, JobStarted)
        assert isinstance(second, TransferProgress)
        assert ("up", 100, 100) == (second.direction, second.done_bytes, second.total_bytes)
        go.set()
        outcome = await handle
        rest = _names([await anext(reading) for _ in range(2)])
    assert ["JobSubmitted", "JobFinished"] == rest
    assert 100 == outcome.stats.bytes_sent


async def test_a_reader_that_is_behind_holds_back_further_jobs(
    make_orchestrator: Make, fake_job: Any
) -> None:
    """Nothing but ticks is ever lost, and memory stays level: the inputs wait."""
    read = 0

    def endless() -> Iterator[Any]:
        nonlocal read
        while True:
            read += 1
            yield fake_job(number=read)

    finished = 0
    async with make_orchestrator(max_in_flight=2) as orchestrator:

        async def drain() -> None:
            async for _ in orchestrator.run(endless()):
                pass

        async with orchestrator.events(size=30) as events:
            task = asyncio.create_task(drain())
            await anyio.wait_all_tasks_blocked()
            stopped_at = read
            assert stopped_at < 30
            async for event in events:
                finished += isinstance(event, JobFinished)
                if finished == 200:
                    break
            assert read >= 200
        task.cancel()
        await asyncio.wait([task])


async def test_a_reader_that_has_left_holds_back_nothing(make_orchestrator: Make, fake_job: Any) -> None:
    """Leaving the block is enough; events then cost nothing."""
    async with make_orchestrator(max_in_flight=2) as orchestrator:
        async with orchestrator.events(size=2):
            pass
        jobs = (fake_job(number=n) for n in range(50))
        assert 50 == len([one async for one in orchestrator.run(jobs)])


async def test_streams_end_with_the_orchestrator(make_orchestrator: Make, fake_job: Any) -> None:
    """A loop over events does not hang for ever."""
    orchestrator = make_orchestrator()
    seen: list[JobEvent] = []

    async def read() -> None:
        async with orchestrator.events() as events:
            seen.extend([event async for event in events])

    async with orchestrator:
        reading = asyncio.create_task(read())
        await asyncio.sleep(0)
        await (await orchestrator.submit(fake_job()))
    await asyncio.wait_for(reading, 5)
    assert isinstance(seen[-1], JobFinished)
    async with orchestrator.events() as events:
        assert [] == [event async for event in events]


async def test_a_report_has_a_line_for_each_job_and_one_for_all(
    make_orchestrator: Make, fake_job: Any, tmp_path: Path
) -> None:
    """Timings per stage, bytes, polls and credits; sums at the end; the reason of a failure."""

    async def fail(_: JobContext) -> None:
        raise LookupError("no luck")

    async def spend(context: JobContext) -> None:
        context.spent(1.5)

    path = tmp_path / "run.jsonl"
    async with make_orchestrator() as orchestrator, write_report(orchestrator, path):
        jobs = [fake_job(number=0, on_collect=spend), fake_job(number=1, on_submit=fail, key="bad")]
        async for _ in orchestrator.run(jobs):
            pass
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    *jobs_lines, total = lines
    by_index = {line["index"]: line for line in jobs_lines}
    assert ("done", 1.5, ["remote-0.wav"]) == tuple(
        by_index[0][name] for name in ("state", "credits", "paths")
    )
    assert ("bad", "failed", "submit") == tuple(by_index[1][name] for name in ("key", "state", "stage"))
    assert "no luck" in by_index[1]["error"]
    assert {"prepare", "submit", "poll", "collect"} == set(by_index[0]["stages_s"])
    assert ({"done": 1, "failed": 1}, 1.5) == (total["jobs"], total["credits"])


async def test_a_report_makes_its_folder(make_orchestrator: Make, tmp_path: Path) -> None:
    """As ``to=`` of a job does."""
    path = tmp_path / "new" / "out" / "run.jsonl"
    async with make_orchestrator() as orchestrator, write_report(orchestrator, path):
        pass
    assert {} == json.loads(path.read_text())["jobs"]


@pytest.mark.parametrize(("place", "said"), [(".", "Is a directory"), ("taken/run.jsonl", "File exists")])
async def test_a_report_that_cannot_be_opened_is_refused(
    make_orchestrator: Make, tmp_path: Path, place: str, said: str
) -> None:
    """With its path, before anything is submitted."""
    (tmp_path / "taken").write_text("")
    path = tmp_path / place
    async with make_orchestrator() as orchestrator:
        with pytest.raises(
            InvalidRequest, match=f"path must be a file that can be written, .*{said}; give"
        ) as it:
            async with write_report(orchestrator, path):
                raise AssertionError("never begun")
    assert ("path", str(path)) == (it.value.field, it.value.value)


async def test_a_report_has_its_last_line_however_its_block_ends(
    make_orchestrator: Make, fake_job: Any, tmp_path: Path
) -> None:
    """With errors="raise" the loop inside raises."""

    async def fail(_: JobContext) -> None:
        raise LookupError

    path = tmp_path / "run.jsonl"
    async with make_orchestrator() as orchestrator:
        with pytest.raises(ExceptionGroup):  # noqa: PT012 - the loop raises
            async with write_report(orchestrator, path):
                async for _ in orchestrator.run([fake_job(on_submit=fail)], errors="raise"):
                    pass
    line, total = [json.loads(line) for line in path.read_text().splitlines()]
    assert ("failed", {"failed": 1}) == (line["state"], total["jobs"])


async def test_a_report_that_cannot_be_written_stops_no_job(
    make_orchestrator: Make, fake_job: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is told at the end of its block; more jobs than events may wait have run meanwhile."""

    def full(_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("audiokit.jobs._readers.orjson.dumps", full)
    done = 0
    async with make_orchestrator(max_in_flight=2) as orchestrator:
        with pytest.raises(OSError, match="No space left"):  # noqa: PT012 - the block's end raises
            async with write_report(orchestrator, tmp_path / "r.jsonl"):
                async for _ in orchestrator.run(fake_job(number=n) for n in range(1500)):
                    done += 1
    assert 1500 == done


async def test_progress_is_logged_without_reasons(
    make_orchestrator: Make, fake_job: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Counts, and the stage of what failed; never what the API said."""

    async def fail(_: JobContext) -> None:
        raise LookupError("SECRET")

    caplog.set_level(logging.INFO, logger="audiokit.jobs")
    async with make_orchestrator() as orchestrator, log_progress(orchestrator, every_s=1000):
        async for _ in orchestrator.run([fake_job(number=0), fake_job(number=1, on_submit=fail)]):
            pass
    assert "jobs: 1 done, 1 failed" in caplog.text
    assert "fake job #1 failed in stage submit" in caplog.text
    assert "SECRET" not in caplog.text


async def test_progress_is_shown_in_bars(
    make_orchestrator: Make, fake_job: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal or not, the last line has all jobs."""
    pytest.importorskip("rich")

    async def move(context: JobContext) -> None:
        context.received()(Progress(done_bytes=5, total_bytes=5))

    async with make_orchestrator() as orchestrator, show_progress(orchestrator, total=3):
        async for _ in orchestrator.run(fake_job(number=n, on_prepare=move) for n in range(3)):
            pass
    assert "jobs: 3 done" in capsys.readouterr().out


async def test_states_of_polled_work_are_told(make_orchestrator: Make, fake_job: Any) -> None:
    """The API's own words."""
    async with make_orchestrator() as orchestrator, orchestrator.events() as events:
        handle = await orchestrator.submit(fake_job(looks=2))
        seen = []
        async for event in events:
            seen.append(event)
            if isinstance(event, JobFinished):
                break
        assert JobState.DONE is (await handle).state
    states = [event.state for event in seen if isinstance(event, JobPolled)]
    assert "busy" in states
    assert any(isinstance(event, JobSubmitted) for event in seen)


async def test_a_chain_is_counted_once(
    make_orchestrator: Make, fake_job: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A report has a line for each job inside, marked as such, and adds up the whole only; so does a log."""

    async def spend(context: JobContext) -> None:
        context.spent(1.5)

    chain = Chain(
        first=fake_job(number=1, on_submit=spend),
        then=[lambda _: fake_job(number=2, on_submit=spend)],
        key="whole",
    )
    path = tmp_path / "run.jsonl"
    with caplog.at_level(logging.INFO, logger="audiokit.jobs"):
        async with make_orchestrator() as orchestrator:
            async with write_report(orchestrator, path), log_progress(orchestrator):
                assert [3.0] == [one.stats.credits async for one in orchestrator.run([chain])]
            assert 3.0 == orchestrator.credits_spent
    *lines, total = [json.loads(line) for line in path.read_text().splitlines()]
    assert [("whole-0", "whole", 1.5), ("whole-1", "whole", 1.5), ("whole", None, 3.0)] == [
        (line["key"], line["part_of"], line["credits"]) for line in lines
    ]
    assert ({"done": 1}, 3.0, 2) == (total["jobs"], total["credits"], total["polls"])
    assert "jobs: 1 done" in caplog.messages


async def test_a_report_has_paths_that_are_no_text(
    make_orchestrator: Make, fake_job: Any, tmp_path: Path
) -> None:
    """Bytes that are no UTF-8 are written as what they are, and the lines that follow as ever."""

    @attrs.frozen(kw_only=True)
    class Odd(fake_job):  # type: ignore[misc]
        async def collect(self, context: JobContext, remote: Any) -> Any:
            return None, (Path(os.fsdecode(b"/out/\xff.wav")),)

    path = tmp_path / "run.jsonl"
    async with make_orchestrator() as orchestrator, write_report(orchestrator, path):
        jobs = [Odd(), fake_job(number=2)]
        assert [JobState.DONE] * 2 == [one.state async for one in orchestrator.run(jobs, ordered=True)]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert ["/out/\\udcff.wav"] in [line.get("paths") for line in lines]
    assert {"done": 2} == lines[-1]["jobs"]


async def test_bars_take_the_words_of_an_api_as_text(
    make_orchestrator: Make, fake_job: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A state in brackets neither vanishes nor ends the run."""
    pytest.importorskip("rich")

    @attrs.frozen(kw_only=True)
    class Odd(fake_job):  # type: ignore[misc]
        kind = "[/odd] kind"

    async def move(context: JobContext) -> None:
        context.sent()(Progress(done_bytes=5, total_bytes=10))
        await anyio.wait_all_tasks_blocked()

    async with make_orchestrator() as orchestrator, show_progress(orchestrator):
        assert [JobState.DONE] == [one.state async for one in orchestrator.run([Odd(on_prepare=move)])]
    assert "jobs: 1 done" in capsys.readouterr().out


@pytest.mark.parametrize("size", [0, -1])
async def test_a_stream_without_room_is_refused(size: int, make_orchestrator: Make) -> None:
    """It would hold back every job for ever."""
    async with make_orchestrator() as orchestrator:
        with pytest.raises(InvalidRequest, match="size must be a whole number of 1 or more"):
            orchestrator.events(size=size)
