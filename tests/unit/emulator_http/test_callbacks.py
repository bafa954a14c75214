"""Calls that the emulator makes itself: webhooks, signed, to this machine unless another host is allowed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import attrs
import httpx
import pytest

from audiokit import webhooks
from audiokit.emulator import _callbacks
from audiokit.emulator._settings import EmulatorSettings
from audiokit.emulator._work import WorkError

Serving = Callable[..., Any]


@attrs.define
class Receiver:
    """A web server of the caller's own; answers with these statuses, the last one for ever."""

    statuses: list[int]
    port: int = 0
    events: asyncio.Queue[tuple[str, dict[str, str], bytes]] = attrs.field(factory=asyncio.Queue)

    @property
    def url(self) -> str:
        """Where it wants to be called."""
        return f"http://127.0.0.1:{self.port}/hook?for=me"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request of each connection."""
        try:
            event = await self._take(reader, writer)
        finally:  # also where the test has ended: else the garbage collector tells a later one
            writer.close()
        await self.events.put(event)

    async def _take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[str, dict[str, str], bytes]:
        line = (await reader.readline()).decode()
        headers: dict[str, str] = {}
        while field := (await reader.readline()).decode().strip():
            name, _, value = field.partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(int(headers["content-length"]))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        location = "location: /elsewhere\r\n" if status == 302 else ""
        writer.write(f"HTTP/1.1 {status} X\r\n{location}content-length: 0\r\n\r\n".encode())
        await writer.drain()
        return line.split()[1], headers, body


@pytest.fixture
async def receiving() -> AsyncIterator[Callable[..., Any]]:
    """Starts receivers that end with the test."""
    servers: list[asyncio.Server] = []

    async def start(*statuses: int) -> Receiver:
        receiver = Receiver(list(statuses) or [200])
        servers.append(await asyncio.start_server(receiver.serve, "127.0.0.1", 0))
        receiver.port = servers[-1].sockets[0].getsockname()[1]
        return receiver

    yield start
    for server in servers:
        server.close()
    for _ in range(5):  # a connection that was just made is begun, and so is closed
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def v1(served: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of api.audio v1 with a script."""
    facts = served.facts["apiaudio"]
    headers = {"x-api-key": facts["api_key"]}
    async with httpx.AsyncClient(base_url=facts["base_url"], headers=headers) as client:
        await client.post("/script", json={"scriptText": "Hello.", "scriptId": "mine"})
        yield client


async def test_speech_and_masters_call_back_when_they_are_done(serving: Serving, receiving: Any) -> None:
    """Signed with the secret that GET /secrets gives; links in the event work without a key."""
    served, receiver = await serving(), await receiving()
    async with v1(served) as client:
        secret = (await client.get("/secrets")).json()["webhookSecret"]
        spoken = await client.post("/speech", json={"scriptId": "mine", "callback_url": receiver.url})
        path, headers, body = await asyncio.wait_for(receiver.events.get(), 5)
        speech = webhooks.verify(body, headers["x-aflr-secret"], secret)
        order = {"scriptId": "mine", "soundTemplate": "lofi", "callback_url": receiver.url}
        made = await client.post("/mastering", json=order)
        _, headers, body = await asyncio.wait_for(receiver.events.get(), 5)
        master = webhooks.verify(body, headers["x-aflr-secret"], secret)
        links = [*speech.section_urls.values(), master.url]

        assert ("/hook?for=me", f"127.0.0.1:{receiver.port}") == (path, headers["host"])
        assert ("speech", next(iter(spoken.json().values()))["requestId"]) == (speech.type, speech.request_id)
        assert ("mastering", made.json()["requestId"]) == (master.type, master.request_id)
        assert [200, 200] == [
            (await client.get(str(url), headers={"x-api-key": ""})).status_code for url in links
        ]
        assert "warning" not in made.headers


async def test_work_that_failed_calls_back_with_its_errors(serving: Serving, receiving: Any) -> None:
    """Whoever waits for the call would otherwise wait for ever."""
    served, receiver = await serving(), await receiving()
    served.work.failures["speak"] = WorkError("refused", "these words cannot be spoken")
    async with v1(served) as client:
        await client.post("/speech", json={"scriptId": "mine", "callback_url": receiver.url})
        _, _, body = await asyncio.wait_for(receiver.events.get(), 5)

    assert b"these words cannot be spoken" in body


