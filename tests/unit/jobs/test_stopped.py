"""Stopped jobs: nothing is paid for that nobody is told of, and nothing in doubt that was not sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from job_server import Server, ServerJob
from virtual_time import LoopClock, in_virtual_time

from audiokit.errors import JobCancelled
from audiokit.jobs import (
    Chain,
    JobContext,
    JobState,
    Journal,
    JournalState,
    Look,
    Orchestrator,
    Scope,
    Submission,
)

Make = Callable[..., Orchestrator]


@attrs.define
class Service:
    """Answers submissions after a time, and notes what happens to it."""

    answers_after_s: float = 0.0
    submitted: list[int] = attrs.field(factory=list)
    cancelled: list[str] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class Endless:
    """Work that is never over, and can be cancelled."""

    number: int = 7
    key: str | None = None
    timeout_s: float | None = None

    kind = "endless"

    async def prepare(self, context: JobContext) -> None:
        """Nothing."""

    async def submit(self, context: JobContext, prepared: None) -> str:
        """Be taken at once, and told so later."""
        service: Any = context.services
        service.submitted.append(self.number)
        if service.answers_after_s:
            await asyncio.sleep(service.answers_after_s)
        return f"work-{self.number}"

    async def look(self, context: JobContext, remote: str) -> tuple[str, Look]:
        """Wait for ever."""
        await asyncio.Event().wait()
        return remote, Look(state="busy", is_over=False)

    async def collect(self, context: JobContext, remote: str) -> tuple[str, Sequence[Path]]:
        """Never called."""
        return remote, ()

    async def cancel(self, context: JobContext, remote: str) -> None:
        """Note it."""
        service: Any = context.services
        service.cancelled.append(remote)


@attrs.frozen(kw_only=True)
class Labelled(Endless):
    """The same with a label, by which its owner finds it."""

    kind = "labelled"

    async def submission(self, context: JobContext, prepared: None) -> Submission:
        """Its label."""
        return Submission(label=f"label {self.number}")


@attrs.frozen(kw_only=True)
class Hosting(Endless):
    """A kind of one's own with a job inside, whose outcome it does not look at."""

    kind = "hosting"

    async def prepare(self, context: JobContext) -> None:
        """Run it, and wait for ever."""
        await context.run(Endless(), "inside")
        await asyncio.Event().wait()


def _make(service: Service, **options: Any) -> Orchestrator:
    return Orchestrator(service, **{"clock": LoopClock(), "timeout_s": 1e4, **options})  # type: ignore[arg-type]


CHAIN = Chain(first=Endless(), then=[])
NESTED = Chain(first=CHAIN, then=[])


@pytest.mark.parametrize("by", ["handle", "leaving"])
@pytest.mark.parametrize("policy", ["cancel", "detach"])
@pytest.mark.parametrize("job", [CHAIN, NESTED, Hosting()], ids=["chain", "nested", "own kind"])
def test_the_policy_holds_for_jobs_inside_others(job: Any, policy: str, by: str) -> None:
    """Their work is cancelled remotely or goes on, and the outcome of the whole names it."""

    async def story() -> None:
        service = Service()
        async with _make(service, on_leave=policy) as orchestrator:
            handle = await orchestrator.submit(job)
            await anyio.wait_all_tasks_blocked()
            if by == "handle":
                handle.cancel()
                await handle
        outcome = await handle
        assert isinstance(outcome.error, JobCancelled)
        assert "work-7" == outcome.error.remote_id
        left = "work-7 was cancelled remotely, too" if policy == "cancel" else "work-7 goes on remotely"
        assert left in str(outcome.error)
        assert (["work-7"] if policy == "cancel" else []) == service.cancelled

    in_virtual_time(story())


def test_the_deadline_of_a_chain_tells_what_goes_on() -> None:
    """It names the work of the job that was under way."""

    async def story() -> None:
        async with _make(Service()) as orchestrator:
            [outcome] = [one async for one in orchestrator.run([attrs.evolve(CHAIN, timeout_s=50)])]
        assert "chain job #0 (work-7) was not finished after 50.0 s" in str(outcome.error)

    in_virtual_time(story())


