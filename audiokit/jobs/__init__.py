"""Many jobs at once, followed to the end.

An orchestrator takes jobs from any iterable, runs so many at once, waits for all of them with as few
calls as the APIs allow, and gives an `Outcome` for each::

    async with kit.orchestrator(journal="jobs.sqlite", max_in_flight=200) as jobs:
        async for outcome in jobs.run(inputs, ordered=False, errors="collect"):
            print(outcome.key, outcome.state, outcome.path or outcome.error)

With a journal the same program can be started again after a crash: what was done comes back at once,
what was under way goes on, and nothing is submitted twice. A submission whose answer was lost is looked
for; one that cannot be found is `JobState.UNCERTAIN`, never guessed: `Orchestrator.settle` takes your answer.

One journal belongs to one process at a time, and the limits of an orchestrator and of its client hold for
one process. Several workers on one account should share its rate limits (``RateLimits(share=1/4)``
for four); jobs spread over machines are for an engine above this.

A kind of one's own is a frozen attrs class with four steps. This one has a recording's notes kept as its
result; it needs nothing but these steps, and works with a journal because `submit` gives an id::

    import asyncio
    from pathlib import Path

    import attrs
    from audiokit import AudioKit
    from audiokit.jobs import JobContext, Look


    @attrs.frozen(kw_only=True)
    class SpeakAndNote:
        text: str
        folder_id: str
        note: str
        key: str | None = None
        timeout_s: float | None = None

        kind = "speak and note"
        api = "respeecher"  # so that it keeps to that API's limits

        async def prepare(self, context: JobContext) -> str:
            return context.label(self.text)  # a label that ends in eight characters of this job's own

        async def submit(self, context: JobContext, prepared: str) -> str:
            async with context.submit:
                made = await context.services.respeecher.recordings.create_tts(
                    self.text, folder_id=self.folder_id, label=prepared
                )
            return made.id

        async def look(self, context: JobContext, remote: str) -> tuple[str, Look]:
            found = (await context.services.respeecher.recordings.get(remote)).raise_for_error()
            return remote, Look(state=found.state, is_over=found.is_over)

        async def collect(self, context: JobContext, remote: str) -> tuple[str, list[Path]]:
            note = await context.services.respeecher.notes.create(remote, self.note)
            return note.text or "", []


    async def main():
        async with AudioKit.emulated() as kit:
            project = await kit.respeecher.projects.create("notes")
            folder = await kit.respeecher.folders.create(project.id, "spoken")
            async with kit.orchestrator(journal="notes.sqlite", kinds=[SpeakAndNote]) as jobs:
                texts = ["Good morning.", "Good evening."]
                async for outcome in jobs.run(
                    SpeakAndNote(text=text, folder_id=folder.id, note=f"for {text}") for text in texts
                ):
                    print(outcome.state.value, outcome.result or outcome.error)


    asyncio.run(main())

What else a kind may have, so that a lost answer is found and a list answers for many, is said at `Job`.
"""

from __future__ import annotations

from audiokit.jobs._apiaudio_mastering import MasteringJob
from audiokit.jobs._apiaudio_speech import SpeechJob
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
from audiokit.jobs._journal import Durability, Journal, JournalState, Output, Scope
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
    "Output",
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
