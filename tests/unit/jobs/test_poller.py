"""Waiting for single jobs: ends, errors, deadlines, webhooks, cancellation."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest
from polled import Service
from virtual_time import LoopClock, in_virtual_time

from audiokit.errors import (
    AuthenticationError,
    ConnectionLost,
    InvalidRequest,
    JobTimeout,
    NotFound,
    RateLimited,
    RemoteFailure,
    RemoteLost,
    ServerError,
    UsageError,
)
from audiokit.jobs._durations import Law
from audiokit.jobs._poll_patience import Patience
from audiokit.jobs._poll_question import Question
from audiokit.jobs._poller import Poller
from audiokit.services._poll import Look
from audiokit.testing import FakeClock


def poller(**options: Any) -> Poller:
    """A poller in virtual time."""
    return Poller(clock=LoopClock(), rng=random.Random(1), **options)


def status(number: int, **facts: Any) -> Exception:
    """The error of an answer."""
    kind = {401: AuthenticationError, 404: NotFound, 429: RateLimited, 500: ServerError}[number]
    return kind(f"answer {number}", operation="test", status=number, **facts)


def failing(*errors: Exception) -> Callable[[str], Exception | None]:
    """Fail the first calls with these."""
    left = list(errors)
    return lambda _: left.pop(0) if left else None


def test_a_job_that_ends_is_known_within_a_fraction_of_its_length() -> None:
    """The result of the last look is given, and no look follows it."""

    async def story() -> None:
        service = Service()
        work = service.add("a", 60.0)
        async with poller() as polling:
            assert await polling.wait("speech", "a", service.look("a"), timeout_s=600) is work
            late = asyncio.get_running_loop().time() - work.done_at
            assert 0 <= late <= 0.25 * 60
            calls = len(service.calls)
            await asyncio.sleep(600)
            assert len(service.calls) == calls <= 40
            assert polling.waiting == 0

    in_virtual_time(story())


async def test_a_clock_that_does_not_wait_is_enough() -> None:
    """The clock of `audiokit.testing` drives a poller to the end of its job."""
    clock = FakeClock()

    async def look() -> tuple[str, Look]:
        return "a", Look(state="busy", is_over=clock.monotonic() >= 30)

    async with Poller(clock=clock) as polling:
        assert await polling.wait("speech", "a", look, timeout_s=600) == "a"
    assert 30 <= clock.monotonic() < 45


async def test_a_clock_that_does_not_wait_reaches_the_deadline() -> None:
    """With the clock of `audiokit.testing` a job that never ends is given up in no time."""
    clock = FakeClock()

    async def look() -> tuple[str, Look]:
        return "a", Look(state="busy", is_over=False)

    async with Poller(clock=clock) as polling:
        with pytest.raises(
            JobTimeout, match=r"speech a \(a\) was not finished after 60\.\d s, last state 'busy'"
        ):
            await polling.wait("speech", "a", look, timeout_s=60)


def test_a_deadline_names_job_state_and_seconds() -> None:
    """The error of a job that is given up carries what a caller needs to resume, after a last look."""

    async def story() -> None:
        service = Service()
        service.add("a", 1e6)
        async with poller() as polling:
            with pytest.raises(JobTimeout) as caught:
                await polling.wait("speech", "a", service.look("a"), timeout_s=100, job="speech job #3")
        assert "speech job #3 (a) was not finished after 100.0 s, last state 'processing'" in str(
            caught.value
        )
        assert caught.value.remote_id == "a"
        assert caught.value.last_state == "processing"
        assert caught.value.elapsed_s == pytest.approx(100.0, abs=0.2)
        assert 98 < service.calls[-1][0] < 100

    in_virtual_time(story())


def test_a_hanging_look_does_not_outlast_the_deadline() -> None:
    """A job is given up in time also when its look never comes back."""

    async def story() -> None:
        async with poller() as polling:
            with pytest.raises(JobTimeout, match="last state None"):
                await polling.wait("speech", "a", asyncio.Event().wait, timeout_s=20)  # type: ignore[arg-type]
            assert asyncio.get_running_loop().time() == pytest.approx(20, abs=0.1)

    in_virtual_time(story())


@pytest.mark.parametrize(
    "error",
    [status(500), status(429), ConnectionLost("cut", operation="test"), TimeoutError()],
    ids=["500", "429", "cut", "slow"],
)
def test_what_may_heal_is_waited_out(error: Exception) -> None:
    """Failures of server and network only cost time."""

    async def story() -> None:
        service = Service(failing=failing(*[error] * 6))
        service.add("a", 5.0)
        async with poller() as polling:
            assert (await polling.wait("speech", "a", service.look("a"), timeout_s=600)).id == "a"
        gaps = [after - before for (before, _), (after, _) in pairwise(service.calls)]
        assert gaps[4] > 4 * gaps[0], "each failure in a row makes it more patient"

    in_virtual_time(story())


def test_only_failures_in_a_row_make_a_page_hopeless() -> None:
    """A page that is answered between its failures is asked for again; one that never is, is given up."""
    patience, page = Patience(random.Random(1)), Question()
    for _ in range(3):
        assert all(patience.is_temporary(page, status(500), 0.0) for _ in range(7))
        patience.answered(page)
    assert all(patience.is_temporary(page, status(500), 0.0) for _ in range(7))
    assert not patience.is_temporary(page, status(500), 0.0)


def test_what_never_heals_ends_at_the_deadline() -> None:
    """A server that fails for ever costs a few looks, and the job is given up in time."""

    async def story() -> None:
        service = Service(failing=lambda _: status(500))
        service.add("a", 5.0)
        async with poller() as polling:
            with pytest.raises(JobTimeout):
                await polling.wait("speech", "a", service.look("a"), timeout_s=600)
        assert len(service.calls) < 30
        assert asyncio.get_running_loop().time() == pytest.approx(600, abs=1)

    in_virtual_time(story())


def test_retry_after_of_an_error_is_kept() -> None:
    """When the API names a time, no look comes before it."""

    async def story() -> None:
        service = Service(failing=failing(status(500, retry_after=40.0)))
        service.add("a", 5.0)
        async with poller() as polling:
            await polling.wait("speech", "a", service.look("a"), timeout_s=600)
        first, second = (at for at, _ in service.calls[:2])
        assert second >= first + 40

    in_virtual_time(story())


def test_retry_after_of_a_look_is_kept() -> None:
    """What an unfinished job's answer asks for holds for that job."""

    async def story() -> None:
        service = Service(retry_after=7.0)
        service.add("a", 30.0)
        async with poller() as polling:
            await polling.wait("speech", "a", service.look("a"), timeout_s=600)
        times = [at for at, _ in service.calls]
        assert all(after - before >= 7.0 for before, after in pairwise(times))

    in_virtual_time(story())


