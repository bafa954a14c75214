"""The same inputs run again: what is done comes back, what is open goes on, nothing is submitted twice."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from job_server import Server, ServerJob, outcomes_of

from audiokit import ConversionJob, MasteringJob, MixJob, SectionTiming, SectionVoice, SpeechJob
from audiokit.errors import InvalidRequest, JobFailed, JournalInUse, RemoteFailure, RemoteLost, UsageError
from audiokit.jobs import JobContext, JobState, Journal, JournalState, Look, Orchestrator, Output, Scope
from audiokit.jobs._kinds import Kinds
from audiokit.jobs._own_kinds import own_kinds
from audiokit.services.audiostack import MixSection, MixTimeline

Make = Callable[..., Orchestrator]


async def test_done_jobs_come_back_at_once(journalled: Make, server: Server, tmp_path: Path) -> None:
    """Restored, with their files; the server is not asked for anything."""
    jobs = [ServerJob(number=n, to=tmp_path) for n in range(5)]
    first = await outcomes_of(journalled, *jobs)
    looks = server.looks
    second = await outcomes_of(journalled, *jobs)
    assert ([False] * 5, [True] * 5) == ([one.restored for one in first], [one.restored for one in second])
    assert [one.path for one in first] == [one.path for one in second]
    assert (5, looks) == (server.submits.total(), server.looks)


async def test_files_that_are_gone_are_fetched_again(
    journalled: Make, server: Server, tmp_path: Path
) -> None:
    """Gone, or of another size: saved anew from the same work."""
    jobs = [ServerJob(number=n, to=tmp_path) for n in range(3)]
    await outcomes_of(journalled, *jobs)
    (tmp_path / "0.txt").unlink()
    (tmp_path / "1.txt").write_text("cut o")
    outcomes = await outcomes_of(journalled, *jobs)
    assert ["work-1", "work-2", "work-3"] == [one.path.read_text() for one in outcomes]
    assert ([True] * 3, 3) == ([one.restored for one in outcomes], server.submits.total())


async def test_results_without_files_are_fetched_again(journalled: Make, server: Server) -> None:
    """Where nothing was saved the API is asked for the result."""
    await outcomes_of(journalled, ServerJob(number=1))
    [outcome] = await outcomes_of(journalled, ServerJob(number=1))
    assert (True, "work-1", 1) == (outcome.restored, outcome.result, server.submits.total())


async def test_equal_jobs_are_one_job(journalled: Make, server: Server) -> None:
    """Whether at the same time or one after the other: two outcomes, one submission."""
    outcomes = await outcomes_of(journalled, *[ServerJob(number=1)] * 4, max_in_flight=1)
    assert [JobState.DONE] * 4 == [one.state for one in outcomes]
    assert {"job 1": 1} == dict(server.submits)


async def test_work_the_api_no_longer_knows_is_lost(journalled: Make, server: Server, tmp_path: Path) -> None:
    """It fails by that name, and running it once more submits it anew: that is for the owner to decide."""
    [done] = await outcomes_of(journalled, ServerJob(number=1, to=tmp_path))
    done.path.unlink()
    server.deleted.add("work-1")
    [outcome] = await outcomes_of(journalled, ServerJob(number=1, to=tmp_path))
    assert isinstance(outcome.error, RemoteLost)
    assert "work-1 was submitted, and the API knows it no more" in str(outcome.error)
    assert 1 == server.submits.total()
    [outcome] = await outcomes_of(journalled, ServerJob(number=1, to=tmp_path))
    assert (JobState.DONE, 2) == (outcome.state, server.submits.total())


async def test_a_job_that_failed_remotely_is_submitted_anew(journalled: Make, server: Server) -> None:
    """Only when it is run again, and the message says so."""
    failing = True

    @attrs.frozen(kw_only=True)
    class Failing(ServerJob):
        async def look(self, context: JobContext, remote: str) -> tuple[str, Look]:
            if failing:
                raise RemoteFailure("no voice", operation="server.get", status=200)
            return await super().look(context, remote)

    [outcome] = await outcomes_of(journalled, Failing(number=1), kinds=[Failing])
    assert isinstance(outcome.error, JobFailed)
    assert "run it again with the same journal to submit it anew" in str(outcome.error)
    failing = False
    [outcome] = await outcomes_of(journalled, Failing(number=1), kinds=[Failing])
    assert (JobState.DONE, "work-2") == (outcome.state, outcome.result)


async def test_a_job_that_could_not_be_saved_goes_on_from_there(
    journalled: Make, server: Server, tmp_path: Path
) -> None:
    """What was done remotely is not done again because a disk was full."""
    job = ServerJob(number=1, to=tmp_path / "missing")
    [outcome] = await outcomes_of(journalled, job)
    assert JobState.FAILED is outcome.state
    (tmp_path / "missing").mkdir()
    [outcome] = await outcomes_of(journalled, job)
    assert (JobState.DONE, 1) == (outcome.state, server.submits.total())


async def test_open_jobs_are_finished_without_the_inputs(
    journalled: Make, server: Server, tmp_path: Path
) -> None:
    """`resume` builds them again from the journal: a path and bytes among their fields included."""
    source = tmp_path / "take.wav"
    source.write_bytes(b"sound")
    jobs = [
        ServerJob(number=1, to=tmp_path / "late", source=source),
        ServerJob(number=2, to=tmp_path / "late", source=b"bytes"),
        ServerJob(number=3),
    ]
    await outcomes_of(journalled, *jobs)
    (tmp_path / "late").mkdir()
    async with journalled() as orchestrator:
        resumed = [one async for one in orchestrator.resume()]
        assert [] == [one async for one in orchestrator.resume()]
    assert {1, 2} == {one.job.number for one in resumed}
    sources = {one.job.number: one.job.source for one in resumed}
    assert source == sources[1]
    assert all(JobState.DONE is one.state for one in resumed)
    assert {"job 1": 1, "job 2": 1, "job 3": 1} == dict(server.submits)


async def test_cancelled_jobs_go_on_in_the_next_run(journalled: Make, server: Server) -> None:
    """Leaving detaches them; their work is found again by its id."""

    @attrs.frozen(kw_only=True)
    class Slow(ServerJob):
        async def look(self, context: JobContext, remote: str) -> tuple[str, Look]:
            await asyncio.Event().wait()
            raise AssertionError

    async with journalled(kinds=[Slow]) as orchestrator:
        handle = await orchestrator.submit(Slow(number=1, key="k"))
        while not server.submits:  # noqa: ASYNC110 - the server has no way to tell
            await asyncio.sleep(0)
    assert JobState.CANCELLED is (await handle).state
    [outcome] = await outcomes_of(journalled, ServerJob(number=1, key="k"))
    assert (JobState.DONE, "work-1", 1) == (outcome.state, outcome.result, server.submits.total())


async def test_closing_lets_an_asked_api_answer(journalled: Make, server: Server) -> None:
    """A submission under way is noted before its job is detached, so that nothing is left in doubt."""
    asked, answer = asyncio.Event(), asyncio.Event()

    @attrs.frozen(kw_only=True)
    class Asking(ServerJob):
        async def submit(self, context: JobContext, prepared: None) -> str:
            asked.set()
            await answer.wait()
            return await super().submit(context, prepared)

    async with journalled(kinds=[Asking]) as orchestrator:
        handle = await orchestrator.submit(Asking(number=1, key="k"))
        await asked.wait()
        asyncio.get_running_loop().call_later(0.02, answer.set)
    assert "work-1 goes on remotely" in str((await handle).error)
    async with Journal(_path_of(journalled), scope=Scope()) as journal:
        entry = await journal.get("k")
    assert entry is not None
    assert (JournalState.SENT, {"submit": "work-1"}) == (entry.state, dict(entry.remote_ids))


def _path_of(make: Make) -> Path:
    recorder = make()._recorder
    assert recorder is not None
    return recorder.journal.path


async def test_a_key_belongs_to_one_kind(journalled: Make, server: Server) -> None:
    """The same key for something else is a mistake, and is said to be one."""

    @attrs.frozen(kw_only=True)
    class Other(ServerJob):
        kind = "other"

    await outcomes_of(journalled, ServerJob(key="k"))
    [outcome] = await outcomes_of(journalled, Other(key="k"), kinds=[Other])
    assert "key 'k' is that of a server job job in the journal" in str(outcome.error)


async def test_only_registered_kinds_are_taken(journalled: Make, server: Server) -> None:
    """The message names the way to register; nothing was submitted."""
    [outcome] = await outcomes_of(journalled, ServerJob(), kinds=[])
    assert "orchestrator(journal=..., kinds=[ServerJob])" in str(outcome.error)
    assert 0 == server.submits.total()


async def test_sources_that_a_crash_would_lose_are_refused(
    journalled: Make, server: Server, chunks_of: Callable[..., Any]
) -> None:
    """A stream cannot be read again; the message says what to give."""
    [outcome] = await outcomes_of(journalled, ServerJob(source=chunks_of(b"a")))
    assert "source must be something a crash leaves as it is" in str(outcome.error)
    assert "a path, or bytes" in str(outcome.error)


async def test_an_open_job_of_an_unknown_kind_is_named(
    journalled: Make, server: Server, tmp_path: Path
) -> None:
    """`resume` says which kind to register, or that its version does not fit."""
    await outcomes_of(journalled, ServerJob(number=1, key="k", to=tmp_path / "missing"))

    @attrs.frozen(kw_only=True)
    class Newer(ServerJob):
        version = 2

    for kinds, said in (
        ([], "kind 'server job', which is not registered"),
        ([Newer], "version 1, and the class"),
    ):
        async with journalled(kinds=kinds) as orchestrator:
            with pytest.raises(UsageError, match=said):
                await anext(orchestrator.resume())


async def test_resuming_needs_a_journal(make_orchestrator: Make) -> None:
    """Without one there is nothing to resume or settle."""
    async with make_orchestrator() as orchestrator:
        with pytest.raises(UsageError, match=r"resume\(\) needs a journal"):
            await anext(orchestrator.resume())
        with pytest.raises(UsageError, match=r"settle\(\) needs a journal"):
            await orchestrator.settle("k")


async def test_a_journal_is_for_one_orchestrator_at_a_time(
    journalled: Make, other_tasks: Callable[[], set[str]]
) -> None:
    """The second one is refused when it is opened, and leaves nothing behind."""
    async with journalled():
        before = other_tasks()
        with pytest.raises(JournalInUse):
            async with journalled():
                pass
        assert before == other_tasks()


async def test_another_thread_or_process_is_told(
    make_orchestrator: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Used in another event loop, or after a fork, it says so."""
    async with make_orchestrator() as orchestrator:
        errors: list[BaseException] = []

        def elsewhere() -> None:
            try:
                asyncio.run(anext(orchestrator.run([])))  # type: ignore[arg-type]
            except UsageError as error:
                errors.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join)
        assert "another event loop" in str(errors[0])
        monkeypatch.setattr("audiokit.jobs._host.os.getpid", lambda: 1)
        with pytest.raises(UsageError, match="after a fork"):
            await anext(orchestrator.run([]))
        monkeypatch.undo()


