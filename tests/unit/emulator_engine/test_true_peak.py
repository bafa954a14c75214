"""True peaks are found whole, although most of a track is not looked at."""

from __future__ import annotations

import numpy as np
import pytest

from audiokit.emulator.engine import _true_peak
from audiokit.emulator.engine._base import Samples, decibels
from audiokit.emulator.engine._resample import Resampler
from audiokit.emulator.engine._true_peak import PeakMeter

HERTZ = 48_000


def peak_dbtp(signal: Samples, rate_hz: int = HERTZ, *, block: int = 16_384) -> float:
    """The meter's reading, in blocks of some size."""
    meter = PeakMeter(rate_hz, signal.shape[1])
    for start in range(0, len(signal), block):
        meter.push(signal[start : start + block])
    return decibels(meter.finish())


def oversampled_dbtp(signal: Samples, rate_hz: int = HERTZ, factor: int = 4) -> float:
    """FFmpeg's reading, of every sample."""
    resampler = Resampler(rate_hz, rate_hz * factor, signal.shape[1])
    everything = np.concatenate([signal, resampler.push(signal), resampler.finish()])
    return decibels(float(np.abs(everything).max()))


def noise(seed: int, frames: int = 20_000, channels: int = 2) -> Samples:
    """Bursts of very different levels, faded in and out."""
    draw = np.random.default_rng(seed)
    level = 10 ** (np.repeat(draw.uniform(-40.0, -1.0, frames // 50), 50) / 20)
    swell = np.hanning(frames)
    return (swell * level * draw.uniform(-1.0, 1.0, (channels, frames))).T.astype(np.float32)


@pytest.mark.parametrize("seed", range(20))
def test_it_reads_what_oversampling_everything_reads(seed: int) -> None:
    """To 0.001 dB, mono and stereo, whatever the blocks."""
    signal = noise(seed, channels=1 + seed % 2)
    truth = oversampled_dbtp(signal)

    assert truth == pytest.approx(peak_dbtp(signal), abs=0.001)
    assert truth == pytest.approx(peak_dbtp(signal, block=(1, 7, 33, 1_000)[seed % 4]), abs=0.001)


@pytest.mark.parametrize(("rate_hz", "factor"), [(8_000, 4), (44_100, 4), (96_000, 2), (192_000, 1)])
def test_other_rates_are_read_alike(rate_hz: int, factor: int) -> None:
    """At least 192 kHz are looked at; from there on, samples."""
    signal = noise(1)

    assert oversampled_dbtp(signal, rate_hz, factor) == pytest.approx(peak_dbtp(signal, rate_hz), abs=0.001)


@pytest.mark.parametrize("place", [0, 31, 32, 48, 63, 16_383, 16_384])
def test_the_worst_signal_that_there_is_reaches_the_bound_and_is_found(place: int) -> None:
    """Samples of one amount with the signs of the weights: 7.4 dB above them, and nothing can be higher.

    A single loud sample elsewhere, just below what the bound allows to skip, does not hide it.
    """
    (filters,) = _true_peak._filters(2)
    signal = np.zeros((40_000, 1), np.float32)
    signal[64 + place : 64 + place + len(filters), 0] = 0.4 * np.sign(filters)
    bound = float(np.abs(filters).sum())
    signal[39_000] = 0.4 * bound * 0.999

    assert 2.352 == pytest.approx(bound, abs=0.001)
    assert decibels(0.4 * bound) == pytest.approx(peak_dbtp(signal), abs=1e-4)
    assert bound == pytest.approx(np.abs(_true_peak._filters(4)).sum(axis=1).max())


def test_quiet_parts_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than 7.4 dB below the highest sample cannot reach it: nothing is interpolated there."""
    looked_at: list[int] = []
    original = PeakMeter._interpolate

    def counted(meter: PeakMeter, runs: np.ndarray, bounds: np.ndarray) -> None:
        looked_at.append(np.count_nonzero(bounds > meter._highest))
        original(meter, runs, bounds)

    monkeypatch.setattr(PeakMeter, "_interpolate", counted)
    signal = np.random.default_rng(1).uniform(-0.2, 0.2, (48_000, 1)).astype(np.float32)
    signal[100] = 0.9
    peak_dbtp(signal)

    assert 2 >= sum(looked_at) > 0


@pytest.mark.parametrize("frames", [0, 1, 2, 31, 32, 33])
def test_a_few_samples_are_read_too(frames: int) -> None:
    """At least the highest sample itself."""
    signal = np.linspace(-0.5, 0.1, frames, dtype=np.float32)[:, None]

    assert peak_dbtp(signal) >= (decibels(0.5) - 1e-4 if frames else -200.0)


def test_silence_has_no_peak() -> None:
    """Zero is zero."""
    assert 0.0 == PeakMeter(HERTZ, 2).finish()
