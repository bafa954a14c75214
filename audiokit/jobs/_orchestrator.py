"""Many jobs at once: submit, follow, collect; one failure never hurts another job."""

from __future__ import annotations

import asyncio
import math
import signal
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeAlias, TypeVar

import anyio
from anyio.abc import TaskGroup

from audiokit.errors import InvalidRequest, UsageError
from audiokit.jobs._context import Shared
from audiokit.jobs._course import Course, Stop
from audiokit.jobs._events import Events, EventStream
from audiokit.jobs._feed import Feed, Run
from audiokit.jobs._handle import JobHandle
from audiokit.jobs._job import Job, Outcome, Services
from audiokit.jobs._limits import Gate
from audiokit.jobs._once import Once
from audiokit.jobs._runner import Runner
from audiokit.jobs._signals import stopping
from audiokit.jobs._workers import Workers
from audiokit.services._poll import PollSchedule
from audiokit.typing import Clock

ResultT = TypeVar("ResultT")
OnLeave: TypeAlias = Literal["cancel", "detach", "wait"]

_NOT_OPEN: Final = "the orchestrator is not open: use it inside `async with kit.orchestrator() as jobs:`"


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
        transfer_bytes: int | None = None,
        attempts: int = 3,
        on_leave: OnLeave = "detach",
        drain_s: float = 10.0,
        schedule: PollSchedule | None = None,
    ) -> None:
        limits = {
            "max_in_flight": max_in_flight,
            "max_transfers": max_transfers,
            "max_submits": max_submits,
            "attempts": attempts,
            "transfer_bytes": 1 if transfer_bytes is None else transfer_bytes,
        }
        for name, value in limits.items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InvalidRequest.of(name, value, "a whole number of 1 or more")
        if on_leave not in {"cancel", "detach", "wait"}:
            raise InvalidRequest.of("on_leave", on_leave, "'cancel', 'detach' or 'wait'")
        if not (drain_s >= 0 and math.isfinite(drain_s)):
            raise InvalidRequest.of("drain_s", drain_s, "seconds, 0 or more")
        self.max_in_flight = max_in_flight
        self._on_leave = on_leave
        self._drain_s = drain_s
        self._events = Events(caught_up=lambda: self._workers.wake())
        self._shared = Shared(
            services=services,
            transfer=Gate(max_transfers, transfer_bytes),
            submit=Gate(max_submits),
            once=Once(),
            clock=clock,
            schedule=schedule or PollSchedule(),
            timeout_s=timeout_s,
            events=self._events,
        )
        self._runner = Runner(
            self._shared, attempts=attempts, cancels_remotely=on_leave == "cancel", cancel_s=drain_s
        )
        self._feed = Feed(wake=lambda: self._workers.wake(), is_held_back=lambda: self._events.is_behind)
        self._workers = Workers(
            max_in_flight,
            take=self._feed.take,
            is_in_use=lambda: self._feed.is_in_use,
            work=self._runner.run,
        )
        self._runs: set[Run] = set()
        self._submitted = 0
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

    async def run(
        self,
        jobs: Iterable[Job[Any, Any, ResultT]] | AsyncIterable[Job[Any, Any, ResultT]],
        *,
        ordered: bool = False,
        errors: Literal["collect", "raise"] = "collect",
    ) -> AsyncGenerator[Outcome[Job[Any, Any, ResultT], ResultT]]:
        """Run jobs and give their outcomes as they finish.

        Inputs are read lazily: no more than twice `max_in_flight` are taken whose outcomes have not
        been read. Breaking out of the loop stops reading inputs; jobs under way go on until the
        orchestrator is left.

        Args:
            jobs: Any iterable or async iterable of jobs; kinds may be mixed. A plain iterable is
                read on the event loop, so one that waits for a disk or a network should be async.
            ordered: Give outcomes in the sequence of the inputs: a slow job holds back those behind it.
            errors: ``collect`` gives failed outcomes like all others. ``raise`` gives only what was
                done, runs all jobs, and then raises the errors as one group.

        Yields:
            One outcome per job.

        Raises:
            UsageError: The orchestrator is not open, or was closed before all jobs had ended.
            ExceptionGroup: With ``errors="raise"``, when jobs failed; it has the first 100 errors.
            Exception: Whatever reading *jobs* raises, after the outcomes of the jobs read before.
        """
        if errors not in {"collect", "raise"}:
            raise InvalidRequest.of("errors", errors, "'collect' or 'raise'")
        if self._tasks is None:
            raise UsageError(_NOT_OPEN)
        run = Run(
            self._feed,
            jobs,
            window=2 * self.max_in_flight,
            is_ordered=ordered,
            keeps_failures=errors == "raise",
        )
        self._runs.add(run)
        self._feed.add(run)
        if run.slow is not None:
            self._tasks.start_soon(run.read, name="audiokit inputs")
        try:
            async for outcome in run.outcomes():
                yield outcome
        finally:
            run.leave()
            self._runs.discard(run)
        if run.failed:
            raise ExceptionGroup(f"{run.failed} jobs failed", run.failures)

    def submit(
        self, job: Job[Any, Any, ResultT], *, priority: int = 0
    ) -> JobHandle[Job[Any, Any, ResultT], ResultT]:
        """Hand in one job and go on.

        Args:
            job: The job.
            priority: A higher one is taken first. Jobs of `run` have 0, and wait for equal ones.

        Returns:
            A handle: await it for the outcome, or cancel the job with it.

        Raises:
            UsageError: The orchestrator is not open.
        """
        if self._tasks is None:
            raise UsageError(_NOT_OPEN)
        handle: JobHandle[Job[Any, Any, ResultT], ResultT] = JobHandle(
            job, events=self._events, on_cancel_unstarted=self._cancel_unstarted
        )
        handle.course = Course(job, self._submitted, handle)
        self._submitted += 1
        self._feed.push(handle.course, priority)
        return handle

    def stop(self) -> None:
        """Begin no further jobs: loops over `run` end when the jobs under way have ended.

        Jobs handed in by `submit` that have not begun are cancelled.
        """
        for course in self._feed.stop():
            course.interrupt(Stop.CANCELLED)
            self._cancel_unstarted(course)
        self._workers.wake()

    @asynccontextmanager
    async def until_signal(
        self, *signals: signal.Signals
    ) -> AsyncGenerator[None]:
        """Stop well when the process is asked to end; the library installs no handlers otherwise.

        Inside the block the first signal is `stop`: loops over `run` end once the jobs under way have,
        or after ``drain_s`` seconds, with what is left detached. A second one does not wait. After the
        block the signals do what they did before.

        ::

            async with kit.orchestrator() as jobs, jobs.until_signal():
                async for outcome in jobs.run(inputs): ...

        Args:
            signals: Which; SIGINT and SIGTERM when none are given.

        Raises:
            UsageError: Not in the main thread, the only one that gets signals.
        """
        with stopping(self, signals or (signal.SIGINT, signal.SIGTERM), drain_s=self._drain_s):
            yield

    def interrupt(self) -> None:
        """Stop the jobs under way, too; what was submitted goes on remotely."""
        self.stop()
        self._runner.interrupt_all(Stop.CLOSED)

    def events(self, *, size: int = 1000) -> EventStream:
        """What happens to all jobs from now on; open it with ``async with``.

        Args:
            size: Events that may wait for a slow reader before no further jobs are begun.
        """
        return EventStream(self._events, size=size)

    async def _hold(self, opened: anyio.Event) -> None:
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                self._workers.open(tasks)
                opened.set()
                await self._closing.wait()
                self._tasks = None
                self._stop_taking()
                if self._on_leave == "wait":
                    await self._runner.drained(self._drain_s)
                self._runner.interrupt_all(Stop.CLOSED)
                await self._runner.drained(self._drain_s)
                self._events.end()
                tasks.cancel_scope.cancel()
        finally:
            self._runner.close()
            for run in self._runs:
                run.end()

    def _stop_taking(self) -> None:
        """No job is begun any more; the ones that wait are told."""
        for run in list(self._runs):
            run.cut()
        for course in self._feed.close():
            course.interrupt(Stop.CLOSED)
            self._cancel_unstarted(course)
        self._workers.wake()

    def _cancel_unstarted(self, course: Course) -> None:
        """Give the outcome of a job that was stopped before it began."""
        self._runner.hand_over(course, self._runner.stopped_before(course))
