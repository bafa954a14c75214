"""How jobs flow: in sequence, by handle, by priority, again after failures, and to a good end."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import attrs
import pytest
from turns import until
from virtual_time import LoopClock, in_virtual_time

from audiokit.errors import (
    ConnectionFailed,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    JobTimeout,
    RateLimited,
    UsageError,
)
from audiokit.jobs import JobContext, JobState, Look, Orchestrator
from audiokit.jobs._durations import Durations
from audiokit.jobs._poll_agenda import Agenda
from audiokit.jobs._poll_plan import PollBudget, PollPolicy
from audiokit.testing import FakeClock

Make = Callable[..., Orchestrator]


async def _hang(_: JobContext) -> None:
    await asyncio.Event().wait()


async def _turns(times: int = 20) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def test_ordered_outcomes_come_in_the_sequence_of_the_inputs(
    make_orchestrator: Make, fake_job: Any
) -> None:
    """However long each takes; and no more is read ahead than the window allows."""
    first, read = asyncio.Event(), 0

    async def wait(_: JobContext) -> None:
        await first.wait()

    def inputs() -> Iterator[Any]:
        nonlocal read
        for number in range(40):
            read += 1
            yield fake_job(number=number, **({"on_submit": wait} if number == 0 else {}))

    async with make_orchestrator(max_in_flight=4) as orchestrator:
        outcomes: Any = orchestrator.run(inputs(), ordered=True)
        reading = asyncio.create_task(anext(outcomes))
        await anyio.wait_all_tasks_blocked()
        assert 8 == read
        first.set()
        assert 0 == (await reading).index
        assert list(range(1, 40)) == [one.index async for one in outcomes]


async def test_failures_can_be_raised_together(make_orchestrator: Make, fake_job: Any) -> None:
    """With `errors="raise"` all jobs run, the good ones are given, and the errors come as one group."""

    async def fail(_: JobContext) -> None:
        raise LookupError("no")

    jobs = [fake_job(number=n, **({"on_submit": fail} if n % 2 else {})) for n in range(6)]
    done = []
    async with make_orchestrator() as orchestrator:
        with pytest.raises(ExceptionGroup, match="3 jobs failed") as caught:  # noqa: PT012 - the loop raises
            async for outcome in orchestrator.run(jobs, errors="raise"):
                done.append(outcome.index)  # noqa: PERF401 - kept although the loop raises
        with pytest.raises(InvalidRequest, match="errors must be 'collect' or 'raise'"):
            await anext(orchestrator.run([], errors="ignore"))  # type: ignore[arg-type]
    assert [0, 2, 4] == sorted(done)
    assert [JobFailed] * 3 == [type(one) for one in caught.value.exceptions]


async def test_a_handle_gives_the_outcome_as_often_as_asked(make_orchestrator: Make, fake_job: Any) -> None:
    """A job handed in by itself runs beside the others."""
    async with make_orchestrator() as orchestrator:
        handle = await orchestrator.submit(fake_job(number=3))
        assert 3 == (await handle).result
        assert (await handle) is (await handle)
        assert (True, "<JobHandle done>") == (handle.is_over, repr(handle))
        handle.cancel()
        assert JobState.DONE is (await handle).state


async def test_cancelling_the_waiting_leaves_the_job(make_orchestrator: Make, fake_job: Any) -> None:
    """`await handle` in a task that is cancelled stops the waiting only."""
    go = asyncio.Event()

    async def wait(_: JobContext) -> None:
        await go.wait()

    async with make_orchestrator() as orchestrator:
        handle = await orchestrator.submit(fake_job(number=1, on_submit=wait))

        async def waiting() -> None:
            await handle

        task = asyncio.create_task(waiting())
        await _turns()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()
        assert JobState.DONE is (await handle).state


async def test_a_cancelled_job_says_what_goes_on_remotely(make_orchestrator: Make, fake_job: Any) -> None:
    """Under way: its outcome names stage and remote id; the worker goes on with the next job."""
    async with make_orchestrator(max_in_flight=1) as orchestrator:
        handle = await orchestrator.submit(fake_job(number=1, on_collect=_hang))
        other = await orchestrator.submit(fake_job(number=2))
        await anyio.wait_all_tasks_blocked()
        handle.cancel()
        outcome = await handle
        assert JobState.CANCELLED is outcome.state
        assert isinstance(outcome.error, JobCancelled)
        assert "ended in stage 'collect' because it was cancelled" in str(outcome.error)
        assert 2 == (await other).result


async def test_a_job_can_be_cancelled_before_it_begins(make_orchestrator: Make, fake_job: Any) -> None:
    """It is never begun, and has its outcome at once."""
    begun = []

    async def note(_: JobContext) -> None:
        begun.append(1)

    async with make_orchestrator(max_in_flight=1) as orchestrator:
        await orchestrator.submit(fake_job(number=1, on_look=_hang))
        waiting = await orchestrator.submit(fake_job(number=2, on_prepare=note))
        await anyio.wait_all_tasks_blocked()
        waiting.cancel()
        assert JobState.CANCELLED is (await waiting).state
    assert [] == begun


async def test_higher_priorities_go_first(make_orchestrator: Make, fake_job: Any) -> None:
    """Then those of priority 0 handed in, then the jobs of runs, then the negative ones."""
    begun: list[int] = []

    def job(number: int) -> Any:
        async def note(_: JobContext) -> None:
            begun.append(number)

        return fake_job(number=number, on_prepare=note)

    async with make_orchestrator(max_in_flight=1) as orchestrator:
        go = asyncio.Event()

        async def wait(_: JobContext) -> None:
            await go.wait()

        await orchestrator.submit(fake_job(number=99, on_prepare=wait))
        await _turns()
        handles = [
            await orchestrator.submit(job(number), priority=priority)
            for number, priority in [(1, -1), (2, 0), (3, 5), (4, 0), (5, 5)]
        ]
        running = asyncio.create_task(anext(orchestrator.run([job(6)])))
        await _turns()
        go.set()
        for handle in handles:
            await handle
        await running
    assert [3, 5, 2, 4, 6, 1] == begun


async def test_a_full_queue_makes_submit_wait(make_orchestrator: Make, fake_job: Any) -> None:
    """A producer that is faster than the API does not fill the memory."""
    async with make_orchestrator(max_in_flight=1, max_queued=2) as orchestrator:
        go = asyncio.Event()

        async def wait(_: JobContext) -> None:
            await go.wait()

        await orchestrator.submit(fake_job(number=0, on_submit=wait))
        await _turns()
        for number in (1, 2):
            await orchestrator.submit(fake_job(number=number))
        third = asyncio.create_task(orchestrator.submit(fake_job(number=3)))
        await _turns()
        assert not third.done()
        go.set()
        assert 3 == (await (await third)).result


async def test_temporary_failures_of_a_stage_are_tried_again(
    make_orchestrator: Make, fake_job: Any, clock: FakeClock
) -> None:
    """As often as `attempts` says, after what the API asks for; stages are said to have been repeated."""
    failures = [
        RateLimited("slow", operation="x", status=429, retry_after=7.0),
        ConnectionFailed("down", operation="x"),
    ]

    async def fail(_: JobContext) -> None:
        if failures:
            raise failures.pop(0)

    async with make_orchestrator(attempts=3) as orchestrator:
        [outcome] = [one async for one in orchestrator.run([fake_job(on_collect=fail)])]
    assert (JobState.DONE, 2) == (outcome.state, outcome.stats.repeats)
    assert [7.0, 2.0] == clock.slept


async def test_attempts_end(make_orchestrator: Make, fake_job: Any) -> None:
    """The last failure is the job's."""
    tries = []

    async def fail(_: JobContext) -> None:
        tries.append(1)
        raise ConnectionFailed("down", operation="x")

    async with make_orchestrator(attempts=2) as orchestrator:
        [outcome] = [one async for one in orchestrator.run([fake_job(on_prepare=fail)])]
    assert (2, JobState.FAILED) == (len(tries), outcome.state)


