"""Whether a job is the one that its key names already: in the journal, or under way."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio.to_thread
import attrs

from audiokit.errors import UsageError
from audiokit.jobs._fields import spooled_sha256
from audiokit.jobs._identity import Field, fields_of_work, plain, takes_long


async def refuse_other_work(key: str, known: Any, job: Any, *, where: str) -> None:
    """Refuse a job that has the key of another one's work; looks at files in a thread.

    Two sources are equal where their paths are: *key* was given so that it counts more than their content.

    Args:
        key: The key of both.
        known: The job that has it, or had it in an earlier run.
        job: The one that comes with it.
        where: Where *known* is, for the message.

    Raises:
        UsageError: They differ in their kind, or in a field that changes the work.
    """
    if known is job:
        return
    differ = _difference
    found = await anyio.to_thread.run_sync(differ, known, job) if takes_long(job) else differ(known, job)
    if found is not None:
        name, one, other = found
        raise UsageError(
            f"key {key!r} is that of another {known.kind} job {where}, and it names one piece of work: "
            f"{name} is {one!r:.80} there and {other!r:.80} here; give this {job.kind} job a key of its own, "
            "or none"
        )


def _difference(known: Any, job: Any) -> tuple[str, Any, Any] | None:
    """The first field in which the work of two jobs differs, with both values; None where it is the same."""
    if type(known) is not type(job):
        return "the kind", known.kind, job.kind
    kind: Any = type(job)
    for field in fields_of_work(kind) or ():
        one, other = getattr(known, field.name), getattr(job, field.name)
        if one is not other and _compared(field, one) != _compared(field, other):
            return field.name, one, other
    return None


def _compared(field: Field, value: Any) -> Any:
    """As `key_of` counts it, but for files: by path alone, and kept bytes by what they are."""
    is_file = field.is_source or field.name == "to"
    return plain(_recorded(Path(value) if is_file and isinstance(value, str) else value), 0)


def _recorded(value: Any) -> Any:
    """As it comes back from a journal, at any depth: paths absolute, bytes by digest, names as text."""
    match value:
        case os.PathLike():
            kept = spooled_sha256(value)
            return ["file", os.path.realpath(os.fsdecode(value))] if kept is None else ["bytes", kept]
        case bytes() | bytearray() | memoryview():
            return ["bytes", hashlib.sha256(value).hexdigest()]
        case Mapping():
            return {str(name): _recorded(item) for name, item in value.items()}
        case list() | tuple():
            return [_recorded(item) for item in value]
        case _ if attrs.has(type(value)):
            kind: Any = type(value)
            named = [(one.name, _recorded(getattr(value, one.name))) for one in attrs.fields(kind) if one.eq]
            return ["record", kind.__name__, named]
        case _:
            return value
