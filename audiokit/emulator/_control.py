"""The emulator's own endpoints under ``/control``, for tests: what was done, and what happens next.

They need the control key, in the header ``x-control-key``, and are no part of the three APIs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._body import read_json
from audiokit.emulator._fault_layer import CONTROL_HEADER
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import Api, HttpError, JSONReply, context_of, detail_shape
from audiokit.emulator._submissions import forget_submissions, submissions
from audiokit.emulator.audiostack import credits_of as v2_credits
from audiokit.emulator.respeecher import credits_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._operations import Operations


async def counts(request: Request) -> Response:
    """Say what happened since the start or the last reset; submissions since the store was made."""
    context = context_of(request)
    found = await submissions(context.store)
    totals: dict[str, int] = {}
    for entry in found:
        totals[entry["operation"]] = totals.get(entry["operation"], 0) + entry["count"]
    tenants = {
        name: {"respeecher": await credits_of(context, name), "audiostack": await v2_credits(context, name)}
        for name in context.accounts.names
    }
    body = {
        **context.ledger.as_json(),
        "submitted": totals,
        "submissions": found,
        "credits": tenants,
        "virtual_s": round(context.pace.now(), 6),
        "background_tasks": context.busy,
    }
    return JSONReply(body)


async def reset(request: Request) -> Response:
    """Count anew; nothing else is forgotten."""
    context = context_of(request)
    context.ledger.reset()
    await forget_submissions(context.store)
    return JSONReply({"detail": "OK"})


async def operations(request: Request) -> Response:
    """List the operations with all names that faults and counts know them by."""
    known: Operations = request.app.state.operations
    return JSONReply(known.as_json())


async def settings(request: Request) -> Response:
    """Return what can be changed while the emulator runs."""
    return JSONReply(context_of(request).switches.as_json())


async def change_settings(request: Request) -> Response:
    """Change some of it."""
    context = context_of(request)
    try:
        known: Operations = request.app.state.operations
        context.switches.change(await read_json(request), check_faults=known.check)
    except ValueError as error:
        raise HttpError(422, str(error)) from None
    return JSONReply(context.switches.as_json())


async def tenants(request: Request) -> Response:
    """List the tenants with their keys and logins."""
    context = context_of(request)
    return JSONReply([_tenant(context.accounts.login(name), name) for name in context.accounts.names])


async def add_tenant(request: Request) -> Response:
    """Add a tenant; without a key it gets a random one."""
    context = context_of(request)
    fields = Fields(await read_json(request))
    name, key = fields.required_text("name"), fields.text("key")
    fields.refuse_unknown()
    try:
        login = context.accounts.add(name, key or None)
    except ValueError as error:
        raise HttpError(422, str(error)) from None
    return JSONReply(_tenant(login, name))


def require_control_key(request: Request) -> str:
    """Check the control key.

    Raises:
        HttpError: 403, it is missing or wrong.
    """
    key = request.headers.get(CONTROL_HEADER)
    if not context_of(request).is_control_key(key):
        said = "missing" if key is None else "wrong"
        raise HttpError(
            403,
            f"header {CONTROL_HEADER} is {said}; it is printed when the emulator starts and is no API key",
        )
    return "control"


def _tenant(login: Any, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "api_key": login.api_key,
        "respeecher_key": login.respeecher_key,
        "email": login.email,
        "password": login.password,
        "user_id": login.user_id,
    }


CONTROL = Api(
    name="control",
    routes=(
        Route("/counts", counts, methods=["GET"], name="counts"),
        Route("/reset", reset, methods=["POST"], name="reset"),
        Route("/operations", operations, methods=["GET"], name="operations"),
        Route("/settings", settings, methods=["GET"], name="settings"),
        Route("/settings", change_settings, methods=["PATCH"], name="change_settings"),
        Route("/tenants", tenants, methods=["GET"], name="tenants"),
        Route("/tenants", add_tenant, methods=["POST"], name="add_tenant"),
    ),
    shape=detail_shape,
    authorise=require_control_key,
)
"""Served beside the APIs; not listed among their routes."""