async def test_equal_jobs_under_way_are_one(make_orchestrator: Make, fake_job: Any) -> None:
    """Two outcomes, one doing; the one that waits takes no place."""
    begun = []
    go = asyncio.Event()

    async def wait(_: JobContext) -> None:
        begun.append(1)
        await go.wait()

    jobs = [fake_job(key="same", timeout_s=60.0 + n, on_submit=wait) for n in range(3)]
    async with make_orchestrator(max_in_flight=2) as orchestrator:
        running: Any = orchestrator.run([*jobs, fake_job(number=9)])
        first = await anext(running)
        assert 3 == first.index  # the equal ones have left it a place
        go.set()
        rest = [one async for one in running]
    assert 1 == len(begun)
    assert {(0, 0), (1, 0), (2, 0)} == {(one.index, one.result) for one in rest}
    assert [(one.index, one.job) for one in rest] == [(one.index, jobs[one.index]) for one in rest]


@attrs.frozen(kw_only=True)
class Cancellable:
    """A job that the API can cancel."""

    cancelled: list[str]
    key: str | None = None
    timeout_s: float | None = None
    fails: bool = False

    kind = "cancellable"

    async def prepare(self, context: JobContext) -> None:
        """Nothing."""

    async def submit(self, context: JobContext, prepared: None) -> str:
        """Give an id."""
        return "remote-7"

    async def look(self, context: JobContext, remote: str) -> tuple[str, Look]:
        """Never over."""
        return remote, Look(state="busy", is_over=False)

    async def collect(self, context: JobContext, remote: str) -> tuple[None, tuple[()]]:
        """Never called."""
        return None, ()

    async def poll(self, context: JobContext, remote: str) -> str:
        """Wait for ever."""
        await asyncio.Event().wait()
        return remote

    async def cancel(self, context: JobContext, remote: str) -> None:
        """Note it."""
        if self.fails:
            raise LookupError("cannot")
        self.cancelled.append(remote)


