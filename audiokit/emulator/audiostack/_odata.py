"""The part of OData that lists of files take: comparisons joined by ``and``, and an order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from audiokit.emulator._fields import shown
from audiokit.emulator._http import HttpError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

File = dict[str, Any]

FIELDS = ("fileId", "fileName", "size", "duration", "status", "createdAt", "updatedAt", "accessControl")
"""Fields that can be compared and sorted by."""

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: bool(a == b),
    "ne": lambda a, b: bool(a != b),
    "gt": lambda a, b: bool(a > b),
    "ge": lambda a, b: bool(a >= b),
    "lt": lambda a, b: bool(a < b),
    "le": lambda a, b: bool(a <= b),
}
_WITHIN: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda has, part: part in has,
    "startswith": lambda has, part: has.startswith(part),
    "endswith": lambda has, part: has.endswith(part),
}
_VALUE = r"(?:'(?P<text>(?:[^']|'')*)'|(?P<number>-?\d{1,15}(?:\.\d{1,9})?)|(?P<null>null))"
_COMPARISON = re.compile(rf"(?P<field>\w+)\s+(?P<operator>\w+)\s+{_VALUE}")
_FUNCTION = re.compile(r"(?P<function>\w+)\(\s*(?P<field>\w+)\s*,\s*'(?P<text>(?:[^']|'')*)'\s*\)")
_AND = re.compile(r"\s+and\s+")
_LONGEST = 2000


def matching(files: Sequence[File], text: str) -> list[File]:
    """Keep the files for which a ``$filter`` holds; an empty one keeps all.

    Raises:
        HttpError: 400, an expression that is not understood here.
    """
    tests = _read(text.strip())
    return [file for file in files if all(test(file) for test in tests)]


def ordered(files: Sequence[File], text: str) -> list[File]:
    """Sort files by an ``$orderBy`` like ``createdAt desc, fileName``; an empty one keeps their order.

    Raises:
        HttpError: 400, a field or direction that is not known.
    """
    found = list(files)
    for part in reversed([part.split() for part in text.split(",") if part.strip()]):
        field, direction = _field(part[0]), part[1].lower() if len(part) > 1 else "asc"
        if len(part) > 2 or direction not in {"asc", "desc"}:
            raise HttpError(400, f"$orderBy {shown(text)} must be fields with asc or desc, comma-separated")
        known = [file for file in found if file[field] is not None]
        rest = [file for file in found if file[field] is None]
        found = sorted(known, key=lambda file: file[field], reverse=direction == "desc") + rest
    return found


def _read(text: str) -> list[Callable[[File], bool]]:
    if len(text) > _LONGEST:
        raise HttpError(400, f"$filter has {len(text)} characters; at most {_LONGEST} are read")
    tests: list[Callable[[File], bool]] = []
    position = 0
    while position < len(text):
        match = _FUNCTION.match(text, position) or _COMPARISON.match(text, position)
        if match is None:
            raise _unread(text, position)
        tests.append(_within(match) if match.re is _FUNCTION else _comparison(match))
        position = match.end()
        if position < len(text):
            joint = _AND.match(text, position)
            if joint is None or joint.end() == len(text):
                raise _unread(text, position)
            position = joint.end()
    return tests


def _comparison(match: re.Match[str]) -> Callable[[File], bool]:
    field, operator = _field(match["field"]), match["operator"].lower()
    if operator not in _COMPARE:
        raise HttpError(400, f"$filter operator {operator!r} is not known; allowed: {', '.join(_COMPARE)}")
    value: Any = None
    if match["text"] is not None:
        value = match["text"].replace("''", "'")
    elif match["number"] is not None:
        value = float(match["number"])
    compare, needs_order = _COMPARE[operator], operator not in {"eq", "ne"}

    def test(file: File) -> bool:
        has = file[field]
        if needs_order and (has is None or isinstance(has, str) != isinstance(value, str)):
            return False
        return compare(has, value) if value is not None or not needs_order else False

    return test


def _within(match: re.Match[str]) -> Callable[[File], bool]:
    function, field, part = (
        match["function"].lower(),
        _field(match["field"]),
        match["text"].replace("''", "'"),
    )
    if function not in _WITHIN:
        raise HttpError(400, f"$filter function {function!r} is not known; allowed: {', '.join(_WITHIN)}")
    return lambda file: _WITHIN[function](str(file[field] or ""), part)


def _field(name: str) -> str:
    if name not in FIELDS:
        raise HttpError(400, f"field {shown(name)} is not known; allowed: {', '.join(FIELDS)}")
    return name


def _unread(text: str, position: int) -> HttpError:
    return HttpError(
        400,
        f"$filter is not understood from {shown(text[position:])} on; write comparisons like "
        "status eq 'uploaded' and size gt 1000, or contains(fileName, 'intro')",
    )
