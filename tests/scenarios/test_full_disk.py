"""The disk is full in the middle of a run: one clear error, and the rest is done once there is room."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from plugs import Child, Story, story

from audiokit.testing import EmulatorProcess

# A disk of one's own, without being root where the system lets users have a namespace; gone with the process.
OWN_DISK = ("unshare", "--user", "--map-root-user", "--mount")
ON_OWN_DISK = """
mount -t tmpfs -o size=4m none "$1" && disk="$1" && kept="$2" && shift 2 && "$@"
status=$?
cp -r "$disk/." "$kept" && exit $status
"""
WRITES = "run the same jobs again"


@asynccontextmanager
async def _until_full(
    tale: Story, full: dict[str, Any], *wrapped_in: str, **config: Any
) -> AsyncGenerator[Child]:
    """The program at the end of its first run, then after its second one."""
    options = {"settle_s": 1.0, "max_in_flight": 3, "attempts": 1}
    async with tale.child(wrapped_in, full=full, options=options, **config) as child:
        await child.until(lambda one: bool(one.all("raised")))
        assert child.all("full")
        yield child
        child.go_on()
        code, _ = await child.end()
        assert (0, None) == (code, child.all("raised")[1]), (child.said, child.errors)
        assert ["done"] * tale.jobs == child.all("state")[-tale.jobs :], child.said


async def _code(command: Sequence[str]) -> int:
    """The exit code of a command whose words do not matter."""
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    return await process.wait()


def _ended_clearly(child: Child, *causes: str) -> None:
    """One error for the run, which says what to do; jobs failed for that reason, or for *causes*."""
    assert ["JournalWriteFailed"] == child.all("raised")
    (message,) = child.all("message")
    assert WRITES in message
    failed = {one["cause"] for one in child.said if one.get("state") == "failed"}
    assert {"JournalWriteFailed", "JournalLockTaken", *causes} >= failed


@pytest.mark.parametrize(
    ("when", "state"),
    [
        ("after", "intent"),
        pytest.param("before", "sent", marks=pytest.mark.heavy),
        pytest.param("after", "sent", marks=pytest.mark.heavy),
        pytest.param("after", "planned", marks=pytest.mark.heavy),
        pytest.param("before", "fetched", marks=pytest.mark.heavy),
    ],
)
async def test_a_journal_that_takes_no_more_ends_the_run(
    emulator: EmulatorProcess, tmp_path: Path, when: str, state: str
) -> None:
    """Nothing is submitted that is not noted; the same inputs again do the rest, each label once."""
    async with story(emulator, tmp_path, sources=2, voices=3) as tale:
        async with _until_full(tale, {"when": when, "state": state, "nth": 3}) as child:
            _ended_clearly(child)
            assert len(child.all("outcome")) < tale.jobs, "inputs were read on although nothing can be noted"
            await tale.only_noted_ones_were_submitted()
        await tale.check()


async def test_a_disk_that_is_really_full_ends_the_run(emulator: EmulatorProcess, tmp_path: Path) -> None:
    """Journal and output on one disk without a byte left: as above, and the message says to make room."""
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    kept.mkdir()
    shell = (*OWN_DISK, "sh", "-c", ON_OWN_DISK, "sh", str(disk), str(kept))
    if shutil.which("unshare") is None or await _code([*shell, "true"]) != 0:
        pytest.skip("this system lets nobody mount a disk of their own")
    async with story(emulator, tmp_path, sources=2, voices=3) as tale:
        tale.config.update(journal=str(disk / "jobs.sqlite"), out=str(disk / "out"))
        full = {"when": "after", "state": "intent", "nth": 4, "ballast": str(disk / "ballast")}
        async with _until_full(tale, full, *shell) as child:
            _ended_clearly(child, "DownloadFailed")
            assert "database or disk is full" in child.all("message")[0]
            assert "make room on the disk" in child.all("message")[0]
        disk.rmdir()
        kept.rename(disk)
        await tale.check()


async def test_a_file_that_cannot_be_saved_is_not_ordered_again(
    emulator: EmulatorProcess, tmp_path: Path
) -> None:
    """No room for the outputs: each job fails and says so, the run goes on, and the next one only fetches."""
    async with story(emulator, tmp_path, sources=1, voices=3, spoken=0, source_s=5.0) as tale:
        async with _until_full(tale, {"limit_bytes": 200_000}) as child:
            assert [None] == child.all("raised")
            assert ["failed"] * 3 == child.all("state")
            for error in child.all("error"):
                assert "File too large; nothing was saved" in error
                assert "run it again with the same journal, and it goes on from there" in error
            assert [] == [one for one in Path(tale.config["out"]).iterdir() if one.is_file()]
            before = await tale.control.counts()
        after = await tale.control.counts()
        assert before["submitted"] == after["submitted"]
        await tale.check()


@pytest.mark.heavy
async def test_bytes_that_cannot_be_kept_beside_the_journal_end_the_run(
    emulator: EmulatorProcess, tmp_path: Path
) -> None:
    """No room for what was given as bytes: nothing of it is sent, and it is done once there is room."""
    async with story(emulator, tmp_path, sources=0, voices=1, spoken=1, given=1, source_s=20.0) as tale:
        async with _until_full(tale, {"limit_bytes": 300_000}) as child:
            assert ["JournalWriteFailed"] == child.all("raised")
            (message,) = child.all("message")
            assert "bytes cannot be kept beside the journal: File too large" in message
            assert WRITES in message
            assert "orders.create" not in (await tale.control.counts())["submitted"]
        await tale.check()