@pytest.mark.parametrize("by", ["handle", "leaving", "interrupt"])
@pytest.mark.parametrize("policy", ["cancel", "detach"])
@pytest.mark.parametrize("job", [Endless(), Labelled(), CHAIN], ids=["plain", "labelled", "chain"])
def test_an_api_that_was_asked_is_let_answer(job: Any, policy: str, by: str) -> None:
    """Without a journal, too: then what it took is cancelled, or named as what goes on."""

    async def story() -> None:
        service = Service(answers_after_s=1.0)
        async with _make(service, on_leave=policy) as orchestrator:
            handle = await orchestrator.submit(job)
            await anyio.wait_all_tasks_blocked()
            if by == "handle":
                handle.cancel()
            elif by == "interrupt":
                orchestrator.interrupt()
            if by != "leaving":
                await handle
        assert 1.0 == asyncio.get_running_loop().time()
        left = "work-7 was cancelled remotely, too" if policy == "cancel" else "work-7 goes on remotely"
        assert left in str((await handle).error)
        assert ([7], ["work-7"] if policy == "cancel" else []) == (service.submitted, service.cancelled)

    in_virtual_time(story())


@pytest.mark.parametrize(("by", "after_s"), [("handle", 10.0), ("leaving", 10.0), ("interrupt", 2.0)])
@pytest.mark.parametrize("job", [Endless(), Labelled(), CHAIN], ids=["plain", "labelled", "chain"])
def test_an_api_that_does_not_answer_is_not_waited_for_longer(job: Any, by: str, after_s: float) -> None:
    """`drain_s`, or two seconds; what may have been taken is then told, with its label."""

    async def story() -> None:
        service = Service(answers_after_s=1000.0)
        async with _make(service, on_leave="cancel", drain_s=10.0) as orchestrator:
            handle = await orchestrator.submit(job)
            await anyio.wait_all_tasks_blocked()
            if by == "handle":
                handle.cancel()
            elif by == "interrupt":
                orchestrator.interrupt()
            if by != "leaving":
                await handle
        outcome = await handle
        assert (JobState.CANCELLED, after_s) == (outcome.state, asyncio.get_running_loop().time())
        said = "it was being submitted and may have been taken: look for it at the account"
        assert said in str(outcome.error)
        assert (isinstance(job, Labelled)) == ("with the label 'label 7'" in str(outcome.error))

    in_virtual_time(story())


@pytest.mark.parametrize("limit", [asyncio.timeout, anyio.fail_after])
def test_leaving_takes_no_longer_than_a_limit_around_it(limit: Callable[[float], Any]) -> None:
    """Whoever gives it three seconds waits three seconds; the outcome tells what may have been taken."""

    async def story() -> None:
        orchestrator = _make(Service(answers_after_s=1000.0), drain_s=10.0)
        await orchestrator.__aenter__()
        handle = await orchestrator.submit(Labelled())
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(TimeoutError):
            await _within(limit(3.0), orchestrator.aclose())
        assert 3.0 == asyncio.get_running_loop().time()
        assert "may have been taken: look for it at the account" in str((await handle).error)

    in_virtual_time(story())


@pytest.mark.parametrize("limit", [asyncio.timeout, anyio.fail_after])
def test_what_a_limit_cuts_short_is_left_in_order(limit: Callable[[float], Any]) -> None:
    """The limit ends the work; what the API was just asked for is answered, within `drain_s`."""

    async def work(service: Service, handles: list[Any]) -> None:
        async with _make(service, drain_s=10.0) as orchestrator:
            handles.append(await orchestrator.submit(Endless()))
            await asyncio.Event().wait()

    async def story() -> None:
        handles: list[Any] = []
        with pytest.raises(TimeoutError):
            await _within(limit(3.0), work(Service(answers_after_s=7.0), handles))
        assert 7.0 == asyncio.get_running_loop().time()
        assert "work-7 goes on remotely" in str((await handles[0]).error)

    in_virtual_time(story())


async def _within(limit: Any, work: Awaitable[None]) -> None:
    if isinstance(limit, asyncio.Timeout):
        async with limit:
            await work
    else:
        with limit:
            await work


