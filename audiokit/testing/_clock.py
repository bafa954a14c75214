"""A clock that does not wait."""

from __future__ import annotations

import asyncio
import heapq
import itertools

_MOST_TURNS = (
    10  # of the loop: tasks that only yield, like tests that wait for something, do not hold time up
)


class FakeClock:
    """A clock whose sleeping takes no time: when every task waits, it moves on to whoever wakes first.

    So tasks that sleep at the same time share their seconds, as they would on a real clock. Work in threads
    and on sockets is not waited for: time moves while it is under way.

    Pass it as ``AudioKit(clock=...)``; `slept` keeps every wait in seconds.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self._now = start_s
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []  # a heap by the time of waking
        self._order = itertools.count()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turns: int | None = None  # turns of the loop since somebody went to sleep; None: nobody counts

    def monotonic(self) -> float:
        """Seconds of this clock."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on without anybody sleeping; who should have woken by then wakes."""
        self._now += seconds
        self._wake()

    async def sleep(self, seconds: float, /) -> None:
        """Wait until the clock has moved on by *seconds*, letting other tasks run meanwhile."""
        self.slept.append(seconds)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        if self._loop is not loop:  # sleepers of a loop that has ended will not wake
            self._loop, self._sleepers, self._turns = loop, [], None
        waking = loop.create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), waking))
        if self._turns is None:
            loop.call_soon(self._turn, loop)
        self._turns = 0
        await waking

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Move on to the first sleeper once no task can run; else look again at the loop's next turn."""
        if loop is not self._loop or self._turns is None:
            return
        while self._sleepers and self._sleepers[0][2].done():  # cancelled
            heapq.heappop(self._sleepers)
        if not self._sleepers:
            self._turns = None
            return
        self._turns += 1
        if self._turns > _MOST_TURNS or not any(map(_can_run, asyncio.all_tasks(loop))):
            self._now = max(self._now, self._sleepers[0][0])
            self._wake()
            self._turns = 0
        loop.call_soon(self._turn, loop)

    def _wake(self) -> None:
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, waking = heapq.heappop(self._sleepers)
            if not waking.done():
                waking.set_result(None)


def _can_run(task: asyncio.Task[object]) -> bool:
    """Say whether a task waits for nothing but its turn; anyio relies on the attribute, too."""
    waits_for: asyncio.Future[object] | None = getattr(task, "_fut_waiter", None)
    return waits_for is None or waits_for.done()
