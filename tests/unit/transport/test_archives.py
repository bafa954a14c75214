"""Archives: what an honest one holds is unpacked, and a hostile one leaves nothing on the disk."""

from __future__ import annotations

import asyncio
import os
import stat
import struct
import threading
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiokit.archives import ArchiveLimits, extract
from audiokit.errors import AudiokitError, DownloadFailed, InvalidRequest, UnpackFailed
from audiokit.transport._claims import Claim

MIB = 1 << 20
LINK = (stat.S_IFLNK | 0o777) << 16
Entry = tuple[str | zipfile.ZipInfo, bytes]


def _info(name: str, *, attributes: int = 0, method: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = attributes
    info.compress_type = method
    return info


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., Path]:
    """Write a zip of entries, hostile ones too."""

    def write(*entries: Entry, method: int = zipfile.ZIP_DEFLATED) -> Path:
        path = tmp_path / "export.zip"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `zipfile` sees two entries of one name
            with zipfile.ZipFile(path, "w", method) as archive:
                for name, data in entries:
                    archive.writestr(name, data)
        return path

    return write


async def _refused(archive: Path, reason: str, **limits: Any) -> UnpackFailed:
    """Unpacking fails for this reason, and the folder is as before."""
    before = sorted(archive.parent.rglob("*"))
    with pytest.raises(UnpackFailed) as caught:
        await extract(archive, archive.parent / "out", limits=ArchiveLimits(**limits))
    assert (reason, str(archive)) == (caught.value.reason, caught.value.path)
    assert before == sorted(archive.parent.rglob("*"))
    return caught.value


async def test_files_come_out_as_they_went_in(pack: Callable[..., Path], tmp_path: Path) -> None:
    """Stored or deflated, in folders or not; the paths are given back in the order of the archive."""
    wav = os.urandom(3 * MIB)
    archive = pack(
        ("b/take 1.wav", wav),
        (_info("a.wav"), b"a"),
        ("empty/", b""),
        ("b/c/deep.wav", b""),
        ("./d.wav", b"d"),
    )
    out = tmp_path / "new" / "out"
    paths = await extract(archive, out)
    assert [out / "b" / "take 1.wav", out / "a.wav", out / "b" / "c" / "deep.wav", out / "d.wav"] == paths
    assert [wav, b"a", b"", b"d"] == [path.read_bytes() for path in paths]
    assert (out / "empty").is_dir()
    assert {archive, tmp_path / "new"} == set(tmp_path.iterdir())
    assert [out] == list((tmp_path / "new").iterdir())


async def test_nothing_in_the_archive_gives_an_empty_folder(
    pack: Callable[..., Path], tmp_path: Path
) -> None:
    """An export of nothing is no error."""
    assert [] == await extract(pack(), str(tmp_path / "out"))
    assert [] == list((tmp_path / "out").iterdir())


async def test_empty_folder_may_be_there_already(pack: Callable[..., Path], tmp_path: Path) -> None:
    """Also under another spelling, through a link."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    paths = await extract(pack(("a.wav", b"a")), tmp_path / "link")
    assert ([tmp_path / "link" / "a.wav"], b"a") == (paths, (tmp_path / "real" / "a.wav").read_bytes())


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("full", "to must be a folder that does not exist yet, or an empty one, got '.*full'"),
        ("export.zip", "to must be a folder; there is a file of that name, got"),
        ("export.zip/below", "a folder; there is a file"),
        ("x" * 300, "cannot unpack to '.*xxx': File name too long"),
    ],
)
async def test_place_that_is_taken_is_refused(
    to: str, said: str, pack: Callable[..., Path], tmp_path: Path
) -> None:
    """Nothing is ever merged into what is there."""
    archive = pack(("a.wav", b"a"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "kept").write_bytes(b"")
    with pytest.raises(InvalidRequest, match=said):
        await extract(archive, tmp_path / to)
    assert ["kept"] == [path.name for path in (tmp_path / "full").iterdir()]


async def test_archive_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The message names the path and what the system says."""
    with pytest.raises(InvalidRequest, match=r"cannot read '.*none\.zip': No such file"):
        await extract(tmp_path / "none.zip", tmp_path / "out")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
async def test_archive_that_is_no_file_is_told(make: Callable[[Path], None], tmp_path: Path) -> None:
    """A folder, or a pipe, which would be waited for without end."""
    make(tmp_path / "export.zip")
    with pytest.raises(InvalidRequest, match=r"archive must be a regular file, got '.*export\.zip'"):
        await extract(tmp_path / "export.zip", tmp_path / "out")


