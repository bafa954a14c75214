"""The kinds that every journal may hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from audiokit.jobs._apiaudio_mastering import MasteringJob
from audiokit.jobs._apiaudio_speech import SpeechJob
from audiokit.jobs._audiostack import MixJob
from audiokit.jobs._respeecher import ConversionJob
from audiokit.jobs._respeecher_recordings import CalibrationJob, TTSRecordingJob
from audiokit.jobs._respeecher_upload import Upload

INTERNAL: Final = "_"
"""First character of kinds that only jobs themselves make, e.g. an upload that several share."""


def own_kinds() -> Sequence[type]:
    """All kinds of this package."""
    return (CalibrationJob, ConversionJob, MasteringJob, MixJob, SpeechJob, TTSRecordingJob, Upload)
