"""Pulse: four on the floor by night, a rolling bass, an arpeggio that opens and closes."""

from __future__ import annotations

from audiokit.emulator.engine.styles import _sounds
from audiokit.emulator.engine.styles._canvas import Canvas
from audiokit.emulator.engine.styles._key import MINOR, Key

_CUTOFFS_HZ = (1_200.0, 1_800.0, 2_600.0, 1_800.0)


class Pulse:
    """See `audiokit.emulator.engine.styles._arrangement.Style`."""

    scale = MINOR
    progression = (0, 0, 5, 6)
    room = 0.22

    def play_bar(self, canvas: Canvas, key: Key, step: int, at_s: float, *, bar: int, density: float) -> None:
        """Play one bar."""
        sixteenth = key.beat_s / 4
        for index in range(16):
            if index % 4:  # the drum has the first of four to itself
                note = key.low(step) + (12 if index % 4 == 2 else 0)
                canvas.add(
                    _sounds.bass(note, 0.9 * sixteenth, drive=2.5), at_s + index * sixteenth, gain=0.34
                )
        chord = key.chord(step, 3)
        for index, note in enumerate(chord):
            canvas.add(_sounds.pad(note, key.bar_s + 0.6), at_s, gain=0.13, pan=(-0.7, 0.7, 0.0)[index])
        if density > 0.4:
            notes = (*chord, chord[0] + 12, chord[2], chord[1])
            for index in range(16):
                tone = _sounds.reed(notes[index % 6] + 12, 0.22, cutoff_hz=_CUTOFFS_HZ[bar % 4])
                canvas.add(tone, at_s + index * sixteenth, gain=0.20, pan=0.6 * (-1) ** index)
        if density > 0.5:
            for beat in range(4):
                canvas.add(_sounds.kick(), at_s + beat * key.beat_s, gain=0.7)
        if density > 0.8:
            for beat in range(4):
                canvas.add(_sounds.hat(decay=25.0), at_s + (beat + 0.5) * key.beat_s, gain=0.18, pan=-0.2)
            for beat in (1, 3):
                canvas.add(_sounds.clap(), at_s + beat * key.beat_s, gain=0.26)

    def play_end(self, canvas: Canvas, key: Key, at_s: float) -> None:
        """Stop on the tonic."""
        canvas.add(_sounds.kick(), at_s, gain=0.8)
        canvas.add(_sounds.bass(key.low(0), 1.5, drive=2.5), at_s, gain=0.45)
        for index, note in enumerate((*key.chord(0, 3), key.root + 12)):
            canvas.add(
                _sounds.pad(note, 3.0, brightness=1.2), at_s, gain=0.2, pan=(-0.6, 0.6, 0.0, 0.2)[index]
            )
            canvas.add(_sounds.reed(note + 12, 0.6, cutoff_hz=2_600.0), at_s, gain=0.2)
