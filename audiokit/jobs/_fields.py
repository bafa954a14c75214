"""A job's fields as JSON, and back: what the journal needs to build a job again in another process."""

from __future__ import annotations

import enum
import functools
import math
import os
import re
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from audiokit.errors import InvalidRequest, UsageError

_MARK: Final = "~"
"""Names what JSON has no word for; a mapping of the job's own that has this name is marked itself."""

_PLAIN: Final = frozenset({str, int, bool, type(None)})

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

Spool = Callable[[bytes], Awaitable[str]]


async def to_fields(job: Any, records: Mapping[str, type], spool: Spool) -> tuple[dict[str, Any], list[str]]:
    """The fields of *job* as JSON, with the digests of the bytes that were kept beside the journal.

    Paths are made absolute, so that another process finds them from wherever it runs: every `os.PathLike`,
    and text in ``to`` and in the kind's ``sources``.

    Raises:
        InvalidRequest: A field cannot survive a crash; the message names it and what to give instead.
    """
    fields: dict[str, Any] = {}
    writer: _Writer | None = None
    kind: Any = type(job)
    for name, is_path in _names_of(kind):
        value = getattr(job, name)
        if is_path and type(value) is str:
            value = _absolute(value)
        if type(value) not in _PLAIN:
            writer = writer or _Writer(records)
            value = writer.plain(name, value)
        fields[name] = value
    if writer is None:
        return fields, []
    for place, data in writer.kept:
        place["sha256"] = await spool(data)
    return fields, [place["sha256"] for place, _ in writer.kept]


@functools.lru_cache(maxsize=256)
def _names_of(kind: Any) -> tuple[tuple[str, bool], ...]:
    """The fields of a kind, and whether each names a file where it is text."""
    paths = {"to", *getattr(kind, "sources", ("source",))}
    return tuple((one.name, one.name in paths) for one in attrs.fields(kind) if one.init)


class _Writer:
    """Writes values as JSON; `kept` has the bytes, with the places where their digests belong."""

    def __init__(self, records: Mapping[str, type]) -> None:
        self._records = records
        self.kept: list[tuple[dict[str, Any], bytes]] = []

    def plain(self, field: str, value: Any) -> Any:
        if type(value) in _PLAIN:
            return value
        name = self._name_of(type(value))
        match value:
            case enum.Enum() if name is not None:
                return {_MARK: name, "value": value.value}
            case float() if not math.isfinite(value):  # JSON would make it null
                raise InvalidRequest.of(field, value, "a finite number, because there is a journal")
            case str() | int() | float() if not isinstance(value, enum.Enum):
                return value
            case bytes() | bytearray() | memoryview():
                place: dict[str, Any] = {_MARK: "bytes"}
                self.kept.append((place, bytes(value)))
                return place
            case os.PathLike():
                return {_MARK: "path", "path": _absolute(os.fsdecode(value))}
            case Mapping():
                items = {str(key): self.plain(field, item) for key, item in value.items()}
                return {_MARK: "mapping", "items": items} if _MARK in items else items
            case list() | tuple():
                return [self.plain(field, item) for item in value]
            case _ if name is not None:
                kind: Any = type(value)
                own = {one.name: self.plain(field, getattr(value, one.name)) for one in attrs.fields(kind)}
                return {_MARK: name, "fields": own}
            case _:
                raise InvalidRequest.of(field, value, _allowed_for(value))

    def _name_of(self, kind: type) -> str | None:
        name = kind.__name__
        return name if self._records.get(name) is kind else None


def from_fields(
    kind: type, fields: Mapping[str, Any], records: Mapping[str, type], spooled_path: Callable[[str], Path]
) -> Any:
    """Build a job of *kind* from what `to_fields` made.

    Raises:
        UsageError: The fields are of a record that is not registered, or do not fit the kind.
    """

    def build(value: Any) -> Any:
        if isinstance(value, list):
            return [build(item) for item in value]
        if not isinstance(value, dict):
            return value
        match value.get(_MARK):
            case None:
                return {name: build(item) for name, item in value.items()}
            case "mapping":
                return {name: build(item) for name, item in value["items"].items()}
            case "path":
                return Path(value["path"])
            case "bytes":
                # The path, not the bytes: whoever uploads reads it in chunks.
                return spooled_path(value["sha256"])
            case name if name in records and "value" in value:
                return records[name](value["value"])
            case name if name in records:
                return records[name](**{field: build(item) for field, item in value["fields"].items()})
            case name:
                raise UsageError(
                    f"the journal holds a {name!r} of a {kind.__name__}, which is not registered: "
                    "name it in the kind's `records`"
                )

    try:
        return kind(**{name: build(value) for name, value in fields.items()})
    except TypeError as error:
        raise UsageError(
            f"the journal's fields do not fit {kind.__name__}: {error}; give the kind a new `version` "
            "when its fields change"
        ) from error


def spooled_sha256(source: object) -> str | None:
    """The digest of bytes that a journal keeps, where *source* is the path of such a file."""
    if not isinstance(source, os.PathLike):
        return None
    path = Path(os.fspath(source))
    return path.name if path.parent.name.endswith(".spool") and _DIGEST.fullmatch(path.name) else None


def _absolute(path: str) -> str:
    """*path* from the root; nothing else is changed, as a slash at its end or a ".." after a link."""
    return os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH118 - a Path would lose the slash


def _allowed_for(value: object) -> str:
    if isinstance(value, AsyncIterable | Iterable):
        return (
            "something a crash leaves as it is, because there is a journal: a path, or bytes; "
            "write a stream to a file first"
        )
    return "JSON, a path, bytes or a registered record, because there is a journal"
