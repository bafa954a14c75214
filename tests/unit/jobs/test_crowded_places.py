"""Without labels, being new is a proof only while one order at a time is in doubt; and when it is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from job_server import Server, ServerJob

from audiokit.errors import JournalLockTaken
from audiokit.jobs import JobState, Journal, JournalState, Orchestrator

Make = Callable[..., Orchestrator]

FIRST, SECOND = ServerJob(number=1, key="first"), ServerJob(number=2, key="second")


async def _run(make: Make, *jobs: Any, **options: Any) -> list[Any]:
    async with make(settle_s=5, **options) as orchestrator:
        return [outcome async for outcome in orchestrator.run(jobs)]


@pytest.mark.parametrize(
    "settled",
    [
        pytest.param({"remote_id": "late"}, id="found"),
        pytest.param({}, id="given up"),
        pytest.param({"resubmit": True}, id="submitted again"),
    ],
)
async def test_a_settled_jobs_late_work_is_not_given_to_the_next_one(
    settled: dict[str, Any], journalled: Make, server: Server
) -> None:
    """Whatever its owner said of it: the next order in its place is not told by being the only new one."""
    server.echoes_labels = False
    server.behaviour.append("cut")
    [outcome] = await _run(journalled, FIRST)
    assert JobState.UNCERTAIN is outcome.state
    server.work["late"] = (0.0, "here", None)
    async with journalled() as orchestrator:
        await orchestrator.settle("first", **settled)
    server.behaviour.append("cut")
    [outcome] = await _run(journalled, SECOND)
    assert JobState.UNCERTAIN is outcome.state


async def test_a_place_is_crowded_before_a_second_order_is_in_doubt_there(
    journalled: Make, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at any record in between, the next run does not take the first one's work for the second's."""
    server.echoes_labels = False
    server.behaviour.append("cut")
    await _run(journalled, FIRST)
    noted: list[str] = []
    real_put, real_remember = Journal.put, Journal.remember

    def put(self: Journal, key: str, state: JournalState, **facts: Any) -> Any:
        noted.append(f"{key} {state.value}")
        return real_put(self, key, state, **facts)

    async def remember(self: Journal, place: str, ids: Any) -> None:
        await real_remember(self, place, ids)
        noted.append(place)

    monkeypatch.setattr(Journal, "put", put)
    monkeypatch.setattr(Journal, "remember", remember)
    await _run(journalled, SECOND)
    # The first intent is refused, because of the lock.
    assert ["second intent", "crowded:here", "second intent", "second sent"] == noted[:4]


async def test_credits_are_not_reserved_for_what_could_not_be_noted(
    journalled: Make, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order that waits for another one's lock reserves what it costs each time it tries, not for good."""
    real, tries = Journal.put, []

    def put(self: Journal, key: str, state: JournalState, **facts: Any) -> Any:
        if state is JournalState.INTENT and len(tries) < 3:
            tries.append(key)
            raise JournalLockTaken("wait", path="x", lock="lock here", holder="nobody")
        return real(self, key, state, **facts)

    monkeypatch.setattr(Journal, "put", put)
    async with journalled(credit_budget=5.0) as orchestrator:
        [outcome] = [one async for one in orchestrator.run([ServerJob(number=1, credits=2.0)])]
        assert (3, 2.0) == (len(tries), orchestrator.credits_spent)
    assert (JobState.DONE, 2.0) == (outcome.state, outcome.stats.credits)
