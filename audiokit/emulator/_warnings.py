"""What is told to a caller beside a result: options without effect, damage in an upload."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audiokit.emulator._fields import Fields


def warning_header(warnings: Iterable[str]) -> str:
    """Write warnings as the value of a ``Warning`` header, each one quoted; empty without any."""
    parts = [" ".join(text.replace('"', "'").split()) for text in warnings]
    header = ", ".join(f'199 audiokit-emulator "{part}"' for part in parts)
    return header.encode("latin-1", "replace").decode("latin-1")


def unknown_fields(fields: Fields) -> list[str]:
    """Warn about fields that nobody has read; the services take them in silence."""
    return [f"unknown field {name!r} has no effect" for name in fields.unknown()]
