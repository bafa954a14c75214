"""Virtual time: how fast the services' own time runs, for waits that are only pretended.

A conversion that "takes" ten minutes can be over in two seconds at a speed of 300. What counts in virtual
seconds: pretended processing (`_processing_time`) and the windows of rate limits. What does not: timestamps,
the expiry of keys, sessions and links, and the delays of faults, which are about the network.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SLOWEST: Final = 0.01
FASTEST: Final = 100_000.0


class Pace:
    """The clock of virtual seconds, whose speed may change while others sleep by it.

    Args:
        speed: Virtual seconds per real second, `SLOWEST` to `FASTEST`.
        monotonic: Real seconds, never going back.
    """

    def __init__(self, speed: float, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._speed = check_speed(speed)
        self._real = monotonic()
        self._virtual = 0.0
        self._changed = asyncio.Event()

    @property
    def speed(self) -> float:
        """Virtual seconds per real second."""
        return self._speed

    def change(self, speed: float) -> None:
        """Run at another speed from now on; those who sleep wake earlier or later accordingly.

        Raises:
            ValueError: *speed* is out of its range.
        """
        check_speed(speed)
        self._virtual, self._real = self.now(), self._monotonic()
        self._speed = speed
        self._changed.set()
        self._changed = asyncio.Event()

    def now(self) -> float:
        """Virtual seconds since the start."""
        return self._virtual + (self._monotonic() - self._real) * self._speed

    def real(self, virtual_s: float) -> float:
        """Return how long *virtual_s* seconds take at the present speed, in real seconds."""
        return virtual_s / self._speed

    async def sleep(self, virtual_s: float) -> None:
        """Wait for virtual seconds; returns at once for none."""
        until = self.now() + virtual_s
        while (left := until - self.now()) > 1e-9:
            changed = self._changed
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.real(left)):
                    await changed.wait()


def check_speed(speed: float) -> float:
    """Return a speed that is in range.

    Raises:
        ValueError: It is not.
    """
    if not SLOWEST <= speed <= FASTEST:
        raise ValueError(
            f"speed must be {SLOWEST:g} to {FASTEST:g} virtual seconds per second, got {speed!r}"
        )
    return float(speed)
