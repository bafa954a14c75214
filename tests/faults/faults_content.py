"""Faults of content: what arrives is whole, and not what it should be."""

from __future__ import annotations

import gzip
import zlib
from functools import cache
from typing import Final

from faults_expect import NO_REPEAT, OK, REFUSED, UNKNOWN, Always, final
from faults_kinds import DOWNLOAD, JSON_KINDS, READ
from faults_model import MET_ONCE, Fault, Misdeed
from faults_server import Wire

_GROUP: Final = "Wrong content"
_HTML: Final = b"<!doctype html><title>Sign in</title><h1>Welcome to the hotel</h1>"
_BOMB_BYTES: Final = 32 << 20
_MOST_MEMORY_BYTES: Final = 8 << 20


@cache
def _bomb(start: bytes) -> bytes:
    """A gzip stream of some 32 kB: *start*, then spaces that unpack to 32 MiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    spaces = b" " * (1 << 20)
    parts = [packer.compress(start), *(packer.compress(spaces) for _ in range(_BOMB_BYTES >> 20))]
    return b"".join([*parts, packer.flush()])


async def _gzip_bomb(wire: Wire, _: int) -> None:
    await wire.reply("content-encoding: gzip", content=_bomb(wire.answer()))


async def _gzip_cut(wire: Wire, _: int) -> None:
    packed = gzip.compress(wire.answer(), mtime=0)
    await wire.reply("content-encoding: gzip", content=packed[: len(packed) * 2 // 3])


async def _gzip_that_is_none(wire: Wire, _: int) -> None:
    await wire.reply("content-encoding: gzip")


async def _endless_head(wire: Wire, _: int) -> None:
    await wire.read_body()
    await wire.send(wire.head()[:-2])
    lines = (b"x-more: " + b"y" * 990 + b"\r\n") * 1000
    for _turn in range(100):
        await wire.send(lines)


def _instead(content: bytes, *, status: int = 200, media_type: str | None = None) -> Misdeed:
    async def reply(wire: Wire, _: int) -> None:
        await wire.reply(status=status, content=content, kind=media_type)

    return reply


async def _json_cut(wire: Wire, _: int) -> None:
    await wire.reply(content=wire.answer()[:-2])


async def _unasked_upgrade(wire: Wire, _: int) -> None:
    await wire.read_body()
    await wire.send(
        b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n\x81\x05hello"
    )


async def _early_hints(wire: Wire, _: int) -> None:
    await wire.read_body()
    await wire.send(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")
    await wire.reply()


_NO_JSON: Final = final("UnexpectedResponse")
_NO_AUDIO: Final = {DOWNLOAD.name: final("DownloadFailed")}

CONTENT: Final = (
    Fault(group=_GROUP, name="JSON cut short", does=_json_cut, rules=_NO_JSON, kinds=JSON_KINDS),
    *(
        Fault(group=_GROUP, name=name, does=does, rules=_NO_JSON, but=_NO_AUDIO)
        for name, does in (
            ("JSON of another shape", _instead(b'{"surprise": [1, 2, 3]}')),
            ("200 with an HTML page", _instead(_HTML, media_type="text/html")),
            ("200 with nothing", _instead(b"")),
        )
    ),
    Fault(group=_GROUP, name="gzip cut short", does=_gzip_cut, rules=UNKNOWN),
    Fault(
        group=_GROUP,
        name="404 with an HTML page",
        does=_instead(_HTML, status=404, media_type="text/html"),
        rules=final("NotFound"),
    ),
    Fault(
        group=_GROUP,
        name="403 with an HTML page",
        does=_instead(_HTML, status=403, media_type="text/html"),
        rules=final("AuthenticationError"),
    ),
    Fault(group=_GROUP, name="101 nobody asked for", does=_unasked_upgrade, rules=UNKNOWN),
    Fault(group=_GROUP, name="103 before the answer", does=_early_hints, rules=Always(OK)),
    Fault(group=_GROUP, name="100 MB of headers", does=_endless_head, rules=UNKNOWN),
    Fault(group=_GROUP, name="gzip that is none", does=_gzip_that_is_none, rules=NO_REPEAT),
    Fault(
        group=_GROUP,
        name="gzip bomb, 32 kB that unpack to 32 MiB",
        does=_gzip_bomb,
        rules=Always(REFUSED),
        modes=MET_ONCE,
        plain_kinds=frozenset({READ.name, DOWNLOAD.name}),
        most_memory_bytes=_MOST_MEMORY_BYTES,
    ),
)
