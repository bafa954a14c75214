"""Jobs that need no API, and an orchestrator on a clock that does not wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from job_server import Server, ServerJob

from audiokit.jobs import JobContext, Journal, Look, Orchestrator, Scope
from audiokit.testing import FakeClock

Step = Callable[[JobContext], Awaitable[object]]


async def _nothing(_: JobContext) -> None:
    pass


@attrs.frozen(kw_only=True)
class FakeJob:
    """A job whose steps do what a test says; its result is its number."""

    number: int = 0
    on_prepare: Step = _nothing
    on_submit: Step = _nothing
    on_look: Step = _nothing
    on_collect: Step = _nothing
    looks: int = 1
    key: str | None = None
    timeout_s: float | None = None

    kind = "fake"

    async def prepare(self, context: JobContext) -> int:
        """Run the test's step."""
        await self.on_prepare(context)
        return self.number

    async def submit(self, context: JobContext, prepared: int) -> tuple[str, int]:
        """Run the test's step."""
        await self.on_submit(context)
        return f"remote-{prepared}", 0

    async def look(self, context: JobContext, remote: tuple[str, int]) -> tuple[tuple[str, int], Look]:
        """Be over at the given look."""
        await self.on_look(context)
        seen = context.once.__dict__.setdefault("looks", {})
        seen[self.number] = seen.get(self.number, 0) + 1
        is_over = seen[self.number] >= self.looks
        return remote, Look(state="done" if is_over else "busy", is_over=is_over)

    async def collect(self, context: JobContext, remote: tuple[str, int]) -> tuple[int, Sequence[Path]]:
        """Give the number."""
        await self.on_collect(context)
        return self.number, (Path(f"{remote[0]}.wav"),)


@pytest.fixture
def fake_job() -> type[FakeJob]:
    """The kind of job used here."""
    return FakeJob


@pytest.fixture
def make_orchestrator(clock: FakeClock) -> Callable[..., Orchestrator]:
    """Build an orchestrator without services."""

    def make(**options: Any) -> Orchestrator:
        return Orchestrator(None, **{"clock": clock, "timeout_s": 60.0, **options})  # type: ignore[arg-type]

    return make


@pytest.fixture
def server(clock: FakeClock) -> Server:
    """An API in memory."""
    return Server(clock)


@pytest.fixture
def journalled(clock: FakeClock, server: Server, tmp_path: Path) -> Callable[..., Orchestrator]:
    """Build an orchestrator of the server with a journal; each one opens the same file."""

    def make(**options: Any) -> Orchestrator:
        journal = Journal(
            options.pop("path", tmp_path / "jobs.sqlite"), scope=Scope(), **options.pop("j", {})
        )
        defaults = {"clock": clock, "timeout_s": 600.0, "kinds": [ServerJob], "journal": journal}
        return Orchestrator(server, **{**defaults, **options})  # type: ignore[arg-type]

    return make
