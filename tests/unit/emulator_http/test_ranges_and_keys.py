"""Ranges that cannot be had, and keys that no header can carry."""

from __future__ import annotations

from typing import Any

import pytest

from audiokit.emulator._settings import EmulatorSettings


@pytest.mark.parametrize(
    "value", ["items=0-1", "bytes=5-2", "bytes=-", "bytes=", "bytes=a-b", "5-", "bytes=1-,x"]
)
async def test_a_range_that_cannot_be_read_is_refused_in_the_apis_shape(emulator: Any, value: str) -> None:
    """400 as JSON, with the value."""
    url = (await emulator.original())["url"]
    reply = await emulator.client.get(url, headers={"range": value})

    assert (400, "application/json") == (reply.status_code, reply.headers["content-type"])
    assert reply.json()["detail"].startswith(f"Range {value!r} cannot be read")


@pytest.mark.parametrize("value", ["bytes=99999999-", "bytes=0-1,99999999-99999999", "bytes=-0"])
async def test_a_range_outside_the_file_is_refused_in_the_apis_shape(emulator: Any, value: str) -> None:
    """416 as JSON, with the size in Content-Range."""
    url = (await emulator.original())["url"]
    size_bytes = len((await emulator.client.get(url)).content)
    reply = await emulator.client.get(url, headers={"range": value})

    assert (416, f"bytes */{size_bytes}") == (reply.status_code, reply.headers["content-range"])
    assert f"is outside the {size_bytes} bytes" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("value", "status"),
    [("bytes=0-3", 206), ("BYTES=-4", 206), ("bytes=0-1, 4-5", 206), ("bytes=0-999999999", 206)],
)
async def test_good_ranges_are_served(emulator: Any, value: str, status: int) -> None:
    """As before."""
    url = (await emulator.original())["url"]
    assert status == (await emulator.client.get(url, headers={"range": value})).status_code


async def test_a_bad_range_of_another_content_is_not_looked_at(emulator: Any) -> None:
    """If-Range names what the client has; who has something else gets the whole file."""
    url = (await emulator.original())["url"]
    headers = {"range": "bytes=99999999-", "if-range": '"another"'}
    assert 200 == (await emulator.client.get(url, headers=headers)).status_code


@pytest.mark.parametrize("key", ["k\n" + "k" * 40, "é" * 40, "a b" * 20, "k" * 40 + "\n", "k" * 40 + "\x7f"])
async def test_a_key_that_no_header_carries_is_refused(emulator: Any, key: str) -> None:
    """By the control endpoint and by the settings; the message does not repeat it."""
    client = emulator.new_client({"x-control-key": emulator.context.control_key}, api="control")
    reply = await client.post("/tenants", json={"name": "acme", "key": key})

    assert (422, False) == (reply.status_code, key in reply.text)
    assert "the key of 'acme' may hold printable ASCII characters only" in reply.json()["detail"]
    with pytest.raises(ValueError, match="api_key may hold printable ASCII"):
        EmulatorSettings(api_key=key)
