"""Tempo and key of a piece, and the places in it."""

from __future__ import annotations

import attrs
from attrs import validators

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)


@attrs.frozen(kw_only=True)
class Key:
    """Tempo and key.

    Attributes:
        root: MIDI note of the tonic, 36 to 84.
        bpm: Quarter notes a minute, 50 to 200.
        scale: Semitones of the seven steps.
    """

    root: int = attrs.field(validator=[validators.ge(36), validators.le(84)])
    bpm: float = attrs.field(validator=[validators.ge(50), validators.le(200)])
    scale: tuple[int, ...] = MAJOR

    @property
    def beat_s(self) -> float:
        """Length of a quarter note in seconds."""
        return 60.0 / self.bpm

    @property
    def bar_s(self) -> float:
        """Length of a bar of four in seconds."""
        return 4 * self.beat_s

    def note(self, step: int, octave: int = 0) -> int:
        """MIDI note of a step of the scale: 0 is the tonic, 7 the next octave, negatives go down."""
        return self.root + self.scale[step % 7] + 12 * (step // 7 + octave)

    def chord(self, step: int, size: int = 3) -> tuple[int, ...]:
        """Notes of the chord on a step, in thirds, brought near the tonic."""
        return tuple(self.near(self.note(step + 2 * third)) for third in range(size))

    def near(self, note: int) -> int:
        """Bring a note by octaves to within -5 and +6 semitones of the tonic's octave."""
        return self.root - 5 + (note - self.root + 5) % 12

    def low(self, step: int) -> int:
        """The chord's bass note, between MIDI 33 and 44."""
        return 33 + (self.note(step) - 33) % 12
