"""Archives that an API made: unpacked off the loop, within limits, to a folder that appears whole."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs

from audiokit._config import positive, whole
from audiokit.errors import InvalidRequest
from audiokit.transport._claims import Claim
from audiokit.transport._part import hidden_name, to_the_end
from audiokit.transport._target import Target, names_a_folder
from audiokit.typing import StrPath


@attrs.frozen(kw_only=True)
class ArchiveLimits:
    """How much may come out of an archive; counted on what comes out, not on what the archive says.

    Attributes:
        entries: Files and folders.
        total_bytes: All files together.
        ratio: Bytes that come out for each byte of the archive. Audio rarely packs to less than a half,
            silence to a thousandth; the first 16 MiB are free.
    """

    entries: int = attrs.field(default=10_000, validator=whole)
    total_bytes: int = attrs.field(default=16 << 30, validator=whole)
    ratio: float = attrs.field(default=100.0, validator=positive)


async def extract(archive: StrPath, to: StrPath, *, limits: ArchiveLimits | None = None) -> list[Path]:
    """Unpack a zip archive to a new folder, off the event loop.

    Nothing in the archive is trusted: names never lead out of the folder, and are made harmless for every
    system (`Take: 1?.wav` becomes `Take_ 1_.wav`); modes and times are not taken over. Files are written and
    synced under a hidden name, so that the folder appears complete or not at all, also when cancelled.

    Args:
        archive: The zip file; stored or deflated, without a password.
        to: The folder. It must not exist yet, or be empty; its missing parents are made.
        limits: How much may come out; `ArchiveLimits()` when not given.

    Returns:
        Paths of the files, in the order of the archive.

    Raises:
        UnpackFailed: The archive is damaged, encrypted, packed in another way, or holds what is not safe
            (absolute names, ``..``, links, devices, two names for one file) or too much; or the disk
            refuses it. `UnpackFailed.reason` tells which. Nothing is left behind.
        InvalidRequest: There is no such file, or *to* is no new or empty folder.
        DownloadFailed: This process is writing to that folder already.
    """
    names_a_folder(archive)
    names_a_folder(to)
    stopped = threading.Event()
    work = functools.partial(
        _extract, Path(os.fspath(archive)), Path(os.fspath(to)), limits or ArchiveLimits(), stopped
    )
    # A thread of its own: it takes long, and the loop's own ones also look up names of hosts.
    pool = ThreadPoolExecutor(1, "audiokit-extract")
    try:
        return await to_the_end(work, on_cancel=stopped.set, executor=pool)
    finally:
        pool.shutdown(wait=False)


async def fetch_and_extract(
    fetch: Callable[[Target], Awaitable[Path]], to: StrPath, *, limits: ArchiveLimits | None = None
) -> Path:
    """Download an archive beside *to*, unpack it there, and remove it.

    Args:
        fetch: Downloads the archive to a target.
        to: As `extract`; looked at before anything is sent.
        limits: As `extract`.

    Returns:
        The folder.

    Raises:
        UnpackFailed: As `extract`; so are the others, besides what *fetch* raises.
    """
    names_a_folder(to)
    folder = Path(os.fspath(to))
    resolved = await to_the_end(functools.partial(new_folder, folder))
    archive = resolved.parent / hidden_name()
    try:
        await fetch(Target(path=archive, is_folder=False, must_be_audio=False))
        await extract(archive, folder, limits=limits)
    finally:
        await to_the_end(functools.partial(_remove, archive))
    return folder


def new_folder(to: Path) -> Path:
    """The real path of a folder that is to be made.

    Raises:
        InvalidRequest: There is something already, other than an empty folder.
    """
    try:
        resolved = Path(os.path.realpath(to))
        with contextlib.suppress(FileNotFoundError):
            if next(resolved.iterdir(), None) is not None:
                raise InvalidRequest.of("to", str(to), "a folder that does not exist yet, or an empty one")
    except NotADirectoryError as error:
        raise InvalidRequest.of("to", str(to), "a folder; there is a file of that name") from error
    except OSError as error:
        raise InvalidRequest(
            f"cannot unpack to {str(to)!r}: {error.strerror or error}", field="to", value=str(to)
        ) from error
    return resolved


def _extract(archive: Path, to: Path, limits: ArchiveLimits, stopped: threading.Event) -> list[Path]:
    from audiokit.transport._unzip import Unzip  # noqa: PLC0415 - few programs unpack, all would load zipfile

    resolved = new_folder(to)
    claim = Claim(str(resolved), shown=str(to), operation="extract")
    try:
        return [to.joinpath(*parts) for parts in Unzip(archive, limits, stopped.is_set).to(resolved)]
    finally:
        claim.release()


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
