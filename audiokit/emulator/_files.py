"""Content-addressed files: kept under their SHA-256, written first to the server's own scratch folder."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import threading
import uuid
from typing import TYPE_CHECKING

try:
    import fcntl
except ImportError:  # not POSIX
    fcntl = None  # type: ignore[assignment]

from audiokit.emulator._schema import FILE_ID

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

_SUFFIX = re.compile(r"(\.[a-z0-9]{1,8})?\Z")


@contextlib.contextmanager
def only_user_of(folder: Path) -> Generator[None]:
    """Hold a data folder for this process; where the system cannot lock files, do nothing.

    Raises:
        OSError: Another emulator is using the folder.
    """
    with (folder / "lock").open("a") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                raise OSError(
                    exc.errno,
                    f"another emulator is using {str(folder)!r}; end it, or choose another data folder",
                ) from None
        yield


class KeptId(str):
    """The id of a file that somebody has just kept: equal to others of the same content, but not the same."""

    __slots__ = ()


class FileStore:
    """A folder of files named by their content.

    Nothing a client sends ever becomes part of a path: names are random (scratch) or a hash (kept).
    A kept file stays until the store says that no document names it any more; one that was kept a moment
    ago, and is to be named in a moment, stays too.

    Args:
        root: Folder of the store; made when absent. Left-over scratch files of an earlier run are removed.
        is_durable: Whether `keep` waits until the disk itself has the file, so that not even after a power
            cut a document names an empty one. Costs 3 to 25 ms a file; pointless for a temporary folder.
    """

    def __init__(self, root: Path, *, is_durable: bool = False) -> None:
        self._is_durable = is_durable
        self._kept = root / "files"
        self._scratch = root / "scratch"
        self._kept.mkdir(parents=True, exist_ok=True)
        self._scratch.mkdir(parents=True, exist_ok=True)
        for left_over in self._scratch.iterdir():
            if left_over.is_file():
                left_over.unlink()
        self._lock = threading.Lock()
        self._awaited: list[KeptId] = []  # kept, and not yet named by a document

    @property
    def scratch_folder(self) -> Path:
        """Folder in which `scratch` names files; worker processes may use it."""
        return self._scratch

    def scratch(self, suffix: str = "") -> Path:
        """Return a new path for a temporary file; *suffix* is empty or like ``.wav``."""
        if not _SUFFIX.match(suffix):
            raise ValueError(f"suffix must be empty or a dot and up to 8 letters or digits, got {suffix!r}")
        return self._scratch / f"{uuid.uuid4().hex}{suffix}"

    @contextlib.contextmanager
    def temporary(self, suffix: str = "") -> Generator[Path]:
        """Like `scratch`, and removes the file in the end unless `keep` has moved it."""
        path = self.scratch(suffix)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    async def keep(self, path: Path) -> str:
        """Move the file at *path* into the store and return its id, the SHA-256 of its content in hex.

        Write this very object into a document next, or give the file up by `Store.forget_files`: until then
        the file stays, whatever others do to documents that name the same content.
        """
        return await asyncio.to_thread(self._keep, path)

    def path(self, file_id: str) -> Path:
        """Return where the file of this id lies (whether or not it exists).

        Raises:
            ValueError: *file_id* is not 64 hexadecimal characters.
        """
        if not FILE_ID.match(file_id):
            raise ValueError(f"a file id is 64 lower-case hexadecimal characters, got {file_id!r}")
        return self._kept / file_id[:2] / file_id

    def size_bytes(self, file_id: str) -> int:
        """Return the size of a kept file in bytes."""
        return self.path(file_id).stat().st_size

    def referenced(self, file_ids: Iterable[str]) -> None:
        """Note that documents name these files, or never will; called by the store."""
        with self._lock:
            given = {id(file_id) for file_id in file_ids if isinstance(file_id, KeptId)}
            self._awaited = [one for one in self._awaited if id(one) not in given]

    def unreferenced(self, file_ids: Iterable[str]) -> None:
        """Remove files that no document names, unless one is about to; called by the store."""
        with self._lock:
            for file_id in file_ids:
                if file_id not in self._awaited:
                    self.path(file_id).unlink(missing_ok=True)

    def sweep(self, named: set[str]) -> int:
        """Remove every kept file that is not *named*, and return how many there were; only at the start."""
        removed = 0
        for path in self._kept.glob("*/*"):
            if path.name not in named and FILE_ID.match(path.name):
                path.unlink()
                removed += 1
        return removed

    def _keep(self, path: Path) -> str:
        with path.open("rb") as file:
            file_id = KeptId(hashlib.file_digest(file, "sha256").hexdigest())
        if self._is_durable:
            with path.open("r+b") as file:
                os.fsync(file.fileno())
        target = self.path(file_id)
        target.parent.mkdir(exist_ok=True)
        with self._lock:
            self._awaited.append(file_id)
            path.replace(target)
        if self._is_durable:
            sync_folder(target.parent)
            sync_folder(self._kept)  # where the folder of the file may be new
        return file_id


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of a folder's files; where folders cannot be opened, do nothing."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
