"""Open files and what reads like one: position, length, replay, and changes while they are sent."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiofiles
import aiofiles.tempfile
import anyio
import pytest

from audiokit._formats import AudioFormat
from audiokit.errors import InvalidRequest, UploadInterrupted, UsageError
from audiokit.transport import Source, as_source
from audiokit.transport._source import CHUNK_BYTES

FRONT = b"not for sending"
DATA = b"OggS" + bytes(range(256)) * 6000


async def sent_by(source: Source) -> bytes:
    """All it gives."""
    return b"".join([bytes(chunk) async for chunk in source.open()])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that begins with something else."""
    made = tmp_path / "take.ogg"
    made.write_bytes(FRONT + DATA)
    return made


@pytest.fixture(autouse=True)
def _nothing_left_open() -> Iterator[None]:
    """No descriptor outlives a test."""
    before = len(list(Path("/dev/fd").iterdir()))
    yield
    assert before == len(list(Path("/dev/fd").iterdir()))


def _upload_file(file: Any, *, size: int | None) -> Any:
    """What a web framework gives for an uploaded file; skips the test where there is none."""
    starlette = pytest.importorskip("starlette.datastructures", reason="needs Starlette (extra: emulator)")
    return starlette.UploadFile(file, size=size, filename="C:\\takes\\take.ogg")


@pytest.mark.parametrize("buffering", [0, -1])
async def test_open_file_is_sent_from_its_position_as_often_as_needed(path: Path, buffering: int) -> None:
    """What lies before the position is not sent; the position stays, and so does the file open."""
    with path.open("rb", buffering=buffering) as file:
        file.read(len(FRONT))
        source = await as_source(file)
        assert ("take.ogg", len(DATA), True, AudioFormat.OGG) == (
            source.name,
            source.size_bytes,
            source.is_replayable,
            source.format,
        )
        assert DATA == await sent_by(source) == await sent_by(source)
        await source.aclose()
        assert (len(FRONT), DATA) == (file.tell(), file.read())


async def test_open_file_may_be_closed_by_its_owner_meanwhile(path: Path) -> None:
    """We read through a descriptor of our own, so closing theirs does no harm."""
    with path.open("rb") as file:
        source = await as_source(file)
    assert FRONT + DATA == await sent_by(source)
    await source.aclose()


async def test_bytes_not_yet_written_out_are_sent_too(tmp_path: Path) -> None:
    """What the owner wrote to a file that is open for both lies in its buffer, not on the disk."""
    with (tmp_path / "new.ogg").open("w+b") as file:
        file.write(DATA[:5000])
        file.seek(0)
        file.seek(0, os.SEEK_END)
        file.write(b"end")
        file.seek(4)
        source = await as_source(file)
        assert DATA[4:5000] + b"end" == await sent_by(source)
        await source.aclose()


@pytest.mark.parametrize("make", [tempfile.TemporaryFile, tempfile.NamedTemporaryFile])
async def test_temporary_files_are_real_files(make: Callable[[], Any]) -> None:
    """They are read without touching their position."""
    with make() as file:
        file.write(DATA)
        file.seek(2)
        source = await as_source(file)
        assert (len(DATA) - 2, True) == (source.size_bytes, source.is_replayable)
        assert DATA[2:] == await sent_by(source) == await sent_by(source)
        assert 2 == file.tell()
        await source.aclose()


async def test_bytes_in_a_bytesio_are_sent_as_they_were() -> None:
    """From its position; what is written to it later is not sent."""
    file = io.BytesIO(FRONT + DATA)
    file.seek(len(FRONT))
    source = await as_source(file)
    file.write(b"other")
    assert DATA == await sent_by(source) == await sent_by(source)


def _zipped(path: Path) -> Any:
    whole = path.with_suffix(".zip")
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.ogg", DATA)
    return zipfile.ZipFile(whole).open("inside.ogg")


def _gzipped(path: Path) -> Any:
    packed = path.with_suffix(".gz")
    packed.write_bytes(gzip.compress(DATA))
    return gzip.open(packed)


def _spooled(_: Path) -> Any:
    file = tempfile.SpooledTemporaryFile(max_size=1000)  # noqa: SIM115 - the test does
    file.write(DATA)
    file.seek(0)
    return file


