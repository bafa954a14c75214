"""Pitch is found where there is a voice, and refused where there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audiokit.emulator.engine import Refused
from audiokit.emulator.engine._pitch import read_pitch

Op = Callable[..., dict[str, Any]]


def _harmonics(f0_hz: float, seconds: float = 1.5, rate_hz: int = 24_000) -> np.ndarray[Any, Any]:
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    partials = range(1, int(4_000 / f0_hz))
    return 0.1 * sum(np.sin(2 * np.pi * f0_hz * k * time) / k for k in partials)


@pytest.mark.parametrize("f0_hz", [70.0, 98.5, 147.3, 220.0, 311.0, 440.0])
def test_steady_tone_is_measured_to_half_a_percent(
    op: Op, write_wav: Callable[..., Path], f0_hz: float
) -> None:
    """Over the range of human voices."""
    found = op("f0", path=write_wav(_harmonics(f0_hz), 24_000))
    assert f0_hz == pytest.approx(found["f0_hz"], rel=0.005)
    assert found["voiced_share"] > 0.95


@pytest.mark.parametrize(
    ("name", "f0_hz"),
    [
        ("vowel_147hz.wav", 147.3),
        ("speech_male_en.wav", 96),
        ("speech_female_en.mp3", 224),
        ("speech_female_de.flac", 202),
        ("speech_male_fr.ogg", 98),
        ("speech_female_opus.ogg", 215),
    ],
)
def test_speech_agrees_with_praat_to_three_percent(op: Op, audio: Path, name: str, f0_hz: float) -> None:
    """Figures of the samples' README, from a Praat autocorrelation track."""
    assert f0_hz == pytest.approx(op("f0", path=audio / name)["f0_hz"], rel=0.03)


def test_own_measure_agrees_with_autocorrelation(
    op: Op, speech: Path, median_f0: Callable[[Path], float]
) -> None:
    """Two methods without common code agree to 2 %."""
    assert median_f0(speech) == pytest.approx(op("f0", path=speech)["f0_hz"], rel=0.02)


@pytest.mark.parametrize("f0_hz", [40.0, 50.0, 54.0, 600.0])
def test_tone_out_of_range_is_refused(op: Op, write_wav: Callable[..., Path], f0_hz: float) -> None:
    """Mains hum and whistles are no voices, and are not read as the nearest pitch that could be one."""
    tone = 0.1 * np.sin(2 * np.pi * f0_hz * np.arange(48_000) / 24_000)
    with pytest.raises(Refused, match="no clear voice"):
        op("f0", path=write_wav(tone, 24_000))


def test_silence_is_refused(op: Op, write_wav: Callable[..., Path]) -> None:
    """There is nothing to measure in silence."""
    with pytest.raises(Refused, match="the recording is silent"):
        op("f0", path=write_wav(np.zeros(48_000)))


@pytest.mark.parametrize("colour", ["white", "brown"])
def test_noise_is_refused(op: Op, write_wav: Callable[..., Path], colour: str) -> None:
    """Noise has no pitch, whatever its colour."""
    noise = np.random.default_rng(1).standard_normal(96_000)
    if colour == "brown":
        noise = np.cumsum(noise)
        noise -= np.convolve(noise, np.ones(1_200) / 1_200, "same")
    with pytest.raises(Refused, match="no clear voice"):
        op("f0", path=write_wav(0.3 * noise / np.abs(noise).max()))


def test_voice_under_heavy_noise_is_refused(op: Op, speech: Path, write_wav: Callable[..., Path]) -> None:
    """With as much noise as voice, the voiced share collapses."""
    import soundfile

    voice, rate_hz = soundfile.read(speech)
    noise = np.random.default_rng(1).standard_normal(len(voice)) * np.sqrt(np.mean(voice**2))
    with pytest.raises(Refused, match="is voiced, at least 30%"):
        op("f0", path=write_wav(voice + noise, rate_hz))


@pytest.mark.parametrize("seconds", [0.15, 0.9])
def test_too_little_voice_is_refused(op: Op, write_wav: Callable[..., Path], seconds: float) -> None:
    """Less than a second says nothing about a speaker, though its pitch may be measured."""
    path = write_wav(_harmonics(200.0, seconds), 24_000)
    with pytest.raises(Refused, match=r"at least 1 s are needed; send a longer recording"):
        op("f0", path=path)
    assert (op("measure", path=path)["f0_hz"] is None) == (seconds < 0.3)


@pytest.mark.parametrize("hertz", [50.0, 60.0, 100.0, 120.0])
@pytest.mark.parametrize("partials", [(1,), (1, 2, 3, 5), range(1, 25)])
def test_hum_of_the_mains_is_no_voice(
    op: Op, write_wav: Callable[..., Path], hertz: float, partials: Sequence[int]
) -> None:
    """Whether it is a hum with few overtones or a buzz with as many as a voice has, under some noise."""
    time = np.arange(48_000) / 24_000
    hum = 0.1 * sum(np.sin(2 * np.pi * hertz * k * time) / k for k in partials)
    noise = 1e-3 * np.random.default_rng(1).standard_normal(len(time))
    for sound in (hum, hum + noise):
        with pytest.raises(Refused, match="no clear voice"):
            op("f0", path=write_wav(sound, 24_000))


@pytest.mark.parametrize("band_hz", [(100, 300), (150, 250), (400, 600), (900, 1_100), (1_900, 2_100)])
def test_narrow_noise_is_no_voice(
    op: Op, write_wav: Callable[..., Path], band_hz: tuple[float, float]
) -> None:
    """It has a period of sorts, and no overtones."""
    spectrum = np.fft.rfft(np.random.default_rng(5).standard_normal(48_000))
    hertz = np.fft.rfftfreq(48_000, 1 / 24_000)
    noise = np.fft.irfft(np.where((hertz > band_hz[0]) & (hertz < band_hz[1]), spectrum, 0.0))
    with pytest.raises(Refused, match="no clear voice"):
        op("f0", path=write_wav(0.3 * noise / np.abs(noise).max(), 24_000))


def test_long_silence_before_the_voice_does_not_matter(op: Op, write_wav: Callable[..., Path]) -> None:
    """Only what sounds is counted."""
    samples = np.concatenate([np.zeros(24_000 * 5), _harmonics(180.0), np.zeros(24_000 * 5)])
    assert 180.0 == pytest.approx(op("f0", path=write_wav(samples, 24_000))["f0_hz"], rel=0.01)


def test_measure_gives_no_pitch_for_what_has_none(op: Op, write_wav: Callable[..., Path]) -> None:
    """The table of a file shows None instead of failing."""
    found = op("measure", path=write_wav(np.zeros(48_000)))
    assert {"format": "wav", "seconds": 1.0, "sample_rate_hz": 48_000, "channels": 1} == {
        key: found[key] for key in ("format", "seconds", "sample_rate_hz", "channels")
    }
    assert found["f0_hz"] is None


def test_what_is_converted_may_be_a_tone(write_wav: Callable[..., Path]) -> None:
    """A calibration speaks for a speaker; a recording to convert only needs a pitch."""
    time = np.arange(2 * 24_000) / 24_000
    tone = write_wav(0.3 * np.sin(2 * np.pi * 220.0 * time), 24_000)
    assert 220.0 == pytest.approx(read_pitch(str(tone)).f0_hz, rel=0.01)
    with pytest.raises(Refused, match="no overtones above 1000 Hz"):
        read_pitch(str(tone), must_be_speech=True)
