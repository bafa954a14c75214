"""Ctrl-C once and twice, and SIGTERM, in a program of one's own and on the command line: a tidy end, soon."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from plugs import ROOT, Child, Story, story
from processes import ends, hears_ctrl_c

from audiokit.testing import EmulatorProcess

SLOW = "conversion:60s"
SOON_S = 5.0  # on a busy machine; jobs take a minute, and leaving could take two
INTERRUPTED = -signal.SIGINT


async def _under_way(child: Child, count: int) -> None:
    """Wait until that many jobs are at work at the API."""
    await child.until(lambda one: len([key for key in one.all("begun") if "upload" not in key]) >= count)


def _left_nothing(child: Child) -> None:
    assert [["MainThread"]] == child.all("left")
    assert [[]] == child.all("children")


async def _the_rest_is_done_once(tale: Story) -> None:
    """The journal opens again, what was detached has gone on, and nothing is submitted twice."""
    await tale.only_noted_ones_were_submitted()
    await tale.control.change(speed=1000)
    await tale.finish()


async def test_the_second_ctrl_c_detaches_at_once(emulator: EmulatorProcess, tmp_path: Path) -> None:
    """`until_signal`: the first lets jobs finish, which takes a minute; the second ends the program soon."""
    options = {"drain_s": 120, "max_in_flight": 4}
    async with (
        story(emulator, tmp_path, processing=SLOW) as tale,
        tale.child(until_signal=True, options=options) as child,
    ):
        await _under_way(child, 4)
        child.signal(signal.SIGINT)
        with pytest.raises(TimeoutError):
            await child.until(lambda one: bool(one.all("left")), limit_s=0.5)
        child.signal(signal.SIGINT)
        code, took_s = await child.end()
        assert (0, [None]) == (code, child.all("raised")), child.errors
        assert took_s < SOON_S
        assert ["cancelled"] * 4 == child.all("state")
        for error in child.all("error"):
            assert "because the orchestrator was closed" in error
            assert "goes on remotely" in error
        assert "" == child.errors
        _left_nothing(child)
        await _the_rest_is_done_once(tale)


async def test_sigterm_lets_jobs_finish(emulator: EmulatorProcess, tmp_path: Path) -> None:
    """`until_signal`: what is under way is done and saved, nothing more is begun, the exit code is 0."""
    options = {"drain_s": 15, "max_in_flight": 3}
    async with (
        story(emulator, tmp_path, processing="conversion:1s") as tale,
        tale.child(until_signal=True, options=options) as child,
    ):
        await _under_way(child, 3)
        child.signal(signal.SIGTERM)
        code, _ = await child.end()
        assert (0, [None]) == (code, child.all("raised")), child.errors
        assert ["done"] * 3 == child.all("state")
        _left_nothing(child)
        await _the_rest_is_done_once(tale)


@pytest.mark.heavy
async def test_sigterm_waits_no_longer_than_it_may(emulator: EmulatorProcess, tmp_path: Path) -> None:
    """`until_signal`: after `drain_s` seconds what is not done is detached, and the program ends."""
    options = {"drain_s": 0.5, "max_in_flight": 4}
    async with (
        story(emulator, tmp_path, processing=SLOW) as tale,
        tale.child(until_signal=True, options=options) as child,
    ):
        await _under_way(child, 4)
        child.signal(signal.SIGTERM)
        code, took_s = await child.end()
        assert (0, [None]) == (code, child.all("raised")), child.errors
        assert 0.4 < took_s < 0.5 + SOON_S
        assert ["cancelled"] * 4 == child.all("state")
        _left_nothing(child)
        await _the_rest_is_done_once(tale)


@pytest.mark.parametrize(
    ("presses", "options"),
    [
        pytest.param(1, {"on_leave": "detach"}, id="once", marks=pytest.mark.heavy),
        pytest.param(2, {"on_leave": "wait", "drain_s": 120}, id="twice"),
    ],
)
async def test_ctrl_c_without_handlers_of_ours(
    emulator: EmulatorProcess, tmp_path: Path, presses: int, options: dict[str, Any]
) -> None:
    """Plain `asyncio.run`: `KeyboardInterrupt` as ever; where it waits for its jobs, at the second one."""
    async with (
        story(emulator, tmp_path, processing=SLOW) as tale,
        tale.child(options={**options, "max_in_flight": 4}) as child,
    ):
        await _under_way(child, 4)
        for _ in range(presses - 1):
            child.signal(signal.SIGINT)
            with pytest.raises(TimeoutError):
                await child.until(lambda one: bool(one.all("left")), limit_s=0.5)
        child.signal(signal.SIGINT)
        code, took_s = await child.end()
        assert code == INTERRUPTED
        assert took_s < SOON_S
        assert "KeyboardInterrupt" in child.errors
        assert "never" not in child.errors  # awaited, retrieved, closed
        _left_nothing(child)
        await _the_rest_is_done_once(tale)


@pytest.mark.parametrize(
    ("moment", "presses"),
    [
        ("emulator is up", 1),
        pytest.param("jobs at once", 1, marks=pytest.mark.heavy),
        pytest.param("jobs at once", 2, marks=pytest.mark.heavy),
    ],
)
async def test_ctrl_c_on_the_command_line(tmp_path: Path, moment: str, presses: int) -> None:
    """`audiokit demo`, to all its processes as from a terminal: 130, no traceback, nothing left."""
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "audiokit", "demo", "--out", str(tmp_path / "out")),
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        preexec_fn=hears_ctrl_c,
    )
    assert demo.stdout is not None
    async with asyncio.timeout(18):
        while moment.encode() not in (line := await demo.stdout.readline()):
            assert line, "it ended before"
    started = _descendants(demo.pid)
    for _ in range(presses):
        os.killpg(demo.pid, signal.SIGINT)
        await asyncio.sleep(0.05)
    start = time.monotonic()
    async with asyncio.timeout(15):
        _, errors = await demo.communicate()
    assert (130, "") == (demo.returncode, errors.decode())
    assert time.monotonic() - start < SOON_S
    assert all(ends(pid, within_s=5) for pid in started)
    assert [] == list(tmp_path.glob("audiokit-*"))


def _descendants(pid: int) -> list[int]:
    """The processes that one has started, and those have."""
    try:
        children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:  # not on this system, or ended just now
        return []
    return [*children, *(further for child in children for further in _descendants(child))]
