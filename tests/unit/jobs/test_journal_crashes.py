"""Whatever ends the process or fills the disk: what was awaited is there, what was refused is not claimed."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from audiokit.errors import JournalError, JournalUnreadable, JournalWriteFailed
from audiokit.jobs._journal import Entry, Journal, JournalState, Scope

ROOT: Final = Path(__file__).parents[3]
WAY: Final = [JournalState(one) for one in ("planned", "intent", "sent", "fetched", "done")]
STATES: Final[Sequence[JournalState | None]] = [None, *WAY]

# Twenty jobs at once go all the way; each record that was awaited is told as a line. The process ends
# itself at a transition of job 13, or is ended from outside.
PROGRAM: Final = """
import asyncio, os, signal, sys
from audiokit.jobs._journal import Journal, JournalState, Output, Scope
path, kill_when, kill_state, rounds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])

def hook(when, key, state):
    if (when, key, state.value) == (kill_when, "job-13", kill_state):
        os.kill(os.getpid(), signal.SIGKILL)

def tell(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

async def work(journal, key, number):
    await journal.plan(key, kind="fake", kind_version=1, fields={"number": number})
    tell(key, "planned")
    await journal.write(key, JournalState.INTENT, lock=f"lock-{key}")
    tell(key, "intent")
    await journal.write(key, JournalState.SENT, remote_ids={"r": f"remote-{key}"}, place="here")
    tell(key, "sent")
    await journal.write(key, JournalState.FETCHED, outputs=[Output(path=key, size_bytes=number, sha256="ab")])
    tell(key, "fetched")
    await journal.write(key, JournalState.DONE)
    tell(key, "done")

async def main():
    async with Journal(path, scope=Scope(), on_transition=hook) as journal:
        tell("open", "planned")
        for turn in range(rounds):
            await asyncio.gather(*(work(journal, f"job-{turn * 20 + n}", n) for n in range(20)))

asyncio.run(main())
"""


def start(path: Path, when: str = "-", state: str = "-", rounds: int = 1) -> subprocess.Popen[str]:
    """The program above."""
    command = [sys.executable, "-c", PROGRAM, str(path), when, state, str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def run(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a Python program to its end."""
    words = [sys.executable, "-c", *map(str, command)]
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False, timeout=15)


def awaited(lines: str) -> dict[str, JournalState]:
    """The last state of each job that was told as durable; a line that was cut off does not count."""
    whole = lines[: lines.rfind("\n") + 1].splitlines()
    return {key: JournalState(state) for key, state in map(str.split, whole) if key != "open"}


async def read(path: Path) -> tuple[dict[str, Entry], frozenset[str]]:
    """What the next process finds."""
    async with Journal(path, scope=Scope()) as journal:
        entries = {entry.key: entry async for entry in journal.entries(JournalState)}
        return entries, await journal.known("here")


def check(entries: dict[str, Entry], remote_ids: frozenset[str], told: dict[str, JournalState]) -> None:
    """Each job is where it was told to be, or further, with all that belongs there."""
    assert told.keys() <= entries.keys()
    for key, entry in entries.items():
        place = WAY.index(entry.state)
        assert key not in told or place >= WAY.index(told[key])
        assert (f"lock-{key}" if entry.state is JournalState.INTENT else None) == entry.lock
        assert ({"r": f"remote-{key}"} if place >= 2 else {}) == entry.remote_ids
        assert (1 if place >= 3 else 0) == len(entry.outputs)
        assert (f"remote-{key}" in remote_ids) is (place >= 2)


@pytest.mark.parametrize("state", WAY)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_kill_at_a_transition(tmp_path: Path, when: str, state: JournalState) -> None:
    """Killed right before a record is durable it is not there, killed right after it is; no job is lost."""
    path = tmp_path / "jobs.sqlite"
    with start(path, when, state) as process:
        lines, errors = process.communicate(timeout=15)
    assert -signal.SIGKILL == process.returncode, errors
    entries, remote_ids = await read(path)
    check(entries, remote_ids, awaited(lines))
    found = entries["job-13"].state if "job-13" in entries else None
    wanted = state if when == "after" else STATES[STATES.index(state) - 1]
    assert wanted is found


