"""A journal that cannot be used is refused, with a reason, and left as it was."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from audiokit import ApiAccess, ApiKey, Login
from audiokit.errors import JournalError, JournalInUse, JournalMismatch, JournalUnreadable
from audiokit.jobs._journal import Account, Durability, Journal, JournalState, Scope
from audiokit.jobs._journal_lock import FileLock

ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "jobs.sqlite"


def scope(url: str = "https://a.example", key: str = "key-SECRET") -> Scope:
    """One account at one place."""
    return Scope.of({"respeecher": ApiAccess(base_url=url, credentials=ApiKey(key))})


async def fill(path: Path, jobs: int = 200, **options: Any) -> None:
    """Make a journal of some jobs."""
    async with Journal(path, **{"scope": scope(), **options}) as journal:
        fields = {"n": "x" * 100}
        await asyncio.gather(
            *(journal.plan(f"k{n}", kind="fake", kind_version=1, fields=fields) for n in range(jobs))
        )


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder, but for SQLite's shared memory and our lock."""
    files = {one.name: one for one in folder.iterdir() if not one.name.endswith(("-shm", ".lock"))}
    return {name: file.read_bytes() for name, file in files.items()}


async def test_folder_of_a_journal_is_made(tmp_path: Path) -> None:
    """As that of files to be saved is; one that cannot be is told."""
    path = tmp_path / "new" / "runs" / "jobs.sqlite"
    await fill(path, jobs=1)
    assert path.is_file()
    with pytest.raises(JournalError, match="cannot be opened"):
        await fill(path / "below-a-file.sqlite", jobs=1)


async def refused(path: Path, reason: str, why: str) -> None:
    """Opening must fail for a reason, and change nothing."""
    before = contents(path.parent)
    with pytest.raises(JournalUnreadable, match=why) as caught:
        await fill(path)
    assert (reason, str(path)) == (caught.value.reason, caught.value.path)
    assert "It was left as it was; move it away" in str(caught.value)
    assert before == contents(path.parent)


@pytest.mark.parametrize(
    "content", [b"hello\n", b"PK\x03\x04" + bytes(5000), b"\0", b"SQLite format 2\0" * 9]
)
async def test_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    """Somebody's other file is not touched."""
    path.write_bytes(content)
    await refused(path, "foreign", "it is no SQLite file")


async def test_database_of_another_program_is_refused(path: Path) -> None:
    """SQLite alone does not make a journal."""
    connection = sqlite3.connect(path)
    connection.execute("create table jobs (seq)")
    connection.execute("pragma application_id = 12345")
    connection.commit()
    connection.close()
    await refused(path, "foreign", "it is a database of another program")


async def test_newer_journal_is_refused(path: Path) -> None:
    """A format of the future says to update."""
    await fill(path)
    connection = sqlite3.connect(path)
    connection.execute("pragma user_version = 2")
    connection.close()
    await refused(path, "newer", "its format is version 2, this audiokit knows 1: update audiokit")


@pytest.mark.parametrize("kept", [20, 99, 100, 4095, 4096, 0.5, 0.99])
async def test_truncated_journal_is_refused(path: Path, kept: float) -> None:
    """A journal that lost its end is seen, wherever it was cut."""
    await fill(path)
    size_bytes = path.stat().st_size
    os.truncate(path, kept if isinstance(kept, int) else int(size_bytes * kept))
    await refused(path, "damaged", "it is damaged|it ends after")


@pytest.mark.parametrize("page", range(1, 12))
async def test_overwritten_page_is_seen(path: Path, page: int) -> None:
    """A page of rubbish is found before anything is written, whichever it is."""
    await fill(path)
    assert path.stat().st_size >= 12 * 4096
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\xa5" * 4096)
    await refused(path, "damaged", "it is damaged")


