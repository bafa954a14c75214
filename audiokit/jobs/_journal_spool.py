"""Bytes that jobs were given, kept beside the journal until the last job that needs them is done."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from audiokit.errors import InvalidRequest, JournalWriteFailed


class Spool:
    """The folder ``<journal>.spool``: one file for each content, named by its SHA-256, mode 0600.

    A file stays as long as somebody holds it: a caller between `put` and recording the job, or a job.
    Methods block; they are called in threads.

    Args:
        journal: The journal's path.
        limit_bytes: Most bytes in all.
        held: Digest of each content in use, once for each job that uses it; other files are removed.
    """

    def __init__(self, journal: Path, *, limit_bytes: int, held: Iterable[str]) -> None:
        self._folder = journal.with_name(f"{journal.name}.spool")
        self._limit_bytes = limit_bytes
        self._guard = threading.Lock()
        self._holders = Counter(held)
        self._sizes: dict[str, int] = {}
        if self._folder.is_dir():
            for file in self._folder.iterdir():
                if file.name in self._holders:
                    self._sizes[file.name] = file.stat().st_size
                else:  # the process ended before the job was recorded
                    with contextlib.suppress(OSError):
                        file.unlink()

    def path(self, sha256: str) -> Path:
        """Where the content with this digest is."""
        return self._folder / sha256

    def put(self, data: bytes) -> str:
        """Keep *data*, hold it, and give its digest.

        Raises:
            InvalidRequest: There is no room below the limit.
            JournalWriteFailed: It cannot be written.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        with self._guard:
            if sha256 not in self._sizes:
                used = sum(self._sizes.values())
                if used + len(data) > self._limit_bytes:
                    raise InvalidRequest(
                        f"{len(data)} bytes given as a source do not fit beside the journal ({used} of "
                        f"{self._limit_bytes} bytes used): save them to a file and give its path, or raise "
                        "spool_limit_bytes",
                        field="source",
                        value=len(data),
                    )
            self._sizes[sha256] = len(data)
            self._holders[sha256] += 1  # from here on nobody removes it
        try:
            if not self._is_whole(sha256, len(data)):
                self._write(sha256, data)
        except OSError as error:
            self.release([sha256])
            raise JournalWriteFailed(
                f"{len(data)} bytes cannot be kept beside the journal: {error.strerror or error}; see "
                "whether its disk is full, and run the same jobs again",
                path=str(self._folder),
            ) from error
        return sha256

    def holds(self, sha256: str) -> bool:
        """Whether somebody holds this content."""
        return self._holders[sha256] > 0

    def release(self, digests: Iterable[str]) -> None:
        """One holder less for each; what nobody holds is removed."""
        with self._guard:
            for sha256 in digests:
                self._holders[sha256] -= 1
                if self._holders[sha256] <= 0:
                    del self._holders[sha256]
                    self._sizes.pop(sha256, None)
                    with contextlib.suppress(OSError):  # the next opening removes it
                        self.path(sha256).unlink()

    def close(self) -> None:
        """Remove the folder if it is empty."""
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    def _is_whole(self, sha256: str, size_bytes: int) -> bool:
        try:
            return self.path(sha256).stat().st_size == size_bytes
        except FileNotFoundError:
            return False

    def _write(self, sha256: str, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        draft = self._folder / f"{sha256}.{threading.get_ident()}"
        try:
            file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(file, "wb") as stream:  # noqa: PTH123 - of a handle made with its mode
                stream.write(data)
                stream.flush()
                os.fsync(file)
            draft.replace(self.path(sha256))
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
