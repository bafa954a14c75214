"""Jobs that are equal, or claim to be: one doing for all of them, and nobody given another one's work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from job_server import Server, ServerJob

from audiokit.errors import JobFailed, UsageError
from audiokit.jobs import (
    Chain,
    JobContext,
    JobEvent,
    JobFinished,
    JobHandle,
    JobState,
    Look,
    Orchestrator,
)

Make = Callable[..., Orchestrator]


@attrs.define
class Service:
    """Takes work that is over when `go` is set, and notes what happens to it."""

    go: asyncio.Event = attrs.field(factory=asyncio.Event)
    submitted: list[int] = attrs.field(factory=list)
    cancelled: list[str] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class Slow:
    """Work of the service."""

    number: int = 0
    source: Any = None
    to: Any = None
    credits: float = 1.0
    key: str | None = None
    timeout_s: float | None = None

    kind = "slow"

    async def prepare(self, context: JobContext) -> None:
        """Nothing."""

    async def submit(self, context: JobContext, prepared: None) -> str:
        """Submit."""
        service: Any = context.services
        service.submitted.append(self.number)
        context.spent(self.credits)
        return f"work-{self.number}"

    async def look(self, context: JobContext, remote: str) -> tuple[str, Look]:
        """Wait until it is over."""
        service: Any = context.services
        await service.go.wait()
        return remote, Look(state="done", is_over=True)

    async def collect(self, context: JobContext, remote: str) -> tuple[str, Sequence[Path]]:
        """Give the id."""
        return remote, ()

    async def cancel(self, context: JobContext, remote: str) -> None:
        """Note it."""
        service: Any = context.services
        service.cancelled.append(remote)


@pytest.fixture
def service() -> Service:
    """An API in memory."""
    return Service()


@pytest.fixture
def serving(clock: Any, service: Service) -> Make:
    """Build an orchestrator of the service."""

    def make(**options: Any) -> Orchestrator:
        return Orchestrator(service, **{"clock": clock, "timeout_s": 60.0, **options})  # type: ignore[arg-type]

    return make


async def _submitted(orchestrator: Orchestrator, *jobs: Any) -> list[JobHandle[Any, Any]]:
    handles: list[JobHandle[Any, Any]] = []
    for job in jobs:
        handles += [await orchestrator.submit(job)]
        await anyio.wait_all_tasks_blocked()
    return handles


def _chain(number: int, *further: int, **fields: Any) -> Chain:
    makers: Any = [lambda _, number=one: Slow(number=number) for one in further]
    return Chain(first=Slow(number=number), then=makers, **fields)


async def test_a_key_is_that_of_one_piece_of_work(serving: Make, service: Service) -> None:
    """Other work with the key of a job under way is refused, naming both, and not given that one's result."""
    async with serving() as orchestrator:
        first, other = await _submitted(orchestrator, Slow(number=1, key="k"), Slow(number=2, key="k"))
        service.go.set()
        outcome = await other
        assert ("work-1", [1]) == ((await first).result, service.submitted)
    assert isinstance(outcome.error, JobFailed)
    assert isinstance(outcome.error.__cause__, UsageError)
    assert "key 'k' is that of another slow job under way" in str(outcome.error)
    assert "number is 1 there and 2 here; give this slow job a key of its own" in str(outcome.error)