async def test_damage_under_a_live_log_leaves_the_log(path: Path, tmp_path: Path) -> None:
    """After a crash the last records are in SQLite's log: refusing the file keeps both as they were."""
    crashed = tmp_path / "crashed" / "jobs.sqlite"
    crashed.parent.mkdir()
    await fill(path)
    async with Journal(path, scope=scope()) as journal:
        await journal.write("k7", JournalState.INTENT)
        for name in ("jobs.sqlite", "jobs.sqlite-wal"):
            shutil.copy(path.with_name(name), crashed.with_name(name))
    whole = contents(crashed.parent)
    log = whole["jobs.sqlite-wal"]
    in_log = {int.from_bytes(log[at : at + 4], "big") for at in range(32, len(log), 24 + 4096)}
    pages = len(whole["jobs.sqlite"]) // 4096
    damaged = next(page for page in range(pages, 1, -1) if page not in in_log)
    with crashed.open("r+b") as file:
        file.seek((damaged - 1) * 4096)
        file.write(b"\xa5" * 4096)
    await refused(crashed, "damaged", "it is damaged")
    crashed.write_bytes(whole["jobs.sqlite"])
    async with Journal(crashed, scope=scope()) as journal:
        assert {JournalState.PLANNED: 199, JournalState.INTENT: 1} == await journal.counts()


async def test_log_without_its_journal_is_refused(path: Path) -> None:
    """A new journal beside an old log would mix the two."""
    log = path.with_name("jobs.sqlite-wal")
    log.write_bytes(b"records")
    with pytest.raises(JournalUnreadable, match=r"has records, but its journal .* is gone or empty"):
        await fill(path)
    assert b"records" == log.read_bytes()
    assert not path.exists()


async def test_damage_met_later_is_told(path: Path) -> None:
    """What turns out to be damaged while in use is no full disk."""
    async with Journal(path, scope=scope()) as journal:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT

        def fail(_: object) -> None:
            raise error

        with pytest.raises(JournalUnreadable, match=r"was damaged while in use .*keep a copy") as caught:
            await journal._do(fail)
    assert error is caught.value.__cause__


async def test_empty_file_becomes_a_journal(path: Path) -> None:
    """A file somebody made to set its owner is used."""
    path.touch()
    await fill(path, 3)
    async with Journal(path, scope=scope()) as journal:
        assert {JournalState.PLANNED: 3} == await journal.counts()


async def test_draft_of_a_crashed_beginning_is_replaced(path: Path) -> None:
    """The process may end while it makes the file: the next one makes it anew."""
    path.with_name("jobs.sqlite.new").write_bytes(b"half")
    await fill(path, 3)
    assert ["jobs.sqlite"] == sorted(contents(path.parent))


async def test_beginning_that_fails_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full when the journal is made is told, and holds no half of one afterwards."""

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("audiokit.jobs._journal_file._lay_out", full)
    why = r"cannot be opened \(database or disk is full\): see whether its disk is full, failing or read-only"
    with pytest.raises(JournalError, match=why):
        await fill(path)
    assert [] == list(path.parent.iterdir())


@pytest.mark.parametrize("has_log", [False, True])
async def test_journal_held_by_another_program_is_not_called_damaged(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_log: bool
) -> None:
    """A file that somebody keeps for themselves may be as whole as ever."""
    monkeypatch.setattr("audiokit.jobs._journal_file._BUSY_TIMEOUT_S", 0.05)
    await fill(path)
    held = tmp_path / "held" / "jobs.sqlite"
    held.parent.mkdir()
    async with Journal(path, scope=scope()) as journal:
        await journal.write("k7", JournalState.INTENT)
        for name in ("jobs.sqlite", "jobs.sqlite-wal") if has_log else ("jobs.sqlite",):
            shutil.copy(path.with_name(name), held.with_name(name))
    other = sqlite3.connect(held, isolation_level=None)
    other.execute("pragma locking_mode = exclusive")
    other.execute("begin exclusive")
    with pytest.raises(JournalError, match=r"cannot be opened \(database is locked\)") as caught:
        await fill(held)
    assert JournalError is type(caught.value)
    other.close()
    await fill(held)


async def test_place_that_cannot_be_is_told(tmp_path: Path) -> None:
    """A folder by that name is told as such."""
    path = tmp_path / "jobs.sqlite"
    path.mkdir()
    with pytest.raises(JournalError, match="cannot be opened: Is a directory"):
        await fill(path)


async def test_only_the_owner_may_read_it(path: Path) -> None:
    """Texts of jobs are nobody else's business: all files have mode 0600, whatever the umask."""
    old = os.umask(0)
    try:
        async with Journal(path, scope=scope()) as journal:
            await journal.plan("k", kind="fake", kind_version=1, fields={})
            sha256 = await journal.spool(b"secret")
            modes = {one.name: one.stat().st_mode & 0o777 for one in path.parent.iterdir()}
            assert 0o600 == journal.spooled_path(sha256).stat().st_mode & 0o777
    finally:
        os.umask(old)
    assert 0o700 == modes.pop("jobs.sqlite.spool")
    assert {"jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm", "jobs.sqlite.lock"} == set(modes)
    assert {0o600} == set(modes.values())
    path.chmod(0o644)
    await fill(path)
    assert 0o600 == path.stat().st_mode & 0o777