def test_a_deadline_does_not_wait_for_an_answer() -> None:
    """It is the job's own time; that it may have been taken is told."""

    async def story() -> None:
        async with _make(Service(answers_after_s=1000.0)) as orchestrator:
            [outcome] = [one async for one in orchestrator.run([Labelled(timeout_s=30)])]
        assert "may have been taken: look for it at the account with the label 'label 7'" in str(
            outcome.error
        )
        assert 30.0 == outcome.elapsed_s

    in_virtual_time(story())


@pytest.mark.parametrize("by", ["handle", "leaving", "interrupt"])
@pytest.mark.parametrize("is_chain", [False, True])
async def test_what_was_not_sent_is_not_in_doubt(
    by: str, *, is_chain: bool, journalled: Make, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while its intent is written: nothing is asked for, and the next run submits it."""
    noting, noted = asyncio.Event(), asyncio.Event()
    real = Journal.put

    async def slowly(self: Journal, key: str, facts: dict[str, Any]) -> None:
        noting.set()
        await noted.wait()
        await real(self, key, JournalState.INTENT, **facts)

    def put(self: Journal, key: str, state: JournalState, **facts: Any) -> Any:
        if state is JournalState.INTENT:
            return asyncio.ensure_future(slowly(self, key, facts))
        return real(self, key, state, **facts)

    job: Any = ServerJob(number=1, key="k", finds=False, locks=False, credits=2.0)
    if is_chain:
        job = Chain(first=job, then=[])
    monkeypatch.setattr(Journal, "put", put)
    async with journalled() as orchestrator:
        handle = await orchestrator.submit(job)
        await noting.wait()
        if by == "handle":
            handle.cancel()
        elif by == "interrupt":
            orchestrator.interrupt()
        asyncio.get_running_loop().call_later(0.01, noted.set)
        if by != "leaving":
            await handle
    outcome = await handle
    assert (JobState.CANCELLED, 0, 0.0) == (
        outcome.state,
        server.submits.total(),
        orchestrator.credits_spent,
    )
    assert "may have been taken" not in str(outcome.error)
    monkeypatch.setattr(Journal, "put", real)
    async with journalled() as orchestrator:
        [outcome] = [one async for one in orchestrator.run([job])]
    assert (JobState.DONE, {"job 1": 1}) == (outcome.state, dict(server.submits))


async def test_an_answer_is_noted_before_its_job_is_cancelled(
    journalled: Make, server: Server, tmp_path: Path
) -> None:
    """By its handle, as by leaving: the next run goes on with what was taken."""
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
        handle.cancel()
        await asyncio.sleep(0)
        answer.set()
        assert "work-1 goes on remotely" in str((await handle).error)
    async with Journal(tmp_path / "jobs.sqlite", scope=Scope()) as journal:
        entry = await journal.get("k")
    assert entry is not None
    assert (JournalState.SENT, {"submit": "work-1"}) == (entry.state, dict(entry.remote_ids))


async def test_a_worker_goes_on_after_a_job_that_was_cancelled_while_it_asked(
    make_orchestrator: Make, fake_job: Any
) -> None:
    """The refusal that came meanwhile ends that job only."""
    go = asyncio.Event()

    async def refuse(_: JobContext) -> None:
        await go.wait()
        raise LookupError("no")

    async with make_orchestrator(max_in_flight=1) as orchestrator:
        first = await orchestrator.submit(fake_job(number=1, on_submit=refuse))
        second = await orchestrator.submit(fake_job(number=2))
        await anyio.wait_all_tasks_blocked()
        first.cancel()
        go.set()
        assert (JobState.CANCELLED, 2) == ((await first).state, (await second).result)


@pytest.mark.parametrize("how", ["stop", "interrupt"])
async def test_stopping_is_for_good(how: str, make_orchestrator: Make, fake_job: Any) -> None:
    """Later loops give nothing and read no inputs; what is handed in is cancelled, and says why."""
    inputs = iter([fake_job(number=1)])
    async with make_orchestrator() as orchestrator:
        getattr(orchestrator, how)()
        assert [] == [one async for one in orchestrator.run(inputs)]
        outcome = await (await orchestrator.submit(fake_job(number=2)))
    assert 1 == len(list(inputs))
    assert JobState.CANCELLED is outcome.state
    assert "because no further jobs are begun" in str(outcome.error)
