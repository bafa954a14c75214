"""Downloads: a complete file appears at once under a safe name, or nothing is left behind."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import attrs
import httpx
import pytest
import respx

from audiokit import ApiAccess, RetryPolicy, Timeouts
from audiokit.errors import CallTimeout, ConnectionLost, DownloadFailed, InvalidRequest
from audiokit.testing import FakeClock
from audiokit.transport import Call, Retry, StreamReply, Target, Transport
from audiokit.typing import Progress

URL = "https://gateway.example/api/files/take%201.bin"
CALL = Call(
    api="respeecher", operation="x.download", method="GET", url="/api/files/take%201.bin", retry=Retry.SAFE
)


async def _any_status(_: StreamReply) -> None:
    pass


class _Cut(httpx.AsyncByteStream):
    def __init__(self, start: bytes) -> None:
        self._start = start

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._start
        raise httpx.ReadError("cut")


@pytest.fixture
def save(transport: Transport) -> Callable[..., Any]:
    """Download the call above to a place."""

    async def run(to: Path, *, name: str | None = None, must_be_audio: bool = True, **options: Any) -> Path:
        target = Target.of(to, name=name, must_be_audio=must_be_audio)
        return await transport.download(CALL, target, check=_any_status, **options)

    return run


async def test_file_arrives_whole_and_alone(
    save: Callable[..., Any], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """The file has the server's bytes, and nothing temporary stays beside it."""
    respx_mock.get(URL).respond(200, content=wav)
    path = await save(tmp_path / "out.wav")
    assert (tmp_path / "out.wav", wav) == (path, path.read_bytes())
    assert [path] == list(tmp_path.iterdir())


async def test_extension_in_a_folder_follows_the_content(
    save: Callable[..., Any], tmp_path: Path, sounds: dict[str, bytes], respx_mock: respx.MockRouter
) -> None:
    """Whatever the server calls it, the name ends in the format that came."""
    for kind, data in sounds.items():
        respx_mock.get(URL).respond(200, content=data)
        path = await save(tmp_path, name="mix.wav")
        assert f"mix.{kind}" == path.name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (None, "take 1.bin.wav"),
        ('attachment; filename="their name.mp3"', "their name.wav"),
        ("attachment; filename*=UTF-8''gr%C3%BC%C3%9Fe.wav", "grüße.wav"),
        ('attachment; filename="../../etc/passwd"', "passwd.wav"),
        ('attachment; filename="..\\\\..\\\\boot.ini"', "boot.ini.wav"),
        ('attachment; filename=""', "take 1.bin.wav"),
        ('attachment; filename=".."', "audio.wav"),
        ("attachment; filename*=nonsense", "nonsense.wav"),
    ],
)
async def test_served_name_is_made_safe(
    header: str | None,
    name: str,
    save: Callable[..., Any],
    tmp_path: Path,
    wav: bytes,
    respx_mock: respx.MockRouter,
) -> None:
    """The name comes from the answer or the URL, and never leads out of the folder."""
    headers = {} if header is None else {"content-disposition": header}
    respx_mock.get(URL).respond(200, content=wav, headers=headers)
    folder = tmp_path / "in"
    folder.mkdir()
    assert folder / name == await save(folder)


async def test_wrong_extension_is_refused_and_nothing_stays(
    save: Callable[..., Any], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """A path that ends in another format than the audio names the fitting extension."""
    respx_mock.get(URL).respond(200, content=wav)
    with pytest.raises(InvalidRequest, match=r"the audio is wav; end the name in \.wav, or give a folder"):
        await save(tmp_path / "out.mp3")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["out.WAV", "out.wave"])
