"""Limits on calls over time: never more than so many in any span; shared, fair, learning from 429."""

from __future__ import annotations

import asyncio
import gc
import heapq
import math
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import attrs
import httpx
import pytest
import respx
from virtual_time import LoopClock, in_virtual_time

from audiokit import ApiAccess, ApiKey, AudioKit, Limits, Login, Rate, RateLimits, RetryPolicy
from audiokit._config import DEFAULT_BASE_URLS, RateClass
from audiokit.errors import CallTimeout, ConnectionFailed, InvalidRequest, UsageError
from audiokit.services import all_endpoints
from audiokit.testing import FakeClock
from audiokit.transport import Call, Network, Priority, RateLimiter, Retry, Transport, _transport
from audiokit.transport._rate import PROCESS, NoPlaceInTime, Place, Windows, _Waiter, limiters
from audiokit.transport._window import Window

URL = "https://gateway.example/api/x"
FAST = ("respeecher", RateClass.FAST)
CALL = Call(api="respeecher", operation="respeecher.x.y", method="GET", url="/api/x", retry=Retry.SAFE)


def _limiter(clock: FakeClock, times: int = 3, seconds: float = 10.0) -> RateLimiter:
    return RateLimiter(
        Window(Rate(times=times, seconds=seconds), clock.monotonic), clock, clock.monotonic, "x"
    )


def _limits(times: int = 3, seconds: float = 10.0, **others: object) -> Limits:
    return Limits(rates=RateLimits(respeecher_fast=Rate(times=times, seconds=seconds), **others))  # type: ignore[arg-type]


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class VirtualClock(FakeClock):
    """A clock that stands still until `run`, which wakes sleepers in the order of their times."""

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    async def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        entry = (self.monotonic() + seconds, len(self.slept), asyncio.get_running_loop().create_future())
        heapq.heappush(self._sleepers, entry)
        await entry[2]

    async def run(self, until_s: float = math.inf) -> None:
        """Let time pass until nobody sleeps any more, or so far."""
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= until_s:
            moment, _, sleeper = heapq.heappop(self._sleepers)
            if not sleeper.done():
                self.advance(max(0.0, moment - self.monotonic()))
                sleeper.set_result(None)
            await _settle()


class Callers:
    """Calls that wait for a place and note when they got one."""

    def __init__(self, limiter: RateLimiter, clock: FakeClock) -> None:
        self.limiter = limiter
        self.clock = clock
        self.begun: list[tuple[str, float]] = []

    async def call(self, name: str, priority: Priority = Priority.CALL) -> None:
        place = await self.limiter.acquire(priority=priority)
        self.begun.append((name, self.clock.monotonic()))
        place.answered(was_refused=False, retry_after=None)


async def test_so_many_begin_at_once_and_the_next_when_the_first_has_left_the_window() -> None:
    """Three in any ten seconds: the fourth begins ten seconds after the first was answered."""
    clock = FakeClock(100.0)
    callers = Callers(_limiter(clock), clock)
    for name in "ab":
        await callers.call(name)
    clock.advance(4.0)
    for name in "cde":
        await callers.call(name)
    await callers.call("f")
    assert [
        ("a", 100.0),
        ("b", 100.0),
        ("c", 104.0),
        ("d", 110.0),
        ("e", 110.0),
        ("f", 114.0),
    ] == callers.begun


async def test_call_counts_until_a_window_after_its_answer() -> None:
    """The server may have counted it at any moment until then, so a slow answer keeps its place longer."""
    clock = FakeClock()
    limiter = _limiter(clock, times=1)
    place = await limiter.acquire()
    clock.advance(7.0)
    assert (0, 10.0) == (limiter.free_now(), limiter.next_free_s())
    place.answered(was_refused=False, retry_after=None)
    clock.advance(9.9)
    assert 0 == limiter.free_now()
    clock.advance(0.1)
    assert (1, 0.0) == (limiter.free_now(), limiter.next_free_s())


