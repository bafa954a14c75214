"""What a batch of records comes to: the rows to write, decided without touching the file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
import orjson

from audiokit.errors import AudiokitError, InvalidRequest, JournalLockTaken, UsageError
from audiokit.jobs._journal_entry import LOCKING, OPEN_STATES, JournalState, entry_from_row, refusal

_WORDS: Final = {state: state.value for state in JournalState}  # `.value` is slow


@attrs.define(eq=False, kw_only=True)
class Op:
    """Something asked of the journal; *result* or *error* is set once it is answered."""

    future: asyncio.Future[Any]
    result: Any = None
    error: AudiokitError | None = None


@attrs.define(eq=False, kw_only=True)
class Plan(Op):
    """Record a job unless it is; the result is the entry there was, or None."""

    key: str
    kind: str
    kind_version: int
    fields: str
    facts: dict[str, Any]


@attrs.define(eq=False, kw_only=True)
class Write(Op):
    """Take a job to a state."""

    key: str
    state: JournalState
    changes: dict[str, Any]
    lock: str | None
    place: str | None


@attrs.define(eq=False, kw_only=True)
class Remember(Op):
    """Note remote ids that are there."""

    place: str
    ids: list[str]


@attrs.define(eq=False)
class Live:
    """What has to be known of an entry to write its next record."""

    seq: int
    state: JournalState
    facts: dict[str, Any]
    lock: str | None

    @classmethod
    def from_row(cls, row: list[Any]) -> Live:
        """From a decoded row, see `ENTRY_COLUMNS`."""
        return cls(row[0], JournalState(row[5]), row[6], row[7])


@attrs.define(eq=False)
class Draft:
    """A transaction being put together; nothing is changed outside of it.

    Attributes:
        path: For messages.
        now: Wall clock for all of its records.
        next_seq: For the next new job.
        live: Entries by key, as they are.
        found: Rows read for this batch, by key: all that are to be planned.
        locks: Holder of each lock, as it is.
        is_spooled: Whether bytes with a digest are kept.
    """

    path: str
    now: float
    next_seq: int
    live: Mapping[str, Live]
    found: dict[str, list[Any]]
    locks: Mapping[str, str]
    is_spooled: Callable[[str], bool]

    planned: dict[str, Plan] = attrs.field(init=False, factory=dict[str, Plan])
    changed: dict[str, Live] = attrs.field(init=False, factory=dict[str, Live])
    new_locks: dict[str, str | None] = attrs.field(init=False, factory=dict[str, "str | None"])
    moves: list[tuple[str, JournalState]] = attrs.field(init=False, factory=list[Any])
    released: list[str] = attrs.field(init=False, factory=list[str])
    jobs: list[tuple[Any, ...]] = attrs.field(init=False, factory=list[Any])
    remotes: list[tuple[str, str]] = attrs.field(init=False, factory=list[Any])
    spooled: list[tuple[str, int]] = attrs.field(init=False, factory=list[Any])
    unspooled: list[int] = attrs.field(init=False, factory=list[int])

    def add(self, op: Op) -> None:
        """Take in one operation, or set its error."""
        try:
            if isinstance(op, Write):
                self._write(op)
            elif isinstance(op, Plan):
                self._plan(op)
            elif isinstance(op, Remember):
                self.remotes.extend((op.place, one) for one in op.ids)
        except AudiokitError as error:
            op.error = error

    def progress(self) -> list[tuple[Any, ...]]:
        """The rows of all entries that changed, each once."""
        now = self.now
        return [
            (
                one.seq,
                _WORDS[one.state],
                one.state in OPEN_STATES,
                one.lock,
                orjson.dumps(one.facts).decode(),
                now,
            )
            for one in self.changed.values()
        ]

    def _plan(self, op: Plan) -> None:
        spooled: tuple[str, ...] = op.facts.get("spooled", ())
        row = self.found.get(op.key) or self._row_of_planned(op.key)
        if row is not None:
            op.result = entry_from_row(row)
            self.released.extend(spooled)
            return
        missing = [sha256 for sha256 in spooled if not self.is_spooled(sha256)]
        if missing:
            raise UsageError(f"bytes {missing[0]!r} are not beside the journal: call `spool` before `plan`")
        seq, state = self.next_seq, JournalState.PLANNED
        self.next_seq += 1
        self.jobs.append((seq, op.key, op.kind, op.kind_version, op.fields, self.now))
        self.spooled.extend((sha256, seq) for sha256 in spooled)
        self.planned[op.key] = op
        self.changed[op.key] = Live(seq, state, op.facts, None)
        self.moves.append((op.key, state))

    def _row_of_planned(self, key: str) -> list[Any] | None:
        """As it will be read, of a job that is new in this very batch."""
        if key not in self.planned:
            return None
        op, one, now = self.planned[key], self.changed[key], self.now
        fields = orjson.loads(op.fields)
        return [one.seq, key, op.kind, op.kind_version, fields, one.state, one.facts, one.lock, now, now]

    def _write(self, op: Write) -> None:
        old = self.changed.get(op.key) or self.live.get(op.key)
        if old is None:
            if op.key not in self.found:
                raise UsageError(f"no job {op.key!r} is in journal {self.path!r}: `plan` it first")
            old = Live.from_row(self.found[op.key])
        facts = {**old.facts, **op.changes}
        why = refusal(old.state, old.facts.get("stage", 0), op.state, facts.get("stage", 0))
        if why is not None:
            raise UsageError(
                f"job {op.key!r} cannot go from {old.state.value!r} to {op.state.value!r} "
                f"in journal {self.path!r}: {why}"
            )
        for name in ("remote_ids", "data"):
            if name in op.changes and name in old.facts:
                facts[name] = {**old.facts[name], **op.changes[name]}
        if old.state is not op.state and "error" in old.facts and "error" not in op.changes:
            del facts["error"]  # it was of the state that is left
        if op.state is JournalState.DONE and "spooled" in facts:
            self.released.extend(facts.pop("spooled"))
            self.unspooled.append(old.seq)
        self.changed[op.key] = Live(old.seq, op.state, facts, self._lock(op, old.lock))
        self.moves.append((op.key, op.state))
        if op.place is not None:
            self.remotes.extend((op.place, one) for one in op.changes.get("remote_ids", {}).values())

    def _lock(self, op: Write, held: str | None) -> str | None:
        """The lock the entry has afterwards; taken and given back with the state that needs it."""
        wanted = op.lock
        if wanted is not None:
            if op.state not in LOCKING:
                raise InvalidRequest.of("lock", wanted, f"None for state {op.state.value!r}")
            holder = self.new_locks[wanted] if wanted in self.new_locks else self.locks.get(wanted)
            if holder not in {None, op.key}:
                raise JournalLockTaken(
                    f"job {op.key!r} must wait: whether the order of job {holder!r} arrived is not known, "
                    f"and there may be only one such at {wanted!r}; settle that one first",
                    path=self.path,
                    lock=wanted,
                    holder=str(holder),
                )
        elif op.state in LOCKING:
            wanted = held
        if held is not None and held != wanted:
            self.new_locks[held] = None
        if wanted is not None:
            self.new_locks[wanted] = op.key
        return wanted
