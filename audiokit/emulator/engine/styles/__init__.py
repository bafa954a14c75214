"""Music made here: three styles of sound template, each in any key and tempo."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from audiokit.emulator.engine._base import RENDER_HZ, Refused, Samples, amplitude
from audiokit.emulator.engine._encode import open_writer
from audiokit.emulator.engine._meter import Meter
from audiokit.emulator.engine.styles._arrangement import SEGMENTS, Style, arrange
from audiokit.emulator.engine.styles._bright import Bright
from audiokit.emulator.engine.styles._chill import Chill
from audiokit.emulator.engine.styles._key import Key
from audiokit.emulator.engine.styles._pulse import Pulse

__all__ = ["SEGMENTS", "STYLES", "template"]

STYLES: Final[dict[str, Style]] = {"bright": Bright(), "chill": Chill(), "pulse": Pulse()}
"""Each style by its name."""

_LEVEL_LUFS: Final = -20.0
_HIGHEST_PEAK: Final = 0.85


def template(style: dict[str, Any], segment: str, out: str) -> dict[str, Any]:
    """Render one segment of a sound template as 48 kHz stereo WAV; the same every time.

    Args:
        style: ``style`` (a name of `STYLES`), ``root`` (MIDI note, 36 to 84, default 57) and ``bpm`` (50 to
            200, default 100).
        segment: One of `SEGMENTS`; ``main`` loops without a seam.
        out: File to make.

    Returns:
        ``seconds`` and ``lufs``.

    Raises:
        Refused: An unknown style, segment or key, or a value out of range.
    """
    wanted = {"root": 57, "bpm": 100, **style}
    name = wanted.pop("style", None)
    if name not in STYLES:
        raise Refused(f"style {name!r} does not exist; there are {', '.join(STYLES)}")
    if segment not in SEGMENTS:
        raise Refused(f"segment {segment!r} does not exist; there are {', '.join(SEGMENTS)}")
    try:
        key = Key(scale=STYLES[name].scale, **wanted)
    except (TypeError, ValueError) as error:
        raise Refused(f"the style cannot be played: {error.args[0]}") from error
    audio, lufs = _levelled(arrange(STYLES[name], key, segment).audio.astype(np.float32, order="C"))
    with open_writer(out, "wav", rate_hz=RENDER_HZ, channels=2) as writer:
        writer.write(audio)
    return {"seconds": len(audio) / RENDER_HZ, "lufs": lufs}


def _levelled(audio: Samples) -> tuple[Samples, float | None]:
    """Bring music to a common level, but never near full scale."""
    meter = Meter(RENDER_HZ, 2, true_peak=False)
    meter.push(audio)
    lufs = meter.finish().lufs
    peak = float(np.abs(audio).max())
    if lufs is None or peak <= 0.0:
        return audio, lufs
    gain = min(amplitude(_LEVEL_LUFS - lufs), _HIGHEST_PEAK / peak)
    return audio * np.float32(gain), lufs + 20.0 * float(np.log10(gain))
