"""What a batch of records comes to: the rows to write, decided without touching the file.

What is known of a job travels, waits and is kept as JSON in bytes. As dicts it would be a little faster here,
and slower in all: each is one more for the collector of cycles to go through, time and again, and with a
thousand jobs in flight that was a fourth of what they cost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import attrs
import orjson

from audiokit.errors import AudiokitError, InvalidRequest, JournalLockTaken, UsageError
from audiokit.jobs._journal_entry import LOCKING, OPEN_STATES, JournalState, entry_from_row, refusal

_WORDS: Final = {state: state.value for state in JournalState}  # `.value` is slow


@attrs.define(eq=False)
class Op:
    """Something asked of the journal; *result* or *error* is set once it is answered."""

    future: asyncio.Future[Any]
    result: Any = attrs.field(init=False, default=None)
    error: AudiokitError | None = attrs.field(init=False, default=None)


@attrs.define(eq=False)
class Plan(Op):
    """Record a job unless it is; the result is the entry there was, or None."""

    key: str
    kind: str
    kind_version: int
    fields: str
    facts: bytes
    spooled: tuple[str, ...]


@attrs.define(eq=False)
class Write(Op):
    """Take a job to a state, by way of another where that is a record, too."""

    key: str
    state: JournalState
    changes: bytes
    lock: str | None
    place: str | None
    via: JournalState | None


@attrs.define(eq=False)
class Remember(Op):
    """Note remote ids that are there."""

    place: str
    ids: list[str]


@attrs.define(eq=False)
class Live:
    """What has to be known of an entry to write its next record."""

    seq: int
    state: JournalState
    facts: bytes
    lock: str | None

    @classmethod
    def from_row(cls, row: list[Any]) -> Live:
        """From a decoded row, see `ENTRY_COLUMNS`."""
        return cls(row[0], JournalState(row[5]), orjson.dumps(row[6]), row[7])


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
        tells_moves: Whether somebody wants to know the moves.
    """

    path: str
    now: float
    next_seq: int
    live: Mapping[str, Live]
    found: dict[str, list[Any]]
    locks: Mapping[str, str]
    is_spooled: Callable[[str], bool]
    tells_moves: bool

    planned: dict[str, Plan] = attrs.field(init=False, factory=dict[str, Plan])
    changed: dict[str, Live] = attrs.field(init=False, factory=dict[str, Live])
    new_locks: dict[str, str | None] = attrs.field(init=False, factory=dict[str, "str | None"])
    moves: list[tuple[str, JournalState]] = attrs.field(init=False, factory=list[Any])
    released: list[str] = attrs.field(init=False, factory=list[str])
    jobs: list[Any] = attrs.field(init=False, factory=list[Any])
    remotes: list[str] = attrs.field(init=False, factory=list[str])
    spooled: list[str | int] = attrs.field(init=False, factory=list[Any])
    unspooled: list[int] = attrs.field(init=False, factory=list[int])

    def add(self, op: Op) -> None:
        """Take in one operation, or set its error."""
        try:
            if isinstance(op, Write):
                self._write(op)
            elif isinstance(op, Plan):
                self._plan(op)
            elif isinstance(op, Remember):
                self._note(op.place, op.ids)
        except AudiokitError as error:
            op.error = error

    def progress(self) -> list[Any]:
        """The values of all entries that changed, each once, row behind row."""
        values: list[Any] = []
        for one in self.changed.values():
            state = one.state
            values += (one.seq, _WORDS[state], state in OPEN_STATES, one.lock, one.facts.decode(), self.now)
        return values

    def _plan(self, op: Plan) -> None:
        spooled = op.spooled
        row = self.found.get(op.key) or self._row_of_planned(op.key)
        if row is not None:
            op.result = entry_from_row(row)
            if spooled and not op.result.spooled and op.result.state is not JournalState.DONE:
                self._keep_spooled(op, row)  # it was done once, and is begun anew
            else:
                self.released.extend(spooled)
            return
        self._check_spooled(spooled)
        seq, state = self.next_seq, JournalState.PLANNED
        self.next_seq += 1
        self.jobs += (seq, op.key, op.kind, op.kind_version, op.fields, self.now)
        if spooled:
            self.spooled.extend(value for sha256 in spooled for value in (sha256, seq))
        self.planned[op.key] = op
        self.changed[op.key] = Live(seq, state, op.facts, None)
        self._tell_move(op.key, state)

    def _keep_spooled(self, op: Plan, row: list[Any]) -> None:
        """The bytes are a known job's from now on."""
        self._check_spooled(op.spooled)
        one = self.changed.get(op.key) or self.live.get(op.key) or Live.from_row(row)
        facts = orjson.dumps({**orjson.loads(one.facts), "spooled": op.spooled})
        self.changed[op.key] = Live(one.seq, one.state, facts, one.lock)
        self.spooled.extend(value for sha256 in op.spooled for value in (sha256, one.seq))
        op.result = attrs.evolve(op.result, spooled=op.spooled)

    def _check_spooled(self, digests: Sequence[str]) -> None:
        missing = [sha256 for sha256 in digests if not self.is_spooled(sha256)]
        if missing:
            raise UsageError(f"bytes {missing[0]!r} are not beside the journal: call `spool` before `plan`")

    def _row_of_planned(self, key: str) -> list[Any] | None:
        """As it will be read, of a job that is new in this very batch."""
        if key not in self.planned:
            return None
        op, one, now = self.planned[key], self.changed[key], self.now
        fields, facts = orjson.loads(op.fields), orjson.loads(one.facts)
        return [one.seq, key, op.kind, op.kind_version, fields, one.state, facts, one.lock, now, now]

    def _write(self, op: Write) -> None:
        old = self.changed.get(op.key) or self.live.get(op.key)
        if old is None:
            if op.key not in self.found:
                raise UsageError(f"no job {op.key!r} is in journal {self.path!r}: `plan` it first")
            old = Live.from_row(self.found[op.key])
        before, changes = orjson.loads(old.facts), orjson.loads(op.changes)
        facts = {**before, **changes}
        stage = facts.get("stage", 0)
        if op.via is None:
            self._check_move(op.key, old.state, before.get("stage", 0), op.state, stage)
        else:
            self._check_move(op.key, old.state, before.get("stage", 0), op.via, stage)
            self._check_move(op.key, op.via, stage, op.state, stage)
        for name in ("remote_ids", "data"):
            if name in changes and name in before:
                facts[name] = {**before[name], **changes[name]}
        if "error" in before and old.state is not op.state and "error" not in changes:
            del facts["error"]  # it was of the state that is left
        if "spooled" in facts and op.state is JournalState.DONE:
            self.released.extend(facts.pop("spooled"))
            self.unspooled.append(old.seq)
        self.changed[op.key] = Live(old.seq, op.state, orjson.dumps(facts), self._lock(op, old.lock))
        if op.via is not None:
            self._tell_move(op.key, op.via)
        self._tell_move(op.key, op.state)
        if op.place is not None:
            self._note(op.place, changes.get("remote_ids", {}).values())

    def _note(self, place: str, ids: Iterable[str]) -> None:
        """Note remote ids of a place."""
        self.remotes.extend(value for one in ids for value in (place, one))

    def _tell_move(self, key: str, state: JournalState) -> None:
        if self.tells_moves:
            self.moves.append((key, state))

    def _check_move(
        self, key: str, old: JournalState, old_stage: int, new: JournalState, new_stage: int
    ) -> None:
        why = refusal(old, old_stage, new, new_stage)
        if why is not None:
            raise UsageError(
                f"job {key!r} cannot go from {old.value!r} to {new.value!r} in journal {self.path!r}: {why}"
            )

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
