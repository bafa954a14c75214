"""What became of each job, on disk: written before the next step is taken, read after a crash.

::

    async with Journal("jobs.sqlite", scope=Scope.of(access)) as journal:
        entry = await journal.plan(key, kind="conversion", kind_version=1, fields={"voice_id": "v"})
        if entry is None:  # new; else `entry.state` says how far an earlier run came
            await journal.write(key, JournalState.INTENT, lock=f"order:{original_id}")
            ids = {"conversion": await order()}
            await journal.write(key, JournalState.SENT, remote_ids=ids, place=f"conversions:{original_id}")
            file = Output(path=..., size_bytes=..., sha256=...)
            await journal.write(key, JournalState.FETCHED, outputs=[file])
            await journal.write(key, JournalState.DONE)

        async for entry in journal.entries():  # open ones, by index
            ...

An await that returns means: durable. One that raises `JournalWriteFailed` means: take it as not written.
One that is cancelled may be either. Whoever waits at the same time shares one transaction; one thread
of the journal's own does all reading and writing. Jobs put their last two records, fetched and done, in one:
so of their own jobs an orchestrator leaves none behind that is fetched and not done.
"""

from __future__ import annotations

import asyncio
import functools
import os
import time
import warnings
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypedDict, TypeVar, Unpack

import anyio.to_thread
import orjson

from audiokit._unset import UNSET, UnsetType
from audiokit.errors import InvalidRequest
from audiokit.jobs._journal_draft import Plan, Remember, Write
from audiokit.jobs._journal_entry import OPEN_STATES, VERSIONS, Entry, JournalState, Output
from audiokit.jobs._journal_file import Durability, open_file
from audiokit.jobs._journal_ledger import Ledger, Task, TransitionHook
from audiokit.jobs._journal_lock import FileLock
from audiokit.jobs._journal_scope import Account, Scope
from audiokit.jobs._journal_thread import JournalThread
from audiokit.typing import StrPath

__all__ = ["Account", "Durability", "Entry", "Journal", "JournalState", "Output", "Scope", "TransitionHook"]

T = TypeVar("T")

_CLOSED_STATES: Final = frozenset(JournalState) - OPEN_STATES
_ERROR_CHARACTERS: Final = 4000
_KEY_CHARACTERS: Final = 500
_PRUNED_AT_ONCE: Final = 5000


class Facts(TypedDict, total=False):
    """What is known of a job when it is recorded; every entry may be left out.

    Attributes:
        stage: Stage of a chain, from 0.
        remote_ids: What the API calls it; added to those known.
        place: What these ids are found in, e.g. the conversions of one original, see `Journal.known`.
        label: Its label at the API.
        data: More for its stages, JSON; added by name to what is known.
        outputs: Its files, in place of those known.
        attempts: How often it was tried.
        error: Why it failed, without secrets; the first 4,000 characters are kept.
        lock: Name of something of which only one job at a time may be in doubt, e.g. the orders of
            one original. Taken with state intent or uncertain, and held until the job leaves these.
    """

    stage: int
    remote_ids: Mapping[str, str]
    place: str | None
    label: str
    data: Mapping[str, Any]
    outputs: Iterable[Output]
    attempts: int
    error: str | None
    lock: str | None


