"""What a recording is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from audiokit.errors import RemoteFailure
from audiokit.services._convert import Model, wire
from audiokit.transport._secrets import shown_url

RETRIEVAL = "respeecher.recordings.get"
"""The operation in which a failure shows."""


@attrs.define
class RecordingNote(Model):
    """A note as it hangs on a recording."""

    id: str | None = None
    text: str | None = None
    active: bool | None = None


@attrs.define
class Recording(Model):
    """A recording, original or converted.

    Attributes:
        type: ``original`` or ``converted``.
        state: ``processing``, ``postprocessing``, ``done`` or ``error``; others may come.
        process_stage: Free text on what is going on, or on what was noticed.
        url: Where the audio is, once done; pass the recording to `Recordings.download`.
        original_id: What a conversion was made from.
        duration_s: Length in seconds.
        size_bytes: Size of the audio file.
        tts: Whether it was spoken from `text`.
        error: Why it failed.
    """

    id: str
    state: str
    type: str | None = None
    project_id: str | None = None
    parent_folder_id: str | None = None
    url: str | None = attrs.field(default=None, repr=shown_url)
    waveform_url: str | None = attrs.field(default=None, repr=shown_url)
    file_name: str | None = None
    label: str | None = None
    original_id: str | None = None
    model_id: str | None = None
    model_name: str | None = None
    calibration_id: str | None = None
    calibration_value: float | str | None = None
    calibration_name: str | None = None
    microphone: str | None = None
    size_bytes: int | None = wire("size", default=None)
    duration_s: float | None = wire("duration", default=None)
    starred: bool = False
    tts: bool = False
    tts_voice: str | None = None
    tts_voice_id: str | None = None
    text: str | None = None
    params: Any = None
    error: str | None = None
    active: bool = True
    created_at: datetime | None = None
    converted_at: datetime | None = None
    listen_count: int | None = None
    process_stage: str | None = None
    note: RecordingNote | str | None = None

    @property
    def is_over(self) -> bool:
        """Whether it will not change by itself any more."""
        return self.state in {"done", "error"}

    def raise_for_error(self) -> Recording:
        """Raise `RemoteFailure` when the state is ``error``, else give the recording back."""
        if self.state == "error":
            raise RemoteFailure(
                f"recording {self.id} failed: {self.error or 'no reason given'}",
                operation=RETRIEVAL,
                status=200,
                api_message=self.error or "",
            )
        return self
