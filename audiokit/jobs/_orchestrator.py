"""Many jobs at once: submit, follow, collect; one failure never hurts another job."""

from __future__ import annotations

import math
import signal
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeAlias, overload

import anyio

from audiokit.errors import InvalidRequest, JournalError, UsageError
from audiokit.jobs._course import Course, Stop, said
from audiokit.jobs._events import Events, EventStream
from audiokit.jobs._feed import Feed, Run
from audiokit.jobs._handle import JobHandle
from audiokit.jobs._host import Host
from audiokit.jobs._job import Outcome, Services
from audiokit.jobs._journal import Journal, JournalState
from audiokit.jobs._kinds import Kinds
from audiokit.jobs._once import Once
from audiokit.jobs._own_kinds import INTERNAL, own_kinds
from audiokit.jobs._poll_plan import Allowance
from audiokit.jobs._pollers import Pollers
from audiokit.jobs._recorder import Recorder
from audiokit.jobs._runner import Runner
from audiokit.jobs._shared import Shared
from audiokit.jobs._signals import stopping
from audiokit.jobs._spending import Spending
from audiokit.jobs._steps import Steps
from audiokit.jobs._typed import AnyJob, JobT, ResultT, Typed
from audiokit.jobs._workers import Workers
from audiokit.services._poll import PollSchedule
from audiokit.transport import Gate
from audiokit.typing import Clock

OnLeave: TypeAlias = Literal["cancel", "detach", "wait"]
Errors: TypeAlias = Literal["collect", "raise"]

_LOOK_AGAIN_S: Final = 0.25
_ANSWER_S: Final = 2.0
_NO_GATE: Final = nullcontext()


def _no_limit(_: str) -> None:
    """No API's limits are known."""


def _no_gate(_: str) -> AbstractAsyncContextManager[None]:
    """Nothing holds work back."""
    return _NO_GATE


