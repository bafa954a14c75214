"""Helpers the commands share: optional extras, and printing."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Sequence

_NEEDED_BY_EXTRA = {
    "emulator": ("starlette", "uvicorn", "python_multipart", "numpy", "av", "soundfile", "espeakng_loader"),
    "cli": ("rich",),
}


class CommandError(Exception):
    """A command cannot go on; the message is for the person at the terminal."""


def require(extra: str) -> None:
    """Say which extra to install when what it brings is missing."""
    missing = [name for name in _NEEDED_BY_EXTRA[extra] if importlib.util.find_spec(name) is None]
    if missing:
        raise CommandError(
            f"this needs the {extra!r} extra ({', '.join(missing)} not found): "
            f"pip install 'audiokit[{extra}]', or 'audiokit[all]' for everything"
        )


def say(line: str = "") -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings: with rich where it is installed, aligned text elsewhere."""
    lines = [list(row) for row in rows]
    if importlib.util.find_spec("rich") is not None and sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415 - an extra
        from rich.table import Table  # noqa: PLC0415

        table = Table(*headings)
        for line in lines:
            table.add_row(*line)
        Console().print(table)
        return
    widths = [max(len(row[column]) for row in [headings, *lines]) for column in range(len(headings))]
    for row in [list(headings), ["-" * width for width in widths], *lines]:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
