"""Many jobs at once, followed to the end."""

from __future__ import annotations

from audiokit.jobs._apiaudio import MasteringJob, SpeechJob
from audiokit.jobs._audiostack import MixJob
from audiokit.jobs._chain import Chain
from audiokit.jobs._context import JobContext
from audiokit.jobs._events import (
    EventStream,
    JobEvent,
    JobFinished,
    JobPolled,
    JobRepeated,
    JobStarted,
    JobSubmitted,
    TransferProgress,
)
from audiokit.jobs._fan_out import for_each_listener
from audiokit.jobs._handle import JobHandle
from audiokit.jobs._job import Job, JobState, JobStats, Outcome, Services
from audiokit.jobs._journal import Durability, Journal, JournalState, Scope
from audiokit.jobs._orchestrator import OnLeave, Orchestrator
from audiokit.jobs._readers import log_progress, show_progress, write_report
from audiokit.jobs._receiver import WebhookReceiver
from audiokit.jobs._respeecher import ConversionJob
from audiokit.jobs._respeecher_recordings import CalibrationJob, TTSRecordingJob
from audiokit.jobs._steps import Submission
from audiokit.services._poll import Look, PollSchedule

__all__ = [
    "CalibrationJob",
    "Chain",
    "ConversionJob",
    "Durability",
    "EventStream",
    "Job",
    "JobContext",
    "JobEvent",
    "JobFinished",
    "JobHandle",
    "JobPolled",
    "JobRepeated",
    "JobStarted",
    "JobState",
    "JobStats",
    "JobSubmitted",
    "Journal",
    "JournalState",
    "Look",
    "MasteringJob",
    "MixJob",
    "OnLeave",
    "Orchestrator",
    "Outcome",
    "PollSchedule",
    "Scope",
    "Services",
    "SpeechJob",
    "Submission",
    "TTSRecordingJob",
    "TransferProgress",
    "WebhookReceiver",
    "for_each_listener",
    "log_progress",
    "show_progress",
    "write_report",
]
