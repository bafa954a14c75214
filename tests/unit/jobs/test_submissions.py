"""Submissions whose answers are lost: looked for, never doubled, uncertain where nobody knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from job_server import Server, ServerJob, SlowJob, outcomes_of
from virtual_time import LoopClock, in_virtual_time

from audiokit.errors import (
    CreditBudgetReached,
    InvalidRequest,
    JobFailed,
    JobTimeout,
    JobUncertain,
    JournalWriteFailed,
    OutcomeUnknown,
    UsageError,
)
from audiokit.jobs import JobState, Journal, JournalState, Orchestrator, Scope, Submission
from audiokit.testing import FakeClock
from audiokit.transport._window import Priority

Make = Callable[..., Orchestrator]


@pytest.mark.parametrize("labels", ["echoed", "dropped"])
@pytest.mark.parametrize("how", ["lost", "late", "500 taken"])
async def test_what_was_taken_is_found(how: str, labels: str, journalled: Make, server: Server) -> None:
    """The job goes on with the work its lost answer stood for, and the server has it once."""
    server.echoes_labels = labels == "echoed"
    server.behaviour.append(how)
    [outcome] = await outcomes_of(journalled, ServerJob(number=1))
    assert (JobState.DONE, "work-1", {"job 1": 1}) == (outcome.state, outcome.result, dict(server.submits))


@pytest.mark.parametrize("how", ["lost", "late"])
async def test_what_was_taken_is_found_without_a_journal_by_its_label(
    how: str, make_orchestrator: Make, server: Server
) -> None:
    """Looking does not need a journal; telling by being new does."""

    def make() -> Orchestrator:
        return Orchestrator(server, clock=server.clock, timeout_s=600)  # type: ignore[arg-type]

    server.behaviour.append(how)
    [outcome] = await outcomes_of(make, ServerJob())
    assert (JobState.DONE, {"job 0": 1}) == (outcome.state, dict(server.submits))
    server.echoes_labels = False
    server.behaviour.append(how)
    [outcome] = await outcomes_of(make, ServerJob(number=2))
    assert (JobState.UNCERTAIN, {"job 0": 1, "job 2": 1}) == (outcome.state, dict(server.submits))


async def test_what_is_not_found_is_uncertain_after_the_time_to_settle(
    journalled: Make, server: Server, clock: FakeClock
) -> None:
    """Several looks, the last after `settle_s`; then a message that says what to do. Nothing is repeated."""
    server.behaviour.append("cut")
    [outcome] = await outcomes_of(journalled, ServerJob(number=1, key="mine"), settle_s=30)
    assert JobState.UNCERTAIN is outcome.state
    assert isinstance(outcome.error, JobUncertain)
    assert "not found within 30 s" in str(outcome.error)
    assert "settle(key, resubmit=True)" in str(outcome.error)
    assert "'mine'" in str(outcome.error)
    assert isinstance(outcome.error.__cause__, OutcomeUnknown)
    assert (0, True, True) == (server.submits.total(), server.lists >= 2, clock.monotonic() >= 30)


async def test_without_a_way_to_look_it_is_uncertain_at_once(
    journalled: Make, server: Server, clock: FakeClock
) -> None:
    """A kind that cannot look is not kept waiting, and not repeated."""
    server.behaviour.append("lost")
    [outcome] = await outcomes_of(journalled, ServerJob(finds=False))
    assert (JobState.UNCERTAIN, 1, 0.0) == (outcome.state, server.submits.total(), clock.monotonic())
    assert "no way to look" in str(outcome.error)


async def test_harmless_work_is_done_again(journalled: Make, server: Server) -> None:
    """Where twice costs nothing, what is not found is submitted again by itself."""
    server.behaviour.append("cut")
    [outcome] = await outcomes_of(journalled, ServerJob(is_harmless=True))
    assert (JobState.DONE, {"job 0": 1}) == (outcome.state, dict(server.submits))


@pytest.mark.parametrize("how", ["down", "500"])
async def test_what_was_certainly_not_taken_is_submitted_again(
    how: str, journalled: Make, server: Server
) -> None:
    """No connection, or an answer that it failed and nothing to be found: another attempt."""
    server.behaviour.extend([how, how])
    [outcome] = await outcomes_of(journalled, ServerJob())
    assert (JobState.DONE, 1, 2) == (outcome.state, server.submits.total(), outcome.stats.repeats)


async def test_closing_while_it_is_looked_for_leaves_it_to_the_next_run(
    journalled: Make, server: Server
) -> None:
    """Leaving does not wait for the time to settle; the handle has its outcome, the journal the question."""
    looking = asyncio.Event()

    @attrs.frozen(kw_only=True)
    class Lost(ServerJob):
        async def submission(self, context: Any, prepared: None) -> Submission:
            async def find(_: frozenset[str] | None) -> str | None:
                looking.set()
                await asyncio.Event().wait()
                return None

            return Submission(find=find)

    server.behaviour.append("lost")
    async with journalled(kinds=[Lost]) as orchestrator:
        handle = await orchestrator.submit(Lost(number=1, key="k"))
        await looking.wait()
    assert JobState.CANCELLED is (await asyncio.wait_for(handle._wait(), 5)).state
    [outcome] = await outcomes_of(journalled, ServerJob(number=1, key="k"))
    assert (JobState.DONE, "work-1", 1) == (outcome.state, outcome.result, server.submits.total())


async def test_a_busy_api_has_taken_nothing(journalled: Make, server: Server) -> None:
    """A 503 with a time to come back is tried again then, without looking for what cannot be there."""
    server.behaviour.append("503")
    [outcome] = await outcomes_of(journalled, ServerJob(finds=False))
    assert (JobState.DONE, 1, 1) == (outcome.state, server.submits.total(), outcome.stats.repeats)


async def test_a_refusal_fails_the_job(journalled: Make, server: Server) -> None:
    """It is said how to go on, and running it again submits again: it was never taken."""
    server.behaviour.append("refused")
    [outcome] = await outcomes_of(journalled, ServerJob())
    assert isinstance(outcome.error, JobFailed)
    assert "run it again with the same journal" in str(outcome.error)
    [outcome] = await outcomes_of(journalled, ServerJob())
    assert (JobState.DONE, 1) == (outcome.state, server.submits.total())


async def test_one_order_at_a_time_is_in_doubt(journalled: Make, server: Server) -> None:
    """Without labels, lost answers in one place are told apart: they come one after the other."""
    server.echoes_labels = False
    server.behaviour.extend(["lost", "ok", "late", "lost", "ok", "late"] * 2)
    outcomes = await outcomes_of(journalled, *(ServerJob(number=n) for n in range(12)), settle_s=30)
    assert [JobState.DONE] * 12 == [one.state for one in outcomes]
    assert 12 == len({one.result for one in outcomes})
    assert {f"job {n}": 1 for n in range(12)} == dict(server.submits)


async def test_after_an_uncertain_one_being_new_proves_nothing(journalled: Make, server: Server) -> None:
    """What an uncertain job may still become must not be taken for another one's."""
    server.echoes_labels = False
    server.behaviour.append("cut")
    [first] = await outcomes_of(journalled, ServerJob(number=1), settle_s=5)
    assert JobState.UNCERTAIN is first.state
    server.behaviour.extend(["ok", "lost"])
    second, third = await outcomes_of(journalled, ServerJob(number=2), ServerJob(number=3), settle_s=5)
    assert (JobState.DONE, JobState.UNCERTAIN) == (second.state, third.state)


