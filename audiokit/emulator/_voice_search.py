"""Finding voices by what is known of them; v1 and v2 write such searches differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator._fields import shown
from audiokit.emulator._http import HttpError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Voice = dict[str, Any]


def holds(operator: str, has: Any, wanted: Any) -> bool:
    """Say whether an attribute of a voice stands in a relation to a value; texts are compared without case.

    Args:
        operator: A key of `OPERATORS`.
        has: What the voice has: a text, a number or a list of texts.
        wanted: What the search says.

    Raises:
        HttpError: 400, an operator that is not known.
    """
    if operator not in OPERATORS:
        raise HttpError(400, f"operator {operator!r} is not known; allowed: {', '.join(OPERATORS)}")
    return OPERATORS[operator](has, wanted)


def parameters(voices: Iterable[Mapping[str, Any]], names: Iterable[str]) -> dict[str, list[str]]:
    """List the values that voices have, by attribute."""
    found: dict[str, set[str]] = {name: set() for name in names}
    for voice in voices:
        for name, values in found.items():
            values.update(str(value) for value in _many(voice[name]) if value not in (None, ""))
    return {name: sorted(values) for name, values in found.items()}


def check_attribute(name: str, voice: Mapping[str, Any]) -> None:
    """Refuse a search for what no voice has.

    Raises:
        HttpError: 400, naming the attributes there are.
    """
    if name not in voice:
        text = f"attribute {name!r} is not known; allowed: {', '.join(voice)}"
        raise HttpError(400, text, body={"message": text, "errors": [text]})


def _many(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _folded(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value


def _is_in(has: Any, wanted: Any) -> bool:
    allowed = [_folded(one) for one in _many(wanted)]
    return any(_folded(one) in allowed for one in _many(has))


def _contains(has: Any, wanted: Any) -> bool:
    if isinstance(has, str):
        return isinstance(wanted, str) and _folded(wanted) in _folded(has)
    mine = [_folded(one) for one in _many(has)]
    return all(_folded(one) in mine for one in _many(wanted))


def _compared(compare: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    def check(has: Any, wanted: Any) -> bool:
        value: Any = wanted[0] if isinstance(wanted, list) and len(wanted) == 1 else wanted
        for side in (has, value):
            if isinstance(side, bool) or not isinstance(side, int | float):
                raise HttpError(400, f"only numbers can be compared so, got {shown(side)}")
        return compare(has, value)

    return check


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda has, wanted: _is_in(has, [wanted]),
    "$ne": lambda has, wanted: not _is_in(has, [wanted]),
    "$is_in": _is_in,
    "in": _is_in,
    "$contains": _contains,
    "$gt": _compared(lambda a, b: a > b),
    "$gte": _compared(lambda a, b: a >= b),
    "greaterThanOrEquals": _compared(lambda a, b: a >= b),
    "$lt": _compared(lambda a, b: a < b),
    "$lte": _compared(lambda a, b: a <= b),
}
"""Relations by name; those with a dollar sign are v1's, the words v2's."""
