"""Lets uploads through: so many at once, and so much memory for them all."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class UploadGate:
    """First come, first served, by places and by bytes; a large one is not overtaken by small ones.

    Each upload takes all it will need before it begins, so none waits while it holds what another
    waits for. What needs more than there is goes alone.

    Args:
        places: Uploads under way at once.
        memory_bytes: What they may hold together, as far as they tell.
    """

    def __init__(self, places: int, memory_bytes: int) -> None:
        self._most_bytes = memory_bytes
        self._free_places = places
        self._free_bytes = memory_bytes
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    @property
    def free(self) -> tuple[int, int]:
        """Places and bytes that nobody holds."""
        return self._free_places, self._free_bytes

    @asynccontextmanager
    async def place(self, need_bytes: int) -> AsyncGenerator[None]:
        """Wait for a place and *need_bytes*, and hold them."""
        need = min(need_bytes, self._most_bytes)
        if self._waiting or not self._take(need):
            await self._wait(need)
        try:
            yield
        finally:
            self._give_back(need)

    async def _wait(self, need: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, need))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was its turn just then
                self._give_back(need)
            else:
                turn.cancel()
                self._serve()  # who stood behind it may fit
            raise

    def _take(self, need: int) -> bool:
        if not self._free_places or need > self._free_bytes:
            return False
        self._free_places -= 1
        self._free_bytes -= need
        return True

    def _give_back(self, need: int) -> None:
        self._free_places += 1
        self._free_bytes += need
        self._serve()

    def _serve(self) -> None:
        while self._waiting:
            turn, need = self._waiting[0]
            if not turn.done():
                if not self._take(need):
                    return
                turn.set_result(None)
            self._waiting.popleft()
