"""Public types of audiokit that belong to no single layer."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias, TypedDict

import attrs
import orjson

__all__ = ["AudioData", "CallOptions", "Clock", "Progress", "ProgressCallback", "RawReply", "StrPath"]

StrPath: TypeAlias = "str | os.PathLike[str]"
"""A path on this machine."""

AudioData: TypeAlias = "StrPath | bytes | AsyncIterable[bytes]"
"""What can be uploaded: a path, the bytes themselves, or an async iterable of chunks.

A path is read in chunks off the event loop. An async iterable can be sent only once, so
a call that fails half way is not repeated.
"""


@attrs.frozen(kw_only=True)
class Progress:
    """How far a transfer is.

    Attributes:
        done_bytes: Bytes of the file handed over so far.
        total_bytes: Size of the file, or None while it is unknown.
    """

    done_bytes: int
    total_bytes: int | None


ProgressCallback: TypeAlias = Callable[[Progress], object]
"""Called after each chunk, on the event loop: keep it short. Raising from it ends the transfer."""


class Clock(Protocol):
    """Time as audiokit sees it; tests pass one that does not wait."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        ...

    def sleep(self, seconds: float, /) -> Awaitable[None]:
        """Wait for *seconds*."""
        ...


@attrs.frozen(kw_only=True)
class RawReply:
    """An answer as it came, of whatever status.

    Attributes:
        status: HTTP status.
        headers: Names compared without case.
        content: The body; empty for a download, which goes to its file instead.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes = attrs.field(repr=False)

    def json(self) -> object:
        """The decoded JSON document.

        Raises:
            ValueError: The content is not JSON.
        """
        return orjson.loads(self.content)


class CallOptions(TypedDict, total=False):
    """Options that every call takes, as keyword arguments.

    Attributes:
        timeout: Seconds for the whole call: queue, retries, polling, body. Without it the
            client's `Timeouts` apply, and a transfer of a file ends only when it stalls.
        headers: Further request headers, e.g. a trace id; sent to the API's own origin only.
        is_repeatable: True lets a request be repeated after any temporary failure, also where
            that could do the work twice. False forbids what the endpoint itself would allow.
        on_reply: Called with each answer as it came, also one that is about to raise.
    """

    timeout: float | None
    headers: Mapping[str, str]
    is_repeatable: bool
    on_reply: Callable[[RawReply], object]
