"""Waiting to be let through to the API takes nothing of a job's time, nor a place that others need."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from job_server import Server, ServerJob
from virtual_time import LoopClock, in_virtual_time

from audiokit.errors import JobTimeout
from audiokit.jobs import JobContext, JobState, Orchestrator, Submission
from audiokit.transport._window import Priority

TIME_S = 100.0


class Closed:
    """A limit that lets nothing through before some time has passed."""

    def __init__(self, seconds: float) -> None:
        self.opens_at = asyncio.get_running_loop().time() + seconds

    def free_now(self, *, priority: Priority) -> int:
        """Places now."""
        return 100 if asyncio.get_running_loop().time() >= self.opens_at else 0

    def next_free_s(self, *, priority: Priority) -> float:
        """Seconds until there are some."""
        return max(0.0, self.opens_at - asyncio.get_running_loop().time())


@attrs.frozen(kw_only=True)
class SharedUpload:
    """An upload that takes a place among the transfers."""

    seconds: float = 0.0
    key: str | None = None

    kind = "_test upload"
    api = "respeecher"

    async def make(self, context: JobContext) -> str:
        """Upload."""

        async def send() -> str:
            async with context.transfer:
                await asyncio.sleep(self.seconds)
            return "original"

        return str(await context.step("upload", send, Submission(is_harmless=True)))


@attrs.frozen(kw_only=True)
class Uploading(ServerJob):
    """A job that shares an upload with all others."""

    seconds: float = 0.0
    kind = "uploading"

    async def prepare(self, context: JobContext) -> None:
        """Upload."""
        await context.shared("upload", SharedUpload(seconds=self.seconds))


@attrs.frozen(kw_only=True)
class Downloading(ServerJob):
    """A job that needs a place among the transfers, and no API."""

    kind = "downloading"

    async def prepare(self, context: JobContext) -> None:
        """Download."""
        async with context.transfer:
            await asyncio.sleep(0)


@pytest.fixture
def make() -> Callable[..., Orchestrator]:
    """Orchestrators with one place among the transfers and 100 seconds for each job."""

    def build(room: Closed | None, **options: Any) -> Orchestrator:
        clock = LoopClock()
        return Orchestrator(
            Server(clock),  # type: ignore[arg-type]
            clock=clock,
            timeout_s=TIME_S,
            max_transfers=1,
            room_of=lambda api: room if api == "respeecher" else None,
            **options,
        )

    return build


def test_jobs_that_share_an_upload_wait_for_its_turn_without_losing_time(make: Any) -> None:
    """Those that came first and one that comes meanwhile; three times as long as a job may take."""

    async def story() -> None:
        async with make(Closed(3 * TIME_S)) as orchestrator:
            handles = [await orchestrator.submit(Uploading(number=n, place=f"p{n}")) for n in range(3)]
            await asyncio.sleep(TIME_S)
            handles.append(await orchestrator.submit(Uploading(number=3, place="p3")))
            outcomes = [await one for one in handles]
        assert [JobState.DONE] * 4 == [one.state for one in outcomes]

    in_virtual_time(story())


def test_time_in_which_a_shared_upload_is_sent_counts(make: Any) -> None:
    """Else nothing would end a job whose upload hangs."""

    async def story() -> None:
        async with make(None) as orchestrator:
            jobs = [Uploading(number=n, place=f"p{n}", seconds=20 * TIME_S) for n in range(2)]
            outcomes = [one async for one in orchestrator.run(jobs)]
        assert [True, True] == [isinstance(one.error, JobTimeout) for one in outcomes]

    in_virtual_time(story())


def test_uploads_that_wait_for_a_limit_hold_no_place(make: Any) -> None:
    """Downloads go on meanwhile."""

    async def story() -> None:
        async with make(Closed(2 * TIME_S)) as orchestrator:
            upload = await orchestrator.submit(Uploading(number=1))
            await asyncio.sleep(0)
            download = await orchestrator.submit(Downloading(number=2, place="elsewhere"))
            assert JobState.DONE is (await download).state
            assert not upload.is_over
            assert JobState.DONE is (await upload).state

    in_virtual_time(story())
