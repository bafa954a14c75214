"""What can be changed while the emulator runs: faults, pretended processing, labels, rate limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator._faults import FaultDice, parse_faults
from audiokit.emulator._processing_time import parse_processing, write_processing
from audiokit.emulator._rates import RateGate, RateLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from audiokit.emulator._faults import Fault
    from audiokit.emulator._pace import Pace
    from audiokit.emulator._processing_time import ProcessingTime
    from audiokit.emulator._settings import EmulatorSettings

LABELS = ("echo", "drop")
"""What becomes of the label of an ordered conversion: shown (the documented API), or dropped (0.6.0)."""


class Switches:
    """The present state of what can be switched.

    Attributes:
        dice: Faults.
        processing: Pretended durations by kind of work.
        labels: One of `LABELS`.
        rates: Rate limits of Respeecher.
    """

    def __init__(self, settings: EmulatorSettings, *, pace: Pace) -> None:
        self._pace = pace
        self.dice = FaultDice(settings.faults, seed=settings.seed)
        self.processing: Mapping[str, ProcessingTime] = settings.processing
        self.labels = settings.labels
        self.rates = RateGate(settings.rate_limits, pace=pace)

    def change(
        self,
        values: Mapping[str, Any],
        *,
        check_faults: Callable[[tuple[Fault, ...]], None] = lambda _: None,
    ) -> None:
        """Change settings: all that are given or, when something is wrong, none.

        Faults begin their sequence anew. Rate limits forget earlier calls.

        Args:
            values: Any of ``faults``, ``seed``, ``speed``, ``processing``, ``labels`` and ``rate_limits``, as
                on the command line; null switches rate limits off.
            check_faults: Raises ValueError for faults that can happen to nothing.

        Raises:
            ValueError: An unknown name, or a value that is out of its range.
        """
        known = ("faults", "seed", "speed", "processing", "labels", "rate_limits")
        if unknown := [name for name in values if name not in known]:
            raise ValueError(f"setting {unknown[0]!r} is not known; allowed: {', '.join(known)}")
        dice, processing, labels, rates = self.dice, self.processing, self.labels, self.rates
        if "faults" in values or "seed" in values:
            faults = parse_faults(_text(values, "faults")) if "faults" in values else dice.faults
            check_faults(faults)
            dice = FaultDice(faults, seed=_seed(values.get("seed", dice.seed)))
        if "processing" in values:
            processing = parse_processing(_text(values, "processing"))
        if "labels" in values:
            labels = check_labels(values["labels"])
        if "rate_limits" in values:
            limits = None
            if values["rate_limits"] is not None:
                limits = RateLimits.parse(_text(values, "rate_limits"))
            rates = RateGate(limits, pace=self._pace)
        if "speed" in values:
            speed = values["speed"]
            if isinstance(speed, bool) or not isinstance(speed, int | float):
                raise ValueError(f"speed must be a number, got {speed!r}")
            self._pace.change(speed)
        self.dice, self.processing, self.labels, self.rates = dice, processing, labels, rates

    def as_json(self) -> dict[str, Any]:
        """Return the present state, as `change` takes it."""
        return {
            "faults": ",".join(str(fault) for fault in self.dice.faults),
            "seed": self.dice.seed,
            "speed": self._pace.speed,
            "processing": write_processing(self.processing),
            "labels": self.labels,
            "rate_limits": None if self.rates.limits is None else str(self.rates.limits),
        }


def check_labels(value: object) -> str:
    """Return one of `LABELS`.

    Raises:
        ValueError: *value* is none.
    """
    if value not in LABELS:
        raise ValueError(f"labels must be one of {', '.join(LABELS)}, got {value!r}")
    return str(value)


def _text(values: Mapping[str, Any], name: str) -> str:
    if not isinstance(values[name], str):
        raise ValueError(f"{name} must be a string, written as on the command line; got {values[name]!r}")  # noqa: TRY004
    return str(values[name])


def _seed(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"seed must be a whole number, got {value!r}")  # noqa: TRY004
    return value
