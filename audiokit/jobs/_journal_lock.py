"""One process per journal: a lock file beside it, held by ``flock``."""

from __future__ import annotations

import contextlib
import os
import weakref
from pathlib import Path
from typing import Final

from audiokit.errors import JournalError, JournalInUse, UsageError

try:
    import fcntl
except ImportError:  # pragma: no cover - not POSIX
    fcntl = None  # type: ignore[assignment]

_held: Final[weakref.WeakSet[FileLock]] = weakref.WeakSet()


class FileLock:
    """Takes ``<journal>.lock`` on construction; `release` gives it back and removes the file.

    A file of its own, because SQLite's locks on the journal itself are lost as soon as anybody in the
    process closes that file. The system lets go of it when the process ends, however it ends.

    Args:
        journal: The journal's path.

    Raises:
        JournalInUse: Somebody else holds it.
        JournalError: The folder is missing, must not be written to, or is on a disk without locks.
        UsageError: This system has no ``flock``.
    """

    def __init__(self, journal: Path) -> None:
        if fcntl is None:  # pragma: no cover - not POSIX
            raise UsageError("journals need flock, which this system has not; run jobs without journal=")
        self._path = journal.with_name(f"{journal.name}.lock")
        while True:
            file = _open(self._path, journal)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid = _pid_in(file)
                os.close(file)
                raise _in_use(journal, pid) from None
            except OSError as error:  # e.g. a network disk without locks
                os.close(file)
                raise _not_opened(journal, self._path, error) from error
            if _is_at(file, self._path):
                break
            os.close(file)  # its last holder has just removed it; another may make a new one
        with contextlib.suppress(OSError):  # on a full disk the others are not told who has it
            os.ftruncate(file, 0)
            os.pwrite(file, str(os.getpid()).encode(), 0)
        self._file: int | None = file
        _held.add(self)

    def release(self) -> None:
        """Let the next one have it."""
        if self._file is not None and fcntl is not None:
            self._path.unlink(missing_ok=True)  # before the lock goes: afterwards it may be another's
            fcntl.flock(self._file, fcntl.LOCK_UN)  # also where a child somehow has our handle
            self.close()

    def close(self) -> None:
        """Close our handle; the lock stays while a process we were forked from has its own."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def _open(path: Path, journal: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _not_opened(journal, path, error) from error


def _not_opened(journal: Path, path: Path, error: OSError) -> JournalError:
    return JournalError(
        f"journal {str(journal)!r} cannot be opened: {error.strerror} ({str(path)!r})", path=str(journal)
    )


def _pid_in(file: int) -> int | None:
    text = os.pread(file, 20, 0)
    return int(text) if text.isdigit() else None


def _is_at(file: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(file), there)


def _in_use(journal: Path, pid: int | None) -> JournalInUse:
    who = "this process" if pid == os.getpid() else f"process {pid}" if pid else "another process"
    return JournalInUse(
        f"journal {str(journal)!r} is in use by {who}: one journal belongs to one orchestrator at a time; "
        "wait for it to end, or give this one a journal of its own",
        path=str(journal),
        pid=pid,
    )


def _close_in_child() -> None:
    # Else a forked child would keep the journal locked after its parent was killed.
    for lock in list(_held):
        lock.close()


if fcntl is not None:
    os.register_at_fork(after_in_child=_close_in_child)
