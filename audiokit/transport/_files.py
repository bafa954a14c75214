"""Opens files off the loop, so that who gives up waiting leaves nothing open and nothing lying about."""

from __future__ import annotations

import asyncio
from io import FileIO
from pathlib import Path
from typing import Any, Literal

import aiofiles.threadpool

from audiokit.transport._off_loop import made


async def open_file(path: Path, mode: Literal["rb", "xb", "r+b"]) -> Any:
    """Open *path* unbuffered; a file that *mode* ``xb`` made and nobody waited for is removed.

    Returns:
        aiofiles' handle.

    Raises:
        OSError: As `open`.
    """
    file = await made(lambda: _open(path, mode), lambda opened: _discard(opened, path, mode))
    return aiofiles.threadpool.wrap(file, loop=asyncio.get_running_loop(), executor=None)


def _open(path: Path, mode: str) -> FileIO:
    return FileIO(path, mode.replace("b", ""))


def _discard(file: FileIO, path: Path, mode: str) -> None:
    file.close()
    if mode == "xb":
        path.unlink(missing_ok=True)
