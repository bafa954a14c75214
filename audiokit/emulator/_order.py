"""What a track is made of, checked and ready to be produced; and how speech and music are balanced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from audiokit.emulator._http import HttpError
from audiokit.emulator._plan import Clip, Justify, TimelineOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._script import Script
    from audiokit.emulator._templates import Template

OUTPUT_FORMATS = (
    "wav",
    "mp3",
    "flac",
    "ogg",
    "mp3_very_low",
    "mp3_low",
    "mp3_medium",
    "mp3_high",
    "mp3_very_high",
)
"""Formats a track is rendered in; those that begin with mp3_ differ in bit rate."""


@attrs.frozen(kw_only=True)
class Preset:
    """How speech and music are balanced: gain of music under speech in dB, level of music alone in LUFS."""

    duck_db: float = -12.0
    music_lufs: float = -24.0


PRESETS = {
    "default": Preset(),
    "balanced": Preset(duck_db=-10.0, music_lufs=-23.0),
    "lightducking": Preset(duck_db=-7.0),  # every preset is 6 dB or more down, with room for a meter's error
    "heavyducking": Preset(duck_db=-18.0),
    "radio": Preset(duck_db=-15.0, music_lufs=-22.0),
    "musicenhanced": Preset(duck_db=-9.0, music_lufs=-21.0),
}
"""Mastering presets by lower-case name."""


@attrs.frozen(kw_only=True)
class SectionWish:
    """Timing wishes about one section, in seconds; see `SectionPlan`."""

    start_at: float | None = None
    end_at: float | None = None
    justify: Justify = "flex-start"
    padding_s: float = 0.0
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0


@attrs.frozen(kw_only=True)
class Order:
    """Everything a track is made of, checked.

    Attributes:
        account: Tenant.
        script: Parsed script.
        speech: Name of each speech part -> its file id and seconds.
        template: Sound template, or None for no music.
        media: Key of each media tag -> its recording.
        effects: Key of each effect tag -> name of a segment, or a recording.
        wishes: Section name -> timing.
        options: Wishes about the whole track.
    """

    account: str
    script: Script
    speech: Mapping[str, tuple[str, float]]
    template: Template | None = None
    media: Mapping[str, Clip] = attrs.field(factory=dict)
    effects: Mapping[str, str | Clip] = attrs.field(factory=dict)
    wishes: Mapping[str, SectionWish] = attrs.field(factory=dict)
    options: TimelineOptions = attrs.field(factory=TimelineOptions)


def preset_named(name: str) -> Preset:
    """Return a mastering preset by name, without regard to case; empty gives the default.

    Raises:
        HttpError: 400, no such preset.
    """
    if name and name.lower() not in PRESETS:
        raise HttpError(400, f"masteringPreset {name!r} must be one of {', '.join(PRESETS)}")
    return PRESETS[name.lower() or "default"]
