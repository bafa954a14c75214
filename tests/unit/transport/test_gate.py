"""Places and bytes: first come, first served, and nothing is lost to cancellation."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from audiokit.transport import Gate


async def test_bytes_at_once_are_limited() -> None:
    """Uploads wait while the budget is carried by others, in turn."""
    gate = Gate(10, 100)
    entered = []

    async def carry(name: str, size: int, go: asyncio.Event) -> None:
        async with gate.carrying(size):
            entered.append(name)
            await go.wait()

    first, rest = asyncio.Event(), asyncio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(carry, "a", 60, first)
        tasks.start_soon(carry, "b", 50, rest)
        tasks.start_soon(carry, "c", 10, rest)  # would fit, but b came first
        await anyio.wait_all_tasks_blocked()
        assert ["a"] == entered
        first.set()
        await anyio.wait_all_tasks_blocked()
        assert ["a", "b", "c"] == entered
        rest.set()


async def test_one_larger_than_the_budget_goes_alone() -> None:
    """It would wait for ever otherwise; nobody joins it."""
    gate = Gate(10, 100)
    async with gate.carrying(500):
        with anyio.move_on_after(0.01) as scope:
            await gate.enter(1)
        assert scope.cancelled_caught
    async with gate.carrying(1):
        pass


async def test_unknown_sizes_take_a_place_only() -> None:
    """A stream's size is not known before it is read."""
    gate = Gate(2, 100)
    async with gate.carrying(None), gate.carrying(100):
        assert "0 free" in repr(gate)


async def test_cancelled_waiters_leave_no_trace() -> None:
    """Whether cancelled while waiting or in the moment of being let in: all places are there again."""
    gate = Gate(1)
    await gate.enter(0)
    waiting = [asyncio.create_task(gate.enter(0)) for _ in range(4)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[2].cancel()
    gate.leave(0)  # lets the second one in ...
    waiting[1].cancel()  # ... which is cancelled before it knows
    await asyncio.wait(waiting, timeout=1)
    assert [True, True, True, False] == [task.cancelled() for task in waiting]
    gate.leave(0)
    assert "1 free, 0 waiting" in repr(gate)


@pytest.mark.parametrize("places", [1, 3])
async def test_no_more_than_the_places_are_inside(places: int) -> None:
    """The limit is reached and held."""
    gate, live, most = Gate(places), 0, 0

    async def hold() -> None:
        nonlocal live, most
        async with gate:
            live += 1
            most = max(most, live)
            await asyncio.sleep(0)
            live -= 1

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(hold)
    assert places == most
