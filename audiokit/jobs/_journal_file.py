"""The journal's file: made whole or not at all, and looked at before anything is written to it."""

from __future__ import annotations

import enum
import os
import secrets
import sqlite3
import sys
from pathlib import Path
from typing import Final
from urllib.parse import quote

from audiokit.errors import JournalError, JournalUnreadable
from audiokit.jobs import _journal_scope as scopes
from audiokit.jobs._journal_scope import Scope

APPLICATION_ID: Final = 0x61756B6A  # "aukj", bytes 68-71 of the file
SCHEMA_VERSION: Final = 1

_BUSY_TIMEOUT_S: Final = 5.0  # somebody looks at the journal with another program
_WAL_PAGES: Final = 2000  # pages of 4 KiB in the log before they go to the file
_CACHE_KIB: Final = 8192

_NOT_ITS_FAULT: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PERM,
    }
)
"""Codes of SQLite that say nothing about what is in the file."""

_SCHEMA: Final = """
create table meta (name text primary key, value) without rowid;
create table scope (api text primary key, base_url text not null, account text not null) without rowid;
create table jobs (
    seq integer primary key,
    key text not null unique,
    kind text not null,
    kind_version integer not null,
    fields text not null,
    created_at real not null
);
create table progress (
    seq integer primary key references jobs (seq),
    state text not null,
    is_open integer not null,
    lock text,
    facts text not null,
    updated_at real not null
);
create index open_jobs on progress (seq) where is_open;
create index locks on progress (lock) where lock is not null;
create table remotes (place text not null, id text not null, primary key (place, id)) without rowid;
create table spooled (sha256 text not null, seq integer not null, primary key (sha256, seq)) without rowid;
"""

# What never changes of a job is apart from what does: a script of 10 kB is then written once, not five times.
ENTRY_COLUMNS: Final = (
    "json_array(jobs.seq, key, kind, kind_version, json(fields), state, json(facts), lock, "
    "created_at, updated_at)"
)


class Durability(enum.Enum):
    """What a record that was awaited survives."""

    FULL = "full"
    """The end of the process, and a power failure."""

    NORMAL = "normal"
    """The end of the process; a power failure may take the last records, never spoil the file."""


def open_file(path: Path, *, scope: Scope, durability: Durability, same_account: bool) -> sqlite3.Connection:
    """Open the journal at *path*, making it if there is none. The caller holds its `FileLock`.

    A file that is refused is left byte for byte as it was.

    Raises:
        JournalUnreadable: It is no journal, damaged, or newer than this audiokit.
        JournalMismatch: It belongs to another account.
        JournalError: It cannot be opened.
    """
    try:
        if not path.exists() or path.stat().st_size == 0:
            _create(path, scope)
        else:
            _check(path, scope, same_account=same_account)
        connection = _connect(path, durability)
        _adopt(connection, scope)
        if path.stat().st_mode & 0o077:  # e.g. a copy made by hand
            path.chmod(0o600)
    except sqlite3.DatabaseError as error:
        raise JournalError(
            f"journal {str(path)!r} cannot be opened ({error}): see whether its disk is full, failing or "
            "read-only",
            path=str(path),
        ) from error
    except OSError as error:
        raise JournalError(
            f"journal {str(path)!r} cannot be opened: {error.strerror or error}", path=str(path)
        ) from error
    return connection


def _connect(path: Path, durability: Durability) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_TIMEOUT_S)
    try:
        connection.execute("select json_array()")  # before 3.38 SQLite could be built without
        connection.execute(f"pragma synchronous = {durability.value}")
        if sys.platform == "darwin" and durability is Durability.FULL:
            # There fsync alone leaves data in the drive's cache.
            connection.execute("pragma fullfsync = 1")
            connection.execute("pragma checkpoint_fullfsync = 1")
        connection.execute(f"pragma wal_autocheckpoint = {_WAL_PAGES}")
        connection.execute(f"pragma journal_size_limit = {_WAL_PAGES * 4096}")
        connection.execute(f"pragma cache_size = -{_CACHE_KIB}")
    except BaseException:
        connection.close()
        raise
    return connection