@pytest.mark.parametrize("opened", [_zipped, _gzipped, _spooled])
async def test_other_readers_give_what_their_read_gives(path: Path, opened: Callable[[Path], Any]) -> None:
    """Even those with a descriptor of something else: a GzipFile's is that of the packed bytes."""
    with opened(path) as file:
        source = await as_source(file, name="x.ogg")
        assert (len(DATA), True, AudioFormat.OGG) == (source.size_bytes, source.is_replayable, source.format)
        assert DATA == await sent_by(source) == await sent_by(source)
        await source.aclose()
        assert not file.closed


@pytest.mark.parametrize("opener", [aiofiles.open, anyio.open_file])
@pytest.mark.parametrize("buffering", [0, -1])
async def test_async_file_handles_are_real_files(path: Path, opener: Any, buffering: int) -> None:
    """Handles of aiofiles and anyio are sent from their position, which stays."""
    file = await opener(path, "rb", buffering=buffering)
    await file.seek(len(FRONT))
    source = await as_source(file)
    assert ("take.ogg", len(DATA), True) == (source.name, source.size_bytes, source.is_replayable)
    assert DATA == await sent_by(source) == await sent_by(source)
    await source.aclose()
    assert len(FRONT) == await file.tell()
    await getattr(file, "aclose", file.close)()


@pytest.mark.parametrize("max_size", [1000, 10 << 20])
async def test_upload_of_a_web_framework_is_sent_from_its_position(max_size: int) -> None:
    """Starlette's UploadFile, in memory or rolled to the disk: length and name known, and again."""
    with tempfile.SpooledTemporaryFile(max_size=max_size) as spool:
        spool.write(FRONT + DATA)
        spool.seek(len(FRONT))
        source = await as_source(_upload_file(spool, size=len(FRONT + DATA)))
        assert ("take.ogg", len(DATA), True) == (source.name, source.size_bytes, source.is_replayable)
        assert DATA == await sent_by(source) == await sent_by(source)


async def test_upload_without_a_size_goes_out_chunked() -> None:
    """A length that nobody told is unknown, not guessed."""
    source = await as_source(_upload_file(io.BytesIO(DATA), size=None))
    assert (None, True) == (source.size_bytes, source.is_replayable)
    assert DATA == await sent_by(source)


async def test_wrongly_told_length_is_an_error_both_ways() -> None:
    """Neither a shorter body nor a cut one goes out for the whole."""
    for told, said in ((len(DATA) + 1, "it ended after"), (len(DATA) - 1, "there are more than")):
        source = await as_source(_upload_file(io.BytesIO(DATA), size=told))
        with pytest.raises(UploadInterrupted, match=said):
            await sent_by(source)


