"""The budget of retries, and the gate that lets work through again one probe at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import anyio
import attrs
import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from audiokit import ApiAccess, AudioKit, RetryPolicy
from audiokit.errors import ConnectionLost, InvalidRequest, NotFound, OutcomeUnknown, RateLimited, ServerError
from audiokit.testing import FakeClock
from audiokit.transport import Call, Retry, RetryBudget, Transport

URL = "https://gateway.example/api/x"
CALL = Call(api="respeecher", operation="respeecher.x.y", method="GET", url="/api/x", retry=Retry.SAFE)


def _upper(_: float, high: float) -> float:
    return high


def _budget(clock: FakeClock | None = None, **figures: float) -> RetryBudget:
    policy = RetryPolicy(**figures)  # type: ignore[arg-type]
    return RetryBudget(policy, clock or FakeClock(), jitter=_upper)


def _spent(clock: FakeClock | None = None, **figures: float) -> RetryBudget:
    budget = _budget(clock, **({"budget_retries": 10} | figures))
    while budget.spend():
        pass
    return budget


def _server_error() -> ServerError:
    return ServerError("down", operation="x", status=503)


class Jobs:
    """Work that goes through the gate, and stays there until it is told how to end."""

    def __init__(self, budget: RetryBudget) -> None:
        self.budget = budget
        self.inside: list[str] = []
        self.done: list[str] = []
        self.failed: list[str] = []
        self._ends: dict[str, asyncio.Future[None]] = {}

    async def work(self, name: str) -> None:
        try:
            async with self.budget.turn():
                self.inside.append(name)
                self._ends[name] = asyncio.get_running_loop().create_future()
                try:
                    await self._ends[name]
                finally:
                    self.inside.remove(name)
        except (ServerError, NotFound, RateLimited, OutcomeUnknown, ValueError):
            self.failed.append(name)
        else:
            self.done.append(name)

    def end(self, name: str, error: BaseException | None = None) -> None:
        if error is None:
            self._ends[name].set_result(None)
        else:
            self._ends[name].set_exception(error)


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_budget_is_spent_after_so_many_retries() -> None:
    """The tenth retry of ten is made, the eleventh is not."""
    budget = _budget(budget_retries=10)
    assert [True] * 9 == [budget.spend() for _ in range(9)]
    assert (False, 1.0) == (budget.is_spent, budget.left)
    assert (True, True) == (budget.spend(), budget.is_spent)
    assert (False, 0.0) == (budget.spend(), budget.left)
    assert "<RetryBudget spent, 0 of 10 left>" == repr(budget)


def test_success_gives_back_a_little_and_a_retry_that_helped_all_of_it() -> None:
    """Single failures cost nothing in the long run; five successes pay for a retry by default."""
    budget = _budget(budget_retries=10)
    budget.spend()
    budget.earn(after_retry=True)
    assert 10.0 == budget.left
    budget.spend()
    budget.earn(after_retry=False)
    assert pytest.approx(9.2) == budget.left


def test_budget_never_grows_beyond_its_size() -> None:
    """A quiet week saves nothing up for a storm."""
    budget = _budget(budget_retries=10)
    for _ in range(1000):
        budget.earn(after_retry=False)
    assert 10.0 == budget.left


def test_spent_budget_opens_when_a_tenth_is_back() -> None:
    """One success is not yet a reason to begin again; a tenth of the budget is."""
    budget = _spent(budget_retries=100)
    for _ in range(49):
        budget.earn(after_retry=False)
        assert budget.is_spent
    budget.earn(after_retry=False)
    budget.earn(after_retry=False)
    assert (False, True) == (budget.is_spent, budget.spend())


def test_budget_can_be_switched_off() -> None:
    """Without a budget only `attempts` limits retries."""
    budget = RetryBudget(RetryPolicy(budget_retries=None), FakeClock())
    assert all(budget.spend() for _ in range(10_000))
    assert not budget.is_spent


@pytest.mark.parametrize("value", [0, -1, 1.5, True])
def test_budget_is_a_whole_number(value: object) -> None:
    """What makes no sense is refused, with field and value."""
    with pytest.raises(InvalidRequest, match="budget_retries must be a whole number of 1 or more"):
        RetryPolicy(budget_retries=value)  # type: ignore[arg-type]


@given(st.lists(st.sampled_from(["spend", "first", "again"]), max_size=300), st.integers(1, 30))
def test_retries_never_exceed_what_successes_paid_for(steps: list[str], size: int) -> None:
    """At any moment: retries <= budget + refunds of all successes so far."""
    budget = _budget(budget_retries=size, budget_refund=0.2)
    made = 0
    paid = float(size)
    for step in steps:
        if step == "spend":
            made += budget.spend()
        else:
            budget.earn(after_retry=step == "again")
            paid += 1.0 if step == "again" else 0.2
        assert made <= paid + 1e-9
        assert 0 <= budget.left <= size


async def test_gate_lets_everybody_through_while_there_is_a_budget() -> None:
    """Nobody waits, and the clock does not move."""
    clock = FakeClock()
    jobs = Jobs(_budget(clock))
    async with anyio.create_task_group() as tasks:
        for name in "abc":
            tasks.start_soon(jobs.work, name)
        await _settle()
        assert list("abc") == jobs.inside
        for name in "abc":
            jobs.end(name)
    assert (list("abc"), []) == (jobs.done, clock.slept)


async def test_spent_gate_lets_one_probe_through_and_its_success_opens_it() -> None:
    """One at a time, after a pause; then all others at once, without a pause."""
    clock = FakeClock()
    jobs = Jobs(_spent(clock))
    async with anyio.create_task_group() as tasks:
        for name in "abcd":
            tasks.start_soon(jobs.work, name)
        await _settle()
        assert (["a"], [1.0]) == (jobs.inside, clock.slept)
        jobs.end("a")
        await _settle()
        assert (["b", "c", "d"], [1.0]) == (jobs.inside, clock.slept)
        assert not jobs.budget.is_spent
        for name in "bcd":
            jobs.end(name)
    assert list("abcd") == jobs.done


async def test_probe_that_opens_the_gate_brings_back_a_tenth_of_the_budget() -> None:
    """Enough for retries to begin again, without starting from full."""
    budget = _spent(budget_retries=50)
    async with budget.turn():
        pass
    assert (False, 5.0) == (budget.is_spent, budget.left)


@pytest.mark.parametrize(
    "error",
    [
        ServerError("down", operation="x", status=503),
        RateLimited("no", operation="x", status=429),
        OutcomeUnknown("cut", operation="x"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_failed_probes_come_one_by_one_after_doubled_pauses(error: Exception) -> None:
    """Those who wait take turns; pauses double up to their cap; nobody is failed but the probe itself."""
    clock = FakeClock()
    jobs = Jobs(_spent(clock, probe_s=2.0, probe_cap_s=10.0))
    async with anyio.create_task_group() as tasks:
        for name in "abcde":
            tasks.start_soon(jobs.work, name)
        for name in "abcd":
            await _settle()
            assert [name] == jobs.inside
            jobs.end(name, error)
        await _settle()
        assert (["e"], [2.0, 4.0, 8.0, 10.0, 10.0]) == (jobs.inside, clock.slept)
        jobs.end("e")
    assert (list("abcd"), ["e"]) == (jobs.failed, jobs.done)


async def test_next_outage_begins_with_a_short_pause_again() -> None:
    """A gate that was opened forgets how long the last outage was."""
    clock = FakeClock()
    budget = _spent(clock)
    with pytest.raises(ServerError):
        async with budget.turn():
            raise _server_error()
    async with budget.turn():
        pass
    while budget.spend():
        pass
    async with budget.turn():
        pass
    assert [1.0, 2.0, 1.0] == clock.slept


async def test_refusal_of_what_the_probe_asked_opens_the_gate() -> None:
    """A 404 is the caller's business, and shows that the API answers."""
    budget = _spent()
    with pytest.raises(NotFound):
        async with budget.turn():
            raise NotFound("no such", operation="x", status=404)
    assert not budget.is_spent


