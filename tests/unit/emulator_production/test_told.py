"""Who wants to be told of the end of work is told, also when the emulator dies before it got round to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from audiokit.emulator import _callbacks
from audiokit.emulator._app import create_app, recover
from audiokit.emulator._context import Context
from audiokit.emulator._settings import EmulatorSettings

KEY = "k" * 40
Run = Callable[[], AbstractAsyncContextManager[tuple[httpx.AsyncClient, Context]]]


@pytest.fixture
def run(emulator: Any, tmp_path: Path) -> Run:
    """Runs an emulator on one data folder; its end in a call is a death as the store sees it."""

    @asynccontextmanager
    async def started() -> AsyncIterator[tuple[httpx.AsyncClient, Context]]:
        settings = EmulatorSettings(data=tmp_path / "kept", hold_s=5.0, api_key=KEY)
        context = Context(settings, work=emulator.work)
        transport = httpx.ASGITransport(app=create_app(settings, context=context))
        base, headers = "http://127.0.0.1/apiaudio", {"x-api-key": KEY}
        async with (
            context,
            httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client,
        ):
            await recover(context)
            yield client, context

    return started


class Receivers:
    """Stands in for all receivers of webhooks."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.hang: set[str] = set()
        self.reached = asyncio.Event()

    async def call(self, _context: Context, url: str, _body: bytes, *, secret: str) -> bool:
        """Take a call, or keep it waiting for ever."""
        assert secret
        if url in self.hang:
            self.reached.set()
            await asyncio.Event().wait()
        self.told.append(url)
        return True


@pytest.fixture
def receivers(monkeypatch: pytest.MonkeyPatch) -> Receivers:
    """Receivers on this machine."""
    made = Receivers()
    monkeypatch.setattr(_callbacks, "call", made.call)
    return made


HOOK, FIRST, SECOND = (f"http://127.0.0.1:9/{name}" for name in ("hook", "first", "second"))


async def order(client: httpx.AsyncClient, **fields: Any) -> None:
    """Order a master."""
    await client.post("/script", json={"scriptText": "Hello.", "scriptId": "mine"})
    await client.post("/speech", json={"scriptId": "mine"})
    made = await client.post("/mastering", json={"scriptId": "mine", "soundTemplate": "lofi", **fields})
    assert 200 == made.status_code, made.text


async def test_a_webhook_that_was_under_way_is_sent_by_the_next_process(
    run: Run, receivers: Receivers
) -> None:
    """And by the one after that no more."""
    receivers.hang = {HOOK}
    async with run() as (client, _):
        await order(client, callback_url=HOOK)
        await receivers.reached.wait()
    receivers.hang = set()
    for _ in range(2):
        async with run() as (_, context):
            await context.idle()

    assert [HOOK] == receivers.told


async def test_connectors_that_have_got_nothing_get_it_from_the_next_process(
    run: Run, receivers: Receivers
) -> None:
    """Those that had it already are left alone."""
    connectors = [{"name": "one", "url": FIRST}, {"name": "two", "url": SECOND}]
    receivers.hang = {SECOND}
    async with run() as (client, _):
        await order(client, connectors=connectors)
        await receivers.reached.wait()
        between = (await client.get("/connector/two")).json()["message"]
    receivers.hang = set()
    async with run() as (client, context):
        await context.idle()
        after = (await client.get("/connector/two")).json()["message"]

    assert [FIRST, SECOND] == receivers.told
    assert ("connector two: last pending", "connector two: last delivered") == (between, after)


async def test_a_master_that_was_deleted_while_it_was_told_of_is_no_fault(
    run: Run, receivers: Receivers, caplog: pytest.LogCaptureFixture
) -> None:
    """There is nothing left to note."""
    told = receivers.call

    async def delete_first(context: Context, url: str, body: bytes, *, secret: str) -> bool:
        for doc in await context.store.find("v1.master", account="default"):
            await context.store.delete("v1.master", doc["id"], account="default")
        return await told(context, url, body, secret=secret)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_callbacks, "call", delete_first)
        async with run() as (client, context):
            await order(client, callback_url=HOOK)
            await context.idle()

    assert [HOOK] == receivers.told
    assert "" == caplog.text
