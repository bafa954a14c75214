"""One scheduler for all jobs of an account that are waited for.

::

    async with Poller(clock=clock, allowance=limiter) as poller:
        recording = await poller.wait(
            "conversion", conversion_id, look, listing=recordings_of_folder(...), timeout_s=3600
        )

What it does better than a loop for each job: one page of a list answers for a hundred jobs; the moment of
each look follows from how long such jobs took so far (`Durations`) and from what a call is worth
(`PollPolicy`); calls that others need are left to them; an API that asks for patience is left alone by all.

One task plans, at most `PollPolicy.at_once` more are looking. A job that waits costs a future.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import random
from collections.abc import Awaitable, Callable
from itertools import count
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import anyio
from anyio.abc import TaskGroup

from audiokit.errors import (
    AudiokitError,
    InvalidRequest,
    JobTimeout,
    NotFound,
    RateLimited,
    RemoteLost,
    ServerError,
    TransportError,
    UsageError,
)
from audiokit.jobs._durations import Durations, Law
from audiokit.jobs._poll_agenda import Agenda
from audiokit.jobs._poll_lists import Listing, Shelves
from audiokit.jobs._poll_plan import Allowance, PollBudget, PollPolicy
from audiokit.jobs._poll_waiting import Answer, Question, Waiting
from audiokit.services._poll import Look
from audiokit.transport._rate import polling
from audiokit.typing import Clock

T = TypeVar("T")

_FIRST_PATIENCE_S: Final = 0.5
_LONGEST_PATIENCE_S: Final = 60.0
_LEAST_NAP_S: Final = 0.001


class Poller:
    """Waits for many jobs of one account. Use it with ``async with``.

    Args:
        clock: For all waiting and all deadlines.
        policy: How much looking is worth.
        allowance: What is left of the API's limit for calls like these, e.g. a `RateLimiter`; None where
            the API has none.
        durations: What is known of how long jobs take; learned anew when not given.
        rng: For jitter.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        policy: PollPolicy | None = None,
        allowance: Allowance | None = None,
        durations: Durations | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.durations = durations or Durations()
        self.looks = 0
        """Calls made so far."""
        self._clock = clock
        self._policy = policy or PollPolicy()
        self._budget = PollBudget(self._policy, allowance)
        self._rng = rng or random.Random()  # noqa: S311 - spreads looks, protects nothing
        self._agenda = Agenda(self._budget, self._rng)
        self._shelves = Shelves(self._agenda.adopt)
        self._by_remote: dict[str, list[Waiting]] = {}
        self._deadlines: list[tuple[float, int, Waiting]] = []
        self._overdue: list[tuple[float, int, Waiting]] = []
        self._order = count()
        self._under_way = 0
        self._refusals = 0
        self._patient_until = -math.inf
        self._stirred = anyio.Event()
        self._nap: anyio.CancelScope | None = None
        self._host: asyncio.Task[None] | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else "open" if self._host else "not opened"
        return f"<Poller {state}, {self.waiting} jobs by {len(self._agenda)} calls>"

    @property
    def waiting(self) -> int:
        """Jobs that are waited for now."""
        return sum(len(some) for some in self._by_remote.values())

    async def __aenter__(self) -> Self:
        if self._host is not None:
            raise UsageError("a Poller can be opened only once; make a new one")
        # One task owns the task group, so that entering and leaving may happen in different tasks.
        self._host = asyncio.create_task(self._run(), name="audiokit poller")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop looking. Whoever still waits gets a `UsageError`; the work goes on remotely."""
        self._is_closed = True
        if self._host is not None:
            self._host.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([self._host])

    async def wait(
        self,
        kind: str,
        remote: str,
        look: Callable[[], Awaitable[tuple[T, Look]]],
        *,
        timeout_s: float,
        listing: Listing[Any, T] | None = None,
        length_s: float | None = None,
        age_s: float = 0.0,
        job: str | None = None,
        on_look: Callable[[Look], object] | None = None,
    ) -> T:
        """Wait until remote work is over.

        Cancelling it ends the waiting of this caller alone.

        Args:
            kind: Jobs of one kind are supposed to take times that are alike.
            remote: The API's id of the work.
            look: Asks the API for this work alone; gives the object and what it says of its state.
            timeout_s: Seconds until it is given up.
            listing: A list in which it will be found, so that one call may answer for many.
            length_s: Seconds of audio, where they are known before and matter.
            age_s: For how long it has been running already.
            job: What is waited for, for messages.
            on_look: Called with what each look showed.

        Returns:
            What the last look gave.

        Raises:
            JobTimeout: It was not over in time; names the job, its last state and the seconds.
            RemoteLost: The API does not know it any more.
            AudiokitError: Whatever else a look raised that waiting cannot heal. Failures of the server
                and of the network are waited out until the time is up.
            UsageError: The poller is not open, or was closed meanwhile.
        """
        if self._host is None or self._is_closed:
            raise UsageError("the poller is not open: use it inside `async with Poller(...) as poller:`")
        if not (timeout_s > 0):
            raise InvalidRequest.of("timeout_s", timeout_s, "a number of seconds above 0")
        has_length = length_s is not None and length_s > 0
        waiting = Waiting(
            kind=kind,
            remote=remote,
            job=job or f"{kind} {remote}",
            look=look,
            on_look=on_look,
            law=self.durations.law(kind, has_length=has_length),
            length_s=length_s if has_length else None,
            now=self._clock.monotonic(),
            age_s=max(age_s, 0.0),
            timeout_s=timeout_s,
        )
        self._by_remote.setdefault(remote, []).append(waiting)
        self._shelves.admit(waiting, listing)
        if math.isfinite(waiting.ends_at):
            heapq.heappush(self._deadlines, (waiting.ends_at, next(self._order), waiting))
        self._stir()
        try:
            result: T = await waiting.done
            return result
        finally:
            self._drop(waiting)

    def wake(self, remote: str) -> bool:
        """Look at this work as soon as the API's limits allow, e.g. because a webhook told of it.

        Returns:
            Whether somebody waits for it.
        """
        found = self._by_remote.get(remote, [])
        for waiting in found:
            if waiting.question is not None:
                self._agenda.wake(waiting.question, self._clock.monotonic())
        if found:
            self._stir()
        return bool(found)

    # --- the scheduler ----------------------------------------------------------------------------

    async def _run(self) -> None:
        reason: BaseException | None = None
        try:
            async with anyio.create_task_group() as tasks:
                while True:
                    await self._step(tasks)
        except BaseException as error:
            reason = error
            raise
        finally:
            self._is_closed = True
            self._end_all(reason)

    async def _step(self, tasks: TaskGroup) -> None:
        """Start what is due, or sleep until something is."""
        self._stirred = anyio.Event()
        now = self._clock.monotonic()
        self._expire(now)
        self._agenda.settle(now)
        wait_s = math.inf
        next_at = self._agenda.next_at()
        at_once = min(float(self._policy.at_once), self._agenda.useful_at_once)
        if self._under_way + 1 <= at_once and not math.isinf(next_at):
            wait_s = next_at - now
            if wait_s <= 0.0:
                wait_s = max(self._patient_until - now, self._budget.wait_s())
            if wait_s <= 0.0:
                question = self._agenda.take(now)
                if question is not None:
                    self._start(question, now, tasks)
                return
        if self._deadlines:
            wait_s = min(wait_s, self._deadlines[0][0] - now)
        if math.isinf(wait_s):
            await self._stirred.wait()
            return
        with anyio.CancelScope() as self._nap:
            await self._clock.sleep(max(wait_s, _LEAST_NAP_S))
        self._nap = None

    def _stir(self) -> None:
        """Let the scheduler look around."""
        self._stirred.set()
        if self._nap is not None:
            self._nap.cancel()

    def _start(self, question: Question, now: float, tasks: TaskGroup) -> None:
        question.is_asked = True
        question.is_woken = False
        self._under_way += 1
        self.looks += 1
        self._budget.note(now)
        tasks.start_soon(self._ask, question, name="audiokit look")

    async def _ask(self, question: Question) -> None:
        asked_at = self._clock.monotonic()
        answers: list[Answer] = []
        failure: Exception | None = None
        try:
            with anyio.move_on_after(self._longest_look_s(question, asked_at)) as scope, polling():
                answers = await question.ask()
            if scope.cancelled_caught:
                failure = TimeoutError()
        except Exception as error:  # noqa: BLE001 - what it means is decided in `_failed`
            failure = error
        self._under_way -= 1
        question.is_asked = False
        for entry in self._overdue:
            heapq.heappush(self._deadlines, entry)
        self._overdue.clear()
        if failure is None:
            question.failures = self._refusals = 0
            for answer in answers:
                self._take(answer, asked_at)
            self._fit(answers)
        else:
            self._failed(question, failure)
        self._agenda.was_asked(question, self._clock.monotonic())
        self._stir()

    def _longest_look_s(self, question: Question, now: float) -> float:
        ends_at = min((one.ends_at for one in question.waiting), default=math.inf)
        limit_s = self._policy.longest_look_s
        # A page is for others too: one whose time is up meanwhile is ended by `_expire` afterwards.
        return max(_LEAST_NAP_S, min(limit_s, ends_at - now)) if len(question.waiting) == 1 else limit_s

    # --- what a look showed -----------------------------------------------------------------------

    def _take(self, answer: Answer, asked_at: float) -> None:
        waiting = answer.waiting
        if waiting.done.done():
            return
        if answer.is_lost:
            if waiting.question is not None:
                waiting.question.lost(waiting)
            return
        if answer.error is not None or answer.look is None:
            self._fail(waiting, answer.error or UsageError(f"a look at {waiting.job} gave no Look"))
            return
        look = answer.look
        waiting.last = look
        waiting.law.saw(
            waiting.length_s,
            max(waiting.seen_at - waiting.started_at, 0.0),
            max(asked_at - waiting.started_at, 0.0),
            is_over=look.is_over,
        )
        waiting.seen_at = max(waiting.seen_at, asked_at)
        if look.retry_after is not None and waiting.question is not None:
            waiting.question.not_before = asked_at + look.retry_after
        if waiting.on_look is not None:
            try:
                waiting.on_look(look)
            except Exception as error:  # noqa: BLE001 - the caller's own, so the caller gets it
                self._fail(waiting, error)
                return
        if look.is_over:
            waiting.done.set_result(answer.value)
            self._drop(waiting)

    def _fit(self, answers: list[Answer]) -> None:
        for law in {answer.waiting.law for answer in answers if answer.waiting.length_s is not None}:
            if law.wants_fit:
                law.fit(self._running(law))

    def _running(self, law: Law) -> list[tuple[float, float]]:
        return [
            (one.length_s, one.seen_at - one.started_at)
            for some in self._by_remote.values()
            for one in some
            if one.law is law and one.length_s is not None
        ]

    def _failed(self, question: Question, error: Exception) -> None:
        """A call failed: be patient, ask something else, or tell those concerned."""
        now = self._clock.monotonic()
        asked_for_s = getattr(error, "retry_after", None) or 0.0
        if isinstance(error, RateLimited):
            self._refusals += 1
            self._patient_until = max(
                self._patient_until, now + max(asked_for_s, self._patience_s(self._refusals))
            )
        elif isinstance(error, ServerError | TransportError | TimeoutError):
            question.failures += 1
            question.not_before = now + max(asked_for_s, self._patience_s(question.failures))
        elif not question.replaced():
            for waiting in list(question.waiting):
                self._fail(waiting, _gone(waiting, error) if isinstance(error, NotFound) else error)

    def _patience_s(self, failures: int) -> float:
        longest = min(_LONGEST_PATIENCE_S, _FIRST_PATIENCE_S * 2.0 ** min(failures, 16))
        return self._rng.uniform(longest / 2, longest)

    def _fail(self, waiting: Waiting, error: Exception) -> None:
        if not waiting.done.done():
            waiting.done.set_exception(error)
        self._drop(waiting)

    def _drop(self, waiting: Waiting) -> None:
        if waiting.question is not None:
            waiting.question.waiting.pop(waiting, None)
            if not waiting.question.waiting:
                self._agenda.forget(waiting.question)
            waiting.question = None
        if waiting.shelf is not None:
            shelf = waiting.shelf
            shelf.remove(waiting)
            self._shelves.tidy(shelf)
        same = self._by_remote.get(waiting.remote)
        if same is not None and waiting in same:
            same.remove(waiting)
            if not same:
                del self._by_remote[waiting.remote]

    def _expire(self, now: float) -> None:
        """End those whose time is up; of those that are just being looked at, when that is over."""
        while self._deadlines:
            ends_at, _, waiting = self._deadlines[0]
            is_asked = waiting.question is not None and waiting.question.is_asked
            if ends_at > now and not is_asked and not waiting.done.done():
                return
            entry = heapq.heappop(self._deadlines)
            if is_asked:
                self._overdue.append(entry)
            elif not waiting.done.done():
                self._fail(waiting, _timed_out(waiting, now))

    def _end_all(self, reason: BaseException | None) -> None:
        for waiting in [one for some in self._by_remote.values() for one in some]:
            error = UsageError(
                f"the poller was closed while {waiting.job} was still waited for; it goes on remotely"
            )
            if not isinstance(reason, asyncio.CancelledError):
                error.__cause__ = reason
            self._fail(waiting, error)


def _gone(waiting: Waiting, cause: Exception) -> RemoteLost:
    error = RemoteLost(
        f"{waiting.job} ({waiting.remote}) is not known to the API any more, though it was submitted: it was "
        "deleted, belongs to another account, or the server lost it; submit it again if it is still wanted",
        job=waiting.job,
        stage="poll",
        remote_id=waiting.remote,
    )
    error.__cause__ = cause
    return error


def _timed_out(waiting: Waiting, now: float) -> AudiokitError:
    elapsed_s = now - waiting.begun_at
    state = waiting.last.state if waiting.last else None
    # Work without an id of its own goes by the job's name.
    remote_id = waiting.remote if waiting.remote != waiting.job else None
    named = f"{waiting.job} ({remote_id})" if remote_id else waiting.job
    return JobTimeout(
        f"{named} was not finished after {elapsed_s:.1f} s, last state {state!r}; "
        "it may still finish: look again with its id, or allow more time",
        job=waiting.job,
        stage="poll",
        elapsed_s=elapsed_s,
        last_state=state,
        remote_id=remote_id,
    )
