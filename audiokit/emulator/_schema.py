"""The emulator's database file: its tables, and bringing an older file up to date."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS docs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, parent TEXT, doc TEXT NOT NULL,
    UNIQUE (account, kind, id)
);
CREATE INDEX IF NOT EXISTS by_parent ON docs (account, kind, parent, seq);
CREATE INDEX IF NOT EXISTS by_original ON docs (account, kind, json_extract(doc, '$.original_id'), seq);
CREATE INDEX IF NOT EXISTS by_project ON docs (account, kind, json_extract(doc, '$.project_id'), seq);
CREATE TABLE IF NOT EXISTS file_refs (
    seq INTEGER NOT NULL, file_id TEXT NOT NULL, PRIMARY KEY (seq, file_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_file ON file_refs (file_id);
"""

FILE_ID: Final = re.compile(r'"([0-9a-f]{64})"')
"""Finds the files that a document names in its JSON text."""

_VERSION = 1  # 0 had no file_refs


def file_ids_in(doc: object) -> list[str]:
    """Return the files that a document names."""
    return sorted(set(FILE_ID.findall(orjson.dumps(doc).decode())))


def open_database(path: Path | None) -> sqlite3.Connection:
    """Open a database in autocommit, made or brought up to date if need be; None is one in memory.

    Raises:
        ValueError: It is not a database of the emulator, damaged, or of a newer emulator.
    """
    target = ":memory:" if path is None else str(path)
    db: sqlite3.Connection | None = None
    try:
        db = sqlite3.connect(target, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_TABLES)
        _upgrade(db, target)
    except (sqlite3.DatabaseError, ValueError) as exc:
        if db is not None:
            db.close()
        if isinstance(exc, ValueError):
            raise
        raise ValueError(
            f"{target} cannot be used as the emulator's database ({exc}); "
            "move it away, or choose another data folder"
        ) from exc
    return db


def _upgrade(db: sqlite3.Connection, target: str) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > _VERSION:
        raise ValueError(
            f"{target} was written by a newer emulator (version {version}, this one knows {_VERSION}); "
            "use that one, or choose another data folder"
        )
    if version == _VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    db.execute("DELETE FROM file_refs")
    for seq, text in db.execute("SELECT seq, doc FROM docs").fetchall():
        names = [(seq, file_id) for file_id in set(FILE_ID.findall(text))]
        db.executemany("INSERT INTO file_refs VALUES (?, ?)", names)
    db.execute(f"PRAGMA user_version = {_VERSION}")
    db.execute("COMMIT")
