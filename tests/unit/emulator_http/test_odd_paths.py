"""Ids and names in paths are any text: each reaches its operation, which answers in its API's shape."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from audiokit.emulator._routes import list_routes

TAKES_TEXT = [one for one in list_routes() if "{" in one["path"]]


@pytest.mark.parametrize("text", ["a\nb", "a\n", "\r\n", "\x00", "\u2028"], ids=repr)
async def test_a_path_of_odd_characters_reaches_its_operation(emulator: Any, text: str) -> None:
    """Line breaks, too, where Starlette's own patterns stop; the ledger shows who answered."""
    ledger = emulator.context.ledger
    assert TAKES_TEXT
    for one in TAKES_TEXT:
        parts = one["path"].partition("[")[0].split("/")
        path = "/".join(quote(text) if "{" in part else part for part in parts)
        client = emulator.new_client({"x-api-key": "k" * 40, "api-key": "k" * 40}, api=one["api"])
        ledger.reset()
        reply = await client.request(one["method"], path)

        answered = ledger.as_json()["calls"]
        assert {one["api"]: {one["name"]: {str(reply.status_code): 1}}} == answered, f"{one}: {reply.text}"
        assert 500 != reply.status_code, one


async def test_a_line_break_behind_a_path_is_part_of_it(emulator: Any) -> None:
    """What follows the last name is no other spelling of that name."""
    client = emulator.new_client({"x-api-key": "k" * 40}, api="apiaudio")

    assert 200 == (await client.get("/script/list_projects")).status_code
    assert 404 == (await client.get("/script/list_projects%0A")).status_code
    assert 404 == (await client.get("/voice%0A")).status_code
