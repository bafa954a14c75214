"""Calls that go through a proxy: what certainly never left is sent again, whatever it costs."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from audiokit import ApiAccess, ApiKey, AudioKit, Network, RetryPolicy, Timeouts
from audiokit.errors import ConnectionFailed, OutcomeUnknown
from audiokit.testing import FakeClock

TLS = Path(__file__).parents[1] / "faults" / "tls"


def _kit(base_url: str, proxy: str, *, stall_s: float = 5.0) -> AudioKit:
    return AudioKit(
        respeecher=ApiAccess(base_url=base_url, credentials=ApiKey("net-key")),
        network=Network(proxy=proxy, tls=TLS / "ca.pem"),
        timeouts=Timeouts(stall_s=stall_s),
        retry=RetryPolicy(attempts=2),
        clock=FakeClock(),
    )


@pytest.mark.parametrize("said", [b"", b"garbage\r\n\r\n", None, b"HTTP/1.1 200 Connected\r\n\r\n"])
async def test_costly_call_whose_tunnel_fails_is_sent_again(said: bytes | None, serve: Any) -> None:
    """The proxy hangs up, talks nonsense, is silent, or what is behind it speaks no TLS."""

    async def answer(exchange: Any) -> None:
        assert "CONNECT" == exchange.method
        if said is None:
            await asyncio.sleep(5)
        exchange.writer.write(said)
        exchange.hang_up()

    server = await serve(answer)
    stall_s = 0.05 if said is None else 5.0
    async with _kit("https://api.example", server.base_url, stall_s=stall_s) as kit:
        with pytest.raises(ConnectionFailed, match="in 2 attempts"):
            await kit.respeecher.request("POST", "/x", json={})
    assert 2 == len(server.requests)


async def test_costly_call_that_the_proxy_has_is_not_sent_again(serve: Any) -> None:
    """Whether it went on from there is open."""

    async def answer(exchange: Any) -> None:
        await exchange.body()
        exchange.hang_up()

    server = await serve(answer)
    async with _kit("http://api.example", server.base_url) as kit:
        with pytest.raises(OutcomeUnknown):
            await kit.respeecher.request("POST", "/x", json={})
    assert ["POST"] == [one.method for one in server.requests]


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
    finally:
        writer.close()


async def test_unasked_answer_through_a_tunnel_is_not_the_next_calls(serve: Any) -> None:
    """It came with the first, in a TLS record of its own, which nobody has read."""
    answers = iter([[b'"first"', b'"unasked"'], [b'"second"']])

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for content in next(answers):
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(content), content))
            await reader.read()
        finally:
            writer.close()

    async def tunnel(exchange: Any) -> None:
        host, _, port = exchange.path.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        exchange.writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await asyncio.gather(_pump(exchange.reader, writer), _pump(reader, exchange.writer))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "trusted.pem")
    proxy = await serve(tunnel)
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as api:
        base_url = f"https://127.0.0.1:{api.sockets[0].getsockname()[1]}"
        async with _kit(base_url, proxy.base_url) as kit:
            assert ["first", "second"] == [await kit.respeecher.request("GET", "/x") for _ in range(2)]
    assert 2 == proxy.connections