async def test_call_that_was_not_sent_does_not_count() -> None:
    """A connection that was never made gives its place to the next, at once."""
    clock = FakeClock()
    limiter = _limiter(clock, times=1)
    place = await limiter.acquire()
    waiting = asyncio.create_task(limiter.acquire())
    place.unused()
    second = await waiting
    second.lost()
    assert 0 == limiter.free_now()


async def test_first_come_first_served() -> None:
    """However many wait, they begin in the sequence they came."""
    clock = FakeClock()
    callers = Callers(_limiter(clock, times=2), clock)
    names = [str(number) for number in range(11)]
    async with anyio.create_task_group() as tasks:
        for name in names:
            tasks.start_soon(callers.call, name)
            await asyncio.sleep(0)
    assert names == [name for name, _ in callers.begun]
    assert [0.0, 10.0, 20.0, 30.0, 40.0, 50.0] == sorted({begun for _, begun in callers.begun})


async def test_calls_go_before_polls() -> None:
    """A submit that comes later than many polls is the next to begin."""
    clock = VirtualClock()
    callers = Callers(_limiter(clock, times=1), clock)
    await callers.call("first")
    polls = [f"poll {number}" for number in range(5)]
    async with anyio.create_task_group() as tasks:
        for name in polls:
            tasks.start_soon(callers.call, name, Priority.POLL)
        await clock.run(until_s=5.0)
        tasks.start_soon(callers.call, "submit")
        await clock.run()
    assert [("first", 0.0), ("submit", 10.0), ("poll 0", 20.0)] == callers.begun[:3]
    assert polls == [name for name, _ in callers.begun[2:]]


async def test_polls_leave_a_tenth_for_calls() -> None:
    """A flood of polls never fills the window, so a submit finds a place at once."""
    clock = FakeClock()
    limiter = _limiter(clock, times=20)
    assert (20, 18) == (limiter.free_now(), limiter.free_now(priority=Priority.POLL))
    for _ in range(18):
        (await limiter.acquire(priority=Priority.POLL)).lost()
    assert (2, 0) == (limiter.free_now(), limiter.free_now(priority=Priority.POLL))
    assert (0.0, 10.0) == (limiter.next_free_s(), limiter.next_free_s(priority=Priority.POLL))
    with pytest.raises(NoPlaceInTime):
        await limiter.acquire(priority=Priority.POLL, within_s=9.9)
    await limiter.acquire(within_s=0.0)


async def test_polls_never_starve() -> None:
    """When calls alone would fill every window, still one place in ten goes to a poll that waits."""
    clock = VirtualClock()
    callers = Callers(_limiter(clock, times=5), clock)
    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(callers.call, f"poll {number}", Priority.POLL)
        for number in range(100):
            tasks.start_soon(callers.call, f"call {number}")
        await clock.run()
    # All came at once and the polls first: five of these got what was free. Then one goes after nine calls.
    assert [0.0] * 5 + [20.0, 40.0, 60.0] == [begun for name, begun in callers.begun if name[:4] == "poll"]


async def test_call_does_not_sleep_as_long_as_the_poll_before_it() -> None:
    """A poll in the queue waits for more room than a call does; that does not hold up the call."""
    clock = VirtualClock()
    callers = Callers(_limiter(clock, times=10), clock)
    for _ in range(10):
        await callers.call("early")
        clock.advance(0.5)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(callers.call, "poll", Priority.POLL)
        await clock.run(until_s=6.0)
        tasks.start_soon(callers.call, "call")
        await clock.run()
    # The first of the ten leaves the window at 10 s. A poll leaves a tenth free, so it needs three to leave.
    assert [("call", 10.0), ("poll", 11.0)] == callers.begun[10:]


