"""The command line: one module per command."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from types import ModuleType

from audiokit.cli._importing import INTERRUPTED, importing

_COMMANDS = ("demo", "emulator", "endpoints")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return 1


def commands() -> list[ModuleType]:
    """The module of each command."""
    return [importlib.import_module(f"{__name__}.{name}") for name in _COMMANDS]


def _run(arguments: Sequence[str] | None) -> int:
    with importing():
        from audiokit.cli._output import CommandError  # noqa: PLC0415 - only here Ctrl-C is quiet
        from audiokit.cli._parser import parsed  # noqa: PLC0415
        from audiokit.errors import AudiokitError  # noqa: PLC0415

        known = commands()
    options = parsed(arguments, known)
    try:
        return int(options.run(options))
    except (AudiokitError, CommandError) as error:
        sys.stderr.write(f"audiokit: {error}\n")
        return error.exit_code if isinstance(error, CommandError) else 1
