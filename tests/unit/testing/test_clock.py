"""The clock that does not wait: tasks that sleep at the same time share their seconds."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from audiokit.testing import Answer, FakeClock, SentRequest, StubTransport


async def test_a_hundred_waits_at_once_take_no_longer_than_one() -> None:
    """None of them runs out of its own time because the others sleep, too."""
    stub, clock, looks = StubTransport(), FakeClock(), Counter[str]()

    def make(_sent: SentRequest) -> Answer:
        looks["made"] += 1
        return Answer(json=_recording(f"00000000-0000-0000-0000-{looks['made']:012}", "processing"))

    def look(sent: SentRequest) -> Answer:
        id_ = sent.path.rpartition("/")[2]
        looks[id_] += 1
        return Answer(json=_recording(id_, "done" if looks[id_] > 4 else "processing"))

    stub.on("POST", "/api/v2/recordings/tts", make)
    stub.on("GET", "/api/recordings/*", look)
    async with stub.kit(clock=clock) as kit:
        create = kit.respeecher.recordings.create_tts_and_wait
        calls = [create("hi", folder_id=FOLDER, label=f"take {n}", timeout=30) for n in range(100)]
        done = await asyncio.gather(*calls)

    assert {"done"} == {recording.state for recording in done}
    assert clock.monotonic() < 30


async def test_who_wakes_first_goes_on_first() -> None:
    """In the order of waking, each at its own time; at the end only the longest sleep has passed."""
    clock, woken = FakeClock(start_s=5.0), []

    async def nap(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.monotonic()))

    await asyncio.gather(*(nap(seconds) for seconds in (3.0, 1.0, 2.0, 1.0)))

    assert [(1.0, 6.0), (1.0, 6.0), (2.0, 7.0), (3.0, 8.0)] == woken
    assert [3.0, 1.0, 2.0, 1.0] == clock.slept


async def test_work_between_two_sleeps_takes_no_time() -> None:
    """A long sleep waits for whoever works in steps of the loop and sleeps again."""
    clock = FakeClock()

    async def work() -> float:
        for _ in range(5):
            await asyncio.sleep(0)
            await clock.sleep(1.0)
        return clock.monotonic()

    at, _ = await asyncio.gather(work(), clock.sleep(100.0))

    assert (5.0, 100.0) == (at, clock.monotonic())


async def test_a_cancelled_sleep_moves_nothing() -> None:
    """Time stands where the others need it."""
    clock = FakeClock()
    long = asyncio.create_task(clock.sleep(1000.0))
    await asyncio.sleep(0)
    long.cancel()
    await clock.sleep(1.0)

    assert 1.0 == clock.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await long


async def test_moving_on_by_hand_wakes_sleepers() -> None:
    """Those whose time has come; no sleep and none of no length wait for nothing."""
    clock = FakeClock()
    sleeper = asyncio.create_task(clock.sleep(2.0))
    await asyncio.sleep(0)
    clock.advance(7.0)
    await sleeper
    await clock.sleep(0.0)
    await clock.sleep(-1.0)

    assert 7.0 == clock.monotonic()


async def test_a_task_that_only_yields_does_not_hold_time_up() -> None:
    """Tests wait for something like that."""
    clock = FakeClock()
    sleeper = asyncio.create_task(clock.sleep(2.0))
    async with asyncio.timeout(5):
        while not sleeper.done():  # noqa: ASYNC110 - what is tested
            await asyncio.sleep(0)

    assert 2.0 == clock.monotonic()


def test_it_outlives_a_loop() -> None:
    """Sleepers that went with their loop hold up nobody in the next one."""
    clock = FakeClock()

    async def leave_one_asleep() -> None:
        sleeper = asyncio.create_task(clock.sleep(1.0))
        await asyncio.sleep(0)
        sleeper.cancel()

    for _ in range(2):
        asyncio.run(leave_one_asleep())
    asyncio.run(clock.sleep(3.0))

    assert 3.0 == clock.monotonic()


FOLDER = "22222222-2222-2222-2222-222222222222"


def _recording(id_: str, state: str) -> dict[str, Any]:
    known = {"project_id": FOLDER, "type": "original", "duration": 1.0, "label": "x", "starred": False}
    more = {"created_at": "2024-01-01T00:00:00Z", "tts": True, "active": True, "listen_count": 0}
    return {"id": id_, "state": state, "url": "/api/x", "file_name": "x.wav", "params": {}, **known, **more}