async def test_waiting_that_would_take_too_long_is_not_begun() -> None:
    """Who has less time than the wait learns it at once, and keeps nobody's place."""
    clock = FakeClock()
    limiter = _limiter(clock, times=1)
    (await limiter.acquire()).lost()
    with pytest.raises(NoPlaceInTime) as caught:
        await limiter.acquire(within_s=9.0)
    assert (10.0, []) == (caught.value.wait_s, clock.slept)
    assert 10.0 == limiter.next_free_s()


async def test_wait_is_told_with_those_ahead() -> None:
    """Two per window and four waiting: the next would begin in the third window from now."""
    clock = VirtualClock()
    limiter = _limiter(clock, times=2)
    for _ in range(2):
        (await limiter.acquire()).lost()
    waiting = [asyncio.create_task(limiter.acquire()) for _ in range(4)]
    await clock.run(until_s=0.0)
    assert (0, 30.0) == (limiter.free_now(), limiter.next_free_s())
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert 10.0 == limiter.next_free_s()


@pytest.mark.parametrize("who", ["keeper", "other", "both"])
async def test_cancelling_who_waits_leaves_nothing_behind(who: str) -> None:
    """Those behind move up, whoever of them sleeps on behalf of all; every place is free in the end."""
    clock = VirtualClock()
    callers = Callers(_limiter(clock, times=1), clock)
    await callers.call("first")
    tasks = [asyncio.create_task(callers.call(name)) for name in "abc"]
    await _settle()
    for index in {"keeper": [0], "other": [1], "both": [0, 1]}[who]:
        tasks[index].cancel()
    await clock.run()
    await asyncio.wait(tasks)
    left = [name for name, task in zip("abc", tasks, strict=True) if not task.cancelled()]
    assert ["first", *left] == [name for name, _ in callers.begun]
    clock.advance(10.0)
    assert 1 == callers.limiter.free_now()


async def test_place_given_to_somebody_who_was_just_cancelled_goes_on() -> None:
    """A place granted in the moment of the cancellation is not lost."""
    clock = FakeClock()
    limiter = _limiter(clock, times=1)
    place = await limiter.acquire()
    first, second = asyncio.create_task(limiter.acquire()), asyncio.create_task(limiter.acquire())
    await asyncio.sleep(0)
    place.unused()  # grants it to the first
    first.cancel()
    (await second).unused()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert 1 == limiter.free_now()


async def test_refusal_narrows_once_for_calls_that_were_under_way_together() -> None:
    """Fifty 429s of one volley are one piece of news."""
    clock = FakeClock()
    limiter = _limiter(clock, times=100)
    volley = [await limiter.acquire() for _ in range(50)]
    clock.advance(0.1)
    for place in volley:
        place.answered(was_refused=True, retry_after=None)
    assert 70 == limiter.width
    clock.advance(0.1)
    (await limiter.acquire()).answered(was_refused=True, retry_after=None)
    assert 49 == limiter.width
    assert "x: 100 in any 10 s, 49 after refusals" == str(limiter)


async def test_narrowing_leaves_at_least_one() -> None:
    """However often the server refuses, somebody may ask again."""
    clock = FakeClock()
    limiter = _limiter(clock)
    for _ in range(20):
        (await limiter.acquire()).answered(was_refused=True, retry_after=None)
        clock.advance(1.0)
    assert 1 == limiter.width


async def test_successes_widen_slowly_up_to_the_rate() -> None:
    """A window full of successes wins back a tenth."""
    clock = FakeClock()
    limiter = _limiter(clock, times=100)
    (await limiter.acquire()).answered(was_refused=True, retry_after=None)
    for _ in range(100):
        (await limiter.acquire()).answered(was_refused=False, retry_after=None)
    assert 80 == limiter.width
    for _ in range(500):
        (await limiter.acquire()).answered(was_refused=False, retry_after=None)
    assert 100 == limiter.width


async def test_retry_after_holds_for_the_whole_class() -> None:
    """The others do not run into the same wall one by one."""
    clock = FakeClock()
    callers = Callers(_limiter(clock, times=100), clock)
    (await callers.limiter.acquire()).answered(was_refused=True, retry_after=4.0)
    assert (0, 4.0) == (callers.limiter.free_now(), callers.limiter.next_free_s())
    await callers.call("next")
    assert [("next", 4.0)] == callers.begun


