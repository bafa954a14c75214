"""The kinds of operation in the table, each through its public call."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import attrs
from faults_server import AUDIO, CREDITS, ORDER, RECORDING, Seen

from audiokit import AudioKit, Conversion

TAKE: Final = b"RIFF\x24\x00\x03\x00WAVE" + bytes(reversed(range(256))) * 1_200
"""What is uploaded: begins as a wav does, 300 kB."""

LARGE_TAKE: Final = b"RIFF\x24\x00\x80\x00WAVE" + bytes(reversed(range(256))) * 8_000
"""Begins as a wav does, 2 MB: more than the buffers of both sides hold, see ``conftest.py``."""


class Rule(enum.Enum):
    """What the contract allows to be repeated."""

    SAFE = "after any failure"
    COSTLY = "only what had no effect"
    ONCE = "only what was not begun"


@attrs.frozen(kw_only=True)
class Kind:
    """One column of the table.

    Attributes:
        name: Heading.
        rule: What may be repeated.
        run: Makes the call, with a folder for files, what to upload, and options.
        result: What a success gives back.
        is_this: Tells its requests from others.
        has_body: Whether it sends a file.
    """

    name: str
    rule: Rule
    run: Callable[[AudioKit, Path, bytes, dict[str, Any]], Coroutine[Any, Any, Any]]
    result: Any
    is_this: Callable[[Seen], bool]
    has_body: bool = False
    is_download: bool = False


async def _read(kit: AudioKit, _: Path, __: bytes, options: dict[str, Any]) -> Any:
    return (await kit.respeecher.credits.get(**options)).left


async def _write(kit: AudioKit, _: Path, __: bytes, options: dict[str, Any]) -> Any:
    return (await kit.respeecher.recordings.update("r-1", label="take", **options)).id


async def _order(kit: AudioKit, _: Path, __: bytes, options: dict[str, Any]) -> Any:
    orders = await kit.respeecher.orders.create("r-1", [Conversion(voice_id="v")], **options)
    return [order.id for order in orders]


async def _upload(kit: AudioKit, folder: Path, take: bytes, options: dict[str, Any]) -> Any:
    path = folder / "take.wav"
    path.write_bytes(take)
    return (await kit.respeecher.recordings.upload(path, folder_id="f-1", **options)).id


async def _upload_stream(kit: AudioKit, _: Path, take: bytes, options: dict[str, Any]) -> Any:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(take), 100_000):
            yield take[start : start + 100_000]

    return (await kit.respeecher.recordings.upload(chunks(), folder_id="f-1", **options)).id


async def _download(kit: AudioKit, folder: Path, _: bytes, options: dict[str, Any]) -> Any:
    path = await kit.respeecher.recordings.download("/files/r-1.wav", folder, name="got", **options)
    return path.read_bytes()


def _asks(method: str, path: str) -> Callable[[Seen], bool]:
    return lambda seen: (seen.method, seen.path) == (method, path)


READ: Final = Kind(
    name="read", rule=Rule.SAFE, run=_read, result=CREDITS["credits"], is_this=_asks("GET", "/api/credits")
)
WRITE: Final = Kind(
    name="write",
    rule=Rule.SAFE,
    run=_write,
    result=RECORDING["id"],
    is_this=_asks("PATCH", "/api/recordings/r-1"),
)
ORDERING: Final = Kind(
    name="paid POST",
    rule=Rule.COSTLY,
    run=_order,
    result=[ORDER["id"]],
    is_this=_asks("POST", "/api/v2/orders"),
)
UPLOAD: Final = Kind(
    name="upload, path",
    rule=Rule.COSTLY,
    run=_upload,
    result=RECORDING["id"],
    is_this=_asks("POST", "/api/recordings"),
    has_body=True,
)
UPLOAD_STREAM: Final = Kind(
    name="upload, stream",
    rule=Rule.ONCE,
    run=_upload_stream,
    result=RECORDING["id"],
    is_this=_asks("POST", "/api/recordings"),
    has_body=True,
)
DOWNLOAD: Final = Kind(
    name="download",
    rule=Rule.SAFE,
    run=_download,
    result=AUDIO,
    is_this=_asks("GET", "/files/r-1.wav"),
    is_download=True,
)

KINDS: Final = (READ, WRITE, ORDERING, UPLOAD, UPLOAD_STREAM, DOWNLOAD)

JSON_KINDS: Final = frozenset(kind.name for kind in KINDS if kind is not DOWNLOAD)

ONE_PER_RULE: Final = frozenset({READ.name, ORDERING.name, UPLOAD_STREAM.name})
"""Enough where a fault costs time and the kinds of one rule have no reason to differ."""
