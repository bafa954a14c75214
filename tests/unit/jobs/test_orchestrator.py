"""Many jobs at once: every one has its outcome, none hurts another, nothing outlives the block."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import pytest

from audiokit.errors import InvalidRequest, JobFailed, JobTimeout, UsageError
from audiokit.jobs import JobContext, JobState, Orchestrator
from audiokit.testing import FakeClock

Make = Callable[..., Orchestrator]


async def _all(outcomes: Any) -> list[Any]:
    return [outcome async for outcome in outcomes]


def _raising(error: Exception) -> Callable[[JobContext], Any]:
    async def step(_: JobContext) -> None:
        raise error

    return step


async def test_one_job_where_several_are_taken_is_told(make_orchestrator: Make, fake_job: Any) -> None:
    """The message names the way for one."""
    async with make_orchestrator() as orchestrator:
        with pytest.raises(InvalidRequest, match=r"several jobs, e.g. a list; hand in one with `submit`"):
            await anext(orchestrator.run(fake_job(number=1)))


async def test_every_job_has_an_outcome(make_orchestrator: Make, fake_job: Any) -> None:
    """Result, files, place among the inputs and the job itself come back."""
    jobs = [fake_job(number=n) for n in range(5)]
    async with make_orchestrator() as orchestrator:
        outcomes = sorted(await _all(orchestrator.run(jobs)), key=lambda one: one.index)
    assert [(n, JobState.DONE, n, job) for n, job in enumerate(jobs)] == [
        (one.index, one.state, one.result, one.job) for one in outcomes
    ]
    assert "remote-3.wav" == str(outcomes[3].path)
    assert all(one.error is None for one in outcomes)


async def test_outcomes_come_as_jobs_finish(make_orchestrator: Make, fake_job: Any) -> None:
    """A slow job does not hold back a quick one that was given later."""
    go = asyncio.Event()

    async def wait(_: JobContext) -> None:
        await go.wait()

    seen = []
    async with make_orchestrator() as orchestrator:
        async for outcome in orchestrator.run([fake_job(number=0, on_submit=wait), fake_job(number=1)]):
            seen.append(outcome.index)
            go.set()
    assert [1, 0] == seen


@pytest.mark.parametrize("stage", ["prepare", "submit", "look", "collect"])
async def test_failing_job_hurts_no_other(stage: str, make_orchestrator: Make, fake_job: Any) -> None:
    """The failure is that job's outcome: the stage by name, the reason as its cause."""
    bad = fake_job(number=1, **{f"on_{stage}": _raising(LookupError("no luck"))})
    async with make_orchestrator() as orchestrator:
        outcomes = sorted(
            await _all(orchestrator.run([fake_job(number=0), bad, fake_job(number=2)])),
            key=lambda one: one.index,
        )
    assert [JobState.DONE, JobState.FAILED, JobState.DONE] == [one.state for one in outcomes]
    error = outcomes[1].error
    named = "poll" if stage == "look" else stage
    assert isinstance(error, JobFailed)
    assert (named, f"fake job #1 failed in stage {named!r}: no luck") == (error.stage, str(error))
    assert isinstance(error.__cause__, LookupError)
    with pytest.raises(JobFailed, match="no luck"):
        outcomes[1].raise_for_error()
    outcomes[0].raise_for_error()


