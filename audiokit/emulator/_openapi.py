"""An OpenAPI description of what is served: every operation of the three APIs, for tools that read one.

It says where operations are, how to sign in and which answers to expect. Bodies are described only as far as
their kind: what belongs into them is the business of the vendors' documentation.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._http import JSONReply, access_of
from audiokit.emulator._unavailable import is_available, is_partly_available

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._http import Api

PATH = "/openapi.json"
"""Where it is served, without a key: it tells nothing about anybody's objects."""

_TYPED = re.compile(r"\{(\w+):\w+\}")
_FORMS = ("recordings.create", "calibration.create")
_PARTLY = {"description": "a field that is not emulated was given; the body says which and why"}
_SECURITY = {"apiaudio": ["x-api-key"], "audiostack": ["x-api-key"], "respeecher": ["api-key", "session"]}
_SCHEMES = {
    "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "api-key": {"type": "apiKey", "in": "header", "name": "api-key"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "session_id",
        "description": "from POST /api/login; the header X-Csrf-Token must come along",
    },
}


def description(apis: Iterable[Api]) -> dict[str, Any]:
    """Describe every route of some APIs, below their mounts."""
    paths: dict[str, dict[str, Any]] = {}
    for api in apis:
        for route in api.routes:
            path = f"/{api.name}" + _TYPED.sub("{\\g<1>}", route.path)
            for method in sorted((route.methods or set()) - {"HEAD"}):
                paths.setdefault(path, {})[method.lower()] = _operation(api, route, method)
    return {
        "openapi": "3.1.0",
        "info": {"title": "audiokit emulator", "version": "1", "description": __doc__},
        "paths": paths,
        "components": {"securitySchemes": _SCHEMES},
    }


def openapi_route(apis: Iterable[Api]) -> Route:
    """Make the route that serves the description."""
    described = description(apis)

    async def serve(_request: Request) -> Response:
        return JSONReply(described)

    return Route(PATH, serve, methods=["GET"])


def _operation(api: Api, route: Route, method: str) -> dict[str, Any]:
    is_there = is_available(route)
    operation: dict[str, Any] = {
        "operationId": f"{api.name}.{route.name}.{method.lower()}",
        "tags": [api.name],
        "summary": (inspect.getdoc(route.endpoint) or "").split("\n", maxsplit=1)[0]
        if is_there
        else "Not emulated: answers 501 and says why.",
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)(?::\w+)?}", route.path)
        ],
        "responses": _responses(api, is_there=is_there)
        | ({"501": _PARTLY} if is_partly_available(route) else {}),
    }
    access = access_of(route.endpoint)
    if access == "key":
        operation["security"] = [{scheme: []} for scheme in _SECURITY[api.name]]
    if (body := _body(route, method, is_upload=access == "signed")) is not None:
        operation["requestBody"] = body
    return operation


def _body(route: Route, method: str, *, is_upload: bool) -> dict[str, Any] | None:
    if method == "GET":
        return None
    if is_upload:
        return {"content": {"application/octet-stream": {}}, "required": True}
    if route.name in _FORMS:
        form = {"type": "object", "properties": {"data": {"type": "string", "format": "binary"}}}
        return {"content": {"multipart/form-data": {"schema": form}}, "required": True}
    return {"content": {"application/json": {"schema": {"type": "object"}}}, "required": False}


def _responses(api: Api, *, is_there: bool) -> dict[str, Any]:
    """Name the answers; those of errors have one shape in each API."""
    refusal = {"description": "refused; the body says what, why and what is allowed"}
    if not is_there:
        return {"403": refusal, "501": {"description": "not emulated; the body says why"}}
    done = {
        "200": {"description": "done"},
        "202": {"description": "being made; ask again"},
        "204": {"description": "done; there is nothing to say"},
    }
    if api.name == "respeecher":
        statuses = ("400", "401", "402", "403", "404", "413", "422", "429")
        return {"200": done["200"], **dict.fromkeys(statuses, refusal)}
    return {**done, **dict.fromkeys(("400", "402", "403", "404", "409", "413", "422", "500"), refusal)}
