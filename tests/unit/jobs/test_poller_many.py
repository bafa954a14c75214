"""Thousands of waiting jobs: work per look, fairness among kinds, a budget of calls that is too small."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from typing import Any

import pytest
from polled import Service, Work
from virtual_time import LoopClock, in_virtual_time

from audiokit.errors import ConnectionLost
from audiokit.jobs import _poll_agenda, _poll_plan
from audiokit.jobs._durations import Durations
from audiokit.jobs._poll_agenda import Agenda
from audiokit.jobs._poll_plan import PollBudget, PollPolicy
from audiokit.jobs._poll_question import Single
from audiokit.jobs._poll_waiting import Waiting
from audiokit.jobs._poller import Poller
from audiokit.services._poll import Look
from audiokit.transport._window import Priority


class Sliding:
    """At most so many calls in any span, shared with others; fails the test when it is exceeded."""

    def __init__(self, times: int, seconds: float) -> None:
        self.times = times
        self.seconds = seconds
        self.taken: deque[float] = deque()

    def take(self) -> None:
        """A call begins."""
        assert self._free() > 0, "a call beyond the limit"
        self.taken.append(asyncio.get_running_loop().time())

    def free_now(self, *, priority: Priority) -> int:
        """Calls left; a tenth is kept from polls."""
        return max(0, self._free() - (self.times // 10 if priority is Priority.POLL else 0))

    def next_free_s(self, *, priority: Priority) -> float:
        """Seconds until the oldest counts no more."""
        if self.free_now(priority=priority):
            return 0.0
        return self.taken[0] + self.seconds - asyncio.get_running_loop().time() + 1e-6

    def _free(self) -> int:
        now = asyncio.get_running_loop().time()
        while self.taken and self.taken[0] + self.seconds <= now:
            self.taken.popleft()
        return self.times - len(self.taken)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the costly parts of planning ran."""
    counts: Counter[str] = Counter()
    plan, best = _poll_agenda.Agenda.plan, _poll_plan._best

    def counting_plan(*args: Any) -> None:
        counts["plans"] += 1
        plan(*args)

    def counting_best(*args: Any) -> float:
        counts["curves"] += 1
        return best(*args)

    monkeypatch.setattr(_poll_agenda.Agenda, "plan", counting_plan)
    monkeypatch.setattr(_poll_plan, "_best", counting_best)
    return counts


def test_thousands_of_waiters_cost_a_few_steps_each(counted: Counter[str]) -> None:
    """Each is planned when it comes and when it is due; a look plans a handful; alike ones share a plan."""
    count = 6_000

    async def story() -> None:
        async def look() -> tuple[int, Look]:
            return 1, Look(state="busy", is_over=False)

        async with Poller(clock=LoopClock(), rng=random.Random(1)) as polling:
            tasks = [
                asyncio.ensure_future(polling.wait("mix", str(number), look, timeout_s=1e5))
                for number in range(count)
            ]
            for _ in range(5):
                await asyncio.sleep(0)
            assert polling.waiting == count
            assert counted["plans"] == count
            assert counted["curves"] < count / 50
            counted.clear()
            while polling.looks < 200:  # noqa: ASYNC110 - in virtual time
                await asyncio.sleep(0.1)
            assert counted["plans"] <= count + 20 * polling.looks
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert polling.waiting == 0

    in_virtual_time(story())


def test_thousands_of_jobs_of_a_list_take_few_calls(counted: Counter[str]) -> None:
    """In pages of 100 a job costs a fraction of a call, and each call plans a handful of pages."""

    async def story() -> None:
        service = Service()
        rng = random.Random(2)
        works = [service.add(f"job-{number}", rng.uniform(60, 90)) for number in range(2000)]
        listing = service.listing(100)
        late: list[float] = []
        async with Poller(clock=LoopClock(), rng=random.Random(1)) as polling:

            async def one(work: Work) -> None:
                await polling.wait("mix", work.id, service.look(work.id), listing=listing, timeout_s=3600)
                late.append((asyncio.get_running_loop().time() - work.done_at) / work.done_at)

            await asyncio.gather(*(one(work) for work in works))
        assert len(service.calls) < 0.25 * len(works)
        assert counted["plans"] <= 20 * len(service.calls)
        assert sum(late) / len(late) < 0.06

    in_virtual_time(story())


def test_only_so_many_looks_at_once() -> None:
    """However many are due, `at_once` of them are under way, and all of that many where it helps."""

    async def story() -> None:
        now = most = 0

        async def look() -> tuple[int, Look]:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(1)
            now -= 1
            return 1, Look(state="done", is_over=True)

        async with Poller(clock=LoopClock(), policy=PollPolicy(at_once=5)) as polling:
            await asyncio.gather(*(polling.wait("mix", str(n), look, timeout_s=1000) for n in range(50)))
        assert most == 5

    in_virtual_time(story())


def test_a_limit_is_never_exceeded_and_all_jobs_end() -> None:
    """300 jobs without a list under 40 calls a minute: no call too many, and every outcome is known."""

    async def story() -> None:
        limit = Sliding(40, 60.0)
        rng = random.Random(4)
        loop = asyncio.get_running_loop()
        calls = 0

        def job(number: int) -> Any:
            done_at = rng.uniform(30, 120)

            async def look() -> tuple[int, Look]:
                nonlocal calls
                calls += 1
                limit.take()
                await asyncio.sleep(0.1)
                return number, Look(state="busy", is_over=loop.time() >= done_at)

            return look

        async with Poller(clock=LoopClock(), allowance=limit, rng=random.Random(1)) as polling:
            found = await asyncio.gather(
                *(polling.wait("mix", str(n), job(n), timeout_s=1e5) for n in range(300))
            )
        assert found == list(range(300))
        assert calls < 2 * 300

    in_virtual_time(story())


