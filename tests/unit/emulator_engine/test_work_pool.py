"""Workers that die, hang or are abandoned do not trouble the next caller."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
import pytest_asyncio
from processes import ends

from audiokit.emulator._work import WorkError, WorkPool

TESTING = ("--test-operations",)


ONE_POOL = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[WorkPool]:
    """One worker that also knows the test operations; shared, as each start costs half a second."""
    async with WorkPool(workers=1, options=TESTING) as opened:
        yield opened


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@ONE_POOL
async def test_result_of_an_operation_comes_back(pool: WorkPool, audio: Path) -> None:
    """The parent gets what the engine found."""
    found = await pool.run("probe", path=str(audio / "vowel_147hz.wav"), max_seconds=10)
    assert ("wav", 2.0) == (found["format"], found["seconds"])


@ONE_POOL
async def test_refusal_carries_the_reason_and_no_path(pool: WorkPool, audio: Path) -> None:
    """What the user is told names the fault, not this machine."""
    with pytest.raises(WorkError) as caught:
        await pool.run("probe", path=str(audio / "malformed" / "playlist_named.wav"))
    assert "refused" == caught.value.kind
    assert "playlist" in caught.value.message
    assert "/" not in caught.value.message


@ONE_POOL
async def test_unknown_operation_is_refused_by_name(pool: WorkPool) -> None:
    """A wrong name says which there are."""
    with pytest.raises(WorkError, match=r"no audio operation 'dance'; there are convert, .*encode, .*f0"):
        await pool.run("dance")


@ONE_POOL
async def test_bug_in_an_operation_does_not_end_the_worker(pool: WorkPool) -> None:
    """An exception inside is a crash of the call only."""
    before = (await pool.run("_print", text=""))["pid"]
    with pytest.raises(WorkError, match=r"failed inside \(TypeError\)") as caught:
        await pool.run("probe", nonsense=1)
    assert "crashed" == caught.value.kind
    assert before == (await pool.run("_print", text=""))["pid"]


@ONE_POOL
async def test_aborting_worker_fails_its_call_and_is_replaced(pool: WorkPool) -> None:
    """After a native abort the next call works in a new process."""
    before = (await pool.run("_print", text=""))["pid"]
    with pytest.raises(WorkError, match="the audio worker stopped during '_crash'") as caught:
        await pool.run("_crash")
    assert "crashed" == caught.value.kind
    assert before != (await pool.run("_print", text=""))["pid"]


@ONE_POOL
async def test_hanging_operation_times_out_and_its_worker_is_killed(
    pool: WorkPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call takes no longer than the limit, and leaves no process behind."""
    before = (await pool.run("_print", text=""))["pid"]
    with monkeypatch.context() as patch:  # only for this call: on a busy machine others may take as long
        patch.setattr(pool, "_task_timeout_s", 0.1)
        with pytest.raises(WorkError, match=r"took longer than 0\.1 seconds") as caught:
            await pool.run("_sleep", seconds=60)
    assert "timeout" == caught.value.kind
    assert not _is_running(before)
    assert before != (await pool.run("_print", text=""))["pid"]


@ONE_POOL
async def test_reply_of_a_cancelled_call_is_never_read_by_the_next(pool: WorkPool) -> None:
    """A caller that goes away takes its worker with it."""
    before = (await pool.run("_print", text=""))["pid"]
    task = asyncio.create_task(pool.run("_sleep", seconds=60))
    await anyio.wait_all_tasks_blocked()  # for the reply: the worker was idle
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _is_running(before)
    assert "pid" in await pool.run("_print", text="")


@ONE_POOL
async def test_libraries_may_write_to_standard_output(pool: WorkPool) -> None:
    """Chatter of C libraries does not meet the replies."""
    for _ in range(3):
        assert "pid" in await pool.run("_print", text="warning: something\n" * 50)


async def test_memory_is_limited() -> None:
    """An operation that asks for too much is refused; the worker lives on."""
    async with WorkPool(workers=1, memory_limit_bytes=1024**3, options=TESTING) as pool:
        with pytest.raises(WorkError, match="needs more memory") as caught:
            await pool.run("_allocate", size_bytes=2 * 1024**3)
        assert "refused" == caught.value.kind
        assert 1024 == (await pool.run("_allocate", size_bytes=1024))["allocated_bytes"]


