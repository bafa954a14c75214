"""Taking steady noise off a recording: its spectrum is learned first, then every frame is held against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from audiokit.emulator.engine._base import Refused, amplitude
from audiokit.emulator.engine._decode import AudioReader
from audiokit.emulator.engine._encode import open_writer
from audiokit.emulator.engine._source import Excerpt, ExcerptStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audiokit.emulator.engine._base import Samples, Signal

_FRAME_S: Final = 0.032
_OVERLAP: Final = 4
_LEARNED_FRAMES: Final = 2_000
_QUIET_SHARE: Final = 0.1
_QUIET_OF_MEAN: Final = 0.105  # a tenth of the powers of noise lie below this share of their mean
_OVERSHOOT: Final = 3.0  # noise swings around its mean; what stays below this is taken for noise
_MEMORY: Final = 0.7  # of the frame before, so that single bins do not chirp


def denoise(path: str, out: str, reduction_db: float) -> dict[str, Any]:
    """Take steady noise (hiss, hum) off a recording, as 16-bit wav of the same rate and length.

    Args:
        path: The recording.
        out: File to make.
        reduction_db: How far what is taken for noise goes down, 0 to 60.

    Returns:
        ``seconds``.

    Raises:
        Refused: There are no samples.
    """
    with AudioReader(path) as reader:
        rate_hz, channels = reader.sample_rate_hz, min(reader.channels, 2)
    frame = max(64, 2 ** round(np.log2(_FRAME_S * rate_hz)))
    noise = _learned(path, rate_hz, channels, frame)
    cleaner = _Cleaner(noise, floor=amplitude(-reduction_db), frame=frame, channels=channels)
    frames = 0
    stream = ExcerptStream(Excerpt(path=path), rate_hz=rate_hz, channels=channels)
    try:
        with open_writer(out, "wav", rate_hz=rate_hz, channels=channels) as writer:
            for block in stream.blocks():
                frames += len(block)
                writer.write(cleaner.push(block))
            writer.write(cleaner.finish())
    finally:
        stream.close()
    if not frames:
        raise Refused("there are no samples to clean")
    return {"seconds": frames / rate_hz}


def _window(frame: int) -> Signal:
    return np.sin(np.pi * (np.arange(frame) + 0.5) / frame)


def _learned(path: str, rate_hz: int, channels: int, frame: int) -> Signal:
    """Power of the noise in each bin: what the quietest moments of that bin have."""
    window = _window(frame)[:, None]
    kept: list[Signal] = []
    stride = 1
    for seen, piece in enumerate(_frames(path, rate_hz, channels, frame)):
        if seen % stride == 0:
            kept.append((np.abs(np.fft.rfft(piece * window, axis=0)) ** 2).mean(axis=1))
            if len(kept) > _LEARNED_FRAMES:  # of long recordings every second frame, every fourth, ...
                kept, stride = kept[::2], stride * 2
    if not kept:
        return np.zeros(frame // 2 + 1)
    quiet = np.quantile(np.stack(kept), _QUIET_SHARE, axis=0) / _QUIET_OF_MEAN
    return np.convolve(np.pad(quiet, 2, mode="edge"), np.ones(5) / 5, mode="valid")


def _frames(path: str, rate_hz: int, channels: int, frame: int) -> Iterator[Samples]:
    stream = ExcerptStream(Excerpt(path=path), rate_hz=rate_hz, channels=channels)
    try:
        while len(piece := stream.read(frame)) == frame:
            if piece.any():  # digital silence is no noise
                yield piece
    finally:
        stream.close()


class _Cleaner:
    """Overlapping frames, each bin turned down to the floor where it holds no more than the noise."""

    def __init__(self, noise: Signal, *, floor: float, frame: int, channels: int) -> None:
        self._noise = noise[:, None]
        self._floor = floor
        self._frame, self._hop = frame, frame // _OVERLAP
        self._window = _window(frame)[:, None]
        self._scale = 1.0 / float((_window(frame) ** 2).reshape(_OVERLAP, -1).sum(axis=0).mean())
        # A lead of silence gives the first samples as many frames as all others.
        self._waiting = np.zeros((frame - self._hop, channels))
        self._adding = np.zeros((frame, channels))
        self._power: Signal | None = None
        self._skip = frame - self._hop
        self._left = 0

    def push(self, block: Samples) -> Samples:
        """Take samples in, give those that are ready."""
        self._left += len(block)
        return self._run(block)

    def finish(self) -> Samples:
        """Give the rest."""
        left = self._left
        return self._run(np.zeros((self._frame, self._adding.shape[1]), np.float32))[:left]

    def _run(self, block: Samples) -> Samples:
        have = np.concatenate([self._waiting, block])
        done: list[Signal] = []
        start = 0
        while len(have) - start >= self._frame:
            spectrum = np.fft.rfft(have[start : start + self._frame] * self._window, axis=0)
            piece = np.fft.irfft(spectrum * self._gains(spectrum), n=self._frame, axis=0)
            self._adding += piece * self._window * self._scale
            done.append(self._adding[: self._hop].copy())
            self._adding = np.concatenate(
                [self._adding[self._hop :], np.zeros_like(self._adding[: self._hop])]
            )
            start += self._hop
        self._waiting = have[start:]
        ready = np.concatenate(done) if done else self._adding[:0]
        cut = min(self._skip, len(ready))
        self._skip -= cut
        given = ready[cut:]
        self._left -= len(given)
        return given.astype(np.float32)

    def _gains(self, spectrum: Any) -> Signal:
        now = np.abs(spectrum) ** 2
        smooth = now if self._power is None else _MEMORY * self._power + (1 - _MEMORY) * now
        self._power = smooth
        # A sudden sound counts at once; only falling power is smoothed.
        power = np.maximum(smooth, now)
        clean = 1.0 - _OVERSHOOT * self._noise / np.maximum(power, 1e-20)
        gains: Signal = np.sqrt(np.clip(clean, self._floor**2, 1.0))
        return gains
