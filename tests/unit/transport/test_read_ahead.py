"""Reading files: without a thread from memory, one piece ahead from the disk, never a foreign file."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from audiokit.transport import as_source
from audiokit.transport._chunks import CHUNK_BYTES
from audiokit.transport._descriptor import Descriptor, FileReader

DATA = b"".join(bytes([number]) * CHUNK_BYTES for number in range(5)) + b"rest"


class Disk(Descriptor):
    """A file of which only so much is in memory, and whose disk answers when it may."""

    def __init__(self, number: int, in_memory: Callable[[int, int], int]) -> None:
        super().__init__(number)
        self.may_read = threading.Event()
        self.may_read.set()
        self.is_reading = threading.Event()
        self.threads: list[int] = []
        self._in_memory = in_memory

    def read_now(self, view: memoryview, offset: int) -> int:
        """What is in memory, by the caller's own rule."""
        count = self._in_memory(offset, len(view))
        return super().read(view[:count], offset)

    def read(self, view: memoryview, offset: int) -> int:
        """From the disk, once it may."""
        self.threads.append(threading.get_ident())
        self.is_reading.set()
        assert self.may_read.wait(10)
        return super().read(view, offset)


@pytest.fixture
def open_disk(tmp_path: Path) -> Iterator[Callable[[Callable[[int, int], int]], Disk]]:
    """Opens the data with a rule on what is in memory."""
    path = tmp_path / "data"
    path.write_bytes(DATA)
    disks: list[Disk] = []

    def make(in_memory: Callable[[int, int], int]) -> Disk:
        disks.append(Disk(os.open(path, os.O_RDONLY), in_memory))
        return disks[-1]

    yield make
    for disk in disks:
        disk.close()


async def read_all(reader: FileReader) -> bytes:
    """What is left of it."""
    found = b""
    while chunk := await reader.next():
        found += chunk
    await reader.aclose()
    return found


RULES: dict[str, Callable[[int, int], int]] = {
    "all in memory": lambda _, size: size,
    "nothing": lambda _, size: 0,
    "every second piece": lambda offset, size: size if offset // CHUNK_BYTES % 2 else 0,
    "a page of each": lambda _, size: min(size, 4096),
    "all but the last byte": lambda _, size: size - 1,
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("start", [0, 7])
async def test_pieces_are_whole_wherever_they_come_from(
    open_disk: Callable[..., Disk], rule: str, start: int
) -> None:
    """Memory, disk, or half and half: the same bytes in the same pieces of 1 MiB."""
    reader = FileReader(open_disk(RULES[rule]), start=start, size_bytes=len(DATA) - start)
    assert DATA[start:] == await read_all(reader)


async def test_what_is_in_memory_needs_no_thread(open_disk: Callable[..., Disk]) -> None:
    """The way to a thread and back costs more than the copy; one buffer serves all pieces."""
    disk = open_disk(RULES["all in memory"])
    reader = FileReader(disk, start=0, size_bytes=len(DATA))
    first = await reader.next()
    second = await reader.next()
    assert first.obj is second.obj
    await read_all(reader)
    assert [] == disk.threads


async def test_next_piece_is_read_while_the_current_one_is_in_use(open_disk: Callable[..., Disk]) -> None:
    """At most one ahead, into other memory: the piece that is lent stays as it is."""
    disk = open_disk(RULES["nothing"])
    reader = FileReader(disk, start=0, size_bytes=len(DATA))
    for number in range(5):
        piece = await reader.next()
        await asyncio.get_running_loop().run_in_executor(None, disk.is_reading.wait, 5)
        for _ in range(50):
            await asyncio.sleep(0)
        assert bytes([number]) * CHUNK_BYTES == piece
        assert number + 2 == len(disk.threads)
    assert b"rest" == await reader.next()
    assert 6 == len(disk.threads)
    assert threading.get_ident() not in disk.threads
    await reader.aclose()


async def test_file_that_ends_early_ends_the_pieces(open_disk: Callable[..., Disk]) -> None:
    """More than there is gives what there is, then nothing, from memory and from the disk."""
    for rule in ("all in memory", "nothing"):
        reader = FileReader(open_disk(RULES[rule]), start=0, size_bytes=len(DATA) + 10)
        assert DATA == await read_all(reader)


async def test_cancelling_waits_for_the_disk_and_closes_after_it(open_disk: Callable[..., Disk]) -> None:
    """No thread reads into memory that is gone, or from a descriptor that is somebody else's by now."""
    disk = open_disk(RULES["nothing"])
    disk.may_read.clear()
    reader = FileReader(disk, start=0, size_bytes=len(DATA))

    async def read() -> None:
        try:
            await reader.next()
        finally:
            await reader.aclose()

    reading = asyncio.create_task(read())
    await asyncio.to_thread(disk.is_reading.wait, 5)
    reading.cancel()
    asyncio.get_running_loop().call_later(0.02, disk.may_read.set)
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert disk.may_read.is_set()


def test_descriptor_is_closed_by_the_last_who_reads(open_disk: Callable[..., Disk]) -> None:
    """A read that hangs keeps its descriptor: the number is not given to another file meanwhile."""
    disk = open_disk(RULES["nothing"])
    number = disk._number
    inside = threading.Event()
    go_on = threading.Event()
    read = os.preadv

    def slow(*arguments: object) -> int:
        inside.set()
        assert go_on.wait(10)
        return read(*arguments)  # type: ignore[arg-type]

    found: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "preadv", slow)
        thread = threading.Thread(target=lambda: found.append(disk.read(memoryview(bytearray(10)), 0)))
        thread.start()
        assert inside.wait(10)
        disk.close()
        os.fstat(number)  # still open
        go_on.set()
        thread.join(10)
    assert [10] == found
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)
    assert 0 == disk.read(memoryview(bytearray(10)), 0)
    disk.close()  # a second time does nothing


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="needs a way to empty the page cache")
async def test_file_on_the_disk_arrives_whole(tmp_path: Path) -> None:
    """A real file that the system was asked to forget, read and cancelled in the middle."""
    path = tmp_path / "cold"
    path.write_bytes(DATA * 4)
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    source = await as_source(path)
    with anyio.CancelScope() as scope:
        async with aclosing(source.open()) as chunks:
            await anext(chunks)
            scope.cancel()
            await anext(chunks)
    assert scope.cancelled_caught
    assert DATA * 4 == b"".join([bytes(chunk) async for chunk in source.open()])
