"""Respeecher's rate limits: as documented, off unless asked for."""

from __future__ import annotations

from typing import Any

import pytest

from audiokit.emulator._rates import RateLimits


async def test_there_are_no_limits_unless_asked_for(emulator: Any) -> None:
    """600 calls in no time, and the user's data says so."""
    for _ in range(600):
        assert 200 == (await emulator.client.get("/api/healtz")).status_code
    for _ in range(110):
        await emulator.ok("GET", "/api/credits")

    assert None is (await emulator.ok("POST", "/api/auth"))["data"]["rate_limits"]


async def test_fast_and_slow_calls_have_limits_of_their_own(open_emulator: Any) -> None:
    """The sixth fast call within the window is refused with the time to wait; slow ones go on, and back."""
    async with open_emulator(rate_limits="5/2/300s") as emulator:
        expected = {"fast": {"times": 5, "seconds": 300}, "slow": {"times": 2, "seconds": 300}}
        assert expected == (await emulator.ok("POST", "/api/auth"))["data"]["rate_limits"]
        folder = await emulator.folder()
        emulator.clock[0] += 100
        for _ in range(2):
            await emulator.ok("GET", "/api/credits")
        refused = await emulator.client.get("/api/credits")
        assert (429, "200") == (refused.status_code, refused.headers["retry-after"])
        assert "5 fast calls within 300 seconds" in refused.json()["detail"]
        for _ in range(2):
            await emulator.upload(folder["id"])
        detail = await emulator.refused(429, "POST", "/api/v2/orders", json={})
        assert "2 slow calls" in detail


async def test_the_window_slides(open_emulator: Any) -> None:
    """Never more than the limit in any window: room comes back call by call, not all at once."""
    async with open_emulator(rate_limits="2/9/10s") as emulator:
        seen = []
        for second in (0, 6, 9, 10, 11, 16, 17):
            emulator.clock[0] = 1_790_000_000.0 + second
            seen.append((await emulator.client.get("/api/credits")).status_code)

        assert [200, 200, 429, 200, 429, 200, 429] == seen


async def test_downloads_and_refused_calls_do_not_count(open_emulator: Any) -> None:
    """Nor do calls without a valid key, which are refused as such."""
    async with open_emulator(rate_limits="5/5/300s") as emulator:
        original = await emulator.original()  # two fast calls and a slow one, and a look at the end
        for _ in range(10):
            assert 200 == (await emulator.client.get(original["url"])).status_code
            assert 401 == (await emulator.client.get("/api/credits", headers={"api-key": "x"})).status_code
        for expected in (200, 200, 429, 429):
            assert expected == (await emulator.client.get("/api/credits")).status_code


async def test_tenants_have_their_own_limits(open_emulator: Any) -> None:
    """One who used theirs up leaves the other's alone."""
    async with open_emulator(rate_limits="1/1/300s", keys={"other": "o" * 40}) as emulator:
        await emulator.ok("GET", "/api/credits")
        await emulator.refused(429, "GET", "/api/credits")
        other = await emulator.client.get("/api/credits", headers={"api-key": "o" * 40})
        assert 200 == other.status_code


async def test_virtual_time_runs_through_the_window(open_emulator: Any) -> None:
    """At speed 100 a window of 300 seconds is over after 3, and Retry-After is in real seconds."""
    async with open_emulator(rate_limits="1/1/300s", speed=100.0) as emulator:
        await emulator.ok("GET", "/api/credits")
        refused = await emulator.client.get("/api/credits")
        assert (429, "3") == (refused.status_code, refused.headers["retry-after"])
        emulator.clock[0] += 3.01
        await emulator.ok("GET", "/api/credits")


@pytest.mark.parametrize(
    "text", ["", "500", "500/100", "500/100/300", "0/1/1s", "1/0/1s", "1/1/0s", "a/b/cs"]
)
def test_limits_that_are_none_are_refused(text: str) -> None:
    """With an example."""
    with pytest.raises(ValueError, match="like 500/100/300s"):
        RateLimits.parse(text)
