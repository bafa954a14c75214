"""So many at once, and so many bytes: first come, first served."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Final

import attrs

_NOTHING: Final = 0


class Gate:
    """Lets a number of holders in at once, which together carry no more than a number of bytes.

    ::

        async with gate:  # one place
            ...
        async with gate.carrying(size_bytes):  # one place, and its bytes
            ...

    Who asks first is let in first, so a large one is not overtaken for ever by small ones. Each takes all it
    needs before it begins, so none waits while it holds what another waits for. One that is larger than
    the whole budget is let in alone.

    Args:
        places: Holders at once, 1 or more.
        size_bytes: Bytes at once, or None for any number.
    """

    def __init__(self, places: int, size_bytes: int | None = None) -> None:
        self._free = places
        self._budget_bytes = size_bytes
        self._carried_bytes = 0
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    def __repr__(self) -> str:
        return f"<Gate {self._free} free, {len(self._waiting)} waiting, {self._carried_bytes} bytes inside>"

    def carrying(self, size_bytes: int | None) -> _Pass:
        """A place that also counts *size_bytes*; None counts nothing."""
        size_bytes = size_bytes or _NOTHING
        return _Pass(self, size_bytes if self._budget_bytes is None else min(size_bytes, self._budget_bytes))

    async def __aenter__(self) -> None:
        await self.enter()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()

    async def enter(self, size_bytes: int = _NOTHING) -> None:
        """Take a place, waiting for it in turn; `leave` gives it back."""
        if not self._waiting and self._has_room(size_bytes):
            self._take(size_bytes)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, size_bytes))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(size_bytes)  # let in and cancelled in the same moment
            else:
                turn.cancel()
                self._let_in()
            raise

    def leave(self, size_bytes: int = _NOTHING) -> None:
        """Give a place back."""
        self._free += 1
        self._carried_bytes -= size_bytes
        if self._waiting:
            self._let_in()

    def _has_room(self, size_bytes: int) -> bool:
        if self._free < 1:
            return False
        return self._budget_bytes is None or self._carried_bytes + size_bytes <= self._budget_bytes

    def _take(self, size_bytes: int) -> None:
        self._free -= 1
        self._carried_bytes += size_bytes

    def _let_in(self) -> None:
        while self._waiting:
            turn, size_bytes = self._waiting[0]
            if not turn.done() and not self._has_room(size_bytes):
                return
            self._waiting.popleft()
            if not turn.done():
                self._take(size_bytes)
                turn.set_result(None)


@attrs.frozen
class _Pass:
    """A place in a gate together with bytes."""

    gate: Gate
    size_bytes: int

    async def __aenter__(self) -> None:
        await self.gate.enter(self.size_bytes)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.gate.leave(self.size_bytes)
