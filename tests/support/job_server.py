"""An API in memory for jobs with a journal: it takes work, loses answers, and counts."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs

from audiokit.errors import (
    CallTimeout,
    ConnectionFailed,
    NotFound,
    OutcomeUnknown,
    RequestRefused,
    ServerError,
)
from audiokit.jobs import JobContext, Look, Orchestrator, Submission
from audiokit.typing import Clock


class Server:
    """What jobs submit to. `behaviour` says, submission by submission, what happens; fine when empty.

    ``ok``; ``refused``, ``down``, ``waited`` and ``503``: certainly not taken; ``lost``: taken, answer lost;
    ``cut``: not taken, and the caller cannot know; ``late``: taken three seconds after the cut; ``500`` and
    ``500 taken``.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.behaviour: deque[str] = deque()
        self.submits: Counter[str] = Counter()
        self.work: dict[str, tuple[float, str, str | None]] = {}
        self.echoes_labels = True
        self.looks = 0
        self.deleted: set[str] = set()
        self.lists = 0
        self.failing: set[str] = set()

    def submit(self, place: str, label: str) -> str:
        """Take work, or not."""
        how = self.behaviour.popleft() if self.behaviour else "ok"
        match how:
            case "refused":
                raise RequestRefused("no", operation="server.submit", status=400)
            case "down":
                raise ConnectionFailed("down", operation="server.submit")
            case "cut":
                raise OutcomeUnknown("cut", operation="server.submit")
            case "waited":
                raise CallTimeout("no place", operation="server.submit", timeout_s=60.0, maybe_sent=False)
            case "503":
                raise ServerError("busy", operation="server.submit", status=503, retry_after=2.0)
            case "500":
                raise ServerError("broken", operation="server.submit", status=500)
        self.submits[label] += 1
        remote_id = f"work-{self.submits.total()}"
        at = self.clock.monotonic() + (3.0 if how == "late" else 0.0)
        self.work[remote_id] = (at, place, label if self.echoes_labels else None)
        if how in {"lost", "late"}:
            raise OutcomeUnknown("cut", operation="server.submit")
        if how == "500 taken":
            raise ServerError("broken", operation="server.submit", status=500)
        return remote_id

    def list(self, place: str) -> list[tuple[str, str | None]]:
        """Ids and labels of what was taken in a place, by now."""
        self.lists += 1
        now = self.clock.monotonic()
        return [(one, label) for one, (at, where, label) in self.work.items() if at <= now and where == place]

    def get(self, remote_id: str) -> None:
        """Ask for work."""
        self.looks += 1
        if remote_id in self.deleted or remote_id not in self.work:
            raise NotFound("gone", operation="server.get", status=404)


@attrs.frozen(kw_only=True)
class ServerJob:
    """Work for the server, in a place where only the label, or being new, tells it from others."""

    number: int = 0
    place: str = "here"
    finds: bool = True
    locks: bool = True
    is_harmless: bool = False
    credits: float = 0.0
    to: Path | None = None
    source: Any = None
    key: str | None = None
    timeout_s: float | None = None

    kind = "server job"

    async def prepare(self, context: JobContext) -> None:
        """Nothing."""

    async def submission(self, context: JobContext, prepared: None) -> Submission:
        """By label where the server shows them, else by being the only new one."""
        server: Server = context.services  # type: ignore[assignment]

        async def find(known: frozenset[str] | None) -> str | None:
            found = server.list(self.place)
            if server.echoes_labels:
                return next((one for one, label in found if label == self.label), None)
            new = [one for one, _ in found if known is not None and one not in known]
            return new[0] if len(new) == 1 else None

        return Submission(
            find=find if self.finds else None,
            lock=f"lock {self.place}" if self.locks else None,
            place=self.place,
            credits=self.credits,
            is_harmless=self.is_harmless,
        )

    @property
    def label(self) -> str:
        """How the server knows it."""
        return f"job {self.number}"

    async def submit(self, context: JobContext, prepared: None) -> str:
        """Submit."""
        return context.services.submit(self.place, self.label)  # type: ignore[attr-defined, no-any-return]

    async def look(self, context: JobContext, remote: str) -> tuple[str, Look]:
        """It is done at once."""
        context.services.get(remote)  # type: ignore[attr-defined]
        return remote, Look(state="done", is_over=True)

    async def collect(self, context: JobContext, remote: str) -> tuple[str, Sequence[Path]]:
        """Write the file."""
        context.services.get(remote)  # type: ignore[attr-defined]
        if self.to is None:
            return remote, ()
        path = self.to / f"{self.number}.txt"
        path.write_text(remote)
        return remote, [path]


@attrs.frozen(kw_only=True)
class SlowJob(ServerJob):
    """Work that takes 40 s to hand in, with number 0 even 500 s."""

    api = "respeecher"

    async def submit(self, context: JobContext, prepared: None) -> str:
        """Submit, in the end."""
        await asyncio.sleep(40 if self.number else 500)
        return await super().submit(context, prepared)


async def outcomes_of(make: Callable[..., Orchestrator], *jobs: Any, **options: Any) -> list[Any]:
    """Run jobs in an orchestrator of their own, and return their outcomes in the jobs' sequence."""
    async with make(**options) as orchestrator:
        outcomes = [outcome async for outcome in orchestrator.run(jobs)]
    return sorted(outcomes, key=lambda one: one.index)
