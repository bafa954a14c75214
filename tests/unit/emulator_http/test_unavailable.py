"""What cannot be emulated says so: 501 in the API's own shape, after the key was checked."""

from __future__ import annotations

from typing import Any

import pytest

from audiokit.emulator._app import APIS
from audiokit.emulator._routes import list_routes
from audiokit.emulator._unavailable import is_available

MISSING = [one for one in list_routes() if not one["implemented"]]


@pytest.mark.parametrize("operation", MISSING, ids=lambda one: one["name"])
async def test_it_answers_501_with_the_reason_and_costs_nothing(
    emulator: Any, operation: dict[str, Any]
) -> None:
    """Naming the operation, what is missing and what to do instead."""
    path = operation["path"].replace("{story_id}", "x").replace("{audioform_id}", "x")
    client = emulator.new_client({"x-api-key": "k" * 40}, api=operation["api"])
    reply = await client.request(operation["method"], path, json={"scriptId": "x"})
    body = reply.json()

    assert 501 == reply.status_code
    assert {"message", "errors"} == set(body)
    assert body["message"].startswith(f"{operation['name']} is not emulated: it ")
    assert "use the service itself" in body["message"]
    stranger = emulator.new_client(api=operation["api"])
    assert 403 == (await stranger.request(operation["method"], path)).status_code
    assert [] == emulator.work.calls


def test_everything_else_is_said_to_work() -> None:
    """Only what refuses is listed as missing, and of Respeecher and v1 nothing is."""
    assert {"audiostack"} == {one["api"] for one in MISSING}
    refusing = [route.name for api in APIS for route in api.routes if not is_available(route)]
    assert sorted(refusing) == sorted(one["name"] for one in MISSING)
