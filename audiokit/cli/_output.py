"""Helpers the commands share: optional extras, and printing."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable, Sequence

from audiokit import _extras


class CommandError(Exception):
    """A command cannot go on; the message is for the person at the terminal."""

    exit_code = 1


class WrongValueError(CommandError):
    """The value of an option is what is wrong."""

    exit_code = 2


def reason_of(error: Exception) -> str:
    """Say why in words: an OSError's own text begins with its number."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def require(extra: str) -> None:
    """Say which extra to install when what it brings is missing."""
    missing = _extras.missing(extra)
    if missing:
        raise CommandError(
            f"this needs the {extra!r} extra ({', '.join(missing)} not found): "
            f"pip install 'audiokit[{extra}]', or 'audiokit[all]' for everything"
        )


def say(line: str = "") -> None:
    """Print a line at once, also into a pipe.

    Raises:
        CommandError: It cannot be written, e.g. because the disk is full.
    """
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has enough
        _write_no_more()
        raise
    except OSError as error:
        _write_no_more()
        raise CommandError(f"cannot write to standard output: {error.strerror or error}") from error


def _write_no_more() -> None:
    """Send what is still to be written nowhere: the interpreter would fail at it once more at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings: with rich where it is installed, aligned text elsewhere."""
    lines = [list(row) for row in rows]
    if importlib.util.find_spec("rich") is not None and sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415 - an extra
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        # As Text: of a plain string rich reads `[/{version}]` as markup, and breaks.
        table = Table()
        for heading in headings:
            table.add_column(Text(heading))
        for line in lines:
            table.add_row(*(Text(cell) for cell in line))
        Console().print(table)
        return
    widths = [max(len(row[column]) for row in [headings, *lines]) for column in range(len(headings))]
    for row in [list(headings), ["-" * width for width in widths], *lines]:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
