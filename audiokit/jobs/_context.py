"""What a job's steps may use: the services, limits, things done once, and where files go."""

from __future__ import annotations

import hashlib
import os
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio
import attrs

from audiokit.jobs._job import Services
from audiokit.services._poll import Look, PollSchedule, follow
from audiokit.transport import names_a_folder, safe_file_name
from audiokit.typing import Clock, StrPath

T = TypeVar("T")

_REMEMBERED: Final = 1024
_STEM_BYTES: Final = 120
_NOT_FOR_LABELS: Final = re.compile(r"[^A-Za-z0-9 -]+")


class Once:
    """Remembers what was done for a key, so that many jobs share it; the last 1024 keys."""

    def __init__(self) -> None:
        self._done: OrderedDict[object, Any] = OrderedDict()
        self._locks: dict[object, tuple[anyio.Lock, int]] = {}

    async def get(self, key: object, do: Callable[[], Awaitable[T]]) -> T:
        """What *do* gave for *key*; runs it when nobody has, one at a time.

        When it fails the error goes to that caller alone, and the next one tries again.
        """
        lock, waiting = self._locks.get(key, (anyio.Lock(), 0))
        self._locks[key] = (lock, waiting + 1)
        try:
            async with lock:
                if key not in self._done:
                    self._done[key] = await do()
                    if len(self._done) > _REMEMBERED:
                        self._done.popitem(last=False)
                self._done.move_to_end(key)
                value: T = self._done[key]
                return value
        finally:
            lock, waiting = self._locks[key]
            if waiting == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, waiting - 1)


@attrs.frozen(kw_only=True)
class JobContext:
    """One job's view of the orchestrator.

    Attributes:
        services: The client.
        key: The job's key.
        transfer: Hold this while uploading or downloading.
        submit: Hold this while handing work to an API.
        once: For what several jobs share, e.g. an upload.
    """

    services: Services
    key: str
    transfer: anyio.Semaphore
    submit: anyio.Semaphore
    once: Once
    clock: Clock
    schedule: PollSchedule
    wait_s: float
    on_look: Callable[[Look], object]

    async def follow(
        self, look: Callable[[], Awaitable[tuple[T, Look]]], *, what: str, remote_id: str | None = None
    ) -> T:
        """Look until *what* is over, on the orchestrator's schedule."""
        return await follow(
            look,
            clock=self.clock,
            timeout_s=self.wait_s,
            job=what,
            remote_id=remote_id,
            schedule=self.schedule,
            on_look=self.on_look,
        )

    async def place(self, to: StrPath, stem: str) -> tuple[Path, str | None]:
        """Where a file goes: a folder, made if missing, with a name for it; or a file path.

        See `names_a_folder` for which is which. The name in a folder is *stem*
        made safe, with a digest of the job's key, so that jobs never overwrite each other.
        """
        path = Path(os.fspath(to))
        if not names_a_folder(to) and not await anyio.to_thread.run_sync(path.is_dir):
            return path, None
        await anyio.to_thread.run_sync(lambda: path.mkdir(parents=True, exist_ok=True))
        # Keys of one's own often start or end alike, so it is their digest that tells jobs apart.
        token = hashlib.sha256(self.key.encode()).hexdigest()[:8]
        short = safe_file_name(stem).encode()[:_STEM_BYTES].decode("utf-8", "ignore")
        return path, f"{short}-{token}"


def label_of(name: str) -> str:
    """A label made from a file name: letters, digits, spaces and hyphens, at most 40 characters."""
    return _NOT_FOR_LABELS.sub("-", name).strip(" -")[:40].strip(" -") or "audio"
