"""A small document store on SQLite: JSON objects by kind, id and account, in the order they were made."""

# ruff: noqa: A002  (`id` is what the documents call it)

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import attrs
import orjson

from audiokit.emulator._recall import ask
from audiokit.emulator._schema import open_database
from audiokit.emulator._transaction import (
    Doc,
    MissingDocumentError,
    Transaction,
    filter_of,
    is_named,
    json_field,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

__all__ = ["Doc", "Entry", "MissingDocumentError", "Store", "Transaction"]

T = TypeVar("T")


class Referenced(Protocol):
    """Who is told what documents do to files; both are called in the store's own thread."""

    def referenced(self, file_ids: Iterable[str]) -> None:
        """Documents were written that name these files, as their writers gave them."""
        ...

    def unreferenced(self, file_ids: Iterable[str]) -> None:
        """No document names these files any more."""
        ...


@attrs.frozen(kw_only=True)
class Entry:
    """A document to be written by `Store.write`."""

    kind: str
    id: str
    doc: Mapping[str, Any]
    parent: str | None = None


class Store:
    """SQLite documents behind one thread: every method is atomic, and the loop never waits for the disk.

    Documents name files in fields of the emulator's own (see `audiokit.emulator._schema.file_ids_in`), and
    the store keeps count of which files are named at all.

    Args:
        path: Database file, or None for one in memory that ends with the process.
        files: Told when a file is named, and when no document names it any more.

    Raises:
        ValueError: On entering, the file is not a database of the emulator, or of a newer one.
    """

    def __init__(self, path: Path | None, *, files: Referenced | None = None) -> None:
        self._path = path
        self._files = files
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="emulator-store")
        self._db: sqlite3.Connection | None = None

    async def __aenter__(self) -> Self:
        try:
            self._db = await self._run(lambda: open_database(self._path))
        except BaseException:
            self._thread.shutdown(wait=False)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._run(self._close)
        self._thread.shutdown(wait=False)

    # --- writing ----------------------------------------------------------------------------------------

    async def transact(self, change: Callable[[Transaction], T], *, account: str) -> T:
        """Do several changes in one step: an exception, or the process's end, leaves everything as it was.

        Args:
            change: Reads and writes through the transaction; runs in the store's thread, so it must be quick
                and touch nothing else.
            account: Tenant.
        """

        def work() -> T:
            db = self._connection
            db.execute("BEGIN IMMEDIATE")
            try:
                transaction = Transaction(db, account)
                result = change(transaction)
                written, gone = transaction.named_files()
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
            if self._files is not None:
                self._files.referenced(written)
                self._files.unreferenced(gone)
            return result

        return await self._run(work)

    async def put(
        self, kind: str, id: str, doc: Mapping[str, Any], *, account: str, parent: str | None = None
    ) -> Doc:
        """Write a document, replacing an older one of the same id at its old place in the order."""
        await self.transact(lambda step: step.put(kind, id, doc, parent=parent), account=account)
        return dict(doc)

    async def put_new(
        self, kind: str, id: str, doc: Mapping[str, Any], *, account: str, parent: str | None = None
    ) -> bool:
        """Write a document unless its id is taken; return whether it was written."""
        return await self.transact(lambda step: step.put_new(kind, id, doc, parent=parent), account=account)

    async def write(self, *entries: Entry, account: str) -> None:
        """Write several documents as `put` does, all or none."""

        def change(step: Transaction) -> None:
            for entry in entries:
                step.put(entry.kind, entry.id, entry.doc, parent=entry.parent)

        await self.transact(change, account=account)

    async def update(self, kind: str, id: str, *, account: str, **changes: Any) -> Doc:
        """Merge *changes* into a document in one step and return the result.

        Raises:
            MissingDocumentError: The account has no such document (a KeyError).
        """
        return await self.transact(lambda step: step.update(kind, id, **changes), account=account)

    async def modify(self, kind: str, id: str, change: Callable[[Doc], Doc], *, account: str) -> Doc:
        """Replace a document by ``change(document)`` in one step; an exception leaves it as it was.

        Raises:
            MissingDocumentError: The account has no such document (a KeyError).
        """

        def work(step: Transaction) -> Doc:
            doc = step.get(kind, id)
            if doc is None:
                raise MissingDocumentError(f"no {kind} {id!r}")
            new = change(doc)
            step.replace(kind, id, new)
            return new

        return await self.transact(work, account=account)

    async def delete(self, kind: str, id: str, *, account: str) -> bool:
        """Remove one document; return whether there was one."""
        return await self.transact(lambda step: step.delete(kind, id), account=account)

    async def delete_all(self, documents: Iterable[tuple[str, str]], *, account: str) -> int:
        """Remove documents, given as (kind, id), in one step; return how many there were."""
        wanted = list(documents)
        return await self.transact(
            lambda step: sum(step.delete(kind, id_) for kind, id_ in wanted), account=account
        )

    async def delete_kind(self, kind: str) -> None:
        """Remove every document of a kind, of all tenants; a kind whose documents name no files."""
        await self._run(lambda: self._connection.execute("DELETE FROM docs WHERE kind = ?", (kind,)))

    async def forget_files(self, *file_ids: str) -> None:
        """Give up files that were kept for documents which are gone, unless other documents name them."""

        def work() -> None:
            if self._files is not None:
                self._files.referenced(file_ids)
                self._files.unreferenced([id_ for id_ in file_ids if not is_named(self._connection, id_)])

        await self._run(work)

    # --- reading ----------------------------------------------------------------------------------------

    async def get(self, kind: str, id: str, *, account: str) -> Doc | None:
        """Read one document, or None when the account has no such id."""
        question = ("get", account, kind, id)
        return await ask(
            question, lambda: self._run(lambda: Transaction(self._connection, account).get(kind, id))
        )

    async def find(
        self,
        kind: str,
        *,
        account: str,
        parent: str | None = None,
        where: Mapping[str, str | int | float | bool] | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Doc]:
        """List documents in the order they were made.

        Args:
            kind: Kind of document.
            account: Tenant.
            parent: Only documents put under this parent.
            where: Only documents whose top-level fields equal these values.
            newest_first: Turn the order round.
            limit: Most documents to return; None for all.
            offset: Documents to skip first.
        """
        clause, values = filter_of(kind, account, parent, where)
        order = "DESC" if newest_first else "ASC"
        sql = f"SELECT doc FROM docs WHERE {clause} ORDER BY seq {order} LIMIT ? OFFSET ?"  # noqa: S608
        values += (-1 if limit is None else limit, offset)
        return await ask(
            ("find", clause, order, *values),
            lambda: self._run(
                lambda: [orjson.loads(row[0]) for row in self._connection.execute(sql, values)]
            ),
        )

    async def find_everywhere(
        self, kind: str, *, where: Mapping[str, str | int | float | bool] | None = None
    ) -> list[tuple[str, Doc]]:
        """List the documents of all tenants with their accounts, oldest first; for the emulator itself."""
        clause, values = filter_of(kind, None, None, where)
        sql = f"SELECT account, doc FROM docs WHERE {clause} ORDER BY seq"  # noqa: S608
        return await self._run(
            lambda: [(row[0], orjson.loads(row[1])) for row in self._connection.execute(sql, values)]
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
        clause, values = filter_of(kind, account, parent, where)
        sql = f"SELECT count(*) FROM docs WHERE {clause}"  # noqa: S608
        return await self._run(lambda: int(self._connection.execute(sql, values).fetchone()[0]))

    async def tally(self, kind: str, fields: Sequence[str]) -> list[tuple[Any, ...]]:
        """Count the documents of all tenants by account and some top-level fields: (account, *values, n)."""
        columns = ", ".join(["account", *(json_field(field) for field in fields)])
        places = ", ".join(str(place + 1) for place in range(len(fields) + 1))
        sql = f"SELECT {columns}, count(*) FROM docs WHERE kind = ? GROUP BY {places} ORDER BY min(seq)"  # noqa: S608
        return await self._run(lambda: self._connection.execute(sql, (kind,)).fetchall())

    async def naming(self, file_id: str) -> list[tuple[str, str, str]]:
        """Return (account, kind, id) of every document that names a file."""
        sql = "SELECT account, kind, id FROM docs JOIN file_refs USING (seq) WHERE file_id = ?"
        return await self._run(lambda: self._connection.execute(sql, (file_id,)).fetchall())

    async def is_published(self, file_id: str) -> bool:
        """Say whether a document that is marked as public names a file."""
        sql = (
            "SELECT 1 FROM docs JOIN file_refs USING (seq) WHERE file_id = ? "
            "AND json_extract(doc, '$.public') = 1 LIMIT 1"
        )
        return await self._run(lambda: self._connection.execute(sql, (file_id,)).fetchone() is not None)

    async def file_ids(self) -> set[str]:
        """Return the id of every file that a document names."""
        sql = "SELECT DISTINCT file_id FROM file_refs"
        return await self._run(lambda: {row[0] for row in self._connection.execute(sql)})

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            raise RuntimeError("the store is not open; use it inside `async with Store(path)`")
        return self._db

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
