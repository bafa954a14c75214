"""Sources of uploads: what is known before sending, and what happens when a file changes."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from audiokit._formats import HEAD_BYTES, AudioFormat
from audiokit.errors import AudiokitError, InvalidRequest, UploadInterrupted, UsageError
from audiokit.transport import _descriptor, as_source
from audiokit.transport._source import CHUNK_BYTES
from audiokit.typing import Progress


async def _read(source: Any) -> list[bytes]:
    return [bytes(chunk) async for chunk in source.open()]


async def test_path_is_described_before_it_is_sent(tmp_path: Path, wav: bytes) -> None:
    """A path has its base name, its size, its format by content, and can be sent again."""
    path = tmp_path / "take.mp3"
    path.write_bytes(wav)
    source = await as_source(path)
    assert ("take.mp3", len(wav), AudioFormat.WAV, True) == (
        source.name,
        source.size_bytes,
        source.format,
        source.is_replayable,
    )
    assert wav == b"".join(await _read(source)) == b"".join(await _read(source))


async def test_bytes_get_a_name_from_their_format(sounds: dict[str, bytes]) -> None:
    """Bytes have no name, so the format gives one."""
    names = [(await as_source(data)).name for data in sounds.values()]
    assert ["audio.wav", "audio.mp3", "audio.flac", "audio.ogg"] == names
    assert "audio" == (await as_source(b"hello")).name


async def test_given_name_wins(tmp_path: Path, wav: bytes) -> None:
    """A name from the caller replaces the path's own."""
    path = tmp_path / "a.wav"
    path.write_bytes(wav)
    assert "label" == (await as_source(path, name="label")).name


async def test_no_chunk_is_larger_than_a_read(tmp_path: Path) -> None:
    """A path and bytes arrive in chunks of 1 MiB, the last one shorter."""
    data = bytes(2 * CHUNK_BYTES + 5)
    path = tmp_path / "big"
    path.write_bytes(data)
    for given in (path, data):
        assert [CHUNK_BYTES, CHUNK_BYTES, 5] == [len(chunk) for chunk in await _read(await as_source(given))]


async def test_file_is_never_read_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at and reading 64 MiB takes no more memory than two chunks and a little, at any moment."""
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(64 * CHUNK_BYTES)
    await _read(await as_source(b""))  # what is loaded once is loaded now
    sizes: set[int] = set()
    pages: list[int] = []  # which tracemalloc does not see
    made = _descriptor.page_memory
    monkeypatch.setattr(_descriptor, "page_memory", lambda size: [pages.append(size), made(size)][1])
    tracemalloc.start()
    try:
        async for chunk in (await as_source(path)).open():
            sizes.add(len(chunk))
        peak_bytes = sum(pages) + tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert {CHUNK_BYTES} == sizes
    assert CHUNK_BYTES <= peak_bytes <= 2 * CHUNK_BYTES + (1 << 19)


async def test_stream_is_sent_whole_and_once(chunks_of: Callable[..., AsyncIterator[bytes]]) -> None:
    """The chunks read to tell the format are sent too; a second opening is refused."""
    source = await as_source(chunks_of(b"OggS", b"", b"rest", bytes(HEAD_BYTES), b"end"))
    assert (None, False, AudioFormat.OGG) == (source.size_bytes, source.is_replayable, source.format)
    assert b"OggSrest" + bytes(HEAD_BYTES) + b"end" == b"".join(await _read(source))
    with pytest.raises(UploadInterrupted, match="only once; to allow a repeat pass a path, bytes"):
        await _read(source)


async def test_stream_is_read_no_further_than_needed_to_tell_its_format() -> None:
    """Looking at an async iterable takes its first 64 KiB and leaves the rest."""
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(HEAD_BYTES // 2)

    await as_source(endless())
    assert 2 == taken


async def test_error_of_an_iterable_reaches_the_caller(
    chunks_of: Callable[..., AsyncIterator[bytes]],
) -> None:
    """What the caller's own iterable raises is not dressed up."""
    with pytest.raises(ZeroDivisionError):
        await as_source(chunks_of(b"RIFF", error=ZeroDivisionError()))


async def test_missing_file_is_refused_with_its_path(tmp_path: Path) -> None:
    """The message names the path and the system's reason."""
    path = tmp_path / "none.wav"
    with pytest.raises(InvalidRequest, match=r"none\.wav'.*No such file") as caught:
        await as_source(path)
    assert ("path", str(path)) == (caught.value.field, caught.value.value)


async def test_folder_is_refused(tmp_path: Path) -> None:
    """A folder is no regular file."""
    with pytest.raises(InvalidRequest, match="path must be a regular file or a pipe, got "):
        await as_source(tmp_path)


@pytest.mark.parametrize("data", [5, None, 1.5, object()])
async def test_other_things_are_refused_by_type(data: object) -> None:
    """What cannot be uploaded is refused, naming its type and what can."""
    with pytest.raises(UsageError, match=f"can upload a path, bytes, .*; got {type(data).__name__}"):
        await as_source(data)  # type: ignore[arg-type]


