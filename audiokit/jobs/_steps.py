"""Submissions that happen once: noted before, answered after, and looked for when no answer comes.

Not finding a submission is no proof that it was not taken: a gateway may let go of the connection and
do the work seconds later. So it is looked for several times until ``settle_s`` after the cut. What is
not found then is uncertain, unless doing it twice costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, TypeAlias

import attrs

from audiokit.errors import (
    AudiokitError,
    AuthenticationError,
    CallTimeout,
    ConnectionFailed,
    ConnectionLost,
    CreditsExhausted,
    InvalidRequest,
    JobError,
    JobUncertain,
    JournalLockTaken,
    MissingCredentials,
    OutcomeUnknown,
    RateLimited,
    RequestRefused,
    ServerError,
    UploadInterrupted,
)
from audiokit.jobs._course import ASKING, NOTHING, NOTING, Course, said
from audiokit.jobs._once import Locks
from audiokit.jobs._poll_plan import Allowance
from audiokit.jobs._recorder import Recorder
from audiokit.jobs._spending import Spending
from audiokit.transport import Gate, Priority
from audiokit.typing import Clock

Find: TypeAlias = "Callable[[frozenset[str] | None], Awaitable[str | None]]"
"""See `Submission`."""

_NOT_TAKEN: Final = (
    AuthenticationError,
    ConnectionFailed,
    CreditsExhausted,
    InvalidRequest,
    MissingCredentials,
    RateLimited,
    RequestRefused,
    UploadInterrupted,
)
"""After these the API has certainly not taken the work."""
_WHILE_LOOKING: Final = (
    CallTimeout,
    ConnectionFailed,
    ConnectionLost,
    OutcomeUnknown,
    RateLimited,
    ServerError,
)
LAST: Final = "submit"
"""Name of the step that is a job's own `submit`; what it gives is what the job is about."""
_LOOKS: Final = (1 / 30, 1 / 6, 1 / 2, 1.0)
"""When to look, in shares of the time to settle."""
_LEAST_PAUSE_S: Final = 1.0
_LEAST_NAP_S: Final = 0.05
_LONGEST_NAP_S: Final = 5.0
_SERVICE_UNAVAILABLE: Final = 503


@attrs.frozen(kw_only=True)
class Submission:
    """How a submission is told from others, and what it costs.

    Attributes:
        find: Looks for it at the API when no answer came. Given the ids there that are known to be
            others' (None where that is not known, so that only a label can tell), it gives its id, or
            None. Work of this job that failed, and is ordered anew, is never taken for the new order.
            Without it a submission that is not answered is uncertain at once.
        lock: Name of something about which only one job at a time may be in doubt, e.g. the orders of
            one original.
        place: What its id is found in, e.g. the conversions of one original: so later ones know it.
        label: What the API's owner will see there, to be named where nobody knows whether it was taken.
        credits: What it costs, where that is known before.
        is_harmless: Doing it twice costs nothing, so what is not found is done again.
    """

    find: Find | None = None
    lock: str | None = None
    place: str | None = None
    label: str | None = None
    credits: float = 0.0
    is_harmless: bool = False


@attrs.frozen
class Step:
    """One submission: its name, unique in its job, what asks the API, and how it is told from others."""

    name: str
    do: Callable[[], Awaitable[Any]]
    how: Submission