async def test_failed_job_is_logged_without_its_reason(
    make_orchestrator: Make, fake_job: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names job and stage; the reason may hold what a log should not."""
    caplog.set_level(logging.DEBUG, logger="audiokit")
    async with make_orchestrator() as orchestrator:
        await _all(orchestrator.run([fake_job(on_submit=_raising(ValueError("SECRET")))]))
    assert ["fake job #0 failed in stage submit"] == [record.getMessage() for record in caplog.records]


async def test_input_that_is_no_job_hurts_no_other(make_orchestrator: Make, fake_job: Any) -> None:
    """A slip in the inputs fails by itself, named by its place."""
    inputs: Any = [fake_job(number=0), "oops", fake_job(number=2)]
    async with make_orchestrator() as orchestrator:
        outcomes = await _all(orchestrator.run(inputs))
    assert [0, 1, 2] == sorted(one.index for one in outcomes)


async def test_job_that_meets_a_cancelled_future_hurts_no_other(
    make_orchestrator: Make, fake_job: Any
) -> None:
    """Somebody else's cancelled task inside a job is that job's failure."""

    async def await_cancelled(_: JobContext) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    jobs = [fake_job(number=0, on_submit=await_cancelled), fake_job(number=1), fake_job(number=2)]
    async with make_orchestrator() as orchestrator:
        assert 3 == len(await _all(orchestrator.run(jobs)))


async def test_inputs_are_read_only_when_a_worker_is_free(make_orchestrator: Make, fake_job: Any) -> None:
    """An endless generator is read no further than what is under way and waiting to be taken."""
    read = 0

    def endless() -> Iterator[Any]:
        nonlocal read
        while True:
            read += 1
            yield fake_job(number=read)

    async with make_orchestrator(max_in_flight=3) as orchestrator:
        outcomes: Any = orchestrator.run(endless())
        await anext(outcomes)
        await anyio.wait_all_tasks_blocked()
        assert read <= 1 + 3 + 3
        await outcomes.aclose()


@pytest.mark.parametrize("kind", ["list", "generator", "async generator"])
async def test_any_iterable_of_jobs_will_do(kind: str, make_orchestrator: Make, fake_job: Any) -> None:
    """Lists, generators and async generators are read alike."""

    async def produce() -> AsyncIterator[Any]:
        for number in range(4):
            await asyncio.sleep(0)
            yield fake_job(number=number)

    jobs: Any = {
        "list": lambda: [fake_job(number=n) for n in range(4)],
        "generator": lambda: (fake_job(number=n) for n in range(4)),
        "async generator": produce,
    }[kind]()
    async with make_orchestrator() as orchestrator:
        assert [0, 1, 2, 3] == sorted(one.result for one in await _all(orchestrator.run(jobs)))


async def test_no_inputs_give_no_outcomes(make_orchestrator: Make) -> None:
    """An empty list ends at once."""
    async with make_orchestrator() as orchestrator:
        assert [] == await _all(orchestrator.run([]))


@pytest.mark.parametrize("limit", [1, 3, 50])
async def test_no_more_jobs_are_in_flight_than_allowed(
    limit: int, make_orchestrator: Make, fake_job: Any
) -> None:
    """The limit is reached and held."""
    live = most = 0

    async def work(_: JobContext) -> None:
        nonlocal live, most
        live += 1
        most = max(most, live)
        for _turn in range(8 * limit):  # long enough for as many to begin as may
            await asyncio.sleep(0)
        live -= 1

    async with make_orchestrator(max_in_flight=limit) as orchestrator:
        await _all(orchestrator.run(fake_job(number=n, on_submit=work) for n in range(limit * 4)))
    assert limit == most


@pytest.mark.parametrize(("name", "attribute"), [("max_transfers", "transfer"), ("max_submits", "submit")])
async def test_transfers_and_submits_have_limits_of_their_own(
    name: str, attribute: str, make_orchestrator: Make, fake_job: Any
) -> None:
    """Jobs that hold the context's semaphore are no more than the limit."""
    live = most = 0

    async def work(context: JobContext) -> None:
        nonlocal live, most
        async with getattr(context, attribute):
            live += 1
            most = max(most, live)
            await asyncio.sleep(0)
            live -= 1

    async with make_orchestrator(**{name: 2}) as orchestrator:
        await _all(orchestrator.run(fake_job(number=n, on_prepare=work) for n in range(20)))
    assert 2 == most


@pytest.mark.parametrize("name", ["max_in_flight", "max_transfers", "max_submits"])
def test_limit_below_one_is_refused(name: str, make_orchestrator: Make) -> None:
    """A limit that lets nothing through would hang."""
    with pytest.raises(InvalidRequest, match=f"{name} must be a whole number of 1 or more, got 0"):
        make_orchestrator(**{name: 0})


async def test_deadline_names_job_state_and_seconds(
    make_orchestrator: Make, fake_job: Any, clock: FakeClock
) -> None:
    """A job that does not end says which it is, how it stood and for how long."""
    async with make_orchestrator(timeout_s=30.0) as orchestrator:
        [outcome] = await _all(orchestrator.run([fake_job(looks=10**9)]))
    error = outcome.error
    assert isinstance(error, JobTimeout)
    assert ("fake job #0", "busy", 30.0, "poll") == (
        error.job,
        error.last_state,
        error.elapsed_s,
        error.stage,
    )
    assert "fake job #0 was not finished after 30.0 s, last state 'busy'" in str(error)


async def test_job_may_set_its_own_deadline(make_orchestrator: Make, fake_job: Any) -> None:
    """A stage that hangs is ended by the job's own limit, and named."""

    async def hang(_: JobContext) -> None:
        await asyncio.Event().wait()

    async with make_orchestrator(timeout_s=1000) as orchestrator:
        [outcome] = await _all(orchestrator.run([fake_job(on_prepare=hang, timeout_s=0.02)]))
    error = outcome.error
    assert isinstance(error, JobTimeout)
    assert ("prepare", None) == (error.stage, error.remote_id)
    assert "stage 'prepare'" in str(error)


async def test_leaving_the_loop_stops_reading(
    make_orchestrator: Make, fake_job: Any, other_tasks: Callable[[], set[str]]
) -> None:
    """After a `break` no further job is started, and the orchestrator can run again."""
    read = 0

    def endless() -> Iterator[Any]:
        nonlocal read
        while True:
            read += 1
            yield fake_job(number=read)

    async with make_orchestrator(max_in_flight=2) as orchestrator:
        async for _ in orchestrator.run(endless()):
            break
        for _turn in range(20):
            await asyncio.sleep(0)
        stopped_at = read
        for _turn in range(20):
            await asyncio.sleep(0)
        assert stopped_at == read
        assert {"audiokit orchestrator"} == other_tasks()
        assert [7] == [one.result for one in await _all(orchestrator.run([fake_job(number=7)]))]


@pytest.mark.parametrize("kind", ["plain", "async"])
async def test_error_of_the_inputs_comes_after_the_outcomes(
    kind: str, make_orchestrator: Make, fake_job: Any
) -> None:
    """What reading the inputs raises reaches the loop, once the jobs read before have ended."""

    def broken() -> Iterator[Any]:
        yield fake_job(number=0)
        yield fake_job(number=1)
        raise ZeroDivisionError("inputs")

    async def broken_async() -> AsyncIterator[Any]:
        for job in broken():
            yield job

    seen: list[Any] = []
    async with make_orchestrator() as orchestrator:
        with pytest.raises(ZeroDivisionError, match="inputs"):  # noqa: PT012 - the loop is what raises
            async for outcome in orchestrator.run(broken() if kind == "plain" else broken_async()):
                seen.append(outcome.result)  # noqa: PERF401 - kept although the loop raises
    assert [0, 1] == sorted(seen)


async def test_error_of_the_body_leaves_unwrapped(make_orchestrator: Make, fake_job: Any) -> None:
    """No exception group around the caller's own error, even with jobs under way."""

    async def hang(_: JobContext) -> None:
        await asyncio.Event().wait()

    with pytest.raises(KeyError, match="mine"):  # noqa: PT012 - the block is what is tested
        async with make_orchestrator() as orchestrator:
            jobs = [fake_job(number=0), fake_job(number=1, on_look=hang)]
            async for _ in orchestrator.run(jobs):
                raise KeyError("mine")


async def test_entering_and_leaving_may_happen_in_different_tasks(
    make_orchestrator: Make, fake_job: Any, other_tasks: Callable[[], set[str]]
) -> None:
    """Fixtures and containers open in one task and close in another."""
    orchestrator = make_orchestrator()
    await asyncio.create_task(orchestrator.__aenter__())
    assert [3] == [one.result for one in await _all(orchestrator.run([fake_job(number=3)]))]
    await asyncio.create_task(orchestrator.__aexit__(None, None, None))
    assert set() == other_tasks()


async def test_nothing_outlives_the_block(
    make_orchestrator: Make, fake_job: Any, other_tasks: Callable[[], set[str]]
) -> None:
    """Leaving stops workers that are still busy and waits for them to end."""
    ended = []

    async def hang(_: JobContext) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    before = other_tasks()
    async with make_orchestrator(max_in_flight=4) as orchestrator:
        outcomes = orchestrator.run(fake_job(number=n, on_look=hang) for n in range(9))
        waiting = asyncio.create_task(anext(outcomes, None))
        await anyio.wait_all_tasks_blocked()
    assert 4 == len(ended)
    with contextlib.suppress(Exception):
        await waiting
    assert before == other_tasks()


async def test_closing_under_a_running_loop_is_told(make_orchestrator: Make, fake_job: Any) -> None:
    """A loop that did not get its outcomes does not end as if it had."""

    async def hang(_: JobContext) -> None:
        await asyncio.Event().wait()

    orchestrator = make_orchestrator()
    await orchestrator.__aenter__()
    reading = asyncio.create_task(_all(orchestrator.run([fake_job(on_look=hang)])))
    await anyio.wait_all_tasks_blocked()
    await orchestrator.__aexit__(None, None, None)
    with pytest.raises(Exception):  # noqa: B017, PT011 - which one is for the orchestrator to say
        await reading


async def test_cancelled_opening_leaves_no_task(
    make_orchestrator: Make, other_tasks: Callable[[], set[str]]
) -> None:
    """An `async with` that never got inside leaves nothing running."""
    with anyio.move_on_after(0):
        async with make_orchestrator():
            pass
    for _ in range(5):
        await asyncio.sleep(0)
    try:
        assert set() == other_tasks()
    finally:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)


