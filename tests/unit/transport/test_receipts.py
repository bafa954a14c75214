"""Receipts: counted and hashed from what was sent, beside the loop, from memory that is only lent."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from audiokit.errors import UsageError
from audiokit.transport import Tally, as_source
from audiokit.transport._chunks import CHUNK_BYTES, Chunk
from audiokit.typing import ProgressCallback, UploadReceipt

PIECES = [bytes([number]) * CHUNK_BYTES for number in range(4)] + [b"end"]


class Lends:
    """A source that uses one buffer for all its chunks."""

    name = "x"
    size_bytes = sum(map(len, PIECES))
    buffer_bytes = CHUNK_BYTES
    is_replayable = True
    format = None
    looks_like = "unknown data"

    def __init__(self) -> None:
        self.given = 0

    async def open(self, *, on_progress: ProgressCallback | None = None) -> AsyncGenerator[Chunk]:
        buffer = memoryview(bytearray(CHUNK_BYTES))
        for piece in PIECES:
            buffer[: len(piece)] = piece
            self.given += 1
            yield buffer[: len(piece)]

    async def aclose(self) -> None:
        """Nothing to close."""


async def test_lent_memory_is_not_overwritten_under_the_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the thread that hashes is, the next chunk is asked for when it is done."""
    real = hashlib.sha256
    threads: set[int] = set()

    class Slow:
        def __init__(self) -> None:
            self._digest = real()

        def update(self, chunk: Chunk) -> None:
            if len(chunk) > 1000:
                threads.add(threading.get_ident())
                half = len(chunk) // 2
                self._digest.update(chunk[:half])
                threading.Event().wait(0.01)  # the sender has long finished with it
                self._digest.update(chunk[half:])
            else:
                self._digest.update(chunk)

        def hexdigest(self) -> str:
            return self._digest.hexdigest()

    monkeypatch.setattr(hashlib, "sha256", Slow)
    tally = Tally(Lends(), checksum=True)
    sent = b"".join([bytes(chunk) async for chunk in tally.open()])
    assert b"".join(PIECES) == sent
    assert real(sent).hexdigest() == tally.receipt.sha256
    assert threading.get_ident() not in threads


async def test_cancelling_waits_for_the_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread is left that looks at memory nobody owns any more."""
    hashing = threading.Event()
    go_on = threading.Event()
    ended: list[bool] = []

    class Blocks:
        def update(self, chunk: Chunk) -> None:
            hashing.set()
            assert go_on.wait(10)
            ended.append(True)

    monkeypatch.setattr(hashlib, "sha256", Blocks)
    tally = Tally(Lends(), checksum=True)

    async def send() -> None:
        async with aclosing(tally.open()) as chunks:
            async for _ in chunks:
                pass

    sending = asyncio.create_task(send())
    await asyncio.to_thread(hashing.wait, 5)
    sending.cancel()
    asyncio.get_running_loop().call_later(0.02, go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert [True] == ended


async def test_receipt_is_that_of_the_last_attempt() -> None:
    """Attempts do not add up, and one that broke off leaves none."""
    data = bytes(range(256)) * 10_000
    tally = Tally(await as_source(data), checksum=True)
    async for _ in tally.open():
        break
    with pytest.raises(UsageError, match="was not read to its end"):
        _ = tally.receipt
    for _ in range(2):
        async for _ in tally.open():
            pass
        expected = UploadReceipt(size_bytes=len(data), format=None, sha256=hashlib.sha256(data).hexdigest())
        assert expected == tally.receipt
    chunks: Any = tally.open()
    await anext(chunks)
    with pytest.raises(UsageError):
        _ = tally.receipt
    await chunks.aclose()


@pytest.mark.parametrize("size", [0, 1, 1 << 15, (1 << 15) + 1, CHUNK_BYTES, CHUNK_BYTES + 1])
async def test_checksum_is_that_of_hashlib_at_every_size(size: int) -> None:
    """Around what is hashed at once and what in a thread, and of nothing at all."""
    data = bytes(index % 251 for index in range(size))
    tally = Tally(await as_source(data), checksum=True)
    async for _ in tally.open():
        pass
    assert (size, hashlib.sha256(data).hexdigest()) == (tally.receipt.size_bytes, tally.receipt.sha256)
