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
import logging
import math
import random
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import anyio
from anyio.abc import TaskGroup

from audiokit.errors import InvalidRequest, NotFound, UsageError
from audiokit.jobs._durations import Durations, Law
from audiokit.jobs._poll_agenda import Agenda
from audiokit.jobs._poll_deadlines import PollDeadlines
from audiokit.jobs._poll_lists import Listing, Shelves
from audiokit.jobs._poll_patience import Patience
from audiokit.jobs._poll_plan import Allowance, PollBudget, PollPolicy
from audiokit.jobs._poll_question import Question
from audiokit.jobs._poll_waiting import Answer, Waiting
from audiokit.services._poll import Look
from audiokit.transport import polling
from audiokit.typing import Clock

T = TypeVar("T")

logger = logging.getLogger("audiokit.jobs")

_CLOSE_S: Final = 5.0
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
        self._by_key: dict[str, list[Waiting]] = {}
        self._deadlines = PollDeadlines()
        self._patience = Patience(self._rng)
        self._under_way = 0
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
        return sum(len(some) for some in self._by_key.values())

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
                await asyncio.wait([self._host], timeout=_CLOSE_S)
            if not self._host.done():
                logger.warning("a look that was cancelled has not ended after %g s, and is left", _CLOSE_S)
                return
            if not self._host.cancelled() and (error := self._host.exception()) is not None:
                raise error

    async def wait(
        self,
        kind: str,
        remote: str | None,
        look: Callable[[], Awaitable[tuple[T, Look]]],
        *,
        timeout_s: float,
        listing: Listing[Any, T] | None = None,
        length_s: float | None = None,
        job: str | None = None,
        on_look: Callable[[Look], object] | None = None,
    ) -> T:
        """Wait until remote work is over.

        Cancelling it ends the waiting of this caller alone.

        Args:
            kind: Jobs of one kind are supposed to take times that are alike.
            remote: The API's id of the work; None where it has none, so that nothing can wake it.
            look: Asks the API for this work alone; gives the object and what it says of its state.
            timeout_s: Seconds until it is given up.
            listing: A list in which it will be found, so that one call may answer for many.
            length_s: Seconds of audio, where they are known before and matter.
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
            remote=remote or "",
            job=job or f"{kind} {remote or ''}".strip(),
            look=look,
            on_look=on_look,
            law=self.durations.law(kind, has_length=has_length),
            length_s=length_s if has_length else None,
            now=self._clock.monotonic(),
            timeout_s=timeout_s,
        )
        self._by_key.setdefault(waiting.key, []).append(waiting)
        self._shelves.admit(waiting, listing)
        self._deadlines.add(waiting)
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
        found = self._by_key.get(remote, [])
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
        for waiting in self._deadlines.overdue(now):
            self._fail(waiting, waiting.timed_out(now))
        self._agenda.settle(now)
        wait_s = math.inf
        next_at = self._agenda.next_at()
        at_once = min(float(self._policy.at_once), self._agenda.useful_at_once)
        if self._under_way + 1 <= at_once and not math.isinf(next_at):
            wait_s = next_at - now
            if wait_s <= 0.0:
                wait_s = max(self._patience.until - now, self._budget.wait_s(self._under_way))
            if wait_s <= 0.0:
                question = self._agenda.take(now)
                if question is not None:
                    self._start(question, now, tasks)
                return
        wait_s = min(wait_s, self._deadlines.next_at() - now)
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
        self._deadlines.look_ended()
        if failure is None:
            self._patience.answered(question)
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
        # A page is for others too: one whose time is up meanwhile is ended when the look is.
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
            for some in self._by_key.values()
            for one in some
            if one.law is law and one.length_s is not None
        ]

    def _failed(self, question: Question, error: Exception) -> None:
        """A call failed: ask again later, ask something else, or tell the one it was for."""
        if self._patience.is_temporary(question, error, self._clock.monotonic()):
            return
        if question.alone is None:
            question.give_up()
        else:
            waiting = question.alone
            self._fail(waiting, waiting.gone(error) if isinstance(error, NotFound) else error)

    def _fail(self, waiting: Waiting, error: Exception) -> None:
        if not waiting.done.done():
            waiting.done.set_exception(error)
            waiting.done.exception()  # whoever waited may be cancelled just now: then nobody misses it
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
        same = self._by_key.get(waiting.key)
        if same is not None and waiting in same:
            same.remove(waiting)
            if not same:
                del self._by_key[waiting.key]

    def _end_all(self, reason: BaseException | None) -> None:
        cause = None if isinstance(reason, asyncio.CancelledError) else reason
        for waiting in [one for some in self._by_key.values() for one in some]:
            self._fail(waiting, waiting.left_behind(cause))
