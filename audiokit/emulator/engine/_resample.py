"""Streaming sample-rate conversion by FFmpeg's swresample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from av import AudioFrame, AudioResampler

from audiokit.emulator.engine._base import Samples

if TYPE_CHECKING:
    from collections.abc import Sequence


def as_frame(block: Samples, rate_hz: int) -> AudioFrame:
    """Wrap mono or stereo samples in an FFmpeg frame of interleaved floats."""
    packed = np.ascontiguousarray(block, dtype=np.float32).reshape(1, -1)
    frame = AudioFrame.from_ndarray(packed, format="flt", layout="mono" if block.shape[1] == 1 else "stereo")
    frame.sample_rate = rate_hz
    return frame


def from_frame(frame: AudioFrame, channels: int) -> Samples:
    """Unwrap a frame of interleaved floats; its memory is not copied, the array keeps it."""
    samples: Samples = np.frombuffer(memoryview(frame.planes[0]), np.float32, frame.samples * channels)
    return samples.reshape(-1, channels)


def joined_frames(frames: Sequence[AudioFrame], channels: int) -> Samples:
    """Unwrap several, as one block."""
    blocks = [from_frame(frame, channels) for frame in frames]
    if len(blocks) == 1:
        return blocks[0]
    return np.concatenate([*blocks, np.zeros((0, channels), np.float32)])


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
        joined = joined_frames(frames, self._channels)
        self._returned += len(joined)
        return joined


def resampled(block: Samples, source_hz: int, target_hz: int) -> Samples:
    """Convert a whole short recording at once."""
    resampler = Resampler(source_hz, target_hz, block.shape[1])
    return np.concatenate([resampler.push(block), resampler.finish()])
