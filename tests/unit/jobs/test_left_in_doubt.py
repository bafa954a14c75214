"""An order that may have been taken stays an open question, whatever else goes wrong before its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from job_server import Server, ServerJob

from audiokit.errors import InvalidRequest, JobFailed, JournalLockTaken, RequestRefused
from audiokit.jobs import JobState, Orchestrator, Submission

Make = Callable[..., Orchestrator]


@attrs.frozen(kw_only=True)
class Fragile(ServerJob):
    """A job whose preparing, submitting and looking do what a test says, by the class's own switches."""

    refuses = False
    hangs = False
    find_fails = False

    async def prepare(self, context: Any) -> None:
        """Refuse for the first job, as when the file of its source is gone."""
        if type(self).refuses and self.number == 1:
            raise InvalidRequest.of("source", "take.wav", "a file that is there")

    async def submission(self, context: Any, prepared: None) -> Submission:
        """As ever; looking may be refused."""
        how = await super().submission(context, prepared)

        async def find(_: frozenset[str] | None) -> str | None:
            raise RequestRefused("no such list", operation="server.list", status=400)

        return attrs.evolve(how, find=find) if type(self).find_fails else how

    async def submit(self, context: Any, prepared: None) -> str:
        """Submit, and hear nothing more."""
        made = await super().submit(context, prepared)
        if type(self).hangs:
            await asyncio.Event().wait()
        return made


@pytest.fixture
def fragile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set the switches of `Fragile`; they are back at the end of the test."""

    def switch(**switches: bool) -> None:
        for name, value in switches.items():
            monkeypatch.setattr(Fragile, name, value)

    return switch


async def _run(make: Make, *jobs: Any, **options: Any) -> list[Any]:
    async with make(kinds=[Fragile], **options) as orchestrator:
        outcomes = [outcome async for outcome in orchestrator.run(jobs)]
    return sorted(outcomes, key=lambda one: one.index)


async def _die_in_the_middle(make: Make, server: Server, job: Any) -> None:
    """Have the order taken, and end before its answer is noted."""
    async with make(kinds=[Fragile], drain_s=0) as orchestrator:
        running = asyncio.create_task(anext(orchestrator.run([job])))
        async with asyncio.timeout(5):
            while not server.submits:  # noqa: ASYNC110 - the server tells no other way
                await asyncio.sleep(0)
        running.cancel()


async def test_a_source_that_is_gone_for_a_while_does_not_have_the_order_made_twice(
    journalled: Make, server: Server, fragile: Callable[..., None]
) -> None:
    """Killed in the middle of its order; the next run cannot read the source, the third can: one order."""
    job = Fragile(number=1, key="mine")
    fragile(hangs=True)
    await _die_in_the_middle(journalled, server, job)
    fragile(hangs=False, refuses=True)
    [outcome] = await _run(journalled, job)
    assert isinstance(outcome.error, JobFailed)
    fragile(refuses=False)
    [outcome] = await _run(journalled, job)
    assert (JobState.DONE, "work-1", {"job 1": 1}) == (outcome.state, outcome.result, dict(server.submits))


async def test_a_refused_look_does_not_have_the_order_made_twice(
    journalled: Make, server: Server, fragile: Callable[..., None]
) -> None:
    """The answer is lost, and the list in which it would be found refuses to be read until the next run."""
    server.behaviour.append("lost")
    fragile(find_fails=True)
    [outcome] = await _run(journalled, Fragile(number=1))
    assert JobState.FAILED is outcome.state
    fragile(find_fails=False)
    [outcome] = await _run(journalled, Fragile(number=1))
    assert (JobState.DONE, "work-1", {"job 1": 1}) == (outcome.state, outcome.result, dict(server.submits))


async def test_an_uncertain_job_stays_uncertain_when_it_cannot_even_be_prepared(
    journalled: Make, server: Server, fragile: Callable[..., None]
) -> None:
    """Running it again without its source fails, and does not turn "nobody knows" into "submit it again"."""
    server.behaviour.append("cut")
    job = Fragile(number=1, key="mine")
    [outcome] = await _run(journalled, job, settle_s=5)
    assert JobState.UNCERTAIN is outcome.state
    fragile(refuses=True)
    [outcome] = await _run(journalled, job, settle_s=5)
    assert JobState.FAILED is outcome.state
    fragile(refuses=False)
    [outcome] = await _run(journalled, job, settle_s=5)
    assert (JobState.UNCERTAIN, 0) == (outcome.state, server.submits.total())


async def test_a_job_that_cannot_be_settled_does_not_keep_the_next_one_asking_for_ever(
    journalled: Make, server: Server, fragile: Callable[..., None]
) -> None:
    """The next order in its place fails, naming the one in its way and why; once that is well, both go on."""
    fragile(hangs=True)
    await _die_in_the_middle(journalled, server, Fragile(number=1, key="first"))
    fragile(hangs=False, refuses=True)
    [outcome] = await _run(journalled, Fragile(number=2))
    assert isinstance(outcome.error, JobFailed)
    assert isinstance(outcome.error.__cause__, JournalLockTaken)
    assert "'first'" in str(outcome.error)
    assert "a file that is there" in str(outcome.error)
    assert {"job 1": 1} == dict(server.submits)
    fragile(refuses=False)
    outcomes = await _run(journalled, Fragile(number=2), Fragile(number=1, key="first"))
    assert [JobState.DONE] * 2 == [one.state for one in outcomes]
    assert {"job 1": 1, "job 2": 1} == dict(server.submits)
