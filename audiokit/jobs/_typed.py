"""What type checkers need so that a job's outcome has the job's own type, and its result's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from audiokit.jobs._context import JobContext
from audiokit.jobs._job import Job

AnyJob = Job[Any, Any, Any]

JobT = TypeVar("JobT", bound=AnyJob)
ResultT = TypeVar("ResultT")
JobT_co = TypeVar("JobT_co", covariant=True)
ResultT_co = TypeVar("ResultT_co", covariant=True)


class Typed(Protocol[JobT_co, ResultT_co]):
    """Any job, seen as its own class and the type of its result.

    One type variable cannot stand for a job and give its result's type as well. Two can, where the job's
    class is asked for what every object has, its `__class__`.
    """

    @property  # type: ignore[misc]  # nobody sets it
    def __class__(self) -> type[JobT_co]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        """The job's class."""
        ...

    async def collect(self, context: JobContext, remote: Any) -> tuple[ResultT_co, Sequence[Any]]:
        """As `Job` says."""
        ...