async def test_probe_that_asked_nothing_leaves_its_turn_to_the_next() -> None:
    """A mistake before the call proves nothing: no longer pause, and the gate stays closed."""
    clock = FakeClock()
    jobs = Jobs(_spent(clock))
    async with anyio.create_task_group() as tasks:
        for name in "ab":
            tasks.start_soon(jobs.work, name)
        await _settle()
        jobs.end("a", ValueError("a slip"))
        await _settle()
        assert (["b"], [1.0, 1.0], True) == (jobs.inside, clock.slept, jobs.budget.is_spent)
        jobs.end("b")


async def test_cancelled_probe_leaves_its_turn_to_the_next() -> None:
    """Cancelling the one in the gate, or the one who pauses before it, blocks nobody."""
    clock = FakeClock()
    jobs = Jobs(_spent(clock))
    first = asyncio.create_task(jobs.work("a"))
    second = asyncio.create_task(jobs.work("b"))
    await _settle()
    assert ["a"] == jobs.inside
    first.cancel()
    await _settle()
    assert ["b"] == jobs.inside
    jobs.end("b")
    await second
    with pytest.raises(asyncio.CancelledError):
        await first


class HoldingClock(FakeClock):
    """A clock whose sleepers wait until the test lets them go."""

    def __init__(self) -> None:
        super().__init__()
        self.held = anyio.Event()

    async def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        await self.held.wait()


