"""The pieces below a download: the partial file, the claim on a path, and work that is seen to its end."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from pathlib import Path
from types import CoroutineType
from typing import Any

import anyio
import pytest

from audiokit.errors import DownloadFailed
from audiokit.transport._claims import Claim
from audiokit.transport._part import Part, to_the_end


def test_part_has_another_name_until_it_is_finished(tmp_path: Path) -> None:
    """Hidden, unlike any other, in the folder of the file; the folder is made for it."""
    folder = tmp_path / "new"
    one, two = Part(folder), Part(folder)
    for part in (one, two):
        part.begin(None)
        part.write([b"ab", b"c"])
    names = {path.name for path in folder.iterdir()}
    assert 2 == len(names)
    assert all(name.startswith(".") and name.endswith(".part") for name in names)
    assert one.finish([b"d"], folder / "final") is None
    two.discard()
    assert [(folder / "final", b"abcd")] == [(path, path.read_bytes()) for path in folder.iterdir()]


def test_part_that_begins_anew_keeps_nothing(tmp_path: Path) -> None:
    """What was written before the second beginning is not in the file."""
    part = Part(tmp_path)
    part.begin(None)
    part.write([b"long before"])
    part.begin(None)
    part.finish([b"after"], tmp_path / "final")
    assert b"after" == (tmp_path / "final").read_bytes()


def test_part_that_is_discarded_takes_its_folders_along(tmp_path: Path) -> None:
    """Those it has made; what was there before, or holds something by now, stays."""
    old = tmp_path / "old"
    old.mkdir()
    part, shared, unused = Part(old / "a" / "b"), Part(old / "c" / "d"), Part(old / "e")
    part.begin(None)
    shared.begin(None)
    (old / "c" / "note").write_bytes(b"")
    for one in (part, shared, unused):
        one.discard()
    assert {old, old / "c", old / "c" / "note"} == set(tmp_path.rglob("*"))


def test_folder_that_another_download_takes_away_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the making of the folder and that of the file there is room for it."""
    folder = tmp_path / "new"
    make, times = Path.mkdir, [2]

    def make_and_lose(path: Path, *arguments: Any, **options: Any) -> None:
        make(path, *arguments, **options)
        if path == folder and times[0]:
            times[0] -= 1
            path.rmdir()

    monkeypatch.setattr(Path, "mkdir", make_and_lose)
    part = Part(folder)
    part.begin(None)
    part.finish([b"a"], folder / "final")
    assert [folder / "final"] == list(folder.iterdir())
    folder = tmp_path / "lost"
    times[0] = 99
    with pytest.raises(FileNotFoundError):  # not without end
        Part(folder).begin(None)


def test_step_that_comes_after_the_end_writes_nothing(tmp_path: Path) -> None:
    """A thread that starts late finds the download over, and does not open it again."""
    part = Part(tmp_path)
    part.begin(None)
    part.discard()
    part.discard()
    for step in (
        lambda: part.begin(None),
        lambda: part.write([b"a"]),
        lambda: part.finish([], tmp_path / "a"),
    ):
        with pytest.raises(ValueError, match="the download is over"):
            step()
    assert [] == list(tmp_path.iterdir())


def test_claim_that_is_forgotten_is_free() -> None:
    """As a download that was thrown away has no path any more."""
    claim = Claim("/a/b", shown="b")
    with pytest.raises(DownloadFailed, match="'b' is being written by another download"):
        Claim("/a/b", shown="b")
    with pytest.raises(DownloadFailed):  # the refused one has freed nothing
        Claim("/a/b", shown="b")
    del claim
    gc.collect()
    Claim("/a/b", shown="b").release()


def test_claim_is_not_inherited_by_a_fork() -> None:
    """A child process has none of its parent's downloads."""
    program = """
import os
from audiokit.transport._claims import Claim
claim = Claim("/a/b", shown="b")
pid = os.fork()
if pid == 0:
    Claim("/a/b", shown="b")
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "0" == done.stdout.strip()


def test_fork_does_not_remove_the_file_of_its_parent(tmp_path: Path) -> None:
    """A child process that ends, even while a thread of the parent was writing, leaves the download alone."""
    program = """
import os, pathlib, sys
from audiokit.transport._part import Part
folder = pathlib.Path(sys.argv[1])
part = Part(folder)
part.begin(None)
with part._lock:
    pid = os.fork()
    if pid == 0:
        part.discard()
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
part.finish([b"data"], folder / "out")
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, timeout=15
    )
    assert ("0", b"data") == (done.stdout.strip(), (tmp_path / "out").read_bytes())


@pytest.mark.parametrize("how", ["task", "scope"])
async def test_work_is_seen_to_its_end(how: str) -> None:
    """Neither a bare cancel nor a scope comes out before the thread is done; then it does come out."""
    goes_on, done = threading.Event(), []

    def work() -> None:
        goes_on.wait(5)
        done.append(True)

    async def wait() -> None:
        try:
            await to_the_end(work)
        finally:
            done.append(False)

    asyncio.get_running_loop().call_later(0.05, goes_on.set)
    if how == "scope":
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    else:
        task = asyncio.create_task(wait())
        for _ in range(3):
            await asyncio.sleep(0)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [True, False] == done


async def test_work_that_can_stop_is_told_once() -> None:
    """The first cancellation asks it to end soon; later ones wait."""
    stop, told = threading.Event(), []

    def tell() -> None:
        told.append(True)
        stop.set()

    task = asyncio.create_task(to_the_end(lambda: stop.wait(5), on_cancel=tell))
    for _ in range(3):
        await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [True] == told


async def test_failure_of_the_work_is_the_callers_unless_it_was_cancelled() -> None:
    """An error comes out as it is; after a cancellation nobody asks for it."""

    def fail() -> None:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        await to_the_end(fail)
    goes_on = threading.Event()

    def fail_late() -> None:
        goes_on.wait(5)
        fail()

    task = asyncio.create_task(to_the_end(fail_late))
    await asyncio.sleep(0)
    task.cancel()
    asyncio.get_running_loop().call_later(0.02, goes_on.set)
    with pytest.raises(asyncio.CancelledError):
        await task


def test_work_is_done_at_once_where_no_loop_runs() -> None:
    """A coroutine that is thrown away with its loop still cleans up."""
    coroutine: CoroutineType[Any, Any, int] = to_the_end(lambda: 5)  # type: ignore[assignment]
    with pytest.raises(StopIteration) as caught:
        coroutine.send(None)
    assert 5 == caught.value.value


async def test_work_whose_coroutine_is_thrown_away_is_told_to_stop() -> None:
    """Nobody can wait for it any more."""
    stop = threading.Event()
    coroutine = to_the_end(lambda: stop.wait(5), on_cancel=stop.set)
    coroutine.send(None)
    coroutine.close()
    assert stop.is_set()


def test_descriptors_are_closed_whatever_happens(tmp_path: Path) -> None:
    """Finished, discarded, or broken off by the disk: no file stays open."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for end in ("finish", "discard", "fail"):
        part = Part(tmp_path)
        part.begin(None)
        if end == "finish":
            part.finish([b"a"], tmp_path / "a")
        else:
            if end == "fail":
                with pytest.raises(OSError, match="No such file"):
                    part.finish([b"a"], tmp_path / "none" / "a")
            part.discard()
    assert before == len(list(Path("/proc/self/fd").iterdir()))
    assert [tmp_path / "a"] == list(tmp_path.iterdir())
