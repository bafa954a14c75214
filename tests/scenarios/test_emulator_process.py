"""The emulator as a child: it starts, is ours alone, and never outlives us."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import ends

from audiokit import AudioKit
from audiokit.testing import EmulatorProcess

PROJECT = Path(__file__).parent.parent.parent

# No `if __name__ == "__main__"` on purpose: a child that imports its parent's script would run it again.
UNGUARDED = """
import asyncio, pathlib, sys
import audiokit
print("started", flush=True)
async def main():
    async with audiokit.AudioKit.emulated() as kit:
        project = await kit.respeecher.projects.create("unguarded")
        folder = await kit.respeecher.folders.create(project.id, "takes")
        await kit.respeecher.recordings.create_tts_and_wait("One, two, three.", folder_id=folder.id)
        print(kit._emulator.pid, flush=True)
        {then}
asyncio.run(main())
"""


def _script(then: str) -> list[str]:
    return [sys.executable, "-c", UNGUARDED.format(then=then)]


def test_an_unguarded_script_runs_once_and_takes_its_child_along() -> None:
    """The script's top level runs one time, and the emulator is gone when it ends."""
    done = subprocess.run(
        _script("pass"), cwd=PROJECT, capture_output=True, text=True, timeout=18, check=True
    )
    started, pid = done.stdout.split()
    assert started == "started"
    assert ends(int(pid), within_s=3)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_emulator_ends_with_a_killed_parent(number: signal.Signals) -> None:
    """However the parent ends, the child notices and ends too."""
    parent = subprocess.Popen(
        _script("await asyncio.sleep(15)"), cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "started\n"
    pid = int(parent.stdout.readline())
    parent.send_signal(number)
    parent.wait(timeout=5)
    parent.stdout.close()
    assert ends(pid, within_s=8)


async def test_a_worker_that_dies_is_replaced(
    kit: AudioKit, emulator: EmulatorProcess, folder_id: str
) -> None:
    """After its sound workers are killed the emulator makes sound again."""
    children = Path(f"/proc/{emulator.pid}/task/{emulator.pid}/children")
    if not children.exists():
        pytest.skip("needs /proc to find the worker processes")
    await kit.respeecher.recordings.create_tts_and_wait("Before.", folder_id=folder_id)
    workers = [int(pid) for pid in children.read_text().split()]
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(0.2)
    after = await kit.respeecher.recordings.create_tts_and_wait("After.", folder_id=folder_id)
    assert after.state == "done"


async def test_the_data_folder_keeps_everything(tmp_path: Path) -> None:
    """With a data folder, key and objects survive a restart; the login file is for its owner only."""
    data = tmp_path / "data"
    async with EmulatorProcess(data=data) as first:
        access, login = first.access, first.login
        async with AudioKit(respeecher=access["respeecher"]) as kit:
            project = await kit.respeecher.projects.create("kept")
    async with EmulatorProcess(data=data) as second:
        assert login == second.login
        assert access["respeecher"].credentials == second.access["respeecher"].credentials
        async with AudioKit(respeecher=second.access["respeecher"]) as kit:
            assert (await kit.respeecher.projects.by_url(project.url or "")).name == "kept"
    secret = [
        path
        for path in data.rglob("*")
        if path.is_file() and login.password.reveal() in path.read_bytes().decode("latin-1")
    ]
    assert secret
    assert all(path.stat().st_mode & 0o077 == 0 for path in secret)


@pytest.mark.heavy
@pytest.mark.timeout(120)
def test_the_demo_makes_seven_files(tmp_path: Path) -> None:
    """The main job ends well and its JSON names every file."""
    import json

    done = subprocess.run(
        [sys.executable, "-m", "audiokit", "demo", "--json", "--out", str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=110,
        check=True,
    )
    files = json.loads(done.stdout.splitlines()[-1])
    assert len(files) == 7
    assert all(Path(entry["file"]).stat().st_size > 1000 for entry in files)
