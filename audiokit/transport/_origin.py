"""Where a URL leads: its scheme, host and port."""

from __future__ import annotations

import functools
from typing import Protocol
from urllib.parse import urlsplit

Origin = tuple[str, str, int]


class Address(Protocol):
    """A parsed URL, the standard library's or httpx's."""

    @property
    def scheme(self) -> str:
        """In lower case."""
        ...

    @property
    def port(self) -> int | None:
        """Where it is named."""
        ...


def port_of(url: Address) -> int:
    """The port named, or else the scheme's own."""
    return url.port or (443 if url.scheme == "https" else 80)


@functools.lru_cache(maxsize=256)
def origin_of(url: str) -> Origin:
    """Scheme, host and port.

    Raises:
        ValueError: It is no URL.
    """
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), port_of(parts)


def origin_or_none(url: str) -> Origin | None:
    """As `origin_of`; None for what is no URL."""
    try:
        return origin_of(url)
    except ValueError:
        return None


def host_and_port(url: str) -> str:
    """``host:port``, empty for what is no URL."""
    origin = origin_or_none(url)
    return "" if origin is None else f"{origin[1]}:{origin[2]}"