def test_a_refusal_for_too_many_calls_holds_for_all() -> None:
    """After a 429 with Retry-After no job is looked at before its time."""

    async def story() -> None:
        service = Service(failing=failing(status(429, retry_after=50.0)))
        for number in range(20):
            service.add(str(number), 20.0)
        async with poller() as polling:
            waits = [polling.wait("speech", str(n), service.look(str(n)), timeout_s=600) for n in range(20)]
            await asyncio.gather(*waits)
        refused_at = service.calls[0][0] + 0.1
        assert not [at for at, _ in service.calls if refused_at < at < refused_at + 50]

    in_virtual_time(story())


def test_a_job_the_api_has_forgotten_is_lost() -> None:
    """A 404 fails that job with its own error, which names the id, and nobody else."""

    async def story() -> None:
        service = Service(failing=lambda what: status(404) if what == "look a" else None)
        service.add("a", 20.0)
        service.add("b", 20.0)
        async with poller() as polling:
            waits = [polling.wait("speech", name, service.look(name), timeout_s=600) for name in "ab"]
            lost, found = await asyncio.gather(*waits, return_exceptions=True)
        assert isinstance(lost, RemoteLost)
        assert isinstance(lost.__cause__, NotFound)
        assert lost.remote_id == "a"
        assert "speech a (a) is not known to the API any more" in str(lost)
        assert found.id == "b"

    in_virtual_time(story())


