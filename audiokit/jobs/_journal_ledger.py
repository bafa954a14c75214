"""The journal without its asyncio side: makes a batch of operations durable in one transaction.

Everything of a batch travels in a few statements of many rows, and everything read comes back in one row of
JSON. A statement for each record would be simpler, but SQLite lets go of the interpreter lock at each
one, and getting it back from a busy event loop takes milliseconds: measured, 1,000 records then took two
seconds instead of fifteen milliseconds.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import attrs
import orjson

from audiokit.errors import JournalError, JournalUnreadable, JournalWriteFailed
from audiokit.jobs._journal_draft import Draft, Live, Op, Plan, Write
from audiokit.jobs._journal_entry import OPEN_STATES, Entry, JournalState, entry_from_row
from audiokit.jobs._journal_file import ENTRY_COLUMNS
from audiokit.jobs._journal_lock import FileLock
from audiokit.jobs._journal_rows import Insert
from audiokit.jobs._journal_spool import Spool

TransitionHook: TypeAlias = Callable[[Literal["before", "after"], str, JournalState], object]
"""Called in the journal's thread right before and right after a record becomes durable."""

_REMEMBERED: Final = 10_000  # entries kept decoded; others are read again when written
_IN: Final = "in (select value from json_each(?))"


_INSERT_JOBS: Final = Insert(
    "jobs", "seq, key, kind, kind_version, fields, created_at", "on conflict (seq) do nothing"
)
_PUT_PROGRESS: Final = Insert(
    "progress",
    "seq, state, is_open, lock, facts, updated_at",
    "on conflict (seq) do update set state = excluded.state, is_open = excluded.is_open, "
    "lock = excluded.lock, facts = excluded.facts, updated_at = excluded.updated_at",
)
_INSERT_REMOTES: Final = Insert("remotes", "place, id", "on conflict do nothing")
_INSERT_SPOOLED: Final = Insert("spooled", "sha256, seq", "on conflict do nothing")
_DELETE_SPOOLED: Final = f"delete from spooled where seq {_IN}"  # noqa: S608 - of constants
_BY_KEY: Final = f"select {ENTRY_COLUMNS} as entry from jobs join progress using (seq) where key {_IN}"  # noqa: S608
_PAGE: Final = (
    f"select {ENTRY_COLUMNS} as entry from progress join jobs using (seq) "  # noqa: S608 - of constants
    "where progress.seq > ? and {condition} order by progress.seq limit ?"
)
_FINISHED: Final = (
    "select json_array(seq, key) as entry from progress join jobs using (seq) "  # noqa: S608 - of constants
    f"where seq > ? and not is_open and updated_at < ? and state {_IN} order by seq limit ?"
)
_TABLES_OF_JOBS: Final = ("spooled", "progress", "jobs")


@attrs.define(eq=False)
class Task(Op):
    """Anything that is no record, done after the records of its batch."""

    run: Callable[[Ledger], Any]
    is_read: bool = True


