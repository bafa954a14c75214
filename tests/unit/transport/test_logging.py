"""With every logger of the process at DEBUG, no secret is in any record."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from typing import Any

import httpx
import pytest

from audiokit import ApiAccess, ApiKey, AudioKit, Login, RetryPolicy
from audiokit.errors import AudiokitError
from audiokit.testing import FakeClock
from audiokit.transport import Call, JsonBody, Retry, StreamBody, Transport, as_source
from audiokit.transport._hush import hush
from audiokit.transport._network import Injected
from audiokit.typing import RequestEvent

TALKATIVE = ("httpx", "httpcore", "httpcore.http11", "httpcore.connection", "h11", "asyncio", "anyio")


class Everything(logging.Handler):
    """Keeps what any formatter could print of a record."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.getMessage()} {record.args!r} {vars(record)!r}"
        if record.exc_info and record.exc_info[1] is not None:
            text += "".join(traceback.format_exception(record.exc_info[1]))
        self.records.append((record.name, text))


@pytest.fixture
def everything() -> Iterator[Everything]:
    """All records of all loggers, at DEBUG."""
    handler = Everything()
    loggers = [logging.getLogger(), *map(logging.getLogger, TALKATIVE), logging.getLogger("audiokit")]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    yield handler
    loggers[0].removeHandler(handler)
    for one, level in zip(loggers, levels, strict=True):
        one.setLevel(level)


class Gateway:
    """A server whose every answer has something to keep: cookies, tokens, signatures."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next(
                    (
                        line.split(":")[1]
                        for line in head.lower().split("\r\n")
                        if line.startswith("content-length")
                    ),
                    "0",
                )
                await reader.readexactly(int(length))
                self.seen.append(head)
                answer = self._answer(head)
                if answer is None:
                    break
                status, lines, body = answer
                lines = [*lines, "set-cookie: session_id=cookie-SECRET", f"content-length: {len(body)}"]
                writer.write("\r\n".join([f"HTTP/1.1 {status} OK", *lines, "", body]).encode())
                await writer.drain()

    def _answer(self, head: str) -> tuple[int, list[str], str] | None:
        path = head.split(" ")[1].partition("//")[2].partition("/")[2] or head.split(" ")[1][1:]
        count = sum(f"/{path}" in one for one in self.seen)
        match path.partition("?")[0]:
            case "api/login":
                return 200, [], '{"user": {"id": "u"}, "csrf_token": "token-SECRET"}'
            case "api/flaky" if count == 1:
                return 503, ["retry-after: 1"], '{"detail": "body-SECRET"}'
            case "api/away":
                return 302, ["location: /api/credits?signature=query-SECRET"], ""
            case "api/cut":
                return None
            case "api/refused":
                return 422, [], '{"detail": "body-SECRET"}'
            case _:
                return 200, [], '{"credits": 1, "said": "body-SECRET"}'


@asynccontextmanager
async def _gateway() -> AsyncIterator[tuple[Gateway, int]]:
    gateway = Gateway()
    connections: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(asyncio.ensure_future(gateway(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield gateway, server.sockets[0].getsockname()[1]
        for one in connections:
            one.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await asyncio.sleep(0)  # sockets are closed in the loop's next turn


def _calls(base: str, wav: bytes) -> list[Call]:
    facts: dict[str, Any] = {"api": "respeecher", "operation": "respeecher.x.y", "retry": Retry.SAFE}
    secret = [("listener", "query-SECRET")]
    return [
        Call(method="GET", url="/api/credits", query=secret, **facts),
        Call(method="GET", url="/api/flaky?token=query-SECRET", **facts),
        Call(method="GET", url="/api/away", query=secret, **facts),
        Call(method="GET", url="/api/cut", query=secret, **facts),
        Call(
            method="POST",
            url="/api/refused",
            body=JsonBody({"text": "body-SECRET"}),
            headers={"x-trace": "header-SECRET"},
            **facts,
        ),
        Call(
            method="POST",
            url="/api/cut",
            body=JsonBody({"text": "body-SECRET"}),
            **(facts | {"retry": Retry.NEVER}),
        ),
        Call(method="GET", url="http://[broken?signature=query-SECRET", **facts),
    ]


async def _presigned(base: str, wav: bytes) -> Call:
    return Call(
        api="respeecher",
        operation="respeecher.put",
        method="PUT",
        url=f"{base}/bucket/take.wav?X-Amz-Signature=signature-SECRET",
        body=StreamBody(source=await as_source(wav)),
        authorise=False,
        retry=Retry.SAFE,
    )


def _broken_hook(event: RequestEvent) -> None:
    raise ValueError(f"hook-SECRET of {event.operation}")


@pytest.mark.parametrize("over", ["our own connections", "a proxy"])
@pytest.mark.parametrize(
    "credentials",
    [ApiKey("key-SECRET"), Login(email="mail-SECRET@example.com", password="password-SECRET")],
    ids=["key", "login"],
)
async def test_no_logger_of_the_process_tells_a_secret(
    credentials: ApiKey | Login,
    over: str,
    everything: Everything,
    wav: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Keys, sessions, cookies, signatures, queries, bodies: whatever goes well or wrong, none is logged.

    Over a proxy the connection is httpcore's, which logs headers unless it is hushed. The event loop is
    in debug mode and logs every callback.
    """
    loop = asyncio.get_running_loop()
    async with _gateway() as (gateway, port):
        base = f"http://127.0.0.1:{port}"
        if over == "a proxy":
            base = "http://gateway.example"
            monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        loop.set_debug(True)
        monkeypatch.setattr(loop, "slow_callback_duration", 0.0)
        access = {"respeecher": ApiAccess(base_url=base, credentials=credentials)}
        retry = RetryPolicy(attempts=2)
        async with Transport(access, clock=FakeClock(), retry=retry, hooks=[_broken_hook]) as transport:
            for call in [*_calls(base, wav), await _presigned(base, wav)]:
                with suppress(AudiokitError):
                    await transport.fetch(call)
            with suppress(AudiokitError):
                async with transport.stream(_calls(base, wav)[3]) as reply:
                    await reply.read(100)
        async with AudioKit(**access, clock=FakeClock(), retry=retry) as kit:
            await kit.respeecher.credits.get()
            with suppress(AudiokitError):
                await kit.respeecher.session.login("mail-SECRET@example.com", "password-SECRET")
        loop.set_debug(False)
    sent = "".join(gateway.seen)
    assert all(one in sent for one in ("query-SECRET", "signature-SECRET", "header-SECRET", "/api/login"))
    assert ("key-SECRET" in sent) or ("cookie-SECRET" in sent)
    loggers = {name for name, _ in everything.records}
    assert {"audiokit.transport", "asyncio"} <= loggers
    assert (over == "a proxy") == any(name.startswith("httpcore") for name in loggers)
    assert [] == [f"{name}: {text[:300]}" for name, text in everything.records if "SECRET" in text]


