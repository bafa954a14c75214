"""Where everything of a production sounds: pure arithmetic from sections to the renderer's timeline.

All times are seconds on the finished track. Speech is never cut in the middle of a word: a forced length is
met by dropping the lead-in, then by speaking faster within `MIN_STRETCH`, else refused. Only a section's own
``endAt`` mark fades content out, as the vendor documents.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from audiokit.emulator._music_bed import lay_music
from audiokit.emulator._overlap import MOST_AT_ONCE, most_at_once
from audiokit.emulator._plan import Clip, SectionPlan, TimelineError, TimelineOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLE_RATE_HZ = 48_000
LOUDNESS_LUFS = -16.0
TRUE_PEAK_DBTP = -1.0

MIN_SECTION_S = 2.0
"""Shortest section with an end mark, in seconds."""

MIN_STRETCH = 0.75
"""Shortest that speech may become, as a share of its natural length."""

LEAD_IN_S = 1.5
"""Music before the first word, when nothing else is asked for."""

TAIL_S = 2.0
"""Music after the last word, when nothing else is asked for; fades out."""

SECTION_GAP_S = 0.25
"""Breath between sections, when nothing else is asked for."""

_MARK_FADE_S = 0.5  # content that is longer than its slot
_BREATH_S = 0.05  # left after the last word when speech is made to fit
_AUDIBLE_S = 0.05  # a shorter rest of a clip is dropped
_EPSILON = 1e-6


@attrs.frozen
class _Placed:
    clip: Clip
    start: float
    seconds: float  # on the track
    stretch: float
    is_cut: bool = False
    fade_in: float = 0.0
    fade_out: float = 0.0

    @property
    def end(self) -> float:
        return self.start + self.seconds


@attrs.frozen
class _Slot:
    section: SectionPlan
    start: float
    end: float
    placed: tuple[_Placed, ...]


def build_timeline(sections: Sequence[SectionPlan], options: TimelineOptions) -> dict[str, Any]:
    """Place sections on a track and return the renderer's timeline (JSON).

    Args:
        sections: From top to bottom of the script.
        options: Wishes about the whole track.

    Raises:
        TimelineError: Marks that do not rise, a forced section under 2 s, a forced length that speech cannot
            meet, more clips at once than are mixed, or a track longer than allowed.
    """
    _check_marks(sections, options)
    slots = _fit(sections, options)
    total = _total(slots, options)
    if total > options.max_seconds + _EPSILON:
        raise TimelineError(
            f"the track would last {total:.1f} s; at most {options.max_seconds:g} s are rendered"
        )
    music = lay_music(
        [(slot.start, slot.section.music) for slot in slots],
        total=total,
        content_end=_content_end(slots),
        options=options,
    )
    placed = _with_edge_fades(
        [clip for slot in slots for clip in slot.placed], options, has_music=bool(music)
    )
    most, when = most_at_once(
        [(p.start, p.end) for p in placed] + [(one["start_s"], one["end_s"]) for one in music]
    )
    if most > MOST_AT_ONCE:
        raise TimelineError(f"{most} clips sound at once at {when:.2f} s; at most {MOST_AT_ONCE} are mixed")
    return {
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "channels": options.channels,
        "seconds": _round(total),
        "voice": [_entry(p) for p in placed if p.clip.kind == "voice"],
        "media": [
            {
                **_entry(p, gain_db=options.media_gain_db if p.clip.kind == "media" else 0.0),
                "ducks": p.clip.kind == "media",
            }
            for p in placed
            if p.clip.kind != "voice"
        ],
        "music": music,
        "match_voice": options.match_voice,
        "duck_db": options.duck_db,
        "loudness_lufs": LOUDNESS_LUFS,
        "true_peak_dbtp": TRUE_PEAK_DBTP,
    }


def _check_marks(sections: Sequence[SectionPlan], options: TimelineOptions) -> None:
    last: tuple[str, float] | None = None
    for section in sections:
        if section.end_at is None:
            continue
        if last is not None and section.end_at <= last[1]:
            raise TimelineError(
                f"endAt of section {section.name!r} is {section.end_at:g} s, but section {last[0]!r} before "
                f"it ends at {last[1]:g} s; marks must rise from section to section"
            )
        if options.force_length_s is not None and section.end_at > options.force_length_s + _EPSILON:
            raise TimelineError(
                f"endAt of section {section.name!r} is {section.end_at:g} s, beyond forceLength "
                f"{options.force_length_s:g} s"
            )
        last = (section.name, section.end_at)


def _fit(sections: Sequence[SectionPlan], options: TimelineOptions) -> list[_Slot]:
    """Place the sections; when a length is forced, with the gentlest means that meets it."""
    slots = _place(sections, options)
    length = options.force_length_s
    if length is None or _content_end(slots) <= length + _EPSILON:
        return slots
    tight = attrs.evolve(options, lead_in_s=options.lead_in_s or 0.0, gap_s=options.gap_s or 0.0)
    slots = _place(sections, tight)
    if _content_end(slots) <= length + _EPSILON:
        return slots
    if not any(section.has_voice for section in sections):
        return [_cut_at(slot, length) for slot in slots]
    natural, shortest = _content_end(slots), _content_end(_place(sections, tight, MIN_STRETCH))
    if shortest > length + _EPSILON:
        raise TimelineError(
            f"forceLength {length:g} s is too short: the content takes {natural:.2f} s, {shortest:.2f} s "
            f"when spoken as fast as allowed; give at least {math.ceil(shortest)} s or shorten the script"
        )
    # Placement rises with the stretch but not linearly (marks, recordings), so the stretch is searched for.
    target = max(length - _BREATH_S, shortest)
    low, high = MIN_STRETCH, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if _content_end(_place(sections, tight, middle)) <= target + _EPSILON:
            low = middle
        else:
            high = middle
    return _place(sections, tight, low)


def _place(sections: Sequence[SectionPlan], options: TimelineOptions, stretch: float = 1.0) -> list[_Slot]:
    slots: list[_Slot] = []
    gap = SECTION_GAP_S if options.gap_s is None else options.gap_s
    cursor = _lead_in(sections, options)
    for section in sections:
        if slots and slots[-1].section.end_at is None:
            cursor += gap
        start = _start(section, cursor, options)
        slot = _fill(section, start, stretch if section.end_at is None else 1.0)
        slots.append(slot)
        cursor = slot.end + section.padding_s
    return slots


def _lead_in(sections: Sequence[SectionPlan], options: TimelineOptions) -> float:
    if options.lead_in_s is not None:
        return options.lead_in_s
    first = sections[0]
    return LEAD_IN_S if first.music is not None and first.end_at is None else 0.0


def _start(section: SectionPlan, cursor: float, options: TimelineOptions) -> float:
    if section.start_at is None:
        return cursor
    if section.start_at < cursor - _EPSILON and not options.may_overlap:
        raise TimelineError(
            f"startAt of section {section.name!r} is {section.start_at:g} s, but the content before it lasts "
            f"until {cursor:.2f} s; move it back, or allow overlaps with strictValidation=false"
        )
    return section.start_at


def _fill(section: SectionPlan, start: float, stretch: float) -> _Slot:
    """Line up a section's clips, and fit them into the slot when there is an end mark."""
    position, placed = start, list[_Placed]()
    for clip in section.clips:
        factor = stretch if clip.kind == "voice" else 1.0
        placed.append(_Placed(clip, position, clip.seconds * factor, factor))
        position = placed[-1].end
    end = position
    if section.end_at is not None:
        end = section.end_at
        if end - start < MIN_SECTION_S - _EPSILON:
            raise TimelineError(
                f"endAt {end:g} s leaves {max(0.0, end - start):.2f} s for section {section.name!r}, which "
                f"starts at {start:.2f} s; a section with an end mark lasts at least {MIN_SECTION_S:g} s"
            )
        spare = max(0.0, end - position)
        shift = {"flex-start": 0.0, "centre": spare / 2, "flex-end": spare}[section.justify]
        placed = [attrs.evolve(p, start=p.start + shift) for p in placed]
    if placed and section.fade_in_s > 0:
        placed[0] = attrs.evolve(placed[0], fade_in=min(section.fade_in_s, placed[0].seconds))
    if placed and section.fade_out_s > 0:
        placed[-1] = attrs.evolve(placed[-1], fade_out=min(section.fade_out_s, placed[-1].seconds))
    slot = _Slot(section, start, end, tuple(placed))
    return slot if section.end_at is None else _cut_at(slot, end)


