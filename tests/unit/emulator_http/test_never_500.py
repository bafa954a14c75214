"""Whatever a client sends, it gets a refusal in the API's shape."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from audiokit.emulator._routes import list_routes

ROUTES = [(r["method"], r["path"]) for r in list_routes() if r["api"] == "respeecher"]
WRITES = [route for route in ROUTES if route[0] != "GET"]
ODD: list[Any] = [
    None,
    True,
    -1,
    1e308,
    "",
    "x" * 5000,
    "\x00",
    "../..",
    [],
    [[]],
    {},
    {"a": {}},
    ["\ud800"[:0]],
]
NAMES = [
    "name",
    "owner",
    "models",
    "project_id",
    "parent_folder_id",
    "label",
    "starred",
    "text",
    "text_language",
    "voice_id",
    "tts_voice_id",
    "recording_id",
    "original_id",
    "conversions",
    "calibration_id",
    "use_calibration",
    "favorite",
    "accent_id",
    "narration_style_id",
    "semitones_correction",
    "email",
    "password",
    "session_duration",
    "expires_at",
    "project_ids",
    "folder_ids",
]


def fill(path: str, value: str) -> str:
    """Put a value for every parameter of a path."""
    return re.sub(r"\{\w+\}", value, path)


async def reply_of(emulator: Any, method: str, path: str, **kwargs: Any) -> None:
    """Make a call, and check that it is answered properly."""
    reply = await emulator.client.request(method, path, **kwargs)
    assert reply.status_code < 500, f"{method} {path} {kwargs}: {reply.status_code} {reply.text}"
    if reply.status_code >= 400:
        assert "detail" in reply.json()
    # A session or key may have been ended by the call.
    emulator.client.headers["api-key"] = emulator.context.accounts.new_respeecher_key()


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_odd_values_in_bodies_are_refused(emulator: Any, method: str, path: str) -> None:
    """Every field with every odd value, in every call that takes a body."""
    target = fill(path, str(uuid.uuid4()))
    for value in ODD:
        await reply_of(emulator, method, target, json=dict.fromkeys(NAMES, value))
        await reply_of(emulator, method, target, json=value)
    await reply_of(emulator, method, target, content=b"\xff\x00{")
    await reply_of(emulator, method, target, content=b"[" * 100_000)
    await reply_of(emulator, method, target, content=b'{"name": "\\ud800"}')


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_odd_ids_and_queries_are_refused(emulator: Any, method: str, path: str) -> None:
    """In paths and in every query parameter."""
    for value in ("%00", "%2e%2e", "x" * 3000, "%ff", "'; DROP TABLE docs; --", "{id}", "é"):
        await reply_of(emulator, method, fill(path, value))
    names = ["limit", "offset", "direction", "sort", "search", "starred_only", "project_url", "gender"]
    target = fill(path, str(uuid.uuid4()))
    for odd in ("", "-1", "1e9", "9" * 30, "\x00", "' OR 1=1", "٣", "é" * 100):
        await reply_of(emulator, method, target, params=dict.fromkeys([*names, *NAMES, "folder_id"], odd))


async def test_odd_headers_are_refused(emulator: Any) -> None:
    """Keys, cookies and content types that no client sends."""
    for headers in (
        {"api-key": "\u00e9".encode("latin-1")},
        {"cookie": b"session_id=\xff; session_id"},
        {"cookie": ";;;=;", "x-csrf-token": ""},
    ):
        async with emulator.new_client() as client:
            assert 401 == (await client.get("/api/credits", headers=headers)).status_code
    for content_type in (
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 300,
        ";",
        "",
    ):
        headers = {"content-type": content_type}
        await emulator.refused(400, "POST", "/api/recordings", content=b"x", headers=headers)


@pytest.mark.parametrize("depth", [300, 1000])
async def test_deeply_nested_bodies_are_422(emulator: Any, depth: int) -> None:
    """Known and unknown fields alike."""
    for field in ("name", "models", "unknown"):
        content = b'{"name": "a", "%s": %s}' % (field.encode(), b"[" * depth + b"]" * depth)
        await emulator.refused(422, "POST", "/api/projects", content=content)


@pytest.mark.parametrize(
    ("path", "field"),
    [("/api/projects", "owner"), ("/api/projects", "models"), ("/api/v2/orders", "conversions")],
)
async def test_refusals_do_not_echo_large_values(emulator: Any, path: str, field: str) -> None:
    """A wrong value of a megabyte is shown by its beginning."""
    reply = await emulator.client.post(path, json={"name": "a", field: "x" * 1_000_000})

    assert (422, True) == (reply.status_code, len(reply.content) < 2000)
