"""N workers over a bounded queue: submit, follow, collect; one failure never hurts another job."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from contextlib import aclosing
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import anyio
import attrs
from anyio.abc import TaskGroup

from audiokit.errors import AudiokitError, InvalidRequest, JobError, JobFailed, JobTimeout, UsageError
from audiokit.jobs._context import JobContext, Once
from audiokit.jobs._job import Job, JobState, Outcome, Services, key_of
from audiokit.services._poll import Look, PollSchedule
from audiokit.typing import Clock

logger = logging.getLogger("audiokit.jobs")

ResultT = TypeVar("ResultT")

_STEPS: Final = ("prepare", "submit", "look", "collect")


class Orchestrator:
    """Runs many jobs at once; made by `AudioKit.orchestrator`.

    Constructing does nothing. Use it with ``async with``: leaving it stops all workers;
    what was already submitted goes on remotely.
    """

    def __init__(
        self,
        services: Services,
        *,
        clock: Clock,
        timeout_s: float,
        max_in_flight: int = 50,
        max_transfers: int = 8,
        max_submits: int = 8,
        schedule: PollSchedule | None = None,
    ) -> None:
        limits = {"max_in_flight": max_in_flight, "max_transfers": max_transfers, "max_submits": max_submits}
        for name, value in limits.items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InvalidRequest.of(name, value, "a whole number of 1 or more")
        self._services = services
        self._clock = clock
        self._timeout_s = timeout_s
        self.max_in_flight = max_in_flight
        self.places = anyio.Semaphore(max_in_flight)
        self._transfers = anyio.Semaphore(max_transfers)
        self._submits = anyio.Semaphore(max_submits)
        self._schedule = schedule or PollSchedule()
        self._once = Once()
        self._host: asyncio.Task[None] | None = None
        self._closing = anyio.Event()
        self._tasks: TaskGroup | None = None

    def __repr__(self) -> str:
        state = "closed" if self._closing.is_set() else "open" if self._tasks else "not opened"
        return f"<Orchestrator {state}, at most {self.max_in_flight} jobs in flight>"

    async def __aenter__(self) -> Self:
        if self._host is not None:
            raise UsageError("an orchestrator can be opened only once; make a new one")
        opened = anyio.Event()
        # One task owns the task group, so that entering and leaving may happen in different tasks.
        self._host = asyncio.create_task(self._hold(opened), name="audiokit orchestrator")
        try:
            await opened.wait()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop all workers; what was already submitted goes on remotely."""
        self._closing.set()
        if self._host is not None:
            with anyio.CancelScope(shield=True):
                await self._host

    async def _hold(self, opened: anyio.Event) -> None:
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            opened.set()
            await self._closing.wait()
            self._tasks = None
            tasks.cancel_scope.cancel()

    async def run(
        self, jobs: Iterable[Job[Any, Any, ResultT]] | AsyncIterable[Job[Any, Any, ResultT]]
    ) -> AsyncGenerator[Outcome[Job[Any, Any, ResultT], ResultT]]:
        """Run jobs and give their outcomes as they finish.

        Inputs are read lazily, only when a worker is free. Breaking out of the loop stops
        reading inputs and the workers of this run.

        Args:
            jobs: Any iterable or async iterable of jobs; kinds may be mixed.

        Yields:
            One outcome per job, done or failed, in the order they end.

        Raises:
            UsageError: The orchestrator is not open, or was closed before all jobs had ended.
            Exception: Whatever reading *jobs* raises, after the outcomes of the jobs read before.
        """
        if self._tasks is None:
            raise UsageError(
                "the orchestrator is not open: use it inside `async with kit.orchestrator() as jobs:`"
            )
        run = _Run(self, jobs)
        self._tasks.start_soon(run.work, name="audiokit run")
        try:
            async for outcome in run.outcomes():
                yield outcome
        finally:
            run.scope.cancel()

    async def run_one(self, index: int, job: Job[Any, Any, Any]) -> Outcome[Any, Any]:
        """Run one job through its stages, and turn whatever happens into an outcome."""
        kind = getattr(job, "kind", type(job).__name__)
        trail = _Trail(job=f"{kind} job #{index}")
        start = self._clock.monotonic()
        key = f"{kind}-{index}"
        try:
            _check(job)
            limit = self._timeout_s if job.timeout_s is None else job.timeout_s
            key = key_of(job, index)
            context = JobContext(
                services=self._services,
                key=key,
                transfer=self._transfers,
                submit=self._submits,
                once=self._once,
                clock=self._clock,
                schedule=self._schedule,
                wait_s=limit,
                on_look=trail.saw,
            )
            with anyio.move_on_after(limit):
                result, paths = await _stages(job, context, trail)
                return Outcome(
                    key=key,
                    index=index,
                    job=job,
                    state=JobState.DONE,
                    result=result,
                    paths=tuple(paths),
                    elapsed_s=self._clock.monotonic() - start,
                )
            failure: AudiokitError = trail.timed_out(self._clock.monotonic() - start)
        except JobError as error:
            failure = error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody cancelled this worker: something the job waited for was cancelled elsewhere.
            failure = trail.failed(error)
        except Exception as error:  # noqa: BLE001 - any failure of one job is that job's outcome
            failure = trail.failed(error)
        logger.info("%s failed in stage %s", trail.job, trail.stage)
        return Outcome(
            key=key,
            index=index,
            job=job,
            state=JobState.FAILED,
            error=failure,
            elapsed_s=self._clock.monotonic() - start,
        )


