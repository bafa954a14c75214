"""A clock that does not wait."""

from __future__ import annotations

import asyncio


class FakeClock:
    """A clock whose sleeping takes no time: it moves on by what was asked for.

    Pass it as ``AudioKit(clock=...)``; `slept` keeps every wait in seconds.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self._now = start_s
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Seconds of this clock."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on without anybody sleeping."""
        self._now += seconds

    async def sleep(self, seconds: float, /) -> None:
        """Move on by *seconds*, letting other tasks run once."""
        self.slept.append(seconds)
        self._now += seconds
        await asyncio.sleep(0)