def _cut_at(slot: _Slot, mark: float) -> _Slot:
    """Fade out what would sound beyond *mark*, and drop what would only begin there."""
    kept: list[_Placed] = []
    for placed in slot.placed:
        if placed.end <= mark + _EPSILON:
            kept.append(placed)
        elif mark - placed.start >= _AUDIBLE_S:
            seconds = mark - placed.start
            fade = min(seconds, max(_MARK_FADE_S, placed.fade_out))
            kept.append(attrs.evolve(placed, seconds=seconds, is_cut=True, fade_out=fade))
    return attrs.evolve(slot, end=min(slot.end, mark), placed=tuple(kept))


def _content_end(slots: Sequence[_Slot]) -> float:
    return max((p.end for slot in slots for p in slot.placed), default=0.0)


def _total(slots: Sequence[_Slot], options: TimelineOptions) -> float:
    if options.force_length_s is not None:
        return options.force_length_s
    last = max(slots, key=lambda slot: slot.end)
    end = last.end + last.section.padding_s
    if last.section.music is None or last.section.end_at is not None:
        return end
    return end + (TAIL_S if options.tail_s is None else options.tail_s)


def _with_edge_fades(placed: list[_Placed], options: TimelineOptions, *, has_music: bool) -> list[_Placed]:
    """Without music the fades of the track go to the clips at its two ends."""
    if has_music or not placed:
        return placed
    first = min(range(len(placed)), key=lambda i: placed[i].start)
    last = max(range(len(placed)), key=lambda i: placed[i].end)
    placed[first] = attrs.evolve(placed[first], fade_in=max(placed[first].fade_in, options.fade_in_s))
    placed[last] = attrs.evolve(placed[last], fade_out=max(placed[last].fade_out, options.fade_out_s or 0.0))
    return [
        attrs.evolve(p, fade_in=min(p.fade_in, p.seconds), fade_out=min(p.fade_out, p.seconds))
        for p in placed
    ]


def _entry(placed: _Placed, *, gain_db: float = 0.0) -> dict[str, Any]:
    return {
        "path": placed.clip.path,
        "start_s": _round(placed.start),
        "offset_s": 0.0,
        "duration_s": _round(placed.seconds) if placed.is_cut else None,
        "gain_db": gain_db,
        "fade_in_s": _round(placed.fade_in),
        "fade_out_s": _round(placed.fade_out),
        "stretch": _round(placed.stretch),
    }


def _round(value: float) -> float:
    """Microseconds are finer than a sample; the rest is noise of the arithmetic."""
    return round(value, 6)
