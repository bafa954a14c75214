"""Instruments: functions that make one mono sound at the render rate."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audiokit.emulator.engine._base import RENDER_HZ, Signal

_Phasors = NDArray[np.complex128]

_NYQUIST_MARGIN: Final = 0.45 * RENDER_HZ


def hertz(midi_note: float) -> float:
    """Frequency of a MIDI note (69 is 440 Hz)."""
    return float(440.0 * 2.0 ** ((midi_note - 69.0) / 12.0))


def _time(seconds: float) -> Signal:
    return np.arange(round(seconds * RENDER_HZ)) / RENDER_HZ


def _edges(frames: int, attack_s: float, release_s: float) -> Signal:
    """A smooth rise and fall."""
    curve = np.ones(frames)
    rise, fall = min(frames, round(attack_s * RENDER_HZ)), min(frames, round(release_s * RENDER_HZ))
    if rise:
        curve[:rise] *= np.sin(0.5 * np.pi * np.arange(rise) / rise) ** 2
    if fall:
        curve[frames - fall :] *= np.cos(0.5 * np.pi * np.arange(fall) / fall) ** 2
    return curve


def _partials(
    seconds: float,
    hertz: Sequence[float],
    weights: Sequence[float],
    *,
    phases: Sequence[float] | float = 0.0,
    decays: Sequence[float] | float = 0.0,
) -> Signal:
    """Sines that sound together, and may die away.

    In blocks: a sine that decays is e^(s t), and e^(s (start + t)) is a product, so that all of them are one
    product of two small matrices. Sine by sine it takes twenty times as long.

    Args:
        seconds: Length.
        hertz: Their frequencies.
        weights: Their amplitudes at the start.
        phases: In turns.
        decays: By how many e-folds each falls in a second.
    """
    frames = round(seconds * RENDER_HZ)
    block = math.isqrt(frames) + 1
    rates = (2j * np.pi * np.asarray(hertz) - np.asarray(decays)) / RENDER_HZ
    begin = np.asarray(weights) * np.exp(2j * np.pi * np.asarray(phases))
    starts: _Phasors = begin * np.exp(np.outer(block * np.arange(block), rates))
    within: _Phasors = np.exp(np.outer(rates, np.arange(block)))
    tone: Signal = starts.real @ within.imag + starts.imag @ within.real
    return tone.ravel()[:frames]


@functools.lru_cache(maxsize=16)
def pad(note: float, seconds: float, *, brightness: float = 1.0, seed: int = 0) -> Signal:
    """A soft, slowly beating tone.

    Args:
        note: MIDI note.
        seconds: Length, attack and release of 0.6 s included.
        brightness: Weight of the upper partials, about 0.5 to 2.
        seed: Of the phases.
    """
    random = np.random.default_rng(seed + round(note))
    voices = [
        (hertz(note + detune) * partial, partial ** (-1.0 - 1.0 / brightness), random.random())
        for detune in (-0.06, 0.0, 0.07)
        for partial in range(1, 9)
        if hertz(note + detune) * partial < _NYQUIST_MARGIN
    ]
    pitches, weights, phases = zip(*voices, strict=True)
    tone = _partials(seconds, pitches, weights, phases=phases)
    return tone * _edges(len(tone), 0.6, 0.6) / 4.0


@functools.lru_cache(maxsize=16)
def pluck(note: float, seconds: float = 1.4, *, brightness: float = 1.0) -> Signal:
    """A plucked string: upper partials die first.

    Args:
        note: MIDI note.
        seconds: Length; it has died away by then.
        brightness: Weight of the upper partials.
    """
    base = hertz(note)
    # Real strings are a little sharp up there.
    stiff = {partial: base * partial * math.sqrt(1.0 + 0.0004 * partial**2) for partial in range(1, 13)}
    heard = {partial: pitch for partial, pitch in stiff.items() if pitch < _NYQUIST_MARGIN}
    tone = _partials(
        seconds,
        list(heard.values()),
        [partial**-1.2 for partial in heard],
        decays=[(2.2 + 1.1 * partial / brightness) * (base / 220.0) ** 0.3 for partial in heard],
    )
    return tone * _edges(len(tone), 0.002, 0.2) * 0.7


@functools.lru_cache(maxsize=16)
def bass(note: float, seconds: float, *, drive: float = 1.5) -> Signal:
    """A round bass with a little saturation.

    Args:
        note: MIDI note.
        seconds: Length.
        drive: Amount of saturation, 1 to 4.
    """
    time = _time(seconds)
    tone = _partials(seconds, [hertz(note) * k for k in (1, 2, 3, 4)], [k**-1.6 for k in (1, 2, 3, 4)])
    saturated: Signal = np.tanh(drive * tone * np.exp(-1.2 * time)) / np.tanh(drive)
    return saturated * _edges(len(time), 0.004, min(0.06, seconds / 4)) * 0.8


@functools.lru_cache(maxsize=16)
def reed(note: float, seconds: float, *, cutoff_hz: float = 2_000.0) -> Signal:
    """A short saw-like synthesizer note.

    Args:
        note: MIDI note.
        seconds: Length.
        cutoff_hz: Above this its partials fall off.
    """
    base = hertz(note)
    pitches = [base * partial for partial in range(1, int(min(_NYQUIST_MARGIN, 3 * cutoff_hz) / base) + 1)]
    weights = [base / pitch / (1.0 + (pitch / cutoff_hz) ** 4) for pitch in pitches]
    tone = _partials(seconds, pitches, weights)
    return tone * _edges(len(tone), 0.004, seconds * 0.6) * 0.5


@functools.lru_cache(maxsize=4)
def kick() -> Signal:
    """A bass drum."""
    time = _time(0.35)
    phase = 2 * np.pi * (48.0 * time + (150.0 - 48.0) * 0.035 * (1 - np.exp(-time / 0.035)))
    drum: Signal = np.sin(phase) * np.exp(-9.0 * time) * _edges(len(time), 0.001, 0.05)
    return drum


@functools.lru_cache(maxsize=4)
def clap(seed: int = 3) -> Signal:
    """A snare between clap and brush."""
    time = _time(0.25)
    noise = _coloured(len(time), 900.0, 7_000.0, seed)
    hit: Signal = (
        noise * np.exp(-18.0 * time) + 0.3 * np.sin(2 * np.pi * 190 * time) * np.exp(-30.0 * time)
    ) * 0.6
    return hit * _edges(len(time), 0.001, 0.05)


@functools.lru_cache(maxsize=4)
def hat(seed: int = 5, *, decay: float = 55.0) -> Signal:
    """A closed hi-hat; a smaller *decay* opens it."""
    time = _time(0.2)
    hit: Signal = _coloured(len(time), 6_500.0, 15_000.0, seed) * np.exp(-decay * time) * 0.5
    return hit * _edges(len(time), 0.0005, 0.03)


@functools.lru_cache(maxsize=4)
def riser(seconds: float, seed: int = 11) -> Signal:
    """Wind that swells and then stops."""
    frames = round(seconds * RENDER_HZ)
    swell = np.linspace(0.0, 1.0, frames) ** 2.5
    low, high = _coloured(frames, 250.0, 1_200.0, seed), _coloured(frames, 1_200.0, 8_000.0, seed + 1)
    result: Signal = ((1 - swell) * low + swell * high) * swell * 0.5
    return result * _edges(frames, 0.05, 0.08)


def _coloured(frames: int, low_hz: float, high_hz: float, seed: int) -> Signal:
    """Noise of a band, at unit RMS."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(frames))
    at = np.fft.rfftfreq(frames, 1 / RENDER_HZ)
    spectrum *= (at**4 / (at**4 + low_hz**4)) / (1.0 + (at / high_hz) ** 4)
    noise = np.fft.irfft(spectrum, frames)
    result: Signal = noise / np.sqrt(np.mean(noise**2))
    return result * 0.35