async def test_retry_after_closes_a_class_for_one_window_at_most() -> None:
    """After a window nothing of ours is in the way any more, so one call may ask whether that is so."""
    clock = FakeClock()
    limiter = _limiter(clock)
    (await limiter.acquire()).answered(was_refused=True, retry_after=1e20)
    assert 10.0 == limiter.next_free_s()


# Shared in the process.


def _access(key: str = "k-SECRET", base_url: str = "https://gateway.example") -> ApiAccess:
    return ApiAccess(base_url=base_url, credentials=ApiKey(key))


RATE = Rate(times=2, seconds=10.0)


async def test_clients_with_one_key_share_one_window() -> None:
    """Two clients of one account are one to the server."""
    clock = FakeClock()
    windows = Windows(clock.monotonic)
    one = windows.limiter(_access(), "respeecher_fast", RATE, clock)
    two = windows.limiter(_access(), "respeecher_fast", RATE, clock)
    for limiter in (one, two):
        (await limiter.acquire()).lost()
    assert (0, 0) == (one.free_now(), two.free_now())


@pytest.mark.parametrize(
    ("access", "name"),
    [
        (_access(key="other"), "respeecher_fast"),
        (_access(base_url="http://127.0.0.1:8900/respeecher"), "respeecher_fast"),
        (_access(), "respeecher_slow"),
        (
            attrs.evolve(_access(), credentials=Login(email="a@example.com", password="k-SECRET")),
            "respeecher_fast",
        ),
    ],
    ids=["key", "address", "class", "login"],
)
async def test_what_the_server_counts_apart_is_counted_apart(access: ApiAccess, name: str) -> None:
    """Another account, server or class of calls has a window of its own."""
    clock = FakeClock()
    windows = Windows(clock.monotonic)
    one = windows.limiter(_access(), "respeecher_fast", RATE, clock)
    for _ in range(2):
        (await one.acquire()).lost()
    assert 2 == windows.limiter(access, name, RATE, clock).free_now()


async def test_stricter_of_two_settings_holds_for_both() -> None:
    """A client that may do more than another of the same account does not use up the other's share."""
    clock = FakeClock()
    windows = Windows(clock.monotonic)
    wide = windows.limiter(_access(), "x", Rate(times=100, seconds=10.0), clock)
    narrow = windows.limiter(_access(), "x", Rate(times=4, seconds=5.0), clock)
    assert (4, 4) == (wide.free_now(), narrow.free_now())
    assert "4 in any 10 s" in str(wide)


async def test_window_outlives_its_clients_as_long_as_it_matters() -> None:
    """Closing a client and making a new one does not start the count anew; later it is forgotten."""
    clock = FakeClock()
    windows = Windows(clock.monotonic)
    (await windows.limiter(_access(), "x", RATE, clock).acquire()).lost()
    gc.collect()
    assert 1 == windows.limiter(_access(), "x", RATE, clock).free_now()
    gc.collect()
    clock.advance(10.0)
    windows.limiter(_access(key="other"), "x", RATE, clock)
    assert "<Windows of 1 limits>" == repr(windows)


async def test_window_of_a_living_client_is_kept() -> None:
    """A client that was quiet for long is still counted with a new one of the same account."""
    clock = FakeClock()
    windows = Windows(clock.monotonic)
    quiet = windows.limiter(_access(), "x", RATE, clock)
    clock.advance(100.0)
    windows.limiter(_access(key="other"), "x", RATE, clock)
    again = windows.limiter(_access(), "x", RATE, clock)
    (await quiet.acquire()).lost()
    assert 1 == again.free_now()


