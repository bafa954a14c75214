"""Spectral envelopes: what makes a vowel that vowel, taken from one recording and put on another.

Shifting pitch moves the formants along, which sounds like a chipmunk or a giant. The envelope of the shifted
sound is therefore replaced, frame by frame, by the envelope of the original, moved by a small wanted ratio.

Once is enough: a second correction comes 1 dB nearer to the wanted envelope, and takes a third of the voiced
frames of a deep voice with it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from audiokit.emulator.engine._base import Signal

_FRAME_S: Final = 0.020
_HOPS_PER_FRAME: Final = 4
_ENVELOPE_ROUNDS: Final = 6
_MAX_CORRECTION_DB: Final = 30.0
_FLOOR: Final = 1e-5
_FRAMES_AT_ONCE: Final = 128
_LIFTER_SHARE: Final = 0.4  # of the pitch period; near 0.5 and beyond, the envelope follows single harmonics
_FIRST_HZ: Final = (
    600.0  # where the first two formants of speech lie on the whole, and where they no longer do
)
_SECOND_HZ: Final = 1_700.0
_BEYOND_HZ: Final = 4_000.0

_Spectra = NDArray[np.complex128]


def transplant_envelope(
    shifted: Signal,
    original: Signal,
    *,
    rate_hz: int,
    f0_hz: tuple[float, float],
    formant_ratio: float,
    vowel_ratios: tuple[float, float] = (1.0, 1.0),
    tilt_db_per_octave: float = 0.0,
) -> Signal:
    """Give a pitch-shifted recording the spectral envelope of its original.

    Args:
        shifted: Mono, aligned with *original* and as long.
        original: Before the shift.
        rate_hz: Of both.
        f0_hz: Median pitch of *shifted* and of *original*, which bounds how fine an envelope can be.
        formant_ratio: How far formants move: 1.1 sounds like a smaller speaker, 0.9 like a larger one.
        vowel_ratios: How far the first and the second formant move beyond that: other vowels, same speaker.
        tilt_db_per_octave: Change of brightness around 1 kHz.
    """
    size = 2 * round(_FRAME_S * rate_hz / 2)
    hertz: Signal = np.fft.rfftfreq(size, 1 / rate_hz).astype(np.float64)
    # One order for both: a finer envelope of the shifted sound would find, and level out, its own harmonics.
    order = min(max(8, int(_LIFTER_SHARE * rate_hz / f0)) for f0 in f0_hz)
    before = _bins_before(hertz, formant_ratio, vowel_ratios)
    wanted = _moved(_held_below(_envelopes(_spectra(original, size), order), hertz, f0_hz[1]), before)
    wanted += _tilt(hertz, tilt_db_per_octave)
    limit = _MAX_CORRECTION_DB * np.log(10) / 20
    spectra = _spectra(shifted, size)
    spectra *= np.exp(np.clip(wanted - _envelopes(spectra, order), -limit, limit))
    return _signal(spectra, size, len(shifted))


def _window(size: int) -> Signal:
    result: Signal = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size))
    return result


def _spectra(signal: Signal, size: int) -> _Spectra:
    """Short-time spectra, shape (frames, bins)."""
    hop = size // _HOPS_PER_FRAME
    padded = np.pad(signal, (size, size + hop))
    starts = np.arange(0, len(padded) - size, hop)
    return np.fft.rfft(padded[starts[:, None] + np.arange(size)] * _window(size))


def _signal(spectra: _Spectra, size: int, frames: int) -> Signal:
    """Overlap-add of short-time spectra made by `_spectra`."""
    hop = size // _HOPS_PER_FRAME
    pieces = np.fft.irfft(spectra, size) * _window(size)
    out = np.zeros(hop * (len(pieces) + _HOPS_PER_FRAME))
    for quarter in range(_HOPS_PER_FRAME):
        part = np.zeros_like(out[: hop * len(pieces)])
        part.reshape(len(pieces), hop)[:] = pieces[:, quarter * hop : (quarter + 1) * hop]
        out[quarter * hop : quarter * hop + len(part)] += part
    # The squares of the windows of one place add up to half the number of hops.
    return out[size : size + frames] / (_HOPS_PER_FRAME / 2)


def _envelopes(spectra: _Spectra, order: int) -> Signal:
    """Envelopes of all frames; a few frames at a time, because the work takes several times their memory."""
    groups = range(0, len(spectra), _FRAMES_AT_ONCE)
    return np.concatenate([_envelope(spectra[first : first + _FRAMES_AT_ONCE], order) for first in groups])


def _envelope(spectra: _Spectra, order: int) -> Signal:
    """Log amplitude of the envelope: a cepstrally smoothed curve pushed up until it lies on the peaks."""
    log = np.log(np.abs(spectra) + _FLOOR)
    size = 2 * (log.shape[1] - 1)
    target = log
    smooth = log
    for _ in range(_ENVELOPE_ROUNDS):
        cepstrum = np.fft.irfft(target, size)
        cepstrum[:, order : size - order + 1] = 0.0
        smooth = np.fft.rfft(cepstrum, size).real
        target = np.maximum(log, smooth)
    return smooth


def _held_below(envelopes: Signal, hertz: Signal, f0_hz: float) -> Signal:
    """Hold the first harmonic's level below it, where a voice has no sound but a deeper one will have."""
    first = min(int(np.searchsorted(hertz, f0_hz)), envelopes.shape[1] - 1)
    envelopes[:, :first] = np.maximum(envelopes[:, :first], envelopes[:, first : first + 1])
    return envelopes


def _bins_before(hertz: Signal, ratio: float, vowel_ratios: tuple[float, float]) -> Signal:
    """Say from which (fractional) bin each bin of a moved envelope comes."""
    first, second = vowel_ratios
    corners = np.array([0.0, _FIRST_HZ, _SECOND_HZ, _BEYOND_HZ, hertz[-1] / min(ratio, 1.0)])
    moved = corners * np.array([1.0, first, second, 1.0, 1.0])
    result: Signal = np.interp(hertz / ratio, moved, corners) / hertz[1]
    return np.minimum(result, len(hertz) - 1)


def _moved(envelopes: Signal, before: Signal) -> Signal:
    """Stretch envelopes along frequency."""
    below = np.floor(before).astype(int)
    share = before - below
    above = np.minimum(below + 1, envelopes.shape[1] - 1)
    result: Signal = (1 - share) * envelopes[:, below] + share * envelopes[:, above]
    return result


def _tilt(hertz: Signal, db_per_octave: float) -> Signal:
    octaves = np.log2(np.clip(hertz, 100.0, 8_000.0) / 1_000.0)
    result: Signal = db_per_octave * octaves * np.log(10) / 20
    return result
