"""Faults on demand: which ones, for which calls, how often; drawn from a seed, without any I/O.

A list of faults is written like ``429:0.05,reset:0.02,latency:50-200ms,late:0.01``. One fault is::

    KIND[:RATE][xCALLS][*TIMES][@SPAN][/OPERATION]

RATE is its probability per call (1 without), CALLS the length of a burst (statuses only), TIMES how often
it happens at most, SPAN one or two times like ``200ms`` or ``0.5-5s``, OPERATION a pattern of operation
names as `audiokit emulator --routes` lists them, like ``orders.create`` or ``respeecher.recordings.*``;
those of audiokit are taken beside the vendors'. Which there are, `audiokit.emulator._operations` knows.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from fnmatch import fnmatchcase
from typing import Final

import attrs

LATE_S: Final = (0.5, 5.0)
"""Seconds between the cut and the work of a ``late`` fault, unless it says otherwise."""

CUTS: Final = {
    "reset": "request read whole, nothing done, connection reset (RST)",
    "close": "request read whole, nothing done, connection closed without an answer (FIN)",
    "late": "request read whole, connection closed at once, the work done afterwards (SPAN, 0.5-5s)",
    "lost": "work done, connection closed instead of the answer",
    "truncate": "work done, connection closed in the middle of the answer's body",
}
"""Faults of the connection, and what happens."""

LATENCY: Final = "latency"
"""Waits SPAN before the call is looked at; the only fault that leaves it as it is."""

_SPAN = r"\d+(?:\.\d+)?(?:-\d+(?:\.\d+)?)?(?:ms|s)"
_FAULT = re.compile(
    rf"(?P<kind>[a-z]+|[0-9]{{3}})(?::(?:(?P<first>{_SPAN})|(?P<rate>[0-9.]+)))?(?:x(?P<calls>\d+))?"
    rf"(?:\*(?P<times>\d+))?(?:@(?P<span>{_SPAN}))?(?:/(?P<operation>[^\s/]+))?\Z"
)
_WRITING = "KIND[:RATE][xCALLS][*TIMES][@SPAN][/OPERATION], as in 429:0.05x10@2s/orders.create"


@attrs.frozen(kw_only=True)
class Fault:
    """One fault and when it happens.

    Attributes:
        kind: ``latency``, one of `CUTS`, or a status of 400 to 599 as text.
        rate: Probability per call, above 0, at most 1.
        calls: Calls in a row that get the status once it struck, 1 to 10,000.
        times: Most often it strikes; None for no limit.
        span_s: Least and most seconds: of the wait (``latency``), until the work (``late``), or in the
            ``Retry-After`` of a status (rounded up to whole seconds).
        operation: Pattern of operation names, with or without the API before it.
    """

    kind: str
    rate: float = 1.0
    calls: int = 1
    times: int | None = None
    span_s: tuple[float, float] | None = None
    operation: str = "*"

    def __attrs_post_init__(self) -> None:
        is_status = self.kind.isdigit()
        kinds = ", ".join([LATENCY, *CUTS])
        if not is_status and self.kind != LATENCY and self.kind not in CUTS:
            raise ValueError(f"fault {self.kind!r} must be one of {kinds}, or a status of 400 to 599")
        if is_status and not 400 <= int(self.kind) <= 599:
            raise ValueError(f"fault {self.kind!r} must be a status of 400 to 599, or one of {kinds}")
        if not 1e-9 <= self.rate <= 1.0:
            raise ValueError(f"rate of fault {self.kind!r} must be above 0 and at most 1, got {self.rate!r}")
        if not 1 <= self.calls <= 10_000:
            raise ValueError(f"a burst of fault {self.kind!r} must be 1 to 10000 calls, got {self.calls!r}")
        if self.calls > 1 and not is_status:
            raise ValueError(f"only statuses come in bursts, got x{self.calls} for fault {self.kind!r}")
        if self.times is not None and self.times < 1:
            raise ValueError(f"fault {self.kind!r} must strike at least once, got *{self.times!r}")
        self._check_span(is_status=is_status)

    def _check_span(self, *, is_status: bool) -> None:
        if self.span_s is None:
            if self.kind == LATENCY:
                raise ValueError("fault 'latency' needs a time, like latency:50-200ms")
            return
        if not is_status and self.kind not in {LATENCY, "late"}:
            raise ValueError(
                f"fault {self.kind!r} takes no time; latency, late and statuses (Retry-After) do"
            )
        low, high = self.span_s
        if not 0.0 <= low <= high <= 3600.0:
            raise ValueError(f"the time of fault {self.kind!r} must be 0 to 3600 s, rising, got {low}-{high}")

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read one fault, as the module says.

        Raises:
            ValueError: It is not written like that, or a value is out of its range.
        """
        found = _FAULT.match(text.strip())
        if found is None:
            raise ValueError(f"fault {text!r} must be written {_WRITING}")
        part = found.groupdict()
        if part["first"] is not None and (part["kind"] != LATENCY or part["span"] is not None):
            raise ValueError(f"fault {text!r}: a time stands after '@', as in late:0.01@0.5-5s")
        span = part["first"] or part["span"]
        try:
            rate = 1.0 if part["rate"] is None else float(part["rate"])
        except ValueError:
            raise ValueError(f"rate {part['rate']!r} of fault {text!r} must be a number above 0") from None
        return cls(
            kind=part["kind"],
            rate=rate,
            calls=int(part["calls"] or 1),
            times=None if part["times"] is None else int(part["times"]),
            span_s=None if span is None else _seconds(span),
            operation=part["operation"] or "*",
        )

    def fits(self, api: str, *names: str) -> bool:
        """Say whether it is meant for the operation that has these names."""
        return any(
            fnmatchcase(name, self.operation) or fnmatchcase(f"{api}.{name}", self.operation)
            for name in names
        )

    def __str__(self) -> str:
        rate = f":{_decimal(self.rate)}"
        calls = f"x{self.calls}" if self.calls > 1 else ""
        times = "" if self.times is None else f"*{self.times}"
        span = "" if self.span_s is None else f"@{_decimal(self.span_s[0])}-{_decimal(self.span_s[1])}s"
        operation = "" if self.operation == "*" else f"/{self.operation}"
        return f"{self.kind}{rate}{calls}{times}{span}{operation}"