class OnlyRead:
    """An object with an async read and nothing else."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    async def read(self, size: int) -> bytes:
        return self._file.read(min(size, 100_000))


async def test_reader_that_cannot_go_back_is_sent_once() -> None:
    """Without an async seek there is no second attempt, and no length."""
    source = await as_source(OnlyRead(DATA))
    assert (None, False, AudioFormat.OGG) == (source.size_bytes, source.is_replayable, source.format)
    assert DATA == await sent_by(source)
    with pytest.raises(UploadInterrupted, match="the OnlyRead can be uploaded only once"):
        await sent_by(source)


class Seeks(OnlyRead):
    """An object whose position can be told and set; *from_end* says whether from the end too."""

    def __init__(self, data: bytes, *, from_end: bool) -> None:
        super().__init__(data)
        self.from_end = from_end

    async def tell(self) -> int:
        return self._file.tell()

    async def seek(self, offset: int, whence: int = 0) -> None:
        if whence and not self.from_end:
            raise io.UnsupportedOperation("only from the start")
        self._file.seek(offset, whence)


@pytest.mark.parametrize("from_end", [True, False])
async def test_reader_that_can_go_back_is_sent_from_where_it_stood(from_end: bool) -> None:  # noqa: FBT001
    """Its length is known where it can seek to its end; else it goes out chunked."""
    reader = Seeks(FRONT + DATA, from_end=from_end)
    await reader.seek(len(FRONT))
    source = await as_source(reader)
    assert (len(DATA) if from_end else None, True) == (source.size_bytes, source.is_replayable)
    assert DATA == await sent_by(source) == await sent_by(source)


async def test_reader_whose_position_nobody_tells_is_sent_once() -> None:
    """With seek alone there is no way back to where it stood."""

    class OnlySeek(OnlyRead):
        async def seek(self, offset: int) -> None:
            self._file.seek(offset)

    source = await as_source(OnlySeek(DATA))
    assert (None, False) == (source.size_bytes, source.is_replayable)
    assert DATA == await sent_by(source)


@pytest.mark.parametrize("kind", ["no seekable", "not seekable", "no end"])
async def test_blocking_reader_without_seek_is_sent_once(kind: str) -> None:
    """Of unknown length, whichever way it says that it cannot seek."""

    class Reader:
        def __init__(self) -> None:
            self._file = io.BytesIO(DATA)

        def read(self, size: int) -> bytes:
            return self._file.read(size)

    reader: Any = Reader()
    if kind != "no seekable":
        reader.seekable = lambda: kind == "no end"
        reader.tell = lambda: 0
        reader.seek = lambda offset: None
    source = await as_source(reader)
    assert (None, False) == (source.size_bytes, source.is_replayable)
    assert DATA == await sent_by(source)


@pytest.mark.parametrize("make", ["TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile"])
async def test_temporary_files_of_aiofiles_are_sent_from_their_position(make: str) -> None:
    """What was written and not flushed is sent too."""
    async with getattr(aiofiles.tempfile, make)(mode="w+b") as file:
        await file.write(FRONT + DATA)
        await file.seek(len(FRONT))
        source = await as_source(file)
        assert (len(DATA), True) == (source.size_bytes, source.is_replayable)
        assert DATA == await sent_by(source) == await sent_by(source)
        await source.aclose()


async def test_pipe_in_an_async_handle_is_sent_to_its_end() -> None:
    """A handle of aiofiles on a pipe is read as it reads, in threads."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as file:
        file.write(DATA[:60_000])
    async with aiofiles.open(reading, "rb") as opened:
        source = await as_source(opened)
        assert (None, False) == (source.size_bytes, source.is_replayable)
        assert DATA[:60_000] == await sent_by(source)
        await source.aclose()


async def test_reader_is_preferred_to_lines() -> None:
    """An asyncio.StreamReader iterates lines; its read gives what has arrived."""
    reader = asyncio.StreamReader()
    reader.feed_data(DATA)
    reader.feed_eof()
    source = await as_source(reader)
    assert DATA == await sent_by(source)


@pytest.mark.parametrize("how", ["grown", "cut", "rewritten"])
async def test_open_file_that_changes_while_it_is_sent_is_an_error(path: Path, how: str) -> None:
    """Size and time of change are compared before the last piece leaves."""
    with path.open("rb") as file:
        source = await as_source(file)
        chunks = source.open()
        await anext(chunks)
        if how == "grown":
            path.write_bytes(FRONT + DATA + b"more")
        elif how == "cut":
            os.truncate(path, CHUNK_BYTES + 7)
        else:
            with path.open("r+b") as other:
                other.seek(CHUNK_BYTES)
                other.write(b"x")
            os.utime(path, ns=(1, 1))
        with pytest.raises(UploadInterrupted, match=r"the open file 'take\.ogg' changed while"):
            [chunk async for chunk in chunks]
        await source.aclose()


async def test_reader_that_changed_is_not_sent_again() -> None:
    """What nothing else tells, a checksum does: at the latest where the first attempt ended."""
    with tempfile.SpooledTemporaryFile() as file:
        file.write(bytes(3 * CHUNK_BYTES))
        file.seek(0)
        source = await as_source(file)
        first = source.open()
        await anext(first)
        await anext(first)
        await first.aclose()
        file.seek(CHUNK_BYTES - 1)
        file.write(b"x")
        with pytest.raises(UploadInterrupted, match="gave other bytes than before"):
            await sent_by(source)


async def test_reader_closed_between_two_attempts_is_refused() -> None:
    """The message says what to do: keep it open."""
    file = tempfile.SpooledTemporaryFile()  # noqa: SIM115 - closed in the middle
    file.write(DATA)
    file.seek(0)
    source = await as_source(file)
    await sent_by(source)
    file.close()
    with pytest.raises(UploadInterrupted, match="keep it open until the upload is over"):
        await sent_by(source)


