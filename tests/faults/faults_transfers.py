"""Faults while bytes flow: too slow, stopped half way, or answered before they were read."""

from __future__ import annotations

import asyncio
from typing import Final

from faults_expect import OK, REFUSED, UNKNOWN, Always, final
from faults_kinds import DOWNLOAD, LARGE_TAKE, ONE_PER_RULE, UPLOAD, UPLOAD_STREAM
from faults_model import MET_ONCE, QUICK, Fault
from faults_server import Wire

from audiokit import Timeouts

_GROUP: Final = "Slow, half way, too early"
_UPLOADS: Final = frozenset({UPLOAD.name, UPLOAD_STREAM.name})
_DRIPPED_BODIES: Final = ONE_PER_RULE | {DOWNLOAD.name}
_PIECE_BYTES: Final = 1 << 16
_TICK_S: Final = 0.02
"""Far below the silence that the client allows."""


async def _stall_in_upload(wire: Wire, _: int) -> None:
    await wire.read_body(_PIECE_BYTES)
    await wire.stall()


async def _reset_in_upload(wire: Wire, _: int) -> None:
    await wire.read_body(_PIECE_BYTES)
    await wire.reset()


async def _close_in_upload(wire: Wire, _: int) -> None:
    await wire.read_body(_PIECE_BYTES)
    await wire.close()


async def _take_slowly(wire: Wire, _: int) -> None:
    taken = 0
    async for _chunk in wire.chunks():
        if len(wire.seen.body) - taken >= _PIECE_BYTES:
            taken = len(wire.seen.body)
            await asyncio.sleep(_TICK_S)
    wire.seen.is_whole = True
    await wire.reply()


async def _drip(wire: Wire, data: bytes) -> None:
    wire.is_over = True
    for start in range(len(data)):
        await wire.send(data[start : start + 1])
        await asyncio.sleep(_TICK_S)


async def _drip_head(wire: Wire, _: int) -> None:
    await wire.read_body()
    await _drip(wire, wire.head(f"x-more: {'y' * 10_000}"))


async def _drip_body(wire: Wire, _: int) -> None:
    await wire.read_body()
    content = wire.answer() + b" " * 10_000
    await wire.send(wire.head(length=len(content)) + content[:2])
    await _drip(wire, content[2:])


async def _answer_then_read(wire: Wire, _: int) -> None:
    content = wire.answer()
    await wire.send(wire.head(length=len(content)) + content)
    await wire.read_body()


async def _answer_then_reset(wire: Wire, _: int) -> None:
    content = wire.answer()
    await wire.send(wire.head("connection: close", length=len(content)) + content)
    await wire.reset()


async def _refuse_then_read(wire: Wire, _: int) -> None:
    await wire.send(wire.head("connection: close", status=413, length=5) + b"large")
    await wire.read_body()
    await wire.close()


async def _refuse_then_ignore(wire: Wire, _: int) -> None:
    await wire.send(wire.head("connection: close", status=413, length=5) + b"large")
    await wire.stall()


async def _refuse_then_reset(wire: Wire, _: int) -> None:
    await wire.send(wire.head("connection: close", status=413, length=5) + b"large")
    await wire.reset()


_SHORT: Final = {"timeouts": Timeouts(connect_s=0.15, stall_s=0.15, call_s=2.0)}
TRANSFERS: Final = (
    *(
        Fault(
            group=_GROUP, name=name, does=does, rules=UNKNOWN, kinds=_UPLOADS, take=LARGE_TAKE, settings=QUICK
        )
        for name, does in (
            ("silent in the middle of the upload", _stall_in_upload),
            ("reset in the middle of the upload", _reset_in_upload),
            ("closed in the middle of the upload", _close_in_upload),
        )
    ),
    Fault(
        group=_GROUP,
        name="upload taken in slowly and steadily",
        does=_take_slowly,
        rules=Always(OK),
        modes=MET_ONCE,
        kinds=_UPLOADS,
        take=LARGE_TAKE,
        settings=_SHORT,
    ),
    *(
        Fault(
            group=_GROUP,
            name=name,
            does=does,
            rules=UNKNOWN,
            modes=MET_ONCE,
            settings=_SHORT,
            plain_kinds=kinds,
        )
        for name, does, kinds in (
            ("head drips", _drip_head, ONE_PER_RULE),
            ("body drips", _drip_body, _DRIPPED_BODIES),
        )
    ),
    *(
        Fault(
            group=_GROUP,
            name=name,
            does=does,
            rules=final("CallTimeout"),
            options={"timeout": 0.2},
            modes=MET_ONCE,
            plain_kinds=kinds,
        )
        for name, does, kinds in (
            ("head drips, timeout given", _drip_head, ONE_PER_RULE),
            ("body drips, timeout given", _drip_body, _DRIPPED_BODIES),
        )
    ),
    Fault(
        group=_GROUP,
        name="200 before the body was read, then reads it",
        does=_answer_then_read,
        rules=Always(OK),
    ),
    Fault(
        group=_GROUP,
        name="200 before the body was read, then resets",
        does=_answer_then_reset,
        rules=Always("OutcomeUnknown"),
        kinds=_UPLOADS,
        take=LARGE_TAKE,
    ),
    *(
        Fault(
            group=_GROUP, name=name, does=does, rules=rules, kinds=_UPLOADS, take=LARGE_TAKE, settings=QUICK
        )
        for name, does, rules in (
            ("413 before the body was read, then reads it", _refuse_then_read, final("PayloadTooLarge")),
            (
                "413 before the body was read, then reads nothing",
                _refuse_then_ignore,
                final("PayloadTooLarge"),
            ),
            ("413 before the body was read, then resets", _refuse_then_reset, Always(REFUSED)),
        )
    ),
)
