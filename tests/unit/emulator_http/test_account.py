"""Keys, login, session, credits of the Respeecher API."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("headers", [{}, {"api-key": "x" * 40}, {"x-api-key": "k" * 40}])
async def test_a_call_without_a_valid_key_is_401(emulator: Any, headers: dict[str, str]) -> None:
    """With a detail that says what to send."""
    async with emulator.new_client(headers) as client:
        reply = await client.get("/api/projects")

    assert 401 == reply.status_code
    assert "api-key" in reply.json()["detail"]


async def test_login_gives_a_session_that_works_with_its_csrf_token(emulator: Any) -> None:
    """Cookie and header together are as good as a key, until logout."""
    accounts = emulator.context.accounts
    async with emulator.new_client() as client:
        body = {"email": accounts.email, "password": accounts.password, "session_duration": 600}
        reply = await client.post("/api/login", json=body)
        assert 200 == reply.status_code
        assert accounts.user_id == reply.json()["user"]["id"]
        assert 600 == reply.json()["session_duration"]
        cookie = reply.headers["set-cookie"]
        assert cookie.startswith("session_id=")
        assert "HttpOnly" in cookie

        without = await client.post("/api/auth")
        csrf = {"X-Csrf-Token": reply.json()["csrf_token"]}
        with_token = await client.post("/api/auth", headers=csrf)
        out = await client.post("/api/logout", headers=csrf)
        cookie_value = cookie.partition("=")[2].partition(";")[0]
        after = await client.post("/api/auth", headers={**csrf, "cookie": f"session_id={cookie_value}"})

    assert (401, 200, 200, 401) == tuple(r.status_code for r in (without, with_token, out, after))
    assert "X-Csrf-Token" in without.json()["detail"]
    assert {"detail": "OK"} == out.json()
    assert "log in again" in after.json()["detail"]


async def test_a_refused_login_says_whether_user_or_password_is_wrong(emulator: Any) -> None:
    """404 for an unknown e-mail, 403 for a wrong password, 422 for a missing field."""
    email = emulator.context.accounts.email

    assert "no user" in await emulator.refused(
        404, "POST", "/api/login", json={"email": "a@b.c", "password": "x"}
    )
    assert "wrong password" in await emulator.refused(
        403, "POST", "/api/login", json={"email": email, "password": "x"}
    )
    reply = await emulator.client.post("/api/login", json={"email": email})
    expected = {"loc": ["body", "password"], "msg": "password is required", "type": "value_error.missing"}
    assert (422, {"detail": [expected]}) == (reply.status_code, reply.json())


async def test_a_new_key_takes_the_place_of_the_old_one(emulator: Any) -> None:
    """The old key stops working here, and goes on for the other two APIs."""
    new = (await emulator.ok("POST", "/api/api-key"))["api_key"]

    assert len(new) >= 32
    await emulator.refused(401, "GET", "/api/credits")
    emulator.client.headers["api-key"] = new
    await emulator.ok("GET", "/api/credits")
    assert "default" == emulator.context.accounts.for_key(emulator.context.accounts.api_key)


async def test_a_deleted_key_works_no_more(emulator: Any) -> None:
    """DELETE has no id: an account has one key."""
    assert {"detail": "OK"} == await emulator.ok("DELETE", "/api/api-key")

    await emulator.refused(401, "GET", "/api/credits")


async def test_a_key_may_expire(emulator: Any) -> None:
    """An end in the past is refused, one in the future is kept to."""
    past = {"expires_at": "2020-01-01T00:00:00Z"}
    assert "future" in await emulator.refused(422, "POST", "/api/api-key", json=past)
    assert "time zone" in await emulator.refused(422, "POST", "/api/api-key", json={"expires_at": "soon"})

    made = await emulator.ok("POST", "/api/api-key", json={"expires_at": "2026-12-01T00:00:00Z"})
    emulator.client.headers["api-key"] = made["api_key"]
    await emulator.ok("GET", "/api/credits")
    emulator.clock[0] += 365 * 86_400
    await emulator.refused(401, "GET", "/api/credits")


async def test_auth_tells_the_caller_who_they_are(emulator: Any) -> None:
    """A JSON content type without a body is no error: an official client sends it so."""
    user = await emulator.ok("POST", "/api/auth", headers={"content-type": "application/json"})

    assert emulator.context.accounts.user_id == user["id"]
    assert {"verified", "username", "roles", "groups", "data", "email"} <= user.keys()
    assert None is user["data"]["calibration"]


async def test_health_and_credits(emulator: Any) -> None:
    """Health needs no key; a fresh account has all its credits."""
    async with emulator.new_client() as client:
        assert {"state": "OK"} == (await client.get("/api/healtz")).json()
    assert {"credits": 1000.0, "initial_credits": 1000.0} == await emulator.ok("GET", "/api/credits")