def test_polls_leave_room_for_other_calls() -> None:
    """While 300 jobs are polled as hard as the limit allows, somebody else's calls never wait."""

    async def story() -> None:
        limit = Sliding(40, 60.0)
        refused = 0

        async def look() -> tuple[int, Look]:
            limit.take()
            return 1, Look(state="busy", is_over=False)

        async with Poller(clock=LoopClock(), allowance=limit, rng=random.Random(1)) as polling:
            tasks = [
                asyncio.ensure_future(polling.wait("mix", str(n), look, timeout_s=900)) for n in range(300)
            ]
            for _ in range(40):
                await asyncio.sleep(20)
                if limit.free_now(priority=Priority.CALL) > 0:
                    limit.take()
                else:
                    refused += 1
            polled = polling.looks
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert refused == 0
        assert polled > 100, "and polling goes on all the time"

    in_virtual_time(story())


async def test_a_scarce_call_goes_where_it_tells_most() -> None:
    """Of all that is due a page of likely ends comes first, and before it what a webhook told of."""
    durations = Durations()
    for _ in range(100):
        short = durations.law("short", has_length=False)
        short.saw(None, 0.0, 95.0, is_over=False)
        short.saw(None, 95.0, 105.0, is_over=True)
        durations.law("long", has_length=False).saw(None, 0.0, 1e5, is_over=False)

    def waiting(kind: str) -> Waiting:
        return Waiting(
            kind=kind,
            remote=kind,
            job=kind,
            look=Service().look(kind),
            on_look=None,
            law=durations.law(kind, has_length=False),
            length_s=None,
            now=0.0,
            timeout_s=1e9,
        )

    agenda = Agenda(PollBudget(PollPolicy(), None), random.Random(1))
    long, single, page, woken = (Single(waiting(kind)) for kind in ("long", "short", "short", "long"))
    for _ in range(50):
        page.admit(waiting("short"))
    for question in (long, single, page, woken):
        agenda.adopt(question)
    agenda.settle(0.0)
    agenda.wake(woken, 2e6)
    assert [agenda.take(2e6) for _ in range(4)] == [woken, page, single, long]
    assert agenda.take(2e6) is None


def test_kinds_share_a_tight_budget() -> None:
    """Beside 200 jobs of one kind ten of another are not starved: they are no later, for their length."""

    async def story() -> None:
        limit = Sliding(100, 60.0)
        rng = random.Random(5)
        loop = asyncio.get_running_loop()
        late: dict[str, list[float]] = {"mix": [], "speech": []}

        async with Poller(clock=LoopClock(), allowance=limit, rng=random.Random(1)) as polling:

            async def one(kind: str, number: int) -> None:
                length_s = rng.uniform(100, 200) if kind == "mix" else rng.uniform(50, 100)

                async def look() -> tuple[int, Look]:
                    limit.take()
                    return 1, Look(state="busy", is_over=loop.time() >= length_s)

                await polling.wait(kind, f"{kind} {number}", look, timeout_s=1e5)
                late[kind].append((loop.time() - length_s) / length_s)

            await asyncio.gather(
                *(one("mix", number) for number in range(200)),
                *(one("speech", number) for number in range(10)),
            )
        means = {kind: sum(values) / len(values) for kind, values in late.items()}
        assert means["speech"] < 2 * means["mix"]
        assert max(late["speech"]) < 3

    in_virtual_time(story())


def test_an_api_that_is_down_is_asked_seldom() -> None:
    """While every look fails, hundreds of jobs make a call now and then, and find out when it is back."""

    async def story() -> None:
        service = Service()
        loop = asyncio.get_running_loop()
        service.failing = lambda _: ConnectionLost("cut", operation="test") if loop.time() < 600 else None
        works = [service.add(f"job-{number}", 30.0) for number in range(200)]
        async with Poller(clock=LoopClock(), rng=random.Random(1)) as polling:
            await asyncio.gather(
                *(polling.wait("mix", one.id, service.look(one.id), timeout_s=1e5) for one in works)
            )
        failed = sum(at < 600 for at, _ in service.calls)
        assert failed < 400
        assert loop.time() < 750

    in_virtual_time(story())


def test_jobs_that_became_shorter_are_noticed() -> None:
    """After 300 jobs of 100 s the same kind takes 10 s: before long that is what is expected."""

    async def story() -> None:
        service = Service()
        loop = asyncio.get_running_loop()
        durations = Durations()
        law = durations.law("mix", has_length=False)
        for _ in range(300):
            law.saw(None, 0.0, 98.0, is_over=False)
            law.saw(None, 98.0, 102.0, is_over=True)
        late = []
        async with Poller(clock=LoopClock(), durations=durations, rng=random.Random(1)) as polling:
            for number in range(400):
                work = service.add(f"job-{number}", 10.0)
                await polling.wait("mix", work.id, service.look(work.id), timeout_s=1e5)
                late.append(loop.time() - work.done_at)
        assert late[0] > 10
        assert sum(late[-50:]) / 50 < 10

    in_virtual_time(story())
