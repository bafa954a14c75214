"""One poller for each API, and how much it looks where the API says nothing of limits."""

from __future__ import annotations

import asyncio
import functools
import random

import pytest
from virtual_time import LoopClock, in_virtual_time

from audiokit.jobs import _pollers
from audiokit.jobs._poll_plan import Allowance
from audiokit.jobs._poller import Poller
from audiokit.jobs._pollers import Pollers
from audiokit.services._poll import Look
from audiokit.transport._window import Priority


class _Plenty:
    """An allowance that is always what the API publishes."""

    def free_now(self, *, priority: Priority) -> int:
        return 500

    def next_free_s(self, *, priority: Priority) -> float:
        return 0.0


def _late(allowance: Allowance | None, jobs: int) -> float:
    """By what part of their length the ends of jobs of 60 to 600 s are known late, in the mean."""
    late: list[float] = []

    async def story() -> None:
        loop = asyncio.get_running_loop()
        pollers = Pollers(LoopClock(), lambda _: allowance)
        rng = random.Random(3)

        async def one(number: int) -> None:
            length_s = rng.uniform(60, 600)

            async def look() -> tuple[int, Look]:
                return number, Look(state="busy", is_over=loop.time() >= length_s)

            poller = await pollers.of("apiaudio")
            await poller.wait("mastering", str(number), look, timeout_s=1e5)
            late.append((loop.time() - length_s) / length_s)

        await asyncio.gather(*(one(number) for number in range(jobs)))
        await pollers.aclose()

    in_virtual_time(story())
    return sum(late) / len(late)


def test_an_api_without_limits_is_asked_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows beforehand how long jobs take: fifty are known soon, and sooner than within a limit."""
    jitter = random.Random(1)  # one sequence of looks: chance alone makes one in many late by a fifth
    monkeypatch.setattr(_pollers, "Poller", functools.partial(Poller, rng=jitter))
    without = _late(None, 50)
    assert without < 0.15
    assert without < _late(_Plenty(), 50) / 1.5