@ONE_POOL
async def test_calls_beyond_the_number_of_workers_wait(pool: WorkPool) -> None:
    """One worker serves many callers, one after the other."""
    pids = await asyncio.gather(*(pool.run("_print", text="") for _ in range(5)))
    assert 1 == len({reply["pid"] for reply in pids})


async def test_leaving_the_pool_ends_its_workers() -> None:
    """No process is left when the block is left."""
    async with WorkPool(workers=2, options=TESTING) as pool:
        pids = [
            reply["pid"] for reply in await asyncio.gather(*(pool.run("_print", text="") for _ in range(2)))
        ]
    assert [False, False] == [_is_running(pid) for pid in pids]


async def test_worker_without_its_libraries_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A missing extra is named with the command that installs it."""
    (tmp_path / "espeakng_loader.py").write_text("raise ModuleNotFoundError(name='espeakng_loader')")
    monkeypatch.syspath_prepend(tmp_path)
    async with WorkPool(workers=1) as pool:
        with pytest.raises(WorkError, match=r"needs 'espeakng_loader': pip install 'audiokit\[emulator\]'"):
            await pool.run("f0", path="x")


async def test_closed_pool_says_so() -> None:
    """Using it outside its block is a mistake with a message."""
    with pytest.raises(RuntimeError, match="WorkPool is closed"):
        await WorkPool().run("probe")


async def test_warming_starts_a_worker_once() -> None:
    """Warming twice is harmless, and the warm worker serves the first call."""
    async with WorkPool(workers=1, options=TESTING) as pool:
        await pool.warm()
        await pool.warm()
        assert "pid" in await pool.run("_print", text="")


@pytest.mark.parametrize(
    ("wrong", "message"), [({"workers": 0}, "workers"), ({"task_timeout_s": 0}, "seconds")]
)
def test_senseless_settings_are_refused(wrong: dict[str, float], message: str) -> None:
    """A pool without workers or time is a mistake."""
    with pytest.raises(ValueError, match=message):
        WorkPool(**wrong)


def test_script_without_a_main_guard_runs_once(tmp_path: Path) -> None:
    """Workers do not import the caller's script again."""
    script = tmp_path / "unguarded.py"
    script.write_text(
        textwrap.dedent(
            """
            import asyncio, os
            from audiokit.emulator._work import WorkPool
            print("top level", flush=True)
            async def main():
                async with WorkPool(workers=2, options=("--test-operations",)) as pool:
                    replies = await asyncio.gather(*(pool.run("_print", text="x") for _ in range(2)))
                    print(sum(reply["pid"] != os.getpid() for reply in replies), flush=True)
            asyncio.run(main())
            """
        )
    )
    paths = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    done = subprocess.run(
        [sys.executable, str(script)],
        check=False,
        capture_output=True,
        text=True,
        timeout=15,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert "top level\n2\n" == done.stdout, done.stderr


def test_worker_ends_when_its_parent_is_killed_during_work(tmp_path: Path) -> None:
    """A parent that dies without a word leaves no worker behind, not even a busy one."""
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent(
            """
            import asyncio
            from audiokit.emulator._work import WorkPool
            async def main():
                async with WorkPool(workers=1, options=("--test-operations",)) as pool:
                    print((await pool.run("_print", text=""))["pid"], flush=True)
                    await pool.run("_sleep", seconds=60)
            asyncio.run(main())
            """
        )
    )
    paths = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    assert ends(worker, within_s=5)


@pytest.mark.skipif(os.name != "posix", reason="sessions are POSIX's")
@ONE_POOL
async def test_a_ctrl_c_in_the_terminal_does_not_reach_workers(pool: WorkPool) -> None:
    """Each worker leads a session of its own, also while it is still starting."""
    worker = (await pool.run("_print", text=""))["pid"]
    assert worker == os.getsid(worker)
