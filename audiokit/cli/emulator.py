"""``audiokit emulator``: the three APIs on this machine."""

from __future__ import annotations

import argparse
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from audiokit.cli._emulator_keys import CONTROL_KEY_VARIABLE, KEYS_VARIABLE, tenants
from audiokit.cli._importing import importing
from audiokit.cli._option_types import number, whole
from audiokit.cli._output import CommandError, WrongValueError, print_table, reason_of, require, say

if TYPE_CHECKING:
    from audiokit.emulator._settings import EmulatorSettings


def add_to(commands: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "emulator", help="serve the three APIs on this machine, with real sound"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=whole(0, 65535), default=8900, help="0 for a free one (default: %(default)s)"
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep everything here; temporary without")
    parser.add_argument("--strict", action="store_true", help="apply the gateway's character set to labels")
    parser.add_argument(
        "--workers", type=whole(1), default=2, help="processes for sound (default: %(default)s)"
    )
    parser.add_argument("--routes", action="store_true", help="list the routes instead of serving")
    parser.add_argument(
        "--json", action="store_true", help="print the ready line, or the routes, as one line of JSON"
    )
    parser.add_argument(
        "--print-env", action="store_true", help="when ready, also print the line to export for from_env()"
    )
    parser.add_argument("--watch-stdin", action="store_true", help="end when standard input closes")
    _add_limits(parser)
    _add_tests(parser)
    parser.set_defaults(run=run)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    """Who may call, and how much."""
    group = parser.add_argument_group("access and limits")
    group.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="NAME=KEY",
        help="a further tenant with a key of its own (32 characters or more; repeatable; 'default' "
        "is the tenant that is always there); tenants never see each other's objects; the list of "
        "processes shows it to all users of the machine, which --key-file does not",
    )
    group.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help=f"lines of NAME=KEY, as for --key; or set {KEYS_VARIABLE} to such pairs",
    )
    group.add_argument(
        "--allow-remote", action="store_true", help="permit --host to be an address others can reach"
    )
    group.add_argument(
        "--allow-callbacks",
        action="append",
        default=[],
        metavar="HOST",
        help="send webhooks to this host too (repeatable); without it only to this machine",
    )
    group.add_argument(
        "--max-upload-mib",
        type=whole(1),
        default=512,
        metavar="MIB",
        help="largest upload (default: %(default)s)",
    )
    group.add_argument(
        "--max-audio-s",
        type=number("seconds above 0", holds=lambda seconds: seconds > 0),
        default=1800.0,
        metavar="SECONDS",
        help="longest audio (default: %(default)s)",
    )
    group.add_argument(
        "--credits",
        type=number("a number of 0 or more", holds=lambda credit: credit >= 0),
        default=1000.0,
        help="credits of a fresh tenant (default: %(default)s)",
    )
    group.add_argument(
        "--rate-limits",
        nargs="?",
        const="500/100/300s",
        metavar="FAST/SLOW/SECONDSs",
        help="limit Respeecher's fast and slow calls; without a value as documented (500/100/300s)",
    )


def _add_tests(parser: argparse.ArgumentParser) -> None:
    """What makes it a proving ground."""
    group = parser.add_argument_group("for tests (changeable under /control while it runs)")
    group.add_argument(
        "--faults",
        default="",
        metavar="LIST",
        help="what goes wrong, e.g. 429:0.05x10@2s,reset:0.02,latency:50-200ms,late:0.01/orders.create; "
        "one fault is KIND[:RATE][xCALLS][*TIMES][@SPAN][/OPERATION]",
    )
    group.add_argument(
        "--seed", type=int, default=0, help="what faults are drawn from (default: %(default)s)"
    )
    group.add_argument(
        "--processing",
        default="",
        metavar="LIST",
        help="how long work pretends to take in virtual time, e.g. conversion:1x+2s,tts:500ms",
    )
    group.add_argument(
        "--speed",
        type=number("a number from 0.01 to 100000", holds=lambda speed: 0.01 <= speed <= 100_000),
        default=1.0,
        help="virtual seconds per second (default: %(default)s)",
    )
    group.add_argument(
        "--labels",
        choices=("echo", "drop"),
        default="echo",
        help="show the labels of ordered conversions, or leave them out as some versions of the gateway do",
    )
    group.add_argument(
        "--control-key",
        metavar="KEY",
        help=f"key of the control endpoints (default: ${CONTROL_KEY_VARIABLE}, else a random one)",
    )


def run(options: argparse.Namespace) -> int:
    """List the routes, or serve until told to stop."""
    require("emulator")
    if options.routes:
        return _print_routes(as_json=options.json)
    with importing():
        from audiokit.emulator._server import run as serve  # noqa: PLC0415 - an extra
    settings = _settings(options)
    try:
        serve(
            settings,
            json_ready=options.json,
            print_env=options.print_env,
            watch_stdin=options.watch_stdin,
        )
    except (ValueError, OSError) as error:  # a port that is taken, a data folder that is damaged
        raise CommandError(_said(error)) from error
    return 0


def _settings(options: argparse.Namespace) -> EmulatorSettings:
    """What the emulator is started with; checked where an option alone does not tell."""
    from audiokit.emulator._app import OPERATIONS  # noqa: PLC0415 - an extra
    from audiokit.emulator._settings import EmulatorSettings  # noqa: PLC0415

    keys = tenants(options.key, options.key_file, os.environ)
    try:
        settings = EmulatorSettings(
            host=options.host,
            port=options.port,
            data=options.data,
            strict=options.strict,
            workers=options.workers,
            api_key=keys.pop("default", None),
            keys=keys,
            allow_remote=options.allow_remote,
            callback_hosts=options.allow_callbacks,
            max_upload_bytes=options.max_upload_mib * 1024 * 1024,
            max_audio_s=options.max_audio_s,
            initial_credits=options.credits,
            rate_limits=options.rate_limits,
            faults=options.faults,
            seed=options.seed,
            processing=options.processing,
            speed=options.speed,
            labels=options.labels,
            control_key=options.control_key or os.environ.get(CONTROL_KEY_VARIABLE) or None,
        )
        OPERATIONS.check(settings.faults)
    except ValueError as error:
        raise WrongValueError(str(error)) from error
    try:
        socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WrongValueError(
            f"--host {settings.host!r} is no address of this machine: {reason_of(error)}"
        ) from error
    if settings.data is not None:
        try:
            settings.data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WrongValueError(
                f"cannot keep data in --data {str(settings.data)!r}: {reason_of(error)}; "
                "give a folder that exists or can be made"
            ) from error
    return settings


def _said(error: Exception) -> str:
    """What went wrong, with the file where there is one."""
    file = error.filename if isinstance(error, OSError) else None
    return reason_of(error) if file is None else f"{file!r}: {reason_of(error)}"


def _print_routes(*, as_json: bool) -> int:
    with importing():
        from audiokit.emulator._routes import list_routes  # noqa: PLC0415 - an extra
    routes = list_routes()
    if as_json:
        say(orjson.dumps(routes).decode())
    else:
        print_table(list(routes[0]), [[str(value) for value in route.values()] for route in routes])
    return 0