async def test_cancelled_caller_stops_everything(
    make_orchestrator: Make, fake_job: Any, other_tasks: Callable[[], set[str]]
) -> None:
    """Cancelling the task around the block cancels the jobs and stays a cancellation."""

    async def hang(_: JobContext) -> None:
        await asyncio.Event().wait()

    async def work() -> None:
        async with make_orchestrator() as orchestrator:
            await _all(orchestrator.run(fake_job(number=n, on_look=hang) for n in range(5)))

    task = asyncio.create_task(work())
    await anyio.wait_all_tasks_blocked()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert set() == other_tasks()


async def test_deadline_around_the_block_wins(
    make_orchestrator: Make, fake_job: Any, other_tasks: Callable[[], set[str]]
) -> None:
    """An outer `fail_after` ends the loop as its own `TimeoutError`."""

    async def hang(_: JobContext) -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError) as caught, anyio.fail_after(0.02):
        async with make_orchestrator() as orchestrator:
            await _all(orchestrator.run([fake_job(on_look=hang)]))
    assert not isinstance(caught.value, JobTimeout)
    assert set() == other_tasks()


async def test_slow_reader_loses_nothing(make_orchestrator: Make, fake_job: Any) -> None:
    """Outcomes wait for their reader."""
    seen = []
    async with make_orchestrator(max_in_flight=1) as orchestrator:
        async for outcome in orchestrator.run(fake_job(number=n) for n in range(6)):
            await anyio.wait_all_tasks_blocked()
            seen.append(outcome.index)
    assert [0, 1, 2, 3, 4, 5] == sorted(seen)


