"""What a master is ordered with, and what is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from audiokit.errors import InvalidRequest
from audiokit.services._check import between, one_of, records
from audiokit.services._several import several
from audiokit.services.apiaudio._audience import Audience, as_audience, as_list

END_FORMATS: Final = (
    "wav",
    "mp3",
    "flac",
    "ogg",
    "mp3_very_low",
    "mp3_low",
    "mp3_medium",
    "mp3_high",
    "mp3_very_high",
    "mp3_alexa",  # not in the vendor's list of nine; the official client's README has it
)
JUSTIFICATIONS: Final = ("flex-start", "centre", "flex-end")


@attrs.frozen(kw_only=True)
class SectionTiming:
    """Where a section ends on the track, and where its content stands in it.

    Attributes:
        end_at_s: Second of the whole track at which the section ends.
        justify: ``flex-start``, ``centre`` or ``flex-end``; needs *end_at_s*.
    """

    end_at_s: float | None = None
    justify: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """The entry as the API takes it."""
        one_of("justify", self.justify, JUSTIFICATIONS)
        between("end_at_s", self.end_at_s, 0, 86_400, "seconds")
        if self.justify is not None and self.end_at_s is None:
            raise InvalidRequest(
                f"justify={self.justify!r} needs end_at_s: it places content in a section of fixed end",
                field="justify",
                value=self.justify,
            )
        values = {"endAt": self.end_at_s, "justify": self.justify}
        return {name: value for name, value in values.items() if value is not None}


def check_master(
    *,
    audience: Audience | None,
    end_format: str | Sequence[str] | None,
    force_length_s: float | None,
    media_files: Audience | None,
    media_volume_trim_db: float | None,
    section_properties: Mapping[str, SectionTiming] | None,
    channels: int | None,
) -> None:
    """Refuse what no master can be ordered with; arguments as `Mastering.create`.

    Raises:
        InvalidRequest: A value is outside what the contract allows.
    """
    if channels not in {None, 1, 2}:
        raise InvalidRequest.of("channels", channels, "1 (mono) or 2 (stereo)")
    between("media_volume_trim_db", media_volume_trim_db, -12, 12, "dB")
    records("section_properties", section_properties, SectionTiming)
    between("force_length_s", force_length_s, 0.001, 86_400, "seconds")
    as_audience(audience)
    end_formats(end_format)
    as_list("media_files", media_files)
    for timing in (section_properties or {}).values():
        timing.to_wire()


def check_vast(*, public: bool, vast: bool) -> None:
    """Refuse a VAST document of a file that players could not fetch."""
    if vast and not public:
        raise InvalidRequest(
            "vast=True needs public=True: a VAST document links a file that players fetch without a key",
            field="vast",
            value=vast,
        )


def end_formats(value: str | Sequence[str] | None) -> list[str] | None:
    """One format or several as the wire's list; None for None.

    Raises:
        InvalidRequest: One is unknown, or there is none.
    """
    if value is None:
        return None
    if not isinstance(value, str | Sequence):
        raise InvalidRequest.of("end_format", value, f"one or more of {', '.join(END_FORMATS)}")
    formats = several(value)
    if not formats:
        raise InvalidRequest.of("end_format", formats, "at least one format")
    for one in formats:
        one_of("end_format", one, END_FORMATS)
    return formats
