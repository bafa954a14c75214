"""Opens files off the loop, so that who gives up waiting leaves nothing open and nothing lying about."""

from __future__ import annotations

import asyncio
import threading
from io import FileIO
from pathlib import Path
from typing import Any, Literal

import aiofiles.threadpool
import anyio.to_thread


async def open_file(path: Path, mode: Literal["rb", "xb", "r+b"]) -> Any:
    """Open *path* unbuffered; a file that *mode* ``xb`` made and nobody waited for is removed.

    Returns:
        aiofiles' handle.

    Raises:
        OSError: As `open`.
    """
    lock = threading.Lock()
    opened: list[FileIO] = []
    is_wanted = True

    def work() -> None:
        file = _open(path, mode)
        with lock:
            if is_wanted:
                opened.append(file)
                return
        _discard(file, path, mode)

    try:
        await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
    except BaseException:
        with lock:
            is_wanted = False
        for file in opened:
            _discard(file, path, mode)
        raise
    return aiofiles.threadpool.wrap(opened[0], loop=asyncio.get_running_loop(), executor=None)


def _open(path: Path, mode: str) -> FileIO:
    return FileIO(path, mode.replace("b", ""))


def _discard(file: FileIO, path: Path, mode: str) -> None:
    file.close()
    if mode == "xb":
        path.unlink(missing_ok=True)
