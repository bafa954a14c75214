"""Spectral envelopes: what makes a vowel that vowel, taken from one recording and put on another.

Shifting pitch moves the formants along, which sounds like a chipmunk or a giant. The envelope of the shifted
sound is therefore replaced, frame by frame, by the envelope of the original, moved by a small wanted ratio.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from audiokit.emulator.engine._base import Signal

_FRAME_S: Final = 1024 / 24_000
_HOPS_PER_FRAME: Final = 4
_ENVELOPE_ROUNDS: Final = 6
_PASSES: Final = 2
_MAX_CORRECTION_DB: Final = 30.0
_FLOOR: Final = 1e-5
_FRAMES_AT_ONCE: Final = 128
_LIFTER_SHARE: Final = 0.4  # of the pitch period; near 0.5 and beyond, the envelope follows single harmonics

_Spectra = NDArray[np.complex128]


def transplant_envelope(
    shifted: Signal,
    original: Signal,
    *,
    rate_hz: int,
    f0_hz: tuple[float, float],
    formant_ratio: float,
    tilt_db_per_octave: float = 0.0,
) -> Signal:
    """Give a pitch-shifted recording the spectral envelope of its original.

    Args:
        shifted: Mono, aligned with *original* and as long.
        original: Before the shift.
        rate_hz: Of both.
        f0_hz: Median pitch of *shifted* and of *original*, which bounds how fine an envelope can be.
        formant_ratio: How far formants move: 1.1 sounds like a smaller speaker, 0.9 like a larger one.
        tilt_db_per_octave: Change of brightness around 1 kHz.
    """
    size = 2 * round(_FRAME_S * rate_hz / 2)
    hertz: Signal = np.fft.rfftfreq(size, 1 / rate_hz).astype(np.float64)
    order_shifted, order_original = (max(8, int(_LIFTER_SHARE * rate_hz / f0)) for f0 in f0_hz)
    wanted = _moved(_envelopes(_spectra(original, size), order_original), formant_ratio)
    wanted += _tilt(hertz, tilt_db_per_octave)
    limit = _MAX_CORRECTION_DB * np.log(10) / 20
    result = shifted
    for _ in range(_PASSES):
        spectra = _spectra(result, size)
        correction = np.clip(wanted - _envelopes(spectra, order_shifted), -limit, limit)
        spectra *= np.exp(correction)
        result = _signal(spectra, size, len(shifted))
    return result


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


def _moved(envelopes: Signal, ratio: float) -> Signal:
    """Stretch envelopes along frequency."""
    if ratio == 1.0:
        return envelopes.copy()
    bins = envelopes.shape[1]
    at = np.minimum(np.arange(bins) / ratio, bins - 1)
    below = np.floor(at).astype(int)
    share = at - below
    above = np.minimum(below + 1, bins - 1)
    result: Signal = (1 - share) * envelopes[:, below] + share * envelopes[:, above]
    return result


def _tilt(hertz: Signal, db_per_octave: float) -> Signal:
    octaves = np.log2(np.clip(hertz, 100.0, 8_000.0) / 1_000.0)
    result: Signal = db_per_octave * octaves * np.log(10) / 20
    return result
