"""The emulator as a child process: it ends with us, and says why it did not start."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import attrs
import pytest

from audiokit import AudioKit
from audiokit._config import NEVER_PROXIED
from audiokit.errors import EmulatorError, UsageError
from audiokit.testing import EmulatorProcess

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("uvicorn") is None, reason="the emulator extra is not installed"
)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_child_that_does_not_start_says_why() -> None:
    """The error has the exit code and the child's own last words."""
    emulator = EmulatorProcess(arguments=("--no-such-option",))
    with pytest.raises(EmulatorError, match=r"exit code 2\); it said: (?s:.)*--no-such-option"):
        await emulator.__aenter__()
    assert (None, "<EmulatorProcess not running>") == (emulator.pid, repr(emulator))


async def test_child_that_is_not_ready_in_time_is_ended() -> None:
    """The wait for it is bounded, and nothing is left running."""
    emulator = EmulatorProcess(start_timeout_s=0.01)
    with pytest.raises(EmulatorError, match=r"not ready within 0\.01 s"):
        await emulator.__aenter__()
    assert emulator.pid is None


async def test_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    """`data=` must be a folder; the child's complaint reaches the caller."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EmulatorError):
        async with AudioKit.emulated(data=tmp_path / "file"):
            pass


async def test_child_serves_and_ends_with_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three APIs with a key each, whatever the proxies; then it is gone and cannot be started again."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # where nobody answers
    emulator = EmulatorProcess()
    async with emulator:
        pid = emulator.pid
        assert pid is not None
        assert _is_alive(pid)
        access = emulator.access
        assert ["apiaudio", "audiostack", "respeecher"] == sorted(access)
        async with AudioKit(apiaudio=access["apiaudio"], respeecher=access["respeecher"]) as kit:
            assert (await kit.respeecher.credits.get()).left > 0
            assert await kit.apiaudio.sound.list_sound_templates()
        gateway = attrs.evolve(access["respeecher"], credentials=emulator.login)
        async with AudioKit(respeecher=gateway) as by_login:
            assert "@" in ((await by_login.respeecher.session.auth()).email or "")
    assert not _is_alive(pid)
    assert set() == NEVER_PROXIED
    with pytest.raises(UsageError, match="only once"):
        await emulator.__aenter__()