async def test_forked_process_counts_for_itself() -> None:
    """What a child does begins at nothing, whatever its parent was in the middle of."""
    clock = FakeClock()
    windows = Windows(clock.monotonic)
    limiter = windows.limiter(_access(), "x", RATE, clock)
    (await limiter.acquire()).lost()
    with windows._lock:
        windows.forget()
        assert 2 == windows.limiter(_access(), "x", RATE, clock).free_now()


def test_threads_with_their_own_loops_share_one_window() -> None:
    """Four loops in four threads stay within three in any 0.2 s, together, in real time."""
    seconds, times, calls = 0.2, 3, 4
    windows = Windows(time.monotonic)
    begun: list[float] = []
    failed: list[Exception] = []

    async def one_loop() -> None:
        class Real:
            def monotonic(self) -> float:
                return time.monotonic()

            async def sleep(self, wait_s: float, /) -> None:
                await asyncio.sleep(wait_s)

        limiter = windows.limiter(_access(), "x", Rate(times=times, seconds=seconds), Real())

        async def call() -> None:
            place = await limiter.acquire()
            begun.append(time.monotonic())
            place.answered(was_refused=False, retry_after=None)

        await asyncio.gather(*(call() for _ in range(calls)))

    def run() -> None:
        try:
            asyncio.run(one_loop())
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    assert ([], 4 * calls) == (failed, len(begun))
    begun.sort()
    spans = [later - first for first, later in zip(begun, begun[times:], strict=False)]
    # A caller notes its time a little after its place was counted, so the clock of the test is finer.
    assert min(spans) >= seconds - 0.02


async def test_place_of_a_loop_that_is_closed_goes_to_the_next() -> None:
    """A thread that died with its loop holds up nobody."""
    clock = FakeClock()
    window = Window(Rate(times=1, seconds=10.0), clock.monotonic)
    limiter = RateLimiter(window, clock, clock.monotonic, "x")
    dead = asyncio.new_event_loop()
    place = await limiter.acquire()
    window.enter(_Waiter(Priority.CALL, dead), within_s=math.inf)
    dead.close()
    waiting = asyncio.create_task(limiter.acquire())
    await asyncio.sleep(0)
    place.unused()
    (await waiting).unused()
    assert (1, []) == (limiter.free_now(), clock.slept[1:])


# Settings.


def test_defaults_are_the_published_figures_at_the_vendors_own_hosts_only() -> None:
    """500 fast and 100 slow calls in any 300 s; an emulator or proxy is not slowed down unasked."""
    clock = FakeClock()
    windows = Windows(clock.monotonic)
    vendors = {
        api: ApiAccess(base_url=url, credentials=ApiKey("k")) for api, url in DEFAULT_BASE_URLS.items()
    }
    found = limiters(Limits().rates, vendors, clock, windows)
    assert {
        FAST: "respeecher, fast calls: 500 in any 300 s",
        ("respeecher", RateClass.SLOW): "respeecher, slow calls: 100 in any 300 s",
    } == {key: str(limiter) for key, limiter in found.items()}
    local = {"respeecher": _access(base_url="http://127.0.0.1:8900/respeecher")}
    assert {} == limiters(Limits().rates, local, clock, windows)


def test_limits_that_are_given_hold_everywhere() -> None:
    """Who names limits means them, whatever the address."""
    windows = Windows(FakeClock().monotonic)
    found = limiters(RateLimits(), {"respeecher": _access()}, FakeClock(), windows)
    assert {FAST, ("respeecher", RateClass.SLOW)} == set(found)


def test_limits_can_be_switched_off_and_need_credentials() -> None:
    """None is none, and an API without a key makes no calls to count."""
    windows = Windows(FakeClock().monotonic)
    assert {} == limiters(None, {"respeecher": _access()}, FakeClock(), windows)
    nobody = {"respeecher": ApiAccess(base_url="https://gateway.example")}
    assert {} == limiters(RateLimits(), nobody, FakeClock(), windows)


