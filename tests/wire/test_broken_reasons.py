"""Answers that say no and break off: the no stands, whichever way the call reads its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from audiokit import ApiAccess, ApiKey, AudioKit, RetryPolicy
from audiokit.errors import ApiError, AuthenticationError, ConnectionLost, NotFound
from audiokit.testing import FakeClock
from audiokit.transport import Call, Retry

Ask = Callable[[AudioKit, Path], Awaitable[object]]


async def _fetch(kit: AudioKit, _: Path) -> object:
    return await kit.respeecher.request("GET", "/r-1")


async def _download(kit: AudioKit, folder: Path) -> object:
    return await kit.respeecher.recordings.download("r-1", folder)


async def _stream(kit: AudioKit, _: Path) -> object:
    async with kit.respeecher.recordings.stream("r-1") as chunks:
        return [chunk async for chunk in chunks]


def _kit(server: Any) -> AudioKit:
    access = ApiAccess(base_url=server.base_url, credentials=ApiKey("k"))
    return AudioKit(respeecher=access, clock=FakeClock(), retry=RetryPolicy(attempts=3))


async def _cut(exchange: Any) -> None:
    await exchange.reply(404, b'{"detail":"no', announce=100)
    exchange.hang_up()


async def _packed(exchange: Any) -> None:
    await exchange.reply(403, b"\x00\x01broken", content_encoding="br")


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [(_cut, NotFound, 'HTTP 404: \'{"detail":"no'), (_packed, AuthenticationError, "HTTP 403: no explan")],
    ids=["cut", "cannot be unpacked"],
)
@pytest.mark.parametrize("ask", [_fetch, _download, _stream])
async def test_no_whose_reason_does_not_arrive_is_a_no(
    ask: Ask, answer: Any, kind: type[ApiError], said: str, serve: Any, tmp_path: Path
) -> None:
    """Its status tells what to do; it is not asked for again."""
    server = await serve(answer)
    async with _kit(server) as kit:
        with pytest.raises(kind, match=said):
            await ask(kit, tmp_path)
    assert 1 == len(server.requests)
    assert [] == list(tmp_path.iterdir())


async def test_yes_that_breaks_off_while_it_is_read_is_lost(serve: Any, connect: Any) -> None:
    """Only a no stands without its body."""

    async def answer(exchange: Any) -> None:
        await exchange.reply(200, b"half", announce=100)
        exchange.hang_up()

    call = Call(api="respeecher", operation="x.get", method="GET", url="/a", retry=Retry.SAFE)
    async with connect(await serve(answer)) as transport, transport.stream(call) as reply:
        with pytest.raises(ConnectionLost, match="no complete answer"):
            await reply.read(1000)
