"""Reading the command line."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import NoReturn


def parsed(arguments: Sequence[str] | None, commands: Iterable[ModuleType]) -> argparse.Namespace:
    """Read the arguments; what cannot be read ends the program with 2 and one line."""
    parser = _Parser(
        prog="audiokit",
        description="Client, jobs and local emulator for three audio-production APIs.",
    )
    version = importlib.import_module("audiokit").__version__
    parser.add_argument("--version", action="version", version=f"audiokit {version}")
    parsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    for command in commands:
        command.add_to(parsers)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:  # told by the command that was meant: argparse itself knows only the program
        parsers.choices[options.command].error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as commands do."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"audiokit: {message}; `{self.prog} --help` says more\n")
