"""Where uploaded bytes come from: a source for each kind of thing that can be uploaded."""

from __future__ import annotations

import os
import socket
import ssl
import stat as stat_module
import sys
from collections.abc import AsyncIterable, Iterable
from pathlib import Path
from typing import Any, cast

import anyio.to_thread

from audiokit.errors import InvalidRequest, UsageError
from audiokit.transport._chunks import CHUNK_BYTES, Chunk, Source
from audiokit.transport._feeds import IterableFeed, IteratorFeed
from audiokit.transport._file_objects import source_of_file
from audiokit.transport._pipes import feed_of_socket, pipe_at
from audiokit.transport._source_file import FileSource
from audiokit.transport._source_memory import MemorySource
from audiokit.transport._source_reopen import ReopenedSource
from audiokit.transport._source_stream import StreamSource
from audiokit.typing import AudioData

__all__ = ["CHUNK_BYTES", "Chunk", "Source", "as_source"]

_ALLOWED = (
    "a path, bytes, a file open in mode 'rb', an object with read(n), an iterable or async iterable of "
    "bytes, a socket, or a callable that gives one of these anew each time"
)


async def as_source(data: AudioData, *, name: str | None = None, stall_s: float | None = None) -> Source:
    """Look at *data* and make a source of it; reads its first 64 KiB and an ID3 header, off the loop.

    Args:
        data: See `AudioData`.
        name: Name to show to the server. Paths and files have one; other data is called ``audio`` without it.
        stall_s: Longest silence of the source in seconds, now and while it is sent; None for no limit.

    Returns:
        The source; close it when it is not needed any more, sent or not.

    Raises:
        InvalidRequest: There is no such file, it cannot be read, or a view of memory was released.
        UsageError: *data* is something else, e.g. a file in text mode.
        UploadInterrupted: It gives nothing.
    """
    if isinstance(data, bytes):
        return MemorySource(data, name)
    if isinstance(data, bytearray | memoryview):
        return await MemorySource.copy_of(data, name)
    if isinstance(data, str | os.PathLike):
        return await _of_path(Path(os.fspath(cast("str", data))), name, stall_s)
    if isinstance(data, socket.socket):
        return await _of_socket(data, name, stall_s)
    return await _of_object(data, name, stall_s)


async def _of_object(data: Any, name: str | None, stall_s: float | None) -> Source:
    if callable(getattr(data, "read", None)):
        return await source_of_file(data, name, stall_s)
    shown = f"the {type(data).__name__}"
    if isinstance(data, AsyncIterable):
        return await StreamSource.look_at(IteratorFeed(aiter(data)), name, shown, stall_s=stall_s)
    if isinstance(data, Iterable):
        return await StreamSource.look_at(IterableFeed(iter(data)), name, shown, stall_s=stall_s)
    if callable(data):

        async def look(given: Any, name: str | None) -> Source:
            return await as_source(given, name=name, stall_s=stall_s)

        return await ReopenedSource.look_at(data, look, name)
    raise UsageError(f"can upload {_ALLOWED}; got {type(data).__name__}")


async def _of_path(path: Path, name: str | None, stall_s: float | None) -> Source:
    try:
        mode = (await anyio.to_thread.run_sync(path.stat, abandon_on_cancel=True)).st_mode
        if stat_module.S_ISREG(mode):
            return await FileSource.of_path(path, name, stall_s=stall_s)
        if sys.platform != "win32" and (stat_module.S_ISFIFO(mode) or stat_module.S_ISCHR(mode)):
            told = name or (None if path.parent == Path("/dev") else path.name)
            return await StreamSource.look_at(await pipe_at(path), told, repr(str(path)), stall_s=stall_s)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        if isinstance(error, InvalidRequest):
            raise
        reason = getattr(error, "strerror", None) or error
        raise InvalidRequest(f"cannot read {str(path)!r}: {reason}", field="path", value=str(path)) from error
    raise InvalidRequest.of("path", str(path), "a regular file or a pipe")


async def _of_socket(connected: socket.socket, name: str | None, stall_s: float | None) -> Source:
    if isinstance(connected, ssl.SSLSocket):
        raise UsageError(
            "cannot upload from an ssl.SSLSocket without blocking; pass the reader of asyncio.open_connection"
        )
    if connected.fileno() < 0:
        raise InvalidRequest("cannot read from a closed socket", field="data", value="socket")
    return await StreamSource.look_at(feed_of_socket(connected), name, "the socket", stall_s=stall_s)
