"""The figures of one finished file, for tables."""

from __future__ import annotations

from typing import Any

from audiokit.emulator.engine._base import Refused
from audiokit.emulator.engine._pitch import read_pitch
from audiokit.emulator.engine._probe import probe

_KEYS = ("format", "seconds", "sample_rate_hz", "channels", "lufs", "true_peak_dbtp")


def measure(path: str) -> dict[str, Any]:
    """Say what a file is, how loud, and at which pitch it speaks.

    Returns:
        ``format``, ``seconds``, ``sample_rate_hz``, ``channels``, ``lufs``, ``true_peak_dbtp``, and
        ``f0_hz``: None where no clear voice is found. Under music it may be the music's.
    """
    seen = probe(path)
    try:
        f0_hz: float | None = read_pitch(path).f0_hz
    except Refused:
        f0_hz = None
    return {**{key: seen[key] for key in _KEYS}, "f0_hz": f0_hz}
