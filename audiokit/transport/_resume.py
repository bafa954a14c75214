"""Pure: whether a download that broke off can go on where it stopped, and whether an answer does so."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import attrs

from audiokit.transport._origin import origin_of

_STRONG_TAG: Final = re.compile(r'"[\x21\x23-\x7e]{0,1000}"')
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.IGNORECASE | re.ASCII)
_OWN_RANGE: Final = frozenset({"range", "if-range"})


def asks_for_a_part(headers: Mapping[str, str]) -> bool:
    """Whether the caller's own *headers* ask for a range, so that a part is what they want."""
    return any(name.lower() in _OWN_RANGE for name in headers)


@attrs.frozen(kw_only=True)
class Continuation:
    """What the answer that broke off said, as far as it is needed to go on.

    Attributes:
        total_bytes: Size of the whole file.
        field: Header that names the version of the file: ``etag`` or ``last-modified``.
        version: Its value.
    """

    total_bytes: int
    field: str
    version: str

    @classmethod
    def offered(cls, status: int, headers: Mapping[str, str], size_bytes: int | None) -> Continuation | None:
        """What a first answer allows, or None when only a new start is safe.

        It must be a plain 200 with a length, and name its version beyond doubt: by a strong ETag, or without
        any ETag by a Last-Modified at least a second before its Date (RFC 9110, 8.8.2.2).
        """
        if status != 200 or size_bytes is None or headers.get("accept-ranges", "").strip().lower() == "none":
            return None
        tag = headers.get("etag")
        if tag is not None:
            if not _STRONG_TAG.fullmatch(tag.strip()):
                return None
            return cls(total_bytes=size_bytes, field="etag", version=tag.strip())
        changed, sent = _moment(headers.get("last-modified")), _moment(headers.get("date"))
        if changed is None or sent is None or (sent - changed).total_seconds() < 1:
            return None
        return cls(total_bytes=size_bytes, field="last-modified", version=headers["last-modified"].strip())

    def headers(self, start: int) -> dict[str, str]:
        """Headers that ask for everything from byte *start*, if the file is still the same."""
        return {"range": f"bytes={start}-", "if-range": self.version}

    def objection(self, headers: Mapping[str, str], size_bytes: int | None, start: int) -> str | None:
        """Why a 206 cannot be added to what is there, or None when it can.

        It must be the rest from byte *start* to the end of a file of the same size, and name the same
        version again: a server may have passed over If-Range.

        Args:
            headers: Of the 206.
            size_bytes: Length of its body, where it is announced.
            start: The byte that was asked for.
        """
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            return "the rest came packed"
        found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
        if found is None:
            return f"the rest came with Content-Range {headers.get('content-range')!r}"
        first, last, total = (int(one) for one in found.groups())
        if total != self.total_bytes:
            return f"the file has {total} bytes now and had {self.total_bytes}"
        if (first, last) != (start, total - 1):
            return f"bytes {first} to {last} came, {start} to {total - 1} were asked for"
        if size_bytes is not None and size_bytes != total - start:
            return f"{size_bytes} bytes were announced for the last {total - start}"
        version = headers.get(self.field, "").strip()
        if version != self.version:
            return f"the rest is of {self.field} {version!r}, the beginning of {self.version!r}"
        return None


def is_same_origin(url: str, other: str) -> bool:
    """Whether two absolute URLs lead to the same scheme, host and port."""
    return origin_of(url) == origin_of(other)


def is_whole(headers: Mapping[str, str]) -> bool:
    """Whether a 206 that nobody asked for holds the whole file all the same."""
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    return found is not None and int(found[1]) == 0 and int(found[2]) == int(found[3]) - 1


def _moment(value: str | None) -> datetime | None:
    """An HTTP date; None when there is none, or it cannot be read."""
    try:
        moment = email.utils.parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
