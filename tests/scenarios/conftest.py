"""Whole stories run against the emulator over loopback sockets, started once for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from extras import skip_without_emulator

from audiokit import AudioKit
from audiokit.testing import EmulatorProcess
from audiokit.transport._transport import SystemClock

LONGEST_NAP_S = 0.04


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say plainly what is left out where the emulator's libraries are not installed."""
    skip_without_emulator(items, Path(__file__).parent)


class ImpatientClock(SystemClock):
    """The system's time; but where a client of a vendor would wait for seconds, it looks again at once.

    The emulator is done long before the first look that a vendor's server would be given time for.
    """

    async def sleep(self, seconds: float, /) -> None:
        """Wait, but not for long: who asks for more finds that too little time has passed, or asks again."""
        await super().sleep(min(seconds, LONGEST_NAP_S))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def emulator() -> AsyncIterator[EmulatorProcess]:
    """One emulator process for the session; stories keep apart by their own projects and names."""
    async with EmulatorProcess() as process:
        yield process


@pytest_asyncio.fixture
async def kit(emulator: EmulatorProcess) -> AsyncIterator[AudioKit]:
    """A client of the session's emulator, which waits no longer than it must."""
    access = emulator.access
    async with AudioKit(
        apiaudio=access["apiaudio"],
        audiostack=access["audiostack"],
        respeecher=access["respeecher"],
        clock=ImpatientClock(),
    ) as client:
        yield client


@pytest_asyncio.fixture
async def folder_id(kit: AudioKit) -> str:
    """A fresh folder in a fresh project."""
    project = await kit.respeecher.projects.create("story")
    return (await kit.respeecher.folders.create(project.id, "takes")).id
