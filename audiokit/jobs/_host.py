"""The task that an orchestrator's workers live in, so that it may be entered and left by different tasks."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Callable, Coroutine
from typing import Any, Final

import anyio
from anyio.abc import TaskGroup

from audiokit.errors import UsageError

_NOT_OPEN: Final = "the orchestrator is not open: use it inside `async with kit.orchestrator() as jobs:`"


class Host:
    """Opens and closes what runs in a task of its own, once, in one process and event loop.

    The task calls `ready` when it can be used, waits for `closing`, and calls `no_longer` before it ends.
    """

    def __init__(self) -> None:
        self.closing = anyio.Event()
        self._task: asyncio.Task[None] | None = None
        self._tasks: TaskGroup | None = None
        self._opened: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def __str__(self) -> str:
        return "closed" if self.closing.is_set() else "open" if self._tasks else "not opened"

    @property
    def is_open(self) -> bool:
        """Whether jobs can be handed in."""
        return self._tasks is not None

    def tasks(self) -> TaskGroup:
        """The tasks that workers run in.

        Raises:
            UsageError: Not open, or used where it cannot work: in another process or event loop.
        """
        if self._tasks is None:
            raise UsageError(_NOT_OPEN)
        if self._pid != os.getpid():
            raise UsageError(
                f"the orchestrator was opened in process {self._pid} and is used in process {os.getpid()}, "
                "after a fork: open a client and an orchestrator of its own there, with a journal of its own"
            )
        if self._loop is not asyncio.get_running_loop():
            raise UsageError("the orchestrator is used in another event loop than the one it was opened in")
        return self._tasks

    async def open(self, hold: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run *hold* in a task, and return when it is ready; what it raises before is raised here."""
        if self._task is not None:
            raise UsageError("an orchestrator can be opened only once; make a new one")
        self._loop = asyncio.get_running_loop()
        self._pid = os.getpid()
        self._opened = self._loop.create_future()
        self._task = asyncio.create_task(hold(), name="audiokit orchestrator")
        self._task.add_done_callback(self._pass_on)
        try:
            await self._opened
        except BaseException:
            if not self._task.done():
                await self.close()
            raise

    def ready(self, tasks: TaskGroup) -> None:
        """Workers run in *tasks* from now on."""
        self._tasks = tasks
        if self._opened is not None and not self._opened.done():
            self._opened.set_result(None)

    def no_longer(self) -> None:
        """Nothing can be handed in any more; safe to call again."""
        self._tasks = None
        self.closing.set()

    async def close(self) -> None:
        """Have the task end, and wait for it. Cancelled while it waits, it has the task cancelled."""
        self.closing.set()
        task = self._task
        if task is None:
            return
        # In a scope that is cancelled already each wait would be cut, and what is under way has its time.
        is_late = anyio.current_effective_deadline() == -math.inf
        with anyio.CancelScope(shield=is_late) as scope:
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                scope.shield = True  # a scope cancels again and again, and this is for once
                task.cancel()
                await task
                raise

    def _pass_on(self, task: asyncio.Task[None]) -> None:
        if self._opened is None or self._opened.done():
            return
        if task.cancelled():
            self._opened.cancel()
        elif (error := task.exception()) is not None:
            self._opened.set_exception(error)
        else:
            self._opened.set_result(None)
