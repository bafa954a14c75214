"""A job's key, made from what the job is: equal work has equal keys, in this process and in the next.

What counts: the kind and its ``version``, every field that is not at its default, and of files to be read
the resolved path, size and time of change. What does not: ``key`` and ``timeout_s``, which change nothing of
the work; whether a sequence is a list or a tuple; ``1`` or ``1.0``; a path as text or as `Path`. Fields at
their default are left out so that a field added to a kind later leaves old keys as they are. A kind whose
fields change their meaning gets another ``version``.

::

    class MyJob:
        kind = "mine"
        version = 2  # 1 when not given
        sources = ("take", "backing")  # fields that name files to be read; ("source",) when not given
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import hashlib
import json
import math
import os
import uuid
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from json.encoder import encode_basestring_ascii
from typing import Any, Final

import anyio.to_thread
import attrs

__all__ = ["Field", "fields_of_work", "key_for", "key_of", "plain", "takes_long"]

_NO_PART_OF_THE_WORK: Final = frozenset({"key", "timeout_s"})
_ON_THE_LOOP_BYTES: Final = 1024 * 1024
_DIGITS: Final = 16

_NO_DEFAULT: Final = object()
_encode: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_AS_IT_IS: Final = frozenset({str, int, type(None)})


@attrs.frozen
class Field:
    """One field that counts."""

    name: str
    text: str
    default: Any
    plain_default: Any
    is_source: bool


async def key_for(job: Any, index: int) -> str:
    """The job's own key, else one made from what it is; looks at files, and reads long bytes, in a thread.

    Args:
        job: Any job.
        index: Its place among the inputs; counts only where a field can be told apart by nothing else,
            as an async iterable.
    """
    if job.key is None and takes_long(job):
        return await anyio.to_thread.run_sync(key_of, job, index)
    return key_of(job, index)


def key_of(job: Any, index: int) -> str:
    """As `key_for`, but it blocks while it looks at files."""
    if job.key is not None:
        return str(job.key)
    kind: Any = type(job)
    fields = fields_of_work(kind)
    what = _beginning(job.kind, getattr(kind, "version", 1))
    for field in fields if fields is not None else ():
        value = getattr(job, field.name)
        if value is field.default:
            continue
        told = _file(value) if field.is_source and _is_path(value) else plain(value, index)
        if told != field.plain_default:
            what += f",[{field.text},{_text(told)}]"
    if fields is None:
        what += f',["#",{_text(index)}]'
    return hashlib.sha256(f"{what}]".encode()).hexdigest()[:_DIGITS]


@functools.lru_cache(maxsize=256)
def _beginning(kind: str, version: int) -> str:
    return f"[{_text(kind)},{_text(version)}"


def takes_long(job: Any) -> bool:
    kind: Any = type(job)
    for field in fields_of_work(kind) or ():
        value = getattr(job, field.name)
        if value is None:
            continue
        if field.is_source and _is_path(value):
            return True
        if type(value) is bytes and len(value) > _ON_THE_LOOP_BYTES:
            return True
    return False


@functools.lru_cache(maxsize=256)
def fields_of_work(kind: type) -> tuple[Field, ...] | None:
    """The fields of a job that count, or None when the class does not tell."""
    fields = _fields(kind)
    if fields is None:
        return None
    return tuple(field for field in fields if field.name not in _NO_PART_OF_THE_WORK)


@functools.lru_cache(maxsize=256)
def _fields(kind: type) -> tuple[Field, ...] | None:
    """The fields of a job or record, or None when the class does not tell."""
    if attrs.has(kind):
        found = [(one.name, _attrs_default(one.default)) for one in attrs.fields(kind) if one.eq]
    elif dataclasses.is_dataclass(kind):
        found = [(one.name, _dataclass_default(one)) for one in dataclasses.fields(kind) if one.compare]
    else:
        return None
    sources = frozenset(getattr(kind, "sources", ("source",)))
    return tuple(
        Field(name, _text(name), default, plain(default, 0), name in sources) for name, default in found
    )


def _attrs_default(default: Any) -> Any:
    if default is attrs.NOTHING:
        return _NO_DEFAULT
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return _NO_DEFAULT if default.takes_self else default.factory()
    return default


def _dataclass_default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return _NO_DEFAULT if field.default is dataclasses.MISSING else field.default


def _is_path(value: object) -> bool:
    return isinstance(value, str | os.PathLike)


def _file(path: Any) -> list[Any]:
    """What a file is known by, without reading it; a missing one is for whoever reads it to tell."""
    place = os.fsdecode(path)
    try:
        place = os.path.realpath(place)
        status = os.stat(place)  # noqa: PTH116 - of a path in text, once more than a Path would be slow
    except (OSError, ValueError):
        return ["file", place]
    return ["file", place, status.st_size, status.st_mtime_ns]


def plain(value: Any, index: int) -> Any:
    """JSON that is equal for equal values, and for no others; what JSON has not is a list that says what."""
    if type(value) in _AS_IT_IS:
        return value
    match value:
        case str():
            return str.__str__(value)  # of an enum that is a str: its value, not its name
        case bool() | int() | float():
            return _number(value)
        case bytes() | bytearray() | memoryview():
            return ["bytes", hashlib.sha256(value).hexdigest()]
        case os.PathLike():
            return os.fsdecode(value)
        case Mapping():
            items = [[plain(name, index), plain(item, index)] for name, item in value.items()]
            return ["mapping", *sorted(items, key=_encode)]
        case list() | tuple():
            return ["list", *(plain(item, index) for item in value)]
        case AbstractSet():
            return ["set", *sorted((plain(item, index) for item in value), key=_encode)]
        case _:
            return _tagged(value, index)


def _tagged(value: Any, index: int) -> list[Any]:
    match value:
        case enum.Enum():
            return ["enum", type(value).__name__, value.name]
        case dt.datetime() if value.tzinfo is not None:
            return ["moment", value.astimezone(dt.UTC).isoformat()]
        case dt.datetime() | dt.date() | dt.time():
            return [type(value).__name__, value.isoformat()]
        case dt.timedelta():
            return ["span", value.days, value.seconds, value.microseconds]
        case decimal.Decimal() | uuid.UUID():
            return [type(value).__name__, str(value)]
        case _:
            return _record(value, index)


def _record(value: Any, index: int) -> list[Any]:
    kind: Any = type(value)
    fields = _fields(kind)
    if fields is None:
        return ["#", type(value).__name__, index]
    items = [(field, plain(getattr(value, field.name), index)) for field in fields]
    named = [[field.name, told] for field, told in items if told != field.plain_default]
    return ["record", type(value).__name__, *named]


def _text(told: Any) -> str:
    """JSON of what `plain` gave; the encoder, made for documents, takes longer than all else of a key."""
    if type(told) is str:
        return encode_basestring_ascii(told)
    return str(told) if type(told) is int else _encode(told)


def _number(value: float) -> Any:
    """Numbers that are equal are one: 1, 1.0 and True."""
    if isinstance(value, float) and not math.isfinite(value):
        return ["float", repr(value)]
    whole = int(value)
    return whole if whole == value else ["float", float.__repr__(value)]