def test_other_apis_have_one_limit_for_all_their_calls() -> None:
    """None by default; one that is given counts every call that is no file."""
    windows = Windows(FakeClock().monotonic)
    rates = RateLimits(apiaudio=Rate(times=7, seconds=1.0), respeecher_fast=None, respeecher_slow=None)
    found = limiters(rates, {"apiaudio": _access(), "respeecher": _access()}, FakeClock(), windows)
    assert {("apiaudio", RateClass.FAST), ("apiaudio", RateClass.SLOW)} == set(found)
    assert found["apiaudio", RateClass.FAST]._window is found["apiaudio", RateClass.SLOW]._window


def test_share_is_this_process_part() -> None:
    """Four workers at a quarter each stay within the whole."""
    rates = RateLimits(share=1 / 4)
    assert ("respeecher_fast", Rate(times=125, seconds=300.0)) == rates.of("respeecher", RateClass.FAST)
    assert ("respeecher_slow", Rate(times=25, seconds=300.0)) == rates.of("respeecher", RateClass.SLOW)
    assert None is rates.of("respeecher", RateClass.FREE)


@pytest.mark.parametrize(
    ("share", "allowed"), [(0, "above 0"), (1.5, "at most 1"), (0.001, "at least 1/100")]
)
def test_share_that_makes_no_sense_is_refused(share: float, allowed: str) -> None:
    """The message names the value and what is allowed."""
    with pytest.raises(InvalidRequest, match=f"share must be .*{allowed}.*got {share}"):
        RateLimits(share=share)


@pytest.mark.parametrize(
    "figures", [{"times": 0, "seconds": 1}, {"times": 1.5, "seconds": 1}, {"times": 1, "seconds": 0}]
)
def test_rate_that_makes_no_sense_is_refused(figures: dict[str, float]) -> None:
    """A rate has a whole number of calls and a span above zero."""
    with pytest.raises(InvalidRequest):
        Rate(**figures)  # type: ignore[arg-type]


def test_nothing_printable_has_the_key() -> None:
    """Windows are told apart by account without knowing the secret."""
    windows = Windows(FakeClock().monotonic)
    limiter = windows.limiter(_access(), "respeecher_fast", RATE, FakeClock())
    seen = repr(windows) + repr(limiter) + repr(vars(windows)) + repr(vars(limiter)) + repr(PROCESS)
    assert "SECRET" not in seen


def test_slow_calls_are_those_that_make_the_vendor_work() -> None:
    """Uploads, speech from text, calibrations and orders, old ways included; recordings' files are free."""
    classes = {one.name: one.rate_class for one in all_endpoints() if one.api == "respeecher"}
    assert {
        "respeecher.calibrations.create",
        "respeecher.orders.create",
        "respeecher.orders.retry",
        "respeecher.recordings.conversion_order_v1",
        "respeecher.recordings.conversion_redo",
        "respeecher.recordings.create_tts",
        "respeecher.recordings.create_tts_v1",
        "respeecher.recordings.upload",
    } == {name for name, kind in classes.items() if kind is RateClass.SLOW}
    assert ["respeecher.recordings.download"] == [
        name for name, kind in classes.items() if kind is RateClass.FREE
    ]


# Over a transport.


