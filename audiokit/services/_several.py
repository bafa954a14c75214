"""Arguments that take several texts, where one alone must not be taken for its letters."""

from __future__ import annotations

from collections.abc import Iterable


def several(value: str | Iterable[str]) -> list[str]:
    """The texts as a list; a single one as a list of it."""
    return [value] if isinstance(value, str) else list(value)
