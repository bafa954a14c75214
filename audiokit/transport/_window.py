"""How many calls may begin in any span of time: the accounting, without waiting for anything.

The server counts a call somewhere between its first byte and its answer. So a call counts here from
the moment it is let go until `Rate.seconds` after its answer: however late it arrives, the server never
sees more than `Rate.times` of them in any span. (A token bucket would let through twice as many, and
counting from the start alone is broken by the first slow connection.)
"""

from __future__ import annotations

import enum
import math
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, Protocol

from audiokit._config import Rate

_NARROWED: Final = 0.7
_WIDENED: Final = 0.1
"""Places won back per success: a whole window of them widens by a tenth."""

_ROUNDING: Final = 1e-6

_KEPT_FROM_POLLS: Final = 0.1
_CALLS_PER_POLL: Final = 9


class Priority(enum.Enum):
    """Who goes first when there is not room for all."""

    CALL = "call"
    """What somebody waits for: submits, and all calls that are no poll."""

    POLL = "poll"
    """Looks at work under way. They leave a tenth of the window free, and one of ten places is theirs."""


class Waiter(Protocol):
    """Somebody who waits for a place."""

    priority: Priority
    is_granted: bool
    """Set and reset by the window only."""

    def wake(self) -> bool:
        """Tell it, from any thread, that it was granted; False when nobody is there any more."""
        ...