JOBS: Sequence[Any] = [
    ConversionJob(source="/a.wav", folder_id="f", voice_id="v", semitones_correction=-2.5, to=Path("/out")),
    ConversionJob(original_id="r", voice_id="v", label="x", label_token=False),
    MasteringJob(
        script_text="Hi {{name}}",
        audience={"name": "Ada", "~": "odd"},
        sections={"a": SectionVoice(voice="x", speed=1.5)},
        section_properties={"a": SectionTiming(end_at_s=3.0)},
        end_format=["mp3", "wav"],
    ),
    MixJob(
        script_id="s",
        section_properties={"a": MixSection()},
        timeline_properties=MixTimeline(force_length_s=4.0),
    ),
    SpeechJob(script_id="s", sections={}),
]


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.kind)
async def test_jobs_survive_the_journal(job: Any, tmp_path: Path) -> None:
    """What is built again from the journal's JSON equals what was recorded, but for the key it has now."""
    kinds = Kinds(own_kinds())
    async with Journal(tmp_path / "j.sqlite", scope=Scope()) as journal:
        name, version, fields, spooled = await kinds.record(job, journal.spool)
        await journal.plan("the key", kind=name, kind_version=version, fields=fields, spooled=spooled)
        entry = await journal.get("the key")
        assert entry is not None
        assert attrs.evolve(job, key="the key") == kinds.build(entry, journal)


