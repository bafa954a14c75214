"""The stub transport: answers as told, keeps what was sent, and fails on anything else."""

from __future__ import annotations

import httpx
import pytest

from audiokit.errors import AudiokitError, NotFound
from audiokit.testing import Answer, FakeClock, SentRequest, StubTransport

CREDITS = {"credits": 5.0, "initial_credits": 10.0}


async def test_answers_are_given_in_turn_and_the_last_one_for_ever() -> None:
    """A failure, then JSON, again and again; the fake clock made the wait short."""
    stub, clock = StubTransport(), FakeClock()
    stub.on("GET", "/api/credits", httpx.ConnectError("no way"), Answer(status=503), CREDITS)
    async with stub.kit(clock=clock) as kit:
        seen = [(await kit.respeecher.credits.get()).left for _ in range(2)]

    assert [5.0, 5.0] == seen
    assert [("GET", "/api/credits")] * 4 == stub.calls
    assert clock.slept


async def test_what_was_sent_can_be_looked_at() -> None:
    """Method, API, path, query, headers, body."""
    stub = StubTransport()
    stub.on("post", "/api/projects", lambda sent: Answer(json={**project(), "name": sent.json()["name"]}))
    stub.on(
        "GET", "respeecher:/api/projects", {"list": [], "pagination": {"count": 0, "limit": 7, "offset": 0}}
    )
    async with stub.kit() as kit:
        stub.on("POST", "/api/auth", {"id": "u1", "email": "a@b.example", "verified": True, "username": "a"})
        made = await kit.respeecher.projects.create("Show")
        assert [] == [one async for one in kit.respeecher.projects.list(page_size=7)]
    posted = next(one for one in stub.requests if one.path == "/api/projects" and one.method == "POST")
    listed = stub.requests[-1]

    assert "Show" == made.name
    assert ("respeecher", "stub-key") == (posted.api, posted.headers["api-key"])
    assert "Show" == posted.json()["name"]
    assert "7" == listed.query["limit"]


async def test_a_call_that_nothing_was_set_up_for_fails_the_test() -> None:
    """By its name, with what there is."""
    stub = StubTransport()
    stub.on("GET", "/api/credits", CREDITS)
    async with stub.kit() as kit:
        with pytest.raises(AssertionError, match=r"set up for GET /api/stats; there is GET /api/credits"):
            await kit.respeecher.stats.get()


async def test_the_last_of_several_that_fit_counts() -> None:
    """A test can say otherwise than its fixture did; patterns take part of a path."""
    stub = StubTransport()
    stub.on("GET", "/api/*", CREDITS)
    async with stub.kit() as kit:
        assert 5.0 == (await kit.respeecher.credits.get()).left
        stub.on("GET", "apiaudio:/api/credits", {"credits": 1, "initial_credits": 1})
        assert 5.0 == (await kit.respeecher.credits.get()).left
        stub.on("GET", "/api/credits", Answer(status=404, json={"detail": "gone"}))
        with pytest.raises(NotFound):
            await kit.respeecher.credits.get()


async def test_an_answer_without_a_body_is_one() -> None:
    """Nothing but status 200, which this call finds wrong."""
    stub = StubTransport()
    stub.on("GET", "/api/credits")
    async with stub.kit() as kit:
        with pytest.raises(AudiokitError):
            await kit.respeecher.credits.get()


def test_no_repr_shows_headers_or_bodies() -> None:
    """They hold keys and texts."""
    sent = SentRequest(
        method="GET", api="", path="/", query={}, headers={"api-key": "SECRET"}, body=b"SECRET"
    )

    assert "SECRET" not in repr(sent)


def project() -> dict[str, object]:
    """A project as the wire shows it."""
    moment = "2026-01-01T00:00:00Z"
    return {
        "id": "p1", "owner": "u1", "name": "x", "slug": "x", "url": "x", "models": {}, "active": True,
        "created_at": moment, "last_recording_at": moment,
    }  # fmt: skip
