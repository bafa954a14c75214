"""Answers that rows of several modules share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

ID = "00000000-0000-0000-0000-000000000001"
MOMENT = "2023-10-08T16:12:55.753Z"
AWARE = datetime(2023, 10, 8, 16, 12, 55, 753_000, tzinfo=UTC)
PAGING = {"count": 1, "limit": 0, "offset": 0}


def in_list(item: Any) -> dict[str, Any]:
    """The gateway's envelope around a list of one."""
    return {"list": [item], "pagination": PAGING}