@pytest.mark.parametrize("value", [None, 5, "", "a\0b"])
@pytest.mark.parametrize("argument", ["archive", "to"])
async def test_what_is_no_path_is_refused(argument: str, value: Any) -> None:
    """Before anything is looked at."""
    with pytest.raises(InvalidRequest, match="must be a path"):
        await extract(**{"archive": "a.zip", "to": "out", argument: value})


@pytest.mark.parametrize(
    "name",
    [
        "../out.wav",
        "a/../../out.wav",
        "a/..",
        "..\\out.wav",
        "a\\..\\..\\out.wav",
        "a/.. /out.wav",
        "a/.../out.wav",
        "/etc/out.wav",
        "//host/share/out.wav",
        "\\\\host\\share\\out.wav",
        "C:/out.wav",
        "c:out.wav",
        "/".join("d" * 40) + "/out.wav",
    ],
)
async def test_name_that_leads_elsewhere_is_refused(name: str, pack: Callable[..., Path]) -> None:
    """Absolute, upwards by either slash, with a drive, or absurdly deep: nothing is unpacked."""
    error = await _refused(pack(("first.wav", b"1"), (name, b"x")), "unsafe")
    assert f"the name {name!r} leads elsewhere" in str(error)
    assert name == error.entry


async def test_file_without_a_name_is_refused(pack: Callable[..., Path]) -> None:
    """A point is a folder, and here it is a file."""
    assert "has no name" in str(await _refused(pack((".", b"1")), "unsafe"))


async def test_name_with_a_nul_is_refused(pack: Callable[..., Path]) -> None:
    """`zipfile` shows only what stands before it."""
    archive = pack(("a.wavXtail", b"1"))
    archive.write_bytes(archive.read_bytes().replace(b"a.wavX", b"a.wav\0"))
    assert "a.wav\0tail" == (await _refused(archive, "unsafe")).entry


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Take: 1?.wav", "Take_ 1_.wav"),
        ("a\u202evaw.exe", "avaw.exe"),
        ("NUL.wav", "_NUL.wav"),
        (".hidden.wav", "hidden.wav"),
        ("dots. . .", "dots"),
        ("a\\b.wav", "a/b.wav"),
    ],
)
async def test_odd_names_are_made_harmless(
    name: str, safe: str, pack: Callable[..., Path], tmp_path: Path
) -> None:
    """What some system cannot hold, or shows as something else, is reduced as names of downloads are."""
    assert [tmp_path / "out" / safe] == await extract(pack((name, b"x")), tmp_path / "out")


@pytest.mark.parametrize(
    "names",
    [
        ("a.wav", "a.wav"),
        ("a.wav", "A.WAV"),
        ("\u00fc.wav", "u\u0308.wav"),
        ("a", "a/b.wav"),
        ("a/b.wav", "a"),
        ("A/x.wav", "a/y.wav"),
        ("take:.wav", "take?.wav"),
        ("./a.wav", "a.wav"),
    ],
)
async def test_two_entries_for_one_file_are_refused(
    names: tuple[str, str], pack: Callable[..., Path]
) -> None:
    """Equal, or equal to a system that cares neither for case nor for the form of letters."""
    error = await _refused(pack(*((name, b"x") for name in names)), "unsafe")
    assert "would be one file" in str(error)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
async def test_links_and_devices_are_refused(kind: int, pack: Callable[..., Path]) -> None:
    """A link could lead the next entry anywhere."""
    entry = _info("link", attributes=(kind | 0o777) << 16)
    assert "is a link or a device" in str(await _refused(pack((entry, b"/etc")), "unsafe"))


async def test_modes_of_the_archive_are_not_taken_over(pack: Callable[..., Path], tmp_path: Path) -> None:
    """Nothing becomes executable or runs as another user."""
    entry = _info("run.wav", attributes=(stat.S_IFREG | 0o6777) << 16)
    (path,) = await extract(pack((entry, b"#!/bin/sh")), tmp_path / "out")
    assert 0 == path.stat().st_mode & 0o7111


async def test_password_is_told(pack: Callable[..., Path]) -> None:
    """An encrypted entry is refused before anything is written."""
    archive = pack(("a.wav", b"1" * 50))
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    assert "'a.wav' needs a password" in str(await _refused(archive, "encrypted"))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
async def test_rare_ways_of_packing_are_refused(method: int, pack: Callable[..., Path]) -> None:
    """They take any amount of memory or any ratio; no export uses them."""
    assert f"packed by method {method}" in str(
        await _refused(pack(("a.wav", b"1"), method=method), "unsupported")
    )