async def test_a_key_in_the_journal_is_that_of_one_piece_of_work(journalled: Make, server: Server) -> None:
    """Changed fields do not restore what was made of the old ones; the same ones do."""
    states = []
    for number in (1, 2, 1):
        async with journalled() as orchestrator:
            [outcome] = [one async for one in orchestrator.run([ServerJob(number=number, key="k")])]
        states.append((outcome.state, outcome.restored))
        if number == 2:
            assert "job in the journal" in str(outcome.error)
            assert "number is 1 there and 2 here" in str(outcome.error)
    assert [(JobState.DONE, False), (JobState.FAILED, False), (JobState.DONE, True)] == states
    assert {"job 1": 1} == dict(server.submits)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"source": "take.wav"}, {"source": Path("take.wav").absolute()}, id="path"),
        pytest.param({"to": Path("out")}, {"to": Path.cwd() / "out"}, id="folder"),
        pytest.param({"source": b"sound"}, {"source": b"sound"}, id="bytes"),
        pytest.param({"timeout_s": 5.0}, {"timeout_s": None}, id="time"),
    ],
)
async def test_the_same_work_said_differently_is_the_same(
    one: dict[str, Any], other: dict[str, Any], journalled: Make, server: Server, tmp_path: Path
) -> None:
    """A path from here or from the root, bytes and the copy that the journal keeps, another deadline."""
    if "to" in one:
        one, other = {"to": tmp_path / "."}, {"to": tmp_path}
    server.behaviour.append("refused")
    for fields in (one, other):
        async with journalled() as orchestrator:
            outcomes = [o async for o in orchestrator.run([ServerJob(number=1, key="k", **fields)])]
    assert [JobState.DONE] == [outcome.state for outcome in outcomes]


async def test_cancelling_one_of_two_equal_jobs_leaves_the_other(serving: Make, service: Service) -> None:
    """Each handle cancels its own outcome, the work only once nobody wants it; each has one `JobFinished`."""
    finished: list[JobEvent] = []

    async def read() -> None:
        finished.extend([event async for event in events if isinstance(event, JobFinished)])

    async with serving(on_leave="cancel") as orchestrator, orchestrator.events() as events:
        reading = asyncio.create_task(read())
        one, other, third = await _submitted(orchestrator, *[Slow(number=7)] * 3)
        for handle, wanted in ((one, []), (third, []), (other, ["work-7"])):
            handle.cancel()
            assert JobState.CANCELLED is (await handle).state
            assert wanted == service.cancelled
        assert "an equal job" in str((await one).error)
        assert "work-7 was cancelled remotely, too" in str((await other).error)
    await reading
    assert [0, 2, 1] == [event.index for event in finished]
    assert [7] == service.submitted


async def test_the_job_that_others_want_is_done_for_them(serving: Make, service: Service) -> None:
    """The first was cancelled; the second is told what the work cost, once."""
    async with serving() as orchestrator:
        one, other, third = await _submitted(orchestrator, *[Slow(number=7)] * 3)
        one.cancel()
        service.go.set()
        outcomes = [await one, await other, await third]
    assert [JobState.CANCELLED, JobState.DONE, JobState.DONE] == [one.state for one in outcomes]
    assert [None, "work-7", "work-7"] == [one.result for one in outcomes]


async def test_what_equal_jobs_cost_is_told_once(serving: Make, service: Service) -> None:
    """By the one that was done; those that waited for it cost nothing."""
    async with serving() as orchestrator:
        handles = await _submitted(orchestrator, *[Slow(number=7)] * 3)
        service.go.set()
        assert [1.0, 0.0, 0.0] == [(await one).stats.credits for one in handles]
        assert 1.0 == orchestrator.credits_spent


async def test_chains_without_a_key_know_their_jobs_by_what_they_are(
    journalled: Make, server: Server
) -> None:
    """Inputs in another sequence, fewer of them, or one more session: nothing is ordered again."""

    def chain(number: int) -> Chain:
        further = ServerJob(number=100 + number, place=f"q{number}")
        return Chain(first=ServerJob(number=number, place=f"p{number}"), then=[lambda _: further])

    for numbers in ([1, 2, 3], [3, 1], [2]):
        async with journalled() as orchestrator:
            outcomes = [one async for one in orchestrator.run(map(chain, numbers))]
        assert [JobState.DONE] * len(numbers) == [one.state for one in outcomes]
    assert {f"job {n}": 1 for n in (1, 2, 3, 101, 102, 103)} == dict(server.submits)


async def test_a_job_of_a_chain_is_the_one_that_was_run_on_its_own(journalled: Make, server: Server) -> None:
    """Equal work is one job, wherever it stands; a chain with a key has its jobs for itself."""
    job = ServerJob(number=1)
    for run in (job, Chain(first=job, then=[]), Chain(first=job, then=[], key="mine")):
        async with journalled() as orchestrator:
            [outcome] = [one async for one in orchestrator.run([run])]
        assert JobState.DONE is outcome.state
    assert {"job 1": 2} == dict(server.submits)