@pytest.mark.parametrize("policy", ["cancel", "detach"])
async def test_leaving_cancels_remotely_where_that_is_wanted(policy: str, make_orchestrator: Make) -> None:
    """The handle of a job that was under way says what became of its work."""
    cancelled: list[str] = []
    async with make_orchestrator(on_leave=policy) as orchestrator:
        good = await orchestrator.submit(Cancellable(cancelled=cancelled, key="a"))
        bad = await orchestrator.submit(Cancellable(cancelled=cancelled, key="b", fails=True))
        await anyio.wait_all_tasks_blocked()
    assert (["remote-7"] if policy == "cancel" else []) == cancelled
    said = "was cancelled remotely, too" if policy == "cancel" else "remote-7 goes on remotely"
    assert said in str((await good).error)
    assert "remote-7 goes on remotely" in str((await bad).error)


async def test_leaving_may_wait_for_the_jobs_under_way(make_orchestrator: Make, fake_job: Any) -> None:
    """Those end well; what was only queued is cancelled."""
    go = asyncio.Event()

    async def wait(_: JobContext) -> None:
        await go.wait()

    async with make_orchestrator(on_leave="wait", max_in_flight=1) as orchestrator:
        begun = await orchestrator.submit(fake_job(number=1, on_submit=wait))
        queued = await orchestrator.submit(fake_job(number=2))
        await anyio.wait_all_tasks_blocked()
        asyncio.get_running_loop().call_later(0.02, go.set)
    assert (1, JobState.CANCELLED) == ((await begun).result, (await queued).state)


async def test_waiting_has_a_limit(make_orchestrator: Make, fake_job: Any) -> None:
    """After `drain_s` the rest is detached."""
    async with make_orchestrator(on_leave="wait", drain_s=0.05) as orchestrator:
        handle = await orchestrator.submit(fake_job(number=1, on_submit=_hang))
        await anyio.wait_all_tasks_blocked()
    assert JobState.CANCELLED is (await handle).state