def _check(job: object) -> None:
    missing = [name for name in _STEPS if not callable(getattr(job, name, None))]
    if missing:
        raise UsageError(f"{job!r:.200} is no job: it has no {', '.join(missing)}; see audiokit.Job")


async def _stages(job: Job[Any, Any, ResultT], context: JobContext, trail: _Trail) -> tuple[ResultT, Any]:
    prepared = await job.prepare(context)
    trail.stage = "submit"
    remote = await job.submit(context, prepared)
    trail.stage = "poll"
    trail.remote = remote

    async def look() -> tuple[Any, Look]:
        return await job.look(context, remote)

    remote = await context.follow(look, what=trail.job, remote_id=trail.remote_id)
    trail.stage = "collect"
    return await job.collect(context, remote)


@attrs.define
class _Trail:
    """Where a job is, for the message when it ends badly."""

    job: str
    stage: str = "prepare"
    state: str | None = None
    remote: object = None

    @property
    def remote_id(self) -> str | None:
        """The API's id, as far as one can be seen."""
        if isinstance(self.remote, str):
            return self.remote
        for name in ("id", "production_id", "speech_id", "script_id"):
            value = getattr(self.remote, name, None)
            if isinstance(value, str):
                return value
        return None

    def saw(self, look: Look) -> None:
        """Note the last state."""
        self.state = look.state

    def failed(self, error: BaseException) -> JobFailed:
        """The error of a job that a stage failed."""
        failure = JobFailed(
            f"{self.job} failed in stage {self.stage!r}: {str(error) or type(error).__name__}",
            job=self.job,
            stage=self.stage,
            remote_id=self.remote_id,
        )
        failure.__cause__ = error
        return failure

    def timed_out(self, elapsed_s: float) -> JobTimeout:
        """The error of a job whose time ran out."""
        named = f"{self.job} ({self.remote_id})" if self.remote_id else self.job
        return JobTimeout(
            f"{named} was not finished after {elapsed_s:.1f} s: stage {self.stage!r}, "
            f"last state {self.state!r}; it may go on remotely, or allow more time",
            job=self.job,
            stage=self.stage,
            elapsed_s=elapsed_s,
            last_state=self.state,
            remote_id=self.remote_id,
        )


class _Run:
    """One call of `Orchestrator.run`: workers that share the inputs and a stream of outcomes.

    Each worker that gets an input starts the next one, so a short list has few workers.
    """

    def __init__(self, owner: Orchestrator, jobs: Iterable[Any] | AsyncIterable[Any]) -> None:
        self.scope = anyio.CancelScope()
        self._owner = owner
        self._inputs = _each(jobs)
        self._next_index = 0
        self._reading = anyio.Lock()
        self._workers = 0
        self._input_error: Exception | None = None
        self._is_complete = False
        self._sender, self._receiver = anyio.create_memory_object_stream[Outcome[Any, Any]](
            owner.max_in_flight
        )

    async def work(self) -> None:
        """Work until the inputs are used up and all jobs have ended."""
        with self._sender, self.scope:
            try:
                async with anyio.create_task_group() as tasks:
                    self._start_worker(tasks)
                self._is_complete = True
            finally:
                with anyio.CancelScope(shield=True):
                    await self._inputs.aclose()

    async def outcomes(self) -> AsyncIterator[Outcome[Any, Any]]:
        """Outcomes as they come, then the error of the inputs if there was one."""
        with self._receiver:
            async for outcome in self._receiver:
                yield outcome
        if self._input_error is not None:
            raise self._input_error
        if not self._is_complete:
            raise UsageError("the orchestrator was closed before all jobs of this run had ended")

    def _start_worker(self, tasks: TaskGroup) -> None:
        if self._workers < self._owner.max_in_flight:
            self._workers += 1
            tasks.start_soon(self._worker, tasks, name=f"audiokit worker {self._workers}")

    async def _worker(self, tasks: TaskGroup) -> None:
        is_first = True
        while (entry := await self._read()) is not None:
            if is_first:
                self._start_worker(tasks)
                is_first = False
            async with self._owner.places:
                outcome = await self._owner.run_one(*entry)
            await self._sender.send(outcome)

    async def _read(self) -> tuple[int, Any] | None:
        """The next input with its index, or None when there are no more."""
        async with self._reading:
            if self._input_error is not None:
                return None
            try:
                job = await anext(self._inputs)
            except StopAsyncIteration:
                return None
            except Exception as error:  # noqa: BLE001 - belongs to whoever reads the outcomes
                self._input_error = error
                return None
            index = self._next_index
            self._next_index += 1
            return index, job


async def _each(jobs: Iterable[Any] | AsyncIterable[Any]) -> AsyncGenerator[Any]:
    """The inputs one by one; a generator of the caller's is closed with this one."""
    if isinstance(jobs, AsyncGenerator):
        async with aclosing(jobs):
            async for job in jobs:
                yield job
    elif isinstance(jobs, AsyncIterable):
        async for job in jobs:
            yield job
    else:
        for job in jobs:
            yield job
