"""An OpenAPI description of what is served: every operation of the three APIs, for tools that read one.

It says where operations are, what they take, how to sign in and which answers to expect. Fields are described
one level deep: what belongs into objects and lists is the business of the vendors' documentation.
"""

from __future__ import annotations

import functools
import inspect
import re
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._described import Described, fields
from audiokit.emulator._http import JSONReply, access_of
from audiokit.emulator._unavailable import is_available, is_partly_available

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._described import Field
    from audiokit.emulator._http import Api

PATH = "/openapi.json"
"""Where it is served, without a key: it tells nothing about anybody's objects."""

_TYPED = re.compile(r"\{(\w+):\w+\}")
_NOTHING = Described()
_DONE = {
    200: "done",
    202: "being made; ask again",
    204: "done; there is nothing to say",
    206: "a part of the file, as the header Range asked for",
    416: "the file has no such part",
}
_REFUSALS = {
    False: ("400", "402", "403", "404", "409", "413", "422", "429", "500"),
    True: ("400", "401", "402", "403", "404", "413", "422", "429"),
}
"""Whether it is the Voice Marketplace -> statuses."""
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
    """Make the route that serves the description, made when it is first asked for."""
    described = functools.cache(lambda: description(apis))

    async def serve(_request: Request) -> Response:
        return JSONReply(described())

    return Route(PATH, serve, methods=["GET"])


def _operation(api: Api, route: Route, method: str) -> dict[str, Any]:
    is_there, described = is_available(route), api.described.get(route.name, _NOTHING)
    operation: dict[str, Any] = {
        "operationId": f"{api.name}.{route.name}.{method.lower()}",
        "tags": [api.name],
        "summary": (inspect.getdoc(route.endpoint) or "").split("\n", maxsplit=1)[0]
        if is_there
        else "Not emulated: answers 501 and says why.",
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)(?::\w+)?}", route.path)
        ]
        + [
            {"name": field.name, "in": "query", "required": field.required, "schema": field.schema}
            for field in fields(described.query)
        ],
        "responses": _responses(api, described, is_there=is_there)
        | ({"501": _PARTLY} if is_partly_available(route) else {}),
    }
    access = access_of(route.endpoint)
    if access == "key":
        operation["security"] = [{scheme: []} for scheme in _SECURITY[api.name]]
    if (body := _body(described, method, is_upload=access == "signed")) is not None:
        operation["requestBody"] = body
    return operation


def _body(described: Described, method: str, *, is_upload: bool) -> dict[str, Any] | None:
    if method == "GET":
        return None
    if is_upload:
        return {"content": {"application/octet-stream": {}}, "required": True}
    for kind, line in (("multipart/form-data", described.form), ("application/json", described.body)):
        if taken := fields(line):
            required = [field.name for field in taken if field.required]
            schema: dict[str, Any] = {"type": "object", "properties": dict(map(_property, taken))}
            if required:
                schema["required"] = required
            return {"content": {kind: {"schema": schema}}, "required": bool(required)}
    return None


def _property(field: Field) -> tuple[str, dict[str, Any]]:
    """Describe a field of a body; one that may be left out may be null as well."""
    schema = field.schema
    if not field.required and "type" in schema:
        schema["type"] = [schema["type"], "null"]
    return field.name, schema


def _responses(api: Api, described: Described, *, is_there: bool) -> dict[str, Any]:
    """Name the answers; those of errors have one shape in each API, and are more than any call can have."""
    refusal = {"description": "refused; the body says what, why and what is allowed"}
    if not is_there:
        return {"403": refusal, "429": refusal, "501": {"description": "not emulated; the body says why"}}
    done = {str(status): {"description": _DONE[status]} for status in described.statuses}
    return {**done, **dict.fromkeys(_REFUSALS[api.name == "respeecher"], refusal)}
