"""What a media timeline is made of: tracks of clips, each clip an uploaded file between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import attrs

from audiokit.errors import InvalidRequest
from audiokit.services._check import between, one_of

CONTENT_TYPES: Final = ("sound", "speech")
LONGEST_S: Final = 86_400


@attrs.frozen(kw_only=True)
class TimelineClip:
    """One file on a track.

    Attributes:
        media_id: An uploaded file.
        start_at_s: Second of the whole at which it begins.
        end_at_s: Second of the whole at which it ends; after *start_at_s*.
    """

    media_id: str
    start_at_s: float
    end_at_s: float

    def to_wire(self) -> dict[str, Any]:
        """The entry as the API takes it."""
        between("start_at_s", self.start_at_s, 0, LONGEST_S, "seconds")
        between("end_at_s", self.end_at_s, 0, LONGEST_S, "seconds")
        if self.end_at_s <= self.start_at_s:
            raise InvalidRequest.of("end_at_s", self.end_at_s, f"after start_at_s={self.start_at_s!r}")
        return {"mediaId": self.media_id, "startAt": self.start_at_s, "endAt": self.end_at_s}


@attrs.frozen(kw_only=True)
class TimelineTrack:
    """A track of clips; `content_type` is ``sound`` or ``speech``."""

    clips: Sequence[TimelineClip]
    content_type: str

    def to_wire(self) -> dict[str, Any]:
        """The entry as the API takes it."""
        one_of("content_type", self.content_type, CONTENT_TYPES)
        if not self.clips:
            raise InvalidRequest.of("clips", list(self.clips), "one clip or more")
        return {"files": [clip.to_wire() for clip in self.clips], "contentType": self.content_type}
