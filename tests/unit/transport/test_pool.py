"""Which connection a request gets, and which are closed to make room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from audiokit import Limits
from audiokit.testing import FakeClock
from audiokit.transport._pool import ConnectionPool

FILES = "http://files.example/a"
API = "http://api.example/b"


class OneByte(httpx.AsyncByteStream):
    """A body."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"x"


class FakeConnection:
    """Answers at once, and says what becomes of it."""

    is_reusable = True

    def __init__(self, made: Made, host: str) -> None:
        self._made = made
        self.host = host

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """Yes."""
        if self._made.failure is not None:
            raise self._made.failure
        return httpx.Response(200, stream=OneByte())

    async def aclose(self) -> None:
        """Note it."""
        self._made.open.remove(self)
        self._made.closed.append(self)


class Made:
    """Makes connections and keeps count: `most` is how many were open at once."""

    def __init__(self) -> None:
        self.open: list[FakeConnection] = []
        self.closed: list[FakeConnection] = []
        self.made: list[str] = []
        self.most = 0
        self.failure: BaseException | None = None

    async def make(self, url: httpx.URL) -> FakeConnection:
        """One for *url*."""
        if url.host == "nowhere.example":
            raise httpx.ConnectError("nowhere")
        self.made.append(url.host)
        self.open.append(FakeConnection(self, url.host))
        self.most = max(self.most, len(self.open))
        return self.open[-1]

    @property
    def open_hosts(self) -> list[str]:
        """Hosts of the open ones, the oldest first."""
        return [one.host for one in self.open]


@pytest.fixture
def made() -> Made:
    """What was made."""
    return Made()


def _pool(made: Made, clock: FakeClock, connections: int = 4, idle: int | None = None) -> ConnectionPool:
    limits = Limits(connections=connections, idle_connections=idle or connections, idle_s=5.0)
    return ConnectionPool(limits, made.make, now=clock.monotonic)


async def _ask(pool: ConnectionPool, url: str, times: int = 1) -> None:
    """*times* requests at once, each read to its end."""
    responses = [await pool.exchange(httpx.Request("GET", url)) for _ in range(times)]
    for response in responses:
        await response.aclose()


async def test_idle_connections_of_an_unused_host_expire(made: Made, clock: FakeClock) -> None:
    """After a burst to one host, calls to another keep their connection, and the dead ones are closed."""
    pool = _pool(made, clock)
    await _ask(pool, FILES, 4)
    clock.advance(5.1)
    for _ in range(20):
        await _ask(pool, API)
    assert ["files.example"] * 4 + ["api.example"] == made.made
    assert ["api.example"] == made.open_hosts


async def test_what_expires_during_a_call_is_closed_at_its_end(made: Made, clock: FakeClock) -> None:
    """A host that is not asked again does not keep its connections until somebody begins a call."""
    pool = _pool(made, clock)
    response = await pool.exchange(httpx.Request("GET", API))
    await _ask(pool, FILES, 2)
    clock.advance(5.1)
    await response.aclose()
    assert ["api.example"] == made.open_hosts


async def test_idle_and_used_connections_are_never_more_than_allowed(made: Made, clock: FakeClock) -> None:
    """The oldest idle connection makes room for one to another host."""
    pool = _pool(made, clock)
    await _ask(pool, FILES, 4)
    await _ask(pool, API, 3)
    assert 4 == made.most
    assert ["files.example", "api.example", "api.example", "api.example"] == made.open_hosts


async def test_fresh_connection_is_kept_rather_than_the_oldest(made: Made, clock: FakeClock) -> None:
    """When no more may be idle, the one that waits longest goes."""
    pool = _pool(made, clock, idle=2)
    await _ask(pool, FILES, 2)
    await _ask(pool, API)
    assert ["files.example", "api.example"] == made.open_hosts
    await _ask(pool, API)
    assert 3 == len(made.made)


async def test_last_used_connection_is_taken_first(made: Made, clock: FakeClock) -> None:
    """Of several to one host the freshest is used, so that the others may expire."""
    pool = _pool(made, clock)
    await _ask(pool, API, 3)
    for _ in range(4):
        clock.advance(2.0)
        await _ask(pool, API)
    assert ["api.example"] == made.open_hosts
    assert 3 == len(made.made)


@pytest.mark.parametrize("failure", [httpx.ReadError("cut"), asyncio.CancelledError()])
async def test_place_of_a_failed_call_is_free_again(
    failure: BaseException, made: Made, clock: FakeClock
) -> None:
    """Neither a failure, nor a cancellation, nor a connection that cannot be made takes a place for good."""
    pool = _pool(made, clock, connections=1)
    made.failure = failure
    for url in (API, FILES, "http://nowhere.example/"):
        with pytest.raises((httpx.TransportError, asyncio.CancelledError)):
            await _ask(pool, url)
    made.failure = None
    assert [] == made.open
    await _ask(pool, API)
    await _ask(pool, API)
    assert (["api.example"], 1) == (made.open_hosts, made.most)


async def test_closing_closes_idle_and_used(made: Made, clock: FakeClock) -> None:
    """Nothing stays open, and what comes back afterwards is not kept."""
    pool = _pool(made, clock)
    await _ask(pool, FILES)
    used = await pool.exchange(httpx.Request("GET", API))
    connection = made.open[-1]
    await pool.aclose()
    assert [] == made.open
    made.open.append(connection)  # to be closed a second time
    await used.aclose()
    assert [] == made.open