async def test_relative_paths_are_those_of_the_run_that_recorded_them(
    journalled: Make, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`resume` finds them from another folder; a slash that makes a folder of `to` stays."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "take.wav").write_bytes(b"sound")

    @attrs.frozen(kw_only=True)
    class Reading(ServerJob):
        read: Any = None

        async def prepare(self, context: JobContext) -> None:
            assert b"sound" == Path(self.source).read_bytes() == Path(self.read).read_bytes()

    server.behaviour.append("down")
    monkeypatch.chdir(tmp_path / "a")
    async with journalled(kinds=[Reading], attempts=1) as orchestrator:
        job = Reading(number=1, source="take.wav", read=Path("take.wav"), to="out/")  # type: ignore[arg-type]
        [outcome] = [one async for one in orchestrator.run([job])]
    assert JobState.FAILED is outcome.state
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a" / "out").mkdir()
    async with journalled(kinds=[Reading]) as orchestrator:
        outcomes = [one async for one in orchestrator.resume()]
    folder = f"{tmp_path / 'a' / 'out'}/"
    assert [(str(tmp_path / "a" / "take.wav"), folder)] == [(one.job.source, one.job.to) for one in outcomes]


def test_registering_is_checked() -> None:
    """Two kinds of one name, or a class that is no record, cannot be told apart or built again."""

    @attrs.frozen(kw_only=True)
    class Other:
        kind = "speech"

    class Plain:
        kind = "plain"

    with pytest.raises(UsageError, match="two kinds are called 'speech'"):
        Kinds([*own_kinds(), Other])
    with pytest.raises(UsageError, match="a kind is an attrs class"):
        Kinds([Plain])


async def test_records_of_a_kind_have_to_be_named(tmp_path: Path) -> None:
    """A record inside a field is refused until its class is named, so that it can be built again."""

    @attrs.frozen
    class Inside:
        x: int

    @attrs.frozen(kw_only=True)
    class Holder(ServerJob):
        kind = "holder"

    @attrs.frozen(kw_only=True)
    class Naming(ServerJob):
        kind = "naming"

        @staticmethod
        def records() -> Sequence[type]:
            return (Inside,)

    kinds = Kinds([Holder, Naming])

    async def spool(_: bytes) -> str:
        raise AssertionError

    with pytest.raises(InvalidRequest, match="a registered record"):
        await kinds.record(Holder(source=Inside(1)), spool)
    assert {"~": "Inside", "fields": {"x": 1}} == (await kinds.record(Naming(source=Inside(1)), spool))[2][
        "source"
    ]


@attrs.frozen(kw_only=True)
class _Told(ServerJob):
    """Its file's size and digest are known from the API, so that the file is not read for them."""

    kind = "told"

    async def collect(self, context: JobContext, remote: str) -> tuple[str, Sequence[Path | Output]]:
        result, paths = await ServerJob.collect(self, context, remote)
        assert isinstance(paths[0], Path)
        return result, [*paths, Output(path=str(paths[0]), size_bytes=6, sha256="ab" * 32)]


async def test_what_is_known_of_a_file_is_recorded_as_it_is(
    journalled: Make, server: Server, tmp_path: Path
) -> None:
    """Beside a file that has to be read; both are the outcome's paths."""
    [outcome] = await outcomes_of(journalled, _Told(number=1, to=tmp_path, key="told"), kinds=[_Told])
    async with Journal(tmp_path / "jobs.sqlite", scope=Scope()) as journal:
        entry = await journal.get("told")
    path = tmp_path / "1.txt"
    assert entry is not None
    assert (path, path) == tuple(outcome.paths)
    assert [str(path)] * 2 == [one.path for one in entry.outputs]
    assert [(6, hashlib.sha256(path.read_bytes()).hexdigest()), (6, "ab" * 32)] == [
        (one.size_bytes, one.sha256) for one in entry.outputs
    ]
