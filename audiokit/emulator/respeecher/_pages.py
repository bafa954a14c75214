"""Lists of the API: limit, offset, direction, and the envelope with the total count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audiokit.emulator.respeecher._fields import Fields


@attrs.frozen(kw_only=True)
class Page:
    """Which part of a list is wanted, and in which order."""

    limit: int
    offset: int
    descending: bool

    @classmethod
    def of(cls, fields: Fields, *, default: int, most: int) -> Page:
        """Read ``limit`` (0 to *most*), ``offset`` and ``direction`` (asc unless said)."""
        return cls(
            limit=fields.integer("limit", default=default, most=most),
            offset=fields.integer("offset", default=0),
            descending=fields.choice("direction", ("asc", "desc")) == "desc",
        )

    def cut(self, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Take the page out of all *items*, which are sorted already."""
        return self.envelope(items[self.offset : self.offset + self.limit], len(items))

    def envelope(self, items: Sequence[dict[str, Any]], count: int) -> dict[str, Any]:
        """Wrap one page; *count* is the number of all matches."""
        return {
            "list": list(items),
            "pagination": {"count": count, "limit": self.limit, "offset": self.offset},
        }