class Journal:
    """Durable record of jobs in one file; open it with ``async with``, once, in one event loop.

    Args:
        path: The file; made with its folder when missing, mode 0600. On a local disk: SQLite's log needs one.
        scope: The accounts it is used with; a journal of another account is refused.
        durability: What a record survives.
        spool_limit_bytes: Most bytes of sources kept beside the file, see `spool`.
        same_account: Accept a changed key, because you know that it is the same account's.
        on_transition: For tests of crashes, see `TransitionHook`.
        wall_clock: Seconds since 1970, for the times of entries.
    """

    def __init__(
        self,
        path: StrPath,
        *,
        scope: Scope,
        durability: Durability = Durability.FULL,
        spool_limit_bytes: int = 256 * 1024 * 1024,
        same_account: bool = False,
        on_transition: TransitionHook | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        if spool_limit_bytes < 0:
            raise InvalidRequest.of("spool_limit_bytes", spool_limit_bytes, "0 or more")
        self._path = Path(os.path.realpath(path))  # two names of one file must meet at one lock
        self._wall_clock = wall_clock
        # Not a method: the thread must not keep the journal alive, or a forgotten one is never noticed.
        opening = functools.partial(
            _open_ledger,
            self._path,
            scope=scope,
            durability=durability,
            same_account=same_account,
            spool_limit_bytes=spool_limit_bytes,
            on_transition=on_transition,
            wall_clock=wall_clock,
        )
        self._thread = JournalThread(self._path, opening)

    def __repr__(self) -> str:
        return f"<Journal {str(self._path)!r} {self._thread.state}>"

    def __del__(self) -> None:
        thread: JournalThread | None = self.__dict__.get("_thread")
        if thread is not None and thread.state == "open":
            warnings.warn(f"{self!r} was never closed", ResourceWarning, stacklevel=2)
            thread.finish()

    @property
    def path(self) -> Path:
        """The file, absolute, links followed."""
        return self._path

    async def __aenter__(self) -> Self:
        await self._thread.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Finish what was asked for, and close the file; safe to call twice."""
        await self._thread.aclose()

    # Writing.

    async def plan(
        self,
        key: str,
        *,
        kind: str,
        kind_version: int,
        fields: Mapping[str, Any],
        label: str | None = None,
        data: Mapping[str, Any] | None = None,
        spooled: Iterable[str] = (),
    ) -> Entry | None:
        """Record a job as planned, unless its key is known.

        Args:
            key: The job's key: 1 to 500 printable characters.
            kind: Registered name of its kind.
            kind_version: Version of the kind's fields.
            fields: What the kind needs to build the job again; JSON.
            label: Its label at the API.
            data: First facts for its stages; JSON.
            spooled: Digests that `spool` gave for it. They are the job's then, until it is done; of a
                known job they are given back.

        Returns:
            None when the job is new; else its entry, as it was.

        Raises:
            InvalidRequest: The key or the fields cannot be recorded.
            JournalWriteFailed: The record is not durable.
            UsageError: The journal is not open, or not here.
        """
        if type(kind_version) is not int or not 0 <= kind_version < VERSIONS:
            raise InvalidRequest.of("kind_version", kind_version, f"a whole number below {VERSIONS}")
        facts: dict[str, Any] = {}
        if label is not None:
            facts["label"] = _storable(label)
        if data:
            facts["data"] = data
        if digests := tuple(dict.fromkeys(spooled)):
            facts["spooled"] = digests
        known: Entry | None = await self._thread.ask(
            Plan(
                self._thread.future(),
                _name("key", key),
                _name("kind", kind),
                kind_version,
                _json("fields", fields).decode(),
                _json("data", facts),
                digests,
            )
        )
        return known

    async def write(self, key: str, state: JournalState, **facts: Unpack[Facts]) -> None:
        """Take a planned job to *state*, or note more facts in the state it is in.

        What is not given stays as it was, but for the error: it goes with the state it belongs to.

        Args:
            key: The job's key.
            state: Where it is now.
            **facts: See `Facts`.

        Raises:
            UsageError: There is no such job, or it must not go to this state from where it is: sent jobs
                are never sent again, other than for a later stage.
            JournalLockTaken: Another job holds the lock; `holder` is its key.
            InvalidRequest: A value cannot be recorded.
            JournalWriteFailed: The record is not durable.
        """
        await self.put(key, state, **facts)

    def put(
        self,
        key: str,
        state: JournalState,
        *,
        stage: int | None = None,
        remote_ids: Mapping[str, str] | None = None,
        place: str | None = None,
        label: str | None = None,
        data: Mapping[str, Any] | None = None,
        outputs: Iterable[Output] | None = None,
        attempts: int | None = None,
        error: str | UnsetType | None = UNSET,
        lock: str | None = None,
        via: JournalState | None = None,
    ) -> asyncio.Future[None]:
        """As `write`, to be awaited later: records put without an await between them share a transaction.

        With *via* there are two of them, the first of which takes the job to that state.
        """
        changes: dict[str, Any] = {}
        if stage is not None:
            changes["stage"] = stage
        if remote_ids is not None:
            changes["remote_ids"] = {
                _name("remote_ids", one): _name("remote_ids", remote_ids[one]) for one in remote_ids
            }
        if label is not None:
            changes["label"] = _storable(label)
        if data is not None:
            changes["data"] = data
        if outputs is not None:
            changes["outputs"] = [one.to_json() for one in outputs]
        if attempts is not None:
            changes["attempts"] = attempts
        if error is not UNSET:
            changes["error"] = None if error is None else _storable(error[:_ERROR_CHARACTERS])
        return self._thread.ask(
            Write(
                self._thread.future(),
                _name("key", key),
                state,
                _json("data", changes),  # all else is JSON already
                None if lock is None else _name("lock", lock),
                None if place is None else _name("place", place),
                via,
            )
        )

    async def remember(self, place: str, ids: Iterable[str]) -> None:
        """Note remote ids that are in *place* already, so that none of them is taken for a new one.

        Raises:
            InvalidRequest: A name cannot be recorded.
            JournalWriteFailed: They are not durable.
        """
        names = [_name("ids", one) for one in ids]
        await self._thread.ask(Remember(self._thread.future(), _name("place", place), names))

    async def spool(self, data: bytes) -> str:
        """Keep *data* beside the journal for a job about to be planned, and give its SHA-256.

        Raises:
            InvalidRequest: It does not fit below `spool_limit_bytes`; the message names the ways out.
            JournalWriteFailed: It cannot be written.
        """
        return await anyio.to_thread.run_sync(self._thread.ledger.spool.put, data)

    def spooled_path(self, sha256: str) -> Path:
        """The file that has the bytes `spool` kept."""
        return self._path.with_name(f"{self._path.name}.spool") / sha256

    async def prune(self, *, older_than_s: float, states: Collection[JournalState] = _CLOSED_STATES) -> int:
        """Forget finished jobs, and give the room back to the disk.

        Their remote ids stay known: a forgotten one could be taken for another job's.

        Args:
            older_than_s: Those last written longer ago than this, in seconds, by the wall clock.
            states: Done, failed or both.

        Returns:
            How many were forgotten. Running one of them again is a new job, and costs again.
        """
        if not set(states) <= _CLOSED_STATES:
            raise InvalidRequest.of("states", sorted(states), "done, failed or both")
        before, after_seq, total = self._wall_clock() - older_than_s, 0, 0
        while True:
            count, after_seq = await self._do(_pruning(after_seq, before, states), is_read=False)
            total += count
            if count < _PRUNED_AT_ONCE:
                return total

    # Reading.

    async def get(self, key: str) -> Entry | None:
        """The entry of *key*, or None."""
        name = _name("key", key)
        return await self._do(lambda ledger: ledger.entry(name))

    async def entries(
        self, states: Collection[JournalState] = OPEN_STATES, *, page_size: int = 1000
    ) -> AsyncIterator[Entry]:
        """Entries in the sequence in which they were planned; open ones are found without reading the others.

        Args:
            states: Which.
            page_size: How many are read, and held, at once.
        """
        after_seq = 0
        while page := await self._do(_paging(after_seq, states, page_size)):
            for entry in page:
                yield entry
            after_seq = page[-1].seq

    async def known(self, place: str) -> frozenset[str]:
        """All remote ids ever noted for *place*, by `write` or `remember`."""
        name = _name("place", place)
        return await self._do(lambda ledger: ledger.known(name))

    async def counts(self) -> dict[JournalState, int]:
        """How many jobs are in each state; reads the whole journal."""
        return await self._do(lambda ledger: ledger.counts())

    async def _do(self, run: Callable[[Ledger], T], *, is_read: bool = True) -> T:
        result: T = await self._thread.ask(Task(self._thread.future(), run, is_read))
        return result


def _open_ledger(
    path: Path,
    *,
    scope: Scope,
    durability: Durability,
    same_account: bool,
    spool_limit_bytes: int,
    on_transition: TransitionHook | None,
    wall_clock: Callable[[], float],
) -> Ledger:
    """Lock and open the file; runs in the journal's thread."""
    with ExitStack() as stack:
        lock = FileLock(path)
        stack.callback(lock.release)
        connection = open_file(path, scope=scope, durability=durability, same_account=same_account)
        stack.callback(connection.close)
        ledger = Ledger(
            connection,
            lock,
            path,
            spool_limit_bytes=spool_limit_bytes,
            on_transition=on_transition,
            wall_clock=wall_clock,
        )
        stack.pop_all()
        return ledger


def _pruning(
    after_seq: int, before: float, states: Collection[JournalState]
) -> Callable[[Ledger], tuple[int, int]]:
    return lambda ledger: ledger.prune(after_seq, before, states, _PRUNED_AT_ONCE)


def _paging(after_seq: int, states: Collection[JournalState], limit: int) -> Callable[[Ledger], list[Entry]]:
    return lambda ledger: ledger.page(after_seq, states, limit)


def _name(field: str, value: str) -> str:
    """*value*, if it is text that SQLite and JSON both keep as it is."""
    if not value or len(value) > _KEY_CHARACTERS or not value.isprintable():
        raise InvalidRequest.of(field, value, f"1 to {_KEY_CHARACTERS} printable characters")
    return value


def _storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _json(field: str, value: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError as error:
        raise InvalidRequest(
            f"{field} must be JSON: {error}", field=field, value=type(value).__name__
        ) from error
