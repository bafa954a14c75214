"""Filters of v2: a list of ``{operator: {attribute: [values]}}``, all of which must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator._fields import shown
from audiokit.emulator._http import HttpError
from audiokit.emulator._voice_search import check_attribute, holds

if TYPE_CHECKING:
    from collections.abc import Sequence

OPERATORS = ("in", "greaterThanOrEquals")
_MOST = 50


def read_filters(value: Any) -> list[tuple[str, str, Any]]:
    """Read filters as (operator, attribute, values).

    Raises:
        HttpError: 400, anything else.
    """
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > _MOST:
        raise HttpError(400, f"filters must be a list of at most {_MOST} objects, got {shown(value)}")
    read: list[tuple[str, str, Any]] = []
    for one in value:
        if not isinstance(one, dict):
            raise HttpError(
                400, f"a filter must be an object like {{'in': {{'a': ['b']}}}}, got {shown(one)}"
            )
        for operator, attributes in one.items():
            if operator not in OPERATORS:
                raise HttpError(
                    400, f"filter operator {shown(operator)} is not known; allowed: {', '.join(OPERATORS)}"
                )
            if not isinstance(attributes, dict):
                raise HttpError(400, f"filters.{operator} must be an object, got {shown(attributes)}")
            read += [(operator, name, values) for name, values in attributes.items()]
    return read


def filtered(
    items: Sequence[dict[str, Any]], filters: Sequence[tuple[str, str, Any]], *, at_least: int = 0
) -> list[dict[str, Any]]:
    """Keep the items that pass; the last filters are dropped while fewer than *at_least* do.

    Raises:
        HttpError: 400, an attribute that items do not have, or values that cannot be compared.
    """
    for _, name, _ in filters:
        if items:
            check_attribute(name, items[0])
    for count in range(len(filters), 0, -1):
        kept = [
            item for item in items if all(holds(op, item[name], value) for op, name, value in filters[:count])
        ]
        if len(kept) >= at_least:
            return kept
    return list(items)
