"""Fundamental frequency of speech by YIN, and how much of it is voiced.

Our own YIN after the published method (de Cheveigné and Kawahara, 2002): difference function by FFT,
cumulative mean normalisation, first dip under a threshold, parabolic interpolation. Confidence is the *share
of voiced frames*: with noise it collapses long before the depth of the dips does.

YIN misses frames that begin or end a syllable, and those where a low voice creaks; they are lower than the
rest, so that the median would be high, by 5 % at worst. They are found in a second look, by autocorrelation
in the neighbourhood of what the first one found. What is a voice at all is decided by the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from audiokit.emulator.engine._base import Refused, Signal
from audiokit.emulator.engine._decode import AudioReader
from audiokit.emulator.engine._fold import folding
from audiokit.emulator.engine._resample import Resampler
from audiokit.emulator.engine._voicelike import why_not_a_voice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ANALYSIS_HZ: Final = 16_000
ALGORITHM: Final = "yin"
MIN_VOICED_SHARE: Final = 0.3
MIN_CALIBRATION_S: Final = 1.0
"""Least total of voiced frames that says something of a speaker, in seconds."""

_MIN_F0_HZ: Final = 55.0
_MAX_F0_HZ: Final = 550.0
_WINDOW: Final = 480  # 30 ms: long enough for two periods of a low voice, short enough for a falling one
_HOP: Final = 160  # 10 ms
_MAX_LAG: Final = int(ANALYSIS_HZ / _MIN_F0_HZ) + 2
_MIN_LAG: Final = int(ANALYSIS_HZ / _MAX_F0_HZ) - 1
_THRESHOLD: Final = 0.35
_LOWEST_HZ: Final = 40.0  # of frames of a voice whose median is in range
_NEIGHBOURHOOD: Final = 2**0.9  # less than an octave either way: one period is not taken for two
_CORRELATED: Final = 0.45
_FRAMES_AT_ONCE: Final = 500
_SHORTEST_S: Final = 0.3
_SILENCE: Final = 1e-3  # -60 dBFS
_QUIET_BELOW_LOUD_DB: Final = 35.0


@attrs.frozen(kw_only=True)
class Pitch:
    """A pitch measurement.

    Attributes:
        f0_hz: Median over voiced frames.
        voiced_share: Voiced frames among the frames that are not silent, 0 to 1.
        voiced_seconds: Total of the voiced frames, 10 ms each.
    """

    f0_hz: float
    voiced_share: float
    voiced_seconds: float


def track(signal: Signal) -> tuple[Signal, NDArray[np.bool_]]:
    """Follow the pitch of mono audio at `ANALYSIS_HZ`.

    Returns:
        Two arrays with one entry each 10 ms: f0 in hertz (0 where unvoiced), and whether there is sound.
    """
    every = np.arange(_count(signal))
    f0, level = np.zeros(len(every)), np.zeros(len(every))
    for some, frames in _frames(signal, every, _WINDOW + _MAX_LAG):
        level[some] = np.sqrt(np.mean(frames[:, :_WINDOW] ** 2, axis=1))
        f0[some] = _yin(frames)
    loud = np.percentile(level, 95) if len(level) else 0.0
    sounding = level > max(_SILENCE, loud * 10 ** (-_QUIET_BELOW_LOUD_DB / 20))
    return np.where(sounding, f0, 0.0), sounding


def measure_pitch(signal: Signal) -> Pitch | None:
    """Measure the pitch of mono audio at `ANALYSIS_HZ`; None where nothing is voiced."""
    return _measure(signal, *track(signal))


def _measure(signal: Signal, f0: Signal, sounding: NDArray[np.bool_]) -> Pitch | None:
    voiced = f0 > 0
    if not voiced.any():
        return None
    share = float(np.count_nonzero(voiced) / np.count_nonzero(sounding))
    found = np.concatenate([f0[voiced], _overlooked(signal, f0, sounding)])
    return Pitch(
        f0_hz=float(np.median(found)), voiced_share=share, voiced_seconds=len(found) * _HOP / ANALYSIS_HZ
    )


def read_pitch(path: str, *, min_seconds: float = _SHORTEST_S, must_be_speech: bool = False) -> Pitch:
    """Measure the pitch of a recording.

    Args:
        path: File to read; at most its first 60 seconds that hold sound are used.
        min_seconds: Least total of voiced frames, in seconds.
        must_be_speech: Refuse hum and whistles, too, whose pitch is as clear as a voice's.

    Raises:
        Refused: Silence, noise or too little voice.
    """
    signal = read_mono(path)
    if not len(signal) or float(np.abs(signal).max()) < _SILENCE:
        raise Refused("no voice to measure: the recording is silent")
    f0, sounding = track(signal)
    pitch = _measure(signal, f0, sounding)
    if pitch is None or pitch.voiced_share < MIN_VOICED_SHARE:
        share = 0.0 if pitch is None else pitch.voiced_share
        raise Refused(
            f"no clear voice: {share:.0%} of the sound is voiced, at least {MIN_VOICED_SHARE:.0%} is needed; "
            "record nearer to the microphone and without noise or music"
        )
    if must_be_speech:
        voiced = np.flatnonzero(f0 > 0)
        ((_, frames),) = _frames(signal, voiced, _WINDOW, at_once=len(voiced))
        reason = why_not_a_voice(frames, f0[voiced], rate_hz=ANALYSIS_HZ, hop_s=_HOP / ANALYSIS_HZ)
        if reason is not None:
            raise Refused(f"no clear voice: {reason}; record a few sentences of speech")
    if pitch.voiced_seconds < min_seconds:
        raise Refused(
            f"too little voice: {pitch.voiced_seconds:.2f} s are voiced, at least {min_seconds:g} s are "
            "needed; send a longer recording"
        )
    return pitch


def f0(path: str, min_seconds: float = MIN_CALIBRATION_S) -> dict[str, Any]:
    """Measure the fundamental frequency of a speaker (see `read_pitch`)."""
    pitch = read_pitch(path, min_seconds=min_seconds, must_be_speech=True)
    return {"f0_hz": pitch.f0_hz, "voiced_share": pitch.voiced_share, "algorithm": ALGORITHM}


def read_mono(path: str, max_seconds: float = 60.0) -> Signal:
    """Read the first *max_seconds* of sound of a file as mono at `ANALYSIS_HZ`, leading silence skipped."""
    blocks: list[Signal] = []
    frames, fold = 0, folding(path, 1)
    with AudioReader(path) as reader:
        resampler = Resampler(reader.sample_rate_hz, ANALYSIS_HZ, 1)
        for block in reader.blocks():
            if not frames and float(np.abs(block).max()) < _SILENCE:
                continue
            blocks.append(resampler.push(fold(block))[:, 0].astype(np.float64))
            frames += len(blocks[-1])
            if frames >= max_seconds * ANALYSIS_HZ:
                break
        blocks.append(resampler.finish()[:, 0].astype(np.float64))
    return np.concatenate(blocks)


def _count(signal: Signal) -> int:
    return max(len(signal) - _WINDOW, 0) // _HOP + 1


def _frames(
    signal: Signal, which: NDArray[np.intp], length: int, *, at_once: int = _FRAMES_AT_ONCE
) -> Iterator[tuple[slice, Signal]]:
    """Cut frames of a length out, some at a time: their places among those wanted, and one a row."""
    padded = np.concatenate([signal, np.zeros(length)])
    for first in range(0, len(which), at_once):
        some = slice(first, first + at_once)
        yield some, padded[which[some, None] * _HOP + np.arange(length)]


def _overlooked(signal: Signal, f0: Signal, sounding: NDArray[np.bool_]) -> Signal:
    """Pitch of the voiced frames that YIN let pass: less than an octave from what it found elsewhere."""
    middle_hz = float(np.median(f0[f0 > 0]))
    shortest = int(ANALYSIS_HZ / (middle_hz * _NEIGHBOURHOOD))
    longest = int(ANALYSIS_HZ / max(middle_hz / _NEIGHBOURHOOD, _LOWEST_HZ)) + 2
    found = [np.zeros(0)]
    for _, frames in _frames(signal, np.flatnonzero(sounding & (f0 == 0)), _WINDOW + longest):
        correlation, energy, shifted_energy = _correlated(frames, longest)
        likeness = (2 * correlation / np.maximum(energy + shifted_energy, 1e-12))[:, shortest:]
        at = np.argmax(likeness, axis=1)
        best = likeness[np.arange(len(at)), at]
        is_peak = (at > 0) & (at < likeness.shape[1] - 1) & (best > _CORRELATED)
        found.append(ANALYSIS_HZ / (at[is_peak] + shortest))
    return np.concatenate(found)


def _correlated(frames: Signal, lags: int) -> tuple[Signal, Signal, Signal]:
    """Correlate the head of each row with itself, later; and the energy of the head and of the later part."""
    size = 1 << (frames.shape[1] + _WINDOW - 1).bit_length()
    spectrum = np.fft.rfft(frames, size) * np.conj(np.fft.rfft(frames[:, :_WINDOW], size))
    correlation = np.fft.irfft(spectrum, size)[:, :lags]
    energy = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    shifted_energy = energy[:, _WINDOW : _WINDOW + lags] - energy[:, :lags]
    return correlation, shifted_energy[:, :1], shifted_energy


def _yin(frames: Signal) -> Signal:
    """Pitch of each row in hertz, 0 where it is not periodic."""
    normalised = _normalised_difference(frames)
    lags = normalised[:, _MIN_LAG:_MAX_LAG]
    under = lags < _THRESHOLD
    first = np.argmax(under, axis=1)
    rows = np.arange(len(frames))
    # From the first lag under the threshold, walk down to the bottom of that dip.
    rising = np.diff(lags, axis=1) > 0
    after_first = np.arange(lags.shape[1] - 1)[None, :] >= first[:, None]
    turns = rising & after_first
    bottom = np.argmax(turns, axis=1)
    # A dip that begins before the first lag or goes on beyond the last one belongs to a pitch out of range.
    is_whole = under.any(axis=1) & turns.any(axis=1) & (bottom > 0)
    at = np.clip(bottom + _MIN_LAG, 1, _MAX_LAG - 2)
    before, here, after = normalised[rows, at - 1], normalised[rows, at], normalised[rows, at + 1]
    curvature = before - 2 * here + after
    offset = np.where(
        np.abs(curvature) > 1e-12, 0.5 * (before - after) / np.where(curvature == 0, 1, curvature), 0.0
    )
    f0_hz = ANALYSIS_HZ / (at + np.clip(offset, -0.5, 0.5))
    return np.where(is_whole, f0_hz, 0.0)


def _normalised_difference(frames: Signal) -> Signal:
    """Cumulative mean normalised difference function of each row, shape (rows, _MAX_LAG)."""
    correlation, energy, shifted_energy = _correlated(frames, _MAX_LAG)
    difference = np.maximum(energy + shifted_energy - 2 * correlation, 0.0)
    mean = np.cumsum(difference[:, 1:], axis=1) / np.arange(1, _MAX_LAG)
    normalised = np.ones_like(difference)
    normalised[:, 1:] = difference[:, 1:] / np.maximum(mean, 1e-12)
    return normalised
