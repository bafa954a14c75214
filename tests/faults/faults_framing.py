"""Faults of framing: lengths and chunks that do not fit what is sent."""

from __future__ import annotations

from typing import Final

from faults_expect import OK, UNKNOWN, Always, final
from faults_kinds import JSON_KINDS, ONE_PER_RULE
from faults_model import QUICK, Fault
from faults_server import Wire

_GROUP: Final = "Wrong framing"


async def _too_little(wire: Wire, _: int) -> None:
    await wire.read_body()
    content = wire.answer()
    await wire.send(wire.head(length=len(content) + 50) + content)
    await wire.close()


async def _too_little_kept_open(wire: Wire, _: int) -> None:
    await wire.read_body()
    content = wire.answer()
    await wire.send(wire.head(length=len(content) + 50) + content)
    await wire.stall()


async def _too_much(wire: Wire, _: int) -> None:
    await wire.read_body()
    content = wire.answer()
    await wire.send(wire.head(length=len(content) - 2) + content)


async def _smuggled(wire: Wire, _: int) -> None:
    await wire.read_body()
    content, stray = wire.answer(), b'{"credits": 666}'
    second = wire.head(length=len(stray), kind="application/json") + stray
    await wire.send(wire.head(length=len(content)) + content + second)


async def _two_lengths(wire: Wire, _: int) -> None:
    await wire.read_body()
    content = wire.answer()
    await wire.send(wire.head("content-length: 3", length=len(content)) + content)
    await wire.close()


async def _chunks_cut(wire: Wire, _: int) -> None:
    await wire.read_body()
    content = wire.answer()
    chunked = b"%x\r\n%b\r\n" % (len(content), content)
    await wire.send(wire.head("transfer-encoding: chunked") + chunked)
    await wire.close()


async def _chunks_cut_inside(wire: Wire, _: int) -> None:
    await wire.read_body()
    content = wire.answer()
    await wire.send(wire.head("transfer-encoding: chunked") + b"%x\r\n" % len(content) + content[:-2])
    await wire.close()


async def _chunk_size_is_no_number(wire: Wire, _: int) -> None:
    await wire.read_body()
    await wire.send(wire.head("transfer-encoding: chunked") + b"-5\r\nhello\r\n0\r\n\r\n")
    await wire.close()


async def _until_close(wire: Wire, _: int) -> None:
    await wire.read_body()
    await wire.send(wire.head("connection: close") + wire.answer())
    await wire.close()


FRAMING: Final = (
    *(
        Fault(
            name=name,
            group=_GROUP,
            does=does,
            rules=UNKNOWN,
            settings=QUICK,
            plain_kinds=ONE_PER_RULE if "open" in name else None,
        )
        for name, does in (
            ("Content-Length larger than the body, closed", _too_little),
            ("Content-Length larger than the body, kept open", _too_little_kept_open),
            ("two different Content-Lengths", _two_lengths),
            ("chunked, last chunk missing", _chunks_cut),
            ("chunked, cut in a chunk", _chunks_cut_inside),
            ("chunked, size is no number", _chunk_size_is_no_number),
        )
    ),
    Fault(
        name="Content-Length smaller than the body",
        group=_GROUP,
        does=_too_much,
        rules=final("UnexpectedResponse"),
        kinds=JSON_KINDS,
    ),
    Fault(name="a second answer nobody asked for", group=_GROUP, does=_smuggled, rules=Always(OK)),
    Fault(name="no length, ended by closing", group=_GROUP, does=_until_close, rules=Always(OK)),
)
