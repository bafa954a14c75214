"""pytest fixtures: an emulator for the session, and a client of it for each test.

Switch them on in your ``conftest.py``::

    pytest_plugins = ["audiokit.testing.plugin"]

`kit` is an asynchronous fixture: it needs pytest-asyncio, or anyio's own plugin.
"""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from anyio.from_thread import start_blocking_portal

from audiokit import _extras
from audiokit._client import AudioKit
from audiokit._emulated import EmulatorProcess
from audiokit.testing._clock import FakeClock
from audiokit.testing._control import EmulatorControl
from audiokit.testing._stub import StubTransport

_HAS_PYTEST_ASYNCIO = importlib.util.find_spec("pytest_asyncio") is not None

if TYPE_CHECKING or not _HAS_PYTEST_ASYNCIO:
    _async_fixture = pytest.fixture
else:
    from pytest_asyncio import fixture as _async_fixture


@pytest.fixture(scope="session")
def emulator_arguments() -> tuple[str, ...]:
    """Further arguments of ``audiokit emulator``; write a fixture of this name to choose your own."""
    return ()


@pytest.fixture(scope="session")
def emulator(emulator_arguments: tuple[str, ...]) -> Iterator[EmulatorProcess]:
    """One emulator for all tests of the session; skips the test where the extra is not installed."""
    missing = _extras.missing("emulator")
    if missing:
        pytest.skip(f"needs the emulator ({', '.join(missing)} not found): pip install 'audiokit[emulator]'")
    # A loop of its own in a thread of its own: it outlives the loops of the tests.
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(EmulatorProcess(arguments=emulator_arguments)) as process,
    ):
        yield process


@pytest.fixture
def emulator_control(emulator: EmulatorProcess) -> EmulatorControl:
    """The emulator's own endpoints: counts, faults, virtual time, tenants."""
    return EmulatorControl.of(emulator)


@_async_fixture
async def kit(emulator: EmulatorProcess) -> AsyncIterator[AudioKit]:
    """An open client of the emulator, with keys for all three APIs."""
    access: dict[str, Any] = dict(emulator.access)
    async with AudioKit(**access) as client:
        yield client


@pytest.fixture
def stub() -> StubTransport:
    """A transport without a network; ``stub.kit()`` builds a client of it."""
    return StubTransport()


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock whose sleeping takes no time."""
    return FakeClock()
