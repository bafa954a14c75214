"""Waiting for a place among the calls that an account may begin in a span of time.

Endpoints say which limit they count against (`RateClass`), `RateLimits` how wide it is, `Window` keeps
the count for all clients of the process. Requests within an attempt, a login or the hops of a
redirect, are not counted on their own: they are rare, and only the last answer is known here.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from urllib.parse import urlsplit

import anyio

from audiokit._config import DEFAULT_BASE_URLS, ApiAccess, ApiKey, Login, Rate, RateClass, RateLimits
from audiokit.transport._window import Priority, Window
from audiokit.typing import Clock

_LEAST_NAP_S: Final = 0.001
"""So that rounding in a clock never makes a waiter spin."""

_priority: ContextVar[Priority] = ContextVar("audiokit_priority", default=Priority.CALL)


@contextmanager
def polling() -> Generator[None]:
    """Calls made in the block are looks at work under way: they give way to others."""
    token = _priority.set(Priority.POLL)
    try:
        yield
    finally:
        _priority.reset(token)


def current_priority() -> Priority:
    """The priority of a call made here: `Priority.POLL` inside `polling`."""
    return _priority.get()


class NoPlaceInTime(Exception):
    """There is no place within the time given; nothing waits any more.

    Attributes:
        wait_s: Seconds until there is one, at least.
    """

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"no place for {wait_s:.1f} s")
        self.wait_s = wait_s


class _Waiter:
    """One call in the queue of a window, in the event loop where it waits."""

    def __init__(self, priority: Priority, loop: asyncio.AbstractEventLoop) -> None:
        self.priority = priority
        self.is_granted = False
        self.nap: anyio.CancelScope | None = None
        self.call: asyncio.Future[None] | None = None
        self._loop = loop

    def wake(self) -> bool:
        """From any thread; False when its loop is closed."""
        try:
            self._loop.call_soon_threadsafe(self.poke)
        except RuntimeError:
            return False
        return True

    def poke(self) -> None:
        """In its own loop: look again."""
        if self.nap is not None:
            self.nap.cancel()
        if self.call is not None and not self.call.done():
            self.call.set_result(None)


class Place:
    """A place for one call, from its start to its answer. Leaving it is for whoever acquired it."""

    __slots__ = ("_begun_at", "_window")

    def __init__(self, window: Window, begun_at: float) -> None:
        self._window = window
        self._begun_at = begun_at

    def answered(self, *, was_refused: bool, retry_after: float | None) -> None:
        """There was an answer; *was_refused* for a 429, with its Retry-After in seconds."""
        self._window.end(was_sent=True)
        if was_refused:
            self._window.narrow(begun_at=self._begun_at, retry_after=retry_after)
        else:
            self._window.widen()

    def lost(self) -> None:
        """There was none, and the server may have counted it."""
        self._window.end(was_sent=True)

    def unused(self) -> None:
        """Nothing was sent."""
        self._window.end(was_sent=False)


class RateLimiter:
    """One client's view of a window. Belongs to one event loop.

    Transports acquire a place for every attempt of a call; planners only look, with `free_now` and
    `next_free_s`.

    Args:
        window: The count, perhaps shared with other clients.
        clock: For waiting.
        now: The clock of the window, in seconds.
        name: For messages, e.g. ``respeecher, slow calls``.
    """

    def __init__(self, window: Window, clock: Clock, now: Callable[[], float], name: str) -> None:
        self._window = window
        self._clock = clock
        self._now = now
        self._name = name
        self._keeper: _Waiter | None = None
        self._waiters: OrderedDict[_Waiter, None] = OrderedDict()

    def __str__(self) -> str:
        rate = self._window.rate
        now = "" if self.width == rate.times else f", {self.width} after refusals"
        return f"{self._name}: {rate.times} in any {rate.seconds:g} s{now}"

    def __repr__(self) -> str:
        return f"<RateLimiter {self}>"

    @property
    def width(self) -> int:
        """Calls that are let through in any span now: less than the limit after 429s."""
        return self._window.width

    def free_now(self, *, priority: Priority = Priority.CALL) -> int:
        """Calls of this priority that could begin at once."""
        return self._window.free_now(priority)

    def next_free_s(self, *, priority: Priority = Priority.CALL) -> float:
        """Seconds until one more call of this priority could begin, behind those who wait; at least."""
        return self._window.wait_s(priority)

    async def acquire(self, *, priority: Priority = Priority.CALL, within_s: float = math.inf) -> Place:
        """Wait for a place: first come, first served, calls before polls.

        Args:
            priority: Polls give way.
            within_s: Do not even begin to wait when there is no place within so many seconds.

        Raises:
            NoPlaceInTime: There is none.
        """
        waiter = _Waiter(priority, asyncio.get_running_loop())
        wait_s = self._window.enter(waiter, within_s=within_s)
        if wait_s is not None:
            raise NoPlaceInTime(wait_s)
        if not self._window.take(waiter):
            await self._wait(waiter, priority)
        return Place(self._window, self._now())

    async def _wait(self, waiter: _Waiter, priority: Priority) -> None:
        self._waiters[waiter] = None
        keeper = self._keeper
        if keeper is not None and (keeper.priority, priority) == (Priority.POLL, Priority.CALL):
            keeper.poke()  # it sleeps until there is room for a poll, which may be later
        try:
            while not self._window.take(waiter):
                if self._keeper is None:
                    self._keeper = waiter
                if self._keeper is waiter:
                    await self._keep_time(waiter)
                else:
                    waiter.call = asyncio.get_running_loop().create_future()
                    await waiter.call
        except BaseException:
            self._window.leave(waiter)
            raise
        finally:
            del self._waiters[waiter]
            if self._keeper is waiter:
                self._keeper = None
            if self._keeper is None and self._waiters:  # also when it was handed over, and declined
                next(iter(self._waiters)).poke()

    async def _keep_time(self, waiter: _Waiter) -> None:
        """Sleep until there is room for somebody, and let them through: one does it for all of a client."""
        try:
            with anyio.CancelScope() as waiter.nap:
                await self._clock.sleep(max(_LEAST_NAP_S, self._window.next_s()))
        finally:
            waiter.nap = None
        self._window.grant()


class Windows:
    """The windows of all accounts that were used lately.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self._lock: threading.Lock
        self._windows: dict[tuple[str, ...], Window]
        self._users: weakref.WeakKeyDictionary[RateLimiter, tuple[str, ...]]
        self.forget()

    def __repr__(self) -> str:
        return f"<Windows of {len(self._windows)} limits>"

    def forget(self) -> None:
        """Start anew; limiters that were made keep their windows to themselves."""
        self._lock = threading.Lock()
        self._windows = {}
        self._users = weakref.WeakKeyDictionary()

    def limiter(self, access: ApiAccess, name: str, rate: Rate, clock: Clock) -> RateLimiter:
        """A view of the window of this name, for these credentials at this address."""
        key = (_account(access), access.base_url, name)
        with self._lock:
            used = set(self._users.values())
            for old in [one for one, window in self._windows.items() if one not in used and window.is_idle]:
                del self._windows[old]
            window = self._windows.setdefault(key, Window(rate, self.now))
            window.join(rate)
            limiter = RateLimiter(window, clock, self.now, f"{name.replace('_', ', ')} calls")
            self._users[limiter] = key
        return limiter


