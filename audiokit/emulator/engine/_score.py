"""What is to be rendered, checked: the timeline's JSON as records."""

from __future__ import annotations

from typing import Any, Final

import attrs
from attrs import validators

from audiokit.emulator.engine._base import RENDER_HZ, Refused
from audiokit.emulator.engine._source import Excerpt

MAX_SECONDS: Final = 7_200.0

_not_negative = validators.ge(0.0)


@attrs.frozen(kw_only=True)
class ClipEntry:
    """Speech or a recording at one place.

    Attributes:
        path: File to play.
        start_s: Where it starts on the track.
        offset_s: Seconds of the file to skip.
        duration_s: Seconds on the track; None for all of the file.
        gain_db: Gain on top of the level.
        level_lufs: Loudness to bring it to first; None leaves it as recorded.
        fade_in_s: Length of its fade-in.
        fade_out_s: Length of its fade-out.
        stretch: Factor on its length, pitch kept.
        ducks: Whether music goes down under it.
    """

    path: str
    start_s: float = attrs.field(validator=_not_negative)
    offset_s: float = attrs.field(default=0.0, validator=_not_negative)
    duration_s: float | None = None
    gain_db: float = 0.0
    level_lufs: float | None = None
    fade_in_s: float = attrs.field(default=0.0, validator=_not_negative)
    fade_out_s: float = attrs.field(default=0.0, validator=_not_negative)
    stretch: float = 1.0
    ducks: bool = True

    @property
    def excerpt(self) -> Excerpt:
        """What is played of the file."""
        return Excerpt(
            path=self.path, offset_s=self.offset_s, duration_s=self.duration_s, stretch=self.stretch
        )


@attrs.frozen(kw_only=True)
class MusicEntry:
    """Music from one moment to another.

    Attributes:
        path: File to play.
        start_s: Where it starts.
        end_s: Where it ends at the latest.
        gain_db: Gain.
        loop: Play it again and again until `end_s`.
        fade_in_s: Length of its fade-in.
        fade_out_s: Length of its fade-out.
    """

    path: str
    start_s: float = attrs.field(validator=_not_negative)
    end_s: float = attrs.field(validator=_not_negative)
    gain_db: float = 0.0
    loop: bool = True
    fade_in_s: float = attrs.field(default=0.0, validator=_not_negative)
    fade_out_s: float = attrs.field(default=0.0, validator=_not_negative)


@attrs.frozen(kw_only=True)
class Score:
    """A whole track.

    Attributes:
        channels: 1 or 2.
        seconds: Exact length, up to `MAX_SECONDS`; None ends it with its last sound.
        voice: Speech.
        media: Recordings and effects.
        music: Music under them.
        match_voice: Bring speech to the loudness of the recordings that music ducks under, as they sound on
            the track: a mono recording is 3 LU louder in stereo than its file says.
        duck_db: Gain of the music under speech, -60 to 0.
        loudness_lufs: Integrated loudness to reach, -36 to -8.
        true_peak_dbtp: Highest true peak allowed, -9 to 0.
    """

    channels: int = attrs.field(default=2, validator=validators.in_((1, 2)))
    sample_rate_hz: int = attrs.field(default=RENDER_HZ, validator=validators.in_((RENDER_HZ,)))
    seconds: float | None = attrs.field(
        default=None, validator=validators.optional([validators.gt(0.0), validators.le(MAX_SECONDS)])
    )
    voice: tuple[ClipEntry, ...] = ()
    media: tuple[ClipEntry, ...] = ()
    music: tuple[MusicEntry, ...] = ()
    match_voice: bool = False
    duck_db: float = attrs.field(default=-12.0, validator=[validators.ge(-60.0), validators.le(0.0)])
    loudness_lufs: float = attrs.field(default=-16.0, validator=[validators.ge(-36.0), validators.le(-8.0)])
    true_peak_dbtp: float = attrs.field(default=-1.0, validator=[validators.ge(-9.0), validators.le(0.0)])

    @classmethod
    def from_json(cls, timeline: dict[str, Any]) -> Score:
        """Read a timeline.

        Raises:
            Refused: A key is unknown or missing, or a value out of range.
        """
        rest = {**timeline}
        try:
            voice = [ClipEntry(**entry) for entry in rest.pop("voice", [])]
            media = [ClipEntry(**entry) for entry in rest.pop("media", [])]
            music = [MusicEntry(**entry) for entry in rest.pop("music", [])]
            return cls(voice=tuple(voice), media=tuple(media), music=tuple(music), **rest)
        except (TypeError, ValueError) as error:
            reason = error.args[0] if error.args else "unreadable"
            raise Refused(f"the timeline cannot be rendered: {reason}") from error