@pytest.mark.parametrize(
    "error", [status(401), RemoteFailure("no", operation="test", status=200), KeyError("x")]
)
def test_other_errors_go_to_the_job_concerned(error: Exception) -> None:
    """What waiting cannot heal is raised as it is, once, where that job is waited for."""

    async def story() -> None:
        service = Service(failing=lambda what: error if what == "look a" else None)
        service.add("a", 20.0)
        service.add("b", 20.0)
        async with poller() as polling:
            waits = [polling.wait("speech", name, service.look(name), timeout_s=600) for name in "ab"]
            failed, found = await asyncio.gather(*waits, return_exceptions=True)
        assert failed is error
        assert found.id == "b"
        assert service.asked.count("look a") == 1

    in_virtual_time(story())


def test_a_callback_that_raises_hurts_its_own_job_only() -> None:
    """`on_look` belongs to the caller, and so do its errors."""

    async def story() -> None:
        service = Service()
        service.add("a", 20.0)
        service.add("b", 20.0)

        def bad(_: Look) -> None:
            raise ZeroDivisionError

        seen: list[str] = []
        async with poller() as polling:
            failed, found = await asyncio.gather(
                polling.wait("speech", "a", service.look("a"), timeout_s=600, on_look=bad),
                polling.wait(
                    "speech", "b", service.look("b"), timeout_s=600, on_look=lambda x: seen.append(x.state)
                ),
                return_exceptions=True,
            )
        assert isinstance(failed, ZeroDivisionError)
        assert found.id == "b"
        assert seen[-1] == "done"
        assert seen.count("processing") == len(seen) - 1

    in_virtual_time(story())


def test_a_webhook_wakes_its_job() -> None:
    """After `wake` the look comes at once, not when it was planned."""

    async def story() -> None:
        service = Service()
        service.add("a", 1000.0)
        loop = asyncio.get_running_loop()
        async with poller() as polling:
            waiting = asyncio.ensure_future(polling.wait("speech", "a", service.look("a"), timeout_s=6000))
            await asyncio.sleep(900)
            service.works[0].done_at = loop.time()
            assert polling.wake("a")
            await waiting
            assert loop.time() == pytest.approx(900.1, abs=0.05)
            assert not polling.wake("a"), "nobody waits any more"

    in_virtual_time(story())


def test_a_webhook_during_a_look_is_not_lost() -> None:
    """A look that was under way when the webhook came may have been too early, so another follows."""

    async def story() -> None:
        service = Service()
        work = service.add("a", 1e6)
        loop = asyncio.get_running_loop()
        async with poller() as polling:
            waiting = asyncio.ensure_future(polling.wait("speech", "a", service.look("a"), timeout_s=1e5))
            while not service.calls:  # noqa: ASYNC110 - in virtual time
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            assert polling.wake("a")
            await asyncio.sleep(0.06)  # the look came back: still running
            work.done_at = loop.time()
            await waiting
        assert len(service.calls) == 2
        assert service.calls[1][0] == pytest.approx(service.calls[0][0] + 0.1, abs=0.02)

    in_virtual_time(story())


def test_cancelling_one_waiter_hurts_nobody() -> None:
    """The others of the same work and of other work get their results; the cancelled one is forgotten."""

    async def story() -> None:
        service = Service()
        service.add("a", 30.0)
        service.add("b", 30.0)
        async with poller() as polling:
            tasks = [
                asyncio.ensure_future(polling.wait("speech", name, service.look(name), timeout_s=600))
                for name in ("a", "a", "b")
            ]
            await asyncio.sleep(5)
            tasks[0].cancel()
            with pytest.raises(asyncio.CancelledError):
                await tasks[0]
            assert polling.waiting == 2
            assert [one.id for one in await asyncio.gather(*tasks[1:])] == ["a", "b"]

    in_virtual_time(story())


