"""Sending where others carry it, closing while being cancelled, and waits after very many attempts."""

from __future__ import annotations

import asyncio
import gc
from typing import Any
from unittest.mock import MagicMock

import httpx
import pytest

from audiokit import Limits, RetryPolicy
from audiokit.errors import UsageError
from audiokit.testing import FakeClock
from audiokit.transport._network import Injected
from audiokit.transport._paced import exchange_in_pace
from audiokit.transport._pool import ConnectionPool
from audiokit.transport._retry import next_wait

URL = "http://host.example/a"


class Closing:
    """A connection that serves, and takes a turn of the loop to close, or fails at it."""

    is_reusable = True

    def __init__(self, closed: list[Closing], failure: Exception | None) -> None:
        self._closed = closed
        self._failure = failure

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """Yes."""
        return httpx.Response(200, stream=httpx.ByteStream(b""))

    async def aclose(self) -> None:
        """Note it first, as sockets are closed."""
        self._closed.append(self)
        await asyncio.sleep(0)
        if self._failure is not None:
            raise self._failure


async def _full_pool(closed: list[Closing], failure: Exception | None = None) -> tuple[Any, FakeClock]:
    """A pool with eight idle connections."""

    async def make(_: httpx.URL) -> Closing:
        return Closing(closed, failure)

    clock = FakeClock()
    pool = ConnectionPool(Limits(connections=8, idle_connections=8, idle_s=5.0), make, now=clock.monotonic)
    for response in [await pool.exchange(httpx.Request("GET", URL)) for _ in range(8)]:
        await response.aclose()
    return pool, clock


@pytest.mark.parametrize("begin", ["a call", "closing"])
async def test_connections_are_closed_though_the_task_is_cancelled(begin: str) -> None:
    """Nobody else knows those that were taken out."""
    closed: list[Closing] = []
    pool, clock = await _full_pool(closed)
    clock.advance(6.0)
    task = asyncio.create_task(
        pool.exchange(httpx.Request("GET", URL)) if begin == "a call" else pool.aclose()
    )
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 8 == len(set(closed))


async def test_connection_that_fails_to_close_does_not_keep_the_others() -> None:
    """Its failure is told when all are closed, but for a cancellation, which counts more."""
    closed: list[Closing] = []
    pool, _ = await _full_pool(closed, OSError("stuck"))
    with pytest.raises(OSError, match="stuck"):
        await pool.aclose()
    assert 8 == len(closed)
    pool, _ = await _full_pool(closed, OSError("stuck"))
    closing = asyncio.create_task(pool.aclose())
    for _ in range(3):
        await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert 16 == len(closed)


def test_wait_after_thousands_of_attempts_is_the_longest() -> None:
    """Doubling has an end, where numbers have one."""
    policy = RetryPolicy(attempts=10_000, backoff_s=0.5, backoff_cap_s=30.0)
    assert 30.0 == next_wait(policy, attempt=5000, retry_after=None, jitter=lambda _, most: most)


class Traced:
    """What httpcore's requests are, to a trace."""

    def __init__(self, method: bytes) -> None:
        self.method = method


@pytest.mark.parametrize(("arguments", "expected"), [({"is_traced": True}, [2]), ({}, [0, 2])])
async def test_request_leaves_behind_its_tunnel(arguments: dict[str, bool], expected: list[int]) -> None:
    """What asks the proxy for a tunnel is not the request; where nothing can be seen it may leave at once."""
    begun: list[int] = []
    seen = 0

    async def send(request: httpx.Request) -> httpx.Response:
        nonlocal seen
        hear = request.extensions["trace"]
        await hear("http11.send_request_headers.started", {"request": Traced(b"CONNECT")})
        seen += 1
        await hear("http_proxy.start_tls.complete", {"return_value": None})
        seen += 1
        await hear("http11.send_request_headers.started", {"request": Traced(b"POST")})
        return httpx.Response(200)

    request = httpx.Request("POST", URL, content=b"{}")
    request.extensions["on_first_byte"] = lambda: begun.append(seen)
    await exchange_in_pace(send, request, **arguments)
    assert expected == begun


async def test_closed_client_of_the_caller_is_told() -> None:
    """With what to do, before the call counts as begun."""
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    carrier = Injected(client)
    await carrier.exchange(httpx.Request("GET", URL))
    await client.aclose()
    begun: list[bool] = []
    request = httpx.Request("GET", URL, extensions={"on_first_byte": lambda: begun.append(True)})
    with pytest.raises(UsageError, match=r"is closed; close it after the AudioKit"):
        await carrier.exchange(request)
    assert [] == begun


async def test_jar_of_the_callers_client_is_left_as_it_was() -> None:
    """Sessions of an account do not get there, and what the caller's own calls set meanwhile stays."""
    gate = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        name = request.url.path[1:]
        if name == "ours":
            await gate.wait()
        return httpx.Response(200, headers={"set-cookie": f"session_id={name}; Path=/"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), cookies={"kept": "1"}) as client:
        carrier = Injected(client)
        ours = asyncio.create_task(carrier.exchange(httpx.Request("GET", "http://host.example/ours")))
        await client.get("http://host.example/theirs")
        gate.set()
        assert "session_id=ours; Path=/" == (await ours).headers["set-cookie"]
        assert {"kept": "1", "session_id": "theirs"} == dict(client.cookies)


async def test_client_of_the_caller_is_the_same_but_for_its_jar() -> None:
    """What a class of its own counts and hooks is seen, and it does not end with what uses it."""

    class Own(httpx.AsyncClient):
        sent = 0

        async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
            self.sent += 1
            return await super().send(request, **options)

        def __del__(self) -> None:
            self.deleted.append(self.sent)

        deleted: list[int] = []  # noqa: RUF012 - the test's

    hooked: list[str] = []

    async def hook(request: httpx.Request) -> None:
        hooked.append(request.method)

    client = Own(transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    carrier = Injected(client)
    client.event_hooks = {"request": [hook]}
    await carrier.exchange(httpx.Request("GET", URL))
    assert (1, ["GET"]) == (client.sent, hooked)
    del carrier
    gc.collect()
    assert [] == Own.deleted
    await client.aclose()


async def test_mock_of_a_client_still_does() -> None:
    """As tests of callers use it."""
    client = MagicMock(spec=httpx.AsyncClient, is_closed=False)
    client.send.return_value = httpx.Response(200)
    assert 200 == (await Injected(client).exchange(httpx.Request("GET", URL))).status_code
    client.send.assert_awaited_once()