async def test_memory_that_can_change_is_sent_as_it_was() -> None:
    """A bytearray and a memoryview are copied: each attempt sends what they held when the call began."""
    for kind in (lambda data: data, memoryview, lambda data: memoryview(data).cast("H")):
        data = bytearray(bytes(range(256)) * 8192)
        before = bytes(data)
        source = await as_source(kind(data))
        first = aiter(source.open())
        begun = bytes(await anext(first))
        data[:] = bytes(len(data))
        assert before == begun + b"".join([bytes(chunk) async for chunk in first])
        assert before == b"".join(await _read(source))
        assert (len(before), True, 0) == (source.size_bytes, source.is_replayable, source.buffer_bytes)


async def test_strided_memoryview_is_sent_in_its_own_order() -> None:
    """A view that takes every second byte sends these, not what lies between."""
    data = bytes(range(256)) * 8
    assert data[::2] == b"".join(await _read(await as_source(memoryview(data)[::2])))


async def test_released_memoryview_is_refused(wav: bytes) -> None:
    """Its bytes are somebody else's by now."""
    view = memoryview(wav)
    view.release()
    with pytest.raises(InvalidRequest, match="cannot read the memoryview"):
        await as_source(view)


async def test_path_with_a_nul_is_refused_like_any_other() -> None:
    """A path no file can have gives our error, not the operating system wrapper's."""
    with pytest.raises(AudiokitError):
        await as_source("a\0b.wav")


async def test_grown_file_is_noticed_before_sending(tmp_path: Path, wav: bytes) -> None:
    """A file that grew after it was looked at is not sent."""
    path = tmp_path / "a.wav"
    path.write_bytes(wav)
    source = await as_source(path)
    path.write_bytes(wav + b"more")
    with pytest.raises(UploadInterrupted, match=f"had {len(wav)} bytes and now has {len(wav) + 4}"):
        await _read(source)


async def test_shrunk_file_is_noticed_while_sending(tmp_path: Path) -> None:
    """A file cut short under way ends the upload, saying how far it came."""
    path = tmp_path / "a.wav"
    path.write_bytes(bytes(3 * CHUNK_BYTES))
    chunks = aiter((await as_source(path)).open())
    await anext(chunks)
    os.truncate(path, CHUNK_BYTES + 7)
    with pytest.raises(UploadInterrupted, match=f"ended after {CHUNK_BYTES + 7} of {3 * CHUNK_BYTES} bytes"):
        [chunk async for chunk in chunks]


async def test_rewritten_file_is_noticed_after_sending(tmp_path: Path) -> None:
    """Same size, other content: the time of change gives it away."""
    path = tmp_path / "a.wav"
    path.write_bytes(bytes(CHUNK_BYTES + 1))
    chunks = aiter((await as_source(path)).open())
    await anext(chunks)
    with path.open("r+b") as file:
        file.write(b"other")
    os.utime(path, ns=(1, 1))
    with pytest.raises(UploadInterrupted, match="or was rewritten"):
        [chunk async for chunk in chunks]


async def test_replaced_file_is_noticed(tmp_path: Path, wav: bytes) -> None:
    """Another file under the same name, size and time is told by its inode."""
    path, other = tmp_path / "a.wav", tmp_path / "b.wav"
    path.write_bytes(wav)
    source = await as_source(path)
    other.write_bytes(wav)
    stamp = path.stat().st_mtime_ns
    os.utime(other, ns=(stamp, stamp))
    other.replace(path)
    with pytest.raises(UploadInterrupted, match="changed while it was being uploaded"):
        await _read(source)


async def test_file_deleted_before_sending_is_an_interrupted_upload(tmp_path: Path, wav: bytes) -> None:
    """A file that is gone when its turn comes gives our error."""
    path = tmp_path / "a.wav"
    path.write_bytes(wav)
    source = await as_source(path)
    path.unlink()
    with pytest.raises(UploadInterrupted):
        await _read(source)


async def test_progress_of_a_stream_has_no_total(chunks_of: Callable[..., AsyncIterator[bytes]]) -> None:
    """Reports of a stream count up and leave the total open."""
    seen: list[Progress] = []
    source = await as_source(chunks_of(b"OggS" + bytes(HEAD_BYTES), bytes(HEAD_BYTES)))
    async for _ in source.open(on_progress=seen.append):
        pass
    expected = [(4 + HEAD_BYTES, None), (4 + 2 * HEAD_BYTES, None)]
    assert expected == [(one.done_bytes, one.total_bytes) for one in seen]


async def test_error_of_a_progress_callback_ends_the_reading(wav: bytes) -> None:
    """Raising from the callback is how a caller stops a transfer."""

    def stop(_: Progress) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError):
        async for _ in (await as_source(wav)).open(on_progress=stop):
            pass