@attrs.frozen(kw_only=True)
class Strike:
    """A fault that happens to one call; *seconds* is drawn from its span, None where it has none."""

    fault: Fault
    seconds: float | None


def parse_faults(text: str) -> tuple[Fault, ...]:
    """Read a comma-separated list of faults; empty text gives none.

    Raises:
        ValueError: One of them is not written as it should be.
    """
    return tuple(Fault.parse(part) for part in text.split(",") if part.strip())


class FaultDice:
    """Decides what happens to each call.

    The n-th call of an operation always meets the same fate under the same faults and seed, however the
    calls of other operations come in between.

    Args:
        faults: In order; of those that end a call the first one that strikes counts, waits add up.
        seed: Number that all draws come from.
    """

    def __init__(self, faults: tuple[Fault, ...], *, seed: int) -> None:
        self.faults = faults
        self.seed = seed
        self._calls: Counter[tuple[str, str]] = Counter()
        self._struck: Counter[int] = Counter()
        self._burst_left: Counter[int] = Counter()

    def strikes(self, api: str, operation: str, *also: str) -> list[Strike]:
        """Draw the faults of the next call of an operation: waits first, at most one that ends it.

        Args:
            api: The API.
            operation: Its name there.
            *also: Further names of the operation, for patterns; nothing is drawn from them.
        """
        self._calls[api, operation] += 1
        waits: list[Strike] = []
        for index, fault in enumerate(self.faults):
            if not fault.fits(api, operation, *also):
                continue
            draw = random.Random(f"{self.seed}/{index}/{api}/{operation}/{self._calls[api, operation]}")  # noqa: S311
            if not self._happens(index, fault, draw.random()):
                continue
            strike = strike_of(fault, draw)
            if fault.kind != LATENCY:
                return [*waits, strike]
            waits.append(strike)
        return waits

    def _happens(self, index: int, fault: Fault, drawn: float) -> bool:
        if self._burst_left[index]:
            self._burst_left[index] -= 1
            return True
        if fault.times is not None and self._struck[index] >= fault.times:
            return False
        if drawn >= fault.rate:
            return False
        self._struck[index] += 1
        self._burst_left[index] = fault.calls - 1
        return True


def strike_of(fault: Fault, draw: random.Random) -> Strike:
    """Draw the time of a fault that happens."""
    span = LATE_S if fault.kind == "late" and fault.span_s is None else fault.span_s
    return Strike(fault=fault, seconds=None if span is None else draw.uniform(*span))


def _decimal(number: float) -> str:
    """Write a number without an exponent, which the grammar does not have."""
    return f"{number:.9f}".rstrip("0").rstrip(".")


def _seconds(span: str) -> tuple[float, float]:
    unit = 0.001 if span.endswith("ms") else 1.0
    low, _, high = span.removesuffix("s").removesuffix("m").partition("-")
    return float(low) * unit, float(high or low) * unit
