"""So many workers, started when there is work and kept while there may be more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from anyio.abc import TaskGroup

from audiokit.jobs._course import Course


class Workers:
    """A bounded number of tasks that take jobs: never a task for each job.

    Args:
        size: Workers at most.
        take: Gives the next job, or None.
        is_in_use: Whether workers without a job shall wait for one, or end.
        work: Does one job, in the task it is given; never raises.
    """

    def __init__(
        self,
        size: int,
        *,
        take: Callable[[], Course | None],
        is_in_use: Callable[[], bool],
        work: Callable[[Course, asyncio.Task[Any] | None], Awaitable[None]],
    ) -> None:
        self.size = size
        self.count = 0
        self._take = take
        self._is_in_use = is_in_use
        self._work = work
        self._idle: list[asyncio.Future[None]] = []
        self._tasks: TaskGroup | None = None

    def open(self, tasks: TaskGroup) -> None:
        """Run workers in *tasks* from now on."""
        self._tasks = tasks

    def wake(self) -> None:
        """There may be work: have one more worker look for it. Without any left, all may go."""
        if not self._is_in_use():
            while self._idle:
                self._release()
        elif self._idle:
            self._release()
        elif self.count < self.size and self._tasks is not None:
            self.count += 1
            self._tasks.start_soon(self._run, name="audiokit worker")

    def _release(self) -> None:
        waiting = self._idle.pop()
        if not waiting.done():
            waiting.set_result(None)

    async def _run(self) -> None:
        task = asyncio.current_task()
        try:
            while True:
                course = self._take()
                if course is not None:
                    if self._idle or self.count < self.size:
                        self.wake()  # where one job was, there may be another
                    await self._work(course, task)
                elif self._is_in_use():
                    waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    self._idle.append(waiting)
                    await waiting
                else:
                    return
        finally:
            self.count -= 1
