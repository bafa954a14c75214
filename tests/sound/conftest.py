"""One emulator for all sound tests, and a studio that orders speech and tracks of it over its sockets."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
import pytest_asyncio
import soundfile
from extras import skip_without_emulator

from audiokit import AudioKit
from audiokit.testing import EmulatorProcess

_numbers = itertools.count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say plainly what is left out where the emulator's libraries are not installed."""
    skip_without_emulator(items, Path(__file__).parent)


@pytest.fixture(scope="session")
def is_full() -> bool:
    """Whether the long tests run at full size; AUDIOKIT_HEAVY=reduced asks for less."""
    return os.environ.get("AUDIOKIT_HEAVY") != "reduced"


@attrs.frozen
class Studio:
    """Orders tracks and brings them home."""

    kit: AudioKit
    folder: Path

    async def speak(self, text: str, *, voice: str) -> str:
        """Have a v1 script spoken and return its id."""
        script = await self.kit.apiaudio.scripts.create(text)
        await self.kit.apiaudio.speech.create_and_wait(script.script_id, voice=voice, timeout=60)
        return script.script_id

    async def master(
        self, script_id: str, formats: Sequence[str] = ("wav",), **wishes: Any
    ) -> Mapping[str, Path]:
        """Master a v1 script; return the file of each format."""
        api = self.kit.apiaudio.mastering
        await api.create_and_wait(script_id, end_format=list(formats), timeout=120, **wishes)
        return {
            name: await api.download(
                script_id, self.folder / f"{next(_numbers)}.{name.partition('_')[0]}", end_format=name
            )
            for name in formats
        }

    async def track(self, text: str, *, voice: str = "Joanna", **wishes: Any) -> Path:
        """Speak a text and master it as wav."""
        return (await self.master(await self.speak(text, voice=voice), **wishes))["wav"]

    async def mix(self, text: str, *, voice: str = "Joanna", **wishes: Any) -> Path:
        """Speak a v2 script and mix it."""
        api = self.kit.audiostack
        script = await api.scripts.create(text)
        speech = await api.tts.create_and_wait(script, voice=voice, timeout=60)
        mix = await api.mixes.create_and_wait(speech=speech, timeout=120, **wishes)
        (path,) = await api.mixes.download(mix, self.folder, name=f"mix{next(_numbers)}")
        return path

    async def upload(self, samples: np.ndarray, rate_hz: int, *, kind: str = "v1") -> str:
        """Upload samples as a 16-bit wav and return the id of the media."""
        path = self.folder / f"upload{next(_numbers)}.wav"
        soundfile.write(path, samples, rate_hz)
        if kind == "v1":
            return (await self.kit.apiaudio.media.upload(path)).media_id
        return (await self.kit.audiostack.media.create(path)).media_id


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def emulator() -> AsyncIterator[EmulatorProcess]:
    """One emulator process for the session."""
    async with EmulatorProcess() as process:
        yield process


@pytest_asyncio.fixture
async def studio(emulator: EmulatorProcess, tmp_path: Path) -> AsyncIterator[Studio]:
    """A studio of the session's emulator."""
    access = emulator.access
    async with AudioKit(
        apiaudio=access["apiaudio"], audiostack=access["audiostack"], respeecher=access["respeecher"]
    ) as kit:
        yield Studio(kit, tmp_path)


@pytest.fixture
def op() -> Callable[..., dict[str, Any]]:
    """Do an operation of the engine in this process."""
    from audiokit.emulator.engine import OPERATIONS

    def do(name: str, /, **params: Any) -> dict[str, Any]:
        return OPERATIONS[name](**{key: str(v) if isinstance(v, Path) else v for key, v in params.items()})

    return do
