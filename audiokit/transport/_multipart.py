"""multipart/form-data with one file, sent in chunks with its exact length known up front.

httpx's own ``files=`` reads 64 KiB at a time inside the event loop; this never does.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

import attrs

from audiokit.errors import InvalidRequest
from audiokit.transport._source import Chunk, Source
from audiokit.typing import ProgressCallback

# How HTML forms write a name, so that it can never end its own quotes or line.
_ESCAPES: Final = {ord('"'): "%22", ord("\r"): "%0D", ord("\n"): "%0A"}

_UNDECODABLE: Final = "surrogateescape"
"""How Python keeps bytes of file names that are no text: they go out as they are."""


def _boundary() -> str:
    return f"audiokit-{secrets.token_hex(16)}"


@attrs.frozen(kw_only=True)
class Multipart:
    """Form fields, then one file.

    Attributes:
        fields: Names and values, before the file so that a server can decide early.
        file_field: Name of the part that carries the file.
        source: The file.
        boundary: Separator; random, so that no content can contain it.

    Raises:
        InvalidRequest: A field, or the name of the file, is no text that UTF-8 can write.
    """

    fields: Sequence[tuple[str, str]]
    file_field: str
    source: Source
    on_progress: ProgressCallback | None = None
    boundary: str = attrs.field(factory=_boundary)

    is_file = True

    def __attrs_post_init__(self) -> None:
        for name, value in (*self.fields, ("name", self.source.name)):
            try:
                value.encode("utf-8", _UNDECODABLE)
            except UnicodeEncodeError:
                raise InvalidRequest.of(name, value, "text that UTF-8 can write") from None

    @property
    def content_type(self) -> str:
        """With the boundary."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def size_bytes(self) -> int | None:
        """Exact length of the whole body in bytes; None when the source does not know its own."""
        if self.source.size_bytes is None:
            return None
        return len(self._head()) + self.source.size_bytes + len(self._tail())

    @property
    def buffer_bytes(self) -> int:
        """As the source."""
        return self.source.buffer_bytes

    @property
    def is_replayable(self) -> bool:
        """As the source."""
        return self.source.is_replayable

    async def open(self) -> AsyncGenerator[Chunk]:
        """The framed body; the file's chunks pass through uncopied."""
        yield self._head()
        async with aclosing(self.source.open(on_progress=self.on_progress)) as chunks:
            async for chunk in chunks:
                yield chunk
        yield self._tail()

    def _head(self) -> bytes:
        media_type = self.source.format.media_type if self.source.format else "application/octet-stream"
        parts = [
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{_escape(name)}"\r\n\r\n{value}\r\n'
            for name, value in self.fields
        ]
        parts.append(
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{_escape(self.file_field)}"; '
            f'filename="{_escape(self.source.name)}"\r\nContent-Type: {media_type}\r\n\r\n'
        )
        return "".join(parts).encode("utf-8", _UNDECODABLE)

    def _tail(self) -> bytes:
        return f"\r\n--{self.boundary}--\r\n".encode()


def _escape(text: str) -> str:
    return text.translate(_ESCAPES)
