"""The description that the emulator serves, and calls made up from it: never a 5xx but the documented 501."""

from __future__ import annotations

import ast
import csv
import random
import re
from pathlib import Path
from typing import Any

import pytest

from audiokit import emulator as emulator_package
from audiokit.emulator._routes import list_routes

LISTED = Path(__file__).parents[2] / "contract" / "coverage.csv"
MOUNTS = {"apiaudio-v1": "/apiaudio", "audiostack-v2": "/audiostack", "respeecher": "/respeecher"}
LISTENERS = {("/apiaudio/mastering", "parameters"), ("/apiaudio/speech", "parameters")}
"""Values for a listener stand in the query by names of the script's own."""
COMPOSED = {"introText", "mainText", "outroText"}
"""Names that are made of the names of sections."""

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
        named = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
        assert re.findall(r"{(\w+)}", path) == named
        for scheme in operation.get("security", []):
            assert set(scheme) <= set(found["components"]["securitySchemes"])
    missing = {
        path for (_, path), operation in operations.items() if operation["summary"].startswith("Not emulated")
    }
    assert {f"/{one['api']}{one['path']}" for one in list_routes() if not one["implemented"]} == missing


def fields_of(operation: dict[str, Any]) -> set[tuple[str, str]]:
    """Where and by which name an operation takes something, but for its path."""
    found = {(one["in"], one["name"]) for one in operation["parameters"] if one["in"] != "path"}
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        where = "form" if kind == "multipart/form-data" else "body"
        found |= {(where, name) for name in content.get("schema", {}).get("properties", {})}
    return found


async def test_it_names_every_field_of_the_vendors_lists(emulator: Any) -> None:
    """Of queries, bodies and forms; what lies inside objects is not told."""

    def bare(path: str) -> str:
        return re.sub(r"\{[^}]*\}", "{}", path)

    operations = {
        (method.upper(), bare(path)): operation
        for path, methods in (await described(emulator))["paths"].items()
        for method, operation in methods.items()
    }
    with LISTED.open(newline="") as file:
        rows = [
            row for row in csv.DictReader(file) if row["notes"].startswith(("in query", "in body", "in form"))
        ]
    wanted = [
        (row["method"], MOUNTS[row["api"]] + row["path"], row["notes"].split(";")[0][3:], row["param"])
        for row in rows
        if re.fullmatch(r"[$\w]+", row["param"])
    ]
    missing = [
        (method, path, where, name)
        for method, path, where, name in wanted
        if (method, bare(path)) in operations
        and (path, name) not in LISTENERS
        and (where, name) not in fields_of(operations[method, bare(path)])
    ]

    assert len(wanted) > 400
    assert [] == missing


async def test_it_names_nothing_that_no_handler_reads(emulator: Any) -> None:
    """Each name stands in the code that handles the calls of its API."""
    package = Path(emulator_package.__file__).parent
    unread = []
    for api in MOUNTS.values():
        folder = package / api.strip("/")
        files = [
            path for path in (*folder.glob("*.py"), *package.glob("*.py")) if path.name != "_described.py"
        ]
        nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text()))]
        words = {
            node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        for path, methods in (await described(emulator))["paths"].items():
            for operation in methods.values():
                if path.startswith(f"{api}/") and not operation["summary"].startswith("Not emulated"):
                    unread += [
                        (path, name) for _, name in fields_of(operation) if name not in words | COMPOSED
                    ]

    assert [] == unread


async def test_a_call_without_what_must_be_there_is_refused(emulator: Any) -> None:
    """Wherever the description says that something must, a call with none of it gets a 4xx."""
    headers = {"api-key": "k" * 40, "x-api-key": "k" * 40}
    asked = 0
    for path, methods in (await described(emulator))["paths"].items():
        for method, operation in methods.items():
            must = any(one["required"] for one in operation["parameters"] if one["in"] == "query")
            must = must or operation.get("requestBody", {}).get("required", False)
            if not must or operation["summary"].startswith("Not emulated"):
                continue
            asked += 1
            url = "http://127.0.0.1:8900" + re.sub(r"{\w+}", "00000000-0000-0000-0000-000000000001", path)
            reply = await emulator.client.request(
                method.upper(), url, headers=headers, json=None if method == "get" else {}
            )
            assert 400 <= reply.status_code < 500, (method, path, reply.status_code, reply.text[:300])

    assert asked > 50


async def test_it_says_how_each_operation_answers(emulator: Any) -> None:
    """Work that may outlast its call has 202, deletions without a body 204; any call may come too often."""
    paths = (await described(emulator))["paths"]
    good = {
        operation["operationId"]: [status for status in operation["responses"] if status < "3"]
        for methods in paths.values()
        for operation in methods.values()
    }
    all_statuses = [o["responses"] for methods in paths.values() for o in methods.values()]

    assert ["200", "202"] == good["apiaudio.Mastering.create.post"]
    assert ["204"] == good["audiostack.Files.delete.delete"]
    assert ["200"] == good["apiaudio.Script.create.post"]
    assert all("429" in statuses for statuses in all_statuses)


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