async def kill_at_random(path: Path, chance: random.Random, times: int) -> int:
    """Kill the program at random moments, each time with a journal of its own; how many jobs were told."""
    seen = 0
    for turn in range(times):
        where = path.with_name(f"{turn}.sqlite")
        with start(where, rounds=10_000) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            await asyncio.sleep(chance.uniform(0.0, 0.2))
            process.kill()
            lines = first + process.stdout.read()
        told = awaited(lines)
        entries, remote_ids = await read(where)
        check(entries, remote_ids, told)
        seen += len(told)
    return seen


async def test_kill_at_random_moments(tmp_path: Path) -> None:
    """Killed from outside, in the middle of whatever it does, it has lost nothing that was awaited."""
    assert await kill_at_random(tmp_path / "jobs.sqlite", random.Random(6), 4) > 0


@pytest.mark.heavy
async def test_kill_at_many_random_moments(tmp_path: Path) -> None:
    """The same a hundred times."""
    assert await kill_at_random(tmp_path / "jobs.sqlite", random.Random(66), 100) > 1000


async def test_killed_while_it_is_made(tmp_path: Path) -> None:
    """A kill while the journal is being made leaves none, or a whole one."""
    program = PROGRAM.replace(
        "path, kill_when",
        "import audiokit.jobs._journal_file as file, pathlib\n"
        "real = os.close if sys.argv[2] == 'made' else pathlib.Path.replace\n"
        "def end(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
        "if sys.argv[2] == 'made': file.os = type('os', (), {**vars(os), 'close': staticmethod(end)})\n"
        "else: pathlib.Path.replace = end\n"
        "path, kill_when",
        1,
    )
    path = tmp_path / "jobs.sqlite"
    for step in ("made", "moved"):
        done = run(program, path, step, "-", 1)
        assert -signal.SIGKILL == done.returncode, done.stderr
        assert not path.exists()
    assert ({}, frozenset()) == await read(path)
    assert ["jobs.sqlite"] == [one.name for one in tmp_path.iterdir()]


# A disk that is full.


async def plan(journal: Journal, key: str) -> None:
    """Plan a job of a few hundred bytes."""
    await journal.plan(key, kind="fake", kind_version=1, fields={"text": "x" * 300})


async def test_full_journal_claims_nothing_and_goes_on_afterwards(tmp_path: Path) -> None:
    """Every waiting writer is told, nothing of the batch is there, and with room again all goes on."""
    path = tmp_path / "jobs.sqlite"
    async with Journal(path, scope=Scope()) as journal:
        await plan(journal, "before")
        await journal._do(lambda ledger: ledger._db.execute("pragma max_page_count = 20").fetchall())
        writes = [plan(journal, f"k{number}") for number in range(300)]
        writes.append(journal.write("before", JournalState.INTENT, lock="o"))
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert {JournalWriteFailed} == {type(answer) for answer in answers}
        assert (
            "could not be written (database or disk is full), so what was to be recorded is not: make room"
            in str(answers[0])
        )
        assert {JournalState.PLANNED: 1} == await journal.counts()
        await journal._do(lambda ledger: ledger._db.execute("pragma max_page_count = 100000").fetchall())
        await asyncio.gather(*(plan(journal, f"k{number}") for number in range(300)))
        await journal.write("before", JournalState.INTENT, lock="o")
        assert {JournalState.PLANNED: 300, JournalState.INTENT: 1} == await journal.counts()
    entries, _ = await read(path)
    assert 301 == len(entries)
    assert list(range(1, 302)) == [entry.seq for entry in entries.values()]