async def test_chains_that_begin_alike_wait_for_each_others_job(serving: Make, service: Service) -> None:
    """Their first job is done once, also where it is under way on its own; each goes on with its own."""
    async with serving() as orchestrator:
        handles = await _submitted(orchestrator, Slow(number=1), _chain(1, 2), _chain(1, 3))
        assert [1] == service.submitted
        service.go.set()
        assert ["work-1", "work-2", "work-3"] == [(await one).result for one in handles]
    assert [1, 2, 3] == sorted(service.submitted)


async def test_chains_of_one_worker_do_not_wait_for_what_has_not_begun(
    serving: Make, service: Service
) -> None:
    """With one job in flight each finds the work free, or done."""
    service.go.set()
    async with serving(max_in_flight=1) as orchestrator:
        jobs = [_chain(1, 2), Slow(number=2), _chain(1, 2), Slow(number=1)]
        outcomes = [one async for one in orchestrator.run(jobs)]
    assert [JobState.DONE] * 4 == [one.state for one in outcomes]


async def test_a_chain_that_waits_for_another_ends_in_its_own_time(serving: Make, service: Service) -> None:
    """Its deadline counts, and the other one goes on."""
    async with serving() as orchestrator:
        first, chain = await _submitted(orchestrator, Slow(number=1), _chain(1, 2, timeout_s=0.01))
        outcome = await chain
        assert JobState.FAILED is outcome.state
        assert "was not finished" in str(outcome.error)
        service.go.set()
        assert JobState.DONE is (await first).state


async def test_a_cancelled_chain_leaves_its_job_to_those_that_wait(serving: Make, service: Service) -> None:
    """Another chain, and a job of its own: the work goes on, is neither cancelled nor submitted again."""
    async with serving(on_leave="cancel") as orchestrator:
        one, other, plain = await _submitted(orchestrator, _chain(1, 2), _chain(1, 3), Slow(number=1))
        one.cancel()
        assert JobState.CANCELLED is (await one).state
        await anyio.wait_all_tasks_blocked()
        service.go.set()
        assert ["work-3", "work-1"] == [(await other).result, (await plain).result]
    assert ([1, 3], []) == (service.submitted, service.cancelled)


async def test_a_chain_that_was_waited_for_may_run_out_of_time(serving: Make, service: Service) -> None:
    """Those that wait have their own time, and go on with what it submitted."""
    async with serving() as orchestrator:
        one, other = await _submitted(orchestrator, _chain(1, timeout_s=0.01), _chain(1, 2))
        assert JobState.FAILED is (await one).state
        await anyio.wait_all_tasks_blocked()
        service.go.set()
        assert "work-2" == (await other).result
    assert [1, 2] == service.submitted


async def test_cancelling_a_chain_that_waits_hurts_nobody(serving: Make, service: Service) -> None:
    """It gives up its place in the line only."""
    async with serving() as orchestrator:
        first, chain = await _submitted(orchestrator, Slow(number=1), _chain(1, 2))
        chain.cancel()
        assert JobState.CANCELLED is (await chain).state
        service.go.set()
        assert "work-1" == (await first).result
    assert [1] == service.submitted


async def test_chains_of_other_functions_are_other_chains(serving: Make, service: Service) -> None:
    """Two inputs with the same place, of a run and of `submit`: functions cannot be told apart."""
    async with serving() as orchestrator:
        handle = await orchestrator.submit(_chain(1, 2))
        running = asyncio.create_task(anext(orchestrator.run([_chain(1, 3)])))
        await anyio.wait_all_tasks_blocked()
        service.go.set()
        assert {"work-2", "work-3"} == {(await handle).result, (await running).result}


async def test_a_job_does_not_wait_for_itself(serving: Make, service: Service) -> None:
    """A chain inside itself is refused at once."""
    inner: list[Any] = []
    chain = Chain(first=Slow(number=1), then=[lambda _: inner[0]], key="c")
    inner.append(chain)
    service.go.set()
    async with serving() as orchestrator:
        [outcome] = [one async for one in orchestrator.run([chain])]
    assert "would wait for itself" in str(outcome.error)
