"""Other ways to the API: a client of one's own, HTTP/2, aiohttp, proxies, authorities, forks and loops."""

from __future__ import annotations

import asyncio
import gc
import os
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from audiokit import ApiAccess, ApiKey, AudioKit, Network, RetryPolicy, Timeouts
from audiokit.errors import ConnectionFailed, ConnectionLost, InvalidRequest, OutcomeUnknown, UsageError
from audiokit.testing import FakeClock

TLS = Path(__file__).parents[1] / "faults" / "tls"
CREDITS = b'{"credits": 5.5}'
RECORDING = b'{"id": "r-1", "state": "done", "url": "/files/r-1.wav", "label": "take"}'


def _kit(base_url: str, network: Network | None = None, **more: Any) -> AudioKit:
    access = ApiAccess(base_url=base_url, credentials=ApiKey("net-key"))
    return AudioKit(respeecher=access, network=network, **more)


async def _whole_api(exchange: Any) -> None:
    """Credits for a GET; for a POST a recording, once all of the body is there."""
    body = await exchange.body()
    exchange.headers["body"] = body
    await exchange.reply(200, RECORDING if exchange.method == "POST" else CREDITS)


async def test_own_httpx_client_is_used_as_it_is(serve: Any, wav: bytes, tmp_path: Path) -> None:
    """Its headers and credentials are left out, the file goes through it, and it stays open."""
    server = await serve(_whole_api)
    path = tmp_path / "a.wav"
    path.write_bytes(wav)
    async with httpx.AsyncClient(auth=("me", "secret"), headers={"x-own": "1"}) as client:
        async with _kit(server.base_url, Network(http=client)) as kit:
            assert 5.5 == (await kit.respeecher.credits.get()).left
            await kit.respeecher.recordings.upload(path, folder_id="f")
        assert not client.is_closed
    for one in server.requests:
        assert "net-key" == one.headers["api-key"]
        assert not {"authorization", "x-own"} & set(one.headers)
    assert wav in server.requests[1].headers["body"]


async def test_own_transport_takes_the_place_of_the_pool(serve: Any) -> None:
    """Any httpx transport will do, and a redirect of a GET is followed by us."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if len(asked) == 1:
            return httpx.Response(302, headers={"location": "/elsewhere"})
        return httpx.Response(200, content=CREDITS)

    async with _kit("http://host.example", Network(http=httpx.MockTransport(answer))) as kit:
        assert 5.5 == (await kit.respeecher.credits.get()).left
    assert ["/api/credits", "/elsewhere"] == asked


async def test_own_transport_that_does_not_read_the_body_is_not_believed(wav: bytes) -> None:
    """A yes to half an upload is no success, whoever carries it."""

    class Hasty(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            assert isinstance(request.stream, httpx.AsyncByteStream)
            async for _ in request.stream:
                break
            return httpx.Response(200, content=RECORDING)

    async with _kit("http://host.example", Network(http=Hasty())) as kit:
        with pytest.raises(OutcomeUnknown, match="before all was sent"):
            await kit.respeecher.recordings.upload(wav, folder_id="f")


async def test_aiohttp_may_carry_the_calls(serve: Any) -> None:
    """Through the transport of httpx-aiohttp."""
    carried = pytest.importorskip("httpx_aiohttp", reason="httpx-aiohttp is not installed")
    server = await serve(_whole_api)
    async with carried.AiohttpTransport() as transport:
        async with _kit(server.base_url, Network(http=transport)) as kit:
            assert 5.5 == (await kit.respeecher.credits.get()).left
    assert ["net-key"] == [one.headers["api-key"] for one in server.requests]


@attrs.define
class Http2Server(asyncio.Protocol):
    """Answers every stream with credits, in HTTP/2 without TLS."""

    paths: list[str] = attrs.field(factory=list)
    _h2: Any = None
    _transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        import h2.config
        import h2.connection

        self._transport = transport
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._h2.initiate_connection()
        self._transport.write(self._h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        import h2.events

        for event in self._h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                headers = {bytes(name): bytes(value) for name, value in event.headers}
                assert b"net-key" == headers[b"api-key"]
                self.paths.append(headers[b":path"].decode())
                answer = [(":status", "200"), ("content-length", str(len(CREDITS)))]
                self._h2.send_headers(event.stream_id, answer)
                self._h2.send_data(event.stream_id, CREDITS, end_stream=True)
        self._transport.write(self._h2.data_to_send())


async def test_http2_by_a_client_that_speaks_it() -> None:
    """Twenty calls at once over one HTTP/2 connection."""
    pytest.importorskip("h2", reason="h2 is not installed")
    made: list[Http2Server] = []

    def accept() -> Http2Server:
        made.append(Http2Server())
        return made[-1]

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    async with server, httpx.AsyncClient(http1=False, http2=True) as client:
        base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with _kit(base_url, Network(http=client)) as kit:
            found = await asyncio.gather(*(kit.respeecher.credits.get() for _ in range(20)))
    assert [5.5] * 20 == [one.left for one in found]
    assert [20] == [len(one.paths) for one in made]


@pytest.mark.parametrize(
    "arguments",
    [
        {"http": "client"},
        {"tls": 7},
        {"proxy": "no-url"},
        {"http": httpx.MockTransport(print), "proxy": "http://p"},
    ],
)
def test_unusable_settings_are_refused_when_made(arguments: dict[str, Any]) -> None:
    """What cannot work is said before anything is opened."""
    with pytest.raises(InvalidRequest):
        Network(**arguments)


def test_password_of_a_proxy_is_not_shown() -> None:
    """Neither in the repr nor in the refusal."""
    assert "hunter2" not in repr(Network(proxy="http://me:hunter2@127.0.0.1:1"))
    with pytest.raises(InvalidRequest) as caught:
        Network(proxy="me:hunter2@127.0.0.1")
    assert "hunter2" not in str(caught.value)


@pytest.fixture
async def tls_api() -> AsyncIterator[str]:
    """An API with the certificate that ``ca.pem`` has signed."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(CREDITS), CREDITS))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "trusted.pem")
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_own_authority_as_file_or_context(tls_api: str) -> None:
    """A PEM file and an SSLContext that trust the server do; a hundred first calls read the file once."""
    context = ssl.create_default_context(cafile=TLS / "ca.pem")
    for trusted in (TLS / "ca.pem", str(TLS / "ca.pem"), context):
        async with _kit(tls_api, Network(tls=trusted)) as kit:
            found = await asyncio.gather(*(kit.respeecher.credits.get() for _ in range(5)))
            assert [5.5] * 5 == [one.left for one in found]


