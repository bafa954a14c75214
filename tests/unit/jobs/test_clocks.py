"""Clocks that are set back, or begin anew: nothing a journal decides depends on the time of day."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from job_server import Server, ServerJob, outcomes_of

from audiokit.jobs import JobState, JournalState, Orchestrator
from audiokit.testing import FakeClock

Make = Callable[..., Orchestrator]
IN_THE_FUTURE_S = 4_000_000_000.0  # 2096
HOUR_S = 3600.0


@attrs.frozen(kw_only=True)
class Unheard(ServerJob):
    """A job whose order is taken, and whose answer never comes while somebody waits for it."""

    is_waiting = True

    async def submit(self, context: Any, prepared: None) -> str:
        """Submit, and hear nothing."""
        made = await super().submit(context, prepared)
        if type(self).is_waiting:
            await asyncio.Event().wait()
        return made


def _backwards(start: float) -> Callable[[], float]:
    """A wall clock that is an hour earlier each time it is looked at."""
    steps = itertools.count()
    return lambda: start - HOUR_S * next(steps)


@pytest.mark.parametrize("labels", ["echoed", "dropped"])
async def test_an_intent_of_the_future_is_looked_for_as_long_as_any_other(
    labels: str, journalled: Make, server: Server, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noted in 2096, before a restart set both clocks back; what comes late is found, not ordered again."""
    server.echoes_labels = labels == "echoed"
    await clock.sleep(1_000_000)
    job = Unheard(number=1, key="mine", timeout_s=60.0)
    async with journalled(
        kinds=[Unheard], drain_s=0, j={"wall_clock": lambda: IN_THE_FUTURE_S}
    ) as orchestrator:
        running = asyncio.create_task(anext(orchestrator.run([job])))
        async with asyncio.timeout(5):
            while not server.submits:  # noqa: ASYNC110 - the server tells no other way
                await asyncio.sleep(0)
        running.cancel()
    monkeypatch.setattr(Unheard, "is_waiting", False)
    server.clock = booted = FakeClock()
    server.work = {one: (3.0, place, label) for one, (_, place, label) in server.work.items()}
    options = {"kinds": [Unheard], "clock": booted, "settle_s": 30, "j": {"wall_clock": lambda: 0.0}}
    [outcome] = await outcomes_of(journalled, job, **options)
    assert (JobState.DONE, "work-1", {"job 1": 1}) == (outcome.state, outcome.result, dict(server.submits))
    assert 3 <= booted.monotonic() <= 30


async def test_a_clock_that_runs_backwards_during_a_run_mixes_nothing_up(
    journalled: Make, server: Server
) -> None:
    """An hour back with each record, and answers that are lost: each job has its own work, once."""
    server.echoes_labels = False
    server.behaviour.extend(["lost", "ok", "late"] * 4)
    jobs = [ServerJob(number=n) for n in range(12)]
    outcomes = await outcomes_of(
        journalled, *jobs, settle_s=30, j={"wall_clock": _backwards(IN_THE_FUTURE_S)}
    )
    assert [JobState.DONE] * 12 == [one.state for one in outcomes]
    assert {f"job {n}": 1 for n in range(12)} == dict(server.submits)
    again = await outcomes_of(journalled, *jobs, j={"wall_clock": _backwards(0.0)})
    assert [one.result for one in outcomes] == [one.result for one in again]
    assert {f"job {n}": 1 for n in range(12)} == dict(server.submits)


async def test_a_clock_set_back_forgets_no_job_too_early(journalled: Make, server: Server) -> None:
    """What seems to be of the future is not old: it is kept, and not made again."""
    await outcomes_of(journalled, ServerJob(number=1), j={"wall_clock": lambda: IN_THE_FUTURE_S})
    orchestrator = journalled(j={"wall_clock": lambda: 0.0})
    async with orchestrator:
        journal = orchestrator._recorder.journal  # type: ignore[union-attr]
        assert 0 == await journal.prune(older_than_s=0)
        assert {JournalState.DONE: 1} == await journal.counts()
        [outcome] = [one async for one in orchestrator.run([ServerJob(number=1)])]
    assert (True, 1) == (outcome.restored, server.submits.total())