@pytest.mark.parametrize("opener", [open, aiofiles.open, anyio.open_file])
async def test_text_files_are_refused_with_the_fix(path: Path, opener: Any) -> None:
    """Text is no audio: the message says how to open it."""
    path.write_text("text", encoding="utf-8")
    file = opener(path, encoding="utf-8")
    file = file if opener is open else await file
    with pytest.raises(UsageError, match=r"open in text mode; open it in binary mode \('rb'\)"):
        await as_source(file)
    closed = getattr(file, "aclose", file.close)()
    if closed is not None:
        await closed


async def test_standard_input_in_text_mode_names_its_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The most likely text file of all has its own advice."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DATA)))
    with pytest.raises(UsageError, match=r"pass sys\.stdin\.buffer"):
        await as_source(sys.stdin)  # type: ignore[arg-type]


async def test_reader_that_gives_text_is_refused() -> None:
    """Also where no type tells it: StringIO and the like."""

    class Texts:
        def read(self, size: int) -> str:
            return "text"

    for data in (io.StringIO("text"), Texts()):
        with pytest.raises(UsageError, match=r"text mode|Texts gave str; open files in binary mode"):
            await as_source(data)  # type: ignore[arg-type]


async def test_closed_and_write_only_files_are_refused(path: Path) -> None:
    """Both are the caller's slip, and nothing was sent."""
    with path.open("rb") as file:
        pass
    with pytest.raises(InvalidRequest, match=r"cannot read from .*'take\.ogg'.*closed file; pass a file"):
        await as_source(file)
    with path.open("ab", buffering=0) as file, pytest.raises(InvalidRequest, match="not open for reading"):
        await as_source(file)


async def test_position_behind_the_end_is_an_empty_file(path: Path) -> None:
    """As reading it would have it."""
    with path.open("rb") as file:
        file.seek(len(FRONT + DATA) + 5)
        source = await as_source(file)
        assert (0, b"", "an empty file") == (source.size_bytes, await sent_by(source), source.looks_like)
        await source.aclose()


async def test_reader_error_reaches_the_caller() -> None:
    """What a reader of the caller's own raises while it is sent is not dressed up."""

    class Breaks:
        def __init__(self) -> None:
            self.left = 3

        def read(self, size: int) -> bytes:
            self.left -= 1
            if not self.left:
                raise ZeroDivisionError
            return bytes(size)

    source = await as_source(Breaks())
    with pytest.raises(ZeroDivisionError):
        await sent_by(source)


async def test_reader_that_raises_stop_iteration_ends_the_upload() -> None:
    """No future takes that error, so whoever waits would wait for ever."""

    class Stops:
        def read(self, size: int) -> bytes:
            raise StopIteration

    with pytest.raises(RuntimeError, match="raised StopIteration"):
        await as_source(Stops())


async def test_chunks_of_a_reused_buffer_are_not_mixed_up() -> None:
    """A reader may give the same bytearray each time: it is copied before the next is read ahead."""

    class Reuses:
        def __init__(self) -> None:
            self.buffer = bytearray(100_000)
            self.count = 0

        async def read(self, size: int) -> bytearray:
            self.count += 1
            self.buffer[:] = bytes([self.count]) * len(self.buffer)
            return self.buffer if self.count < 5 else bytearray()

    source = await as_source(Reuses())  # type: ignore[arg-type]
    expected = b"".join(bytes([number]) * 100_000 for number in range(1, 5))
    assert expected == await sent_by(source)


async def test_source_that_is_never_sent_leaves_nothing_open(path: Path) -> None:
    """Closing an unread source closes our descriptor; the fixture counts them."""
    with path.open("rb") as file:
        await (await as_source(file)).aclose()


async def test_disk_that_fails_is_told_as_such(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While looking nothing was sent; while sending the upload is interrupted. Nothing stays open."""
    read = os.preadv
    is_broken = True

    def failing(*arguments: Any) -> int:
        if is_broken:
            raise OSError(5, "Input/output error")
        return read(*arguments)

    monkeypatch.setattr(os, "preadv", failing)
    with path.open("rb") as file:
        for given in (path, file):
            is_broken = True
            with pytest.raises(InvalidRequest, match=r"cannot read .*Input/output error"):
                await as_source(given)
            is_broken = False
            source = await as_source(given)
            is_broken = True
            with pytest.raises(UploadInterrupted, match="cannot be read to its end: Input/output error"):
                await sent_by(source)
            await source.aclose()