async def test_unknown_authority_is_refused_and_said(tls_api: str) -> None:
    """The usual authorities have not signed it."""
    async with _kit(tls_api) as kit:
        with pytest.raises(ConnectionFailed, match="certificate"):
            await kit.respeecher.credits.get()


async def test_authorities_that_cannot_be_read_are_named(tls_api: str, tmp_path: Path) -> None:
    """The message names the file."""
    async with _kit(tls_api, Network(tls=tmp_path / "none.pem")) as kit:
        with pytest.raises(InvalidRequest, match=r"none\.pem"):
            await kit.respeecher.credits.get()


@pytest.fixture
async def proxy(serve: Any) -> tuple[str, list[str]]:
    """A proxy that answers for everybody, and tunnels; its URL and the targets it was asked for."""
    targets: list[str] = []

    async def answer(exchange: Any) -> None:
        targets.append(exchange.path)
        if exchange.method != "CONNECT":
            await exchange.reply(200, CREDITS)
            return
        host, _, port = exchange.path.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        exchange.writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await asyncio.gather(_pump(exchange.reader, writer), _pump(reader, exchange.writer))

    server = await serve(answer)
    return server.base_url, targets


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
    finally:
        writer.close()


async def test_proxy_by_argument_and_by_environment(
    proxy: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain requests go to the proxy with their whole URL; NO_PROXY keeps hosts away from it."""
    url, targets = proxy
    async with _kit("http://api.example", Network(proxy=url)) as kit:
        assert 5.5 == (await kit.respeecher.credits.get()).left
    monkeypatch.setenv("HTTP_PROXY", url)
    async with _kit("http://other.example") as kit:
        assert 5.5 == (await kit.respeecher.credits.get()).left
    assert ["api.example", "other.example"] == [httpx.URL(one).host for one in targets]
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with _kit("http://127.0.0.1:1", clock=FakeClock()) as kit:
        with pytest.raises(ConnectionFailed):
            await kit.respeecher.credits.get()
    assert 2 == len(targets)


async def test_tls_goes_through_a_tunnel(proxy: tuple[str, list[str]], tls_api: str) -> None:
    """The proxy sees the host and the port, and nothing else."""
    url, targets = proxy
    async with _kit(tls_api, Network(proxy=url, tls=TLS / "ca.pem")) as kit:
        assert 5.5 == (await kit.respeecher.credits.get()).left
    assert [tls_api.removeprefix("https://")] == targets


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
async def test_client_that_was_never_closed_warns(serve: Any) -> None:
    """Forgetting it is told when the garbage collector comes."""
    server = await serve(_whole_api)

    async def forget() -> None:
        kit = await _kit(server.base_url).__aenter__()
        await kit.respeecher.credits.get()

    with pytest.warns(ResourceWarning, match="an AudioKit was not closed"):  # noqa: PT031 - both make it go
        await forget()
        gc.collect()


async def test_closed_client_does_not_warn(serve: Any) -> None:
    """Those who close it hear nothing; warnings are errors here."""
    server = await serve(_whole_api)
    async with _kit(server.base_url) as kit:
        await kit.respeecher.credits.get()
    del kit
    gc.collect()


async def test_second_event_loop_is_told(serve: Any) -> None:
    """A client belongs to the loop it was opened in."""
    server = await serve(_whole_api)
    async with _kit(server.base_url) as kit:

        def elsewhere() -> None:
            asyncio.run(_first_step(kit))

        with pytest.raises(UsageError, match="another event loop"):
            await asyncio.to_thread(elsewhere)
        assert 5.5 == (await kit.respeecher.credits.get()).left


async def _first_step(kit: AudioKit) -> None:
    await kit.respeecher.credits.get()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
async def test_use_after_a_fork_is_told(serve: Any) -> None:
    """A child must not write into its parent's sockets."""
    server = await serve(_whole_api)
    async with _kit(server.base_url) as kit:
        await kit.respeecher.credits.get()
        child = os.fork()
        if child == 0:  # pragma: no cover - the child measures nothing
            said = ""
            try:
                kit.respeecher.credits.get().send(None)
            except UsageError as error:
                said = str(error)
            finally:
                os._exit(0 if "forked" in said else 1)
        _, status = await asyncio.to_thread(os.waitpid, child, 0)
        assert 0 == os.waitstatus_to_exitcode(status)
        assert 5.5 == (await kit.respeecher.credits.get()).left


@pytest.mark.skipif(sys.platform != "linux", reason="needs two addresses of the loopback")
async def test_next_address_of_a_name_is_tried(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name whose first address refuses is reached at its second."""
    server = await serve(_whole_api)
    loop = asyncio.get_running_loop()

    async def two_addresses(host: str, port: int, **_: Any) -> list[Any]:
        import socket

        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("127.0.0.2", "127.0.0.1")
        ]

    monkeypatch.setattr(loop, "getaddrinfo", two_addresses)
    async with _kit(server.base_url.replace("127.0.0.1", "name.example")) as kit:
        assert 5.5 == (await kit.respeecher.credits.get()).left


@pytest.mark.parametrize("over", ["a transport", "a client", "a proxy"])
async def test_download_that_drips_ends_whoever_carries_it(over: str, serve: Any, tmp_path: Path) -> None:
    """Silence is not the only way to hang: a byte now and then would go on for ever."""

    async def drip(exchange: Any) -> None:
        exchange.writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nRIFF")
        while True:
            exchange.writer.write(b"\0")
            await exchange.writer.drain()
            await asyncio.sleep(0.02)

    server = await serve(drip)
    settings: dict[str, Any] = {
        "timeouts": Timeouts(stall_s=0.1, least_bytes_per_s=1000),
        "retry": RetryPolicy(attempts=1),
    }
    async with httpx.AsyncHTTPTransport() as transport, httpx.AsyncClient() as client:
        ways = {
            "a transport": Network(http=transport),
            "a client": Network(http=client),
            "a proxy": Network(proxy=server.base_url),
        }
        async with _kit(server.base_url, ways[over], **settings) as kit, asyncio.timeout(5):
            with pytest.raises(ConnectionLost, match="the server is silent"):
                await kit.respeecher.recordings.download("a.wav", tmp_path)
    assert [] == list(tmp_path.iterdir())


async def test_head_that_drips_through_a_proxy_ends(serve: Any, tmp_path: Path) -> None:
    """It is the head as a whole that must be there in time."""

    async def drip(exchange: Any) -> None:
        exchange.writer.write(b"HTTP/1.1 200 OK\r\nx-more: ")
        while True:
            exchange.writer.write(b"y")
            await exchange.writer.drain()
            await asyncio.sleep(0.02)

    server = await serve(drip)
    settings: dict[str, Any] = {"timeouts": Timeouts(stall_s=0.1), "retry": RetryPolicy(attempts=1)}
    async with _kit("http://api.example", Network(proxy=server.base_url), **settings) as kit:
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionLost, match=r"no answer within 0\.1 s"):
                await kit.respeecher.recordings.download("a.wav", tmp_path)
