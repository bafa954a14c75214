"""Large files: memory stays level and the event loop stays free."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from audiokit import Limits
from audiokit.transport import Call, Multipart, Retry, as_source
from audiokit.typing import Progress

SIZE_BYTES = 64 << 20


def _memory_bytes() -> int:
    """Resident size of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """64 MiB that begin like a wav; a hole, so it takes no disk."""
    path = tmp_path / "large.wav"
    with path.open("wb") as file:
        file.write(b"RIFF\0\0\0\0WAVE")
        file.truncate(SIZE_BYTES)
    return path


async def _upload(serve: Any, connect: Any, path: Path, on_progress: Any) -> int:
    """Send the file in a form; gives the bytes of body that arrived."""
    arrived = 0

    async def answer(exchange: Any) -> None:
        nonlocal arrived
        async for chunk in exchange.body_chunks():
            arrived += len(chunk)
        await exchange.reply()

    server = await serve(answer)
    body = Multipart(fields=[], file_field="data", source=await as_source(path), on_progress=on_progress)
    call = Call(api="respeecher", operation="x", method="POST", url="/", body=body, retry=Retry.IF_REFUSED)
    async with connect(server) as transport:
        assert 200 == (await transport.fetch(call)).status
    assert arrived == body.size_bytes
    return arrived


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of the process from /proc")
async def test_memory_does_not_grow_with_the_file(serve: Any, connect: Any, large_file: Path) -> None:
    """Uploading 64 MiB takes no more than 32 MiB at any moment, server included."""
    small = large_file.with_name("small.wav")
    small.write_bytes(b"RIFF\0\0\0\0WAVE" + bytes(2 << 20))
    await _upload(serve, connect, small, None)  # libraries and buffers are loaded now
    before = _memory_bytes()
    most = before

    def measure(_: Progress) -> None:
        nonlocal most
        most = max(most, _memory_bytes())

    await _upload(serve, connect, large_file, measure)
    assert most - before <= 32 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of the process from /proc")
async def test_memory_of_many_uploads_stays_within_their_budget(
    serve: Any, connect: Any, large_file: Path
) -> None:
    """64 uploads allowed at once, of 4 MiB each, take no more than 48 MiB at any moment, server included."""
    os.truncate(large_file, 4 << 20)
    most = 0

    async def answer(exchange: Any) -> None:
        nonlocal most
        async for _ in exchange.body_chunks():
            most = max(most, _memory_bytes())
        await exchange.reply()

    async def upload(transport: Any) -> int:
        async with aclosing(await as_source(large_file)) as source:
            body = Multipart(fields=[], file_field="data", source=source)
            call = Call(api="respeecher", operation="x", method="POST", url="/", body=body)
            return int((await transport.fetch(call)).status)

    server = await serve(answer)
    async with connect(server, limits=Limits(uploads=64)) as transport:
        await asyncio.gather(*(upload(transport) for _ in range(2)))  # buffers are loaded now
        before = most = _memory_bytes()
        statuses = await asyncio.gather(*(upload(transport) for _ in range(64)))
    assert [200] * 64 == statuses
    assert most - before <= 48 << 20


async def test_others_have_a_turn_after_each_chunk(serve: Any, connect: Any, large_file: Path) -> None:
    """Never more than 2 MiB go out between two turns of the loop; what that takes, a benchmark measures."""
    turns = 0

    async def beat() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    reports: list[tuple[int, int]] = []

    def note(progress: Progress) -> None:
        reports.append((turns, progress.done_bytes))

    heart = asyncio.create_task(beat())
    try:
        await _upload(serve, connect, large_file, note)
    finally:
        heart.cancel()
    assert SIZE_BYTES == reports[-1][1]
    done_at = dict(reports)  # at the end of each turn
    steps = [after - before for before, after in itertools.pairwise((0, *done_at.values()))]
    assert max(steps) <= 2 << 20
