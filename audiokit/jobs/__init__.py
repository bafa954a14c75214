"""Many jobs at once, followed to the end."""

from __future__ import annotations

from audiokit.jobs._apiaudio import MasteringJob, SpeechJob
from audiokit.jobs._audiostack import MixJob
from audiokit.jobs._context import JobContext
from audiokit.jobs._job import Job, JobState, Outcome, Services
from audiokit.jobs._orchestrator import Orchestrator
from audiokit.jobs._respeecher import ConversionJob
from audiokit.services._poll import Look, PollSchedule

__all__ = [
    "ConversionJob",
    "Job",
    "JobContext",
    "JobState",
    "Look",
    "MasteringJob",
    "MixJob",
    "Orchestrator",
    "Outcome",
    "PollSchedule",
    "Services",
    "SpeechJob",
]
