"""The description that the emulator serves, and calls made up from it: never a 5xx but the documented 501."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from audiokit.emulator._routes import list_routes

ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1e300,
    "",
    "x" * 3000,
    "\x00",
    "../..",
    "\u202e",
    "💥",
    [],
    {},
    [[{}]],
    {"a": [1]},
]
NAMES = [
    "scriptId",
    "scriptText",
    "version",
    "versions",
    "audience",
    "sections",
    "voice",
    "speed",
    "soundTemplate",
    "mediaFiles",
    "endFormat",
    "forceLength",
    "sectionProperties",
    "public",
    "vast",
    "callback_url",
    "templateName",
    "segmentName",
    "mediaId",
    "speechId",
    "fileName",
    "masteringPreset",
    "timelineProperties",
    "metadata",
    "name",
    "project_id",
    "parent_folder_id",
    "text",
    "label",
    "models",
    "original_id",
    "conversions",
    "starred",
    "recording_id",
    "calibration_id",
    "voice_id",
    "accent_id",
    "semitones_correction",
    "project_ids",
    "favorite",
]


async def described(emulator: Any) -> dict[str, Any]:
    """The description as it is served."""
    reply = await emulator.client.get("http://127.0.0.1:8900/openapi.json", headers={"api-key": ""})
    assert 200 == reply.status_code
    found: dict[str, Any] = reply.json()
    return found


def ways(path: str) -> list[str]:
    """The path of an operation, without and with the part that stands in brackets."""
    start, bracket, end = path.partition("[")
    return [start, start + end.removesuffix("]")] if bracket else [path]


async def test_it_lists_every_route_and_nothing_else(emulator: Any) -> None:
    """Below the mounts, with a summary, the path's parameters, and its security."""
    found = await described(emulator)
    operations = {
        (method.upper(), path): operation
        for path, methods in found["paths"].items()
        for method, operation in methods.items()
    }
    wanted = {(one["method"], f"/{one['api']}{path}") for one in list_routes() for path in ways(one["path"])}
    ids = [operation["operationId"] for operation in operations.values()]

    assert wanted == set(operations)
    assert len(ids) == len(set(ids))
    for (_, path), operation in operations.items():
        assert operation["summary"].endswith("."), operation
        named = [one["name"] for one in operation["parameters"]]
        assert re.findall(r"{(\w+)}", path) == named
        for scheme in operation.get("security", []):
            assert set(scheme) <= set(found["components"]["securitySchemes"])
    missing = {
        path for (_, path), operation in operations.items() if operation["summary"].startswith("Not emulated")
    }
    assert {f"/{one['api']}{one['path']}" for one in list_routes() if not one["implemented"]} == missing


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.heavy) for seed in (1, 2))])
async def test_calls_made_up_from_it_are_answered_as_it_says(emulator: Any, seed: int) -> None:
    """Odd values in paths, queries and bodies: only answers that it names, and no 5xx but 501."""
    draw = random.Random(seed)
    found = await described(emulator)
    key = "k" * 40
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            for _ in range(4):
                target = re.sub(
                    r"{\w+}", lambda _match: draw.choice(["x", "1", "%00", "a%2Fb", "..%2f", "é"]), path
                )
                body = {name: draw.choice(ODD) for name in draw.sample(NAMES, 8)}
                query = {name: str(draw.choice(ODD))[:200] for name in draw.sample(NAMES, 3)}
                reply = await emulator.client.request(
                    method.upper(),
                    f"http://127.0.0.1:8900{target}",
                    params=query,
                    json=None if method == "get" else body,
                    headers={"api-key": key, "x-api-key": key},
                )
                shown = (method, target, query, body, reply.status_code, reply.text[:500])
                assert str(reply.status_code) in {*operation["responses"], "404", "405"}, shown
                assert reply.status_code < 500 or reply.status_code == 501, shown
                key = emulator.context.accounts.api_key
                if emulator.context.accounts.respeecher_key != key:  # a call has replaced or deleted it
                    emulator.context.accounts.login("default").respeecher_key = key
    await emulator.context.idle()