async def test_other_spellings_of_an_extension_are_taken(
    name: str, save: Callable[..., Any], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """Upper case and a known alias are the caller's choice."""
    respx_mock.get(URL).respond(200, content=wav)
    assert tmp_path / name == await save(tmp_path / name)


@pytest.mark.parametrize("to", ["new", "new/", "new.folder/"])
async def test_path_without_extension_or_with_a_slash_is_a_folder(
    to: str, save: Callable[..., Any], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """A folder that is not there yet is made, as jobs do; nothing is written under its own name."""
    respx_mock.get(URL).respond(200, content=wav)
    path = await save(f"{tmp_path}/{to}")
    assert (tmp_path / to.rstrip("/"), ".wav") == (path.parent, path.suffix)


@pytest.mark.parametrize("to", [None, 5, "", "a\0b"])
def test_what_is_no_path_is_refused(to: Any) -> None:
    """The message names the argument."""
    with pytest.raises(InvalidRequest, match="to must be a path"):
        Target.of(to)


async def test_error_page_is_not_saved_as_audio(
    save: Callable[..., Any], tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """An answer that is no audio is refused and not written."""
    respx_mock.get(URL).respond(200, content=b"<html>sorry</html>")
    with pytest.raises(DownloadFailed, match="is no audio; nothing was saved"):
        await save(tmp_path)
    assert [] == list(tmp_path.iterdir())


async def test_other_files_are_saved_as_they_are(
    save: Callable[..., Any], tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """A zip keeps the name and extension the server gave."""
    respx_mock.get(URL).respond(
        200, content=b"PK\x03\x04", headers={"content-disposition": 'attachment; filename="all.zip"'}
    )
    assert "all.zip" == (await save(tmp_path, must_be_audio=False)).name


async def test_missing_parent_folders_are_made(
    save: Callable[..., Any], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """A file path may lie in folders that do not exist yet."""
    respx_mock.get(URL).respond(200, content=wav)
    assert wav == (await save(tmp_path / "a" / "b" / "out.wav")).read_bytes()


async def test_cut_body_is_asked_for_again(
    save: Callable[..., Any],
    tmp_path: Path,
    wav: bytes,
    clock: FakeClock,
    respx_mock: respx.MockRouter,
) -> None:
    """A download that breaks off starts anew after a wait and ends complete."""
    respx_mock.get(URL).mock(
        side_effect=[httpx.Response(200, stream=_Cut(wav[:50])), httpx.Response(200, content=wav)]
    )
    path = await save(tmp_path / "out.wav")
    assert (wav, 1) == (path.read_bytes(), len(clock.slept))


async def test_body_cut_each_time_leaves_nothing(
    save: Callable[..., Any], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """When every attempt breaks off, the error says so and the folder is as before."""
    respx_mock.get(URL).mock(side_effect=lambda _: httpx.Response(200, stream=_Cut(wav[:50])))
    with pytest.raises(ConnectionLost):
        await save(tmp_path)
    assert [] == list(tmp_path.iterdir())


async def test_attempts_of_a_download_are_counted_once(
    save: Callable[..., Any], tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """Four attempts in all, wherever they break."""
    route = respx_mock.get(URL).mock(side_effect=httpx.ReadError("cut"))
    with pytest.raises(ConnectionLost):
        await save(tmp_path)
    assert 4 == route.call_count


async def test_too_few_bytes_are_an_error(
    save: Callable[..., Any], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """An answer shorter than announced is not taken for the file."""
    respx_mock.get(URL).respond(200, content=wav[:60], headers={"content-length": str(len(wav))})
    with pytest.raises(DownloadFailed, match=f"only 60 of {len(wav)} bytes arrived"):
        await save(tmp_path)
    assert [] == list(tmp_path.iterdir())


async def test_failing_rename_leaves_nothing(
    save: Callable[..., Any],
    tmp_path: Path,
    wav: bytes,
    monkeypatch: pytest.MonkeyPatch,
    respx_mock: respx.MockRouter,
) -> None:
    """A complete file that cannot take its name is removed too."""
    respx_mock.get(URL).respond(200, content=wav)

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(DownloadFailed, match="Permission denied"):
        await save(tmp_path / "out.wav")
    assert [] == list(tmp_path.iterdir())


async def test_path_below_a_file_is_told(
    save: Callable[..., Any], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """A parent that is no folder is a clear error, not a crash."""
    respx_mock.get(URL).respond(200, content=wav)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DownloadFailed, match="cannot write"):
        await save(tmp_path / "file" / "out.wav")


async def test_earlier_file_stays_until_the_new_one_is_complete(
    save: Callable[..., Any], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """A failed download does not touch what had the name before."""
    (tmp_path / "out.wav").write_bytes(b"before")
    respx_mock.get(URL).respond(200, content=wav[:60], headers={"content-length": "9999"})
    with pytest.raises(DownloadFailed):
        await save(tmp_path / "out.wav")
    assert b"before" == (tmp_path / "out.wav").read_bytes()


async def test_cancelled_download_leaves_nothing(
    save: Callable[..., Any], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """Cancelling removes the partial file before it passes on."""
    begun = asyncio.Event()

    class Hanging(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield wav[:50]
            begun.set()
            await asyncio.Event().wait()

    respx_mock.get(URL).mock(return_value=httpx.Response(200, stream=Hanging()))
    task = asyncio.create_task(save(tmp_path / "out.wav"))
    await begun.wait()
    await anyio.wait_all_tasks_blocked()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [] == list(tmp_path.iterdir())


async def test_progress_counts_up_to_the_whole(
    save: Callable[..., Any], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """The last report says all of all; an answer without length leaves the total open."""
    seen: list[Progress] = []
    respx_mock.get(URL).respond(200, content=wav)
    await save(tmp_path, on_progress=seen.append)
    assert Progress(done_bytes=len(wav), total_bytes=len(wav)) == seen[-1]


async def test_error_of_a_progress_callback_ends_the_download(
    save: Callable[..., Any], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """Raising from the callback is how a caller stops; nothing stays."""
    respx_mock.get(URL).respond(200, content=wav)

    def stop(_: Progress) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError):
        await save(tmp_path, on_progress=stop)
    assert [] == list(tmp_path.iterdir())


async def test_error_status_is_judged_before_anything_is_written(
    transport: Transport, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """The check sees the answer's head and can read its text."""
    respx_mock.get(URL).respond(404, json={"detail": "gone"})

    async def check(reply: StreamReply) -> None:
        raise LookupError(reply.status, await reply.read(1000))

    with pytest.raises(LookupError, match=r'404, b\'\{"detail": ?"gone"\}'):
        await transport.download(CALL, Target.of(tmp_path), check=check)
    assert [] == list(tmp_path.iterdir())


class _Slow(httpx.AsyncByteStream):
    def __init__(self, data: bytes, seconds: float) -> None:
        self._data, self._seconds = data, seconds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._data), 200):
            await asyncio.sleep(self._seconds)
            yield self._data[start : start + 200]


async def test_download_has_no_limit_of_its_own(
    access: dict[str, ApiAccess], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """A file may take longer than `call_s`: only a stall ends it, as the docs say."""
    respx_mock.get(URL).mock(return_value=httpx.Response(200, stream=_Slow(wav, 0.02)))
    async with Transport(access, timeouts=Timeouts(call_s=0.03)) as transport:
        path = await transport.download(CALL, Target.of(tmp_path), check=_any_status)
    assert wav == path.read_bytes()


async def test_download_that_runs_out_of_time_closes_its_file(
    transport: Transport, tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """The partial file is closed before it is removed, not some time later by the collector."""
    respx_mock.get(URL).mock(return_value=httpx.Response(200, stream=_Slow(wav, 0.05)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(CallTimeout):
            await transport.download(
                attrs.evolve(CALL, timeout_s=0.08), Target.of(tmp_path), check=_any_status
            )
        gc.collect()
    assert [] == [str(one.message) for one in caught if one.category is ResourceWarning]


async def test_limit_of_a_download_covers_its_repeats(
    access: dict[str, ApiAccess], tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """`timeout` is for the whole call, however often the body breaks off."""

    class SlowAndCut(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield wav[:50]
            await asyncio.sleep(0.03)
            raise httpx.ReadError("cut")

    route = respx_mock.get(URL).mock(side_effect=lambda _: httpx.Response(200, stream=SlowAndCut()))
    call = attrs.evolve(CALL, timeout_s=0.05)
    async with Transport(access, clock=FakeClock(), retry=RetryPolicy(attempts=9)) as transport:
        with pytest.raises(CallTimeout):
            await transport.download(call, Target.of(tmp_path), check=_any_status)
    assert route.call_count <= 2
