"""Connector: where masters are handed on to, and how far that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.emulator._http import HttpError, account_of, context_of
from audiokit.emulator.apiaudio import _connections
from audiokit.emulator.apiaudio._reply import reply

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def retrieve(request: Request) -> Response:
    """Say what came of the newest handing-on to a connector; one that was never used is not known."""
    name = request.path_params["name"]
    connections = await context_of(request).store.find(
        _connections.KIND, account=account_of(request), newest_first=True
    )
    for connection in connections:
        for target in connection["targets"]:
            if target["connector"].casefold() == name.strip().casefold():
                return reply({"message": f"connector {target['connector']}: last {target['status']}"})
    raise _missing(f"connector {name!r} was never used; name it in connectors of POST /mastering")


async def connection(request: Request) -> Response:
    """Say how far the handing-on of a master is, by connector."""
    connection_id = request.path_params["connection_id"]
    found = await context_of(request).store.get(_connections.KIND, connection_id, account=account_of(request))
    if found is None:
        raise _missing(f"connectionId {connection_id!r} not found")
    return reply(
        [
            {"connectionId": connection_id, "status": target["status"], "connector": target["connector"]}
            for target in found["targets"]
        ]
    )


def _missing(text: str) -> HttpError:
    return HttpError(404, text, body={"error": text})
