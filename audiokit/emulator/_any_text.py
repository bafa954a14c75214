"""Paths whose parts are any text: Starlette's own patterns stop at a line break in an id or a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from starlette.routing import Mount, Route

    RouteT = TypeVar("RouteT", Route, Mount)


def taking_any_text(route: RouteT) -> RouteT:
    """Let a route take line breaks as it takes any other character, and end where the path ends."""
    pattern = route.path_regex.pattern.removesuffix("$") + r"\Z"
    route.path_regex = re.compile(pattern, re.DOTALL)
    return route