async def test_durability_is_what_was_asked_for(path: Path) -> None:
    """Full waits for the disk at each commit, normal only when the log is moved."""
    for durability, level in ((Durability.FULL, 2), (Durability.NORMAL, 1)):
        async with Journal(path, scope=scope(), durability=durability) as journal:
            found = await journal._do(
                lambda ledger: [
                    ledger._db.execute(f"pragma {name}").fetchone()[0]
                    for name in ("synchronous", "journal_mode")
                ]
            )
        assert [level, "wal"] == found


# Whose it is.


async def test_another_place_is_refused(path: Path) -> None:
    """Ids of one base URL mean nothing at another; both are named."""
    await fill(path, 3)
    with pytest.raises(
        JournalMismatch, match=r"holds respeecher jobs of 'https://a\.example', .* 'https://b\.ex"
    ):
        await fill(path, scope=scope("https://b.example"))
    with pytest.raises(JournalMismatch):
        await fill(path, scope=scope("https://b.example"), same_account=True)


async def test_another_account_is_refused(path: Path) -> None:
    """Jobs of two accounts are never mixed; a renewed key can be vouched for, once."""
    await fill(path, 3)
    before = contents(path.parent)
    with pytest.raises(JournalMismatch, match=r"another account at 'https://a\.example'.*same_account=True"):
        await fill(path, scope=scope(key="other-SECRET"))
    assert before == contents(path.parent)
    await fill(path, scope=scope(key="other-SECRET"), same_account=True)
    await fill(path, scope=scope(key="other-SECRET"))
    with pytest.raises(JournalMismatch):
        await fill(path)


async def test_apis_come_and_go(path: Path) -> None:
    """An API used later joins the journal; one that is not used this time stays."""
    await fill(path, 3)
    v1 = ApiAccess(base_url="https://v1.example", credentials=ApiKey("v1-SECRET"))
    await fill(path, scope=Scope.of({"apiaudio": v1, "audiostack": ApiAccess(base_url="https://v2.example")}))
    elsewhere = {"apiaudio": Account(base_url="https://v1.elsewhere", identity=ApiKey("x").key)}
    for wrong in (Scope(accounts=elsewhere), scope("https://b.example")):
        with pytest.raises(JournalMismatch):
            await fill(path, scope=wrong)
    await fill(path)


async def test_account_of_a_login_is_its_address(path: Path) -> None:
    """A changed password is still the same account, another organisation is not."""

    def login(password: str, organisation: str | None = None) -> Scope:
        credentials = Login(email="me@example.com", password=password)
        access = ApiAccess(base_url="https://a.example", credentials=credentials, organisation=organisation)
        return Scope.of({"respeecher": access})

    await fill(path, scope=login("one"))
    await fill(path, scope=login("two"))
    with pytest.raises(JournalMismatch):
        await fill(path, scope=login("two", "child"))


async def test_no_key_is_in_the_file_or_in_a_message(path: Path, tmp_path: Path) -> None:
    """The journal may be sent to somebody: it has a salted digest only, another one in each file."""
    await fill(path)
    assert all(b"SECRET" not in content for content in contents(path.parent).values())
    assert "SECRET" not in repr(scope())
    with pytest.raises(JournalMismatch) as caught:
        await fill(path, scope=scope(key="other-SECRET"))
    assert "SECRET" not in str(caught.value)
    other = tmp_path / "other.sqlite"
    await fill(other)

    def fingerprint(file: Path) -> str:
        connection = sqlite3.connect(file)
        try:
            return str(connection.execute("select account from scope").fetchone()[0])
        finally:
            connection.close()

    assert fingerprint(path) != fingerprint(other)


# One at a time.


async def test_second_opener_is_refused(path: Path, tmp_path: Path) -> None:
    """Also one that comes by another name of the file; the first one is not hurt."""
    link = tmp_path / "link.sqlite"
    async with Journal(path, scope=scope()) as journal:
        link.symlink_to(path)
        for name in (path, link):
            with pytest.raises(JournalInUse, match=r"in use by this process.*journal of its own") as caught:
                await fill(name)
            assert os.getpid() == caught.value.pid
        assert await journal.plan("k", kind="fake", kind_version=1, fields={}) is None
    await fill(link)


