"""The thread's side of unpacking: a zip archive is looked through, then written out, and trusted nowhere."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable
from io import FileIO
from pathlib import Path
from typing import Final, TypeAlias

from audiokit.errors import InvalidRequest, UnpackFailed
from audiokit.transport._archive import ArchiveLimits
from audiokit.transport._part import hidden_name, sync_folder
from audiokit.transport._target import safe_file_name

Parts: TypeAlias = tuple[str, ...]

_PIECE_BYTES: Final = 1 << 17
_FREE_BYTES: Final = 16 << 20
_MOST_DEEP: Final = 32
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_PLAIN_KINDS: Final = frozenset({0, stat.S_IFREG, stat.S_IFDIR})
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_BYTES_PER_ENTRY: Final = 512
"""In the archive's directory: 46, a name, and what packers add."""

_FAULTS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,  # e.g. an offset that no file can have
    ValueError,
    OverflowError,
    RuntimeError,
    IndexError,
)
"""What `zipfile` raises where an archive is not what it says."""


class _Oversized(Exception):
    """The archive's directory is larger than its entries may be many."""


class _Stopped(Exception):
    """Nobody waits for it any more."""


class _Bounded(FileIO):
    """Gives no more at once than an honest archive needs: its directory is read in one piece."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        super().__init__(path)
        self._most_bytes = most_bytes

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = self._most_bytes
        if size > self._most_bytes:
            raise _Oversized
        return super().read(size) or b""


class Unzip:
    """One archive, unpacked within *limits*; ends soon after *is_stopped* says so."""

    def __init__(self, archive: Path, limits: ArchiveLimits, is_stopped: Callable[[], bool]) -> None:
        self._archive = archive
        self._limits = limits
        self._is_stopped = is_stopped
        self._most_bytes = 0
        self._written_bytes = 0

    def to(self, folder: Path) -> list[Parts]:
        """Unpack to *folder*, which is not there yet or empty.

        Returns:
            The files below it, in the order of the archive.

        Raises:
            UnpackFailed: See `audiokit.archives.extract`.
        """
        hidden = folder.parent / hidden_name()
        most = max(_PIECE_BYTES, self._limits.entries * _BYTES_PER_ENTRY)
        with self._opened(most) as file, self._reading(None), zipfile.ZipFile(file) as archive:
            size_bytes = os.fstat(file.fileno()).st_size
            self._most_bytes = int(_FREE_BYTES + self._limits.ratio * size_bytes)
            files, folders = self._looked_through(archive.infolist())
            try:
                with self._writing(folder):
                    hidden.mkdir(parents=True)
                    for parts in folders:
                        hidden.joinpath(*parts).mkdir(parents=True, exist_ok=True)
                for parts, info in files.items():
                    self._unpack(archive, info, hidden.joinpath(*parts), folder)
                with self._writing(folder):
                    self._sync(hidden, files, folders)
                    self._go_on()
                    hidden.rename(folder)
                    sync_folder(folder.parent)
            finally:
                shutil.rmtree(hidden, ignore_errors=True)  # what was renamed is not there any more
        return list(files)

    def _opened(self, most_bytes: int) -> _Bounded:
        try:
            if not stat.S_ISREG(self._archive.stat().st_mode):  # before opening: a pipe would block
                raise InvalidRequest.of("archive", str(self._archive), "a regular file")
            return _Bounded(self._archive, most_bytes)
        except OSError as error:
            raise InvalidRequest(
                f"cannot read {str(self._archive)!r}: {error.strerror or error}",
                field="archive",
                value=str(self._archive),
            ) from error

    def _looked_through(
        self, infos: list[zipfile.ZipInfo]
    ) -> tuple[dict[Parts, zipfile.ZipInfo], list[Parts]]:
        """Files and folders to make, after everything that can be judged without unpacking."""
        files: dict[Parts, zipfile.ZipInfo] = {}
        folders: dict[Parts, None] = {}
        known: dict[Parts, tuple[Parts, bool]] = {}
        for info in infos:
            parts, is_folder = self._judged(info)
            key = _key(parts)
            for depth in range(1, len(parts) + 1):
                above, is_file = parts[:depth], depth == len(parts) and not is_folder
                before = known.setdefault(key[:depth], (above, is_file))
                if before != (above, is_file) or (is_file and above in files):
                    raise self._failed(
                        "unsafe", f"{info.filename!r} and {'/'.join(before[0])!r} would be one file", info
                    )
                if is_file:
                    files[above] = info
                else:
                    folders[above] = None
            if len(known) > self._limits.entries:
                raise self._over(f"more than {self._limits.entries} files and folders", "entries")
        said_bytes = sum(info.file_size for info in files.values())
        if said_bytes > self._limits.total_bytes:
            raise self._over(f"{said_bytes} bytes, more than {self._limits.total_bytes}", "total_bytes")
        return files, list(folders)

    def _judged(self, info: zipfile.ZipInfo) -> tuple[Parts, bool]:
        """The harmless path of an entry, and whether it is a folder."""
        name = info.orig_filename.replace("\\", "/")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in _PLAIN_KINDS:
            raise self._failed("unsafe", f"{info.filename!r} is a link or a device", info)
        if info.flag_bits & _ENCRYPTED:
            raise self._failed("encrypted", f"{info.filename!r} needs a password", info)
        if info.compress_type not in _METHODS:
            raise self._failed(
                "unsupported", f"{info.filename!r} is packed by method {info.compress_type}", info
            )
        parts = [part for part in name.split("/") if part not in {"", "."}]
        if (
            name.startswith("/")
            or _DRIVE.match(name)
            or "\0" in name
            or len(parts) > _MOST_DEEP
            or any(not part.strip(" .") for part in parts)
        ):
            raise self._failed("unsafe", f"the name {info.orig_filename[:200]!r} leads elsewhere", info)
        is_folder = name.endswith("/") or kind == stat.S_IFDIR
        if not parts and not is_folder:
            raise self._failed("unsafe", "an entry has no name", info)
        return tuple(safe_file_name(part, fallback="file") for part in parts), is_folder

    def _unpack(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, folder: Path) -> None:
        """Write one file, counting what comes out."""
        written = 0
        with (
            self._writing(folder),
            FileIO(path, "x") as file,
            self._reading(info),
            archive.open(info) as source,
        ):
            while piece := source.read(_PIECE_BYTES):
                self._go_on()
                written += len(piece)
                self._count(len(piece))
                with self._writing(folder):
                    left = memoryview(piece)
                    while left:
                        left = left[file.write(left) :]
        if written != info.file_size:
            raise self._failed("damaged", f"{info.filename!r} ends after {written} bytes", info)

    def _count(self, size_bytes: int) -> None:
        self._written_bytes += size_bytes
        if self._written_bytes > self._limits.total_bytes:
            raise self._over(f"more than {self._limits.total_bytes} bytes", "total_bytes")
        if self._written_bytes > self._most_bytes:
            raise self._over(f"more than {self._limits.ratio:g} times its own size", "ratio")

    def _sync(self, hidden: Path, files: Iterable[Parts], folders: Iterable[Parts]) -> None:
        """Make all of it durable; in the end, because one after the other would take a journal write each."""
        for parts in files:
            self._go_on()
            with FileIO(hidden.joinpath(*parts), "r+") as file:
                os.fsync(file.fileno())
        for parts in folders:
            sync_folder(hidden.joinpath(*parts))
        sync_folder(hidden)

    def _go_on(self) -> None:
        if self._is_stopped():
            raise _Stopped

    @contextlib.contextmanager
    def _reading(self, info: zipfile.ZipInfo | None) -> Generator[None]:
        """Tell what is wrong with the archive."""
        try:
            yield
        except NotImplementedError as error:
            raise self._failed("unsupported", str(error), info) from error
        except _Oversized:
            raise self._over(f"more than {self._limits.entries} files and folders", "entries") from None
        except _FAULTS as error:
            raise self._failed("damaged", f"it is damaged ({error or type(error).__name__})", info) from error

    @contextlib.contextmanager
    def _writing(self, folder: Path) -> Generator[None]:
        """Tell what the disk says."""
        try:
            yield
        except OSError as error:
            raise UnpackFailed(
                f"cannot write {str(folder)!r}: {error.strerror or error}; nothing was unpacked",
                path=str(self._archive),
                reason="disk",
            ) from error

    def _failed(self, reason: str, what: str, info: zipfile.ZipInfo | None) -> UnpackFailed:
        entry = None if info is None else info.orig_filename
        return UnpackFailed(
            f"{str(self._archive)!r} was not unpacked: {what}",
            path=str(self._archive),
            reason=reason,
            entry=entry,
        )

    def _over(self, what: str, limit: str) -> UnpackFailed:
        return self._failed(
            "limit",
            f"it holds {what}; if you trust it, give `archives.extract` a larger ArchiveLimits({limit}=)",
            None,
        )


def _key(parts: Parts) -> Parts:
    """Equal for names that some file systems take for one."""
    return tuple(unicodedata.normalize("NFC", part).casefold() for part in parts)