async def test_stop_lets_what_is_under_way_end(make_orchestrator: Make, fake_job: Any) -> None:
    """A loop over `run` ends by itself, without the rest of the inputs."""
    read = 0

    def endless() -> Iterator[Any]:
        nonlocal read
        while True:
            read += 1
            yield fake_job(number=read)

    seen = 0
    async with make_orchestrator(max_in_flight=2) as orchestrator:
        async for _ in orchestrator.run(endless()):
            seen += 1
            if seen == 5:
                orchestrator.stop()
    assert seen == read < 12


async def test_stop_ends_inputs_that_are_being_waited_for(make_orchestrator: Make, fake_job: Any) -> None:
    """An async generator that has nothing to give is closed, not waited for."""
    closed = []

    async def produce() -> AsyncIterator[Any]:
        try:
            yield fake_job(number=1)
            await asyncio.Event().wait()
        finally:
            closed.append(1)

    async with make_orchestrator() as orchestrator:
        async for _ in orchestrator.run(produce()):
            orchestrator.stop()
    assert [1] == closed


async def test_the_first_signal_stops_well(make_orchestrator: Make, fake_job: Any) -> None:
    """SIGTERM: no further inputs, what is under way ends, and the handler of before is back."""
    before = signal.getsignal(signal.SIGTERM)
    seen = 0

    def endless() -> Iterator[Any]:
        number = 0
        while True:
            number += 1
            yield fake_job(number=number)

    async with make_orchestrator(max_in_flight=2) as orchestrator, orchestrator.until_signal():
        async for _ in orchestrator.run(endless()):
            seen += 1
            if seen == 3:
                os.kill(os.getpid(), signal.SIGTERM)
                await until(lambda: orchestrator._is_stopped)
    assert 3 <= seen < 12
    assert before == signal.getsignal(signal.SIGTERM)


async def test_the_second_signal_does_not_wait(make_orchestrator: Make, fake_job: Any) -> None:
    """Jobs under way are detached at once."""
    async with make_orchestrator(drain_s=1000.0) as orchestrator, orchestrator.until_signal(signal.SIGUSR1):
        running = asyncio.create_task(anext(orchestrator.run([fake_job(on_look=_hang)])))
        await anyio.wait_all_tasks_blocked()
        os.kill(os.getpid(), signal.SIGUSR1)
        await until(lambda: orchestrator._is_stopped)
        await anyio.wait_all_tasks_blocked()
        assert not running.done()
        os.kill(os.getpid(), signal.SIGUSR1)
        assert JobState.CANCELLED is (await asyncio.wait_for(running, 10)).state


async def test_handlers_of_the_application_come_back(make_orchestrator: Make) -> None:
    """Those the loop had, be they another orchestrator's, work again after the block."""
    loop, seen = asyncio.get_running_loop(), list[str]()
    loop.add_signal_handler(signal.SIGUSR1, seen.append, "mine")
    try:
        async with make_orchestrator() as outer, outer.until_signal(signal.SIGUSR1):
            async with make_orchestrator() as inner, inner.until_signal(signal.SIGUSR1):
                pass
            os.kill(os.getpid(), signal.SIGUSR1)
            await until(lambda: outer._is_stopped)
            assert JobState.CANCELLED is (await (await outer.submit(None))).state
            assert [] == seen
        os.kill(os.getpid(), signal.SIGUSR1)
        await until(lambda: seen)
        assert ["mine"] == seen
    finally:
        loop.remove_signal_handler(signal.SIGUSR1)


async def test_what_cannot_be_caught_is_refused(make_orchestrator: Make) -> None:
    """And leaves nothing behind of those before it."""
    before = signal.getsignal(signal.SIGUSR1)
    async with make_orchestrator() as orchestrator:
        with pytest.raises(UsageError, match="cannot take"):
            async with orchestrator.until_signal(signal.SIGUSR1, signal.SIGKILL):
                pass
    assert before == signal.getsignal(signal.SIGUSR1)


