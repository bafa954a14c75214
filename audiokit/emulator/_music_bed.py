"""The music under a track: one clip per run of the same segment, cross-faded where it changes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audiokit.emulator._plan import Music, TimelineOptions

_CROSS_FADE_S = 1.0
_MUSIC_STOP_S = 0.5  # music that ends at a section without any
_MUSIC_START_S = 0.05
_HARD_END_FADE_S = 1.0  # music that ends at a mark or a forced length
_LONGEST_END_FADE_S = 3.0
_SHORTEST_END_S = 0.5  # a last segment that is cut off sooner is not begun
_GAIN_DB = (-24.0, 12.0)

Run = tuple["Music | None", float, float]


def lay_music(
    starts: Sequence[tuple[float, Music | None]],
    *,
    total: float,
    content_end: float,
    options: TimelineOptions,
) -> list[dict[str, Any]]:
    """Return the timeline's music entries.

    Args:
        starts: Where each section starts, in seconds, and the segment under it; the first music starts at 0.
        total: Length of the track in seconds; sections beyond it have no music.
        content_end: End of the last word or recording in seconds.
        options: Wishes about the whole track.
    """
    ordered = sorted(starts, key=lambda pair: pair[0])
    borders = [0.0, *(_inside(start, music, total) for start, music in ordered[1:]), total]
    runs: list[Run] = []
    for (_, music), (start, end) in zip(ordered, itertools.pairwise(borders), strict=True):
        if end <= start:
            continue
        if runs and runs[-1][0] == music:
            runs[-1] = (music, runs[-1][1], end)
        else:
            runs.append((music, start, end))
    last_fade = max(_HARD_END_FADE_S, min(_LONGEST_END_FADE_S, total - content_end))
    if options.fade_out_s is not None:
        last_fade = options.fade_out_s
    entries: list[dict[str, Any]] = []
    for index, run in enumerate(runs):
        if run[0] is not None:
            before = runs[index - 1] if index else None
            after = runs[index + 1] if index + 1 < len(runs) else None
            entries.append(_entry(run[0], run, before, after, last_fade, options))
    return entries


def _inside(start: float, music: Music | None, total: float) -> float:
    """Where a section's music starts; at the very end where it would hardly be heard."""
    is_heard = start <= total - (0.0 if music is None else _SHORTEST_END_S)
    return start if is_heard else total


def _entry(
    music: Music, run: Run, before: Run | None, after: Run | None, last_fade: float, options: TimelineOptions
) -> dict[str, Any]:
    _, start, end = run
    fade_in, fade_out = _MUSIC_START_S, _MUSIC_STOP_S
    if before is None:
        fade_in = max(fade_in, options.fade_in_s)
    elif before[0] is not None:
        fade_in = _cross_fade(before, run)
        start -= fade_in / 2  # the cross-fade straddles the border
    if after is None:
        fade_out = last_fade
    elif after[0] is not None:
        fade_out = _cross_fade(run, after)
        end += fade_out / 2
    half = (end - start) / 2
    return {
        "path": music.path,
        "start_s": round(start, 6),
        "end_s": round(end, 6),
        "gain_db": _gain_db(music, options),
        "loop": True,
        "fade_in_s": round(min(fade_in, half), 6),
        "fade_out_s": round(min(fade_out, half), 6),
    }


def _cross_fade(before: Run, after: Run) -> float:
    """Length of the cross-fade between two runs: never more than either of them lasts."""
    return min(_CROSS_FADE_S, before[2] - before[1], after[2] - after[1])


def _gain_db(music: Music, options: TimelineOptions) -> float:
    """Gain that brings a segment to the wanted level, within reason; 0 when its loudness is unknown."""
    if music.lufs is None:
        return 0.0
    low, high = _GAIN_DB
    return round(min(high, max(low, options.music_lufs - music.lufs)), 6)