async def test_success_of_another_call_ends_the_pause() -> None:
    """When ordinary calls show that the API is back, nobody goes on pausing."""
    clock = HoldingClock()
    jobs = Jobs(_spent(clock, budget_retries=10))
    async with anyio.create_task_group() as tasks:
        for name in "ab":
            tasks.start_soon(jobs.work, name)
        await _settle()
        assert ([], [1.0]) == (jobs.inside, clock.slept)
        for _ in range(5):
            jobs.budget.earn(after_retry=False)
        await _settle()
        assert ["a", "b"] == sorted(jobs.inside)
        for name in "ab":
            jobs.end(name)


async def test_cancelling_who_pauses_hands_the_pause_on() -> None:
    """The next in line pauses instead, and everybody gets through in the end."""
    clock = HoldingClock()
    jobs = Jobs(_spent(clock))
    tasks = [asyncio.create_task(jobs.work(name)) for name in "abc"]
    await _settle()
    tasks[0].cancel()
    await _settle()
    assert ([], [1.0, 1.0]) == (jobs.inside, clock.slept)
    clock.held.set()
    await _settle()
    assert ["b"] == jobs.inside
    jobs.end("b")
    await _settle()
    jobs.end("c")
    await asyncio.wait(tasks)
    assert ["b", "c"] == jobs.done


async def test_old_probe_does_not_let_a_second_one_in() -> None:
    """A probe that outlives its outage has no say in the next one, unless it brings a success."""
    clock = FakeClock()
    jobs = Jobs(_spent(clock, budget_retries=10))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(jobs.work, "old")
        await _settle()
        for _ in range(5):
            jobs.budget.earn(after_retry=False)
        while jobs.budget.spend():
            pass
        for name in "ab":
            tasks.start_soon(jobs.work, name)
        await _settle()
        assert ["old", "a"] == jobs.inside
        jobs.end("old", _server_error())
        await _settle()
        assert ["a"] == jobs.inside
        jobs.end("a")
        await _settle()
        jobs.end("b")
    assert ["a", "b"] == jobs.done


# Over a transport.


