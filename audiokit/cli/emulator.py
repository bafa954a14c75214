"""``audiokit emulator``: the three APIs on this machine."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import orjson

from audiokit.cli._output import CommandError, print_table, require, say


def add_to(commands: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "emulator", help="serve the three APIs on this machine, with real sound"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8900, help="0 for a free one (default: %(default)s)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep everything here; temporary without")
    parser.add_argument("--strict", action="store_true", help="apply the gateway's character set to labels")
    parser.add_argument("--workers", type=int, default=2, help="processes for sound (default: %(default)s)")
    parser.add_argument("--routes", action="store_true", help="list the routes instead of serving")
    parser.add_argument(
        "--json", action="store_true", help="print the ready line, or the routes, as one line of JSON"
    )
    parser.add_argument(
        "--print-env", action="store_true", help="when ready, also print the line to export for from_env()"
    )
    parser.add_argument("--watch-stdin", action="store_true", help="end when standard input closes")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List the routes, or serve until told to stop."""
    require("emulator")
    if options.routes:
        return _print_routes(as_json=options.json)
    from audiokit.emulator._server import run as serve  # noqa: PLC0415 - an extra
    from audiokit.emulator._settings import EmulatorSettings  # noqa: PLC0415

    try:
        settings = EmulatorSettings(
            host=options.host,
            port=options.port,
            data=options.data,
            strict=options.strict,
            workers=options.workers,
        )
        serve(
            settings,
            json_ready=options.json,
            print_env=options.print_env,
            watch_stdin=options.watch_stdin,
        )
    except (ValueError, OSError) as error:
        raise CommandError(str(error)) from error
    return 0


def _print_routes(*, as_json: bool) -> int:
    from audiokit.emulator._routes import list_routes  # noqa: PLC0415 - an extra

    routes = list_routes()
    if as_json:
        say(orjson.dumps(routes).decode())
    else:
        print_table(list(routes[0]), [[str(value) for value in route.values()] for route in routes])
    return 0
