"""Asyncio SDK for three audio-production APIs: api.audio v1, AudioStack v2, Respeecher.

``import audiokit`` loads nothing yet; each name loads its module when it is first used: `AudioKit` the client
and the transport, job kinds the orchestrator. The services of an API are loaded when a client with
credentials for it is opened: most programs use one API, and each costs as much to load as httpx.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audiokit import archives as archives
    from audiokit import errors as errors
    from audiokit import jobs as jobs
    from audiokit import markup as markup
    from audiokit import otel as otel
    from audiokit import services as services
    from audiokit import testing as testing
    from audiokit import transport as transport
    from audiokit import typing as typing
    from audiokit import webhooks as webhooks
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


def _load(name: str) -> object:
    """Load a name from its place, or a public module, when it is first used."""
    if name in _MODULES:
        return _module(name)
    if name not in _PLACES:
        raise AttributeError(f"module 'audiokit' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def _module(name: str) -> object:
    try:
        return importlib.import_module(f"audiokit.{name}")
    except ModuleNotFoundError as error:  # of an extra; `import audiokit.otel` says which
        raise AttributeError(f"module 'audiokit' has no attribute {name!r}: {error}", name=name) from error


def _names() -> list[str]:
    """What `dir` shows: a module whose extra is not installed is not there."""
    missing = set() if _has_opentelemetry() else {"otel"}
    return sorted({*globals(), *__all__, *_MODULES} - missing)


def _has_opentelemetry() -> bool:
    try:  # `opentelemetry` alone is a namespace, which other packages have, too
        return importlib.util.find_spec("opentelemetry.trace") is not None
    except ModuleNotFoundError:
        return False


if not TYPE_CHECKING:  # a checker that saw them would take any name, also a misspelled one
    __getattr__ = _load
    __dir__ = _names
