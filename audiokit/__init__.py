"""Asyncio SDK for three audio-production APIs: api.audio v1, AudioStack v2, Respeecher."""

from __future__ import annotations

from audiokit._client import AudioKit
from audiokit._config import ApiAccess, ApiKey, Limits, Login, RetryPolicy, Timeouts
from audiokit._unset import UNSET
from audiokit.errors import AudiokitError
from audiokit.jobs import (
    ConversionJob,
    Job,
    JobState,
    MasteringJob,
    MixJob,
    Orchestrator,
    Outcome,
    PollSchedule,
    SpeechJob,
)
from audiokit.services.apiaudio import SectionTiming, SectionVoice
from audiokit.services.audiostack import MixSection, MixTimeline
from audiokit.services.respeecher import Conversion
from audiokit.typing import Progress

__all__ = [
    "UNSET",
    "ApiAccess",
    "ApiKey",
    "AudioKit",
    "AudiokitError",
    "Conversion",
    "ConversionJob",
    "Job",
    "JobState",
    "Limits",
    "Login",
    "MasteringJob",
    "MixJob",
    "MixSection",
    "MixTimeline",
    "Orchestrator",
    "Outcome",
    "PollSchedule",
    "Progress",
    "RetryPolicy",
    "SectionTiming",
    "SectionVoice",
    "SpeechJob",
    "Timeouts",
]

__version__ = "0.1.0"