def _create(path: Path, scope: Scope) -> None:
    """Make the file under another name and move it, so that a crash leaves none or a whole one."""
    if _has_records(path):
        raise JournalUnreadable(
            f"{str(path) + '-wal'!r} has records, but its journal {str(path)!r} is gone or empty: bring "
            "the two together again, or move the former away to begin anew",
            path=str(path),
            reason="damaged",
        )
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    os.close(
        os.open(draft, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    )  # SQLite copies the mode to its log
    try:
        connection = sqlite3.connect(draft, isolation_level=None)
        try:
            _lay_out(connection, scope)
        finally:
            connection.close()
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _lay_out(connection: sqlite3.Connection, scope: Scope) -> None:
    connection.execute("pragma auto_vacuum = incremental")
    connection.execute("begin")
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)
    salt = secrets.token_bytes(16)
    connection.execute("insert into meta values ('salt', ?)", (salt,))
    rows = [(api, *row) for api, row in scopes.rows_for(scope, salt).items()]
    connection.executemany("insert into scope values (?, ?, ?)", rows)
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
    connection.execute("commit")
    connection.execute("pragma journal_mode = wal")


def _has_records(path: Path) -> bool:
    """Whether SQLite's log, which a crash leaves, has something that is not in the file yet."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _check(path: Path, scope: Scope, *, same_account: bool) -> None:
    with path.open("rb") as file:
        header = file.read(100)
    if not header.startswith(b"SQLite format 3\0"):
        raise _unreadable(path, "foreign", "it is no SQLite file")
    if len(header) < 100:
        raise _unreadable(path, "damaged", f"it ends after {len(header)} bytes")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise _unreadable(path, "foreign", "it is a database of another program")
    version = int.from_bytes(header[60:64], "big")
    if version > SCHEMA_VERSION:
        newer = f"its format is version {version}, this audiokit knows {SCHEMA_VERSION}: update audiokit"
        raise _unreadable(path, "newer", newer)
    try:
        # Read-only: closing an ordinary connection would move the log into a damaged file. Without a log
        # even that would leave an empty one behind, and there is nobody who could change the file meanwhile.
        how = "mode=ro" if _has_records(path) else "immutable=1"
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?{how}", uri=True, isolation_level=None, timeout=_BUSY_TIMEOUT_S
        )
        try:
            found = connection.execute("pragma quick_check(1)").fetchone()[0]
            (salt,) = connection.execute("select value from meta where name = 'salt'").fetchone()
            recorded = {
                api: (url, account) for api, url, account in connection.execute("select * from scope")
            }
        finally:
            connection.close()
    except (sqlite3.DatabaseError, TypeError) as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_ITS_FAULT:
            raise
        raise _unreadable(path, "damaged", f"it is damaged ({error})") from error
    if found != "ok":
        raise _unreadable(path, "damaged", f"it is damaged ({found.splitlines()[-1]})")
    scopes.check(str(path), recorded, scopes.rows_for(scope, salt), same_account=same_account)


def _adopt(connection: sqlite3.Connection, scope: Scope) -> None:
    """Note accounts that are new to the journal; those that clash were refused before."""
    try:
        (salt,) = connection.execute("select value from meta where name = 'salt'").fetchone()
        known = {api: (url, account) for api, url, account in connection.execute("select * from scope")}
        for api, row in scopes.rows_for(scope, salt).items():
            if known.get(api) != row:
                connection.execute("insert or replace into scope values (?, ?, ?)", (api, *row))
    except BaseException:
        connection.close()
        raise


def _unreadable(path: Path, reason: str, why: str) -> JournalUnreadable:
    return JournalUnreadable(
        f"{str(path)!r} cannot be used as a journal: {why}. It was left as it was; "
        "move it away to begin a new journal, or restore a copy",
        path=str(path),
        reason=reason,
    )