HOLDER = """
import asyncio, os, sys
from audiokit.jobs._journal import Journal, Scope
async def main():
    async with Journal(sys.argv[1], scope=Scope()) as journal:
        await journal.plan("theirs", kind="fake", kind_version=1, fields={})
        if len(sys.argv) > 2:
            child = os.fork()
            if not child:
                try:
                    asyncio.run(journal.get("theirs"))
                except Exception as error:
                    os.write(1, f"{type(error).__name__}: {error}\\n".encode())
                import time
                time.sleep(30)
                os._exit(0)
            os.write(1, f"{child}\\n".encode())
        os.write(1, b"ready\\n")
        await asyncio.sleep(30)
asyncio.run(main())
"""


def hold(path: Path, *more: str) -> subprocess.Popen[str]:
    """Another process that has the journal open."""
    command = [sys.executable, "-W", "ignore", "-c", HOLDER, str(path), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


async def test_other_process_is_named_and_its_death_frees_the_journal(path: Path) -> None:
    """The second process is told which has it; a kill leaves nothing that keeps the next one out."""
    with hold(path) as holder:
        assert holder.stdout is not None
        try:
            assert "ready\n" == holder.stdout.readline()
            with pytest.raises(JournalInUse, match=f"in use by process {holder.pid}") as caught:
                await fill(path)
            assert holder.pid == caught.value.pid
        finally:
            holder.kill()
        holder.wait()
    async with Journal(path, scope=Scope()) as journal:
        assert await journal.get("theirs") is not None


async def test_forked_child_neither_uses_nor_keeps_it(path: Path) -> None:
    """After a fork the child is told so, and the parent's death frees the journal though the child lives."""
    with hold(path, "fork") as holder:
        assert holder.stdout is not None
        child = 0
        try:
            lines = [holder.stdout.readline() for _ in range(3)]
            child = next(int(line) for line in lines if line.strip().isdigit())
            (told,) = [line for line in lines if "Error" in line]
            assert told.startswith("UsageError: journal ")
            assert f"was opened in process {holder.pid} and is used in process {child}, after a fork" in told
            holder.kill()
            holder.wait()
            os.kill(child, 0)  # it lives
            async with Journal(path, scope=Scope()) as journal:
                assert await journal.get("theirs") is not None
        finally:
            holder.kill()
            if child:
                os.kill(child, signal.SIGKILL)


def test_lock_passes_from_one_to_the_next(path: Path) -> None:
    """Taking and giving back in turn never leaves two holders, nor a file."""
    for _ in range(3):
        lock = FileLock(path)
        with pytest.raises(JournalInUse):
            FileLock(path)
        lock.release()
        lock.release()
    assert [] == list(path.parent.iterdir())


def test_lock_file_without_a_readable_pid_still_locks(path: Path) -> None:
    """Who holds it may not have written who it is yet."""
    lock = FileLock(path)
    path.with_name("jobs.sqlite.lock").write_text("?")
    with pytest.raises(JournalInUse, match="in use by another process") as caught:
        FileLock(path)
    assert caught.value.pid is None
    lock.release()


def test_full_disk_does_not_keep_anybody_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That there is no room to write who holds the lock is no reason not to hold it."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    lock = FileLock(path)
    with pytest.raises(JournalInUse, match="in use by another process"):
        FileLock(path)
    lock.release()
    FileLock(path).release()


def test_disk_without_locks_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network disks have none: better no journal than two writers."""

    def flock(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("audiokit.jobs._journal_lock.fcntl.flock", flock)
    with pytest.raises(JournalError, match=r"cannot be opened: No locks available .*jobs\.sqlite\.lock"):
        FileLock(path)


def test_lock_removed_while_waiting_is_taken_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock on a file that its last holder has just removed protects nothing, and is not used."""
    import fcntl

    real, first = fcntl.flock, [True]

    def flock(file: int, how: int) -> None:
        real(file, how)
        if first:
            first.clear()
            path.with_name("jobs.sqlite.lock").unlink()

    monkeypatch.setattr("audiokit.jobs._journal_lock.fcntl.flock", flock)
    lock = FileLock(path)
    with pytest.raises(JournalInUse):
        FileLock(path)
    lock.release()