async def test_server_that_is_down_is_soon_asked_once_per_call(
    access: dict[str, ApiAccess], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """With a budget of 10 a hundred failing calls are 110 requests and not 400; each has its own answer."""
    route = respx_mock.get(URL).respond(503)
    async with Transport(access, clock=clock, retry=RetryPolicy(budget_retries=10)) as transport:
        statuses = {(await transport.fetch(CALL)).status for _ in range(100)}
        assert transport.budget("respeecher").is_spent
    assert ({503}, 110) == (statuses, route.call_count)


async def test_spent_budget_brings_the_error_of_the_call_itself(
    access: dict[str, ApiAccess], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """There is no new kind of failure: a cut stays a cut, after one attempt."""
    respx_mock.get(URL).mock(side_effect=httpx.ReadError("cut"))
    async with Transport(access, clock=clock, retry=RetryPolicy(budget_retries=3)) as transport:
        with pytest.raises(ConnectionLost):
            await transport.fetch(CALL)
        with pytest.raises(ConnectionLost, match="in 1 attempt ") as caught:
            await transport.fetch(CALL)
    assert 1 == caught.value.attempts


async def test_successes_bring_retries_back(
    access: dict[str, ApiAccess], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """A server that is up again is soon treated as before; a 404 shows that it is up, too."""
    route = respx_mock.get(URL).respond(503)
    async with Transport(access, clock=clock, retry=RetryPolicy(budget_retries=5)) as transport:
        for _ in range(9):
            await transport.fetch(CALL)
        respx_mock.get(URL).respond(404)
        for _ in range(5):
            await transport.fetch(CALL)
        assert not transport.budget("respeecher").is_spent
        before = route.call_count
        respx_mock.get(URL).respond(503)
        await transport.fetch(CALL)
    assert before + 2 == route.call_count


async def test_server_that_always_cuts_its_answers_spends_the_budget(
    access: dict[str, ApiAccess], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """A head is no success: only a whole answer gives back."""

    class Cut(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{"
            raise httpx.ReadError("cut")

    respx_mock.get(URL).mock(side_effect=lambda _: httpx.Response(200, stream=Cut()))
    async with Transport(access, clock=clock, retry=RetryPolicy(budget_retries=5)) as transport:
        for _ in range(2):
            with pytest.raises(ConnectionLost):
                await transport.fetch(CALL)
        assert transport.budget("respeecher").is_spent


async def test_apis_and_file_hosts_have_budgets_of_their_own(
    access: dict[str, ApiAccess], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """A file host that is down does not pause the API, nor one API another."""
    respx_mock.get("https://files.example/take.wav").respond(503)
    safe = attrs.evolve(CALL, url="https://files.example/take.wav?s=1")
    async with Transport(access, clock=clock, retry=RetryPolicy(budget_retries=3)) as transport:
        for _ in range(2):
            await transport.fetch(safe)
        assert not transport.budget("respeecher").is_spent
        assert not transport.budget("apiaudio").is_spent
        assert transport.budget("respeecher") is transport.budget("respeecher")


async def test_submits_behind_the_gate_survive_an_outage(
    make_kit: Callable[..., AudioKit], respx_mock: respx.MockRouter
) -> None:
    """What an orchestrator does: submits that fail wait for a turn, and none of them is lost."""
    down = True
    asked = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(503) if down else httpx.Response(200, json={"credits": {"left": 1}})

    respx_mock.get("https://gateway.example/api/credits").mock(side_effect=answer)
    done = 0
    async with make_kit(retry=RetryPolicy(budget_retries=10)) as kit:
        budget = kit._transport.budget("respeecher")
        asked_while_spent = 0

        async def submit() -> None:
            nonlocal done, down, asked_while_spent
            while True:
                try:
                    async with budget.turn():
                        asked_while_spent += budget.is_spent
                        if asked_while_spent == 8:
                            down = False  # the server is mended while all wait
                        await kit._transport.fetch(
                            Call(api="respeecher", operation="x", method="GET", url="/api/credits")
                        )
                        if down:
                            raise _server_error()
                    done += 1
                except ServerError:
                    continue
                else:
                    return

        while budget.spend():
            pass
        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(submit)
    assert (50, 8) == (done, asked_while_spent)
    assert 57 == asked
