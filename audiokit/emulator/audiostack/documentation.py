"""Documentation: what the emulator does for a class of the official client."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from audiokit.emulator._http import HttpError
from audiokit.emulator.audiostack._envelope import envelope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from audiokit.emulator._http import Handler


def documentation_of(routes: Sequence[Route]) -> Handler:
    """Make the handler that describes *routes* by the class that has them, like ``mix``."""

    async def describe(request: Request) -> Response:
        """Say what the operations of a class do."""
        wanted = request.query_params.get("route", "").strip().lower()
        if not wanted:
            raise HttpError(400, "query parameter route is required: a class of the client, like 'mix'")
        by_class: dict[str, list[Route]] = {}
        for route in routes:
            by_class.setdefault(route.name.split(".")[-2].lower(), []).append(route)
        if wanted not in by_class:
            raise HttpError(404, f"route {wanted!r} not found; there are {', '.join(sorted(by_class))}")
        operations = [
            {
                "name": route.name,
                "method": ", ".join(sorted((route.methods or set()) - {"HEAD"})),
                "path": route.path,
                "description": inspect.getdoc(route.endpoint) or "Not emulated: answers 501 and says why.",
            }
            for route in by_class[wanted]
        ]
        return await envelope(request, {"route": wanted, "operations": operations}, message="documented")

    return describe
