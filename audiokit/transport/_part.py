"""The file that a download grows in: under a name of its own until it is complete, gone if it never is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from io import FileIO
from pathlib import Path
from typing import Final, TypeVar

import anyio

from audiokit.transport._digest import Digest

T = TypeVar("T")

_PIECE_BYTES: Final = 1 << 17
"""Given to the kernel at once. Measured on ext4: 1 MiB costs up to nine times as much, because the kernel
looks for memory in pieces as large."""


_TIMES: Final = 5
"""How often a folder is made for one file at most."""


def hidden_name() -> str:
    """A name that nothing else has, for what is not complete."""
    return f".{secrets.token_hex(8)}.part"


class Part:
    """A file that takes its name when it is complete.

    Everything here waits for the disk: call it in a thread. A task that is cancelled leaves its thread
    behind, so the steps exclude each other, and after `discard` nothing is written any more.

    Args:
        folder: Where the file shall be; made with the first byte, and removed with what was there of the
            file, unless something else is in it by then.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / hidden_name()
        self._made: list[Path] = []
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        self._is_over = False
        self._is_unwanted = False
        self._digest: Digest | None = None

    @property
    def is_over(self) -> bool:
        """Whether it was finished or discarded."""
        return self._is_over

    def begin(self, digest: Digest | None) -> None:
        """Start from the first byte, as often as need be.

        Args:
            digest: What to compute over the bytes from here on.

        Raises:
            OSError: The folder cannot be made, or not be written to.
        """
        with self._lock:
            self._check()
            self._digest = digest
            if self._file is None:
                self._file = self._create()
            else:
                self._file.seek(0)
                self._file.truncate()

    def write(self, pieces: Sequence[bytes]) -> None:
        """Add *pieces*; raises OSError."""
        with self._lock:
            self._check()
            self._write(pieces)

    def finish(self, pieces: Sequence[bytes], final: Path) -> Digest | None:
        """Add the last *pieces*, sync, and give the file its name, unless its digest is wrong.

        Returns:
            The digest where it is not the announced one; the file has not got its name then.

        Raises:
            OSError: As the disk has it.
        """
        with self._lock:
            self._check()
            self._write(pieces)
            if self._digest is not None and not self._digest.fits:
                return self._digest
            file = self._file
            assert file is not None  # noqa: S101 - `begin` comes first
            os.fsync(file.fileno())
            file.close()  # not everywhere can an open file be renamed
            if self._is_unwanted:  # since the sync began
                raise ValueError("the download is over")
            self._path.replace(final)
            self._is_over = True
            sync_folder(final.parent)
        return None

    def discard(self) -> None:
        """Remove what there is; twice does nothing, nor does it in a fork of the process that writes."""
        if os.getpid() != self._process:
            return
        self._is_unwanted = True
        with self._lock:
            self._is_over = True
            file, self._file = self._file, None
            if file is not None:
                with contextlib.suppress(OSError):  # what the disk said before is what counts
                    file.close()
                with contextlib.suppress(OSError):
                    self._path.unlink()
            for folder in self._made:
                with contextlib.suppress(OSError):  # not empty: others use it
                    folder.rmdir()

    def _create(self) -> FileIO:
        """Make the folder and the file in it; another download that fails may take the folder away again."""
        for _ in range(_TIMES - 1):
            with contextlib.suppress(FileNotFoundError):
                return self._create_once()
        return self._create_once()

    def _create_once(self) -> FileIO:
        self._made += [one for one in (self._folder, *self._folder.parents) if not one.exists()]
        self._folder.mkdir(parents=True, exist_ok=True)
        return FileIO(self._path, "x")

    def _check(self) -> None:
        if self._is_over:
            raise ValueError("the download is over")  # whoever asked for this step has left

    def _write(self, pieces: Sequence[bytes]) -> None:
        """Write the pieces one by one: joining them first would copy all that is downloaded."""
        assert self._file is not None  # noqa: S101 - `begin` comes first
        number = self._file.fileno()
        for piece in pieces:
            if self._digest is not None:
                self._digest.update(piece)
            left = memoryview(piece)
            while left:
                left = left[os.write(number, left[:_PIECE_BYTES]) :]


def sync_folder(folder: Path) -> None:
    """Make a rename in *folder* durable, where the system can do that."""
    with contextlib.suppress(OSError):  # the name is right already, and some systems open no folders
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


async def to_the_end(
    work: Callable[[], T], *, on_cancel: Callable[[], object] | None = None, executor: Executor | None = None
) -> T:
    """Run *work* in a thread and stay until it is done, however often this task is cancelled meanwhile.

    A shield of anyio keeps off cancel scopes only; a bare ``task.cancel()`` passes it, and would leave the
    thread at work after everybody has gone. What must not outlive its caller, or must happen whatever
    happens to it, is run here. The cancellation is raised afterwards.

    Args:
        work: What to do.
        on_cancel: Called in the event loop at the first cancellation, to make *work* end soon; without it
            cancel scopes wait too.
        executor: Whose thread; the loop's own for what is short.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # the coroutine was thrown away with its loop: nobody can wait any more
        return work()
    future = loop.run_in_executor(executor, work)
    cancelled: BaseException | None = None
    while not future.done():
        try:
            with anyio.CancelScope(shield=on_cancel is None or cancelled is not None):
                await asyncio.wait([future])
        except asyncio.CancelledError as error:
            if cancelled is None and on_cancel is not None:
                on_cancel()
            cancelled = error
        except GeneratorExit:  # thrown away, as above
            if on_cancel is not None:
                on_cancel()
            raise
    if cancelled is not None:
        future.exception()  # else asyncio complains that nobody wanted it
        raise cancelled
    return future.result()
