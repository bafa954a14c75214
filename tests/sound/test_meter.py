"""The engine's own meter on the signals of EBU Tech 3341, made here after its table 1.

Cases 7 and 8 are recordings, 9 to 14 are about momentary and short-term loudness, which the engine does not
measure; case 6 has five channels, which it folds to the stereo that it goes on with.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from metering import ebu_r128

Op = Callable[..., dict[str, Any]]
HERTZ = 48_000
LOUDNESS_CASES = {
    "1": ([(-23.0, 20.0)], -23.0),
    "2": ([(-33.0, 20.0)], -33.0),
    "3": ([(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
    "4": ([(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0),
    "5": ([(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
}
PEAK_CASES = {
    "15": (4, 0.0, 0.5, -6.0),
    "16": (4, 45.0, 0.5, -6.0),
    "17": (6, 60.0, 0.5, -6.0),
    "18": (8, 67.5, 0.5, -6.0),
    "19": (4, 45.0, 1.41, 3.0),
}


def stereo(path: Path, signal: np.ndarray) -> Path:
    """Write the same signal on both channels, with float samples, which may be over full scale."""
    soundfile.write(path, np.stack([signal, signal], axis=1), HERTZ, subtype="FLOAT")
    return path


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.heavy if case in "345" else ()) for case in LOUDNESS_CASES]
)
def test_integrated_loudness_of_tones(op: Op, tmp_path: Path, case: str) -> None:
    """Stereo tones of 1 kHz with quieter passages: within 0.1 LU of the standard's figure, like ebur128."""
    spans, expected = LOUDNESS_CASES[case]
    level = np.concatenate([np.full(round(seconds * HERTZ), 10 ** (db / 20)) for db, seconds in spans])
    path = stereo(tmp_path / "tone.wav", level * np.sin(2 * np.pi * 1_000 * np.arange(len(level)) / HERTZ))
    found = op("probe", path=path)["lufs"]
    assert expected == pytest.approx(found, abs=0.1)
    assert ebu_r128(path).lufs == pytest.approx(found, abs=0.1)


@pytest.mark.parametrize("case", PEAK_CASES)
def test_true_peak_of_tones_between_the_samples(op: Op, tmp_path: Path, case: str) -> None:
    """Tones whose crests lie beside the samples: within +0.2 and -0.4 dB of the standard's figure."""
    divisor, degrees, amplitude, expected_db = PEAK_CASES[case]
    phase = 2 * np.pi * np.arange(HERTZ) / divisor + np.radians(degrees)
    swell = np.minimum(1.0, np.minimum(np.arange(HERTZ), np.arange(HERTZ)[::-1]) / 2_400)
    found = op("probe", path=stereo(tmp_path / "tone.wav", amplitude * swell * np.sin(phase)))
    assert -0.4 <= found["true_peak_dbtp"] - expected_db <= 0.2


@pytest.mark.parametrize("offset", [0, 1, 2, 3])
def test_true_peak_of_a_single_loud_period(op: Op, tmp_path: Path, offset: int) -> None:
    """A period at full scale, made at four times the rate and decimated from any offset (cases 20 to 23)."""
    size = 4 * HERTZ
    tone = 0.5 * np.sin(2 * np.pi * np.arange(size) / 24)
    middle = size // 2 - size // 2 % 24
    tone[middle : middle + 24] *= 2.0
    spectrum = np.fft.rfft(tone)
    spectrum[np.fft.rfftfreq(size, 1 / (4 * HERTZ)) > 20_000] = 0.0
    smooth = np.fft.irfft(spectrum, size)
    path = stereo(tmp_path / "tone.wav", smooth[offset::4])
    truth_db = 20 * np.log10(np.abs(smooth).max())
    assert 0.0 == pytest.approx(truth_db, abs=0.2)
    assert -0.4 <= op("probe", path=path)["true_peak_dbtp"] - truth_db <= 0.2


def test_both_meters_agree_on_noise_with_pauses(op: Op, tmp_path: Path) -> None:
    """Loudness to 0.1 LU and true peak to 0.1 dB beside ebur128, on seeded noise of changing level."""
    draw = np.random.default_rng(3341)
    level = np.repeat(10 ** (draw.uniform(-60, -10, 60) / 20), HERTZ // 4)
    path = stereo(tmp_path / "noise.wav", level * draw.uniform(-1, 1, len(level)))
    found, truth = op("probe", path=path), ebu_r128(path)
    assert truth.lufs == pytest.approx(found["lufs"], abs=0.1)
    assert truth.true_peak_dbtp == pytest.approx(found["true_peak_dbtp"], abs=0.1)
