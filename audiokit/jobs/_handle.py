"""One job that was handed in: wait for it, or cancel it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from audiokit.jobs._course import Course
from audiokit.jobs._events import Events, EventStream
from audiokit.jobs._job import Outcome

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT")


class JobHandle(Generic[JobT, ResultT]):
    """A job under way; given by `Orchestrator.submit`.

    ``await handle`` gives its `Outcome`, as often as one likes. Cancelling the task that awaits it
    stops the waiting only; `cancel` stops the job.
    """

    def __init__(self, job: JobT, *, events: Events, on_cancel: Callable[[Course], None]) -> None:
        self.job = job
        self._events = events
        self._outcome: asyncio.Future[Outcome[JobT, ResultT]] = asyncio.get_running_loop().create_future()
        self._on_cancel = on_cancel
        self.course: Course | None = None

    def __repr__(self) -> str:
        if self._outcome.done():
            return f"<JobHandle {self._outcome.result().state.value}>"
        return f"<JobHandle of {self.course!r}>"

    def __await__(self) -> Generator[Any, None, Outcome[JobT, ResultT]]:
        return self._wait().__await__()

    @property
    def is_over(self) -> bool:
        """Whether it has its outcome."""
        return self._outcome.done()

    def cancel(self) -> None:
        """Stop the job; its outcome will say what goes on remotely. Does nothing once it is over.

        What the API was just asked for is answered first, for ``drain_s`` seconds at most, so that nothing
        is paid for that nobody is told of. An equal job that others want goes on.
        """
        if self.course is not None and not self._outcome.done():
            self._on_cancel(self.course)

    def events(self, *, size: int = 1000) -> EventStream:
        """What happens to the job from now on, ending with `JobFinished`; open it with ``async with``."""
        stream = EventStream(self._events, size=size, only=id(self.course))
        if self._outcome.done():
            stream.end()
        return stream

    def give(self, course: Course, outcome: Outcome[Any, Any]) -> None:  # noqa: ARG002 - as `Sink` says
        """Take the outcome; called by the orchestrator."""
        if not self._outcome.done():
            self._outcome.set_result(outcome)

    async def _wait(self) -> Outcome[JobT, ResultT]:
        return await asyncio.shield(self._outcome)