def test_no_looks_without_waiters() -> None:
    """When the last waiter is cancelled, looking ends."""

    async def story() -> None:
        service = Service()
        service.add("a", 1e6)
        async with poller() as polling:
            task = asyncio.ensure_future(polling.wait("speech", "a", service.look("a"), timeout_s=1e6))
            await asyncio.sleep(50)
            task.cancel()
            calls = len(service.calls)
            await asyncio.sleep(1000)
            assert len(service.calls) == calls

    in_virtual_time(story())


async def test_closing_leaves_a_look_that_does_not_let_go(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Some seconds after it was cancelled; the log says so, and who waits has what it brings in the end."""
    monkeypatch.setattr("audiokit.jobs._poller._CLOSE_S", 0.01)
    looking, may_end = asyncio.Event(), asyncio.Event()

    async def cling() -> tuple[str, Look]:
        looking.set()
        while not may_end.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await may_end.wait()
        return "brought", Look(state="done", is_over=True)

    polling = Poller(clock=FakeClock())
    await polling.__aenter__()
    waiting = asyncio.create_task(polling.wait("work", "w-1", cling, timeout_s=1000.0))
    await looking.wait()
    await asyncio.wait_for(polling.aclose(), 5)
    assert "has not ended after 0.01 s, and is left" in caplog.text
    may_end.set()
    assert "brought" == await asyncio.wait_for(waiting, 5)


def test_closing_ends_all_waits() -> None:
    """Whoever still waits hears that the poller was closed and that the work goes on; no task is left."""

    async def story() -> None:
        service = Service()
        service.add("a", 1e6)
        async with poller() as polling:
            task = asyncio.ensure_future(polling.wait("speech", "a", service.look("a"), timeout_s=1e6))
            await asyncio.sleep(50)
        with pytest.raises(
            UsageError, match=r"closed while speech a \(a\) was waited for; it goes on remotely"
        ):
            await task

    in_virtual_time(story())


def test_use_outside_of_its_block_is_refused() -> None:
    """Waiting before opening and after closing, opening twice, and a senseless timeout have clear errors."""

    async def story() -> None:
        service = Service()
        service.add("a", 1.0)
        polling = poller()
        with pytest.raises(UsageError, match="not open"):
            await polling.wait("speech", "a", service.look("a"), timeout_s=1)
        async with polling:
            with pytest.raises(UsageError, match="only once"):
                await polling.__aenter__()
            with pytest.raises(InvalidRequest, match="timeout_s must be a number of seconds above 0, got 0"):
                await polling.wait("speech", "a", service.look("a"), timeout_s=0)
        with pytest.raises(UsageError, match="not open"):
            await polling.wait("speech", "a", service.look("a"), timeout_s=1)
        assert "closed" in repr(polling)

    in_virtual_time(story())


def test_a_look_that_gives_no_look_fails_its_job() -> None:
    """A kind that breaks the protocol gets an error instead of a silent poller."""

    async def story() -> None:
        async def look() -> Any:
            return "a", None

        async with poller() as polling:
            with pytest.raises(UsageError, match="a look at speech a gave no Look"):
                await polling.wait("speech", "a", look, timeout_s=60)

    in_virtual_time(story())


def test_lengths_are_fitted_with_the_jobs_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is learned of the influence of lengths takes in the jobs of that kind that still run."""
    seen: list[list[tuple[float, float]]] = []
    fit = Law.fit

    def watched(law: Law, running: Iterable[tuple[float, float]]) -> None:
        seen.append(list(running))
        fit(law, seen[-1])

    monkeypatch.setattr(Law, "fit", watched)

    async def story() -> None:
        service = Service()
        for number in range(20):
            service.add(str(number), 20.0 if number < 10 else 200.0)
        async with poller() as polling:
            await asyncio.gather(
                polling.wait("other", "0", service.look("0"), length_s=7.0, timeout_s=600),
                *(
                    polling.wait("mix", str(n), service.look(str(n)), length_s=100.0 + n, timeout_s=600)
                    for n in range(1, 20)
                ),
            )

    in_virtual_time(story())
    assert {length_s for length_s, _ in seen[0]} >= {110.0 + n for n in range(10)}
    assert all(0 <= age_s < 60 for _, age_s in seen[0])
    assert 7.0 not in {length_s for length_s, _ in seen[0]}