async def test_what_our_own_loggers_print_is_known(everything: Everything, wav: bytes) -> None:
    """Operation, attempt, reason and wait, or the name and place of a broken hook; nothing else."""
    async with _gateway() as (_, port):
        access = {
            "respeecher": ApiAccess(base_url=f"http://127.0.0.1:{port}", credentials=ApiKey("key-SECRET"))
        }
        clock = FakeClock()
        async with Transport(
            access, clock=clock, hooks=[_broken_hook], retry=RetryPolicy(attempts=2)
        ) as transport:
            for call in _calls("", wav):
                with suppress(AudiokitError):
                    await transport.fetch(call)
    ours = [text.partition(" (")[0] for name, text in everything.records if name.startswith("audiokit")]
    assert [
        "hook _broken_hook raised ValueError at ",
        "respeecher.x.y: attempt 1 ended with HTTP 503",
        "respeecher.x.y: attempt 1 ended with RemoteProtocolError",
    ] == [line.partition("at /")[0] + ("at " if "at /" in line else "") for line in ours]


@pytest.mark.parametrize(
    "name",
    [
        "httpcore.connection",
        "httpcore.http11",
        "httpcore.http2",
        "httpcore.proxy",
        "httpcore.socks",
        "hpack.hpack",
        "hpack.table",
    ],
)
def test_own_httpx_client_tells_no_header_either(
    name: str, everything: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also over HTTP/2 and SOCKS, what lies below httpx logs names of events only once it is used by us."""
    logger = logging.getLogger(name)
    monkeypatch.setattr(logger, "filters", [])
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    hush.cache_clear()
    Injected(httpx.MockTransport(lambda _: httpx.Response(200)))
    logger.debug("sent headers=%r", [(b"api-key", b"key-SECRET")])
    logger.debug("auth.complete return_value='password-SECRET'")
    ours = [text for logged_by, text in everything.records if logged_by == name]
    assert ["sent", "auth.complete"] == [text.partition(" ")[0] for text in ours]
    assert "SECRET" not in "".join(ours)
