"""The emulator as one Starlette app: three APIs under their names over one context."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount

from audiokit.emulator import _progress
from audiokit.emulator._any_text import taking_any_text
from audiokit.emulator._context import Context
from audiokit.emulator._control import CONTROL
from audiokit.emulator._fault_layer import FaultLayer
from audiokit.emulator._http import Api, JSONReply, detail_shape, require_key, v1_shape, v2_shape
from audiokit.emulator._openapi import openapi_route
from audiokit.emulator._operations import Operations
from audiokit.emulator._settings import LOOPBACK_NAMES
from audiokit.emulator._unavailable import audiostack_routes as unavailable_in_audiostack
from audiokit.emulator.apiaudio import KINDS as APIAUDIO_KINDS
from audiokit.emulator.apiaudio import routes as apiaudio_routes
from audiokit.emulator.apiaudio._described import DESCRIBED as APIAUDIO_DESCRIBED
from audiokit.emulator.audiostack import KINDS as AUDIOSTACK_KINDS
from audiokit.emulator.audiostack import routes as audiostack_routes
from audiokit.emulator.audiostack._described import DESCRIBED as AUDIOSTACK_DESCRIBED
from audiokit.emulator.respeecher import admit as admit_respeecher
from audiokit.emulator.respeecher import authorise as authorise_respeecher
from audiokit.emulator.respeecher import recover as recover_respeecher
from audiokit.emulator.respeecher import routes as respeecher_routes
from audiokit.emulator.respeecher._described import DESCRIBED as RESPEECHER_DESCRIBED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from audiokit.emulator._settings import EmulatorSettings

APIS = (
    Api(
        name="apiaudio",
        routes=tuple(apiaudio_routes),
        shape=v1_shape,
        authorise=require_key,
        described=APIAUDIO_DESCRIBED,
    ),
    Api(
        name="audiostack",
        routes=(*unavailable_in_audiostack, *audiostack_routes),
        shape=v2_shape,
        authorise=require_key,
        described=AUDIOSTACK_DESCRIBED,
    ),
    Api(
        name="respeecher",
        routes=tuple(respeecher_routes),
        shape=detail_shape,
        authorise=authorise_respeecher,
        admit=admit_respeecher,
        described=RESPEECHER_DESCRIBED,
    ),
)
"""The APIs that are served, each under ``/<name>``."""

_ROUTES = {api.name: api.guarded_routes() for api in (*APIS, CONTROL)}
"""Made once: a request, not a route, knows its context."""

_OPENAPI = openapi_route(APIS)

OPERATIONS = Operations(APIS)
"""Their operations by name, for faults and counts."""


def create_app(settings: EmulatorSettings, *, context: Context | None = None) -> ASGIApp:
    """Make the emulator's ASGI app; store and workers open and close with its lifespan.

    Args:
        settings: What to listen on, keep and allow.
        context: Ready-made context, for a caller that opens it itself or brings its own workers; an open
            one stays open.

    Raises:
        ValueError: A fault of the settings fits no operation.
    """
    OPERATIONS.check(settings.faults)
    context = context or Context(settings)
    mounts = [
        taking_any_text(Mount(f"/{api.name}", app=_served(api, context), name=api.name))
        for api in (*APIS, CONTROL)
    ]

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        async with contextlib.nullcontext() if context.is_open else context:
            await recover(context)
            yield

    app = Starlette(
        routes=[_OPENAPI, *mounts],
        lifespan=lifespan,
        exception_handlers={404: _nothing_here},
    )
    app.router.redirect_slashes = False
    app.state.context = context
    return app if settings.allow_remote else HostCheck(app, allowed=LOOPBACK_NAMES | {settings.host})


async def recover(context: Context) -> None:
    """Take up what an earlier process left unfinished."""
    await _progress.recover(context, (*APIAUDIO_KINDS, *AUDIOSTACK_KINDS))
    await recover_respeecher(context)


def _served(api: Api, context: Context) -> Starlette:
    """Make the app of one API; faults happen to all but the control endpoints."""
    layers = [] if api is CONTROL else [_faults_of(api, context)]
    app = Starlette(
        routes=_ROUTES[api.name],
        middleware=layers,
        exception_handlers={HTTPException: api.http_exception_reply},
    )
    app.router.redirect_slashes = False  # a redirect would lose a POST's body; these APIs answer 404
    app.state.context = context
    app.state.operations = OPERATIONS
    return app


def _faults_of(api: Api, context: Context) -> Middleware:
    return Middleware(FaultLayer, api=api, context=context, operations=OPERATIONS)


async def _nothing_here(request: Request, _error: Exception) -> Response:
    """Answer a path outside the APIs, most often a base URL without its mount."""
    mounts = ", ".join(f"/{api.name}" for api in APIS)
    text = f"nothing at {request.scope['path']!r}; the APIs are below {mounts}"
    return JSONReply({"detail": text, "message": text}, status_code=404)


class HostCheck:
    """Refuses requests whose Host header names another machine (a web page may point its name at us)."""

    def __init__(self, app: ASGIApp, *, allowed: frozenset[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (host := _host_name(scope)) not in self._allowed:
            text = f"Host {host!r} is not served here; allowed: {', '.join(sorted(self._allowed))}"
            await JSONReply({"detail": text, "message": text}, status_code=421)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _host_name(scope: Scope) -> str | None:
    """Return the host of the Host header without its port, or None when there is none or it is malformed."""
    values = [value for name, value in scope["headers"] if name == b"host"]
    if len(values) != 1:
        return None
    try:
        return urlsplit(f"//{values[0].decode('latin-1')}").hostname
    except ValueError:
        return None
