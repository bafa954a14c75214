"""The gate of uploads: places and memory, in turn, given back on every path."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from audiokit import Limits
from audiokit.errors import InvalidRequest
from audiokit.transport._gate import Gate


async def settled() -> None:
    """Let everyone run up to where they wait."""
    for _ in range(5):
        await asyncio.sleep(0)


class Queue:
    """Uploads that begin when the gate lets them and end when they are told."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.under_way: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._may_end: dict[str, asyncio.Event] = {}

    async def add(self, name: str, need_bytes: int) -> None:
        self._may_end[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._run(name, need_bytes))
        await settled()

    async def end(self, name: str) -> None:
        self._may_end[name].set()
        await settled()

    async def cancel(self, name: str) -> None:
        self.tasks[name].cancel()
        await settled()

    async def _run(self, name: str, need_bytes: int) -> None:
        async with self.gate.carrying(need_bytes):
            self.under_way.append(name)
            try:
                await self._may_end[name].wait()
            finally:
                self.under_way.remove(name)


async def test_places_are_given_in_turn() -> None:
    """No more than so many at once; who waits longest is next."""
    queue = Queue(Gate(2, 100))
    for name in "abcd":
        await queue.add(name, 1)
    assert ["a", "b"] == queue.under_way
    await queue.end("a")
    assert ["b", "c"] == queue.under_way
    await queue.end("b")
    assert ["c", "d"] == queue.under_way


async def test_memory_is_given_in_turn_and_large_ones_are_not_overtaken() -> None:
    """A small upload that would fit waits behind a large one that came first, which so gets its turn."""
    queue = Queue(Gate(10, 100))
    await queue.add("half", 50)
    await queue.add("large", 80)
    await queue.add("small", 10)
    assert ["half"] == queue.under_way
    await queue.end("half")
    assert ["large", "small"] == queue.under_way


async def test_what_needs_more_than_there_is_goes_alone() -> None:
    """It does not wait for ever, and nobody is beside it."""
    queue = Queue(Gate(10, 100))
    await queue.add("a", 1)
    await queue.add("huge", 1000)
    await queue.add("b", 1)
    assert ["a"] == queue.under_way
    await queue.end("a")
    assert ["huge"] == queue.under_way
    await queue.end("huge")
    assert ["b"] == queue.under_way


async def test_bytes_need_a_place_only() -> None:
    """What takes no memory of ours waits for no memory."""
    queue = Queue(Gate(2, 100))
    await queue.add("all", 100)
    await queue.add("bytes", 0)
    assert ["all", "bytes"] == queue.under_way


async def test_who_leaves_the_queue_lets_the_next_one_through() -> None:
    """Cancelling a large one that waits frees those behind it at once."""
    queue = Queue(Gate(10, 100))
    await queue.add("half", 50)
    await queue.add("large", 80)
    await queue.add("small", 10)
    await queue.cancel("large")
    assert ["half", "small"] == queue.under_way


async def test_turn_that_comes_with_a_cancellation_is_passed_on() -> None:
    """Let in and cancelled in the same moment: the place goes to the next, none is lost."""
    gate = Gate(1, 100)
    queue = Queue(gate)
    for name in "abc":
        await queue.add(name, 60)
    queue._may_end["a"].set()
    await asyncio.wait([queue.tasks["a"]])
    queue.tasks["b"].cancel()  # its turn was set a moment ago
    await settled()
    assert ["c"] == queue.under_way
    await queue.end("c")
    assert (1, 0) == (gate._free, gate._carried_bytes)


@pytest.mark.parametrize("seed", range(20))
async def test_nothing_is_lost_whatever_is_cancelled_when(seed: int) -> None:
    """After any mix of ends, errors and cancellations all places and bytes are free again."""
    draw = random.Random(seed)
    gate = Gate(draw.randint(1, 5), draw.randint(1, 100))
    places = gate._free

    async def upload() -> None:
        async with gate.carrying(draw.randint(0, 120)):
            assert gate._free >= 0
            assert 0 <= gate._carried_bytes <= (gate._budget_bytes or 0)
            for _ in range(draw.randint(0, 4)):
                await asyncio.sleep(0)
            if draw.random() < 0.2:
                raise ZeroDivisionError

    tasks = [asyncio.create_task(upload()) for _ in range(200)]
    for _ in range(400):
        await asyncio.sleep(0)
        if draw.random() < 0.5:
            draw.choice(tasks).cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert (places, 0) == (gate._free, gate._carried_bytes)


async def test_thousands_may_wait() -> None:
    """Cancelling them all, last come first, is not a matter of their number squared."""
    gate = Gate(1, 100)
    async with AsyncExitStack() as held:
        await held.enter_async_context(gate.carrying(1))
        queue = Queue(gate)
        for number in range(2_000):
            queue._may_end[str(number)] = asyncio.Event()
            queue.tasks[str(number)] = asyncio.create_task(queue._run(str(number), 1))
        await settled()
        for task in reversed(queue.tasks.values()):
            task.cancel()
        await asyncio.gather(*queue.tasks.values(), return_exceptions=True)
    assert (1, 0) == (gate._free, gate._carried_bytes)


@pytest.mark.parametrize("value", [0, -1, 1.5, True])
def test_budget_is_a_whole_number_of_bytes(value: float) -> None:
    """Anything else is refused, naming the setting."""
    with pytest.raises(InvalidRequest, match="upload_bytes must be a whole number of 1 or more"):
        Limits(upload_bytes=value)  # type: ignore[arg-type]
