"""Following remote work to its end: when to look again, and for how long."""

from __future__ import annotations

import math
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, TypeVar

import anyio
import attrs

from audiokit._config import positive
from audiokit.errors import (
    CallTimeout,
    ConnectionFailed,
    ConnectionLost,
    InvalidRequest,
    JobTimeout,
    NotFound,
    RateLimited,
    RemoteFailure,
    ServerError,
)
from audiokit.transport import polling
from audiokit.transport._errors import is_hopeless
from audiokit.typing import CallOptions, Clock

T = TypeVar("T")

TEMPORARY: Final = (CallTimeout, ConnectionFailed, ConnectionLost, RateLimited, ServerError)
"""What may be over when the API is asked again, and says nothing of the work itself."""


def _at_least_one(_: object, attribute: attrs.Attribute[Any], value: float) -> None:
    if not (value >= 1 and math.isfinite(value)):
        raise InvalidRequest.of(attribute.name, value, "a number of 1 or more, so that waits never shrink")


@attrs.frozen(kw_only=True)
class PollSchedule:
    """Waits between looks, in seconds: the first, how they grow, and the longest.

    Each wait is drawn between half and all of its step, so that jobs started together
    drift apart.
    """

    first_s: float = attrs.field(default=0.25, validator=positive)
    growth: float = attrs.field(default=1.5, validator=_at_least_one)
    longest_s: float = attrs.field(default=10.0, validator=positive)

    def waits(self, jitter: Callable[[float, float], float] = random.uniform) -> Iterator[float]:
        """The waits, without end."""
        step = self.first_s
        while True:
            yield jitter(step / 2, step)
            step = min(step * self.growth, self.longest_s)


@attrs.frozen(kw_only=True)
class Look:
    """What one look at remote work showed.

    Attributes:
        state: The API's word for it, for messages.
        is_over: Finished, well or badly.
        retry_after: Seconds the API asks to wait before the next look.
    """

    state: str
    is_over: bool
    retry_after: float | None = None


class Budget:
    """Seconds for a call that has several steps; each step gets what is left."""

    def __init__(self, clock: Clock, seconds: float, options: CallOptions) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds
        self._options = options

    def options(self) -> CallOptions:
        """The call's options for its next step."""
        left = self.left()
        return {**self._options, "timeout": left} if math.isfinite(left) else self._options

    def without_timeout(self) -> CallOptions:
        """The call's options for one of many looks, each of which has the client's own limit."""
        return {**self._options, "timeout": None}

    def left(self) -> float:
        """Seconds left, never quite 0, so that the next step fails with its own message."""
        return max(0.001, self._end - self._clock.monotonic())


async def follow(
    look: Callable[[], Awaitable[tuple[T, Look]]],
    *,
    clock: Clock,
    timeout_s: float,
    job: str,
    remote_id: str | None = None,
    schedule: PollSchedule | None = None,
    on_look: Callable[[Look], object] | None = None,
) -> T:
    """Look until the work is over, waiting in between.

    A look that fails for a while, because the API is down or busy, says nothing of the work: it is made
    again until the time is up. What else a look raises ends the waiting, with a note of what was waited for.

    Args:
        look: Asks the API once; gives the object and what it says of its state.
        clock: For waiting and for the deadline.
        timeout_s: Longest time in all, in seconds.
        job: What is being waited for, for the message.
        remote_id: The API's id of the work, for the message.
        schedule: When to look; the default begins at 0.25 s and ends at 10 s.
        on_look: Called after each look.

    Raises:
        JobTimeout: It was not over in time; names the job, its last state and the seconds. Where looks
            have failed since the last state, the last failure is the cause.
    """
    start = clock.monotonic()
    named = f"{job} ({remote_id})" if remote_id else job
    last: Look | None = None
    trouble: Exception | None = None
    for wait in (schedule or PollSchedule()).waits():
        asked_s: float | None = None
        is_answered = False
        try:
            with anyio.move_on_after(max(0.001, timeout_s - (clock.monotonic() - start))), polling():
                value, last = await look()
                trouble, asked_s, is_answered = None, last.retry_after, True
                if on_look is not None:
                    on_look(last)
                if last.is_over:
                    return value
        except TEMPORARY as error:
            if is_hopeless(error.__cause__):
                error.add_note(_while_waiting(named, error))
                raise
            trouble, asked_s, is_answered = error, getattr(error, "retry_after", None), True
        except Exception as error:
            error.add_note(_while_waiting(named, error))
            raise
        elapsed = clock.monotonic() - start
        if not is_answered or elapsed >= timeout_s:
            break
        await clock.sleep(min(max(wait, asked_s or 0.0), timeout_s - elapsed))
    elapsed = clock.monotonic() - start
    state = last.state if last else None
    failed = f", and since then a look ended in {type(trouble).__name__}" if trouble else ""
    raise JobTimeout(
        f"{named} was not finished after {elapsed:.1f} s, last state {state!r}{failed}; "
        "it may still finish: look again with its id, or allow more time",
        job=job,
        stage="poll",
        elapsed_s=elapsed,
        last_state=state,
        remote_id=remote_id,
    ) from trouble


def _while_waiting(named: str, error: Exception) -> str:
    is_over = isinstance(error, NotFound | RemoteFailure)
    return f"while waiting for {named}" + (
        "" if is_over else ", which may go on remotely: look again with its id"
    )
