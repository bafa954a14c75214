"""How long the services pretend to work, in virtual seconds, written like ``conversion:1x+2s,tts:500ms``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

WORK: Final = {
    "upload": "taking in a recording (times its length)",
    "tts": "making a Respeecher original from text (times the length of the speech)",
    "calibration": "measuring a calibration (times nothing: its length is not known)",
    "conversion": "converting an original (times its length)",
    "speech": "speech of v1 and v2 (times the length of what was spoken)",
    "mastering": "a master of v1 (times its length)",
    "mix": "a mix of v2 (times its length)",
    "encoding": "a mix of v2 in another format (times its length)",
    "pipeline": "speech to speech, cleaning and judging a file of v2 (times its length)",
}
"""Kinds of work, and what their factor multiplies."""

_DURATION = re.compile(
    r"(?:(?P<factor>\d+(?:\.\d+)?)x)?(?P<plus>\+)?(?:(?P<fixed>\d+(?:\.\d+)?)(?P<unit>ms|s))?\Z"
)
_LONGEST_S = 86_400.0


@attrs.frozen(kw_only=True)
class ProcessingTime:
    """A pretended duration: ``factor`` times the length of the sound, plus ``fixed_s``; virtual seconds."""

    factor: float = 0.0
    fixed_s: float = 0.0

    def seconds(self, sound_s: float) -> float:
        """Return the duration for sound of this length."""
        return self.factor * sound_s + self.fixed_s

    def __str__(self) -> str:
        return f"{self.factor:g}x+{self.fixed_s:g}s"


def parse_processing(text: str) -> dict[str, ProcessingTime]:
    """Read durations by kind of work, comma-separated; what is not named takes no pretended time.

    Raises:
        ValueError: An unknown kind of work, or a duration that is not written like ``1x+2s``, ``0.5x``
            or ``800ms``.
    """
    found: dict[str, ProcessingTime] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        work, _, said = part.partition(":")
        if work not in WORK:
            raise ValueError(f"processing of {work!r} is not known; allowed: {', '.join(WORK)}")
        found[work] = _duration(work, said)
    return found


def write_processing(times: Mapping[str, ProcessingTime]) -> str:
    """Write durations as `parse_processing` reads them."""
    return ",".join(f"{work}:{time}" for work, time in times.items())


def _duration(work: str, said: str) -> ProcessingTime:
    read = _DURATION.match(said)
    if read is None or not said or bool(read["plus"]) != (bool(read["factor"]) and bool(read["fixed"])):
        raise ValueError(
            f"processing of {work!r} must be a factor of the sound's length, a time, or both, "
            f"like 1x+2s, 0.5x or 800ms; got {said!r}"
        )
    time = ProcessingTime(
        factor=float(read["factor"] or 0.0),
        fixed_s=float(read["fixed"] or 0.0) * (0.001 if read["unit"] == "ms" else 1.0),
    )
    if time.factor > 1000.0 or time.fixed_s > _LONGEST_S:
        raise ValueError(f"processing of {work!r} must be at most 1000x+{_LONGEST_S:g}s, got {said!r}")
    return time
