"""Typed reading of JSON bodies: a wrong value is a 400 naming the field, the value and what is allowed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from audiokit.emulator._http import HttpError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_WORDS = {"true": True, "false": False}
_SHOWN = 80


class Fields:
    """One JSON object being read; remembers what was asked for, so that unknown fields can be told.

    Args:
        values: The object.
        path: Where it stands, for messages, like ``sectionProperties.intro``.
    """

    def __init__(self, values: Mapping[str, Any], *, path: str = "") -> None:
        self._values = values
        self._path = f"{path}." if path else ""
        self._known: set[str] = set()

    @property
    def values(self) -> Mapping[str, Any]:
        """The object as it came."""
        return self._values

    def raw(self, *names: str) -> Any:
        """Return the first of *names* that is given and not null, else None."""
        self._known.update(names)
        for name in names:
            if self._values.get(name) is not None:
                return self._values[name]
        return None

    def text(self, name: str, *aliases: str, default: str = "", longest: int | None = None) -> str:
        """Read a string; absent and null give *default*."""
        value = self.raw(name, *aliases)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.error(name, value, "a string")
        if longest is not None and len(value) > longest:
            raise self.error(name, value, f"at most {longest} characters, it has {len(value)}")
        return value

    def required_text(self, name: str, *aliases: str, longest: int | None = None) -> str:
        """Read a string that must be there and not blank."""
        value = self.text(name, *aliases, longest=longest)
        if not value.strip():
            raise HttpError(400, f"{self._path}{name} is required: a string that is not empty")
        return value

    def flag(self, name: str, *aliases: str, default: bool = False) -> bool:
        """Read true or false; the words are taken without case."""
        value = self.raw(name, *aliases)
        if value is None:
            return default
        if isinstance(value, str):
            value = _WORDS.get(value.strip().lower(), value)
        if not isinstance(value, bool):
            raise self.error(name, value, "true or false")
        return value

    def number(self, name: str, *aliases: str, low: float, high: float, unit: str = "") -> float | None:
        """Read a number of *low* to *high*, or None when absent."""
        value = self.raw(name, *aliases)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.error(name, value, f"a number from {low:g} to {high:g}{unit and ' ' + unit}")
        return float(value)

    def choice(self, name: str, *aliases: str, allowed: Collection[str], default: str) -> str:
        """Read one of the *allowed* words, without case."""
        value = self.raw(name, *aliases)
        if value is None:
            return default
        found = (
            {word.lower(): word for word in allowed}.get(value.strip().lower())
            if isinstance(value, str)
            else None
        )
        if found is None:
            raise self.error(name, value, f"one of {', '.join(allowed)}")
        return found

    def mapping(self, name: str, *aliases: str) -> dict[str, Any]:
        """Read an object; absent gives an empty one."""
        value = self.raw(name, *aliases)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.error(name, value, "an object")
        return value

    def nested(self, name: str, *aliases: str) -> dict[str, Fields]:
        """Read an object of objects."""
        found: dict[str, Fields] = {}
        for key, value in self.mapping(name, *aliases).items():
            if not isinstance(value, dict):
                raise self.error(f"{name}.{key}", value, "an object")
            found[key] = Fields(value, path=f"{self._path}{name}.{key}")
        return found

    def unknown(self) -> list[str]:
        """Return the given fields that nobody asked for."""
        return sorted(f"{self._path}{name}" for name in self._values if name not in self._known)

    def refuse_unknown(self) -> None:
        """Refuse fields that nobody asked for."""
        if unknown := self.unknown():
            allowed = ", ".join(sorted(self._known))
            raise HttpError(400, f"unknown field {', '.join(map(repr, unknown))}; allowed: {allowed}")

    def error(self, name: str, value: object, allowed: str) -> HttpError:
        """Make the refusal of one value."""
        return HttpError(400, f"{self._path}{name} must be {allowed}, got {shown(value)}")


def shown(value: object) -> str:
    """Write a client's value into a message, shortened."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def as_texts(values: Mapping[str, Any], *, field: str) -> dict[str, str]:
    """Turn a listener's values into strings.

    Raises:
        HttpError: 400, a value is neither a string nor a number.
    """
    texts: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, float) and (not math.isfinite(value)):
            raise HttpError(400, f"{field}.{name} must be a finite number, got {value!r}")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise HttpError(400, f"{field}.{name} must be a string or a number, got {shown(value)}")
        texts[name] = str(value)
    return texts


def query_flag(value: str | None, *, name: str) -> bool:
    """Read a boolean query value, written in any case; absent is false.

    Raises:
        HttpError: 400, neither true nor false.
    """
    if value is None or not value:
        return False
    if value.lower() not in _WORDS:
        raise HttpError(400, f"query parameter {name} must be true or false, got {shown(value)}")
    return _WORDS[value.lower()]