class Steps:
    """Takes the steps of all jobs of an orchestrator.

    Args:
        clock: For the waits between looks.
        settle_s: Seconds after which what was not found is taken to be uncertain.
        spending: Credits that may be spent.
        recorder: The journal, or None.
        gate: Places for submissions.
        turn_of: The gate of an API, which holds work back while the API cannot answer.
        room_of: What is left of the API's limit for submissions; None where it has none.
        settle_other: Finds out about another job of the journal that is in doubt, by its key; raises
            `JobError` where it cannot.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        settle_s: float,
        spending: Spending,
        recorder: Recorder | None,
        gate: Gate,
        turn_of: Callable[[str], AbstractAsyncContextManager[None]],
        room_of: Callable[[str], Allowance | None],
        settle_other: Callable[[str], Awaitable[None]],
    ) -> None:
        self._clock = clock
        self._settle_s = settle_s
        self._spending = spending
        self._recorder = recorder
        self._gate = gate
        self._turn_of = turn_of
        self._room_of = room_of
        self._asking: Counter[str] = Counter()
        self._settle_other = settle_other
        self._locks = Locks()

    def take(self, course: Course, step: Step) -> Awaitable[Any]:
        """What *step* gave, in this run or an earlier one; submits where nobody has yet.

        Raises:
            JobUncertain: It was handed over, and whether it was taken cannot be found out.
            CreditBudgetReached: It costs more than is left of the orchestrator's budget.
        """
        if step.how.lock is None or step.name in course.steps:
            return self._take(course, step)
        return self._take_locked(course, step, step.how.lock)

    async def _take_locked(self, course: Course, step: Step, lock: str) -> Any:
        while True:
            async with self._locks.hold(lock):
                try:
                    return await self._take(course, step)
                except JournalLockTaken as error:
                    taken = error
            # An earlier run ended in the middle of that job's order; this one must not blur its traces.
            try:
                await self._settle_other(taken.holder)
            except JobError as error:
                message = f"{taken}, which failed just now: {error}"
                raise JournalLockTaken(message, path=taken.path, lock=lock, holder=taken.holder) from error

    async def _take(self, course: Course, step: Step) -> Any:
        if step.name in course.steps:
            return course.steps[step.name]
        if course.open_step == step.name:
            course.open_step = None
            taken = course.steps[step.name] = await self._recover(course, step)
            return taken
        api: str = getattr(course.job, "api", "")
        course.pause(self._clock.monotonic())  # it waits for its turn
        # The place first: what waits for one has not been asked for, and is not noted as if it had.
        # What is harmless, an upload, say, has a place among the transfers next.
        try:
            async with self._turn_of(api):
                if not step.how.is_harmless:
                    await self._gate.enter()
                    course.has_place = True
                try:
                    taken = await self._submit(course, step, api)
                finally:
                    if course.has_place:
                        course.has_place = False
                        self._gate.leave()
        finally:
            course.resume(self._clock.monotonic())
        course.steps[step.name] = taken
        return taken

    async def _room(self, allowance: Allowance, api: str) -> None:
        """Wait until the API's limit lets one more through: minutes, perhaps, without anything in doubt."""
        while allowance.free_now(priority=Priority.CALL) <= self._asking[api]:
            wait_s = allowance.next_free_s(priority=Priority.CALL)
            await self._clock.sleep(min(max(wait_s, _LEAST_NAP_S), _LONGEST_NAP_S))

    async def _submit(self, course: Course, step: Step, api: str) -> Any:
        """Note it, ask, note the answer; all in one, because there is one of these for each job in flight."""
        allowance = self._room_of(api)
        if allowance is not None:
            await self._room(allowance, api)
        course.resume(self._clock.monotonic())
        how, recorder = step.how, self._recorder
        self._asking[api] += 1
        try:
            self._spending.reserve(course, how.credits)
            if recorder is not None:
                course.deferred = NOTING
                try:
                    await recorder.intent(course, step.name, lock=how.lock, place=how.place)
                except BaseException as error:
                    self._not_noted(course, step, error)
                    raise
                if course.stop is not None:
                    await self._take_back(course, step)
                    course.deferred = NOTHING
                    course.end_if_stopped()
            course.deferred, course.in_doubt, course.label = ASKING, True, how.label
            try:
                remote = await step.do()
            except Exception as error:  # noqa: BLE001 - whatever it is, the request may have arrived
                remote = await self._after_error(course, step, error)
            course.in_doubt = False
            if step.name == LAST:
                course.remote = remote
            if recorder is not None:
                course.noting = recorder.sent(course, step.name, remote, place=how.place)
                if step.name != LAST:  # the last one is waited for by `Stages`, after a first look
                    await course.noted()
        finally:
            course.deferred = NOTHING
            self._asking[api] -= 1
        course.end_if_stopped()
        return remote

    def _not_noted(self, course: Course, step: Step, error: BaseException) -> None:
        """It will not be asked for: nothing is in doubt."""
        self._spending.release(course, step.how.credits)
        course.deferred = NOTHING
        if isinstance(error, JournalLockTaken):
            course.end_if_stopped()  # rather than wait for the other job

    async def _after_error(self, course: Course, step: Step, error: Exception) -> Any:
        """What became of a submission that raised *error*; raises it where it was not taken."""
        if isinstance(error, _NOT_TAKEN) or _was_turned_away(error):
            await self._take_back(course, step)
            raise error
        return await self._after_unknown(course, step, error)

    async def _after_unknown(self, course: Course, step: Step, error: Exception) -> Any:
        """What became of a submission that ended without a usable answer."""
        if self._recorder is None and not isinstance(error, AudiokitError):
            raise error  # a slip in a kind of one's own, most likely, and nothing to be kept for later
        course.deferred = NOTHING  # looking may take long, and is done again by the next run
        if course.stop is not None:
            raise error
        was_answered = isinstance(error, ServerError)
        found = await self._look(course, step, self._settle_s) if step.how.find is not None else None
        if found is not None:
            return found
        if step.how.is_harmless or (was_answered and step.how.find is not None):
            await self._take_back(course, step)
            if was_answered:
                raise error
            raise ConnectionLost(
                f"step {step.name!r} was not answered and is not there; it may be done again",
                operation=step.name,
            ) from error
        raise await self._uncertain(course, step, error)

    async def _recover(self, course: Course, step: Step) -> Any:
        """What became of a submission that an earlier run did not see the end of."""
        # What was uncertain before has had its time: one look is enough.
        settle_s = 0.0 if course.was_uncertain else self._settle_s
        course.in_doubt, course.label = True, step.how.label
        found = await self._look(course, step, settle_s, at_once=True) if step.how.find else None
        if found is not None and self._recorder is not None:
            await self._recorder.sent(course, step.name, found, place=step.how.place)
            course.in_doubt = False
            return found
        if not step.how.is_harmless:
            raise await self._uncertain(course, step, None)
        await self._take_back(course, step, was_reserved=False)
        return await self._take(course, step)

    async def _look(
        self, course: Course, step: Step, settle_s: float, *, at_once: bool = False
    ) -> str | None:
        """Look until *settle_s* seconds from now; the last look must have been answered."""
        assert step.how.find is not None  # noqa: S101 - asked by the callers
        start = self._clock.monotonic()
        looks = [0.0, *(_LOOKS if settle_s else ())] if at_once else list(_LOOKS)
        was_answered = False
        while looks or not was_answered:
            if looks:
                due = start + settle_s * looks.pop(0)
            else:  # the last one failed
                due = self._clock.monotonic() + max(_LEAST_PAUSE_S, settle_s * _LOOKS[1])
            await self._clock.sleep(max(0.0, due - self._clock.monotonic()))
            try:
                found = await step.how.find(await self._known(step))
            except _WHILE_LOOKING:
                was_answered = False
                continue
            was_answered = True
            if found is not None and found not in course.former_ids:
                return found
        return None

    async def _known(self, step: Step) -> frozenset[str] | None:
        if self._recorder is None or step.how.place is None or step.how.lock is None:
            return None
        return await self._recorder.others_in(step.how.place)

    async def _take_back(self, course: Course, step: Step, *, was_reserved: bool = True) -> None:
        course.in_doubt = False
        if was_reserved:
            self._spending.release(course, step.how.credits)
        if self._recorder is not None:
            await self._recorder.unsent(course)

    async def _uncertain(self, course: Course, step: Step, error: Exception | None) -> JobUncertain:
        why = "an earlier run ended before the answer came" if error is None else said(error)
        looked = "the API has no way to look for it"
        if step.how.find is not None:
            looked = f"it was not found within {self._settle_s:g} s"
        way_on = "run it again, or do not"
        if self._recorder is not None:
            way_on = "call settle(key, remote_id=...), settle(key, resubmit=True) or settle(key)"
        uncertain = JobUncertain(
            f"{course.name} (key {course.key!r}) was handed over in step {step.name!r} and not answered "
            f"({why}); {looked}. It was not submitted again, because that could do and bill it twice: look "
            f"at the account, then {way_on}",
            job=course.name,
            stage=course.stage,
        )
        uncertain.__cause__ = error
        if self._recorder is not None:
            await self._recorder.uncertain(course, str(uncertain))
        return uncertain


def _was_turned_away(error: Exception) -> bool:
    """Whether it never left, or the API said "not now": a 503 with a time to come back."""
    if isinstance(error, CallTimeout):
        return not error.maybe_sent  # it waited for a connection, or for its place among the calls
    is_busy = isinstance(error, ServerError) and error.status == _SERVICE_UNAVAILABLE
    return is_busy and getattr(error, "retry_after", None) is not None