async def test_two_runs_share_one_orchestrator(make_orchestrator: Make, fake_job: Any) -> None:
    """Runs at the same time do not mix their outcomes."""
    async with make_orchestrator(max_in_flight=3) as orchestrator:
        first, second = await asyncio.gather(
            _all(orchestrator.run(fake_job(number=n) for n in range(10))),
            _all(orchestrator.run(fake_job(number=n + 100) for n in range(10))),
        )
    assert list(range(10)) == sorted(one.result for one in first)
    assert list(range(100, 110)) == sorted(one.result for one in second)


async def test_limit_holds_for_all_runs_together(make_orchestrator: Make, fake_job: Any) -> None:
    """`max_in_flight` is said of the orchestrator, however many loops read from it."""
    live = most = 0

    async def work(_: JobContext) -> None:
        nonlocal live, most
        live += 1
        most = max(most, live)
        for _turn in range(5):
            await asyncio.sleep(0)
        live -= 1

    async with make_orchestrator(max_in_flight=2) as orchestrator:
        await asyncio.gather(
            *(_all(orchestrator.run(fake_job(number=n, on_submit=work) for n in range(6))) for _ in range(2))
        )
    assert 2 == most


async def test_use_before_and_after_the_block_is_told(make_orchestrator: Make) -> None:
    """A closed orchestrator says so, and is opened only once."""
    orchestrator = make_orchestrator()
    assert "<Orchestrator not opened, at most 50 jobs in flight>" == repr(orchestrator)
    with pytest.raises(UsageError, match="not open: use it inside"):
        await anext(orchestrator.run([]))
    async with orchestrator:
        assert "<Orchestrator open, at most 50 jobs in flight>" == repr(orchestrator)
    with pytest.raises(UsageError, match="not open"):
        await anext(orchestrator.run([]))
    with pytest.raises(UsageError, match="opened only once"):
        await orchestrator.__aenter__()
    assert "<Orchestrator closed, at most 50 jobs in flight>" == repr(orchestrator)


async def test_two_thousand_jobs_are_no_burden(make_orchestrator: Make, fake_job: Any) -> None:
    """Every one of many jobs has its outcome; what is kept does not grow with them."""
    async with make_orchestrator(max_in_flight=50) as orchestrator:
        seen = [one.index async for one in orchestrator.run(fake_job(number=n) for n in range(2000))]
    assert list(range(2000)) == sorted(seen)


async def test_elapsed_time_is_the_clocks(make_orchestrator: Make, fake_job: Any, clock: FakeClock) -> None:
    """An outcome says how long its job took, in seconds."""

    async def take(_: JobContext) -> None:
        clock.advance(2.5)

    async with make_orchestrator() as orchestrator:
        [outcome] = await _all(orchestrator.run([fake_job(on_submit=take)]))
    assert 2.5 == outcome.elapsed_s


async def test_leaving_closes_the_inputs(make_orchestrator: Make, fake_job: Any) -> None:
    """An async generator of inputs, with a database cursor say, has ended when the block has."""
    closed = []

    async def produce() -> AsyncIterator[Any]:
        try:
            for number in range(1000):
                yield fake_job(number=number)
        finally:
            closed.append(1)

    inputs = produce()
    async with make_orchestrator(max_in_flight=2) as orchestrator:
        async for _ in orchestrator.run(inputs):
            break
    assert [1] == closed
