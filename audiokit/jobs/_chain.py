"""Jobs one after the other, each made from what the one before gave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs

from audiokit.errors import UsageError
from audiokit.jobs._checks import seconds_or_none
from audiokit.jobs._context import JobContext
from audiokit.jobs._job import Outcome
from audiokit.jobs._journal_entry import Output
from audiokit.services._poll import Look


@attrs.frozen(kw_only=True)
class Chain:
    """Several jobs as one: each but the first is made from the outcome of the one before.

    ::

        Chain(
            first=TTSRecordingJob(text="Good evening.", folder_id=folder.id),
            then=[lambda spoken: ConversionJob(original_id=spoken.result.id, voice_id=v, to="out/")],
        )

    The outcome has the last job's result and files. With a journal each job is recorded by itself; the
    chain is not, because functions cannot be. So a chain is resumed by running it again: what its jobs have
    done is not done twice. `Orchestrator.resume` finishes the jobs that were begun, and goes no further.

    A job of a chain without a key is known by what it is, as if it was run on its own: chains that begin
    alike share their first job, whatever their places among the inputs, and wait for each other's where
    that is under way. A job of a chain with a key belongs to that chain alone: its own key is made from the
    chain's and its number, unless it has one.

    Attributes:
        first: The first job.
        then: For each further job a function of the `Outcome` before it. With a journal it must give the
            same job in every run. A job that an earlier run did has no `Outcome.result` if it saved
            files: leave its `to` out where the next needs the result.
        key: A name of one's own. Give one where equal jobs of different chains shall each be done, and
            paid. Without it the outcome's key is of this run only.
        timeout_s: Longest time for all of them, in seconds.
    """

    first: Any
    then: Sequence[Callable[[Outcome[Any, Any]], Any]]
    key: str | None = None
    timeout_s: float | None = attrs.field(default=None, validator=seconds_or_none)

    kind = "chain"
    is_recorded = False

    async def prepare(self, context: JobContext) -> Outcome[Any, Any]:
        """Run all jobs."""
        outcome = await context.run(self.first, "0")
        for number, make in enumerate(self.then, start=1):
            outcome.raise_for_error()
            outcome = await context.run(make(outcome), str(number))
        outcome.raise_for_error()
        return outcome

    async def submit(self, context: JobContext, prepared: Outcome[Any, Any]) -> Outcome[Any, Any]:  # noqa: ARG002
        """Nothing is left to submit."""
        return prepared

    async def look(
        self,
        context: JobContext,  # noqa: ARG002 - as `Job` says
        remote: Outcome[Any, Any],
    ) -> tuple[Outcome[Any, Any], Look]:
        """It is over."""
        return remote, Look(state="done", is_over=True)

    async def poll(self, context: JobContext, remote: Outcome[Any, Any]) -> Outcome[Any, Any]:  # noqa: ARG002
        """It is over: nobody has to be asked."""
        return remote

    async def collect(
        self,
        context: JobContext,  # noqa: ARG002 - as `Job` says
        remote: Outcome[Any, Any],
    ) -> tuple[Any, Sequence[Path | Output]]:
        """Give what the last job gave."""
        return remote.result, remote.saved


def with_key_of_part(host: Any, host_key: str, name: str, job: Any) -> Any:
    """*job* with the key it has inside *host*, unless it has one of its own.

    Inside a job that is known by functions, and they by nothing, it is known by what it is itself.
    """
    is_known_by_itself = host.key is None and not getattr(host, "is_recorded", True)
    if job.key is not None or is_known_by_itself:
        return job
    if not attrs.has(type(job)):
        raise UsageError(f"{job!r:.200} cannot be part of another job without a key: give it one")
    return attrs.evolve(job, key=f"{host_key}-{name}")