# A limit on the size of files makes real writes fail, as a full disk does, without a disk to fill.
FULL: Final = """
import asyncio, os, resource, sys
from audiokit.errors import JournalWriteFailed
from audiokit.jobs._journal import Journal, JournalState, Scope
path = sys.argv[1]
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

async def plan(journal, key):
    await journal.plan(key, kind="fake", kind_version=1, fields={"text": "x" * 300})
    os.write(1, f"{key} planned\\n".encode())

async def main():
    failed = 0
    async with Journal(path, scope=Scope()) as journal:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
        for turn in range(60):
            keys = [f"k{turn}-{n}" for n in range(10)]
            answers = await asyncio.gather(*(plan(journal, key) for key in keys), return_exceptions=True)
            assert set(map(type, answers)) in ({type(None)}, {JournalWriteFailed}), answers
            failed += answers[0] is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        await plan(journal, "after")
    os.write(1, f"failed {failed}\\n".encode())

asyncio.run(main())
"""


async def test_failing_writes_claim_nothing_and_go_on_afterwards(tmp_path: Path) -> None:
    """When the system refuses to write, exactly what was awaited is there, and the next record is too."""
    path = tmp_path / "jobs.sqlite"
    done = run(FULL, path)
    assert 0 == done.returncode, done.stderr
    *lines, last = done.stdout.splitlines()
    assert 0 < int(last.removeprefix("failed ")) < 60
    entries, _ = await read(path)
    assert {line.split()[0] for line in lines} == set(entries)
    assert "after" in entries


async def test_reading_and_closing_work_on_a_full_disk(tmp_path: Path) -> None:
    """What is known can be read, and the journal closed, while nothing can be written."""
    path = tmp_path / "jobs.sqlite"
    async with Journal(path, scope=Scope()) as journal:
        await plan(journal, "k")
        await journal._do(lambda ledger: ledger._db.execute("pragma query_only = 1").fetchall())
        with pytest.raises(JournalWriteFailed, match=r"could not be written \(attempt to write a readonly"):
            await plan(journal, "l")
        with pytest.raises(JournalWriteFailed):
            await journal.prune(older_than_s=-1)
        assert ["k"] == [entry.key async for entry in journal.entries()]
        await journal._do(lambda ledger: ledger._db.execute("pragma query_only = 0").fetchall())
        with pytest.raises(JournalError, match=r"could not be read \(no such table: missing_table\)"):
            await journal._do(lambda ledger: ledger._db.execute("select 1 from missing_table").fetchall())
    entries, _ = await read(path)
    assert ["k"] == list(entries)


async def test_journal_kept_locked_by_another_program_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who edits it with another program blocks it: that is said after a while, not waited out."""
    monkeypatch.setattr("audiokit.jobs._journal_file._BUSY_TIMEOUT_S", 0.05)
    path = tmp_path / "jobs.sqlite"
    async with Journal(path, scope=Scope()) as journal:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("begin immediate")
        with pytest.raises(JournalWriteFailed, match="another program keeps it locked; close that one"):
            await plan(journal, "k")
        other.execute("rollback")
        other.close()
        await plan(journal, "k")


async def test_file_overwritten_while_in_use_is_told(tmp_path: Path) -> None:
    """Rubbish that appears under an open journal is named as damage, and does not hang anybody."""
    path = tmp_path / "jobs.sqlite"
    async with Journal(path, scope=Scope()) as journal:
        await asyncio.gather(*(plan(journal, f"k{number}") for number in range(2000)))
    async with Journal(path, scope=Scope()) as journal:
        # Not through Python's open(): closing that would drop SQLite's own locks.
        program = "import sys; f = open(sys.argv[1], 'r+b'); f.seek(4096); f.write(b'\\xa5' * (1 << 18))"
        assert 0 == run(program, path).returncode
        with pytest.raises(JournalUnreadable, match="was damaged while in use"):
            async for _ in journal.entries(JournalState):
                pass
