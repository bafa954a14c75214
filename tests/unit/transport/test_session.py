"""Respeecher's login session: when it logs in, what it sends, and what a refusal looks like."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import respx

from audiokit import ApiAccess, AudioKit, Login, RetryPolicy
from audiokit.errors import (
    AudiokitError,
    AuthenticationError,
    ConnectionFailed,
    CredentialsError,
    RateLimited,
    UnexpectedResponse,
)
from audiokit.transport import Call, StreamBody, as_source
from audiokit.typing import AudioData

BASE = "https://gateway.example"


class Gateway:
    """A gateway that knows one login, and counts."""

    def __init__(self) -> None:
        self.logins = 0
        self.calls: list[httpx.Request] = []
        self.valid: set[str] = set()
        self.gate: asyncio.Event | None = None
        self.meeting: asyncio.Barrier | None = None
        self.login_reply: Callable[[], httpx.Response] | None = None

    def expire(self) -> None:
        """No session is valid any more."""
        self.valid.clear()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/login":
            return await self._log_in(request)
        self.calls.append(request)
        if self.meeting is not None and self.meeting.n_waiting < self.meeting.parties:
            await self.meeting.wait()
        session = request.headers.get("cookie", "").removeprefix("session_id=")
        if session not in self.valid or request.headers.get("x-csrf-token") != f"csrf-{session}":
            return httpx.Response(401, json={"detail": "Not signed in"})
        if request.url.path == "/api/logout":
            self.valid.discard(session)
        return httpx.Response(200, json={"credits": 5})

    async def _log_in(self, request: httpx.Request) -> httpx.Response:
        self.logins += 1
        name = f"s{self.logins}"
        assert b'{"email":"a@example.com","password":"pw-SECRET"}' == request.content
        if self.gate is not None:
            await self.gate.wait()
        if self.login_reply is not None:
            return self.login_reply()
        self.valid.add(name)
        return httpx.Response(
            200,
            json={"user": {"id": "u-1"}, "csrf_token": f"csrf-{name}"},
            headers={"set-cookie": f"session_id={name}; HttpOnly; Path=/; SameSite=lax"},
        )


@pytest.fixture
def gateway(respx_mock: respx.MockRouter) -> Gateway:
    """A gateway behind respx."""
    gateway = Gateway()
    respx_mock.route(url__startswith=BASE).mock(side_effect=gateway)
    return gateway


@pytest.fixture
def login_kit(make_kit: Callable[..., AudioKit]) -> AudioKit:
    """A client with a login instead of a key, not opened yet."""
    login = Login(email="a@example.com", password="pw-SECRET")
    return make_kit(respeecher=ApiAccess(base_url=BASE, credentials=login))


async def test_first_call_logs_in(login_kit: AudioKit, gateway: Gateway) -> None:
    """The login goes first; cookie and CSRF token go with the call, no key does."""
    async with login_kit as kit:
        assert 5 == (await kit.respeecher.credits.get()).left
    sent = gateway.calls[0].headers
    assert ("session_id=s1", "csrf-s1") == (sent["cookie"], sent["x-csrf-token"])
    assert "api-key" not in sent


async def test_session_is_used_again(login_kit: AudioKit, gateway: Gateway) -> None:
    """One login serves many calls."""
    async with login_kit as kit:
        for _ in range(3):
            await kit.respeecher.credits.get()
    assert (1, 3) == (gateway.logins, len(gateway.calls))


async def test_expired_session_is_renewed_once(login_kit: AudioKit, gateway: Gateway) -> None:
    """After a 401 the client logs in anew and sends the call again; the caller notices nothing."""
    async with login_kit as kit:
        await kit.respeecher.credits.get()
        gateway.expire()
        assert 5 == (await kit.respeecher.credits.get()).left
    assert 2 == gateway.logins
    assert "session_id=s2" == gateway.calls[-1].headers["cookie"]


async def test_session_that_does_not_help_is_not_renewed_forever(
    login_kit: AudioKit, gateway: Gateway
) -> None:
    """A 401 right after a fresh login is the answer."""
    gateway.login_reply = lambda: httpx.Response(
        200,
        json={"user": {"id": "u-1"}, "csrf_token": "useless"},
        headers={"set-cookie": "session_id=useless; Path=/"},
    )
    async with login_kit as kit:
        with pytest.raises(AuthenticationError, match="Not signed in"):
            await kit.respeecher.credits.get()
    assert (2, 2) == (gateway.logins, len(gateway.calls))


async def test_calls_that_meet_an_expired_session_together_all_succeed(
    login_kit: AudioKit, gateway: Gateway
) -> None:
    """Whoever sees the 401 first renews the session; the others wait for it or log in as well."""
    answers: list[Any] = []

    async def ask() -> None:
        answers.append(await kit.respeecher.credits.get())

    async with login_kit as kit:
        await kit.respeecher.credits.get()
        gateway.expire()
        gateway.gate, gateway.meeting = asyncio.Event(), asyncio.Barrier(5)
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            gateway.meeting = None
            gateway.gate.set()
    assert 5 == len(answers)


async def test_first_calls_together_log_in_once(login_kit: AudioKit, gateway: Gateway) -> None:
    """Fifty calls at the start are no fifty logins."""
    async with login_kit as kit:
        gateway.gate = asyncio.Event()
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(kit.respeecher.credits.get)
            await anyio.wait_all_tasks_blocked()
            gateway.gate.set()
    assert 1 == gateway.logins


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_refused_login_is_about_the_credentials(
    status: int, login_kit: AudioKit, gateway: Gateway
) -> None:
    """However the gateway puts it (it says 404 for an unknown user), the credentials are at fault."""
    gateway.login_reply = lambda: httpx.Response(status, json={"detail": "no such user"})
    async with login_kit as kit:
        with pytest.raises(CredentialsError, match="no such user") as caught:
            await kit.respeecher.recordings.get("r-1")
    assert [] == gateway.calls
    assert "SECRET" not in str(caught.value) + repr(vars(caught.value))


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(200, json={"user": {"id": "u-1"}, "csrf_token": "t"}),
        httpx.Response(200, json={"user": {"id": "u-1"}}, headers={"set-cookie": "session_id=s"}),
        httpx.Response(200, content=b"<html>", headers={"set-cookie": "session_id=s"}),
    ],
    ids=["no cookie", "no token", "no JSON"],
)
async def test_login_without_a_session_is_not_taken_for_the_calls_answer(
    reply: httpx.Response, login_kit: AudioKit, gateway: Gateway
) -> None:
    """A delete that was never sent is not reported as done because the login answered 200."""
    gateway.login_reply = lambda: reply
    async with login_kit as kit:
        with pytest.raises(AudiokitError):
            await kit.respeecher.projects.delete("p-1")
    assert [] == gateway.calls


async def test_logout_ends_the_session_and_the_next_call_logs_in(
    login_kit: AudioKit, gateway: Gateway
) -> None:
    """After logging out, a client made with a login starts a new session when needed."""
    async with login_kit as kit:
        await kit.respeecher.credits.get()
        await kit.respeecher.session.logout()
        assert set() == gateway.valid
        await kit.respeecher.credits.get()
    assert 2 == gateway.logins


async def test_explicit_login_replaces_the_key(kit: AudioKit, gateway: Gateway) -> None:
    """After `session.login` the calls of this client use the session, not the key."""
    user = await kit.respeecher.session.login("a@example.com", "pw-SECRET")
    await kit.respeecher.credits.get()
    sent = gateway.calls[0].headers
    assert ("u-1", "session_id=s1", "csrf-s1") == (user.id, sent["cookie"], sent["x-csrf-token"])
    assert "api-key" not in sent


async def test_explicit_login_sends_no_credentials_of_the_client(
    kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """The login itself needs no key, so none goes along."""
    route = respx_mock.post(f"{BASE}/api/login").respond(401, json={"detail": "no"})
    with pytest.raises(AuthenticationError):
        await kit.respeecher.session.login("a@example.com", "pw")
    assert "api-key" not in route.calls[0].request.headers


async def test_explicit_login_without_a_cookie_is_unexpected(
    kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """A login that sets no cookie cannot be used, and says so without showing the token."""
    respx_mock.post(f"{BASE}/api/login").respond(200, json={"user": {"id": "u"}, "csrf_token": "t-SECRET"})
    with pytest.raises(UnexpectedResponse, match="no session_id cookie") as caught:
        await kit.respeecher.session.login("a@example.com", "pw")
    assert "SECRET" not in repr(vars(caught.value))


async def test_logging_out_brings_the_key_back(kit: AudioKit, gateway: Gateway) -> None:
    """A client made with a key goes back to it after an explicit login has ended."""
    await kit.respeecher.session.login("a@example.com", "pw-SECRET")
    await kit.respeecher.session.logout()
    with pytest.raises(AuthenticationError):
        await kit.respeecher.credits.get()
    assert "gateway-key-SECRET" == gateway.calls[-1].headers["api-key"]


async def test_two_clients_in_one_process_never_mix(
    make_kit: Callable[..., AudioKit], login_kit: AudioKit, gateway: Gateway
) -> None:
    """Each client keeps its own session."""
    other = make_kit(
        respeecher=ApiAccess(base_url=BASE, credentials=Login(email="a@example.com", password="pw-SECRET"))
    )
    async with login_kit as one, other as two:
        await one.respeecher.credits.get()
        await two.respeecher.credits.get()
        await one.respeecher.credits.get()
    assert ["session_id=s1", "session_id=s2", "session_id=s1"] == [
        call.headers["cookie"] for call in gateway.calls
    ]


async def test_session_goes_to_its_own_origin_only(
    login_kit: AudioKit, gateway: Gateway, tmp_path: Path, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """A recording kept elsewhere is fetched without cookie and token."""
    route = respx_mock.get("https://cdn.example/a.wav").respond(200, content=wav)
    async with login_kit as kit:
        await kit.respeecher.credits.get()
        await kit.respeecher.recordings.download("https://cdn.example/a.wav", tmp_path)
    assert not {"cookie", "x-csrf-token"} & set(route.calls[0].request.headers)


@pytest.mark.parametrize("status", [429, 503])
async def test_login_that_fails_for_a_moment_is_repeated(
    status: int, login_kit: AudioKit, gateway: Gateway
) -> None:
    """A safe call survives a gateway that stumbles at the login as it survives any other stumble."""

    def stumble() -> httpx.Response:
        gateway.login_reply = None
        return httpx.Response(status, headers={"retry-after": "1"})

    gateway.login_reply = stumble
    async with login_kit as kit:
        assert 5 == (await kit.respeecher.credits.get()).left


async def test_refused_login_says_how_long_to_wait(login_kit: AudioKit, gateway: Gateway) -> None:
    """A rate limit of the login carries its wait like any other."""
    gateway.login_reply = lambda: httpx.Response(429, headers={"retry-after": "3600"})
    async with login_kit as kit:
        with pytest.raises(RateLimited) as caught:
            await kit.respeecher.projects.delete("p")
    assert 3600.0 == caught.value.retry_after


async def test_lost_login_of_an_order_sends_no_order(login_kit: AudioKit, gateway: Gateway) -> None:
    """When the login breaks off, the call itself was never sent, and that is what the caller is told."""

    def cut() -> httpx.Response:
        raise httpx.ReadError("cut")

    gateway.login_reply = cut
    async with login_kit as kit:
        with pytest.raises(ConnectionFailed, match="nothing was sent"):
            await kit.respeecher.orders.retry("r-1")
    assert [] == gateway.calls


async def _upload(kit: AudioKit, data: AudioData) -> int:
    """The status of an upload."""
    body = StreamBody(source=await as_source(data))
    call = Call(api="respeecher", operation="respeecher.x.upload", method="POST", url="/api/x", body=body)
    return (await kit._transport.fetch(call)).status


async def test_upload_in_an_expired_session_is_sent_again(
    login_kit: AudioKit, gateway: Gateway, wav: bytes
) -> None:
    """After a 401 a file that can be read again goes out whole, in a new session."""
    async with login_kit as kit:
        await kit.respeecher.credits.get()
        gateway.expire()
        assert 200 == await _upload(kit, wav)
    assert 2 == gateway.logins
    assert [wav, wav] == [call.content for call in gateway.calls[1:]]


async def test_upload_in_an_expired_session_is_sent_again_without_retries(
    make_kit: Callable[..., AudioKit], gateway: Gateway, wav: bytes
) -> None:
    """A new session is no retry: one attempt is one in a session that is valid."""
    access = ApiAccess(base_url=BASE, credentials=Login(email="a@example.com", password="pw-SECRET"))
    async with make_kit(respeecher=access, retry=RetryPolicy(attempts=1)) as kit:
        await kit.respeecher.credits.get()
        gateway.expire()
        assert 200 == await _upload(kit, wav)
    assert 2 == gateway.logins


async def test_upload_that_can_be_sent_once_ends_the_session(
    login_kit: AudioKit, gateway: Gateway, wav: bytes, chunks_of: Callable[..., AsyncIterator[bytes]]
) -> None:
    """Its 401 is the answer, and the next call logs in."""
    async with login_kit as kit:
        await kit.respeecher.credits.get()
        gateway.expire()
        assert 401 == await _upload(kit, chunks_of(wav))
        assert 1 == gateway.logins
        assert 200 == await _upload(kit, chunks_of(wav))
    assert 2 == gateway.logins


@pytest.mark.parametrize("reply", ["useless session", "wrong password"])
async def test_upload_whose_new_session_does_not_help_ends(
    reply: str, login_kit: AudioKit, gateway: Gateway, wav: bytes
) -> None:
    """One new login and no more, whether it is refused or its session is."""
    useless = {"set-cookie": "session_id=useless; Path=/"}
    document = {"user": {"id": "u-1"}, "csrf_token": "useless"}
    async with login_kit as kit:
        await kit.respeecher.credits.get()
        gateway.expire()
        gateway.login_reply = lambda: (
            httpx.Response(200, json=document, headers=useless)
            if reply == "useless session"
            else httpx.Response(401, json={"detail": "wrong password"})
        )
        if reply == "useless session":
            assert 401 == await _upload(kit, wav)
        else:
            with pytest.raises(AuthenticationError, match="wrong password"):
                await _upload(kit, wav)
    assert 2 == gateway.logins


async def test_late_upload_leaves_the_new_session_alone(
    login_kit: AudioKit, gateway: Gateway, wav: bytes
) -> None:
    """A 401 to the old session does not end the one that another call has opened meanwhile."""
    async with login_kit as kit:
        await kit.respeecher.credits.get()
        gateway.expire()
        gateway.meeting = asyncio.Barrier(2)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_upload, kit, wav)
            for _ in range(20):
                await asyncio.sleep(0)
            meeting, gateway.meeting = gateway.meeting, None
            await kit.respeecher.credits.get()
            await meeting.wait()
    assert 2 == gateway.logins


async def test_call_and_upload_that_meet_an_expired_session_both_succeed(
    login_kit: AudioKit, gateway: Gateway, wav: bytes
) -> None:
    """The upload ends the session while the call waits to renew it."""
    found: list[Any] = []

    async def ask() -> None:
        found.append((await kit.respeecher.credits.get()).left)

    async def upload() -> None:
        found.append(await _upload(kit, wav))

    async with login_kit as kit:
        await ask()
        gateway.expire()
        gateway.meeting = asyncio.Barrier(2)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(upload)
            tasks.start_soon(ask)
    assert {5.0, 200} == set(found)


async def test_login_that_repeats_the_password_is_told_without_it(
    login_kit: AudioKit, gateway: Gateway
) -> None:
    """Some gateways show the request that they refuse."""
    gateway.login_reply = lambda: httpx.Response(422, json={"input": {"password": "pw-SECRET"}})
    async with login_kit as kit:
        with pytest.raises(CredentialsError, match=r'\{"input": ?\{"password": ?"\*\*\*"\}\}') as caught:
            await kit.respeecher.credits.get()
    assert "SECRET" not in str(caught.value) + repr(vars(caught.value))


async def test_explicit_login_that_repeats_the_password_is_told_without_it(
    kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """Though nobody keeps that one: it is known while the call is under way."""
    echo = {"detail": [{"loc": ["body"], "input": {"email": "a@example.com", "password": "pw-SECRET"}}]}
    respx_mock.post(f"{BASE}/api/login").respond(422, json=echo)
    with pytest.raises(AudiokitError) as caught:
        await kit.respeecher.session.login("a@example.com", "pw-SECRET")
    assert "SECRET" not in str(caught.value) + repr(vars(caught.value))
    assert "'password': '***'" in repr(caught.value.body)  # type: ignore[attr-defined]


async def test_answer_that_repeats_the_session_is_told_without_it(
    kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """Session, token and the key they took the place of."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/login":
            document = {"user": {"id": "u"}, "csrf_token": "token-SECRET"}
            return httpx.Response(200, json=document, headers={"set-cookie": "session_id=session-SECRET"})
        echo = {name: [value, {value: 1}] for name, value in request.headers.items()}
        return httpx.Response(422, json={"detail": echo, "key": "gateway-key-SECRET"})

    respx_mock.route(url__startswith=BASE).mock(side_effect=answer)
    await kit.respeecher.session.login("a@example.com", "pw-SECRET")
    with pytest.raises(AudiokitError) as caught:
        await kit.respeecher.credits.get()
    assert "SECRET" not in str(caught.value) + repr(vars(caught.value))
    assert "session_id=***" in repr(caught.value.body)  # type: ignore[attr-defined]
