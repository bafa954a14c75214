"""The command line: one module per command."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from audiokit.cli import demo, emulator, endpoints
from audiokit.cli._output import CommandError
from audiokit.errors import AudiokitError

_COMMANDS = (demo, emulator, endpoints)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    parser = argparse.ArgumentParser(
        prog="audiokit",
        description="Client, jobs and local emulator for three audio-production APIs.",
    )
    version = importlib.import_module("audiokit").__version__
    parser.add_argument("--version", action="version", version=f"audiokit {version}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_to(commands)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except (AudiokitError, CommandError) as error:
        sys.stderr.write(f"audiokit: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
