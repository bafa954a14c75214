"""What operations take, as data beside their routes: for the description that the emulator serves.

Fields are written in a line: ``scriptId! audience:object speed:number``. A field is a string unless it says
what it is; an exclamation mark means that it must be there. Tests watch what handlers read, and hold it
against this.
"""

from __future__ import annotations

from typing import Any

import attrs

_KINDS: dict[str, dict[str, Any]] = {
    "any": {},
    "boolean": {"type": "boolean"},
    "date-time": {"type": "string", "format": "date-time"},
    "file": {"type": "string", "format": "binary"},
    "integer": {"type": "integer"},
    "list": {"type": "array"},
    "number": {"type": "number"},
    "object": {"type": "object"},
    "string": {"type": "string"},
    "uuid": {"type": "string", "format": "uuid"},
}


@attrs.frozen
class Field:
    """One field of a query, body or form.

    Attributes:
        name: As on the wire.
        kind: One of ``any``, ``boolean``, ``date-time``, ``file``, ``integer``, ``list``, ``number``,
            ``object``, ``string``, ``uuid``.
        required: Calls without it are refused.
    """

    name: str
    kind: str
    required: bool

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of a value."""
        return dict(_KINDS[self.kind])


def fields(line: str) -> tuple[Field, ...]:
    """Read a line."""
    found: list[Field] = []
    for word in line.split():
        name, _, kind = word.partition(":")
        found.append(Field(name.removesuffix("!"), kind or "string", name.endswith("!")))
    return tuple(found)


@attrs.frozen(kw_only=True)
class Described:
    """What one operation takes and how it answers when all is well.

    Attributes:
        query: Line of the query.
        body: Line of the JSON body.
        form: Line of the form.
        statuses: What it answers with; files are sent in part (206), too.
    """

    query: str = ""
    body: str = ""
    form: str = ""
    statuses: tuple[int, ...] = (200,)
