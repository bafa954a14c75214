"""The emulator's database file: its tables, and bringing an older file up to date."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
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

FILE_ID: Final = re.compile(r"[0-9a-f]{64}\Z")
"""What the id of a file looks like: the SHA-256 of its content."""

_FIELDS: Final = ("file", "file_id", "_file_id", "_waveform_id")
_LISTS: Final = ("files", "parts")  # of objects with fields of `_FIELDS`
_VERSION = 2  # 0 had no file_refs; in 1 every string of 64 hexadecimal digits named a file


def file_ids_in(doc: Mapping[str, Any]) -> list[str]:
    """Return the files that a document names; one that it names twice comes twice.

    Only fields that the emulator fills itself count, at the top of a document, in ``files`` and ``parts``,
    and in the documents that it was ordered with (``seen``): a client may write the hash of another's file.
    """
    return [text for text in _values_in(doc) if isinstance(text, str) and FILE_ID.match(text)]


def _values_in(doc: Any) -> Iterator[Any]:
    if not isinstance(doc, dict):
        return
    yield from (doc.get(name) for name in _FIELDS)
    for name in _LISTS:
        for part in doc.get(name) or ():
            yield from _values_in(part)
    for answer in (doc.get("seen") or {}).values():
        for seen in answer if isinstance(answer, list) else [answer]:
            yield from _values_in(seen)


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
        names = [(seq, file_id) for file_id in set(file_ids_in(orjson.loads(text)))]
        db.executemany("INSERT INTO file_refs VALUES (?, ?)", names)
    db.execute(f"PRAGMA user_version = {_VERSION}")
    db.execute("COMMIT")
