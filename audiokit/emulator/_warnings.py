"""What is told to a caller beside a result: options without effect, damage in an upload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.emulator._fields import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audiokit.emulator._fields import Fields


MOST_WARNINGS = 20
"""Most warnings in one header."""

HEADER_BYTES = 4096
"""Longest header value in bytes."""

_LONGEST = 500
_BETWEEN = ", "


def warning_header(warnings: Iterable[str]) -> str:
    """Write warnings as the value of a ``Warning`` header, each one quoted; empty without any.

    At most `MOST_WARNINGS` and `HEADER_BYTES` are written, for clients refuse long headers; the last one then
    says how many more there are.
    """
    texts = list(warnings)
    parts: list[str] = []
    left_bytes = HEADER_BYTES - len(_part(f"and {len(texts)} more"))
    for text in texts[:MOST_WARNINGS]:
        part = _part(text)
        left_bytes -= len(part) + len(_BETWEEN)
        if left_bytes < 0:
            break
        parts.append(part)
    if len(parts) < len(texts):
        parts.append(_part(f"and {len(texts) - len(parts)} more"))
    return _BETWEEN.join(parts)


def _part(text: str) -> str:
    """Write one warning, shortened, in the characters that a header may have."""
    words = " ".join(text[:_LONGEST].replace('"', "'").split())
    dots = "..." if len(text) > _LONGEST else ""
    return f'199 audiokit-emulator "{words}{dots}"'.encode("latin-1", "replace").decode("latin-1")


def unknown_fields(fields: Fields) -> list[str]:
    """Warn about fields that nobody has read; the services take them in silence."""
    return [f"unknown field {shown(name)} has no effect" for name in fields.unknown()]
