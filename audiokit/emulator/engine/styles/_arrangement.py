"""What every style has in common: which segments there are, how long, and how they begin and end."""

from __future__ import annotations

import math
from typing import Final, Protocol

from audiokit.emulator.engine.styles import _sounds
from audiokit.emulator.engine.styles._canvas import Canvas
from audiokit.emulator.engine.styles._key import Key

SEGMENTS: Final = ("intro", "main", "outro", "effect1")

MAIN_BARS: Final = 4
_MIN_INTRO_S: Final = 5.5
_OUTRO_TAIL_S: Final = 3.5
_EFFECT_S: Final = 2.4


class Style(Protocol):
    """A way of playing four bars.

    Attributes:
        scale: Of its key.
        progression: Step of the scale that each bar's chord stands on.
        room: Amount of reverb.
    """

    @property
    def scale(self) -> tuple[int, ...]: ...

    @property
    def progression(self) -> tuple[int, int, int, int]: ...

    @property
    def room(self) -> float: ...

    def play_bar(self, canvas: Canvas, key: Key, step: int, at_s: float, *, bar: int, density: float) -> None:
        """Play one bar.

        Args:
            canvas: Where to.
            key: Tempo and key.
            step: Step of the scale the chord stands on.
            at_s: Where the bar starts.
            bar: Its number, from 0.
            density: 0 (only the ground) to 1 (everybody plays).
        """

    def play_end(self, canvas: Canvas, key: Key, at_s: float) -> None:
        """Play the last chord."""


def arrange(style: Style, key: Key, segment: str) -> Canvas:
    """Play one segment of a style.

    Args:
        style: Who plays.
        key: Tempo and key.
        segment: One of `SEGMENTS`.
    """
    match segment:
        case "main":
            canvas = Canvas(MAIN_BARS * key.bar_s, circular=True)
            for bar, step in enumerate(style.progression):
                style.play_bar(canvas, key, step, bar * key.bar_s, bar=bar, density=1.0)
            canvas.reverb(style.room)
        case "intro":
            bars = min(MAIN_BARS, 2 * math.ceil(_MIN_INTRO_S / (2 * key.bar_s)))
            canvas = Canvas(bars * key.bar_s, circular=False)
            for bar in range(bars):
                step = style.progression[bar % 2 - 2]  # the second half leads home
                style.play_bar(canvas, key, step, bar * key.bar_s, bar=bar, density=0.25 + 0.5 * bar / bars)
            canvas.add(_sounds.riser(key.bar_s), (bars - 1) * key.bar_s, gain=0.25)
            canvas.reverb(style.room)
            canvas.fade(in_s=0.8, out_s=0.01)
        case "outro":
            canvas = Canvas(2 * key.bar_s + _OUTRO_TAIL_S, circular=False)
            for bar in range(2):
                style.play_bar(canvas, key, style.progression[bar + 2], bar * key.bar_s, bar=bar, density=0.5)
            style.play_end(canvas, key, 2 * key.bar_s)
            canvas.reverb(style.room)
            canvas.fade(in_s=0.02, out_s=2.5)
        case _:
            canvas = Canvas(_EFFECT_S, circular=False)
            for index, step in enumerate((0, 2, 4, 7)):
                canvas.add(
                    _sounds.pluck(key.note(step, 1), 1.8), 0.09 * index, gain=0.5, pan=0.5 * (-1) ** index
                )
            canvas.reverb(min(1.0, style.room + 0.1))
            canvas.fade(out_s=1.2)
    return canvas
