"""Faults of the connection: none is made, or it breaks, or falls silent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from faults_expect import OK, UNKNOWN, UNSENT, UNTRUSTED, Always
from faults_kinds import DOWNLOAD, ONE_PER_RULE
from faults_model import QUICK, Fault, ServerStep, leave_it
from faults_server import FaultServer, Wire, reset

_NONE: Final = "No connection"
_BREAKS: Final = "The connection breaks or falls silent"
_SILENT: Final = {
    "silent before the head": ONE_PER_RULE,
    "silent in the head": ONE_PER_RULE,
    "silent in the body": ONE_PER_RULE | {DOWNLOAD.name},
}
"""Waiting for these takes most of the time of the plain run."""


async def _stay_closed(_: FaultServer) -> None:
    """Bound and not listening: connections are refused."""


async def _ignore(server: FaultServer) -> None:
    server.ignore_connections()


def _tls(certificate: str) -> ServerStep:
    async def begin(server: FaultServer) -> None:
        server.certificate = certificate
        await server.listen()

    return begin


def _no_tls(greet: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]) -> ServerStep:
    async def begin(server: FaultServer) -> None:
        server.greet = greet
        await server.listen()

    return begin


async def _mend_tls(server: FaultServer) -> None:
    server.greet, server.certificate = None, "trusted.pem"
    await server.listen()


async def _plain_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    await reader.read(100)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()
    return True


async def _reset_greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    await reader.read(100)
    reset(writer)
    return True


async def answer_no_handshake(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> bool:
    """Read, and say nothing."""
    while await reader.read(1 << 16):
        pass
    return True


NO_CONNECTION: Final = (
    Fault(
        name="connection refused",
        group=_NONE,
        rules=UNSENT,
        begin=_stay_closed,
        heal=FaultServer.listen,
    ),
    Fault(
        name="connection never answered",
        group=_NONE,
        rules=UNSENT,
        begin=_ignore,
        settings=QUICK,
        plain_kinds=ONE_PER_RULE,
        heal=FaultServer.listen,
    ),
    *(
        Fault(
            name=name,
            group=_NONE,
            rules=UNTRUSTED if "certificate" in name else UNSENT,
            begin=begin,
            heal=_mend_tls,
            is_https=True,
            settings=QUICK,
            plain_kinds=ONE_PER_RULE if "never" in name or "certificate" in name else None,
        )
        for name, begin in (
            ("TLS: certificate of a stranger", _tls("untrusted.pem")),
            ("TLS: certificate of another host", _tls("other_host.pem")),
            ("TLS: plain HTTP on the port", _no_tls(_plain_answer)),
            ("TLS: reset in the handshake", _no_tls(_reset_greeting)),
            ("TLS: handshake never answered", _no_tls(answer_no_handshake)),
        )
    ),
)


async def _reset_before(wire: Wire, _: int) -> None:
    await wire.read_body()
    await wire.reset()


async def _close_before(wire: Wire, _: int) -> None:
    await wire.read_body()
    await wire.close()


async def _reset_in_head(wire: Wire, _: int) -> None:
    await wire.read_body()
    await wire.send(wire.head("x-more: to come", length=100)[:-20])
    await wire.reset()


async def _reset_in_body(wire: Wire, _: int) -> None:
    await wire.read_body()
    content = wire.answer()
    await wire.send(wire.head(length=len(content)) + content[: len(content) // 2])
    await wire.reset()


async def _half_status_line(wire: Wire, _: int) -> None:
    await wire.read_body()
    await wire.send(b"HTTP/1.1 2")
    await wire.close()


async def _garbage(wire: Wire, _: int) -> None:
    await wire.read_body()
    await wire.send(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
    await wire.close()


async def _stall_before(wire: Wire, _: int) -> None:
    await wire.read_body()
    await wire.stall()


async def _stall_in_head(wire: Wire, _: int) -> None:
    await wire.read_body()
    await wire.send(wire.head(length=100)[:-20])
    await wire.stall()


async def _stall_in_body(wire: Wire, _: int) -> None:
    await wire.read_body()
    content = wire.answer()
    await wire.send(wire.head(length=len(content)) + content[: len(content) // 2])
    await wire.stall()


async def _close_idle(server: FaultServer) -> None:
    await server.drop_connections(lambda writer: writer.close())


async def _reset_idle(server: FaultServer) -> None:
    await server.drop_connections(reset)


async def _hang_up_on_reuse(wire: Wire, _: int) -> None:
    await wire.reset()


BROKEN: Final = (
    *(
        Fault(
            name=name,
            group=_BREAKS,
            does=does,
            rules=UNKNOWN,
            settings=QUICK,
            plain_kinds=_SILENT.get(name),
        )
        for name, does in (
            ("reset before any byte", _reset_before),
            ("reset in the head", _reset_in_head),
            ("reset in the body", _reset_in_body),
            ("closed without an answer", _close_before),
            ("closed in the status line", _half_status_line),
            ("no HTTP at all", _garbage),
            ("silent before the head", _stall_before),
            ("silent in the head", _stall_in_head),
            ("silent in the body", _stall_in_body),
        )
    ),
    *(
        Fault(
            name=name,
            group=_BREAKS,
            rules=Always(OK),
            begin=begin,
            is_warm=True,
        )
        for name, begin in (
            ("idle connection was closed", _close_idle),
            ("idle connection was reset", _reset_idle),
        )
    ),
    Fault(
        name="kept connection is reset as the request arrives",
        group=_BREAKS,
        does=_hang_up_on_reuse,
        rules=UNKNOWN,
        begin=leave_it,
        is_warm=True,
    ),
)
