"""Lists of v2, page by page: a token leads to the next page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from audiokit.emulator._http import HttpError
from audiokit.emulator.audiostack import _scripts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

    from audiokit.emulator._context import Context

T = TypeVar("T")

PAGE = 1000
"""Most objects in one answer."""

LEVELS = ("projectName", "moduleName", "scriptName")
"""Levels of the script tree, by which scripts and what is made of them can be listed."""

_TOKEN = re.compile(r"from-(\d{1,9})\Z")


def page_of(request: Request, items: Sequence[T]) -> tuple[list[T], dict[str, str]]:
    """Return the page that ``paginationToken`` asks for, and what leads to the next one, if there is one.

    Raises:
        HttpError: 400, a token that was never given out.
    """
    token = request.query_params.get("paginationToken", "")
    match = _TOKEN.match(token) if token else None
    if token and match is None:
        raise HttpError(400, f"paginationToken {token[:80]!r} is none that a list gave; leave it out")
    start = int(match[1]) if match else 0
    end = start + PAGE
    return list(items[start:end]), {"paginationToken": f"from-{end}"} if end < len(items) else {}


async def of_scripts(
    request: Request, context: Context, account: str, docs: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Keep what was made of scripts with the names that the query gives."""
    wanted = {name: request.query_params[name] for name in LEVELS if request.query_params.get(name)}
    if not wanted:
        return list(docs)
    scripts = await context.store.find(_scripts.KIND, account=account)
    fitting = {doc["scriptId"] for doc in scripts if fits(doc, wanted)}
    return [doc for doc in docs if doc["script_id"] in fitting]


def fits(doc: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Say whether a document has all the wanted values."""
    return all(doc[name] == value for name, value in wanted.items())
