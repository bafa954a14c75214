"""A small document store on SQLite: JSON objects by kind, id and account, in the order they were made."""

# ruff: noqa: A002  (`id` is what the documents call it)

from __future__ import annotations

import asyncio
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self, TypeVar

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

T = TypeVar("T")
Doc = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS docs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, parent TEXT, doc TEXT NOT NULL,
    UNIQUE (account, kind, id)
);
CREATE INDEX IF NOT EXISTS by_parent ON docs (account, kind, parent, seq);
CREATE INDEX IF NOT EXISTS by_original ON docs (account, kind, json_extract(doc, '$.original_id'), seq);
CREATE INDEX IF NOT EXISTS by_project ON docs (account, kind, json_extract(doc, '$.project_id'), seq);
"""
_FIELD = re.compile(r"[a-z_][a-z0-9_]*\Z")


class MissingDocumentError(KeyError):
    """A document that was to be changed does not exist (any more)."""

    def __str__(self) -> str:
        return str(self.args[0])


class Store:
    """SQLite documents behind one thread: every method is atomic, and the loop never waits for the disk.

    Args:
        path: Database file, or None for one in memory that ends with the process.

    Raises:
        ValueError: On entering, the file is not a database of the emulator.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="emulator-store")
        self._db: sqlite3.Connection | None = None

    async def __aenter__(self) -> Self:
        try:
            self._db = await self._run(self._open)
        except BaseException:
            self._thread.shutdown(wait=False)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._run(self._close)
        self._thread.shutdown(wait=False)

    async def put(
        self, kind: str, id: str, doc: Mapping[str, Any], *, account: str, parent: str | None = None
    ) -> Doc:
        """Write a document, replacing an older one of the same id at its old place in the order."""
        text = orjson.dumps(doc).decode()

        def work() -> None:
            self._connection.execute(
                "INSERT INTO docs (account, kind, id, parent, doc) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (account, kind, id) DO UPDATE SET doc = excluded.doc, parent = excluded.parent",
                (account, kind, id, parent, text),
            )

        await self._run(work)
        return dict(doc)

    async def put_new(
        self,
        kind: str,
        id: str,
        doc: Mapping[str, Any],
        *,
        account: str,
        parent: str | None = None,
    ) -> bool:
        """Write a document unless its id is taken; return whether it was written."""
        text = orjson.dumps(doc).decode()

        def work() -> bool:
            done = self._connection.execute(
                "INSERT INTO docs (account, kind, id, parent, doc) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (account, kind, id, parent, text),
            )
            return done.rowcount == 1

        return await self._run(work)

    async def get(self, kind: str, id: str, *, account: str) -> Doc | None:
        """Read one document, or None when the account has no such id."""
        return await self._run(lambda: self._read(kind, id, account))

    async def find(
        self,
        kind: str,
        *,
        account: str | None,
        parent: str | None = None,
        where: Mapping[str, str | int | float | bool] | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Doc]:
        """List documents in the order they were made.

        Args:
            kind: Kind of document.
            account: Tenant, or None for the documents of every tenant (start-up only).
            parent: Only documents put under this parent.
            where: Only documents whose top-level fields equal these values.
            newest_first: Turn the order round.
            limit: Most documents to return; None for all.
            offset: Documents to skip first.
        """
        clause, values = _filter(kind, account, parent, where)
        order = "DESC" if newest_first else "ASC"
        sql = f"SELECT doc FROM docs WHERE {clause} ORDER BY seq {order} LIMIT ? OFFSET ?"  # noqa: S608
        values += (-1 if limit is None else limit, offset)
        return await self._run(
            lambda: [orjson.loads(row[0]) for row in self._connection.execute(sql, values)]
        )

    async def count(
        self,
        kind: str,
        *,
        account: str,
        parent: str | None = None,
        where: Mapping[str, str | int | float | bool] | None = None,
    ) -> int:
        """Count the documents that `find` would list without a limit."""
        clause, values = _filter(kind, account, parent, where)
        sql = f"SELECT count(*) FROM docs WHERE {clause}"  # noqa: S608
        return await self._run(lambda: int(self._connection.execute(sql, values).fetchone()[0]))

    async def update(self, kind: str, id: str, *, account: str, **changes: Any) -> Doc:
        """Merge *changes* into a document in one step and return the result.

        Raises:
            MissingDocumentError: The account has no such document (a KeyError).
        """
        return await self.modify(kind, id, lambda doc: {**doc, **changes}, account=account)

    async def modify(self, kind: str, id: str, change: Callable[[Doc], Doc], *, account: str) -> Doc:
        """Replace a document by ``change(document)`` in one step; an exception leaves it as it was.

        Raises:
            MissingDocumentError: The account has no such document (a KeyError).
        """

        def work() -> Doc:
            doc = self._read(kind, id, account)
            if doc is None:
                raise MissingDocumentError(f"no {kind} {id!r}")
            new = change(doc)
            self._connection.execute(
                "UPDATE docs SET doc = ? WHERE account = ? AND kind = ? AND id = ?",
                (orjson.dumps(new).decode(), account, kind, id),
            )
            return new

        return await self._run(work)

    async def delete(self, kind: str, id: str, *, account: str) -> bool:
        """Remove one document; return whether there was one."""

        def work() -> bool:
            done = self._connection.execute(
                "DELETE FROM docs WHERE account = ? AND kind = ? AND id = ?", (account, kind, id)
            )
            return done.rowcount == 1

        return await self._run(work)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            raise RuntimeError("the store is not open; use it inside `async with Store(path)`")
        return self._db

    def _read(self, kind: str, id: str, account: str) -> Doc | None:
        row = self._connection.execute(
            "SELECT doc FROM docs WHERE account = ? AND kind = ? AND id = ?", (account, kind, id)
        ).fetchone()
        return None if row is None else orjson.loads(row[0])

    def _open(self) -> sqlite3.Connection:
        # Autocommit: each method is one statement, or runs alone on this thread anyway.
        target = ":memory:" if self._path is None else str(self._path)
        db: sqlite3.Connection | None = None
        try:
            db = sqlite3.connect(target, isolation_level=None, check_same_thread=False)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.executescript(_SCHEMA)
        except sqlite3.DatabaseError as exc:
            if db is not None:
                db.close()
            raise ValueError(
                f"{target} cannot be used as the emulator's database ({exc}); "
                "move it away, or choose another data folder"
            ) from exc
        return db

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def _filter(
    kind: str, account: str | None, parent: str | None, where: Mapping[str, str | int | float | bool] | None
) -> tuple[str, tuple[Any, ...]]:
    """Build the WHERE clause; field names are ours, checked all the same as they become SQL text."""
    clauses, values = ["kind = ?"], [kind]
    if account is not None:
        clauses.append("account = ?")
        values.append(account)
    if parent is not None:
        clauses.append("parent = ?")
        values.append(parent)
    for field, value in (where or {}).items():
        if not _FIELD.match(field):
            raise ValueError(
                f"field name {field!r} is not made of lower-case letters, digits and underscores"
            )
        clauses.append(f"json_extract(doc, '$.{field}') = ?")
        values.append(value)  # type: ignore[arg-type]  # SQLite takes every JSON scalar
    return " AND ".join(clauses), tuple(values)