async def test_bomb_is_left_after_the_ratio(pack: Callable[..., Path]) -> None:
    """Zeros that unpack to a thousand times their size are counted as they come, and dropped."""
    archive = pack(("a.wav", bytes(64 * MIB)))
    error = await _refused(archive, "limit")
    assert "more than 100 times its own size" in str(error)
    assert "ArchiveLimits(ratio=)" in str(error)


async def test_limits_are_the_callers(pack: Callable[..., Path], tmp_path: Path) -> None:
    """Who trusts the archive may take more out."""
    (path,) = await extract(
        pack(("a.wav", bytes(24 * MIB))), tmp_path / "out", limits=ArchiveLimits(ratio=2000)
    )
    assert 24 * MIB == path.stat().st_size


async def test_total_is_limited(pack: Callable[..., Path]) -> None:
    """What the archive says itself is believed when it is too much."""
    error = await _refused(pack(("a", b"12345"), ("b", b"12345")), "limit", total_bytes=9)
    assert "10 bytes, more than 9" in str(error)


async def test_entries_that_share_one_body_are_refused(pack: Callable[..., Path]) -> None:
    """A small file that comes to any size by naming the same bytes again and again is damaged."""
    archive = pack(("a", os.urandom(1000)), method=zipfile.ZIP_STORED)
    with zipfile.ZipFile(archive) as opened:
        start, (entry,) = opened.start_dir, opened.infolist()
    data = archive.read_bytes()
    record = data[start : data.index(b"PK\x05\x06")]
    # Ten directory records that all lead to the one entry, by other names of the same length.
    records = b"".join(record[:46] + bytes([ord("a") + number]) + record[47:] for number in range(10))
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 10, 10, len(records), start, 0)
    archive.write_bytes(data[:start] + records + end)
    assert 1000 == entry.file_size
    assert (await _refused(archive, "damaged")).entry is not None


@pytest.mark.parametrize("size_bytes", [5, 100_005])
async def test_file_of_another_size_than_the_archive_says_is_damaged(
    size_bytes: int, pack: Callable[..., Path]
) -> None:
    """Too short or too long for its own header: neither is a file to keep."""
    archive = pack(("a", b"x" * 100_000))
    data = bytearray(archive.read_bytes())
    place = data.index(b"PK\x01\x02") + 24
    data[place : place + 4] = struct.pack("<I", size_bytes)
    archive.write_bytes(data)
    await _refused(archive, "damaged")


