"""What both languages share: refusing with a place, and joining text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from audiokit.errors import InvalidRequest

T = TypeVar("T")

FIELD = "script_text"
_SHOWN_CHARACTERS = 40


def refused(what: str, text: str, start: int) -> InvalidRequest:
    """The error for markup that is wrong at *start*, with the place as an author counts it."""
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    excerpt = text[start : start + _SHOWN_CHARACTERS]
    return InvalidRequest(
        f"{FIELD}, line {line}, column {column}: {what}, got {excerpt!r}", field=FIELD, value=excerpt
    )


def join_text(content: str | Iterable[str | T]) -> tuple[str | T, ...]:
    """Content with neighbouring texts made one, and without empty ones."""
    joined: list[str | T] = []
    for item in [content] if isinstance(content, str) else content:
        last = joined[-1] if joined else None
        if isinstance(item, str) and isinstance(last, str):
            joined[-1] = last + item
        elif item != "":
            joined.append(item)
    return tuple(joined)


def strip_text(content: tuple[str | T, ...]) -> tuple[str | T, ...]:
    """Content without the white space at its two ends, which nobody hears."""
    items = list(content)
    if items and isinstance(items[0], str):
        items[0] = items[0].lstrip()
    if items and isinstance(items[-1], str):
        items[-1] = items[-1].rstrip()
    return tuple(item for item in items if item != "")


def unique(names: Iterable[str | None]) -> list[str]:
    """Names in their order, each once, without what is no name."""
    return list(dict.fromkeys(name for name in names if name))


def check_kinds(field: str, content: tuple[Any, ...], allowed: tuple[type, ...]) -> None:
    """Refuse content of a kind that may not stand there."""
    for item in content:
        if not isinstance(item, allowed):
            names = ", ".join(kind.__name__ for kind in allowed)
            raise InvalidRequest.of(field, item, f"made of {names}")


def first_spelling(parameters: Iterable[tuple[str, str | None]]) -> Mapping[str, str | None]:
    """Names to fallbacks; names are compared without case, and the first spelling of each is kept.

    A name that has a fallback in one place only has none: in the other place it would be missing.
    """
    found: dict[str, tuple[str, str | None]] = {}
    for name, fallback in parameters:
        spelt, known = found.get(name.casefold(), (name, fallback))
        found[name.casefold()] = (spelt, None if fallback is None else known)
    return dict(found.values())
