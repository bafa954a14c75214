"""Pitch and formants by Praat, whose trackers are its own; GPL: the tests need it, the package never does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

parselmouth = pytest.importorskip("parselmouth", reason="needs Praat: pip install praat-parselmouth")


def praat_track(path: Path, *, low_hz: float = 60.0, high_hz: float = 500.0) -> np.ndarray:
    """Pitch in hertz of each voiced 10 ms of a WAV, by autocorrelation between two bounds."""
    pitch = parselmouth.Sound(str(path)).to_pitch_ac(
        time_step=0.01, pitch_floor=low_hz, pitch_ceiling=high_hz
    )
    hertz = pitch.selected_array["frequency"]
    return hertz[hertz > 0]


def praat_hz(path: Path, *, low_hz: float = 60.0, high_hz: float = 500.0) -> float:
    """Median of `praat_track`."""
    return float(np.median(praat_track(path, low_hz=low_hz, high_hz=high_hz)))


def praat_formants(path: Path) -> np.ndarray:
    """Medians of the first three formants in hertz where a WAV is voiced, by Burg's method up to 5500 Hz."""
    sound = parselmouth.Sound(str(path))
    pitch = sound.to_pitch_ac(time_step=0.01, pitch_floor=60.0, pitch_ceiling=500.0)
    formant = sound.to_formant_burg(time_step=0.01, max_number_of_formants=5, maximum_formant=5_500.0)
    times = pitch.xs()[pitch.selected_array["frequency"] > 0]
    return np.array(
        [np.nanmedian([formant.get_value_at_time(one, time) for time in times]) for one in (1, 2, 3)]
    )
