"""Rate limits of a tenant: never more than so many calls of a class in any window of time."""

from __future__ import annotations

import math
import re
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from audiokit.emulator._http import HttpError

if TYPE_CHECKING:
    from audiokit.emulator._pace import Pace

CallClass = Literal["fast", "slow", "free"]

_WRITTEN = re.compile(r"(\d{1,9})/(\d{1,9})/(\d+(?:\.\d+)?)s\Z")


@attrs.frozen(kw_only=True)
class RateLimits:
    """Calls of each class that may begin within any *window_s* virtual seconds.

    The figures are the service's published ones. Which calls are slow is not published; here they are those
    that make work: uploads, text-to-speech, calibrations and orders. Downloads of files are not counted.

    Source: vendor docs, "Rate limits" of the Voice Marketplace API 0.6.0.
    """

    fast: int = 500
    slow: int = 100
    window_s: float = 300.0

    @classmethod
    def parse(cls, text: str) -> RateLimits:
        """Read limits written like ``500/100/300s``.

        Raises:
            ValueError: They are not, or one of them is 0.
        """
        found = _WRITTEN.match(text)
        if found is None or not int(found[1]) or not int(found[2]) or not float(found[3]):
            raise ValueError(
                f"rate limits must be written FAST/SLOW/SECONDSs, like 500/100/300s; got {text!r}"
            )
        return cls(fast=int(found[1]), slow=int(found[2]), window_s=float(found[3]))

    def as_json(self) -> dict[str, Any]:
        """Return them as the service shows them in a user's data."""
        seconds = int(self.window_s) if self.window_s.is_integer() else self.window_s
        return {
            "fast": {"times": self.fast, "seconds": seconds},
            "slow": {"times": self.slow, "seconds": seconds},
        }

    def __str__(self) -> str:
        return f"{self.fast}/{self.slow}/{self.window_s:g}s"


class RateGate:
    """Remembers when calls began; a sliding log, so that no two windows can be used up back to back."""

    def __init__(self, limits: RateLimits | None, *, pace: Pace) -> None:
        self.limits: Final = limits
        self._pace = pace
        self._begun: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def admit(self, account: str, of_class: CallClass) -> None:
        """Let a call begin; refused ones do not count.

        Raises:
            HttpError: 429 with ``Retry-After`` in whole real seconds.
        """
        if self.limits is None or of_class == "free":
            return
        most = self.limits.slow if of_class == "slow" else self.limits.fast
        now, begun = self._pace.now(), self._begun[account, of_class]
        while begun and begun[0] <= now - self.limits.window_s:
            begun.popleft()
        if len(begun) >= most:
            wait_s = self._pace.real(begun[0] + self.limits.window_s - now)
            raise HttpError(
                429,
                f"too many requests: {most} {of_class} calls within {self.limits.window_s:g} seconds are "
                f"allowed; wait {wait_s:.1f} seconds",
                headers={"Retry-After": str(max(1, math.ceil(wait_s)))},
            )
        begun.append(now)