PROCESS: Final = Windows(time.monotonic)
"""What all clients share that have no clock of their own."""

if hasattr(os, "register_at_fork"):
    # A forked child counts for itself, and must not meet a lock that a thread of its parent held.
    os.register_at_fork(after_in_child=PROCESS.forget)


def limiters(
    rates: RateLimits | None, access: Mapping[str, ApiAccess], clock: Clock, windows: Windows
) -> dict[tuple[str, RateClass], RateLimiter]:
    """A limiter for each API and class that has a limit."""
    found = {}
    for api, one in access.items():
        if rates is None or one.credentials is None or not (rates.everywhere or _is_vendors(api, one)):
            continue
        for rate_class in RateClass:
            limit = rates.of(api, rate_class)
            if limit is not None:
                found[api, rate_class] = windows.limiter(one, *limit, clock)
    return found


def _is_vendors(api: str, access: ApiAccess) -> bool:
    return urlsplit(access.base_url).hostname == urlsplit(DEFAULT_BASE_URLS[api]).hostname


def _account(access: ApiAccess) -> str:
    """What tells accounts apart without telling the secret."""
    match access.credentials:
        case ApiKey(key=key):
            known = f"key {key.reveal()} {access.organisation}"
        case Login(email=email):
            known = f"login {email}"
        case None:
            known = "nobody"
    return hashlib.sha256(known.encode()).hexdigest()
