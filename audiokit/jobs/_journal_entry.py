"""What the journal says about one job, and which state may follow which."""

from __future__ import annotations

import datetime as dt
import enum
import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

__all__ = ["OPEN_STATES", "Entry", "JournalState", "Output", "refusal"]

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class JournalState(enum.StrEnum):
    """How far a job has come, as the journal knows."""

    PLANNED = "planned"  # known, nothing asked of the API yet
    INTENT = "intent"  # about to be submitted: after a crash it may have been
    SENT = "sent"  # the API has it, and gave an id
    FETCHED = "fetched"  # its files are here
    DONE = "done"
    UNCERTAIN = "uncertain"  # perhaps submitted, and the API cannot be asked: somebody must decide
    FAILED = "failed"


_S = JournalState
_BY_WORD: Final[Mapping[str, JournalState]] = {one.value: one for one in JournalState}
_moment: Final = dt.datetime.fromtimestamp

OPEN_STATES: Final = frozenset({_S.PLANNED, _S.INTENT, _S.SENT, _S.FETCHED, _S.UNCERTAIN})
"""States from which a job still goes on; `Journal.entries` finds these by index."""

VERSIONS: Final = 2**31
"""A kind's version is a whole number below this."""

LOCKING: Final = frozenset({_S.INTENT, _S.UNCERTAIN})
"""States in which nobody knows yet whether the API has the order."""

_NEXT: Final[Mapping[JournalState, frozenset[JournalState]]] = {
    _S.PLANNED: frozenset({_S.PLANNED, _S.INTENT, _S.FAILED}),
    _S.INTENT: frozenset({_S.INTENT, _S.PLANNED, _S.SENT, _S.UNCERTAIN, _S.FAILED}),
    _S.SENT: frozenset({_S.SENT, _S.INTENT, _S.FETCHED, _S.DONE, _S.FAILED}),
    _S.FETCHED: frozenset({_S.FETCHED, _S.SENT, _S.DONE, _S.FAILED}),
    _S.DONE: frozenset({_S.DONE, _S.SENT, _S.FETCHED}),  # files gone: fetched again, never ordered again
    _S.UNCERTAIN: frozenset({_S.UNCERTAIN, _S.PLANNED, _S.SENT, _S.FAILED}),
    _S.FAILED: frozenset({_S.FAILED, _S.PLANNED, _S.SENT}),
}


def refusal(old: JournalState, old_stage: int, new: JournalState, new_stage: int) -> str | None:
    """Why a job must not go from *old* to *new*; None when it may."""
    allowed = _NEXT[old]
    if new not in allowed:
        return f"after {old.value!r} may come {', '.join(sorted(one.value for one in allowed))}"
    if new is _S.INTENT and old is _S.SENT and new_stage <= old_stage:
        return f"stage {old_stage} was ordered already; an intent must be for a later stage"
    if new is _S.INTENT and old is _S.INTENT and new_stage != old_stage:
        return f"whether stage {old_stage} was ordered is still open"
    return None


@attrs.frozen(kw_only=True)
class Output:
    """A file a job has saved.

    Attributes:
        path: Where it was put; as given, so make it absolute.
        size_bytes: Its size.
        sha256: Digest of its content, 64 hexadecimal digits.
    """

    path: str
    size_bytes: int
    sha256: str

    def to_json(self) -> list[Any]:
        """The form it is recorded in."""
        try:
            self.path.encode()
        except UnicodeEncodeError:  # a name that is no UTF-8: JSON cannot hold it as text
            return [{"hex": os.fsencode(self.path).hex()}, self.size_bytes, self.sha256]
        return [self.path, self.size_bytes, self.sha256]

    @classmethod
    def from_json(cls, record: list[Any]) -> Output:
        """Read what `to_json` wrote."""
        path, size_bytes, sha256 = record
        if isinstance(path, dict):
            path = os.fsdecode(bytes.fromhex(path["hex"]))
        return cls(path=path, size_bytes=size_bytes, sha256=sha256)


@attrs.frozen(kw_only=True)
class Entry:
    """All the journal knows of one job.

    Attributes:
        seq: Its place in the sequence of planning. Order by this, never by the times: a clock
            may be set back.
        key: The job's key.
        kind: Registered name of its kind.
        kind_version: Version of the kind's fields.
        fields: The job's fields, as the kind wrote them.
        state: How far it is.
        stage: Stage of a chain it is in, from 0.
        remote_ids: What the API calls it, by a name the kind chooses.
        label: Its label at the API.
        data: What else its stages need to go on.
        outputs: Files saved.
        attempts: How often it was tried.
        error: Why it failed or is uncertain.
        lock: Lock it holds, see `Journal.write`.
        spooled: Digests of bytes kept beside the journal for it.
        created_at: When it was planned, by the wall clock.
        updated_at: When it was last written, by the wall clock.
    """

    seq: int
    key: str
    kind: str
    kind_version: int
    fields: Mapping[str, Any]
    state: JournalState
    stage: int = 0
    remote_ids: Mapping[str, str] = _NOTHING
    label: str | None = None
    data: Mapping[str, Any] = _NOTHING
    outputs: tuple[Output, ...] = ()
    attempts: int = 0
    error: str | None = None
    lock: str | None = None
    spooled: tuple[str, ...] = ()
    created_at: dt.datetime
    updated_at: dt.datetime


def entry_from_row(row: list[Any]) -> Entry:
    """Build an entry from a decoded row, see `ENTRY_COLUMNS` of the schema."""
    seq, key, kind, kind_version, fields, state, facts, lock, created_at, updated_at = row
    get = facts.get
    outputs = get("outputs")
    return Entry(
        seq=seq,
        key=key,
        kind=kind,
        kind_version=kind_version,
        fields=fields,
        state=_BY_WORD[state],
        stage=get("stage", 0),
        remote_ids=get("remote_ids", _NOTHING),
        label=get("label"),
        data=get("data", _NOTHING),
        outputs=tuple(map(Output.from_json, outputs)) if outputs else (),
        attempts=get("attempts", 0),
        error=get("error"),
        lock=lock,
        spooled=tuple(get("spooled", ())),
        created_at=_moment(created_at, dt.UTC),
        updated_at=_moment(updated_at, dt.UTC),
    )
