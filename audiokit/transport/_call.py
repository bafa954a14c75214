"""One call as the transport sees it: where to, with which bytes, and whether it may be repeated."""

from __future__ import annotations

import enum
import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

import attrs
import orjson

from audiokit._config import RateClass
from audiokit.errors import InvalidRequest
from audiokit.transport._source import Chunk, Source
from audiokit.typing import ProgressCallback, RawReply

Reply = RawReply


class Retry(enum.Enum):
    """What may be repeated without asking the caller."""

    SAFE = enum.auto()
    """Doing it twice is doing it once: repeat after any temporary failure."""

    IF_REFUSED = enum.auto()
    """Repeat only what certainly had no effect: not sent, or rejected (429, 503 with Retry-After, ...)."""

    NEVER = enum.auto()
    """Repeat only what was not sent at all."""


class Body(Protocol):
    """A request body that can be opened once per attempt."""

    @property
    def content_type(self) -> str | None:
        """Value of the Content-Type header, or None to send none."""
        ...

    @property
    def size_bytes(self) -> int | None:
        """Exact length, or None when it is unknown and the body goes out chunked."""
        ...

    @property
    def is_replayable(self) -> bool:
        """Whether `open` gives the same bytes a second time."""
        ...

    @property
    def buffer_bytes(self) -> int:
        """Memory that sending a file takes at most."""
        ...

    @property
    def is_file(self) -> bool:
        """Whether this is a transfer of a file: takes a place among the uploads, has no total time."""
        ...

    def open(self) -> AsyncGenerator[Chunk]:
        """The bytes, in chunks."""
        ...


def _has_odd_number(value: object) -> bool:
    """Whether there is a NaN or infinity inside, which would silently become null."""
    match value:
        case float():
            return not math.isfinite(value)
        case dict():
            return any(_has_odd_number(one) for one in value.values())
        case list() | tuple():
            return any(_has_odd_number(one) for one in value)
        case _:
            return False


def _encoded(value: object) -> bytes:
    if _has_odd_number(value):
        raise InvalidRequest(
            "the request cannot be written as JSON: it holds a number that is not finite",
            field="json",
            value=None,
        )
    try:
        return orjson.dumps(value)
    except TypeError as error:  # orjson's own error is one too
        raise InvalidRequest(
            f"the request cannot be written as JSON: {error}", field="json", value=type(value).__name__
        ) from error


@attrs.frozen
class JsonBody:
    """A JSON document.

    Raises:
        InvalidRequest: The value holds something JSON cannot say.
    """

    data: bytes = attrs.field(converter=_encoded, repr=False)

    content_type = "application/json"
    is_replayable = True
    is_file = False
    buffer_bytes = 0

    @property
    def size_bytes(self) -> int:
        """Length of the encoded document."""
        return len(self.data)

    async def open(self) -> AsyncGenerator[Chunk]:
        """The encoded document, in one piece."""
        yield self.data


@attrs.frozen(kw_only=True)
class StreamBody:
    """A file as the whole body, as presigned uploads want it."""

    source: Source
    content_type: str | None = None
    on_progress: ProgressCallback | None = None

    is_file = True

    @property
    def size_bytes(self) -> int | None:
        """Size of the source in bytes."""
        return self.source.size_bytes

    @property
    def buffer_bytes(self) -> int:
        """As the source."""
        return self.source.buffer_bytes

    @property
    def is_replayable(self) -> bool:
        """As the source."""
        return self.source.is_replayable

    def open(self) -> AsyncGenerator[Chunk]:
        """The file's bytes."""
        return self.source.open(on_progress=self.on_progress)


@attrs.frozen(kw_only=True)
class Call:
    """One logical call; retries of it are attempts of the same call.

    Attributes:
        api: Which API's credentials and base URL apply.
        operation: Name for messages, e.g. ``respeecher.voices.list``.
        method: HTTP verb.
        url: Absolute URL, or a path that is appended to the API's base URL.
        timeout_s: Whole-call limit in seconds; None means the default of `Timeouts`.
        rate_class: The limit on calls over time that it counts against.
        look_up: What the objects it makes can be found by, for `OutcomeUnknown`; plain facts, no secrets.
    """

    api: str
    operation: str
    method: str
    url: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: Body | None = None
    retry: Retry = Retry.IF_REFUSED
    timeout_s: float | None = None
    authorise: bool = True
    accept_encoding: str = "gzip, deflate"
    rate_class: RateClass = RateClass.FAST
    look_up: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def path(self) -> str:
        """For errors and events: without the query, and empty for a whole URL, which may be signed."""
        return self.url.partition("?")[0].partition("#")[0] if self.url.startswith("/") else ""
