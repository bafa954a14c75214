"""Whatever happens: never more than so many calls in any span, and no place is ever lost."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from itertools import pairwise

import attrs
import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiokit import Rate
from audiokit.testing import FakeClock
from audiokit.transport import Priority, RateLimiter
from audiokit.transport._window import Window

SPAN_S = 8.0
GAPS_S = st.integers(0, 40).map(lambda quarters: quarters / 4)  # exact in binary, so times compare exactly


class _Someone:
    """A waiter that needs no event loop."""

    def __init__(self, priority: Priority, *, is_gone: bool) -> None:
        self.priority = priority
        self.is_granted = False
        self.is_gone = is_gone

    def wake(self) -> bool:
        return not self.is_gone


@attrs.define
class _Sent:
    """A request, and when the server counted it: somewhere between its beginning and its answer."""

    begun: float
    place: float
    counted: float | None = None

    def answered(self, now: float) -> None:
        self.counted = self.begun + (now - self.begun) * self.place


@attrs.define
class _Simulation:
    """Somebody who uses a window as limiters do, and a server that counts."""

    window: Window
    clock: FakeClock
    waiting: list[_Someone] = attrs.field(factory=list)
    under_way: list[_Sent] = attrs.field(factory=list)
    sent: list[_Sent] = attrs.field(factory=list)

    def take_granted(self, place: float) -> None:
        for someone in list(self.waiting):
            if self.window.take(someone):
                self.waiting.remove(someone)
                self.under_way.append(_Sent(self.clock.monotonic(), place))

    def end(self, index: int, how: str) -> None:
        call = self.under_way.pop(index % len(self.under_way))
        self.window.end(was_sent=how != "not sent")
        if how == "not sent":
            return
        call.answered(self.clock.monotonic())
        self.sent.append(call)
        if how == "refused":
            self.window.narrow(begun_at=call.begun, retry_after=None)
        elif how == "refused, later":
            self.window.narrow(begun_at=call.begun, retry_after=3.0)
        else:
            self.window.widen()


STEPS = st.lists(
    st.tuples(
        GAPS_S,
        st.sampled_from(
            [
                *["call", "poll", "ok", "ok"] * 3,
                "gone",
                "cancel",
                "refused",
                "refused, later",
                "not sent",
                "impatient",
            ]
        ),
        st.integers(0, 50),
        st.sampled_from([0.0, 0.5, 1.0]),
    ),
    max_size=120,
)


def most_in_any_span(moments: list[float], span_s: float) -> int:
    """The largest number of moments in any half-open span."""
    moments = sorted(moments)
    return max(
        (sum(one < first + span_s for one in moments[at:]) for at, first in enumerate(moments)), default=0
    )


@settings(max_examples=examples(300), deadline=None)
@given(steps=STEPS, times=st.integers(1, 12))
def test_server_never_counts_more_than_the_rate(
    steps: list[tuple[float, str, int, float]], times: int
) -> None:
    """Random arrivals, answers, cancellations, 429s and dead threads, and any delay on the way."""
    clock = FakeClock()
    run = _Simulation(Window(Rate(times=times, seconds=SPAN_S), clock.monotonic), clock)
    for gap, what, index, place in steps:
        clock.advance(gap)
        run.window.grant()
        match what:
            case "call" | "poll" | "gone" | "impatient":
                priority = Priority.POLL if what == "poll" else Priority.CALL
                someone = _Someone(priority, is_gone=what == "gone")
                within = 1.0 if what == "impatient" else float("inf")
                wait = run.window.enter(someone, within_s=within)
                assert (wait is None) or (what == "impatient" and wait > within)
                if wait is None and what != "gone":
                    run.waiting.append(someone)
                elif wait is None and someone.is_granted:
                    run.window.leave(someone)
            case "cancel" if run.waiting:
                run.window.leave(run.waiting.pop(index % len(run.waiting)))
            case _ if run.under_way and what not in {"cancel"}:
                run.end(index, what)
        run.take_granted(place)
        assert len(run.under_way) <= times
    for someone in run.waiting:
        run.window.leave(someone)
    while run.under_way:
        run.end(0, "ok")
    assert most_in_any_span([one.counted for one in run.sent if one.counted is not None], SPAN_S) <= times
    assert most_in_any_span([one.begun for one in run.sent], SPAN_S) <= times
    clock.advance(2 * SPAN_S)
    run.window.grant()
    assert run.window.width == run.window.free_now(Priority.CALL)
    assert run.window.is_idle


def test_thread_that_ends_before_it_is_told_keeps_its_place_counted() -> None:
    """A waiter may see its place, use it and close its loop while another thread is about to wake it."""
    clock = FakeClock()
    window = Window(Rate(times=1, seconds=SPAN_S), clock.monotonic)

    class Quick(_Someone):
        def wake(self) -> bool:
            assert window.take(self)
            window.end(was_sent=True)
            return False

    first = _Someone(Priority.CALL, is_gone=False)
    window.enter(first, within_s=0.0)
    assert window.take(first)
    window.enter(Quick(Priority.CALL, is_gone=True), within_s=float("inf"))
    window.end(was_sent=False)
    assert (0, SPAN_S) == (window.free_now(Priority.CALL), window.wait_s(Priority.CALL))


@settings(max_examples=examples(200), deadline=None)
@given(
    ended=st.lists(GAPS_S, max_size=12),
    under_way=st.integers(0, 4),
    ahead=st.integers(0, 20),
    times=st.integers(1, 10),
)
def test_wait_that_is_told_is_the_wait_when_all_goes_well(
    ended: list[float], under_way: int, ahead: int, times: int
) -> None:
    """Calls that are answered at once: the estimate is when the last in the queue really begins."""
    clock = FakeClock()
    window = Window(Rate(times=times, seconds=SPAN_S), clock.monotonic)
    busy = 0
    for gap in ended:
        someone = _Someone(Priority.CALL, is_gone=False)
        if window.enter(someone, within_s=0.0) is None and window.take(someone):
            window.end(was_sent=True)
        clock.advance(gap)
    for _ in range(under_way):
        someone = _Someone(Priority.CALL, is_gone=False)
        if window.enter(someone, within_s=0.0) is None and window.take(someone):
            busy += 1
    queue = [_Someone(Priority.CALL, is_gone=False) for _ in range(ahead + 1)]
    for someone in queue[:-1]:
        window.enter(someone, within_s=float("inf"))
    told = clock.monotonic() + window.wait_s(Priority.CALL)
    window.enter(queue[-1], within_s=float("inf"))
    for _ in range(busy):
        window.end(was_sent=True)
    begun: list[float] = []
    while queue:
        window.grant()
        for someone in list(queue):
            if window.take(someone):
                queue.remove(someone)
                begun.append(clock.monotonic())
                window.end(was_sent=True)
        if queue:
            clock.advance(max(window.next_s(), 2**-20))
    assert told == pytest.approx(begun[-1], abs=1e-3)


class _Virtual(FakeClock):
    """Stands still until `pass_time`, which wakes sleepers in the order of their times."""

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    async def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.monotonic() + seconds, len(self.slept), future))
        await future

    async def pass_time(self) -> bool:
        """Go to the next moment at which somebody wakes; False when nobody sleeps."""
        for _ in range(6):
            await asyncio.sleep(0)
        while self._sleepers:
            moment, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                self.advance(max(0.0, moment - self.monotonic()))
                future.set_result(None)
                return True
        return False


CALLERS = st.lists(
    st.tuples(
        st.sampled_from(Priority),
        GAPS_S,  # when it comes
        GAPS_S,  # how long it takes
        st.none() | GAPS_S,  # when it is cancelled
        st.sampled_from(["ok", "ok", "ok", "refused", "not sent"]),
        st.booleans(),  # which of two clients
    ),
    max_size=40,
)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(callers=CALLERS, times=st.integers(1, 6))
def test_limiters_keep_the_rate_and_lose_nobody(
    callers: list[tuple[Priority, float, float, float | None, str, bool]], times: int
) -> None:
    """Tasks of two clients that come, wait, are cancelled or refused: all end, and all places come back."""
    asyncio.run(_use_limiters(callers, times))


async def _use_limiters(
    callers: list[tuple[Priority, float, float, float | None, str, bool]], times: int
) -> None:
    clock = _Virtual()
    window = Window(Rate(times=times, seconds=SPAN_S), clock.monotonic)
    limiters = [RateLimiter(window, clock, clock.monotonic, "x") for _ in range(2)]
    spans: list[tuple[float, float]] = []

    async def call(priority: Priority, begin: float, length: float, how: str, which: bool) -> None:  # noqa: FBT001
        await clock.sleep(begin)
        place = await limiters[which].acquire(priority=priority)
        begun = clock.monotonic()
        try:
            await clock.sleep(length)
        except asyncio.CancelledError:
            place.lost()
            spans.append((begun, clock.monotonic()))
            raise
        if how == "not sent":
            place.unused()
            return
        place.answered(was_refused=how == "refused", retry_after=2.0 if how == "refused" else None)
        spans.append((begun, clock.monotonic()))

    async def cancel(task: asyncio.Task[None], at: float) -> None:
        await clock.sleep(at)
        task.cancel()

    tasks = []
    for priority, begin, length, cancelled_at, how, which in callers:
        task = asyncio.create_task(call(priority, begin, length, how, which))
        tasks.append(task)
        if cancelled_at is not None:
            tasks.append(asyncio.create_task(cancel(task, cancelled_at)))
    while await clock.pass_time():
        pass
    assert all(task.done() for task in tasks)
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            task.result()
    for moments in ([begun for begun, _ in spans], [end for _, end in spans]):
        assert most_in_any_span(moments, SPAN_S) <= times
    clock.advance(2 * SPAN_S)
    assert limiters[0].width == limiters[0].free_now()


@given(st.lists(GAPS_S, min_size=1, max_size=30), st.integers(1, 5))
def test_counting_of_this_test_is_right(moments: list[float], times: int) -> None:
    """The check agrees with the definition: too many iff some moment and the one so many later are close."""
    ordered = sorted(moments)
    is_too_many = any(later - first < SPAN_S for first, later in zip(ordered, ordered[times:], strict=False))
    assert is_too_many == (most_in_any_span(moments, SPAN_S) > times)
    assert all(first <= later for first, later in pairwise(ordered))
