"""Asyncio SDK for three audio-production APIs: api.audio v1, AudioStack v2, Respeecher.

``import audiokit`` loads nothing yet; each name loads its module when it is first used: `AudioKit` the client
and the transport, job kinds the orchestrator. The services of an API are loaded when a client with
credentials for it is opened: most programs use one API, and each costs as much to load as httpx.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audiokit._client import AudioKit
    from audiokit._config import ApiAccess, ApiKey, Limits, Login, Rate, RateLimits, RetryPolicy, Timeouts
    from audiokit._unset import UNSET
    from audiokit.errors import AudiokitError
    from audiokit.jobs import (
        CalibrationJob,
        Chain,
        ConversionJob,
        Job,
        JobState,
        Journal,
        MasteringJob,
        MixJob,
        Orchestrator,
        Outcome,
        PollSchedule,
        SpeechJob,
        TTSRecordingJob,
        for_each_listener,
    )
    from audiokit.services.apiaudio import SectionTiming, SectionVoice
    from audiokit.services.audiostack import MixSection, MixTimeline
    from audiokit.services.respeecher import Conversion
    from audiokit.transport import Network
    from audiokit.typing import Progress, UploadReceipt

__all__ = [
    "UNSET",
    "ApiAccess",
    "ApiKey",
    "AudioKit",
    "AudiokitError",
    "CalibrationJob",
    "Chain",
    "Conversion",
    "ConversionJob",
    "Job",
    "JobState",
    "Journal",
    "Limits",
    "Login",
    "MasteringJob",
    "MixJob",
    "MixSection",
    "MixTimeline",
    "Network",
    "Orchestrator",
    "Outcome",
    "PollSchedule",
    "Progress",
    "Rate",
    "RateLimits",
    "RetryPolicy",
    "SectionTiming",
    "SectionVoice",
    "SpeechJob",
    "TTSRecordingJob",
    "Timeouts",
    "UploadReceipt",
    "for_each_listener",
]

__version__ = "0.1.0"

_JOBS = "audiokit.jobs"
_CONFIG = "audiokit._config"
_MODULES = frozenset(
    {"archives", "errors", "jobs", "markup", "otel", "services", "testing", "transport", "typing", "webhooks"}
)
_PLACES = {
    "UNSET": "audiokit._unset",
    "ApiAccess": _CONFIG,
    "ApiKey": _CONFIG,
    "AudioKit": "audiokit._client",
    "AudiokitError": "audiokit.errors",
    "CalibrationJob": _JOBS,
    "Chain": _JOBS,
    "Conversion": "audiokit.services.respeecher",
    "ConversionJob": _JOBS,
    "Job": _JOBS,
    "JobState": _JOBS,
    "Journal": _JOBS,
    "Limits": _CONFIG,
    "Login": _CONFIG,
    "MasteringJob": _JOBS,
    "MixJob": _JOBS,
    "MixSection": "audiokit.services.audiostack",
    "MixTimeline": "audiokit.services.audiostack",
    "Network": "audiokit.transport",
    "Orchestrator": _JOBS,
    "Outcome": _JOBS,
    "PollSchedule": _JOBS,
    "Progress": "audiokit.typing",
    "Rate": _CONFIG,
    "RateLimits": _CONFIG,
    "RetryPolicy": _CONFIG,
    "SectionTiming": "audiokit.services.apiaudio",
    "SectionVoice": "audiokit.services.apiaudio",
    "SpeechJob": _JOBS,
    "TTSRecordingJob": _JOBS,
    "Timeouts": _CONFIG,
    "UploadReceipt": "audiokit.typing",
    "for_each_listener": _JOBS,
}


def __getattr__(name: str) -> object:
    """Load a name from its place, or a public module, when it is first used."""
    if name in _MODULES:
        return importlib.import_module(f"audiokit.{name}")
    if name not in _PLACES:
        raise AttributeError(f"module 'audiokit' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
