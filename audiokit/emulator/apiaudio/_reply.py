"""Replies of v1: plain JSON, with warnings in a header that the official client logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator._http import HttpError, JSONReply
from audiokit.emulator._warnings import warning_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.datastructures import QueryParams


def reply(body: object, *, status: int = 200, warnings: Iterable[str] = ()) -> JSONReply:
    """Make a JSON reply; each warning becomes one quoted part of the ``Warning`` header."""
    response = JSONReply(body, status_code=status)
    if header := warning_header(warnings):
        response.headers["Warning"] = header
    return response


def check_filters(query: Mapping[str, str], allowed: Sequence[str]) -> None:
    """Refuse a filter that a list does not have.

    Raises:
        HttpError: 400, with the list's own error shape.
    """
    for name in query:
        if name not in allowed:
            text = f"filter {name!r} is not known; allowed: {', '.join(allowed)}"
            body: dict[str, Any] = {"message": text, "allowedFilteringParameters": list(allowed)}
            raise HttpError(400, text, body=body)


def words(query: QueryParams, name: str) -> list[str]:
    """Read a list of words in lower case: with commas, or, as clients send lists, one by one."""
    return [word.strip().lower() for word in ",".join(query.getlist(name)).split(",") if word.strip()]