async def test_signals_are_for_the_main_thread(make_orchestrator: Make) -> None:
    """Anywhere else they cannot work, and that is said."""

    async def inside() -> None:
        async with make_orchestrator() as orchestrator, orchestrator.until_signal():
            pass

    with pytest.raises(UsageError, match="main thread"):
        await asyncio.to_thread(asyncio.run, inside())


async def test_ctrl_c_twice_leaves_at_once(
    make_orchestrator: Make, fake_job: Any, other_tasks: Callable[[], set[str]]
) -> None:
    """The first cancellation waits for the jobs; the second, while waiting, does not."""

    async def work() -> None:
        async with make_orchestrator(on_leave="wait", drain_s=1000.0) as orchestrator:
            async for _ in orchestrator.run([fake_job(on_submit=_hang)]):
                pass

    task = asyncio.create_task(work())
    await anyio.wait_all_tasks_blocked()
    task.cancel()
    await _turns()
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert set() == other_tasks()


async def test_a_job_that_does_not_let_go_keeps_nobody_waiting(
    make_orchestrator: Make, fake_job: Any
) -> None:
    """Longer than `drain_s` in its own cleaning up: it is ended all the same, and has its outcome."""

    async def cling(_: JobContext) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(3600)

    async with make_orchestrator(drain_s=0.02) as orchestrator:
        handle = await orchestrator.submit(fake_job(number=1, on_submit=cling))
        await anyio.wait_all_tasks_blocked()
    assert JobState.CANCELLED is (await asyncio.wait_for(handle._wait(), 5)).state


async def test_work_that_is_over_at_once_teaches_no_nonsense() -> None:
    """Hundreds of jobs of known length that took no time at all are learned from without error."""
    durations = Durations()
    law = durations.law("conversion", has_length=True)
    for number in range(200):
        law.saw(1.0 + number, 0.0, 0.0, is_over=True)
        if law.wants_fit:
            law.fit([])
    assert 0 <= durations.expected_s("conversion", 60.0) < 3600


def test_the_poller_never_loses_its_last_call_to_rounding() -> None:
    """Thousands of pages and single looks coming and going: one call at a time is always left."""
    agenda = Agenda(PollBudget(PollPolicy(), None), random.Random(1))
    for amount in [0.05, 1.0] * 5000:
        agenda._apart += amount
    for amount in [1.0, 0.05] * 5000:
        agenda._apart -= amount
    agenda._apart -= 1e-9
    assert agenda.useful_at_once >= 1.0


def test_a_deadline_ends_the_job_that_has_it(make_orchestrator: Make, fake_job: Any) -> None:
    """Each job has its own, though one timer watches them all."""

    async def story() -> None:
        async with make_orchestrator(timeout_s=1000, clock=LoopClock()) as orchestrator:
            jobs = [fake_job(number=n, on_submit=_hang, timeout_s=10.0 * (n + 1)) for n in range(4)]
            outcomes = [one async for one in orchestrator.run([*jobs, fake_job(number=9)])]
        assert [(4, 0.0), (0, 10.0), (1, 20.0), (2, 30.0), (3, 40.0)] == [
            (one.index, one.elapsed_s) for one in outcomes
        ]
        assert all(isinstance(one.error, JobTimeout) for one in outcomes[1:])

    in_virtual_time(story())


async def test_options_are_checked(make_orchestrator: Make) -> None:
    """What cannot work is refused when the orchestrator is made."""
    for name, value in {
        "on_leave": "hope",
        "drain_s": -1,
        "settle_s": float("nan"),
        "credit_budget": -1,
        "attempts": 0,
        "transfer_bytes": 0,
        "max_queued": 0,
    }.items():
        with pytest.raises(InvalidRequest, match=name):
            make_orchestrator(**{name: value})
