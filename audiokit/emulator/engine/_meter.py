"""Loudness and true peak after ITU-R BS.1770 and EBU R 128.

FFmpeg does the filtering, the gating here is a few lines. Its `ebur128` filter would do it all, but tells its
result only in frame metadata, which PyAV gives since 18.1.
"""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np

from audiokit.emulator.engine._base import Samples, Signal, decibels, with_channels
from audiokit.emulator.engine._graph import FilterChain
from audiokit.emulator.engine._resample import Resampler
from audiokit.emulator.engine._true_peak import PeakMeter

_METER_HZ: Final = 48_000
_STEP: Final = _METER_HZ // 10
_STEPS_PER_BLOCK: Final = 4
_OFFSET_DB: Final = -0.691
_ABSOLUTE_GATE_LUFS: Final = -70.0
_RELATIVE_GATE_LU: Final = -10.0
# BS.1770, tables 1 and 2: the shelf of a head and the low cut, for 48 kHz.
_SHELF: Final = (
    "b0=1.53512485958697:b1=-2.69169618940638:b2=1.19839281085285"
    ":a0=1:a1=-1.69065929318241:a2=0.73248077421585"
)
_LOW_CUT: Final = "b0=1:b1=-2:b2=1:a0=1:a1=-1.99004745483398:a2=0.99007225036621"


@attrs.frozen(kw_only=True)
class Loudness:
    """What a meter read.

    Attributes:
        lufs: Integrated loudness; None for silence and for less than 0.4 s, which cannot be gated.
        true_peak_dbtp: Highest peak at 4x oversampling; None for digital silence or when not asked for.
    """

    lufs: float | None
    true_peak_dbtp: float | None


class Meter:
    """Measures blocks as they pass.

    Args:
        rate_hz: Sample rate of the blocks.
        channels: Of the blocks; more than two are measured as their stereo fold.
        true_peak: Also find the true peak, at a third more of the cost.
    """

    def __init__(self, rate_hz: int, channels: int, *, true_peak: bool = True) -> None:
        self._channels = min(channels, 2)
        self._resampler = Resampler(rate_hz, _METER_HZ, self._channels)
        self._weighting = FilterChain(
            ("aformat", "sample_fmts=dbl"),
            ("biquad", _SHELF),
            ("biquad", _LOW_CUT),
            rate_hz=_METER_HZ,
            channels=self._channels,
        )
        self._peak = PeakMeter(rate_hz, self._channels) if true_peak else None
        self._rest: Samples = np.zeros((0, self._channels), np.float32)
        self._steps: list[Signal] = []

    def push(self, block: Samples) -> None:
        """Measure one more block."""
        folded = with_channels(block, self._channels)
        self._add(self._weighting.push(self._resampler.push(folded)))
        if self._peak:
            self._peak.push(folded)

    def finish(self) -> Loudness:
        """Close the measurement and read it."""
        self._add(self._weighting.push(self._resampler.finish()))
        self._add(self._weighting.finish())
        peak = self._peak.finish() if self._peak else 0.0
        steps = np.concatenate(self._steps) if self._steps else np.zeros(0)
        return Loudness(lufs=_integrated(steps), true_peak_dbtp=decibels(peak) if peak > 0.0 else None)

    def _add(self, weighted: Samples) -> None:
        """Note the power of each 100 ms, all channels together."""
        joined = np.concatenate([self._rest, weighted])
        whole = len(joined) // _STEP * _STEP
        steps = joined[:whole].reshape(-1, _STEP * self._channels)
        # Single precision does: 0.00001 dB beside double, at half the time.
        self._steps.append(np.einsum("sf,sf->s", steps, steps).astype(np.float64) / _STEP)
        self._rest = joined[whole:]


def _integrated(steps: Signal) -> float | None:
    """Gated loudness in LUFS from the power of each 100 ms."""
    if len(steps) < _STEPS_PER_BLOCK:
        return None
    blocks = np.convolve(steps, np.full(_STEPS_PER_BLOCK, 1 / _STEPS_PER_BLOCK), "valid")
    audible = blocks[_lufs(blocks) > _ABSOLUTE_GATE_LUFS]
    if not len(audible):
        return None
    gate_lufs = float(_lufs(audible.mean())) + _RELATIVE_GATE_LU
    return float(_lufs(audible[_lufs(audible) > gate_lufs].mean()))


def _lufs(power: Signal | np.floating) -> Signal:
    result: Signal = _OFFSET_DB + 10.0 * np.log10(np.maximum(power, 1e-20))
    return result
