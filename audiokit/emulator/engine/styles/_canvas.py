"""A stretch of stereo music to put sounds on; a circular one loops without a seam."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audiokit.emulator.engine._base import RENDER_HZ, Signal

Stereo = NDArray[np.float64]
"""Shape (frames, 2)."""

_REVERB_S: Final = 2.2


class Canvas:
    """Music under construction at the render rate.

    On a circular canvas whatever rings beyond the end comes in again at the start, and so does the reverb:
    its end runs into its start because they are the same place.

    Attributes:
        audio: Shape (frames, 2).
        seconds: Its length.

    Args:
        seconds: Length, rounded to a frame.
        circular: Whether it is to loop.
    """

    def __init__(self, seconds: float, *, circular: bool) -> None:
        # Each channel in one piece: sounds are put on them one by one.
        self.audio: Stereo = np.zeros((round(seconds * RENDER_HZ), 2), order="F")
        self._circular = circular

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.audio) / RENDER_HZ

    def add(self, sound: Signal, at_s: float, *, gain: float = 1.0, pan: float = 0.0) -> None:
        """Put a mono sound on the canvas.

        Args:
            sound: At the render rate.
            at_s: Where it starts, in seconds, 0 or later.
            gain: Amplitude.
            pan: -1.0 (left) to 1.0 (right), at equal power.
        """
        angle = (pan + 1.0) * np.pi / 4
        first, size = round(at_s * RENDER_HZ), len(self.audio)
        for channel, share in enumerate((np.cos(angle), np.sin(angle))):
            left, start = sound * (gain * np.sqrt(2.0) * share), first
            while len(left):
                start = start % size if self._circular else start
                piece, left = left[: max(0, size - start)], left[max(0, size - start) :]
                self.audio[start : start + len(piece), channel] += piece
                if not self._circular:
                    break
                start += len(piece)

    def reverb(self, amount: float, *, seconds: float = _REVERB_S, seed: int = 7) -> None:
        """Add a diffuse room.

        Args:
            amount: Amplitude of the room, 0 to 1.
            seconds: Time to fall by 60 dB.
            seed: Of the noise that makes the room.
        """
        frames = min(round(seconds * RENDER_HZ), len(self.audio))
        time = np.arange(frames) / RENDER_HZ
        noise = np.random.default_rng(seed).standard_normal((frames, 2))
        response = noise * 10 ** (-3.0 * time / seconds)[:, None]
        response[: round(0.012 * RENDER_HZ)] = 0.0  # the first reflection comes a moment later
        response /= np.sqrt((response**2).sum(axis=0))
        size = len(self.audio) if self._circular else _handy(len(self.audio) + frames)
        colour = _room_colour(size)
        for channel in (0, 1):
            dry = self.audio[:, channel]
            spectrum = np.fft.rfft(dry, size) * np.fft.rfft(response[:, channel], size) * colour
            dry += amount * np.fft.irfft(spectrum, size)[: len(dry)]

    def fade(self, *, in_s: float = 0.0, out_s: float = 0.0) -> None:
        """Fade in and out over some seconds."""
        for seconds, part in ((in_s, self.audio), (out_s, self.audio[::-1])):
            frames = min(round(seconds * RENDER_HZ), len(part))
            if frames:
                part[:frames] *= np.sin(0.5 * np.pi * np.arange(frames) / frames)[:, None] ** 2

    def shape(self, gain: Signal) -> None:
        """Multiply by a curve, one value per frame."""
        self.audio *= gain[:, None]


def _room_colour(size: int) -> Signal:
    """Rooms swallow the very low and the high."""
    hertz = np.fft.rfftfreq(size, 1 / RENDER_HZ)
    result: Signal = (hertz / (hertz + 180.0)) / (1.0 + (hertz / 4_500.0) ** 2)
    return result


def _handy(size: int) -> int:
    """The next size that a Fourier transform is quick with: a power of two, or three or five times one."""
    return min(factor << max(0, math.ceil(math.log2(size / factor))) for factor in (1, 3, 5))
