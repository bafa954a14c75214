"""multipart/form-data read as it arrives: small fields in memory, one file straight to disk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import attrs
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from audiokit.emulator._body import DiskWriter, refuse_announced_size, too_large
from audiokit.emulator._http import HttpError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from python_multipart.multipart import MultipartCallbacks
    from starlette.requests import Request

MAX_FIELD_BYTES = 64 * 1024
MAX_PARTS = 32
MAX_HEADER_BYTES = 16 * 1024
MAX_EPILOGUE_BYTES = 64 * 1024
_FRAMING_BYTES = 1024 * 1024


@attrs.frozen(kw_only=True)
class Upload:
    """A form that was read.

    Attributes:
        fields: Text fields; of fields with one name the last counts.
        path: Where the file part was written, or None when the form had none.
        file_name: What the client calls the file; never a path of ours.
        size_bytes: Size of the file.
    """

    fields: dict[str, str]
    path: Path | None
    file_name: str
    size_bytes: int


async def read_upload(request: Request, *, file_field: str, path: Path, limit_bytes: int) -> Upload:
    """Read a form with one file, never holding more than a step of the file in memory.

    Args:
        request: The call.
        file_field: Name of the part that holds the file.
        path: New file for it; left behind only when this function returns with its path.
        limit_bytes: Largest file in bytes.

    Raises:
        HttpError: 400, not a form, broken off or with two files; 413, file or field too large.
    """
    boundary = _boundary(request)
    refuse_announced_size(request, limit_bytes, framing_bytes=_FRAMING_BYTES)
    async with DiskWriter(path, limit_bytes=limit_bytes) as out:
        fields: dict[str, str] = {}
        file_name: str | None = None
        file_part: _Part | None = None
        size_bytes = 0
        async for part, data in _parts(request, boundary):
            if part.name == file_field:
                file_part = file_part or part
                if part is not file_part:
                    raise HttpError(
                        400, f"the form has more than one part named {file_field!r}; send one file in a call"
                    )
                if data is None:
                    file_name = part.file_name or ""
                else:
                    await out.write(data)
                size_bytes = out.size_bytes
            elif data is None:
                fields[part.name] = bytes(part.text).decode("utf-8", errors="replace")
            else:
                part.text += data
                if len(part.text) > MAX_FIELD_BYTES:
                    raise too_large(MAX_FIELD_BYTES)
    if file_name is None:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        return Upload(fields=fields, path=None, file_name="", size_bytes=0)
    return Upload(fields=fields, path=path, file_name=file_name, size_bytes=size_bytes)


@attrs.define
class _Part:
    name: str
    file_name: str | None
    text: bytearray = attrs.field(factory=bytearray)


class _Collector:
    """Turns the parser's callbacks into a list of (part, data); data None marks a part's end."""

    def __init__(self) -> None:
        self.found: list[tuple[_Part, bytes | None]] = []
        self.complete = False
        self._parts = 0
        self._part = _Part("", None)
        self._name = b""
        self._value = b""
        self._disposition = b""
        self._header_bytes = 0

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise HttpError(400, f"the form has too many parts; at most {MAX_PARTS} are taken")
        self._name = self._value = self._disposition = b""
        self._header_bytes = 0

    def _data(self, data: bytes, start: int, end: int) -> None:
        self.found.append((self._part, data[start:end]))

    def _end(self) -> None:
        self.found.append((self._part, None))

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]

    def _count(self, size_bytes: int) -> None:
        """Bound a part's headers; older parsers do not, and hand over long ones in pieces."""
        self._header_bytes += size_bytes
        if self._header_bytes > MAX_HEADER_BYTES:
            raise HttpError(400, f"a part of the form has more than {MAX_HEADER_BYTES} bytes of headers")

    def _header_end(self) -> None:
        self._count(4)  # ": " and the end of the line
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise HttpError(400, "a part of the form has no name; Content-Disposition must give one")
        file_name = options.get(b"filename")
        self._part = _Part(_text(options[b"name"]), None if file_name is None else _text(file_name))

    def _finish(self) -> None:
        self.complete = True


async def _parts(request: Request, boundary: bytes) -> AsyncIterator[tuple[_Part, bytes | None]]:
    collector = _Collector()
    parser = MultipartParser(boundary, collector.callbacks())
    left = MAX_EPILOGUE_BYTES
    try:
        async for chunk in request.stream():
            if collector.complete:  # what follows means nothing, and must end some time
                left -= len(chunk)
                if left < 0:
                    raise HttpError(400, "the body goes on and on after the form's closing boundary")
                continue
            parser.write(chunk)
            for item in collector.found:
                yield item
            collector.found.clear()
    except FormParserError as exc:
        raise HttpError(400, f"the form is malformed: {exc}") from None
    if not collector.complete:
        raise HttpError(400, "the form breaks off before its closing boundary; send it again")


def _boundary(request: Request) -> bytes:
    said = request.headers.get("content-type", "")
    kind, options = parse_options_header(said)
    if kind != b"multipart/form-data":
        raise HttpError(400, f"the body must be multipart/form-data, got content type {said!r}")
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 200:
        raise HttpError(400, "the multipart content type has no usable boundary; let the HTTP library set it")
    return boundary


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")
