"""What a type checker must take, and refuse, as the data of an upload; checked, never run."""

from __future__ import annotations

import io
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO, assert_type

from starlette.datastructures import UploadFile

from audiokit import AudioKit, UploadReceipt
from audiokit.services.respeecher import Recording


async def chunks() -> AsyncIterator[bytes]:
    """As many as there are."""
    yield b""


def pieces() -> Iterator[bytes]:
    """The same without async."""
    yield b""


async def answer() -> bytes:
    """Made when it is needed."""
    return b""


def noted(receipt: UploadReceipt) -> None:
    """What a caller does with a receipt."""
    assert_type(receipt.size_bytes, int)
    assert_type(receipt.format, str | None)
    assert_type(receipt.sha256, str | None)


async def taken(kit: AudioKit, path: Path, file: BinaryIO, upload: UploadFile, s: socket.socket) -> None:
    """Everything that can be uploaded."""
    send = kit.respeecher.recordings.upload
    one: Recording = await send(path, folder_id="f", on_receipt=noted, checksum=True)
    for memory in (b"", bytearray(), memoryview(b""), io.BytesIO()):
        one = await send(memory, folder_id="f")
    for opened in (file, upload, s, sys.stdin.buffer):
        one = await send(opened, folder_id="f")
    one = await send(chunks(), folder_id="f")
    one = await send(pieces(), folder_id="f")
    one = await send([b"a", b"b"], folder_id="f")
    one = await send(lambda: path.open("rb"), folder_id="f")
    one = await send(chunks, folder_id="f")
    one = await send(answer, folder_id="f")
    assert one


async def refused(kit: AudioKit, text: TextIO) -> None:
    """What cannot: text, numbers, nothing."""
    send = kit.respeecher.recordings.upload
    await send(text, folder_id="f")  # type: ignore[arg-type]
    await send(1, folder_id="f")  # type: ignore[arg-type]
    await send(None, folder_id="f")  # type: ignore[arg-type]
    await send(lambda: 1, folder_id="f")  # type: ignore[arg-type,return-value]
