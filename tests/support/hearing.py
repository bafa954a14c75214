"""An opinion on audio files that owes nothing to the emulator's own code."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
import soundfile

AUDIO = Path(__file__).parent.parent / "data" / "audio"
"""Sample files, good and broken; their README says what each is."""


@attrs.frozen
class Sound:
    """Decoded samples, shaped (frames, channels), -1.0 to 1.0."""

    samples: np.ndarray
    rate_hz: int
    container: str

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate_hz

    @property
    def channels(self) -> int:
        return self.samples.shape[1]

    @property
    def rms(self) -> float:
        return float(np.sqrt(np.mean(self.samples**2)))

    def between(self, start_s: float, end_s: float) -> Sound:
        first, last = round(start_s * self.rate_hz), round(end_s * self.rate_hz)
        return Sound(self.samples[first:last], self.rate_hz, self.container)


def listen(path: Path) -> Sound:
    """Decode a file with libsndfile."""
    samples, rate_hz = soundfile.read(path, always_2d=True)
    return Sound(samples, rate_hz, soundfile.info(path).format)


def pitch_hz(sound: Sound) -> float:
    """Median pitch by autocorrelation of 60 ms frames, 60 to 500 Hz, loud and periodic frames only."""
    mono = sound.samples.mean(axis=1)
    size, hop = int(0.06 * sound.rate_hz), int(0.02 * sound.rate_hz)
    shortest, longest = int(sound.rate_hz / 500), int(sound.rate_hz / 60)
    loud = 0.3 * np.sqrt(np.mean(mono**2))
    found = []
    for start in range(0, len(mono) - size, hop):
        frame = mono[start : start + size]
        if np.sqrt(np.mean(frame**2)) < loud:
            continue
        frame = (frame - frame.mean()) * np.hanning(size)
        spectrum = np.abs(np.fft.rfft(frame, 2 * size)) ** 2
        window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(size), 2 * size)) ** 2)[:longest]
        curve = np.fft.irfft(spectrum)[:longest] / np.maximum(window, 1e-9)
        curve /= curve[0]
        peaks = [
            lag
            for lag in range(shortest + 1, longest - 1)
            if curve[lag] > curve[lag - 1] and curve[lag] >= curve[lag + 1]
        ]
        if not peaks:
            continue
        best = max(curve[lag] for lag in peaks)
        if best > 0.5:
            # The first peak nearly as high as the best: later ones are multiples of the period.
            found.append(sound.rate_hz / next(lag for lag in peaks if curve[lag] > 0.9 * best))
    return float(np.median(found))
