"""Calls of several steps: each has what is left of the time, the options, and the request it follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import respx

from audiokit import AudioKit
from audiokit.errors import CallTimeout
from audiokit.testing import FakeClock
from audiokit.transport import Reply

Wire = Callable[..., list[Any]]

PROJECT = {"id": "p", "name": "n"}
URL = "https://files.example/t.wav"


async def test_options_of_a_new_project_are_for_both_steps(kit: AudioKit, wire: Wire) -> None:
    """Who the owner is, is asked with the caller's headers, and the caller sees both answers."""
    sent = wire(httpx.Response(200, json={"id": "u"}), httpx.Response(200, json=PROJECT))
    seen: list[Any] = []
    await kit.respeecher.projects.create("n", headers={"x-trace": "t"}, on_reply=seen.append)
    assert ["t", "t"] == [one.headers["x-trace"] for one in sent]
    assert [{"id": "u"}, PROJECT] == [reply.json() for reply in seen]


async def test_timeout_of_a_new_project_is_for_both_steps(
    kit: AudioKit, wire: Wire, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second step gets what the first has left."""
    wire(httpx.Response(200, json={"id": "u"}), httpx.Response(200, json=PROJECT))
    fetch = kit.respeecher.projects._transport.fetch
    limits: list[float | None] = []

    async def slow(call: Any) -> Reply:
        limits.append(call.timeout_s)
        clock.advance(3)
        return await fetch(call)

    monkeypatch.setattr(kit.respeecher.projects._transport, "fetch", slow)
    await kit.respeecher.projects.create("n", timeout=10)
    assert [10, 7] == limits


async def test_owner_who_is_not_told_in_time_ends_the_call(
    kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """A call that hangs in its first step ends at its own timeout."""

    async def hang(_: httpx.Request) -> httpx.Response:
        await anyio.sleep(60)
        return httpx.Response(200)

    respx_mock.route().mock(side_effect=hang)
    with pytest.raises(CallTimeout):
        await kit.respeecher.projects.create("n", timeout=0.05)


async def test_master_is_followed_by_the_request_that_made_it(kit: AudioKit, wire: Wire) -> None:
    """A 202 names its request, and that one is asked for: there may be others of the same script."""
    sent = wire(
        httpx.Response(202, json={"message": "working", "requestId": "q-9"}),
        httpx.Response(202, json={"message": "working", "requestId": "q-9"}),
        httpx.Response(200, json={"url": URL}),
    )
    await kit.apiaudio.mastering.create_and_wait("s")
    assert [[], ["q-9"], ["q-9"]] == [
        [value for name, value in one.query if name == "requestId"] for one in sent
    ]


@pytest.mark.parametrize(
    "call",
    [
        lambda kit, _: kit.apiaudio.mastering.wait("s", request_id="q-9"),
        lambda kit, to: kit.apiaudio.mastering.download("s", to, request_id="q-9"),
    ],
)
async def test_one_request_can_be_waited_for(
    call: Callable[[AudioKit, Path], Awaitable[Any]], kit: AudioKit, wav: bytes, wire: Wire, tmp_path: Path
) -> None:
    """`wait` and `download` take what `retrieve` takes."""
    sent = wire(httpx.Response(200, json={"url": URL}), httpx.Response(200, content=wav))
    await call(kit, tmp_path)
    assert ("requestId", "q-9") in sent[0].query
