"""What is written to the journal is there afterwards, and only what may follow may be written."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from audiokit.errors import InvalidRequest, JournalLockTaken, UsageError
from audiokit.jobs._journal import Entry, Journal, JournalState, Output, Scope
from audiokit.jobs._journal_entry import OPEN_STATES, refusal
from audiokit.jobs._journal_ledger import Ledger

PLANNED, INTENT, SENT, FETCHED, DONE = (
    JournalState.PLANNED,
    JournalState.INTENT,
    JournalState.SENT,
    JournalState.FETCHED,
    JournalState.DONE,
)
UNCERTAIN, FAILED = JournalState.UNCERTAIN, JournalState.FAILED
FILE = Output(path="/out/a.wav", size_bytes=3, sha256="ab" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "jobs.sqlite"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[Journal]:
    """An open, empty journal."""
    async with Journal(path, scope=Scope()) as opened:
        yield opened


async def plan(journal: Journal, key: str = "k", **more: Any) -> Entry | None:
    """Plan a job of which only the key matters."""
    return await journal.plan(key, kind="fake", kind_version=1, **{"fields": {"n": 1}, **more})


async def take(journal: Journal, *states: JournalState, key: str = "k") -> None:
    """Write one state after the other."""
    for state in states:
        await journal.write(key, state)


async def found(journal: Journal, key: str = "k") -> Entry:
    """The entry of a job that is there."""
    entry = await journal.get(key)
    assert entry is not None
    return entry


async def test_all_facts_come_back_after_reopening(path: Path) -> None:
    """Everything given for a job is read as it was written, by the next process."""
    odd = Output(path=os.fsdecode(b"/out/\xff.wav"), size_bytes=2**40, sha256="cd" * 32)
    async with Journal(path, scope=Scope(), wall_clock=lambda: 1e9) as journal:
        fields = {"text": "Gr\u00fc\u00df \x00 \u2028", "list": [1, 2.5, None]}
        assert await journal.plan("a key", kind="mix", kind_version=3, fields=fields, label="take 1") is None
        await journal.write("a key", INTENT, attempts=2, data={"a": {"b": [1]}, "c": 1})
        await journal.write("a key", SENT, stage=0, remote_ids={"script": "s-1"}, data={"c": 2})
        await journal.write("a key", INTENT, stage=1, lock="orders:s-1")
        await journal.write("a key", SENT, remote_ids={"mix": "m-1"})
        await journal.write("a key", FETCHED, outputs=[FILE, odd], label="take 2")
        assert path == journal.path
    async with Journal(path, scope=Scope()) as journal:
        entry = await found(journal, "a key")
    assert ("mix", 3, fields, "take 2") == (entry.kind, entry.kind_version, entry.fields, entry.label)
    assert (FETCHED, 1, 2) == (entry.state, entry.stage, entry.attempts)
    assert {"script": "s-1", "mix": "m-1"} == entry.remote_ids
    assert {"a": {"b": [1]}, "c": 2} == entry.data
    assert (FILE, odd) == entry.outputs
    assert (None, None, ()) == (entry.error, entry.lock, entry.spooled)
    assert "2001-09-09T01:46:40+00:00" == entry.created_at.isoformat() == entry.updated_at.isoformat()


async def test_known_job_is_not_planned_again(journal: Journal) -> None:
    """Planning a key twice gives what is known of it, and changes nothing."""
    assert await plan(journal) is None
    await take(journal, INTENT, SENT)
    entry = await plan(journal, fields={"n": 2})
    assert entry is not None
    assert (SENT, {"n": 1}) == (entry.state, entry.fields)
    assert {SENT: 1} == await journal.counts()


async def test_equal_keys_at_once_are_one_job(journal: Journal) -> None:
    """Of many that plan one key at the same moment, one is told that it is new."""
    answers = await asyncio.gather(*(plan(journal) for _ in range(20)))
    assert 1 == answers.count(None)
    assert {PLANNED: 1} == await journal.counts()


@pytest.mark.parametrize("old", JournalState)
@pytest.mark.parametrize("new", JournalState)
async def test_only_what_may_follow_is_written(
    journal: Journal, old: JournalState, new: JournalState
) -> None:
    """The states go forward; what was sent is never sent again."""
    ways: dict[JournalState, list[JournalState]] = {
        PLANNED: [],
        INTENT: [INTENT],
        SENT: [INTENT, SENT],
        FETCHED: [INTENT, SENT, FETCHED],
        DONE: [INTENT, SENT, DONE],
        UNCERTAIN: [INTENT, UNCERTAIN],
        FAILED: [FAILED],
    }
    allowed = {
        PLANNED: {PLANNED, INTENT, FAILED},
        INTENT: {PLANNED, INTENT, SENT, UNCERTAIN, FAILED},
        SENT: {SENT, FETCHED, DONE, FAILED},  # and a later stage's intent, see below
        FETCHED: {SENT, FETCHED, DONE, FAILED},
        DONE: {SENT, FETCHED, DONE},
        UNCERTAIN: {PLANNED, SENT, UNCERTAIN, FAILED},
        FAILED: {PLANNED, SENT, FAILED},
    }
    await plan(journal)
    await take(journal, *ways[old])
    if new in allowed[old]:
        await journal.write("k", new)
        assert new is (await found(journal)).state
    else:
        with pytest.raises(UsageError, match=f"'k' cannot go from '{old}' to '{new}'"):
            await journal.write("k", new, attempts=7)
        entry = await found(journal)
        assert (old, 0) == (entry.state, entry.attempts)


async def test_each_stage_is_ordered_once(journal: Journal) -> None:
    """After a stage was sent only a later one may be intended, and an open intent is of its own stage."""
    await plan(journal)
    await take(journal, INTENT, SENT)
    with pytest.raises(UsageError, match="stage 0 was ordered already; an intent must be for a later stage"):
        await journal.write("k", INTENT)
    await journal.write("k", INTENT, stage=1)
    with pytest.raises(UsageError, match="whether stage 1 was ordered is still open"):
        await journal.write("k", INTENT, stage=2)
    assert (INTENT, 1) == ((await found(journal)).state, (await found(journal)).stage)


def test_refusals_name_what_may_follow() -> None:
    """Whoever meets one sees the ways there are."""
    assert "after 'planned' may come failed, intent, planned" == refusal(PLANNED, 0, DONE, 0)


async def test_error_goes_with_its_state(journal: Journal) -> None:
    """What went wrong is told while the job is in that state, and no longer."""
    await plan(journal)
    await journal.write("k", FAILED, error="no credits \ud800" + "x" * 5000)
    error = (await found(journal)).error or ""
    assert error.startswith("no credits \\ud800xxx")
    assert 4005 == len(error)  # 4,000 characters, of which one is told by six
    await journal.write("k", FAILED, attempts=1)
    assert error == (await found(journal)).error
    await journal.write("k", PLANNED)
    assert (await found(journal)).error is None


async def test_unknown_job_cannot_be_written(journal: Journal) -> None:
    """A record belongs to a job; the message says what to call."""
    with pytest.raises(UsageError, match=r"no job 'nobody' is in journal .*: `plan` it first"):
        await journal.write("nobody", INTENT)
    assert await journal.get("nobody") is None


@pytest.mark.parametrize("key", ["", "x" * 501, "a\nb", "a\x00b", "\ud800"])
async def test_keys_that_cannot_be_kept_are_refused(journal: Journal, key: str) -> None:
    """A key is text that a person can read, and comes back as it was."""
    with pytest.raises(InvalidRequest, match="key must be 1 to 500 printable characters"):
        await plan(journal, key)
    with pytest.raises(InvalidRequest, match="key must be"):
        await journal.get(key)


async def test_fields_must_be_json(journal: Journal) -> None:
    """What cannot be recorded is refused by name, and others are not hurt."""
    good = asyncio.ensure_future(plan(journal, "good"))
    with pytest.raises(InvalidRequest, match="fields must be JSON"):
        await plan(journal, fields={"x": object()})
    with pytest.raises(InvalidRequest, match="data must be JSON"):
        await plan(journal, data={"x": "\ud800"})
    assert await good is None


async def test_one_bad_record_hurts_nobody_else(journal: Journal) -> None:
    """Of records that travel together only the wrong one is refused."""
    await asyncio.gather(*(plan(journal, f"k{number}") for number in range(10)))
    writes = [journal.write(f"k{number}", SENT if number == 4 else INTENT) for number in range(10)]
    answers = await asyncio.gather(*writes, return_exceptions=True)
    assert [4] == [number for number, answer in enumerate(answers) if answer is not None]
    assert {INTENT: 9, PLANNED: 1} == await journal.counts()


async def test_two_writes_at_once_keep_their_sequence(journal: Journal) -> None:
    """Records of one job that travel together are taken one after the other."""
    await plan(journal)
    await asyncio.gather(journal.write("k", INTENT), journal.write("k", SENT), journal.write("k", FETCHED))
    assert FETCHED is (await found(journal)).state


async def test_one_in_doubt_per_lock(journal: Journal, path: Path) -> None:
    """The second order waits until it is known whether the first one arrived, also after a crash."""
    for key in ("a", "b"):
        await plan(journal, key)
    await journal.write("a", INTENT, lock="orders:o1")
    await journal.write("a", UNCERTAIN)
    with pytest.raises(JournalLockTaken, match=r"job 'b' must wait.*job 'a'.*'orders:o1'") as caught:
        await journal.write("b", INTENT, lock="orders:o1")
    assert ("a", "orders:o1") == (caught.value.holder, caught.value.lock)
    assert PLANNED is (await found(journal, "b")).state
    await journal.aclose()
    async with Journal(path, scope=Scope()) as again:
        assert "orders:o1" == (await found(again, "a")).lock
        with pytest.raises(JournalLockTaken):
            await again.write("b", INTENT, lock="orders:o1")
        await again.write("b", INTENT, lock="orders:o2")
        await again.write("b", PLANNED)  # refused by the API: nothing arrived
        await again.write("a", SENT)
        await again.write("b", INTENT, lock="orders:o1")
        assert (None, "orders:o1") == ((await found(again, "a")).lock, (await found(again, "b")).lock)


async def test_lock_changes_hands_within_a_batch(journal: Journal) -> None:
    """Giving back and taking may travel together; two that want it do not both get it."""
    for key in ("a", "b", "c"):
        await plan(journal, key)
    await journal.write("a", INTENT, lock="o")
    answers = await asyncio.gather(
        journal.write("a", SENT),
        journal.write("b", INTENT, lock="o"),
        journal.write("c", INTENT, lock="o"),
        return_exceptions=True,
    )
    assert [None, None] == answers[:2]
    assert isinstance(answers[2], JournalLockTaken)
    assert "b" == answers[2].holder


async def test_lock_needs_a_state_in_doubt(journal: Journal) -> None:
    """A lock that nothing would ever give back is not taken."""
    await plan(journal)
    with pytest.raises(InvalidRequest, match="lock must be None for state 'planned', got 'o'"):
        await journal.write("k", PLANNED, lock="o")


async def test_remote_ids_are_known_by_place(journal: Journal, path: Path) -> None:
    """What was there before and what our jobs were given is known, for the difference with a list."""
    await journal.remember("conversions:o1", ["old-1", "old-2"])
    await plan(journal)
    await journal.write("k", INTENT)
    await journal.write("k", SENT, remote_ids={"conversion": "new"}, place="conversions:o1")
    await journal.remember("conversions:o1", ["old-1"])
    await journal.aclose()
    async with Journal(path, scope=Scope()) as again:
        assert {"old-1", "old-2", "new"} == await again.known("conversions:o1")
        assert set() == await again.known("conversions:o2")


async def test_open_entries_come_in_sequence_whatever_the_clock(path: Path) -> None:
    """A clock that is set back changes the times of entries, not their sequence."""
    times = iter([5000.0, 4000.0, 3000.0, 2000.0, 1000.0])
    async with Journal(path, scope=Scope(), wall_clock=lambda: next(times)) as journal:
        for key in ("first", "second", "third"):
            await plan(journal, key)
        await journal.write("second", FAILED)
        await journal.write("first", INTENT)
        entries = [entry async for entry in journal.entries(page_size=1)]
    assert ["first", "third"] == [entry.key for entry in entries]
    assert [1000.0, 3000.0] == [entry.updated_at.timestamp() for entry in entries]
    assert [5000.0, 3000.0] == [entry.created_at.timestamp() for entry in entries]


async def test_entries_of_any_state(journal: Journal) -> None:
    """Failed and done ones are listed on request, more than a page of them."""
    for number in range(7):
        await plan(journal, f"k{number}")
        if number % 2:
            await journal.write(f"k{number}", FAILED)
    assert ["k1", "k3", "k5"] == [one.key async for one in journal.entries({FAILED}, page_size=2)]
    assert 7 == len([one async for one in journal.entries(JournalState, page_size=3)])
    assert {PLANNED: 4, FAILED: 3} == await journal.counts()


async def test_open_entries_are_found_by_index(journal: Journal) -> None:
    """Finding what is open does not read what is done."""
    statement: list[str] = []
    await journal._do(lambda ledger: ledger._db.set_trace_callback(statement.append))
    async for _ in journal.entries():
        pass
    page = statement[0]
    plan_rows = await journal._do(lambda ledger: ledger._db.execute(f"explain query plan {page}").fetchall())
    assert any("USING INDEX open_jobs" in row[3] for row in plan_rows), plan_rows


async def test_a_thousand_records_are_a_few_statements(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records that wait together share one transaction and one hand-over each way."""
    statements: list[str] = []
    await journal._do(lambda ledger: ledger._db.set_trace_callback(statements.append))
    batches: list[int] = []
    apply = Ledger.apply

    def counting(self: Ledger, batch: Any) -> None:
        batches.append(len(batch))
        apply(self, batch)

    monkeypatch.setattr(Ledger, "apply", counting)
    await asyncio.gather(*(plan(journal, f"k{number}") for number in range(1000)))
    assert [1000] == batches
    assert 5 == len(statements)  # look up, begin, jobs, progress, commit
    await asyncio.gather(*(journal.write(f"k{number}", INTENT) for number in range(1000)))
    assert [1000, 1000] == batches
    assert 6 == len(statements)