async def test_a_receiver_that_fails_is_called_again_and_redirects_are_not_followed(
    serving: Serving, receiving: Any
) -> None:
    """Three attempts in all, with the same event."""
    served, receiver = await serving(speed=100.0), await receiving(500, 302, 200)
    async with v1(served) as client:
        await client.post("/speech", json={"scriptId": "mine", "callback_url": receiver.url})
        seen = [await asyncio.wait_for(receiver.events.get(), 5) for _ in range(3)]
        await served.context.idle()

    assert {"/hook?for=me"} == {path for path, _, _ in seen}
    assert 1 == len({body for _, _, body in seen})
    assert receiver.events.empty()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data", "169.254.169.254 is not this machine"),
        ("https://example.com/hook", "--allow-callbacks example.com"),
        ("http://127.0.0.1.example.com/", "127.0.0.1.example.com is not this machine"),
        ("http://[::ffff:10.0.0.1]/", "is not this machine"),
    ],
)
async def test_no_other_machine_is_called_unless_it_is_allowed(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, url: str, reason: str
) -> None:
    """The order goes through with a warning; not even a name is looked up."""
    calls: list[Any] = []

    async def post(*arguments: Any) -> int:
        calls.append(arguments)
        return 200

    monkeypatch.setattr(_callbacks, "_post", post)
    served = await serving()
    async with v1(served) as client:
        reply = await client.post("/speech", json={"scriptId": "mine", "callback_url": url})
        await served.context.idle()

    assert 200 == reply.status_code
    assert "callback_url is not called: " in reply.headers["warning"]
    assert reason in reply.headers["warning"]
    assert [] == calls


def test_an_allowed_host_may_be_called() -> None:
    """Exactly that one."""
    settings = EmulatorSettings(callback_hosts={"example.com"})

    assert None is _callbacks.why_not("https://example.com/hook", settings)
    assert "is not this machine" in (_callbacks.why_not("https://www.example.com/hook", settings) or "")
    assert None is _callbacks.why_not("http://localhost:9/x", settings)


@pytest.mark.parametrize("listed", ["Example.COM", "example.com.", " example.com "])
def test_an_allowed_host_is_the_same_however_it_is_written(listed: str) -> None:
    """Names of hosts have no case, and a dot at the end changes nothing; on either side."""
    settings = EmulatorSettings(callback_hosts={listed, "[2001:DB8::1]"})
    urls = ["http://example.com/", "http://EXAMPLE.com:99/", "http://example.com./", "http://[2001:db8::1]/"]

    assert [None] * 4 == [_callbacks.why_not(url, settings) for url in urls]


@pytest.mark.parametrize("listed", ["http://example.com", "example.com:8080", "example.com/hook", ""])
def test_an_allowed_host_is_no_url(listed: str) -> None:
    """What would never match is refused at the start."""
    with pytest.raises(ValueError, match="without scheme, port or path"):
        EmulatorSettings(callback_hosts={listed})


async def test_a_loopback_name_that_leads_elsewhere_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the hosts file says of localhost."""
    elsewhere = [(2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(_callbacks.socket, "getaddrinfo", lambda *_args, **_kwargs: elsewhere)

    with pytest.raises(OSError, match="no address that may be called"):
        await _callbacks._connect(_callbacks.target_of("http://localhost/x"))


async def test_receivers_that_hang_keep_nobody_waiting(
    serving: Serving, receiving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload goes through while sixty webhooks wait for an answer that never comes."""
    monkeypatch.setattr(_callbacks, "_TIMEOUT_S", 60.0)
    arrived = asyncio.Semaphore(0)
    hung: list[asyncio.StreamWriter] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hung.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        arrived.release()
        await reader.read()

    served = await serving()
    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    calls = [
        served.context.spawn(_callbacks.call(served.context, url, b"{}", secret="s"), f"call {n}")
        for n in range(60)
    ]
    try:
        async with asyncio.timeout(10):
            for _ in calls:
                await arrived.acquire()
            uploaded = await served.upload(await served.folder_id())
    finally:
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        server.close()
        for writer in hung:
            writer.close()
        await asyncio.sleep(0)

    assert 200 == uploaded.status_code


async def test_a_receiver_that_hangs_is_given_up(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is for the whole call, so bytes that trickle in do not make it longer."""
    monkeypatch.setattr(_callbacks, "_TIMEOUT_S", 0.05)
    monkeypatch.setattr(_callbacks, "_AGAIN_AFTER_S", (0.0,))

    given_up = asyncio.Event()

    async def trickle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while not writer.is_closing():
                writer.write(b"H")
                await writer.drain()
                await asyncio.sleep(0.01)  # what a slow server does
        writer.close()
        given_up.set()

    served = await serving()
    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with asyncio.timeout(5):
        is_taken = await _callbacks.call(served.context, url, b"{}", secret="s")
        await given_up.wait()
    server.close()

    assert not is_taken


async def test_what_is_no_url_is_refused(serving: Serving) -> None:
    """At once, by the field's name."""
    served = await serving()
    urls = ("ftp://localhost/x", "hook", "http://", "http://a b/", "http://u:p@localhost/", "http://h:99999/")
    async with v1(served) as client:
        for url in urls:
            reply = await client.post("/speech", json={"scriptId": "mine", "callback_url": url})
            assert 400 == reply.status_code, url
            assert "callback_url: " in reply.json()["errors"][0], url
