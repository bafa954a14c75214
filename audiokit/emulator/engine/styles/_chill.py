"""Chill: slow pads in minor, a soft bass, a few drops of plucked string."""

from __future__ import annotations

from audiokit.emulator.engine.styles import _sounds
from audiokit.emulator.engine.styles._canvas import Canvas
from audiokit.emulator.engine.styles._key import MINOR, Key


class Chill:
    """See `audiokit.emulator.engine.styles._arrangement.Style`."""

    scale = MINOR
    progression = (0, 5, 2, 6)
    room = 0.55

    def play_bar(self, canvas: Canvas, key: Key, step: int, at_s: float, *, bar: int, density: float) -> None:
        """Play one bar."""
        length = key.bar_s + 0.8  # each chord breathes into the next
        for index, note in enumerate(key.chord(step, 4)):
            tone = _sounds.pad(note, length, brightness=0.8)
            canvas.add(tone, at_s, gain=0.30, pan=(-0.6, 0.5, -0.2, 0.3)[index])
        canvas.add(_sounds.pad(key.low(step) + 12, length, brightness=0.5), at_s, gain=0.35)
        if density > 0.4:
            canvas.add(_sounds.bass(key.low(step), 2 * key.beat_s, drive=1.1), at_s, gain=0.35)
        if density > 0.2:
            drops = ((0.5, 4), (1.5, 2), (3.0, 6)) if bar % 2 else ((1.0, 2), (2.5, 4))
            for beat, third in drops:
                note = key.near(key.note(step + third)) + 12
                canvas.add(
                    _sounds.pluck(note, 2.0, brightness=0.6), at_s + beat * key.beat_s, gain=0.22, pan=0.4
                )
        if density > 0.8:
            for beat in (1, 3):
                canvas.add(_sounds.hat(decay=35.0), at_s + beat * key.beat_s, gain=0.10, pan=-0.3)

    def play_end(self, canvas: Canvas, key: Key, at_s: float) -> None:
        """Let the tonic ring."""
        for index, note in enumerate((*key.chord(0, 3), key.root + 12)):
            canvas.add(
                _sounds.pad(note, 3.5, brightness=0.8), at_s, gain=0.3, pan=(-0.5, 0.5, -0.2, 0.2)[index]
            )
        canvas.add(_sounds.pluck(key.root + 12, 2.5, brightness=0.6), at_s, gain=0.3)
