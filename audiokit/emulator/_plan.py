"""What a production consists of before it is placed in time: clips, sections, wishes about the track."""

from __future__ import annotations

from typing import Literal

import attrs

Justify = Literal["flex-start", "centre", "flex-end"]


class TimelineError(ValueError):
    """The wishes about timing contradict each other; the message names them."""


@attrs.frozen(kw_only=True)
class Clip:
    """One sound to be placed: speech, a recording, or an effect.

    Attributes:
        kind: Speech can be stretched, media gets the call's trim, effects are played as they are.
        path: File of the server.
        seconds: Its length.
        lufs: Its loudness, or None when it could not be measured.
    """

    kind: Literal["voice", "media", "effect"]
    path: str
    seconds: float
    lufs: float | None = None


@attrs.frozen(kw_only=True)
class Music:
    """A segment of a sound template, to be looped under sections."""

    path: str
    lufs: float | None = None


@attrs.frozen(kw_only=True)
class SectionPlan:
    """A section with everything that is known about it.

    Attributes:
        name: For messages.
        clips: Content, one after the other.
        music: Segment under it, or None for none.
        start_at: Mark at which it starts, or None to follow the section before.
        end_at: Mark at which it ends, or None to end with its content.
        justify: Where content shorter than the slot stands; needs `end_at`.
        padding_s: Silence (music goes on) after it.
        fade_in_s: Fade of its first clip.
        fade_out_s: Fade of its last clip.
    """

    name: str
    clips: tuple[Clip, ...] = ()
    music: Music | None = None
    start_at: float | None = None
    end_at: float | None = None
    justify: Justify = "flex-start"
    padding_s: float = 0.0
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0

    @property
    def has_voice(self) -> bool:
        """Whether any of it is synthetic speech."""
        return any(clip.kind == "voice" for clip in self.clips)


@attrs.frozen(kw_only=True)
class TimelineOptions:
    """What is asked for the whole track.

    Attributes:
        channels: 1 or 2.
        force_length_s: Exact length, or None for the natural one.
        media_gain_db: Trim of recordings.
        match_voice: Bring the synthetic voice to the level of the recordings.
        lead_in_s: Where the first section starts; None means a short lead-in under music, else 0.
        gap_s: Between sections; None means a breath.
        tail_s: Music after the last word; None means a fitting tail.
        fade_in_s: Fade of the music at the start, or of the first clip without music.
        fade_out_s: Fade of the music at the end, or of the last clip without music; None means fitting.
        duck_db: How far music goes down under speech.
        music_lufs: Level of music where nobody speaks, before the track is brought to its loudness.
        may_overlap: Sections may start before the one before has ended.
        max_seconds: Longest track.
    """

    channels: int = 2
    force_length_s: float | None = None
    media_gain_db: float = 0.0
    match_voice: bool = False
    lead_in_s: float | None = None
    gap_s: float | None = None
    tail_s: float | None = None
    fade_in_s: float = 0.0
    fade_out_s: float | None = None
    duck_db: float = -12.0
    music_lufs: float = -24.0
    may_overlap: bool = False
    max_seconds: float = 1800.0
