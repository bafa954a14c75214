"""Attrs converters for fields that our code computes with, where APIs write one thing in several ways."""

from __future__ import annotations

from typing import Any


def number(value: object) -> int | None:
    """A whole number, also where it came as a text; None for null.

    Raises:
        TypeError: It is none; an answer that holds it does not fit its model.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise TypeError(f"expected a whole number, got {value!r}")


def flag(value: object) -> bool:
    """A yes or no, also where it came as a text or as 0 or 1; no for null.

    Raises:
        TypeError: It is none of these.
    """
    known: dict[object, bool] = {None: False, "": False, "false": False, "true": True, 0: False, 1: True}
    key = value.lower() if isinstance(value, str) else value
    if isinstance(key, str | int | None) and key in known:
        return known[key]
    raise TypeError(f"expected true or false, got {value!r}")


def several(value: object) -> list[Any]:
    """A list, also where its only entry came without one; an empty one for null."""
    return [] if value is None else value if isinstance(value, list) else [value]