async def test_total_is_counted_on_what_comes_out(
    pack: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a reader that gives more than the archive says does not get past the limit."""
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda *_: b"x" * 1000)
    error = await _refused(pack(("a", b"1")), "limit", total_bytes=1_000_000)
    assert "more than 1000000 bytes" in str(error)


async def test_number_of_entries_is_limited(pack: Callable[..., Path]) -> None:
    """Files and the folders they need, together."""
    archive = pack(*((f"d/{number}", b"") for number in range(10)))
    assert "more than 10 files and folders" in str(await _refused(archive, "limit", entries=10))


async def test_endless_directory_is_not_read(pack: Callable[..., Path]) -> None:
    """A directory larger than so many entries need is refused before it takes memory."""
    archive = pack(*((f"{number:0200}", b"") for number in range(2000)))
    assert "more than 3 files and folders" in str(await _refused(archive, "limit", entries=3))


@pytest.mark.parametrize(
    ("limits", "field"),
    [({"entries": 0}, "entries"), ({"total_bytes": 1.5}, "total_bytes"), ({"ratio": -1}, "ratio")],
)
def test_limits_must_be_sensible(limits: dict[str, Any], field: str) -> None:
    """The message names the limit and what it may be."""
    with pytest.raises(InvalidRequest, match=f"{field} must be a"):
        ArchiveLimits(**limits)


@pytest.mark.parametrize("keep", [0, 10, 0.5, -5])
async def test_cut_archive_is_damaged(keep: float, pack: Callable[..., Path]) -> None:
    """Without its end an archive cannot be read."""
    archive = pack(("a.wav", os.urandom(5000)))
    data = archive.read_bytes()
    archive.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    assert "it is damaged" in str(await _refused(archive, "damaged"))


async def test_file_that_is_no_archive_is_told(tmp_path: Path) -> None:
    """An error page under the name of a zip."""
    (tmp_path / "export.zip").write_bytes(b"<html>sorry</html>")
    await _refused(tmp_path / "export.zip", "damaged")


async def test_wrong_checksum_takes_all_of_it_back(pack: Callable[..., Path]) -> None:
    """One bad byte in the second file, and the first is not there either."""
    archive = pack((_info("a.wav"), b"good" * 1000), (_info("b.wav"), b"evil" * 1000))
    data = archive.read_bytes()
    archive.write_bytes(data.replace(b"evil", b"EVIL", 1))
    assert "b.wav" == (await _refused(archive, "damaged")).entry


_HONEST: list[bytes] = []


@settings(
    max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.none() | st.integers(0, 10_000),
)
def test_damage_anywhere_is_an_error_of_ours_or_none(
    changes: list[tuple[int, int]], cut: int | None, pack: Callable[..., Path], tmp_path: Path
) -> None:
    """Bytes changed and cut at random: unpacked or refused, and never anything outside or left behind."""
    if not _HONEST:
        honest = pack(("a.wav", b"audio" * 300), (_info("d/b.wav"), b"audio" * 30), ("c.wav", b""))
        _HONEST.append(honest.read_bytes())
    data = bytearray(_HONEST[0])
    for place, value in changes:
        data[place % len(data)] = value
    archive, out = tmp_path / "export.zip", tmp_path / "out"
    archive.write_bytes(data if cut is None else data[: cut % len(data)])
    try:
        for path in asyncio.run(extract(archive, out)):
            assert path.is_relative_to(out)
            path.unlink()
        for folder in sorted(out.rglob("*"), reverse=True):
            folder.rmdir()
        out.rmdir()
    except AudiokitError as error:
        assert isinstance(error, UnpackFailed)
    assert [archive] == list(tmp_path.iterdir())


async def test_disk_that_refuses_is_told(pack: Callable[..., Path], tmp_path: Path) -> None:
    """What the system says is in the message; nothing stays."""
    import resource

    archive = pack(("a.wav", os.urandom(2 * MIB)))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, hard))
    try:
        error = await _refused(archive, "disk")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert f"cannot write {str(tmp_path / 'out')!r}: File too large; nothing was unpacked" == str(error)


async def test_two_unpackings_to_one_folder_are_not_mixed(pack: Callable[..., Path], tmp_path: Path) -> None:
    """As with downloads, the second is refused while the first is under way."""
    claim = Claim(os.path.realpath(tmp_path / "out"), shown="out")
    with pytest.raises(DownloadFailed, match="is being written by another"):
        await extract(pack(("a.wav", b"a")), tmp_path / "out")
    claim.release()
    await extract(pack(("a.wav", b"a")), tmp_path / "out")


@pytest.mark.parametrize("how", ["task", "scope"])
async def test_cancelled_unpacking_stops_and_leaves_nothing(
    how: str, pack: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread ends after the piece it is at, and takes back what it wrote."""
    archive = pack(*((f"{number}.wav", os.urandom(MIB)) for number in range(8)))
    begun, goes_on, pieces = threading.Event(), threading.Event(), []
    read = zipfile.ZipExtFile.read

    def slow(self: zipfile.ZipExtFile, size: int | None = -1) -> bytes:
        pieces.append(size)
        begun.set()
        goes_on.wait(5)
        return read(self, size)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", slow)
    if how == "task":
        task = asyncio.create_task(extract(archive, tmp_path / "out"))
        await anyio.to_thread.run_sync(begun.wait)
        asyncio.get_running_loop().call_later(0.05, goes_on.set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(extract, archive, tmp_path / "out")
            await anyio.to_thread.run_sync(begun.wait)
            asyncio.get_running_loop().call_later(0.05, goes_on.set)
            tasks.cancel_scope.cancel()
    assert (1, [archive]) == (len(pieces), list(tmp_path.iterdir()))


async def test_loop_runs_on_while_an_archive_is_unpacked(pack: Callable[..., Path], tmp_path: Path) -> None:
    """All of it happens in a thread."""
    archive = pack(*((f"{number}.wav", os.urandom(MIB)) for number in range(16)))
    ticks = 0
    task = asyncio.create_task(extract(archive, tmp_path / "out"))
    while not task.done():
        await asyncio.sleep(0)
        ticks += 1
    assert 16 == len(await task)
    assert ticks > 10
