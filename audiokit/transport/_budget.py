"""A budget of retries for one API, and a gate that lets work through again one probe at a time."""

from __future__ import annotations

import math
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

import anyio

from audiokit._config import RetryPolicy
from audiokit.errors import ApiError, TransportError
from audiokit.transport._retry import TEMPORARY_STATUSES
from audiokit.typing import Clock

_REOPENED: Final = 0.1
"""Part of the budget that must be back before retries begin again, so that it does not flutter."""


class RetryBudget:
    """So many retries in advance of successes; see `RetryPolicy` for the figures.

    A first attempt is never held up or refused here. What is refused is a repeat, and then the call
    ends with the error it had anyway. Work that may wait, as jobs may, goes through `turn`: while the
    budget is spent it lets one through at a time, and the first that the API answers opens it for all.

    Belongs to one client and so to one event loop.

    Args:
        policy: The figures.
        clock: For the waits before probes.
        jitter: Draws a wait between two bounds, in seconds.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        clock: Clock,
        *,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._size = math.inf if policy.budget_retries is None else float(policy.budget_retries)
        self._refund = policy.budget_refund
        self._probe_s = policy.probe_s
        self._probe_cap_s = policy.probe_cap_s
        self._clock = clock
        self._jitter = jitter
        self._left = self._size
        self._is_spent = False
        self._probe: object | None = None
        self._failed_probes = 0
        self._change: anyio.Event | None = None
        self._nap: anyio.CancelScope | None = None

    def __repr__(self) -> str:
        state = "spent, " if self._is_spent else ""
        return f"<RetryBudget {state}{self._left:g} of {self._size:g} left>"

    @property
    def is_spent(self) -> bool:
        """Whether no retries are made: spent, and neither a probe nor enough other calls succeeded since."""
        return self._is_spent

    @property
    def left(self) -> float:
        """Retries that could be made now if no call succeeded."""
        return 0.0 if self._is_spent else self._left

    def spend(self) -> bool:
        """Pay for one retry; False when there is nothing left to pay with."""
        if self._is_spent:
            return False
        self._left -= 1
        self._is_spent = self._left < 1
        return True

    def earn(self, *, after_retry: bool) -> None:
        """Note that the API answered a call, at its first attempt or *after_retry*."""
        if self._left < self._size:
            self._left = min(self._size, self._left + (1.0 if after_retry else self._refund))
            if self._is_spent and self._left >= self._reopened_at:
                self._open()

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait until work may go to the API, then do it in the block.

        Not spent, it lets everybody through at once. While it is spent, one at a time is let through as
        a probe, after a wait that doubles with each probe that fails. A probe that the API answers,
        with a success or with an error of the caller, opens it for all who wait. One that ends in a
        `TransportError` or a temporary status keeps it closed; one that is cancelled, or fails before
        it asked, leaves its turn to the next. It has no limit in time of its own.
        """
        probe = await self._admitted()
        if probe is None:
            yield
            return
        try:
            yield
        except TransportError:
            self._end(probe, has_failed=True)
            raise
        except ApiError as error:
            if error.status in TEMPORARY_STATUSES:
                self._end(probe, has_failed=True)
            else:
                self._open()
            raise
        except BaseException:
            self._end(probe)
            raise
        else:
            self._open()

    async def _admitted(self) -> object | None:
        """Wait for admission; gives a probe its token, others None."""
        while self._is_spent:
            if self._probe is not None:
                await self._changed()
                continue
            probe = self._probe = object()
            try:
                await self._wait_before_probe()
            except BaseException:
                self._end(probe)
                raise
            if self._probe is probe:  # else the budget was opened meanwhile
                return probe
        return None

    async def _wait_before_probe(self) -> None:
        """Leave the API alone for a while, or until another call has opened the budget."""
        ceiling = min(self._probe_cap_s, self._probe_s * 2.0 ** min(self._failed_probes, 60))
        try:
            with anyio.CancelScope() as self._nap:
                await self._clock.sleep(self._jitter(ceiling / 2, ceiling))
        finally:
            self._nap = None

    async def _changed(self) -> None:
        if self._change is None:
            self._change = anyio.Event()
        await self._change.wait()

    @property
    def _reopened_at(self) -> float:
        return max(1.0, self._size * _REOPENED)

    def _open(self) -> None:
        self._left = max(self._left, self._reopened_at)
        self._is_spent = False
        self._failed_probes = 0
        if self._nap is not None:
            self._nap.cancel()
        self._end(self._probe)

    def _end(self, probe: object | None, *, has_failed: bool = False) -> None:
        """The probe is over: those who wait look again. Nothing when it is no longer the one."""
        if probe is not self._probe:
            return
        self._probe = None
        self._failed_probes += has_failed
        change, self._change = self._change, None
        if change is not None:
            change.set()