class Window:
    """The calls of one account and class, of all threads and event loops of the process.

    Args:
        rate: How many in any span. A second client may bring a stricter one, see `join`.
        now: Monotonic seconds.
    """

    def __init__(self, rate: Rate, now: Callable[[], float]) -> None:
        self._lock = threading.Lock()
        self._now = now
        self._times = rate.times
        self._seconds = rate.seconds
        self._width = float(rate.times)
        self._narrowed_at = -math.inf
        self._closed_until = -math.inf
        self._under_way = 0
        self._ended: deque[float] = deque()
        self._waiting: dict[Priority, OrderedDict[Waiter, None]] = {one: OrderedDict() for one in Priority}
        self._calls_since_poll = 0

    def join(self, rate: Rate) -> None:
        """Hold from now on the stricter of both, in number and in span."""
        with self._lock:
            self._times = min(self._times, rate.times)
            self._seconds = max(self._seconds, rate.seconds)
            self._width = min(self._width, self._times)

    @property
    def rate(self) -> Rate:
        """What is held at most."""
        return Rate(times=self._times, seconds=self._seconds)

    @property
    def width(self) -> int:
        """Calls in any span that are let through now: fewer than `rate` says after 429s."""
        return max(1, int(self._width + _ROUNDING))

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it is left to remember."""
        with self._lock:
            self._forget(self._now())
            return not (self._under_way or self._ended or any(self._waiting.values()))

    def free_now(self, priority: Priority) -> int:
        """Calls of this priority that could begin at once."""
        with self._lock:
            now = self._now()
            self._forget(now)
            if now < self._closed_until or any(self._waiting.values()):
                return 0
            return max(0, self._usable(priority) - self._count)

    def wait_s(self, priority: Priority) -> float:
        """Seconds until one more of this priority could begin, behind those who wait; at least."""
        with self._lock:
            return self._wait_s(priority, self._ahead_of(priority))

    def next_s(self) -> float:
        """Seconds until the next of those who wait can begin, at least."""
        with self._lock:
            priority = Priority.CALL if self._waiting[Priority.CALL] else Priority.POLL
            return self._wait_s(priority, 0)

    def enter(self, waiter: Waiter, *, within_s: float) -> float | None:
        """Ask for a place: granted at once, or queued.

        Returns:
            None, or the seconds until a place is free where that is beyond *within_s*; then it is not queued.
        """
        with self._lock:
            wait = self._wait_s(waiter.priority, self._ahead_of(waiter.priority))
            if wait > within_s:
                return wait
            self._waiting[waiter.priority][waiter] = None
            granted = self._granted()
        self._wake(granted, but=waiter)
        return None

    def take(self, waiter: Waiter) -> bool:
        """Take the place that was granted, if one was: from now on it is the caller's to end."""
        with self._lock:
            is_granted, waiter.is_granted = waiter.is_granted, False
        return is_granted

    def leave(self, waiter: Waiter) -> None:
        """Wait no longer; a place that was granted and not taken is given back."""
        with self._lock:
            if not waiter.is_granted:
                self._waiting[waiter.priority].pop(waiter, None)
                return
            waiter.is_granted = False
            self._under_way -= 1
        self.grant()

    def grant(self) -> None:
        """Give free places to those who wait."""
        with self._lock:
            granted = self._granted()
        self._wake(granted)

    def end(self, *, was_sent: bool) -> None:
        """A call that had a place is over; one that was not sent does not count."""
        with self._lock:
            self._under_way -= 1
            if was_sent:
                self._ended.append(self._now())
                return
        self.grant()

    def narrow(self, *, begun_at: float, retry_after: float | None) -> None:
        """A call begun at *begun_at* was answered with 429: let fewer through, and none for a while.

        Calls that were under way together narrow it once. *retry_after* holds for all calls of the
        class, up to one span: by then every call that could be in the way is forgotten.
        """
        with self._lock:
            now = self._now()
            if begun_at >= self._narrowed_at:
                self._width = max(1.0, self._width * _NARROWED)
                self._narrowed_at = now
            if retry_after is not None:
                self._closed_until = max(self._closed_until, now + min(retry_after, self._seconds))

    def widen(self) -> None:
        """A call was answered: let a little more through, up to the rate."""
        if self._width < self._times:
            with self._lock:
                self._width = min(float(self._times), self._width + _WIDENED)
            self.grant()

    @property
    def _count(self) -> int:
        return self._under_way + len(self._ended)

    def _usable(self, priority: Priority) -> int:
        """How many places are for this priority."""
        width = self.width
        is_poll = priority is Priority.POLL and self._calls_since_poll < _CALLS_PER_POLL
        return width - int(width * _KEPT_FROM_POLLS) if is_poll else width

    def _ahead_of(self, priority: Priority) -> int:
        calls, polls = (len(self._waiting[one]) for one in Priority)
        return calls if priority is Priority.CALL else calls + polls

    def _wait_s(self, priority: Priority, ahead: int) -> float:
        now = self._now()
        self._forget(now)
        usable = self._usable(priority)
        # Each window full of waiters takes a span; the rest are behind the calls that are counted now.
        windows, place = divmod(ahead, usable)
        first_out = self._count + place - usable
        if first_out < 0:
            free_at = now
        elif first_out < len(self._ended):
            free_at = self._ended[first_out] + self._seconds
        else:  # it has not ended yet
            free_at = now + self._seconds
        return max(0.0, max(free_at + windows * self._seconds, self._closed_until) - now)

    def _wake(self, granted: list[Waiter], *, but: Waiter | None = None) -> None:
        for waiter in granted:
            if waiter is not but and not waiter.wake():
                self.leave(waiter)

    def _forget(self, now: float) -> None:
        while self._ended and self._ended[0] + self._seconds <= now:
            self._ended.popleft()

    def _granted(self) -> list[Waiter]:
        """Take those who can go out of the queues, and count them."""
        now = self._now()
        self._forget(now)
        granted: list[Waiter] = []
        calls, polls = (self._waiting[one] for one in Priority)
        while now >= self._closed_until:
            is_polls_turn = not calls or self._calls_since_poll >= _CALLS_PER_POLL
            if polls and is_polls_turn and self._count < self._usable(Priority.POLL):
                waiter, _ = polls.popitem(last=False)
                self._calls_since_poll = 0
            elif calls and self._count < self.width:
                waiter, _ = calls.popitem(last=False)
                self._calls_since_poll += bool(polls)
            else:
                break
            waiter.is_granted = True
            self._under_way += 1
            granted.append(waiter)
        return granted
