"""Bytes given as a source are kept beside the journal as long as a job needs them, and no longer."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audiokit.errors import InvalidRequest, JournalWriteFailed, UsageError
from audiokit.jobs._journal import Journal, JournalState, Scope


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "jobs.sqlite"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[Journal]:
    """A journal with room for 100 bytes beside it."""
    async with Journal(path, scope=Scope(), spool_limit_bytes=100) as opened:
        yield opened


async def plan(journal: Journal, key: str, *spooled: str) -> bool:
    """Plan a job that needs some bytes; whether it is new."""
    return await journal.plan(key, kind="fake", kind_version=1, fields={}, spooled=spooled) is None


async def finish(journal: Journal, key: str) -> None:
    """Take a planned job to its end."""
    for state in (JournalState.INTENT, JournalState.SENT, JournalState.DONE):
        await journal.write(key, state)


def kept(journal: Journal) -> dict[str, bytes]:
    """What is in the folder."""
    folder = journal.spooled_path("x").parent
    return {one.name: one.read_bytes() for one in folder.iterdir()} if folder.exists() else {}


async def test_bytes_are_kept_until_their_job_is_done(journal: Journal, path: Path) -> None:
    """The file has the content's name, survives failures and crashes, and goes with the job's end."""
    sha256 = await journal.spool(b"sound")
    assert hashlib.sha256(b"sound").hexdigest() == sha256
    assert await plan(journal, "k", sha256)
    await journal.write("k", JournalState.FAILED)
    await journal.aclose()
    async with Journal(path, scope=Scope()) as again:
        assert b"sound" == again.spooled_path(sha256).read_bytes()
        entry = await again.get("k")
        assert entry is not None
        assert (sha256,) == entry.spooled
        await again.write("k", JournalState.PLANNED)
        await finish(again, "k")
        assert {} == kept(again)
        await again.write("k", JournalState.DONE)
        entry = await again.get("k")
        assert entry is not None
        assert () == entry.spooled
    assert ["jobs.sqlite"] == [one.name for one in path.parent.iterdir()]


async def test_equal_bytes_are_kept_once_for_all_their_jobs(journal: Journal) -> None:
    """The last of the jobs that share a content takes it away."""
    digests = await asyncio.gather(*(journal.spool(b"x" * 40) for _ in range(5)))
    assert 1 == len(set(digests)) == len(kept(journal))
    for number, sha256 in enumerate(digests):
        assert await plan(journal, f"k{number}", sha256)
    for number in range(5):
        assert b"x" * 40 in kept(journal).values()
        await finish(journal, f"k{number}")
    assert {} == kept(journal)


async def test_known_job_gives_the_bytes_back(journal: Journal) -> None:
    """Running the same inputs again neither doubles nor loses what the recorded job needs."""
    for _ in range(3):
        sha256 = await journal.spool(b"sound")
        await plan(journal, "k", sha256)
    assert [sha256] == list(kept(journal))
    await finish(journal, "k")
    assert {} == kept(journal)
    sha256 = await journal.spool(b"sound")
    assert not await plan(journal, "k", sha256)
    assert {} == kept(journal)


async def test_more_than_the_limit_is_refused(journal: Journal) -> None:
    """The message has the figures and both ways out; room that is given back can be used again."""
    first = await journal.spool(b"a" * 60)
    with pytest.raises(
        InvalidRequest, match=r"50 bytes .* \(60 of 100 bytes used\): save them to a file .* or raise"
    ):
        await journal.spool(b"b" * 50)
    assert first == await journal.spool(b"a" * 60)  # the same again takes no room
    await plan(journal, "k", first)
    await plan(journal, "l", first)
    await finish(journal, "k")
    await finish(journal, "l")
    await journal.spool(b"b" * 50)


async def test_limit_holds_for_many_at_once(journal: Journal) -> None:
    """Contents on their way count."""
    coming = [journal.spool(bytes([number]) * 40) for number in range(10)]
    answers = await asyncio.gather(*coming, return_exceptions=True)
    assert 2 == sum(isinstance(answer, str) for answer in answers)
    assert 2 == len(kept(journal))


async def test_bytes_of_nobody_are_removed_at_the_next_opening(journal: Journal, path: Path) -> None:
    """Whoever was killed between keeping the bytes and planning the job left something behind."""
    sha256 = await journal.spool(b"sound")
    await journal.aclose()
    (path.with_name("jobs.sqlite.spool") / f"{sha256}.123").write_bytes(b"half")
    async with Journal(path, scope=Scope()) as again:
        assert {} == kept(again)


async def test_job_cannot_be_planned_with_bytes_that_are_not_there(journal: Journal) -> None:
    """A digest comes from `spool`."""
    with pytest.raises(UsageError, match="call `spool` before `plan`"):
        await plan(journal, "k", "0" * 64)
    assert await journal.get("k") is None


async def test_forgotten_jobs_give_their_bytes_back(journal: Journal) -> None:
    """Pruning a failed job takes its bytes along."""
    await plan(journal, "k", await journal.spool(b"sound"))
    await journal.write("k", JournalState.FAILED)
    assert 1 == await journal.prune(older_than_s=-1)
    assert {} == kept(journal)


async def test_folder_that_cannot_be_written_is_told(journal: Journal, path: Path) -> None:
    """A full or forbidden disk is a failed write, and takes no room from the limit."""
    path.with_name("jobs.sqlite.spool").write_bytes(b"in the way")
    with pytest.raises(JournalWriteFailed, match="100 bytes cannot be kept beside the journal: "):
        await journal.spool(b"x" * 100)
    path.with_name("jobs.sqlite.spool").unlink()
    assert await journal.spool(b"x" * 100)


async def test_half_written_bytes_leave_nothing(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that breaks off removes its draft."""

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(JournalWriteFailed, match="No space left on device"):
            await journal.spool(b"sound")
    assert {} == kept(journal)


def test_limit_must_be_a_size(path: Path) -> None:
    """A negative limit is a slip."""
    with pytest.raises(InvalidRequest, match="spool_limit_bytes must be 0 or more, got -1"):
        Journal(path, scope=Scope(), spool_limit_bytes=-1)


async def test_bytes_of_a_job_that_is_begun_anew_are_kept_again(journal: Journal, path: Path) -> None:
    """Done once and lost at the API, it needs them until it is done again; one that is done does not."""
    sha256 = await journal.spool(b"sound")
    await plan(journal, "k", sha256)
    await finish(journal, "k")
    assert {} == kept(journal)

    await journal.spool(b"sound")
    assert not await plan(journal, "k", sha256)
    assert {} == kept(journal)

    await journal.write("k", JournalState.SENT)
    await journal.write("k", JournalState.FAILED)
    await journal.spool(b"sound")
    known = await journal.plan("k", kind="fake", kind_version=1, fields={}, spooled=[sha256])
    await journal.write("k", JournalState.PLANNED)
    entry = await journal.get("k")
    assert known is not None
    assert entry is not None
    assert ((sha256,), (sha256,)) == (known.spooled, entry.spooled)
    await journal.aclose()
    async with Journal(path, scope=Scope()) as again:
        assert {sha256: b"sound"} == kept(again)
        await finish(again, "k")
        assert {} == kept(again)
