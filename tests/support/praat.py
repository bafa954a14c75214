"""Pitch by Praat, a tracker of its own; GPL, so the tests need it and the package never does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

parselmouth = pytest.importorskip("parselmouth", reason="needs Praat: pip install praat-parselmouth")


def praat_track(path: Path) -> np.ndarray:
    """Pitch in hertz of each voiced 10 ms of a WAV, by autocorrelation from 60 to 500 Hz."""
    pitch = parselmouth.Sound(str(path)).to_pitch_ac(time_step=0.01, pitch_floor=60.0, pitch_ceiling=500.0)
    hertz = pitch.selected_array["frequency"]
    return hertz[hertz > 0]


def praat_hz(path: Path) -> float:
    """Median of `praat_track`."""
    return float(np.median(praat_track(path)))
