"""One step of changes to the documents of a tenant, and what it does to the names of files."""

# ruff: noqa: A002  (`id` is what the documents call it)

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from audiokit.emulator._schema import file_ids_in

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

Doc = dict[str, Any]

_FIELD = re.compile(r"[a-z_][a-z0-9_]*\Z")


class MissingDocumentError(KeyError):
    """A document that was to be changed does not exist (any more)."""

    def __str__(self) -> str:
        return str(self.args[0])


class Transaction:
    """Reads and writes documents of one account, all or nothing; used in the store's own thread only."""

    def __init__(self, db: sqlite3.Connection, account: str) -> None:
        self._db = db
        self._account = account
        self._written: list[str] = []
        self._gone: set[str] = set()

    def get(self, kind: str, id: str) -> Doc | None:
        """Read one document, or None when the account has no such id."""
        row = self._row(kind, id)
        return None if row is None else orjson.loads(row[1])

    def find(
        self,
        kind: str,
        *,
        parent: str | None = None,
        where: Mapping[str, str | int | float | bool] | None = None,
    ) -> list[Doc]:
        """List documents as `Store.find` does, oldest first."""
        clause, values = filter_of(kind, self._account, parent, where)
        sql = f"SELECT doc FROM docs WHERE {clause} ORDER BY seq"  # noqa: S608
        return [orjson.loads(row[0]) for row in self._db.execute(sql, values)]

    def put(self, kind: str, id: str, doc: Mapping[str, Any], *, parent: str | None = None) -> None:
        """Write a document, replacing an older one of the same id at its old place in the order."""
        text = orjson.dumps(doc).decode()
        row = self._db.execute(
            "INSERT INTO docs (account, kind, id, parent, doc) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (account, kind, id) DO UPDATE SET doc = excluded.doc, parent = excluded.parent "
            "RETURNING seq",
            (self._account, kind, id, parent, text),
        ).fetchone()
        self._name_files(row[0], file_ids_in(doc))

    def put_new(self, kind: str, id: str, doc: Mapping[str, Any], *, parent: str | None = None) -> bool:
        """Write a document unless its id is taken; return whether it was written."""
        text = orjson.dumps(doc).decode()
        row = self._db.execute(
            "INSERT INTO docs (account, kind, id, parent, doc) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING RETURNING seq",
            (self._account, kind, id, parent, text),
        ).fetchone()
        if row is None:
            return False
        self._name_files(row[0], file_ids_in(doc))
        return True

    def replace(self, kind: str, id: str, doc: Mapping[str, Any]) -> None:
        """Write a document over one that exists, keeping its parent.

        Raises:
            MissingDocumentError: The account has no such document (a KeyError).
        """
        row = self._row(kind, id)
        if row is None:
            raise MissingDocumentError(f"no {kind} {id!r}")
        text = orjson.dumps(doc).decode()
        self._db.execute("UPDATE docs SET doc = ? WHERE seq = ?", (text, row[0]))
        self._name_files(row[0], file_ids_in(doc))

    def update(self, kind: str, id: str, **changes: Any) -> Doc:
        """Merge *changes* into a document and return the result.

        Raises:
            MissingDocumentError: The account has no such document (a KeyError).
        """
        new = {**(self.get(kind, id) or {}), **changes}
        self.replace(kind, id, new)
        return new

    def delete(self, kind: str, id: str) -> bool:
        """Remove one document; return whether there was one."""
        rows = self._db.execute(
            "DELETE FROM docs WHERE account = ? AND kind = ? AND id = ? RETURNING seq",
            (self._account, kind, id),
        ).fetchall()
        for row in rows:
            self._name_files(row[0], [])
        return bool(rows)

    def named_files(self) -> tuple[list[str], list[str]]:
        """Return the files that documents were written with, and those that nothing names any more."""
        return self._written, [file_id for file_id in self._gone if not is_named(self._db, file_id)]

    def _row(self, kind: str, id: str) -> tuple[int, str] | None:
        found: tuple[int, str] | None = self._db.execute(
            "SELECT seq, doc FROM docs WHERE account = ? AND kind = ? AND id = ?", (self._account, kind, id)
        ).fetchone()
        return found

    def _name_files(self, seq: int, file_ids: list[str]) -> None:
        """Note which files the document of this row names now."""
        self._written += file_ids
        now = set(file_ids)
        before = {row[0] for row in self._db.execute("SELECT file_id FROM file_refs WHERE seq = ?", (seq,))}
        if now == before:
            return
        delete, insert = (
            "DELETE FROM file_refs WHERE seq = ? AND file_id = ?",
            "INSERT INTO file_refs VALUES (?, ?)",
        )
        self._db.executemany(delete, [(seq, file_id) for file_id in before - now])
        self._db.executemany(insert, [(seq, file_id) for file_id in now - before])
        self._gone |= before - now


def is_named(db: sqlite3.Connection, file_id: str) -> bool:
    """Say whether any document names a file."""
    found = db.execute("SELECT 1 FROM file_refs WHERE file_id = ? LIMIT 1", (file_id,)).fetchone()
    return found is not None


def json_field(field: str) -> str:
    """Name a top-level field in SQL; names are ours, checked all the same as they become SQL text."""
    if not _FIELD.match(field):
        raise ValueError(f"field name {field!r} is not made of lower-case letters, digits and underscores")
    return f"json_extract(doc, '$.{field}')"


def filter_of(
    kind: str, account: str | None, parent: str | None, where: Mapping[str, str | int | float | bool] | None
) -> tuple[str, tuple[Any, ...]]:
    """Build a WHERE clause and its values; an account or parent of None stands for all."""
    clauses, values = ["kind = ?"], [kind]
    if account is not None:
        clauses.append("account = ?")
        values.append(account)
    if parent is not None:
        clauses.append("parent = ?")
        values.append(parent)
    for field, value in (where or {}).items():
        clauses.append(f"{json_field(field)} = ?")
        values.append(value)  # type: ignore[arg-type]  # SQLite takes every JSON scalar
    return " AND ".join(clauses), tuple(values)