class Orchestrator:
    """Runs many jobs at once; made by `AudioKit.orchestrator`.

    Constructing does nothing. Use it with ``async with``: nothing of it outlives the block. What was
    already submitted goes on remotely, unless ``on_leave`` says otherwise.
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
        max_queued: int = 10_000,
        attempts: int = 3,
        on_leave: OnLeave = "detach",
        drain_s: float = 10.0,
        journal: Journal | None = None,
        kinds: Iterable[type] = (),
        settle_s: float = 30.0,
        credit_budget: float | None = None,
        callback_url: str | None = None,
        schedule: PollSchedule | None = None,
        allowance_of: Callable[[str], Allowance | None] = _no_limit,
        room_of: Callable[[str], Allowance | None] = _no_limit,
        turn_of: Callable[[str], AbstractAsyncContextManager[None]] = _no_gate,
    ) -> None:
        limits = {
            "max_in_flight": max_in_flight,
            "max_transfers": max_transfers,
            "max_submits": max_submits,
            "attempts": attempts,
            "max_queued": max_queued,
            "transfer_bytes": 1 if transfer_bytes is None else transfer_bytes,
        }
        for name, value in limits.items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InvalidRequest.of(name, value, "a whole number of 1 or more")
        if on_leave not in {"cancel", "detach", "wait"}:
            raise InvalidRequest.of("on_leave", on_leave, "'cancel', 'detach' or 'wait'")
        for name, seconds in {"drain_s": drain_s, "settle_s": settle_s}.items():
            if not (seconds >= 0 and math.isfinite(seconds)):
                raise InvalidRequest.of(name, seconds, "seconds, 0 or more")
        if credit_budget is not None and not credit_budget >= 0:
            raise InvalidRequest.of("credit_budget", credit_budget, "credits, 0 or more, or None")
        self.max_in_flight = max_in_flight
        self._max_queued = max_queued
        self._on_leave = on_leave
        self._drain_s = drain_s
        self._events = Events(caught_up=self._wake)
        self._spending = Spending(credit_budget)
        self._recorder = None if journal is None else Recorder(journal, Kinds([*own_kinds(), *kinds]))
        submits = Gate(max_submits)
        self._shared = Shared(
            services=services,
            transfer=Gate(max_transfers, transfer_bytes),
            submit=submits,
            once=Once(),
            clock=clock,
            schedule=schedule,
            pollers=Pollers(clock, allowance_of),
            run_part=self._run_part,
            timeout_s=timeout_s,
            events=self._events,
            steps=Steps(
                clock,
                settle_s=settle_s,
                spending=self._spending,
                recorder=self._recorder,
                gate=submits,
                turn_of=turn_of,
                room_of=room_of,
                settle_other=self._settle_other,
            ),
            spending=self._spending,
            recorder=self._recorder,
            callback_url=callback_url,
        )
        self._runner = Runner(
            self._shared,
            attempts=attempts,
            cancels_remotely=on_leave == "cancel",
            cancel_s=drain_s,
            again=self._take_again,
            on_budget=self._stop_intake,
            on_broken_journal=self._end_runs,
        )
        self._feed = Feed(wake=self._wake, is_held_back=lambda: self._events.is_behind)
        self._workers = Workers(
            max_in_flight,
            take=self._feed.take,
            is_in_use=lambda: self._feed.is_in_use,
            work=self._runner.run,
        )
        self._runs: set[Run] = set()
        self._submitted = 0
        self._is_stopped = False
        self._host = Host()

    def __repr__(self) -> str:
        return f"<Orchestrator {self._host}, at most {self.max_in_flight} jobs in flight>"

    async def __aenter__(self) -> Self:
        await self._host.open(self._hold)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Begin no further jobs, and do with those under way what ``on_leave`` says.

        See `AudioKit.orchestrator` for the choices.

        A submission that the API is just being asked for is answered first, and noted where there is a
        journal. That takes ``drain_s`` at most, and so does each of waiting for jobs and cancelling them
        remotely; cancelled while it waits, it stops at once.
        """
        await self._host.close()

    @overload
    def run(
        self,
        jobs: Iterable[Typed[JobT, ResultT]] | AsyncIterable[Typed[JobT, ResultT]],
        *,
        ordered: bool = False,
        errors: Errors = "collect",
    ) -> AsyncGenerator[Outcome[JobT, ResultT]]: ...

    @overload  # several kinds
    def run(  # pyright: ignore[reportOverlappingOverload]  # see below
        self,
        jobs: Iterable[JobT] | AsyncIterable[JobT],
        *,
        ordered: bool = False,
        errors: Errors = "collect",
    ) -> AsyncGenerator[Outcome[JobT, Any]]: ...

    @overload  # several kinds in one literal, for which mypy finds no common JobT
    def run(  # type: ignore[overload-cannot-match]  # pyright: ignore[reportOverlappingOverload]
        self,
        jobs: Iterable[AnyJob] | AsyncIterable[AnyJob],
        *,
        ordered: bool = False,
        errors: Errors = "collect",
    ) -> AsyncGenerator[Outcome[AnyJob, Any]]: ...

    async def run(
        self,
        jobs: Iterable[Any] | AsyncIterable[Any],
        *,
        ordered: bool = False,
        errors: Errors = "collect",
    ) -> AsyncGenerator[Outcome[Any, Any]]:
        """Run jobs and give their outcomes as they finish.

        Inputs are read lazily: no more than twice `max_in_flight` are taken whose outcomes have not
        been read. Breaking out of the loop stops reading inputs; jobs under way go on until the
        orchestrator is left. After `stop` nothing is read, and nothing given; when `credit_budget` is
        reached, or the journal takes no more, what was not read yet stays in the inputs.

        Args:
            jobs: Any iterable or async iterable of jobs; kinds may be mixed. A plain iterable is
                read on the event loop, so one that waits for a disk or a network should be async.
            ordered: Give outcomes in the sequence of the inputs: a slow job holds back those behind it.
            errors: ``collect`` gives failed outcomes like all others. ``raise`` gives only what was
                done, runs all jobs, and then raises the errors as one group.

        Yields:
            One outcome for each job that was read.

        Raises:
            UsageError: The orchestrator is not open, or was closed before all jobs had ended.
            ExceptionGroup: With ``errors="raise"``, when jobs failed; it has the first 100 errors, and before
                them what else is raised here.
            JournalWriteFailed: The journal took no more records, e.g. because its disk is full: no further
                jobs were begun. Comes after the outcomes of those that were. Once there is room, run
                the same inputs again: nothing is submitted twice. `JournalUnreadable` where it was damaged.
            Exception: Whatever reading *jobs* raises, after the outcomes of the jobs read before.
        """
        if errors not in {"collect", "raise"}:
            raise InvalidRequest.of("errors", errors, "'collect' or 'raise'")
        if not (hasattr(jobs, "__iter__") or hasattr(jobs, "__aiter__")):
            kind = type(jobs).__name__
            raise InvalidRequest.of("jobs", kind, "several jobs, e.g. a list; hand in one with `submit`")
        tasks = self._host.tasks()
        if self._is_stopped:
            return
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
            tasks.start_soon(run.read, name="audiokit inputs")
        try:
            async for outcome in run.outcomes():
                yield outcome
        except Exception as error:
            if not run.failed:
                raise
            raise ExceptionGroup(
                f"{run.failed} jobs failed, and {said(error)}", [error, *run.failures]
            ) from None
        finally:
            run.leave()
            self._runs.discard(run)
        if run.failed:
            raise ExceptionGroup(f"{run.failed} jobs failed", run.failures)

    @overload
    async def submit(self, job: Typed[JobT, ResultT], *, priority: int = 0) -> JobHandle[JobT, ResultT]: ...

    @overload  # one of several kinds
    async def submit(self, job: JobT, *, priority: int = 0) -> JobHandle[JobT, Any]: ...

    async def submit(self, job: Any, *, priority: int = 0) -> JobHandle[Any, Any]:
        """Hand in one job and go on; waits only while ``max_queued`` jobs have not begun.

        Args:
            job: The job. With a journal it is noted when it begins.
            priority: A higher one is taken first. Jobs of `run` have 0, and come after equal ones.

        Returns:
            A handle: await it for the outcome, or cancel the job with it. After `stop` the job is cancelled
            already.

        Raises:
            UsageError: The orchestrator is not open.
        """
        self._host.tasks()
        while self._host.is_open and self._feed.queued >= self._max_queued:
            await self._feed.has_room()
        self._host.tasks()
        handle: JobHandle[Any, Any] = JobHandle(job, events=self._events, on_cancel=self._cancel)
        handle.course = Course(job, self._submitted, handle)
        self._submitted += 1
        if self._is_stopped:
            self._runner.end_unstarted(handle.course, Stop.STOPPED)
        else:
            self._feed.push(handle.course, priority)
        return handle

    def stop(self) -> None:
        """Begin no further jobs, from now on: loops over `run` end when the jobs under way have ended.

        Jobs handed in by `submit` that have not begun are cancelled, and those that still come, too. A later
        `run` or `resume` gives nothing.
        """
        self._is_stopped = True
        self._stop_intake()

    @asynccontextmanager
    async def until_signal(self, *signals: signal.Signals) -> AsyncGenerator[None]:
        """Stop well when the process is asked to end; the library installs no handlers otherwise.

        Inside the block the first signal is `stop`: loops over `run` end once the jobs under way have,
        or after ``drain_s`` seconds, with what is left detached; later ones do not begin. A second one
        does not wait, but for two seconds where an API was just asked for something and has not answered.
        After the block the signals do what they did before.

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

    async def resume(self) -> AsyncGenerator[Outcome[Any, Any]]:
        """Finish what the journal holds and earlier runs did not, without the inputs.

        Jobs that are uncertain are looked for once more. Running the same inputs again does all this,
        too, and the rest of the inputs.

        Yields:
            One outcome for each job that was open, as they end.

        Raises:
            UsageError: There is no journal, or it holds jobs of a kind that is not registered.
        """
        recorder = self._recorder
        if recorder is None:
            raise UsageError("resume() needs a journal: kit.orchestrator(journal='jobs.sqlite')")

        async def recorded() -> AsyncGenerator[Any]:
            async for entry in recorder.entries():
                if not entry.kind.startswith(INTERNAL):
                    yield recorder.kinds.build(entry, recorder.journal)

        async with aclosing(self.run(recorded())) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def settle(self, key: str, *, remote_id: str | None = None, resubmit: bool = False) -> None:
        """Say what you found out about an uncertain job; then run or resume it.

        With neither *remote_id* nor *resubmit* the job is given up, and noted as failed.

        Args:
            key: The job's key, from its outcome.
            remote_id: The API's id of its work: the job goes on with that.
            resubmit: The API certainly has not taken it: submit it again.

        Raises:
            UsageError: There is no journal, or the job is not uncertain.
            InvalidRequest: Both were given.
        """
        if remote_id is not None and resubmit:
            raise InvalidRequest.of("resubmit", resubmit, "left out where remote_id is given")
        if self._recorder is None:
            raise UsageError("settle() needs a journal: kit.orchestrator(journal='jobs.sqlite')")
        await self._recorder.settle(key, remote_id=remote_id, resubmit=resubmit)

    def wake(self, remote_id: str) -> bool:
        """Have remote work looked at now rather than when it is due, e.g. because a webhook told of it.

        Args:
            remote_id: The API's id of the work, or of the request for it.

        Returns:
            Whether a job waits for it.
        """
        return self._shared.pollers.wake(remote_id)

    @property
    def credits_spent(self) -> float:
        """Credits spent by the jobs of this orchestrator, as far as the APIs tell or price lists say."""
        return self._spending.spent

    def interrupt(self) -> None:
        """Stop the jobs under way, too; what was submitted goes on remotely.

        What an API was just asked for may be answered for two seconds more: cut short, nobody would know
        whether it took the work.
        """
        self.stop()
        self._runner.interrupt_all(Stop.CLOSED, within_s=_ANSWER_S)

    def events(self, *, size: int = 1000) -> EventStream:
        """What happens to all jobs from now on; open it with ``async with``.

        Args:
            size: Events that may wait for a slow reader before no further jobs are begun.
        """
        return EventStream(self._events, size=size)

    async def _hold(self) -> None:
        if self._recorder is not None:
            await self._recorder.open()
        try:
            async with anyio.create_task_group() as tasks:
                self._workers.open(tasks)
                self._host.ready(tasks)
                await self._host.closing.wait()
                self._host.no_longer()
                self._stop_taking()
                if self._on_leave == "wait":
                    await self._runner.drained(self._drain_s)
                self._runner.interrupt_all(Stop.CLOSED)
                await self._runner.drained(self._drain_s)
                await self._shared.pollers.aclose()
                self._events.end()
                tasks.cancel_scope.cancel()
        finally:
            self._host.no_longer()
            self._stop_taking()  # again, for an end that nobody asked for
            self._events.end()
            self._runner.close()
            for run in self._runs:
                run.end()
            try:
                with anyio.CancelScope(shield=True):
                    await self._shared.pollers.aclose()
            finally:
                if self._recorder is not None:
                    await self._recorder.journal.aclose()

    async def _settle_other(self, key: str) -> None:
        """Find out about a job of an earlier run that stands in the way of another."""
        recorder = self._recorder
        if recorder is None:
            return
        if self._runner.is_running(key):
            await self._shared.clock.sleep(_LOOK_AGAIN_S)
            return
        entry = await recorder.journal.get(key)
        if entry is not None and entry.state is JournalState.INTENT:
            outcome = await self._runner.run_aside(recorder.kinds.build(entry, recorder.journal))
            entry = await recorder.journal.get(key)
            if outcome is not None and entry is not None and entry.state is JournalState.INTENT:
                outcome.raise_for_error()

    def _end_runs(self, error: JournalError) -> None:
        """What cannot be noted must not be begun: tell those who read outcomes."""
        for run in self._runs:
            run.fail(error)
        self._stop_intake()

    async def _run_part(self, host: Course, job: Any, name: str) -> Outcome[Any, Any]:
        return await self._runner.run_part(host, job, name)

    def _wake(self) -> None:
        self._workers.wake()

    def _stop_taking(self) -> None:
        """No job is begun any more; the ones that wait are told."""
        for run in list(self._runs):
            run.cut()
        for course in self._feed.close():
            self._runner.end_unstarted(course, Stop.CLOSED)
        self._workers.wake()

    def _stop_intake(self) -> None:
        """Read no inputs further than they were read, and give back what waits."""
        for course in self._feed.stop():
            self._runner.end_unstarted(course, Stop.STOPPED)
        self._workers.wake()

    def _cancel(self, course: Course) -> None:
        self._runner.cancel(course)
        self._feed.forget_stopped()

    def _take_again(self, course: Course) -> None:
        """Have a job run that an equal one did not finish for it."""
        if self._is_stopped or self._feed.is_closed:
            self._runner.end_unstarted(course, Stop.STOPPED)
        else:
            self._feed.push(course, 0)