async def test_what_several_may_have_made_is_nobodys(journalled: Make, server: Server) -> None:
    """The only new one may be the other's: both stay uncertain, in later runs as well."""
    server.echoes_labels = False
    server.behaviour.extend(["cut", "late"])
    jobs = [ServerJob(number=1, place="p"), ServerJob(number=2, place="p")]
    for job in jobs:
        await outcomes_of(journalled, job, settle_s=1)
    for _ in range(2):
        outcomes = await outcomes_of(journalled, *jobs, settle_s=10)
        assert [JobState.UNCERTAIN] * 2 == [one.state for one in outcomes]
    assert {"job 2": 1} == dict(server.submits)


async def test_a_disk_that_is_full_loses_no_submission(
    journalled: Make, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before asking: nothing is submitted. After it: the job fails, and the next run finds what it made.

    In either case the run ends with the journal's error, and begins nothing further.
    """
    real, full_at = Journal.put, [""]

    def put(self: Journal, key: str, state: JournalState, **facts: Any) -> asyncio.Future[None]:
        if state.value in full_at:
            raise JournalWriteFailed("database or disk is full", path="x")
        return real(self, key, state, **facts)

    monkeypatch.setattr(Journal, "put", put)
    for state, submitted in ("intent", 0), ("sent", 1):
        full_at[:] = [state]
        outcomes, jobs = [], iter([ServerJob(number=1), ServerJob(number=2)])
        with pytest.raises(JournalWriteFailed, match="disk is full"):  # noqa: PT012 - the loop is what raises
            async with journalled(max_in_flight=1) as orchestrator:
                async for outcome in orchestrator.run(jobs):
                    outcomes.append(outcome)  # noqa: PERF401 - those before the error count
        [outcome] = outcomes
        assert (JobState.FAILED, submitted) == (outcome.state, server.submits.total())
        assert "disk is full" in str(outcome.error)
        assert 1 == len(list(jobs))
    full_at.clear()
    [outcome] = await outcomes_of(journalled, ServerJob(number=1))
    assert (JobState.DONE, "work-1", 1) == (outcome.state, outcome.result, server.submits.total())


async def test_a_broken_journal_ends_every_run(
    journalled: Make, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that read outcomes are told; what was handed in and has not begun is handed back."""

    def put(self: Journal, key: str, state: JournalState, **facts: Any) -> asyncio.Future[None]:
        raise JournalWriteFailed("database or disk is full", path="x")

    async def slowly() -> AsyncIterator[ServerJob]:
        yield ServerJob(number=100)
        await asyncio.Event().wait()

    monkeypatch.setattr(Journal, "put", put)
    async with journalled(max_in_flight=2) as orchestrator:
        handles = [await orchestrator.submit(ServerJob(number=n), priority=-1) for n in range(4)]
        runs = [
            asyncio.create_task(anext(orchestrator.run(jobs, errors="raise")))
            for jobs in (slowly(), (ServerJob(number=n) for n in range(10, 20)))
        ]
        for running in runs:
            with pytest.raises(JournalWriteFailed, match="disk is full"):
                await asyncio.wait_for(running, 5)
        states = {(await asyncio.wait_for(handle._wait(), 5)).state for handle in handles}
    assert states <= {JobState.CANCELLED, JobState.FAILED}
    assert JobState.CANCELLED in states
    assert 0 == server.submits.total()


async def test_the_owner_settles_what_is_uncertain(journalled: Make, server: Server) -> None:
    """By the id that was found, by submitting again, or by giving up; only uncertain jobs can be settled."""
    server.behaviour.extend(["cut"] * 3)
    jobs = [ServerJob(number=n, key=f"k{n}", place=f"p{n}") for n in range(3)]
    outcomes = await outcomes_of(journalled, *jobs, settle_s=5)
    assert {JobState.UNCERTAIN} == {one.state for one in outcomes}
    server.work["found"] = (0.0, "p0", "job 0")
    async with journalled(settle_s=5) as orchestrator:
        await orchestrator.settle("k0", remote_id="found")
        await orchestrator.settle("k1", resubmit=True)
        await orchestrator.settle("k2")
        with pytest.raises(UsageError, match="'k0' is sent"):
            await orchestrator.settle("k0")
        with pytest.raises(UsageError, match="not in the journal"):
            await orchestrator.settle("nobody")
        with pytest.raises(InvalidRequest, match="resubmit"):
            await orchestrator.settle("k0", remote_id="x", resubmit=True)
        resumed = [outcome async for outcome in orchestrator.resume()]
    assert {("k0", "found"), ("k1", "work-1")} == {(one.key, one.result) for one in resumed}
    assert {"job 1": 1} == dict(server.submits)


async def test_uncertain_work_that_turns_up_later_is_found_by_the_next_run(
    journalled: Make, server: Server
) -> None:
    """Running again looks again."""
    server.behaviour.append("cut")
    [outcome] = await outcomes_of(journalled, ServerJob(number=1), settle_s=5)
    assert JobState.UNCERTAIN is outcome.state
    server.work["after all"] = (0.0, "here", "job 1")
    [outcome] = await outcomes_of(journalled, ServerJob(number=1), settle_s=5)
    assert (JobState.DONE, "after all", 0) == (outcome.state, outcome.result, server.submits.total())


async def test_a_crash_between_asking_and_noting_doubles_nothing(journalled: Make, server: Server) -> None:
    """The next run finds what the crashed one was not told of."""

    class PlugPulled(BaseException):
        pass

    real = server.submit

    def submit(place: str, label: str) -> str:
        real(place, label)
        raise PlugPulled

    server.submit = submit  # type: ignore[method-assign]
    with pytest.raises(BaseExceptionGroup):  # noqa: PT012 - the block is what ends
        async with journalled() as orchestrator:
            async for _ in orchestrator.run([ServerJob(number=5)]):
                pass
    server.submit = real  # type: ignore[method-assign]
    [outcome] = await outcomes_of(journalled, ServerJob(number=5))
    assert (JobState.DONE, {"job 5": 1}) == (outcome.state, dict(server.submits))


async def test_an_order_left_in_doubt_by_a_crash_is_settled_before_the_next_in_its_place(
    journalled: Make, server: Server
) -> None:
    """Another job of the same original, run without the first one's input, settles it first."""
    server.echoes_labels = False
    hanging = asyncio.Event()

    @attrs.frozen(kw_only=True)
    class Hanging(ServerJob):
        async def submit(self, context: Any, prepared: None) -> str:
            await super().submit(context, prepared)
            hanging.set()
            await asyncio.Event().wait()
            return "never"

    async with journalled(kinds=[Hanging], drain_s=0) as orchestrator:
        running = asyncio.create_task(anext(orchestrator.run([Hanging(number=1, key="first")])))
        await hanging.wait()
        running.cancel()
    [outcome] = await outcomes_of(journalled, ServerJob(number=2), settle_s=5)
    assert JobState.DONE is outcome.state
    assert {"job 1": 1, "job 2": 1} == dict(server.submits)
    [first] = await outcomes_of(journalled, ServerJob(number=1, key="first"))
    assert (True, "work-1") == (first.restored, first.result)


async def test_credits_have_a_limit(journalled: Make, server: Server) -> None:
    """What would go over it is not submitted, and nothing further is begun."""
    jobs = [ServerJob(number=n, credits=2.0, place=f"p{n}") for n in range(100)]
    async with journalled(credit_budget=5.0, max_in_flight=1) as orchestrator:
        outcomes = [one async for one in orchestrator.run(jobs)]
        assert 4.0 == orchestrator.credits_spent
    assert 2 == server.submits.total()
    assert len(outcomes) < 10
    assert isinstance(outcomes[-1].error, CreditBudgetReached)
    assert "costs 2 credits, and 4 of the 5" in str(outcomes[-1].error)


async def test_refused_work_costs_nothing(journalled: Make, server: Server) -> None:
    """What was reserved for a submission that was not taken is given back."""
    server.behaviour.append("refused")
    async with journalled(credit_budget=5.0) as orchestrator:
        async for _ in orchestrator.run([ServerJob(credits=2.0)]):
            pass
        assert 0.0 == orchestrator.credits_spent


class Allowance:
    """A limit of so many submissions in any ten seconds."""

    def __init__(self, clock: FakeClock, times: int) -> None:
        self.clock = clock
        self.times = times
        self.begun: list[float] = []

    def free_now(self, *, priority: Priority) -> int:
        """Places now."""
        assert Priority.CALL is priority
        return self.times - sum(1 for at in self.begun if at > self.clock.monotonic() - 10.0)

    def next_free_s(self, *, priority: Priority) -> float:
        """Seconds until there is one."""
        if len(self.begun) < self.times:
            return 0.0
        return max(0.0, self.begun[-self.times] + 10.0 - self.clock.monotonic())


class PatientClock(FakeClock):
    """Lets other threads have their turns: a journal's waits long for one beside a loop that never rests."""

    async def sleep(self, seconds: float, /) -> None:
        """Move on."""
        await super().sleep(seconds)
        await asyncio.to_thread(int)


async def test_submissions_wait_for_the_limit_before_they_are_noted(tmp_path: Path) -> None:
    """However long that takes, nothing is in doubt meanwhile, and the limit is never passed."""
    clock = PatientClock()
    allowance = Allowance(clock, 3)

    @attrs.frozen(kw_only=True)
    class Limited(ServerJob):
        async def submit(self, context: Any, prepared: None) -> str:
            assert allowance.free_now(priority=Priority.CALL) > 0
            allowance.begun.append(clock.monotonic())
            return await super().submit(context, prepared)

    journal = Journal(tmp_path / "jobs.sqlite", scope=Scope())
    orchestrator = Orchestrator(
        Server(clock),  # type: ignore[arg-type]
        clock=clock,
        timeout_s=5,  # of which waiting for the limit takes nothing
        kinds=[Limited],
        journal=journal,
        room_of=lambda _: allowance,
    )
    async with orchestrator:
        jobs = (Limited(number=n, locks=False) for n in range(20))
        assert {JobState.DONE} == {one.state async for one in orchestrator.run(jobs)}
    assert clock.monotonic() >= 60
    assert 20 == len(allowance.begun)


async def test_a_call_that_never_left_is_made_again(journalled: Make, server: Server) -> None:
    """Its time ran out while it waited for its place among the calls: that is no lost answer."""
    server.behaviour.append("waited")
    [outcome] = await outcomes_of(journalled, ServerJob(finds=False))
    assert (JobState.DONE, 1) == (outcome.state, outcome.stats.repeats)


def test_waiting_for_a_turn_takes_nothing_of_a_jobs_time() -> None:
    """Four jobs of 40 s through one place, each with 100 s: the last ends after 160 s, in time."""

    async def story() -> None:
        clock = LoopClock()
        orchestrator = Orchestrator(Server(clock), clock=clock, timeout_s=100, max_submits=1)  # type: ignore[arg-type]
        async with orchestrator:
            jobs = [SlowJob(number=n + 1, place=f"p{n}") for n in range(4)]
            assert {JobState.DONE} == {one.state async for one in orchestrator.run(jobs)}
            assert 160 == clock.monotonic()
            (late,) = [
                one async for one in orchestrator.run([SlowJob(number=0)])
            ]  # its own time still counts
            assert isinstance(late.error, JobTimeout)
            assert 260 == clock.monotonic()

    in_virtual_time(story())
