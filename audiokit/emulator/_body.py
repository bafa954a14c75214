"""Request bodies: small JSON in memory, uploads to disk in 1 MiB steps, always with a limit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import orjson

from audiokit.emulator._http import HttpError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from starlette.requests import Request

MIB = 1024 * 1024
MAX_JSON_BYTES = 4 * MIB

MAX_JSON_DEPTH = 100
"""Most objects and lists inside each other, the body included; writing deeper ones back would fail."""


async def read_body(request: Request, *, limit_bytes: int = MAX_JSON_BYTES) -> bytes:
    """Read a small body whole.

    Raises:
        HttpError: 413, it is larger than *limit_bytes*.
    """
    refuse_announced_size(request, limit_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise too_large(limit_bytes)
    return bytes(body)


async def read_json(
    request: Request, *, optional: bool = False, limit_bytes: int = MAX_JSON_BYTES
) -> dict[str, Any]:
    """Read a JSON object, whatever its content type says.

    Args:
        request: The call.
        optional: Take an empty body as ``{}``.
        limit_bytes: Largest body in bytes.

    Raises:
        HttpError: 400, no JSON, not an object or nested too deep; 413, too large.
    """
    body = await read_body(request, limit_bytes=limit_bytes)
    if optional and not body.strip():
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise HttpError(400, f"the body is not valid JSON: {exc}") from None
    if not isinstance(value, dict):
        raise HttpError(400, f"the body must be a JSON object, got {type(value).__name__}")
    _refuse_depth(value)
    return value


def _refuse_depth(value: dict[str, Any]) -> None:
    """Refuse a body whose lists and objects lie too deep; goes down level by level, without recursion."""
    level: list[Any] = [value]
    for _ in range(MAX_JSON_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise HttpError(
        400,
        f"the body nests lists and objects deeper than {MAX_JSON_DEPTH} levels; send a flatter one",
    )


async def save_body(request: Request, path: Path, *, limit_bytes: int) -> int:
    """Stream a raw upload (presigned PUT) into the new file *path*; return its size in bytes.

    A refused or broken upload leaves no file behind.

    Raises:
        HttpError: 413, it is larger than *limit_bytes*.
    """
    refuse_announced_size(request, limit_bytes)
    async with DiskWriter(path, limit_bytes=limit_bytes) as out:
        async for chunk in request.stream():
            await out.write(chunk)
        return out.size_bytes


class DiskWriter:
    """Writes a new file off the loop in steps of 1 MiB; removes it when the body of ``async with`` fails.

    Args:
        path: File to make.
        limit_bytes: Most bytes it may get.
    """

    def __init__(self, path: Path, *, limit_bytes: int) -> None:
        self.size_bytes = 0
        self._path = path
        self._limit_bytes = limit_bytes
        self._waiting = bytearray()
        self._file: BinaryIO | None = None

    async def __aenter__(self) -> Self:
        self._file = await asyncio.to_thread(self._path.open, "xb")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            if exc is None:
                await asyncio.to_thread(file.write, self._waiting)
        finally:
            file.close()
            if exc is not None:
                self._path.unlink(missing_ok=True)

    async def write(self, data: bytes) -> None:
        """Add *data*.

        Raises:
            HttpError: 413, the file would pass its limit.
        """
        if self._file is None:
            raise RuntimeError("the file is not open; use it inside `async with`")
        self.size_bytes += len(data)
        if self.size_bytes > self._limit_bytes:
            raise too_large(self._limit_bytes)
        self._waiting += data
        if len(self._waiting) >= MIB:
            block, self._waiting = self._waiting, bytearray()
            await asyncio.to_thread(self._file.write, block)


def refuse_announced_size(request: Request, limit_bytes: int, *, framing_bytes: int = 0) -> None:
    """Refuse a body by its Content-Length, before reading any of it; a form's framing is on top."""
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said[:19]) > limit_bytes + framing_bytes:
        raise too_large(limit_bytes)


def too_large(limit_bytes: int) -> HttpError:
    """Make the refusal of a body that passes its limit."""
    return HttpError(413, f"the body is too large: at most {limit_bytes} bytes are taken")
