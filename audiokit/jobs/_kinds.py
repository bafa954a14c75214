"""The kinds of jobs that a journal may hold, by name; nothing is ever imported because a file says so."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from audiokit.errors import UsageError
from audiokit.jobs._fields import Spool, from_fields, to_fields
from audiokit.jobs._journal_entry import VERSIONS

if TYPE_CHECKING:
    from audiokit.jobs._journal import Entry, Journal


class Kinds:
    """A register of kinds.

    Args:
        kinds: Classes; each has a ``kind``, and may have a ``version`` (1 when not given) and
            ``records`` (classes of records in its fields, as a function without arguments).

    Raises:
        UsageError: Two of them have the same name, or one is no attrs class or has no number as its version.
    """

    def __init__(self, kinds: Iterable[type]) -> None:
        self._kinds: dict[str, Any] = {}
        for one in kinds:
            name = getattr(one, "kind", None)
            if not isinstance(name, str) or not attrs.has(one):
                raise UsageError(
                    f"{one!r} cannot be registered: a kind is an attrs class with a `kind`, its name"
                )
            version: object = _version_of(one)
            if type(version) is not int or not 0 <= version < VERSIONS:
                raise UsageError(f"{one!r} cannot be registered: its version is {version!r}, no whole number")
            if self._kinds.setdefault(name, one) is not one:
                raise UsageError(f"two kinds are called {name!r}: {self._kinds[name]!r} and {one!r}")

    async def record(self, job: Any, spool: Spool) -> tuple[str, int, Mapping[str, Any], list[str]]:
        """Name, version, fields and kept digests of *job*.

        Raises:
            UsageError: Its kind is not registered.
            InvalidRequest: A field cannot be recorded.
        """
        name = getattr(job, "kind", "")
        kind: Any = type(job)
        if self._kinds.get(name) is not kind:
            raise UsageError(
                f"a journal takes registered kinds only, and {type(job).__name__} ({name!r}) is none: "
                f"orchestrator(journal=..., kinds=[{type(job).__name__}])"
            )
        fields, spooled = await to_fields(job, _records_of(kind), spool)
        return name, _version_of(kind), fields, spooled

    def build(self, entry: Entry, journal: Journal) -> Any:
        """Build the job of an entry again, with the key it has in the journal.

        Raises:
            UsageError: Its kind is not registered, has another version, or does not fit.
        """
        kind = self._kinds.get(entry.kind)
        if kind is None:
            raise UsageError(
                f"the journal holds job {entry.key!r} of kind {entry.kind!r}, which is not registered: "
                "orchestrator(journal=..., kinds=[...])"
            )
        if _version_of(kind) != entry.kind_version:
            raise UsageError(
                f"the journal holds job {entry.key!r} of kind {entry.kind!r}, version {entry.kind_version}, "
                f"and the class has version {_version_of(kind)}: finish it with the older program"
            )
        fields = {**entry.fields, "key": entry.key}
        return from_fields(kind, fields, _records_of(kind), journal.spooled_path)


def _version_of(kind: Any) -> int:
    version: int = getattr(kind, "version", 1)
    return version


@functools.lru_cache(maxsize=256)
def _records_of(kind: Any) -> Mapping[str, type]:
    records = getattr(kind, "records", None)
    return {one.__name__: one for one in records()} if records is not None else {}