class Ledger:
    """The open journal, for use in one thread.

    Args:
        connection: From `open_file`; closed by `close`.
        lock: Released by `close`.
        path: For messages, and for what is kept beside it.
        spool_limit_bytes: See `Spool`.
        on_transition: See `TransitionHook`.
        wall_clock: Seconds since 1970.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: FileLock,
        path: Path,
        *,
        spool_limit_bytes: int,
        on_transition: TransitionHook | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._db = connection
        self._lock = lock
        self.path = str(path)
        self._on_transition = on_transition
        self._wall_clock = wall_clock
        self._live: dict[str, Live] = {}
        self._next_seq: int = self._value("select coalesce(max(seq), 0) + 1 from jobs")
        self._locks: dict[str, str] = dict(
            self._rows(
                "select json_array(lock, key) as entry from progress join jobs using (seq) "
                "where lock is not null"
            )
        )
        held = self._rows("select json_quote(sha256) as entry from spooled")
        self.spool = Spool(path, limit_bytes=spool_limit_bytes, held=held)

    def close(self) -> None:
        """Move SQLite's log into the file, close it, and let others have it."""
        try:
            self._db.close()
            self.spool.close()
        finally:
            self._lock.release()

    def apply(self, batch: Sequence[Op]) -> None:
        """Do all of *batch*; each operation then has its result or its error."""
        records = [op for op in batch if not isinstance(op, Task)]
        if records:
            self._record(records)
        for op in batch:
            if isinstance(op, Task):
                try:
                    op.result = op.run(self)
                except sqlite3.Error as error:
                    op.error = self._failure(error, is_read=op.is_read)

    def entry(self, key: str) -> Entry | None:
        """The entry of *key*, or None."""
        rows = self._rows(_BY_KEY, _json([key]))
        return entry_from_row(rows[0]) if rows else None

    def page(self, after_seq: int, states: Iterable[JournalState], limit: int) -> list[Entry]:
        """The next *limit* entries in one of *states*, in the sequence of planning."""
        wanted = frozenset(states)
        words = _json([one.value for one in wanted])
        # `is_open` has to be in the statement, so that SQLite takes the index of the open ones.
        if wanted == OPEN_STATES:
            rows = self._rows(_PAGE.format(condition="is_open"), after_seq, limit)
        elif wanted <= OPEN_STATES:
            rows = self._rows(_PAGE.format(condition=f"is_open and state {_IN}"), after_seq, words, limit)
        else:
            rows = self._rows(_PAGE.format(condition=f"state {_IN}"), after_seq, words, limit)
        return [entry_from_row(row) for row in rows]

    def known(self, place: str) -> frozenset[str]:
        """Remote ids noted for *place*."""
        return frozenset(self._rows("select json_quote(id) as entry from remotes where place = ?", place))

    def counts(self) -> dict[JournalState, int]:
        """How many jobs are in each state."""
        rows = self._rows("select json_array(state, count(*)) as entry from progress group by state")
        return {JournalState(state): count for state, count in rows}

    def prune(
        self, after_seq: int, before: float, states: Iterable[JournalState], limit: int
    ) -> tuple[int, int]:
        """Forget up to *limit* closed entries last written before a time: how many, and up to which seq."""
        names = _json([one.value for one in states])
        gone = self._rows(_FINISHED, after_seq, before, names, limit)
        seqs = _json([seq for seq, _ in gone])
        spooled = self._rows(f"select json_quote(sha256) as entry from spooled where seq {_IN}", seqs)  # noqa: S608
        self._execute([(f"delete from {one} where seq {_IN}", (seqs,)) for one in _TABLES_OF_JOBS])  # noqa: S608
        self._db.executescript("pragma incremental_vacuum")  # execute() would free one page of them
        self.spool.release(spooled)
        for _, key in gone:
            self._live.pop(key, None)
        return len(gone), gone[-1][0] if gone else after_seq

    def _record(self, ops: Sequence[Op]) -> None:
        try:
            draft = self._draft(ops)
            self._tell("before", draft)
            self._execute(
                [
                    *_INSERT_JOBS.of(draft.jobs),
                    *_PUT_PROGRESS.of(draft.progress()),
                    *_INSERT_REMOTES.of(draft.remotes),
                    *_INSERT_SPOOLED.of(draft.spooled),
                    *([(_DELETE_SPOOLED, (_json(draft.unspooled),))] if draft.unspooled else []),
                ]
            )
        except sqlite3.Error as error:
            for op in ops:
                op.result, op.error = None, op.error or self._failure(error)
            return
        self._keep(draft)
        self._tell("after", draft)

    def _draft(self, ops: Sequence[Op]) -> Draft:
        live = self._live
        wanted = [
            op.key for op in ops if isinstance(op, Plan) or (isinstance(op, Write) and op.key not in live)
        ]
        found = {row[1]: row for row in self._rows(_BY_KEY, _json(wanted))} if wanted else {}
        draft = Draft(
            path=self.path,
            now=self._wall_clock(),
            next_seq=self._next_seq,
            live=live,
            found=found,
            locks=self._locks,
            is_spooled=self.spool.holds,
            tells_moves=self._on_transition is not None,
        )
        for op in ops:
            draft.add(op)
        return draft

    def _keep(self, draft: Draft) -> None:
        """Take over what is durable now."""
        self._next_seq = draft.next_seq
        for key, one in draft.changed.items():
            if one.state in OPEN_STATES:
                self._live[key] = one
            else:
                self._live.pop(key, None)
        while len(self._live) > _REMEMBERED:
            del self._live[next(iter(self._live))]
        for lock, holder in draft.new_locks.items():
            if holder is None:
                self._locks.pop(lock, None)
            else:
                self._locks[lock] = holder
        if draft.released:
            self.spool.release(draft.released)

    def _tell(self, when: Literal["before", "after"], draft: Draft) -> None:
        if self._on_transition is not None:
            for key, state in draft.moves:
                self._on_transition(when, key, state)

    def _execute(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
        """Run the statements durably, all or none."""
        if len(statements) == 1:  # SQLite makes a transaction of its own
            self._db.execute(*statements[0])
        elif statements:
            self._db.execute("begin immediate")
            try:
                for statement, values in statements:
                    self._db.execute(statement, values)
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("rollback")
                raise

    def _value(self, statement: str, *arguments: Any) -> Any:
        return self._db.execute(statement, arguments).fetchone()[0]

    def _rows(self, statement: str, *arguments: Any) -> list[Any]:
        """The rows of a statement whose one column is JSON, named entry."""
        gathered = f"select group_concat(entry) from ({statement})"  # noqa: S608 - ours
        rows: list[Any] = orjson.loads(f"[{self._value(gathered, *arguments) or ''}]")
        return rows

    def _failure(self, error: sqlite3.Error, *, is_read: bool = False) -> JournalError:
        """The error of ours for one of SQLite's."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        failure: JournalError
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            failure = JournalUnreadable(
                f"journal {self.path!r} was damaged while in use ({error}): stop, keep a copy of the file, "
                "and begin a new journal",
                path=self.path,
                reason="damaged",
            )
        elif is_read:
            failure = JournalError(f"journal {self.path!r} could not be read ({error})", path=self.path)
        else:
            advice = {
                sqlite3.SQLITE_FULL: "make room on the disk",
                sqlite3.SQLITE_BUSY: "another program keeps it locked; close that one",
            }.get(code, "see whether its disk is full or failing")
            failure = JournalWriteFailed(
                f"journal {self.path!r} could not be written ({error}), so what was to be recorded is not: "
                f"{advice}, and run the same jobs again",
                path=self.path,
            )
        failure.__cause__ = error
        return failure


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
