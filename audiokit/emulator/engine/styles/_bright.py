"""Bright: a plucked pattern in major, a walking bass, claps on two and four."""

from __future__ import annotations

from audiokit.emulator.engine.styles import _sounds
from audiokit.emulator.engine.styles._canvas import Canvas
from audiokit.emulator.engine.styles._key import MAJOR, Key

_PATTERN = (0, 2, 1, 2, 3, 2, 1, 2)  # which chord note on each eighth


class Bright:
    """See `audiokit.emulator.engine.styles._arrangement.Style`."""

    scale = MAJOR
    progression = (0, 4, 5, 3)
    room = 0.28

    def play_bar(self, canvas: Canvas, key: Key, step: int, at_s: float, *, bar: int, density: float) -> None:
        """Play one bar."""
        chord = key.chord(step, 3)
        notes = (*chord, chord[0] + 12)
        for index, which in enumerate(_PATTERN):
            accent = 1.0 if index % 4 == 0 else 0.75
            tone = _sounds.pluck(notes[which] + 12, 1.2, brightness=1.3)
            canvas.add(
                tone, at_s + index * key.beat_s / 2, gain=0.32 * accent, pan=-0.35 if index % 2 else 0.35
            )
        for index, note in enumerate(chord):
            tone = _sounds.pad(note, key.bar_s + 0.6)
            canvas.add(tone, at_s, gain=0.14, pan=(-0.7, 0.0, 0.7)[index])
        if density > 0.4:
            walk = (0, 0, 4, 2) if bar % 2 else (0, 0, 0, 4)
            for beat, offset in enumerate(walk):
                note = key.low(step + offset)
                canvas.add(_sounds.bass(note, 0.9 * key.beat_s), at_s + beat * key.beat_s, gain=0.42)
        if density > 0.6:
            for beat in (0, 2):
                canvas.add(_sounds.kick(), at_s + beat * key.beat_s, gain=0.55)
            for beat in (1, 3):
                canvas.add(_sounds.clap(), at_s + beat * key.beat_s, gain=0.30)
        if density > 0.8:
            for eighth in range(8):
                canvas.add(
                    _sounds.hat(), at_s + eighth * key.beat_s / 2, gain=0.14 if eighth % 2 else 0.08, pan=0.25
                )

    def play_end(self, canvas: Canvas, key: Key, at_s: float) -> None:
        """Strum the tonic."""
        for index, note in enumerate((key.root, *key.chord(0, 3), key.root + 12)):
            tone = _sounds.pluck(note + 12, 3.0, brightness=1.2)
            canvas.add(tone, at_s + 0.03 * index, gain=0.4, pan=0.2 * index - 0.4)
        canvas.add(_sounds.bass(key.low(0), 2 * key.beat_s), at_s, gain=0.45)
        canvas.add(_sounds.kick(), at_s, gain=0.5)
