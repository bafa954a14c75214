"""Public types of audiokit that belong to no single layer."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import Protocol, TypeAlias

import attrs

__all__ = ["AudioData", "Clock", "Progress", "ProgressCallback", "StrPath"]

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
