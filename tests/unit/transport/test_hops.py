"""Calls of several requests: redirects that lead away, and logins between two tries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest
import respx

from audiokit import ApiAccess, AudioKit, Login, RetryPolicy
from audiokit.errors import CallTimeout, ConnectionFailed, UnexpectedResponse
from audiokit.transport import Call, JsonBody, Retry, Transport

BASE = "https://gateway.example"
ASK = Call(
    api="respeecher",
    operation="respeecher.x.ask",
    method="GET",
    url="/api/x",
    body=JsonBody({"listener": "private"}),
    retry=Retry.SAFE,
)


@pytest.mark.parametrize("place", ["https://cdn.example", "http://gateway.example"])
async def test_get_with_a_body_does_not_follow_to_another_origin(
    place: str, transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """It is refused at once, and the error says where the API sent it, without the query."""
    home = respx_mock.get(f"{BASE}/api/x").respond(302, headers={"location": f"{place}/f?sig=SECRET"})
    away = respx_mock.get(url__startswith=place).respond(200)
    with pytest.raises(UnexpectedResponse, match=rf"on to '{place}/f', which is not its own") as caught:
        await transport.fetch(ASK)
    assert ("respeecher.x.ask", 302) == (caught.value.operation, caught.value.status)
    assert "SECRET" not in str(caught.value)
    assert (1, 0) == (home.call_count, away.call_count)


async def test_get_with_a_body_follows_at_home(transport: Transport, respx_mock: respx.MockRouter) -> None:
    """Within the API's own origin the body goes along, as the key does."""
    respx_mock.get(f"{BASE}/api/x").respond(307, headers={"location": "/api/y"})
    route = respx_mock.get(f"{BASE}/api/y").respond(200)
    await transport.fetch(ASK)
    assert b'{"listener":"private"}' == route.calls[0].request.content


class Gateway:
    """Takes the first login, refuses every order with 401, and does with later logins as it is told."""

    def __init__(self, *, hangs: bool) -> None:
        self.paths: list[str] = []
        self._hangs = hangs

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path)
        if request.url.path != "/api/login":
            return httpx.Response(401, json={})
        if self.paths.count("/api/login") == 1:
            cookie = {"set-cookie": "session_id=s-1"}
            return httpx.Response(200, json={"csrf_token": "t-1"}, headers=cookie)
        if self._hangs:
            await asyncio.Event().wait()
        raise httpx.ReadError("cut")


@pytest.fixture
def login_kit(make_kit: Callable[..., AudioKit]) -> AudioKit:
    """A client with a login, which tries twice, not opened yet."""
    login = Login(email="a@example.com", password="pw-SECRET")
    access = ApiAccess(base_url=BASE, credentials=login)
    return make_kit(respeecher=access, retry=RetryPolicy(attempts=2))


async def test_order_refused_before_a_lost_login_is_in_no_doubt(
    login_kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """The API has said no to it; what was lost is the login, so it may go out again."""
    gateway = Gateway(hangs=False)
    respx_mock.route(url__startswith=BASE).mock(side_effect=gateway)
    async with login_kit as kit:
        with pytest.raises(ConnectionFailed) as caught:
            await kit.respeecher.request("POST", "/paid", json={})
    assert 2 == caught.value.attempts
    assert ["/api/login", *["/paid", "/api/login"] * 2] == gateway.paths


async def test_order_refused_before_a_login_that_hangs_was_not_sent(
    login_kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """A deadline that passes in the login leaves nothing to look for."""
    gateway = Gateway(hangs=True)
    respx_mock.route(url__startswith=BASE).mock(side_effect=gateway)
    async with login_kit as kit:
        with pytest.raises(CallTimeout) as caught:
            await kit.respeecher.request("POST", "/paid", json={}, timeout=0.02)
    assert not caught.value.maybe_sent
    assert ["/api/login", "/paid", "/api/login"] == gateway.paths
