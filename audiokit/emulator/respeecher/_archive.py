"""Recordings as a zip that is sent while it is made; never a whole file in memory, nothing on disk."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from audiokit.emulator._http import safe_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from starlette.responses import Response

    from audiokit.emulator._context import Context

_BLOCK_BYTES = 1024 * 1024


def archive_reply(
    context: Context,
    name: str,
    recordings: Sequence[Mapping[str, Any]],
    *,
    folders: Mapping[str, str] | None = None,
    starred_only: bool,
) -> Response:
    """Send the finished recordings among these as an attachment.

    Args:
        context: The emulator.
        name: Name of the archive, without extension.
        recordings: Documents; those without a file are left out.
        folders: Names of folders by id; entries then lie under them.
        starred_only: Leave out what has no star.
    """
    entries = [
        (_entry_name(recording, folders), context.files.path(recording["_file_id"]))
        for recording in recordings
        if recording["state"] == "done" and (recording["starred"] or not starred_only)
    ]
    file_name = f"{safe_name(name, 'export')}.zip"
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name}"',
        "X-Content-Type-Options": "nosniff",
    }
    # A plain generator: Starlette runs it in threads, so the loop never waits for the disk.
    return StreamingResponse(zip_stream(entries), media_type="application/zip", headers=headers)


def zip_stream(entries: Sequence[tuple[str, Path]]) -> Iterator[bytes]:
    """Make a zip in blocks of about 1 MiB; audio is stored, as it does not get smaller."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, path in entries:
            with (
                path.open("rb") as source,
                archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as target,
            ):
                while block := source.read(_BLOCK_BYTES):
                    target.write(block)
                    if len(sink.waiting) >= _BLOCK_BYTES:
                        yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """Where `zipfile` writes; it cannot seek, so sizes follow each entry."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.waiting += data
        return len(data)

    def take(self) -> bytes:
        taken, self.waiting = bytes(self.waiting), bytearray()
        return taken


def _entry_name(recording: Mapping[str, Any], folders: Mapping[str, str] | None) -> str:
    """Name an entry after the recording; a piece of its id keeps equal names apart."""
    stem, _, extension = recording["file_name"].rpartition(".")
    name = f"{stem}-{recording['id'][:8]}.{extension}"
    if folders is None:
        return name
    return f"{safe_name(folders.get(recording['parent_folder_id'], 'folder'), 'folder')}/{name}"
