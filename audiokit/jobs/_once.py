"""Things done once for many: what several jobs share, and locks by name."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

T = TypeVar("T")

_REMEMBERED: Final = 4096


class Locks:
    """A lock for each name, kept only while somebody wants it."""

    def __init__(self) -> None:
        self._locks: dict[object, tuple[asyncio.Lock, int]] = {}

    def __len__(self) -> int:
        return len(self._locks)

    @asynccontextmanager
    async def hold(self, name: object) -> AsyncGenerator[None]:
        """Hold the lock called *name*; others who want it wait in turn."""
        lock, wanted = self._locks.get(name, (None, 0))
        lock = lock or asyncio.Lock()
        self._locks[name] = (lock, wanted + 1)
        try:
            async with lock:
                yield
        finally:
            lock, wanted = self._locks[name]
            if wanted == 1:
                del self._locks[name]
            else:
                self._locks[name] = (lock, wanted - 1)


class Once:
    """Remembers what was done for a key, so that many jobs share it; the last 4096 keys."""

    def __init__(self) -> None:
        self._done: OrderedDict[object, Any] = OrderedDict()
        self._locks = Locks()

    def peek(self, key: object) -> Any:
        """What was done for *key*, or None."""
        return self._done.get(key)

    def forget(self, key: object) -> None:
        """Have it done again when it is next asked for."""
        self._done.pop(key, None)

    async def get(self, key: object, do: Callable[[], Awaitable[T]]) -> T:
        """What *do* gave for *key*; runs it when nobody has, one at a time.

        When it fails the error goes to that caller alone, and the next one tries again.
        """
        async with self._locks.hold(key):
            if key not in self._done:
                self._done[key] = await do()
                if len(self._done) > _REMEMBERED:
                    self._done.popitem(last=False)
            self._done.move_to_end(key)
            value: T = self._done[key]
            return value
