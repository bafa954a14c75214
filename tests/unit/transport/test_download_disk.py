"""Downloads and what the disk or the caller does to them: complete under their name, or nothing left."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import attrs
import httpx
import pytest
import respx
from turns import until

from audiokit.errors import DownloadFailed
from audiokit.transport import Call, Retry, Target, Transport
from audiokit.typing import Progress

URL = "https://gateway.example/api/files/take.wav"
CALL = Call(
    api="respeecher", operation="x.download", method="GET", url="/api/files/take.wav", retry=Retry.SAFE
)
MIB = 1 << 20
NOBODY = 65_534


async def _any_status(_: object) -> None:
    pass


async def _download(transport: Transport, to: Path, *, name: str | None = None) -> Path:
    target = Target.of(to, name=name, must_be_audio=False)
    return await transport.download(CALL, target, check=_any_status)


class _Body(httpx.AsyncByteStream):
    """Chunks, and then nothing until it is released."""

    def __init__(self, chunks: list[bytes], *, hangs: bool = False) -> None:
        self.chunks = chunks
        self.given = 0
        self.released = asyncio.Event()
        if not hangs:
            self.released.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.given += 1
            yield chunk
        await self.released.wait()


def _is_part(number: int) -> bool:
    """Whether a descriptor leads to a partial file that is still there."""
    return Path(f"/proc/self/fd/{number}").readlink().suffix == ".part"


def _partial(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


async def test_full_disk_is_told_and_nothing_stays(
    transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, respx_mock: respx.MockRouter
) -> None:
    """A disk that fills up in the middle ends the download with what the system says; no part stays."""
    respx_mock.get(URL).mock(return_value=httpx.Response(200, stream=_Body([bytes(MIB)] * 4)))
    write, room = os.write, [1_500_000]

    def fill(number: int, data: Any, /) -> int:
        if not _is_part(number):
            return write(number, data)
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = write(number, data[: room[0]])
        room[0] -= taken
        return taken

    monkeypatch.setattr(os, "write", fill)
    with pytest.raises(DownloadFailed) as caught:
        await _download(transport, tmp_path / "out.wav")
    place = str(tmp_path / "out.wav")
    assert f"cannot write {place!r}: No space left on device; nothing was saved" == str(caught.value)
    assert (0, True) == (room[0], isinstance(caught.value.__cause__, OSError))
    assert (1, "x.download") == (caught.value.attempts, caught.value.operation)
    assert [] == list(tmp_path.iterdir())


@contextmanager
def _largest_file(size_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_limit_of_the_system_on_files_is_told_and_nothing_stays(
    transport: Transport, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """A write that the kernel itself refuses half way ends the download; the earlier file stays."""
    (tmp_path / "out.wav").write_bytes(b"before")
    respx_mock.get(URL).mock(return_value=httpx.Response(200, stream=_Body([bytes(MIB)] * 4)))
    with _largest_file(3 * MIB // 2):
        with pytest.raises(DownloadFailed, match="File too large"):
            await _download(transport, tmp_path / "out.wav")
    assert [b"before"] == [path.read_bytes() for path in tmp_path.iterdir()]


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Lose the rights of root, where the tests have them."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(user)


async def test_folder_without_permission_is_told(transport: Transport, respx_mock: respx.MockRouter) -> None:
    """Where nothing may be written, the error says so and names the path."""
    respx_mock.get(URL).respond(200, content=b"data")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        with _as_nobody():
            with pytest.raises(DownloadFailed, match=rf"cannot write '{name}/out\.wav': Permission denied"):
                await _download(transport, folder / "out.wav")
        assert [] == list(folder.iterdir())


@pytest.mark.parametrize(
    ("to", "said"), [("x" * 300 + ".wav", "File name too long"), ("file/out.wav", "Not a directory")]
)
async def test_path_that_cannot_be_is_refused_before_anything_is_sent(
    to: str, said: str, transport: Transport, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """A name too long, or a folder that is a file, costs no download."""
    (tmp_path / "file").write_bytes(b"")
    route = respx_mock.get(URL).respond(200, content=b"data")
    with pytest.raises(DownloadFailed, match=said) as caught:
        await _download(transport, tmp_path / to)
    assert (0, 0, ["file"]) == (
        route.call_count,
        caught.value.attempts,
        [path.name for path in tmp_path.iterdir()],
    )


async def test_folder_in_the_way_of_the_name_is_told(
    transport: Transport, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """A folder that has the file's name already is left alone."""
    respx_mock.get(URL).respond(200, content=b"data")
    (tmp_path / "take.bin" / "kept").mkdir(parents=True)
    with pytest.raises(DownloadFailed, match="cannot write"):
        await _download(transport, tmp_path, name="take.bin")
    assert [tmp_path / "take.bin"] == list(tmp_path.iterdir())


