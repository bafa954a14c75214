"""Bringing espeak-ng's voices to the pitch that the catalogue promises.

Variants differ in base pitch and in how far a pitch setting moves it, so the setting is found by measuring:
each voice speaks a test sentence at a few settings, once per process, and the wanted pitch is read off that
curve.
"""

from __future__ import annotations

import functools
import math
from typing import Final

import attrs
import numpy as np

from audiokit.emulator.engine._base import Signal, decibels
from audiokit.emulator.engine._espeak import library
from audiokit.emulator.engine._meter import Meter
from audiokit.emulator.engine._pitch import ANALYSIS_HZ, measure_pitch
from audiokit.emulator.engine._resample import resampled

_TEST_SENTENCE: Final = "1 2 3 4 5 6 7 8 9 10"  # every language reads digits in its own words
_TEST_RATE_WPM: Final = 175
_SETTINGS: Final = (0, 25, 50, 75, 99)
_MAX_SENTENCE_S: Final = 30.0


@attrs.frozen(kw_only=True)
class Calibration:
    """What one voice does at one pitch range.

    Attributes:
        settings: Pitch settings tried, rising.
        f0_hz: Median pitch at each; empty for voices without one (whispers).
        lufs: Loudness at the middle setting; None if it could not be measured.
        loudest_db: RMS of the loudest 100 ms at the middle setting.
    """

    settings: tuple[int, ...]
    f0_hz: tuple[float, ...]
    lufs: float | None
    loudest_db: float

    def setting_for(self, f0_hz: float) -> int:
        """Return the pitch setting that comes nearest to a median pitch in hertz."""
        if not self.f0_hz:
            return 50
        rising = np.maximum.accumulate(np.log(self.f0_hz))
        return round(float(np.interp(np.log(f0_hz), rising, self.settings)))


@functools.lru_cache(maxsize=512)
def calibrate(voice: str, pitch_range: int) -> Calibration:
    """Measure a voice at a pitch range of 0 to 99; costs about 0.1 s the first time.

    Raises:
        Refused: The voice is unknown.
    """
    settings: list[int] = []
    pitches: list[float] = []
    lufs: float | None = None
    loudest = 0.0
    for setting in _SETTINGS:
        signal, hertz = _speak_test(voice, setting, pitch_range)
        if setting == 50:
            meter = Meter(hertz, 1, true_peak=False)
            meter.push(signal[:, None].astype(np.float32))
            lufs, loudest = meter.finish().lufs, loudest_db(signal, hertz)
        pitch = measure_pitch(
            resampled(signal[:, None].astype(np.float32), hertz, ANALYSIS_HZ)[:, 0].astype(float)
        )
        if pitch is not None and pitch.voiced_seconds > 0.2:
            settings.append(setting)
            pitches.append(pitch.f0_hz)
    return Calibration(settings=tuple(settings), f0_hz=tuple(pitches), lufs=lufs, loudest_db=loudest)


def loudest_db(signal: Signal, rate_hz: int) -> float:
    """RMS in dB of the loudest 100 ms of a signal, which is taken for silent around."""
    size = rate_hz // 10
    power = np.cumsum(np.pad(signal**2, (size, size)))
    return decibels(math.sqrt(max(0.0, float((power[size:] - power[:-size]).max())) / size))


def _speak_test(voice: str, setting: int, pitch_range: int) -> tuple[Signal, int]:
    espeak = library()
    said = espeak.speak(
        _TEST_SENTENCE,
        voice=voice,
        rate_wpm=_TEST_RATE_WPM,
        pitch=setting,
        pitch_range=pitch_range,
        word_gap=0,
        max_seconds=_MAX_SENTENCE_S,
    )
    return said.samples / 32_768.0, espeak.sample_rate_hz
