"""Sounds to work on, and measures of our own that do not use the engine's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from audiokit.emulator.engine import OPERATIONS

AUDIO = Path(__file__).parents[2] / "data" / "audio"
Sound = NDArray[np.float64]


@pytest.fixture(scope="session", autouse=True)
def _one_thread_for_numpy() -> None:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def audio() -> Path:
    """The folder of sample audio."""
    return AUDIO


@pytest.fixture
def op() -> Callable[..., dict[str, Any]]:
    """Do an operation of the engine in this process."""

    def do(name: str, /, **params: Any) -> dict[str, Any]:
        return OPERATIONS[name](**{key: str(v) if isinstance(v, Path) else v for key, v in params.items()})

    return do


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 7 s of speech at -20 LUFS, by a voice of about 200 Hz."""
    out = tmp_path_factory.mktemp("speech") / "speech.wav"
    text = (
        "The quick brown fox jumps over the lazy dog near the river bank, while seven wizards quietly "
        "watched the moon rise over the hills."
    )
    OPERATIONS["speak"](str(out), [{"text": text, "voice": "gmw/en-US+f2", "f0_hz": 200.0}])
    return out


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built-in main segment of about 8 s."""
    out = tmp_path_factory.mktemp("music") / "main.wav"
    OPERATIONS["template"]({"style": "pulse", "root": 57, "bpm": 120}, "main", str(out))
    return out


@pytest.fixture
def write_wav(tmp_path: Path) -> Callable[..., Path]:
    """Write samples as a WAV file."""

    def write(samples: Sound, rate_hz: int = 48_000, name: str = "made.wav", **how: Any) -> Path:
        path = tmp_path / name
        soundfile.write(path, samples, rate_hz, **how)
        return path

    return write


@pytest.fixture(scope="session")
def median_f0() -> Callable[[Path], float]:
    """Median pitch in hertz by plain autocorrelation: shares no code and no method with the engine's YIN."""

    def measure(path: Path) -> float:
        samples, rate_hz = soundfile.read(path)
        mono = samples if samples.ndim == 1 else samples.mean(axis=1)
        size, hop = int(0.05 * rate_hz), int(0.01 * rate_hz)
        frames = np.lib.stride_tricks.sliding_window_view(mono, size)[::hop]
        loud = np.sqrt((frames**2).mean(axis=1))
        window = np.hanning(size)
        frames = (frames - frames.mean(axis=1, keepdims=True))[loud > 0.1 * loud.max()] * window
        padded = 2 ** int(np.ceil(np.log2(2 * size)))

        def correlation(x: Sound) -> Sound:
            return np.fft.irfft(np.abs(np.fft.rfft(x, padded)) ** 2, padded)[..., :size]

        # Dividing by the window's own correlation takes out the taper (Boersma, 1993).
        r = correlation(frames) / correlation(window)
        r /= r[:, :1]
        low, high = int(rate_hz / 500), int(rate_hz / 60)
        lags = np.arange(low, high)
        # A small bonus for short lags: otherwise whole multiples of the period win by a hair.
        best = np.argmax(r[:, low:high] - 0.02 * np.log2(lags / low), axis=1) + low
        voiced = r[np.arange(len(r)), best] > 0.5
        return float(np.median(rate_hz / best[voiced]))

    return measure


@pytest.fixture(scope="session")
def level_db() -> Callable[..., float]:
    """RMS of a stretch of a file in dB."""

    def measure(path: Path, start_s: float, end_s: float) -> float:
        samples, rate_hz = soundfile.read(path, always_2d=True)
        part = samples[int(start_s * rate_hz) : int(end_s * rate_hz)]
        return float(10 * np.log10((part**2).mean() + 1e-12))

    return measure