async def test_failing_sync_is_no_success(
    transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, respx_mock: respx.MockRouter
) -> None:
    """Bytes that the disk cannot keep are no file."""
    respx_mock.get(URL).respond(200, content=b"data")

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DownloadFailed, match="Input/output error"):
        await _download(transport, tmp_path / "out.wav")
    assert [] == list(tmp_path.iterdir())


async def test_file_and_folder_are_synced_around_the_rename(
    transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, respx_mock: respx.MockRouter
) -> None:
    """The bytes are durable before the name is, and the name before the download is over."""
    respx_mock.get(URL).respond(200, content=b"data")
    fsync, seen = os.fsync, []

    def note(number: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(number).st_mode) else "file"
        seen.append((kind, (tmp_path / "out.wav").exists()))
        fsync(number)

    monkeypatch.setattr(os, "fsync", note)
    await _download(transport, tmp_path / "out.wav")
    assert [("file", False), ("folder", True)] == seen


async def test_unwanted_content_ends_the_download_early(
    transport: Transport, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """A gigabyte of something else is refused after its first bytes."""
    body = _Body([b"<html>" + bytes(MIB)] * 50)
    respx_mock.get(URL).mock(return_value=httpx.Response(200, stream=body))
    with pytest.raises(DownloadFailed, match="is no audio; nothing was saved"):
        await transport.download(CALL, Target.of(tmp_path / "out.wav"), check=_any_status)
    assert (1, []) == (body.given, list(tmp_path.iterdir()))


async def test_second_writer_of_a_path_is_refused_and_the_first_goes_on(
    transport: Transport, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """However the path is spelled: the second sends nothing, touches nothing, and may come again later."""
    body = _Body([b"data"], hangs=True)
    route = respx_mock.get(URL).mock(return_value=httpx.Response(200, stream=body))
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    first = asyncio.create_task(_download(transport, real / "out.wav"))
    await until(lambda: _partial(real))
    relative = Path(os.path.relpath(real / "out.wav"))
    for to in (real / "out.wav", tmp_path / "link" / "out.wav", real / ".." / "real" / "out.wav", relative):
        with pytest.raises(DownloadFailed) as caught:
            await _download(transport, to)
        assert (
            f"{str(to)!r} is being written by another download of this process; "
            "wait for that one, or give this one another name" == str(caught.value)
        )
    assert 1 == route.call_count
    body.released.set()
    assert b"data" == (await first).read_bytes()
    assert [real / "out.wav"] == list(real.iterdir())
    respx_mock.get(URL).respond(200, content=b"newer")
    assert b"newer" == (await _download(transport, real / "out.wav")).read_bytes()


async def test_two_files_that_get_one_name_in_a_folder_are_not_mixed(
    transport: Transport, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """Where the server names the file, the second is refused as soon as its name is known."""
    body = _Body([bytes(MIB)], hangs=True)
    respx_mock.get(URL).mock(
        side_effect=[httpx.Response(200, stream=body), httpx.Response(200, content=b"other")]
    )
    seen: list[Progress] = []  # by then the first has its name
    target = Target.of(tmp_path, must_be_audio=False)
    first = asyncio.create_task(transport.download(CALL, target, check=_any_status, on_progress=seen.append))
    await until(lambda: seen)
    with pytest.raises(DownloadFailed, match=r"take\.wav' is being written by another download"):
        await _download(transport, tmp_path)
    body.released.set()
    assert bytes(MIB) == (await first).read_bytes()
    assert ["take.wav"] == [path.name for path in tmp_path.iterdir()]


async def test_other_names_in_the_folder_are_free(
    transport: Transport, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """Only the path itself is taken."""
    respx_mock.get(URL).respond(200, content=b"data")
    paths: list[Path] = []

    async def one(number: int) -> None:
        paths.append(await _download(transport, tmp_path, name=f"{number}.bin"))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(one, number)
    assert sorted(paths) == sorted(tmp_path.iterdir())


async def test_failed_download_gives_its_path_free(
    transport: Transport, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """An error, too, ends the claim."""
    respx_mock.get(URL).mock(
        side_effect=[httpx.Response(200, content=b"da", headers={"content-length": "4"}) for _ in range(4)]
    )
    with pytest.raises(DownloadFailed, match="only 2 of 4 bytes arrived"):
        await _download(transport, tmp_path / "out.wav")
    respx_mock.get(URL).respond(200, content=b"data")
    assert b"data" == (await _download(transport, tmp_path / "out.wav")).read_bytes()


@pytest.mark.parametrize("how", ["task", "task, twice", "scope"])
async def test_cancelled_download_leaves_nothing(
    how: str, transport: Transport, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """When the cancellation comes out, the partial file is gone, by whatever means it came in."""
    body = _Body([bytes(3 * MIB)], hangs=True)
    respx_mock.get(URL).mock(return_value=httpx.Response(200, stream=body))
    if how == "scope":
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_download, transport, tmp_path / "out.wav")
                await until(lambda: _partial(tmp_path))
                scope.cancel()
    else:
        task = asyncio.create_task(_download(transport, tmp_path / "out.wav"))
        await until(lambda: _partial(tmp_path))
        task.cancel()
        if how == "task, twice":
            await asyncio.sleep(0)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [] == list(tmp_path.iterdir())


async def test_cancelling_waits_for_the_disk_and_no_longer(
    transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, respx_mock: respx.MockRouter
) -> None:
    """While a thread writes, its file is neither closed nor removed: the number could be another file's."""
    respx_mock.get(URL).mock(return_value=httpx.Response(200, stream=_Body([bytes(MIB)] * 3)))
    write, begun, goes_on, late = os.write, threading.Event(), threading.Event(), []

    def slow(number: int, data: Any, /) -> int:
        if _is_part(number):
            begun.set()
            goes_on.wait(5)
            late.append(_is_part(number))
        return write(number, data)

    monkeypatch.setattr(os, "write", slow)
    task = asyncio.create_task(_download(transport, tmp_path / "out.wav"))
    await until(begun.is_set)
    for _ in range(3):
        task.cancel()
        await anyio.wait_all_tasks_blocked()
    assert not task.done()
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [True] == list(set(late))
    assert [] == list(tmp_path.iterdir())


async def test_cancelled_during_the_sync_keeps_the_earlier_file(
    transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, respx_mock: respx.MockRouter
) -> None:
    """Who is cancelled before the rename has replaced nothing."""
    (tmp_path / "out.wav").write_bytes(b"before")
    respx_mock.get(URL).respond(200, content=b"data")
    fsync, begun, goes_on = os.fsync, threading.Event(), threading.Event()

    def slow(number: int) -> None:
        begun.set()
        goes_on.wait(5)
        fsync(number)

    monkeypatch.setattr(os, "fsync", slow)
    task = asyncio.create_task(_download(transport, tmp_path / "out.wav"))
    await until(begun.is_set)
    task.cancel()
    await anyio.wait_all_tasks_blocked()
    assert not task.done()
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [b"before"] == [path.read_bytes() for path in tmp_path.iterdir()]


_THROWN_AWAY = """
import asyncio, pathlib, sys, httpx
from audiokit import ApiAccess, ApiKey
from audiokit.transport import Call, Network, Target, Transport

folder = pathlib.Path(sys.argv[1])

class Body(httpx.AsyncByteStream):
    async def __aiter__(self):
        yield bytes(2 << 20)
        await asyncio.Event().wait()

class Server(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request):
        return httpx.Response(200, stream=Body())

async def check(_):
    pass

async def main():
    access = {"respeecher": ApiAccess(base_url="https://gateway.example", credentials=ApiKey("k"))}
    transport = await Transport(access, network=Network(http=Server())).__aenter__()
    call = Call(api="respeecher", operation="x.download", method="GET", url="/a.wav")
    target = Target.of(folder / "out.wav", must_be_audio=False)
    task = asyncio.create_task(transport.download(call, target, check=check))
    while not list(folder.iterdir()):
        await asyncio.sleep(0.002)
    return task

loop = asyncio.new_event_loop()
task = loop.run_until_complete(main())
print(len(list(folder.iterdir())))
loop.close()
"""


def test_program_that_throws_its_loop_away_leaves_nothing(tmp_path: Path) -> None:
    """Neither cancelled nor awaited, only gone with the program: the partial file goes too."""
    done = subprocess.run(
        [sys.executable, "-c", _THROWN_AWAY, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=15,
    )
    assert ("1", []) == (done.stdout.strip(), list(tmp_path.iterdir()))


async def test_part_that_nobody_asked_for_is_not_taken_for_the_file(
    transport: Transport, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """A 206 to a plain request is refused, unless it holds everything."""
    route = respx_mock.get(URL)
    route.respond(206, content=b"da", headers={"content-range": "bytes 0-1/4"})
    with pytest.raises(DownloadFailed, match="a part of the file that nobody asked for"):
        await _download(transport, tmp_path / "out.wav")
    route.respond(206, content=b"data", headers={"content-range": "bytes 0-3/4"})
    assert b"data" == (await _download(transport, tmp_path / "out.wav")).read_bytes()


async def test_part_that_the_caller_asked_for_is_saved(
    transport: Transport, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """A Range among the caller's own headers is theirs to know."""
    route = respx_mock.get(URL).respond(206, content=b"at", headers={"content-range": "bytes 1-2/4"})
    call = attrs.evolve(CALL, headers={"Range": "bytes=1-2"})
    target = Target.of(tmp_path / "out.wav", must_be_audio=False)
    assert b"at" == (await transport.download(call, target, check=_any_status)).read_bytes()
    assert "bytes=1-2" == route.calls[0].request.headers["range"]
