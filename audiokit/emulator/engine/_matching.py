"""Bringing speech to the loudness of recordings, down to single words that are too short to be gated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from audiokit.emulator.engine._score import ClipEntry
    from audiokit.emulator.engine._source import Excerpt
    from audiokit.emulator.engine._survey import Survey

_SILENT_LUFS: Final = -70.0
_GATE_DB: Final = 10.0


def matched(
    voice: Sequence[ClipEntry], media: Sequence[ClipEntry], survey: Callable[[Excerpt], Survey]
) -> tuple[ClipEntry, ...]:
    """Return the speech with the gains that make it as loud as the recordings that music ducks under.

    A clip that cannot be measured takes the gain of those that can: all were spoken at one level. Where none
    can be, their RMS is taken for their loudness. Without a recording that can be measured nothing changes.
    """
    wanted_lufs = _mean_lufs([clip for clip in media if clip.ducks], survey)
    if wanted_lufs is None:
        return tuple(voice)
    spoken_lufs = _mean_lufs([attrs.evolve(clip, gain_db=0.0) for clip in voice], survey)
    return tuple(_matched(clip, survey(clip.excerpt), wanted_lufs, spoken_lufs) for clip in voice)


def _matched(clip: ClipEntry, seen: Survey, wanted_lufs: float, spoken_lufs: float | None) -> ClipEntry:
    lufs = next((one for one in (seen.lufs, spoken_lufs, _lufs_by_rms(seen)) if one is not None), None)
    gain_db = clip.gain_db + (0.0 if lufs is None else wanted_lufs - lufs)
    return attrs.evolve(clip, gain_db=gain_db, level_lufs=None)


def _mean_lufs(clips: Sequence[ClipEntry], survey: Callable[[Excerpt], Survey]) -> float | None:
    """Mean power of clips as they are played, in LUFS; None where none can be measured."""
    power = frames = 0.0
    for clip in clips:
        seen = survey(clip.excerpt)
        if seen.lufs is not None:
            power += seen.frames * 10 ** ((seen.lufs + clip.gain_db) / 10)
            frames += seen.frames
    return 10 * math.log10(power / frames) if frames else None


def _lufs_by_rms(seen: Survey) -> float | None:
    """Loudness of what is too short to be gated, without weighting; None for silence.

    As with the gate of BS.1770, what is more than 10 dB below the rest does not count. A tone of 1 kHz reads
    the same as on a meter.
    """
    power = np.square(np.asarray(seen.levels)) * seen.channels
    audible = power[power > 10 ** (_SILENT_LUFS / 10)]
    if not len(audible):
        return None
    gate = float(audible.mean()) * 10 ** (-_GATE_DB / 10)
    return float(10 * np.log10(audible[audible > gate].mean()))