async def test_calls_wait_for_their_place(
    access: dict[str, ApiAccess], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """The fourth request of three in ten seconds leaves when ten seconds are over."""
    respx_mock.get(URL).respond(200)
    async with Transport(access, clock=clock, limits=_limits()) as transport:
        for _ in range(4):
            await transport.fetch(CALL)
    assert [10.0] == clock.slept


async def test_every_attempt_takes_a_place(
    access: dict[str, ApiAccess], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """A retry is a request like any other to the server's count."""
    respx_mock.get(URL).mock(side_effect=[httpx.Response(500), httpx.Response(500), httpx.Response(200)])
    async with Transport(access, clock=clock, limits=_limits()) as transport:
        limiter = transport.limiter("respeecher", RateClass.FAST)
        assert limiter is not None
        await transport.fetch(CALL)
        assert 0 == limiter.free_now()


@pytest.mark.parametrize(
    ("failure", "counted"), [(httpx.ConnectError("refused"), 0), (httpx.ReadError("cut"), 1)]
)
async def test_only_what_may_have_arrived_counts(
    failure: Exception,
    counted: int,
    access: dict[str, ApiAccess],
    clock: FakeClock,
    respx_mock: respx.MockRouter,
) -> None:
    """A refused connection leaves the window as it was; a cut counts."""
    respx_mock.get(URL).mock(side_effect=[failure, httpx.Response(200)])
    async with Transport(access, clock=clock, limits=_limits()) as transport:
        limiter = transport.limiter("respeecher", RateClass.FAST)
        assert limiter is not None
        await transport.fetch(CALL)
        assert 3 - 1 - counted == limiter.free_now()


async def test_mistakes_of_the_caller_do_not_count(access: dict[str, ApiAccess], clock: FakeClock) -> None:
    """A URL that is none, or a client that is closed, sends nothing."""
    transport = Transport(access, clock=clock, limits=_limits())
    limiter = transport.limiter("respeecher", RateClass.FAST)
    assert limiter is not None
    async with transport:
        with pytest.raises(ConnectionFailed):
            await transport.fetch(attrs.evolve(CALL, url="/\x00"))
    with pytest.raises(UsageError):
        await transport.fetch(CALL)
    assert 3 == limiter.free_now()


async def test_cancelled_request_counts(
    access: dict[str, ApiAccess], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """It may have arrived, so it keeps its place for a window, and not longer."""
    begun = asyncio.Event()

    async def never(_: httpx.Request) -> httpx.Response:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    respx_mock.get(URL).mock(side_effect=never)
    async with Transport(access, clock=clock, limits=_limits()) as transport:
        limiter = transport.limiter("respeecher", RateClass.FAST)
        assert limiter is not None
        task = asyncio.create_task(transport.fetch(CALL))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert 2 == limiter.free_now()
        clock.advance(10.0)
        assert 3 == limiter.free_now()


async def test_files_and_other_hosts_do_not_count(
    access: dict[str, ApiAccess], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """Downloads are not among the calls the vendor limits, and a file host is somebody else."""
    respx_mock.get(url__startswith="https://").respond(200)
    async with Transport(access, clock=clock, limits=_limits(times=1)) as transport:
        for _ in range(3):
            await transport.fetch(attrs.evolve(CALL, rate_class=RateClass.FREE))
            await transport.fetch(attrs.evolve(CALL, url="https://files.example/x?signature=1"))
    assert [] == clock.slept


async def test_refused_call_slows_the_others(
    access: dict[str, ApiAccess], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """A 429 with Retry-After closes the class for all, so one request finds the wall and not each."""
    route = respx_mock.get(URL).mock(
        side_effect=[httpx.Response(429, headers={"retry-after": "5"}), *[httpx.Response(200)] * 5]
    )
    limits = _limits(times=100)
    async with Transport(access, clock=clock, limits=limits, retry=RetryPolicy(attempts=1)) as transport:
        await transport.fetch(CALL)
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(transport.fetch, CALL)
        limiter = transport.limiter("respeecher", RateClass.FAST)
        assert limiter is not None
        assert 70 == limiter.width
    assert 6 == route.call_count
    assert 5.0 <= clock.monotonic() < 5.1


async def test_wait_beyond_the_deadline_names_the_rate_limit(
    access: dict[str, ApiAccess], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """The error comes at once, says why, and when there would be room."""
    respx_mock.get(URL).respond(200)
    async with Transport(access, clock=clock, limits=_limits()) as transport:
        for _ in range(3):
            await transport.fetch(CALL)
        with pytest.raises(
            CallTimeout,
            match=r"within 4 s \(0 attempts\) because of the rate limit "
            r"\(respeecher, fast calls: 3 in any 10 s\), which has no room for 10 s; raise `timeout`",
        ) as caught:
            await transport.fetch(attrs.evolve(CALL, timeout_s=4))
    error = caught.value
    assert (0, False, 10.0) == (error.attempts, error.maybe_sent, error.retry_after)
    assert "the rate limit (respeecher, fast calls: 3 in any 10 s)" == error.waiting_for
    assert [] == clock.slept


def test_deadline_that_passes_in_the_queue_names_the_rate_limit(access: dict[str, ApiAccess]) -> None:
    """Though the wait could have been short enough when it began."""

    async def answer_late(place: Place) -> None:
        await asyncio.sleep(10.0)
        place.lost()

    async def story() -> None:
        limits, network = _limits(times=1, seconds=20.0), Network(http=httpx.MockTransport(_answer_at_once))
        async with Transport(access, limits=limits, network=network, clock=LoopClock()) as transport:
            limiter = transport.limiter("respeecher", RateClass.FAST)
            assert limiter is not None
            answer = asyncio.create_task(answer_late(await limiter.acquire()))
            # It could have been over in 20 s, for all that is known when the wait begins.
            with pytest.raises(CallTimeout, match=r"within 25 s .* because of the rate limit"):
                await transport.fetch(attrs.evolve(CALL, timeout_s=25.0))
            await answer

    in_virtual_time(story())


async def _answer_at_once(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200)


async def test_following_work_is_a_poll(
    make_kit: Callable[..., AudioKit], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """`wait` leaves the last tenth of the window to others; calls do not."""
    recording = {"id": "r", "state": "processing", "type": "original", "label": "x"}
    respx_mock.get("https://gateway.example/api/recordings/r").respond(200, json=recording)
    limits = _limits(times=20, seconds=1000.0)
    async with make_kit(limits=limits) as kit:
        limiter = kit._transport.limiter("respeecher", RateClass.FAST)
        assert limiter is not None
        with pytest.raises(TimeoutError):
            await kit.respeecher.recordings.wait("r", timeout=900)
        assert 2 == limiter.free_now()


MOST_ON_ITS_WAY_S = 2.0


class StrictServer(httpx.AsyncBaseTransport):
    """Counts requests as they arrive, and answers 429 to one too many; both ways take a while."""

    def __init__(self, times: int, seconds: float) -> None:
        self.times = times
        self.seconds = seconds
        self.arrived: list[float] = []
        self.refused = 0
        self._chance = random.Random(7)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self._chance.uniform(0.0, MOST_ON_ITS_WAY_S))
        now = asyncio.get_running_loop().time()
        is_much = sum(one > now - self.seconds for one in self.arrived) >= self.times
        self.arrived.append(now)
        self.refused += is_much
        await asyncio.sleep(self._chance.uniform(0.0, MOST_ON_ITS_WAY_S))
        return httpx.Response(429 if is_much else 200, content=b"ok")


def test_server_with_a_sliding_window_never_has_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clients of one key and forty calls at once, which arrive and are answered after odd delays."""
    times, seconds = 10, 10.0
    server = StrictServer(times, seconds)

    async def story() -> None:
        given: dict[str, Any] = {"limits": _limits(times=times, seconds=seconds)}
        given["network"] = Network(http=server)
        access = {"respeecher": _access(base_url="https://gateway.example")}
        async with Transport(access, **given) as one, Transport(access, **given) as two:
            async with anyio.create_task_group() as tasks:
                for number in range(40):
                    tasks.start_soon((one, two)[number % 2].fetch, CALL)

    # Clients without a clock of their own share one count, here in virtual time.
    monkeypatch.setattr(_transport, "SystemClock", LoopClock)
    monkeypatch.setattr(_transport, "PROCESS", Windows(LoopClock().monotonic))
    in_virtual_time(story())
    assert (40, 0) == (len(server.arrived), server.refused)
    took = server.arrived[-1] - server.arrived[0]
    assert took < 40 / times * (seconds + 2 * MOST_ON_ITS_WAY_S)  # and no slower than that
