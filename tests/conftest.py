"""What all tests share: a clean environment, a clock that does not wait, clients, and small sounds."""

from __future__ import annotations

import asyncio
import functools
import gc
import importlib.util
import io
import math
import os
import ssl
import struct
import sys
import wave
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import pytest
from examples import THOROUGH
from hypothesis import settings

import audiokit
from audiokit import ApiAccess, ApiKey, AudioKit
from audiokit._config import access_from_env
from audiokit.testing import FakeClock
from audiokit.transport import Transport

BASES = {
    "apiaudio": "https://v1.example",
    "audiostack": "https://v2.example",
    "respeecher": "https://gateway.example",
}
KEYS = {
    "apiaudio": "v1-key-SECRET",
    "audiostack": "v2-key-SECRET",
    "respeecher": "gateway-key-SECRET",
}
# Of the command line and of httpx; what the package itself reads says `_read_by_the_package`.
_OUTSIDE = {
    *("AUDIOKIT_EMULATOR_KEYS", "AUDIOKIT_EMULATOR_CONTROL_KEY"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"),
}


settings.register_profile(THOROUGH)

# httpx and httpcore look for it at each request and each lock: where it is not installed, each time through
# all of `sys.path`.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # what imports take for "is not there"


def pytest_configure(config: pytest.Config) -> None:
    """Keep bytecode in pytest's cache where it may not lie beside the sources.

    Else each worker would compile all tests in each run, and each child process the whole package.
    """
    cache = getattr(config, "cache", None)  # none with `-p no:cacheprovider`
    if sys.dont_write_bytecode and cache is not None:
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(cache.mkdir("bytecode"))
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """One worker more than there are processors: tests wait for children, timers and the disk."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Spare the garbage collector the collected tests: many tests ask for a whole collection."""
    gc.collect()
    gc.freeze()


class _Asked(Mapping[str, str]):
    """An environment without variables that notes which are asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@functools.cache
def _read_by_the_package() -> set[str]:
    """Names of all variables that a client from the environment looks for."""
    asked = _Asked()
    access_from_env(asked)
    return asked.names


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies, certificates, addresses and keys of whoever runs the tests stay out of them."""
    for name in _OUTSIDE | _read_by_the_package():
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="session", autouse=True)
def _one_set_of_certificates() -> Iterator[None]:
    """Read the certificate bundle once: 20 ms for each of a thousand clients would be most of a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield


@pytest.fixture
def clock() -> FakeClock:
    """A clock whose sleeping takes no time."""
    return FakeClock()


@pytest.fixture
def keys() -> dict[str, str]:
    """The key of each API, as the clients below use them."""
    return dict(KEYS)


@pytest.fixture
def bases() -> dict[str, str]:
    """The base URL of each API, as the clients below use them."""
    return dict(BASES)


@pytest.fixture
def access() -> dict[str, ApiAccess]:
    """Access to the three APIs by key."""
    return {api: ApiAccess(base_url=BASES[api], credentials=ApiKey(KEYS[api])) for api in BASES}


@pytest.fixture
async def transport(access: dict[str, ApiAccess], clock: FakeClock) -> AsyncIterator[Transport]:
    """An open transport to the three APIs."""
    async with Transport(access, clock=clock) as opened:
        yield opened


@pytest.fixture
def make_kit(access: dict[str, ApiAccess], clock: FakeClock) -> Callable[..., AudioKit]:
    """Build a client with keys for all three APIs; arguments replace the defaults."""

    def make(**arguments: Any) -> AudioKit:
        return audiokit.AudioKit(**{**access, "clock": clock, **arguments})

    return make


@pytest.fixture
async def kit(make_kit: Callable[..., AudioKit]) -> AsyncIterator[AudioKit]:
    """An open client with keys for all three APIs."""
    async with make_kit() as opened:
        yield opened


def _wav(seconds: float = 0.05) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        frames = round(seconds * 8000)
        file.writeframes(
            b"".join(struct.pack("<h", round(9000 * math.sin(index / 8.5))) for index in range(frames))
        )
    return out.getvalue()


# MPEG 1 Layer III, 128 kbit/s at 44.1 kHz: frames of 417 bytes.
_MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
_SOUNDS = {
    "wav": _wav(),
    "mp3": _MP3_FRAME * 4,
    "flac": b"fLaC" + bytes(200),
    "ogg": b"OggS" + bytes(200),
}


@pytest.fixture
def sounds() -> dict[str, bytes]:
    """Smallest content that is told as each format: a real wav, frames or magic for the others."""
    return dict(_SOUNDS)


@pytest.fixture
def wav() -> bytes:
    """A real wav file of 50 ms."""
    return _SOUNDS["wav"]


@pytest.fixture
def chunks_of() -> Callable[..., AsyncIterator[bytes]]:
    """An async generator over given chunks, which can be read once."""

    async def generate(*chunks: bytes, error: Exception | None = None) -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk
        if error is not None:
            raise error

    return generate


@pytest.fixture
def other_tasks() -> Callable[[], set[str]]:
    """Names of the tasks that run besides the caller's own."""

    def others() -> set[str]:
        return {task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()}

    return others
