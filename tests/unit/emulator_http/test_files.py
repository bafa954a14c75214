"""The file store."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from audiokit.emulator._files import FileStore


async def test_a_kept_file_is_found_by_its_hash(tmp_path: Path) -> None:
    """Keeping moves the file and returns the SHA-256 of its content; equal content is one file."""
    files = FileStore(tmp_path)
    first, second = files.scratch(".wav"), files.scratch(".mp3")
    first.write_bytes(b"sound")
    second.write_bytes(b"sound")

    ids = {await files.keep(first), await files.keep(second)}

    assert {hashlib.sha256(b"sound").hexdigest()} == ids
    file_id = ids.pop()
    assert b"sound" == files.path(file_id).read_bytes()
    assert 5 == files.size_bytes(file_id)
    assert [] == list(files.scratch_folder.iterdir())


@pytest.mark.parametrize("suffix", ["/../x", ".tar.gz", "wav", ".WAV", ".."])
def test_scratch_takes_plain_suffixes_only(tmp_path: Path, suffix: str) -> None:
    """Nothing but a dot and a few letters or digits can end a scratch name."""
    with pytest.raises(ValueError, match="suffix"):
        FileStore(tmp_path).scratch(suffix)


@pytest.mark.parametrize("file_id", ["../../etc/passwd", "", "A" * 64, "0" * 63])
def test_only_hashes_are_looked_up(tmp_path: Path, file_id: str) -> None:
    """A file id that is no hash never becomes a path."""
    with pytest.raises(ValueError, match="file id"):
        FileStore(tmp_path).path(file_id)


def test_a_temporary_file_goes_unless_it_was_kept(tmp_path: Path) -> None:
    """Leaving the block removes the file."""
    files = FileStore(tmp_path)
    with files.temporary(".wav") as path:
        path.write_bytes(b"x")

    assert not path.exists()


def test_leftovers_of_an_earlier_run_are_removed(tmp_path: Path) -> None:
    """Opening a folder empties its scratch part and leaves the rest."""
    FileStore(tmp_path).scratch().write_bytes(b"half an upload")

    files = FileStore(tmp_path)

    assert [] == list(files.scratch_folder.iterdir())


@pytest.mark.parametrize("is_durable", [True, False])
async def test_a_durable_store_has_files_on_the_disk_before_it_gives_their_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_durable: bool
) -> None:
    """After a power cut no document names an empty file: content first, then the names of file and folder."""
    synced: list[int] = []
    monkeypatch.setattr("audiokit.emulator._files.os.fsync", lambda fd: synced.append(os.fstat(fd).st_ino))
    files = FileStore(tmp_path, is_durable=is_durable)
    path = files.scratch(".wav")
    path.write_bytes(b"sound")
    kept = files.path(await files.keep(path))
    wanted = [kept.stat().st_ino, kept.parent.stat().st_ino, kept.parent.parent.stat().st_ino]
    assert synced == (wanted if is_durable else [])
