"""What an open file, or anything that reads like one, is: how long, from where, and how it is read."""

from __future__ import annotations

import inspect
import io
import os
import stat as stat_module
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import aiofiles.threadpool.binary
import aiofiles.threadpool.text
import anyio

from audiokit.errors import InvalidRequest, UsageError
from audiokit.transport._chunks import Source, base_name
from audiokit.transport._descriptor import READS_AT_OFFSET
from audiokit.transport._feeds import AsyncReaderFeed, ReaderFeed
from audiokit.transport._off_loop import begin, result_of
from audiokit.transport._pipes import pipe_of
from audiokit.transport._source_file import FileSource
from audiokit.transport._source_memory import MemorySource
from audiokit.transport._source_stream import StreamSource

_REAL: Final = (io.FileIO, io.BufferedReader, io.BufferedRandom)
"""Only these: a GzipFile has a descriptor too, of other bytes than it reads."""

_TEMPORARY: Final[type[object]] = getattr(tempfile, "_TemporaryFileWrapper", object)
"""What `tempfile.NamedTemporaryFile` gives; it has no public name."""

_REAL_ASYNC: Final = (
    aiofiles.threadpool.binary.AsyncBufferedIOBase,
    aiofiles.threadpool.binary.AsyncBufferedReader,
    aiofiles.threadpool.binary.AsyncFileIO,
)


async def source_of_file(data: Any, name: str | None, stall_s: float | None) -> Source:
    """Make a source of an object with ``read``, from where it stands; it is never closed by us.

    Raises:
        UsageError: It is open in text mode.
        InvalidRequest: It is closed, or not open for reading.
    """
    data = _unwrapped(data)
    name = name or base_name(getattr(data, "filename", None)) or base_name(getattr(data, "name", None))
    _refuse_text(data)
    if inspect.iscoroutinefunction(data.read):
        return await _of_async(data, name, stall_s)
    return await _of_sync(data, name, stall_s)


@contextmanager
def _explained(data: Any, name: str | None) -> Generator[None]:
    """Errors of looking at a file; what reading it raises is for the caller as it is."""
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: it is closed
        raise InvalidRequest(
            f"cannot read from {_shown(data, name)}: {error}; pass a file that is open in mode 'rb'",
            field="data",
            value=type(data).__name__,
        ) from error


def _unwrapped(data: Any) -> Any:
    """The file inside those wrappers that say which it is."""
    if isinstance(data, anyio.AsyncFile):
        return data.wrapped
    inner = getattr(data, "file", None)
    is_temporary = type(data) is _TEMPORARY
    return inner if is_temporary and isinstance(inner, _REAL) else data


def _refuse_text(data: Any) -> None:
    if isinstance(data, io.TextIOBase | aiofiles.threadpool.text.AsyncTextIOWrapper):
        fix = "pass sys.stdin.buffer" if data is sys.stdin else "open it in binary mode ('rb')"
        raise UsageError(f"cannot upload from a file that is open in text mode; {fix}")


async def _of_sync(data: Any, name: str | None, stall_s: float | None) -> Source:
    if isinstance(data, io.BytesIO):
        with _explained(data, name):
            return MemorySource(data.getvalue(), name, start=data.tell())
    if isinstance(data, _REAL):
        with _explained(data, name):
            kind, position = await result_of(begin(_real, data))
            if stat_module.S_ISREG(kind) and READS_AT_OFFSET:
                return await FileSource.of_open(data.fileno(), position, name, stall_s=stall_s)
        is_pipe = not stat_module.S_ISREG(kind) and sys.platform != "win32"
        if is_pipe and isinstance(data, io.FileIO | io.BufferedReader):
            return await StreamSource.look_at(pipe_of(data), name, _shown(data, name), stall_s=stall_s)
    with _explained(data, name):
        start, size = await result_of(begin(_span, data))
    feed = ReaderFeed(data, start=start, size_bytes=size)
    return await StreamSource.look_at(feed, name, _shown(data, name), stall_s=stall_s)


async def _of_async(data: Any, name: str | None, stall_s: float | None) -> Source:
    with _explained(data, name):
        if isinstance(data, _REAL_ASYNC) and READS_AT_OFFSET:
            status = os.fstat(data.fileno())
            if stat_module.S_ISREG(status.st_mode):
                if await data.writable():
                    await data.flush()
                return await FileSource.of_open(data.fileno(), await data.tell(), name, stall_s=stall_s)
        start, size = await _async_span(data)
    feed = AsyncReaderFeed(data, start=start, size_bytes=size)
    return await StreamSource.look_at(feed, name, _shown(data, name), stall_s=stall_s)


def _real(file: Any) -> tuple[int, int]:
    """Type of a real file and the position its owner sees; what was written to it is written out."""
    if not file.readable():
        raise io.UnsupportedOperation("not open for reading")
    kind = os.fstat(file.fileno()).st_mode
    if not stat_module.S_ISREG(kind):
        return kind, 0
    if file.writable():
        file.flush()
    return kind, file.tell()


def _span(file: Any) -> tuple[int | None, int | None]:
    """Where it stands and how much follows; None where it cannot seek."""
    try:
        if not file.seekable():
            return None, None
        start = file.tell()
        end = file.seek(0, os.SEEK_END)
        size = max(0, (file.tell() if end is None else end) - start)
    except (AttributeError, TypeError, io.UnsupportedOperation):
        return None, None
    file.seek(start)
    return start, size


async def _async_span(reader: Any) -> tuple[int | None, int | None]:
    """The same of an object whose methods are async, as far as it has them."""
    if not inspect.iscoroutinefunction(getattr(reader, "seek", None)):
        return None, None
    start = await _position(reader)
    if start is None:
        return None, None
    told = getattr(reader, "size", None)
    if isinstance(told, int) and hasattr(reader, "filename"):  # what a web framework makes of an upload
        return start, max(0, told - start)
    try:
        await reader.seek(0, os.SEEK_END)
        end = await _position(reader)
    except (TypeError, io.UnsupportedOperation):
        return start, None
    await reader.seek(start)
    return start, None if end is None else max(0, end - start)


async def _position(reader: Any) -> int | None:
    """Where it stands: by its own ``tell``, async or not, or by that of the file inside."""
    inner = getattr(reader, "file", None)
    for tell in (getattr(reader, "tell", None), getattr(inner, "tell", None)):
        if tell is None:
            continue
        try:
            told = await tell() if inspect.iscoroutinefunction(tell) else await result_of(begin(tell))
        except OSError:  # a pipe
            return None
        return told if isinstance(told, int) else None
    return None


def _shown(data: Any, name: str | None) -> str:
    return f"the {type(data).__name__}" + (f" {name!r}" if name else "")