async def test_woken_writers_travel_together_again(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that write one record after the other stay one batch, with no batch of one between."""
    await asyncio.gather(*(plan(journal, f"k{number}") for number in range(50)))
    batches: list[int] = []
    apply = Ledger.apply

    def counting(self: Ledger, batch: Any) -> None:
        batches.append(len(batch))
        apply(self, batch)

    monkeypatch.setattr(Ledger, "apply", counting)
    await asyncio.gather(*(take(journal, INTENT, SENT, FETCHED, DONE, key=f"k{n}") for n in range(50)))
    assert [50] * 4 == batches


async def test_latecomers_travel_with_those_just_woken(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that comes while a batch is written waits for the next records of that batch's tasks."""
    await asyncio.gather(*(plan(journal, f"k{number}") for number in range(11)))
    batches: list[int] = []
    apply, has_begun, is_late = Ledger.apply, threading.Event(), threading.Event()

    def counting(self: Ledger, batch: Any) -> None:
        batches.append(len(batch))
        has_begun.set()
        assert is_late.wait(5)
        apply(self, batch)

    monkeypatch.setattr(Ledger, "apply", counting)
    lockstep = asyncio.gather(*(take(journal, INTENT, SENT, key=f"k{number}") for number in range(10)))
    assert await asyncio.to_thread(has_begun.wait, 5)
    late = asyncio.create_task(journal.write("k10", INTENT))
    await asyncio.sleep(0)
    is_late.set()
    await asyncio.gather(lockstep, late)
    assert [10, 11] == batches


async def test_more_entries_than_are_remembered(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries that are no longer in memory are read again when they are written."""
    monkeypatch.setattr("audiokit.jobs._journal_ledger._REMEMBERED", 3)
    for number in range(10):
        await plan(journal, f"k{number}", label=f"label {number}")
    for number in range(10):
        await take(journal, INTENT, SENT, key=f"k{number}")
    assert 3 == await journal._do(lambda ledger: len(ledger._live))
    labels = [one.label async for one in journal.entries({SENT})]
    assert [f"label {number}" for number in range(10)] == labels


async def test_cancelled_writer_hurts_nobody(journal: Journal) -> None:
    """One that stops waiting leaves the others, and the journal, as they are."""
    await asyncio.gather(*(plan(journal, f"k{number}") for number in range(5)))
    tasks = [asyncio.create_task(journal.write(f"k{number}", INTENT)) for number in range(5)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [None, None, None, None] == answers[:2] + answers[3:]
    assert isinstance(answers[2], asyncio.CancelledError)
    assert (await found(journal, "k2")).state in {PLANNED, INTENT}
    await journal.write("k3", SENT)


async def test_pruning_forgets_old_finished_jobs(path: Path) -> None:
    """Done and failed jobs of long ago go, and their room with them; open ones and remote ids stay."""
    now = [1000.0]
    async with Journal(path, scope=Scope(), wall_clock=lambda: now[0]) as journal:
        big = {"text": "x" * 2000}
        await asyncio.gather(*(plan(journal, f"k{number}", fields=big) for number in range(300)))
        await journal.write("k0", INTENT)
        await journal.write("k0", SENT, remote_ids={"c": "remote"}, place="p")
        await journal.write("k0", DONE)
        for number in range(2, 300):
            await journal.write(f"k{number}", FAILED)
        now[0] = 5000.0
        await plan(journal, "late")
        await journal.write("late", FAILED)
        size_bytes = await journal._do(lambda ledger: _pages(ledger) * 4096)
        assert 1 == await journal.prune(older_than_s=3000.0, states={DONE})
        assert 298 == await journal.prune(older_than_s=3000.0)
        assert 0 == await journal.prune(older_than_s=3000.0)
        assert ["k1", "late"] == [one.key async for one in journal.entries(JournalState)]
        assert {"remote"} == await journal.known("p")
        assert await journal._do(lambda ledger: _pages(ledger) * 4096) < size_bytes / 5
        assert await plan(journal, "k0") is None
    with pytest.raises(InvalidRequest, match="states must be done, failed or both"):
        await journal.prune(older_than_s=0, states=OPEN_STATES)


def _pages(ledger: Ledger) -> int:
    pages: int = ledger._db.execute("pragma page_count").fetchone()[0]
    return pages


async def test_pruning_takes_many_in_steps(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writers get their turn between the steps of a long pruning."""
    monkeypatch.setattr("audiokit.jobs._journal._PRUNED_AT_ONCE", 4)
    for number in range(10):
        await plan(journal, f"k{number}")
        await journal.write(f"k{number}", FAILED)
    assert 10 == await journal.prune(older_than_s=-1)
    assert {} == await journal.counts()


async def test_size_stays_when_entries_are_written_again_and_again(path: Path) -> None:
    """Ten thousand records of the same jobs take no more room than a hundred."""
    async with Journal(path, scope=Scope()) as journal:
        for number in range(10):
            await plan(journal, f"k{number}")
        for attempts in range(1, 100):
            await asyncio.gather(
                *(journal.write(f"k{n}", PLANNED, attempts=attempts, data={"x": n}) for n in range(10))
            )
        pages = await journal._do(_pages)
    assert pages < 30
    assert path.stat().st_size < 30 * 4096


async def test_closing_finishes_what_was_asked(path: Path) -> None:
    """What is under way when the journal is closed is answered, and is there."""
    async with Journal(path, scope=Scope()) as journal:
        tasks = [asyncio.create_task(plan(journal, f"k{number}")) for number in range(10)]
        await asyncio.sleep(0)
    assert [None] * 10 == await asyncio.gather(*tasks)
    async with Journal(path, scope=Scope()) as journal:
        assert {PLANNED: 10} == await journal.counts()


def _wait_for_threads() -> None:
    for thread in threading.enumerate():
        if thread.name == "audiokit journal":
            thread.join(5)
            assert not thread.is_alive()


async def test_closing_leaves_one_file_and_no_thread(path: Path) -> None:
    """Log, lock and thread are gone after closing, which may be done twice."""
    journal = Journal(path, scope=Scope())
    await journal.aclose()
    async with journal:
        await plan(journal)
        assert any(one.name == "audiokit journal" for one in threading.enumerate())
        assert f"<Journal {str(path)!r} open>" == repr(journal)
    await journal.aclose()
    await asyncio.to_thread(_wait_for_threads)
    assert ["jobs.sqlite"] == [one.name for one in path.parent.iterdir()]
    assert f"<Journal {str(path)!r} closed>" == repr(journal)


async def test_use_outside_of_async_with_is_refused(path: Path) -> None:
    """Before opening, after closing, and opening twice each have their message."""
    journal = Journal(path, scope=Scope())
    with pytest.raises(UsageError, match="is not open: use it inside its `async with`"):
        await journal.write("k", INTENT)
    async with journal:
        pass
    with pytest.raises(UsageError, match="is closed"):
        await journal.get("k")
    with pytest.raises(UsageError, match="is closed"):
        await journal.spool(b"x")
    with pytest.raises(UsageError, match="opened only once"):
        async with journal:
            pass


async def test_another_loop_is_refused(journal: Journal) -> None:
    """A journal belongs to the loop that opened it, and says so."""

    def elsewhere() -> None:
        with pytest.raises(UsageError, match="used in another event loop"):
            asyncio.run(journal.write("k", INTENT))
        with pytest.raises(UsageError, match="used in another event loop"):
            asyncio.run(journal.aclose())

    await asyncio.to_thread(elsewhere)


async def test_forgotten_journal_is_told_and_closed(path: Path) -> None:
    """One that is dropped while open warns, and lets go of its file."""
    journal = Journal(path, scope=Scope())
    await journal.__aenter__()
    await plan(journal)
    with pytest.warns(ResourceWarning, match="was never closed"):  # noqa: PT031 - both make it go
        del journal
        gc.collect()
    await asyncio.to_thread(_wait_for_threads)
    async with Journal(path, scope=Scope()) as again:
        assert {PLANNED: 1} == await again.counts()


def test_loop_that_ended_first_is_survived(path: Path) -> None:
    """A journal left open when its loop ended warns, and still finishes what it was asked."""
    kept: list[Journal] = []

    async def leave() -> None:
        journal = Journal(path, scope=Scope())
        kept.append(await journal.__aenter__())
        asking = asyncio.ensure_future(plan(journal))
        await asyncio.sleep(0)
        asking.cancel()

    asyncio.run(leave())
    with pytest.warns(ResourceWarning, match="was never closed"):  # noqa: PT031 - both make it go
        kept.clear()
        gc.collect()
    _wait_for_threads()
    assert ["jobs.sqlite"] == [one.name for one in path.parent.iterdir()]


async def test_cancelled_opening_leaves_nothing_open(path: Path) -> None:
    """Who is stopped while opening leaves a journal that the next one can open."""
    task = asyncio.create_task(Journal(path, scope=Scope()).__aenter__())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with Journal(path, scope=Scope()) as journal:
        assert await plan(journal) is None


async def test_fault_of_the_journal_reaches_whoever_waits(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error nobody thought of is answered to those it concerns; the thread goes on."""
    from audiokit.errors import JournalError

    def broken(self: Ledger, batch: Any) -> None:
        raise ZeroDivisionError("bug")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "apply", broken)
        with pytest.raises(JournalError, match="failed: ZeroDivisionError") as caught:
            await plan(journal)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert await plan(journal) is None


async def test_hook_sees_each_transition_before_and_after(path: Path) -> None:
    """Tests of crashes are called on both sides of the moment a record becomes durable."""
    seen: list[tuple[str, str, JournalState]] = []
    hook = lambda when, key, state: seen.append((when, key, state))  # noqa: E731
    async with Journal(path, scope=Scope(), on_transition=hook) as journal:
        await plan(journal)
        await plan(journal)
        await journal.write("k", INTENT)
    assert [
        ("before", "k", PLANNED),
        ("after", "k", PLANNED),
        ("before", "k", INTENT),
        ("after", "k", INTENT),
    ] == seen


async def test_records_put_together_are_durable_together(tmp_path: Path) -> None:
    """In their sequence; both in one transaction, whichever is awaited."""
    seen: list[tuple[str, str]] = []
    journal = Journal(
        tmp_path / "jobs.sqlite",
        scope=Scope(),
        on_transition=lambda when, _, state: seen.append((when, state.value)),
    )
    async with journal:
        await plan(journal, "k")
        await journal.write("k", INTENT)
        await journal.write("k", SENT, remote_ids={"submit": "1"})
        seen.clear()
        fetched = journal.put("k", FETCHED, outputs=[FILE])
        await journal.put("k", DONE)
        assert fetched.done()
        entry = await journal.get("k")
    assert entry is not None
    assert (DONE, [FILE]) == (entry.state, list(entry.outputs))
    assert [("before", "fetched"), ("before", "done"), ("after", "fetched"), ("after", "done")] == seen


async def test_record_by_way_of_another_is_two_transitions(tmp_path: Path) -> None:
    """A job's files and its end are one operation, in which each is told."""
    seen: list[tuple[str, str]] = []
    async with Journal(
        tmp_path / "jobs.sqlite",
        scope=Scope(),
        on_transition=lambda when, _, state: seen.append((when, state.value)),
    ) as journal:
        await plan(journal)
        await take(journal, INTENT, SENT)
        seen.clear()
        await journal.put("k", DONE, outputs=[FILE], via=FETCHED)
        entry = await found(journal)
    assert (DONE, (FILE,)) == (entry.state, entry.outputs)
    assert [(when, state) for when in ("before", "after") for state in ("fetched", "done")] == seen


@pytest.mark.parametrize(("via", "state"), [(FETCHED, DONE), (SENT, UNCERTAIN)], ids=["first", "second"])
async def test_way_that_is_refused_leaves_the_job_as_it_was(
    journal: Journal, via: JournalState, state: JournalState
) -> None:
    """Both steps of it have to be allowed, or neither is taken."""
    await plan(journal)
    await journal.write("k", INTENT)
    with pytest.raises(UsageError, match="cannot go from"):
        await journal.put("k", state, attempts=7, via=via)
    entry = await found(journal)
    assert (INTENT, 0) == (entry.state, entry.attempts)
