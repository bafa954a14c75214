"""Text to speech: items of text and silence become one levelled recording."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import attrs
import numpy as np
from numpy.typing import NDArray

from audiokit.emulator.engine._base import Refused, Samples, Signal, amplitude
from audiokit.emulator.engine._encode import open_writer
from audiokit.emulator.engine._espeak import library
from audiokit.emulator.engine._graph import FilterChain
from audiokit.emulator.engine._meter import Meter
from audiokit.emulator.engine._resample import Resampler
from audiokit.emulator.engine._voices import calibrate, loudest_db

SPEECH_HZ: Final = 24_000
MAX_SECONDS: Final = 3_600.0
MIN_F0_HZ: Final = 40.0
MAX_F0_HZ: Final = 600.0

_BLOCK_FRAMES: Final = 22_050
_SHORTEST_S: Final = 0.05  # "..." makes a click of 7 ms
_MAX_WORD_GAIN_DB: Final = 6.0  # a click stays one
_CEILING: Final = 0.87  # -1.2 dBFS: levelled speech may peak above full scale
_STYLE_KEYS: Final = frozenset({"rate", "pitch", "range", "word_gap"})


@attrs.frozen(kw_only=True)
class SpeakItem:
    """Text with the voice that says it.

    Attributes:
        text: Plain text.
        voice: espeak-ng voice with variant.
        rate_wpm: Words a minute, 80 to 450.
        pitch: Pitch setting 0 to 99, used when `f0_hz` is None.
        range: Liveliness of the pitch, 0 (monotone) to 99.
        word_gap: Extra pause between words, 0 to 100 in units of 10 ms.
        f0_hz: Median pitch to speak at, 40 to 600 Hz; the nearest that the voice can do.
        style: Changes on top: ``rate`` and ``pitch`` are factors, ``range`` replaces, ``word_gap`` adds.
    """

    text: str
    voice: str = "gmw/en-US"
    rate_wpm: float = 175
    pitch: float = 50
    range: float = 50
    word_gap: float = 0
    f0_hz: float | None = None
    style: dict[str, float] | None = None

    @property
    def settings(self) -> _Settings:
        """What espeak-ng is told."""
        style = self.style or {}
        if unknown := style.keys() - _STYLE_KEYS:
            raise Refused(
                f"style has unknown keys {sorted(unknown)}; allowed are {', '.join(sorted(_STYLE_KEYS))}"
            )
        pitch_range = _bounded(style.get("range", self.range), 0, 99)
        factor = style.get("pitch", 1.0)
        if self.f0_hz is not None and not MIN_F0_HZ <= self.f0_hz * factor <= MAX_F0_HZ:
            raise Refused(f"f0_hz must be {MIN_F0_HZ:g} to {MAX_F0_HZ:g} Hz, got {self.f0_hz * factor:g}")
        if self.f0_hz is None:
            pitch = _bounded(self.pitch * factor, 0, 99)
        else:
            pitch = calibrate(self.voice, pitch_range).setting_for(self.f0_hz * factor)
        return _Settings(
            voice=self.voice,
            rate_wpm=_bounded(self.rate_wpm * style.get("rate", 1.0), 80, 450),
            pitch=pitch,
            pitch_range=pitch_range,
            word_gap=_bounded(self.word_gap + style.get("word_gap", 0), 0, 100),
        )


@attrs.frozen(kw_only=True)
class _Settings:
    voice: str
    rate_wpm: int
    pitch: int
    pitch_range: int
    word_gap: int


@attrs.frozen
class _Spoken:
    settings: _Settings | None  # None for silence
    samples: NDArray[np.int16]


def speak(
    out: str,
    items: list[dict[str, Any]],
    level_lufs: float = -20.0,
    phonemes: bool = False,  # noqa: FBT001, FBT002 - called by name, from a message
) -> dict[str, Any]:
    """Speak items one after the other into a 24 kHz mono 16-bit WAV.

    Args:
        out: File to make.
        items: Each the arguments of `SpeakItem`, or ``{"silence_s": seconds}``.
        level_lufs: Loudness of each voice in LUFS, -40 to -10.
        phonemes: Whether phonemes are wanted.

    Returns:
        ``seconds`` and ``words``: each word with the second at which it starts. If wanted, ``phonemes``:
        each in IPA with its start and its length in seconds; pauses are between them.

    Raises:
        Refused: An unknown voice or style key, or more than `MAX_SECONDS`.
    """
    if not -40.0 <= level_lufs <= -10.0:
        raise Refused(f"level_lufs must be -40 to -10, got {level_lufs!r}")
    parts, words, marks = _speak_items(items)
    if sum(len(part.samples) for part in parts) < _SHORTEST_S * library().sample_rate_hz:
        raise Refused("there is nothing to speak: the text has no word that the voice can say")
    gains = _gains(parts, level_lufs)
    hertz = library().sample_rate_hz
    resampler = Resampler(hertz, SPEECH_HZ, 1)
    limiter = FilterChain(
        ("alimiter", f"limit={_CEILING}:attack=3:release=40:level=0:latency=1"), rate_hz=SPEECH_HZ, channels=1
    )
    frames = 0
    with open_writer(out, "wav", rate_hz=SPEECH_HZ, channels=1) as writer:
        for part in parts:
            for block in _blocks(part.samples, gains.get(part.settings, 1.0)):
                converted = resampler.push(block)
                frames += len(converted)
                writer.write(limiter.push(converted))
        rest = resampler.finish()
        frames += len(rest)
        writer.write(limiter.push(rest))
        writer.write(limiter.finish())
    seconds = frames / SPEECH_HZ
    return {"seconds": seconds, "words": words} | ({"phonemes": _lasting(marks, seconds)} if phonemes else {})


def _lasting(marks: list[tuple[str, float]], end_s: float) -> list[tuple[str, float, float]]:
    """Give each phoneme its length, which is until the next one or the pause; pauses fall away."""
    ends = [*(start_s for _, start_s in marks[1:]), end_s]
    lasting = [(name, start_s, end - start_s) for (name, start_s), end in zip(marks, ends, strict=True)]
    return [(name, round(start_s, 3), round(length_s, 3)) for name, start_s, length_s in lasting if name]


def _speak_items(
    items: list[dict[str, Any]],
) -> tuple[list[_Spoken], list[tuple[str, float]], list[tuple[str, float]]]:
    """Speak; return the parts, and when words and phonemes begin."""
    espeak = library()
    parts: list[_Spoken] = []
    words: list[tuple[str, float]] = []
    marks: list[tuple[str, float]] = []
    start_s = 0.0
    for item in items:
        if "silence_s" in item:
            seconds = float(item["silence_s"])
            if not 0.0 <= start_s + seconds <= MAX_SECONDS:
                raise Refused(f"a pause of {seconds:g} s is out of range: 0 to {MAX_SECONDS:g} s in all")
            parts.append(_Spoken(None, np.zeros(round(seconds * espeak.sample_rate_hz), np.int16)))
            marks.append(("", start_s))
        else:
            settings = SpeakItem(**item).settings
            said = espeak.speak(
                item["text"], **attrs.asdict(settings), max_seconds=max(0.0, MAX_SECONDS - start_s)
            )
            parts.append(_Spoken(settings, said.samples))
            words.extend((word, start_s + at) for word, at in said.words)
            marks.extend((name, start_s + at) for name, at in said.phonemes)
        start_s += len(parts[-1].samples) / espeak.sample_rate_hz
    return parts, words, marks


def _gains(parts: list[_Spoken], level_lufs: float) -> dict[_Settings | None, float]:
    """Amplitude for each voice: its variants differ by 22 dB."""
    spoken: dict[_Settings, list[NDArray[np.int16]]] = defaultdict(list)
    for part in parts:
        if part.settings is not None:
            spoken[part.settings].append(part.samples)
    gains: dict[_Settings | None, float] = {None: 1.0}
    hertz = library().sample_rate_hz
    for settings, recordings in spoken.items():
        meter = Meter(hertz, 1, true_peak=False)
        for samples in recordings:
            for block in _blocks(samples, 1.0):
                meter.push(block)
        lufs = meter.finish().lufs
        if lufs is None:
            lufs = _lufs_of_a_word(settings, np.concatenate(recordings) / 32_768.0, hertz)
        gains[settings] = 1.0 if lufs is None else amplitude(level_lufs - lufs)
    return gains


def _lufs_of_a_word(settings: _Settings, word: Signal, hertz: int) -> float | None:
    """What is too short for a meter is as loud as the voice's test sentence, where that is loudest."""
    voice = calibrate(settings.voice, settings.pitch_range)
    if voice.lufs is None:
        return None
    return voice.lufs + max(loudest_db(word, hertz) - voice.loudest_db, -_MAX_WORD_GAIN_DB)


def _blocks(samples: NDArray[np.int16], gain: float) -> list[Samples]:
    return [
        (samples[start : start + _BLOCK_FRAMES, None] * np.float32(gain / 32_768.0)).astype(np.float32)
        for start in range(0, len(samples), _BLOCK_FRAMES)
    ]


def _bounded(value: float, low: int, high: int) -> int:
    return round(min(max(float(value), low), high))
