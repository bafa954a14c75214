"""Following remote work to its end: when to look again, and for how long."""

from __future__ import annotations

import math
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import anyio
import attrs

from audiokit._config import positive
from audiokit.errors import InvalidRequest, JobTimeout
from audiokit.transport import polling
from audiokit.typing import CallOptions, Clock

T = TypeVar("T")


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

    Args:
        look: Asks the API once; gives the object and what it says of its state.
        clock: For waiting and for the deadline.
        timeout_s: Longest time in all, in seconds.
        job: What is being waited for, for the message.
        remote_id: The API's id of the work, for the message.
        schedule: When to look; the default begins at 0.25 s and ends at 10 s.
        on_look: Called after each look.

    Raises:
        JobTimeout: It was not over in time; names the job, its last state and the seconds.
    """
    start = clock.monotonic()
    last: Look | None = None
    for wait in (schedule or PollSchedule()).waits():
        with anyio.move_on_after(max(0.001, timeout_s - (clock.monotonic() - start))) as scope, polling():
            value, last = await look()
            if on_look is not None:
                on_look(last)
            if last.is_over:
                return value
        elapsed = clock.monotonic() - start
        if scope.cancelled_caught or last is None:
            break
        wait_s = max(wait, last.retry_after or 0.0)
        if elapsed >= timeout_s:
            break
        await clock.sleep(min(wait_s, timeout_s - elapsed))
    elapsed = clock.monotonic() - start
    state = last.state if last else None
    named = f"{job} ({remote_id})" if remote_id else job
    raise JobTimeout(
        f"{named} was not finished after {elapsed:.1f} s, last state {state!r}; "
        "it may still finish: look again with its id, or allow more time",
        job=job,
        stage="poll",
        elapsed_s=elapsed,
        last_state=state,
        remote_id=remote_id,
    )
