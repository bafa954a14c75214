"""Streaming sample-rate conversion by FFmpeg's swresample."""

from __future__ import annotations

import numpy as np
from av import AudioFrame, AudioResampler

from audiokit.emulator.engine._base import Samples


def as_frame(block: Samples, rate_hz: int) -> AudioFrame:
    """Wrap mono or stereo samples in an FFmpeg frame of interleaved floats."""
    packed = np.ascontiguousarray(block, dtype=np.float32).reshape(1, -1)
    frame = AudioFrame.from_ndarray(packed, format="flt", layout="mono" if block.shape[1] == 1 else "stereo")
    frame.sample_rate = rate_hz
    return frame


def from_frame(frame: AudioFrame, channels: int) -> Samples:
    """Unwrap a frame of interleaved floats."""
    return np.asarray(frame.to_ndarray(), dtype=np.float32).reshape(-1, channels)


class Resampler:
    """Turns blocks at one rate into blocks at another, without net delay.

    Args:
        source_hz: Rate of the blocks pushed.
        target_hz: Rate of the blocks returned.
        channels: 1 or 2.
    """

    def __init__(self, source_hz: int, target_hz: int, channels: int) -> None:
        self._source_hz = source_hz
        self._channels = channels
        self._wanted_per_frame = target_hz / source_hz
        self._pushed = self._returned = 0
        self._inner = (
            None
            if source_hz == target_hz
            else AudioResampler(format="flt", layout="mono" if channels == 1 else "stereo", rate=target_hz)
        )

    def push(self, block: Samples) -> Samples:
        """Convert one more block; what comes back may be shorter or empty."""
        if self._inner is None or not len(block):
            return block
        self._pushed += len(block)
        return self._collect(self._inner.resample(as_frame(block, self._source_hz)))

    def finish(self) -> Samples:
        """Return the rest, so that the total is the exact converted length."""
        if self._inner is None or not self._pushed:
            return np.zeros((0, self._channels), np.float32)
        rest = self._collect(self._inner.resample(None))
        missing = round(self._pushed * self._wanted_per_frame) - self._returned
        if missing >= 0:
            return np.concatenate([rest, np.zeros((missing, self._channels), np.float32)])
        return rest[: len(rest) + missing]

    def _collect(self, frames: list[AudioFrame]) -> Samples:
        blocks = [from_frame(frame, self._channels) for frame in frames]
        joined = np.concatenate(blocks) if blocks else np.zeros((0, self._channels), np.float32)
        self._returned += len(joined)
        return joined


def resampled(block: Samples, source_hz: int, target_hz: int) -> Samples:
    """Convert a whole short recording at once."""
    resampler = Resampler(source_hz, target_hz, block.shape[1])
    return np.concatenate([resampler.push(block), resampler.finish()])
