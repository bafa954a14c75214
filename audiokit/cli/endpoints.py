"""``audiokit endpoints``: every operation this SDK serves."""

from __future__ import annotations

import argparse
from typing import Any

import orjson

from audiokit.cli._importing import importing
from audiokit.cli._output import print_table, say


def add_to(commands: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "endpoints",
        help="list the API operations that the SDK serves",
        description="List the API operations that the SDK serves, one for each call it has for them: "
        "scripts.preview is scripts.retrieve with a query, all others have a route of their own.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the list."""
    with importing():
        from audiokit.services import all_endpoints  # noqa: PLC0415 - other commands do without

        served = list(all_endpoints())
    rows = [
        {
            "api": endpoint.api,
            "method": endpoint.method,
            "path": endpoint.path,
            "name": endpoint.name.partition(".")[2],
        }
        for endpoint in served
        if endpoint.path.startswith("/")  # the others follow URLs the API gives
    ]
    if options.json:
        say(orjson.dumps(rows).decode())
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows])
    return 0
