"""Work that failed at the API and is ordered anew: what failed is never taken for the new order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from job_server import Server, ServerJob

from audiokit.errors import NotFound, OutcomeUnknown, RemoteFailure
from audiokit.jobs import (
    ConversionJob,
    JobContext,
    JobState,
    Journal,
    Look,
    MixJob,
    Orchestrator,
    Scope,
    SpeechJob,
    TTSRecordingJob,
)
from audiokit.services._poll import PollSchedule
from audiokit.testing import FakeClock

VOICE = "00000000-0000-4000-8000-000000000000"

Make = Callable[..., Orchestrator]


class Remote:
    """Works of one account; `behaviour` says of each what becomes of it: ``fails``, ``late`` or fine.

    ``late``: the connection is cut, and the work is there three seconds later.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.behaviour: list[str] = []
        self.works: list[Any] = []
        self.scripts = 0

    def take(self, label: str, **facts: Any) -> Any:
        """Take an order."""
        how = self.behaviour.pop(0) if self.behaviour else "fine"
        work = SimpleNamespace(id=f"work-{len(self.works) + 1}", label=label, failed=how == "fails", **facts)
        work.at = self.clock.monotonic() + (3.0 if how == "late" else 0.0)
        self.works.append(work)
        if how == "late":
            raise OutcomeUnknown("cut", operation="take")
        return work

    def there(self, **wanted: Any) -> list[Any]:
        """What is there by now, the newest first."""
        return [
            one
            for one in reversed(self.works)
            if one.at <= self.clock.monotonic()
            and all(getattr(one, name) == value for name, value in wanted.items())
        ]


def _recording(work: Any) -> Any:
    def check() -> Any:
        if work.failed:
            raise RemoteFailure(f"{work.id} failed", operation="get", status=200)
        return work

    work.raise_for_error, work.state, work.is_over, work.tts, work.duration_s = check, "done", True, False, 1
    return work


class _Listed:
    def __init__(self, found: list[Any]) -> None:
        self._found = found

    async def __aiter__(self) -> AsyncIterator[Any]:
        for one in self._found:
            yield one


def respeecher(remote: Remote) -> Any:
    """Orders, and texts to be spoken."""

    async def order(original_id: str, conversions: Any, **_: Any) -> Any:
        work = remote.take(conversions[0].label, original_id=original_id, folder_id="f")
        return [SimpleNamespace(conversion_id=work.id)]

    async def create_tts(_: str, *, label: str, folder_id: str, **__: Any) -> Any:
        return remote.take(label, original_id=None, folder_id=folder_id)

    async def get(recording_id: str) -> Any:
        return _recording(next(one for one in remote.works if one.id == recording_id))

    recordings = SimpleNamespace(
        create_tts=create_tts,
        get=get,
        list_conversions=lambda original_id, **_: _Listed(remote.there(original_id=original_id)),
        list_originals=lambda folder_id, **_: _Listed(remote.there(folder_id=folder_id)),
        list=None,
    )
    return SimpleNamespace(
        respeecher=SimpleNamespace(recordings=recordings, orders=SimpleNamespace(create=order))
    )


def apiaudio(remote: Remote) -> Any:
    """Speech, told by its script alone."""

    async def make(_: str, *, script_id: str, **__: Any) -> Any:
        return SimpleNamespace(script_id=script_id)

    def _speech(work: Any) -> Any:
        def check() -> Any:
            if work.failed:
                raise RemoteFailure("no such voice", operation="retrieve", status=200)
            return speech

        speech = SimpleNamespace(script_id=work.label, request_id=None, is_ready=True, sections={})
        speech.raise_for_error = check
        return speech

    async def create(script_id: str, **_: Any) -> Any:
        return _speech(remote.take(script_id))

    async def retrieve(script_id: str, **_: Any) -> Any:
        found = remote.there(label=script_id)
        if not found:
            raise NotFound("none", operation="retrieve", status=404)
        return _speech(found[-1])  # the first that was made stays

    return SimpleNamespace(
        apiaudio=SimpleNamespace(
            scripts=SimpleNamespace(create=make), speech=SimpleNamespace(create=create, retrieve=retrieve)
        )
    )


def audiostack(remote: Remote) -> Any:
    """Mixes of a script."""
    meta = SimpleNamespace(credits_used=0.0)

    async def make(*_: Any, **__: Any) -> Any:
        remote.scripts += 1
        return SimpleNamespace(script_id=f"script-{remote.scripts}")

    async def speak(script_id: str, **_: Any) -> Any:
        return SimpleNamespace(speech_id=f"speech of {script_id}", is_ready=True, meta=meta)

    async def spoken(speech_id: str) -> Any:
        return SimpleNamespace(speech_id=speech_id, is_ready=True)

    async def mix(*, speech: str, **_: Any) -> Any:
        work = remote.take(speech.removeprefix("speech of "))
        return SimpleNamespace(production_id=work.id, is_ready=False, meta=meta)

    async def mixed(production_id: str) -> Any:
        if any(one.failed for one in remote.works if one.id == production_id):
            raise RemoteFailure("no such template", operation="get", status=200)
        return SimpleNamespace(production_id=production_id, is_ready=True, meta=meta)

    def mixes_of(script_id: str) -> Any:
        return _Listed([SimpleNamespace(production_id=one.id) for one in remote.there(label=script_id)])

    return SimpleNamespace(
        audiostack=SimpleNamespace(
            scripts=SimpleNamespace(create=make),
            tts=SimpleNamespace(create=speak, get=spoken, list=lambda **_: _Listed([])),
            mixes=SimpleNamespace(create=mix, get=mixed, list=mixes_of),
        )
    )


@pytest.mark.parametrize(
    ("api", "job"),
    [
        pytest.param(respeecher, ConversionJob(original_id="o", voice_id=VOICE), id="conversion"),
        pytest.param(respeecher, TTSRecordingJob(text="Hello.", folder_id="f"), id="tts recording"),
        pytest.param(apiaudio, SpeechJob(script_text="Hello."), id="speech"),
        pytest.param(audiostack, MixJob(script_text="Hello."), id="mix"),
    ],
)
async def test_a_lost_answer_to_a_new_order_is_not_found_in_the_old_one(
    api: Callable[[Remote], Any], job: Any, clock: FakeClock, tmp_path: Path
) -> None:
    """Failed, ordered anew, its answer lost: the new work is found, and nobody orders a third one."""
    remote = Remote(clock)
    remote.behaviour = ["fails", "late"]
    states = []
    for _ in range(3):
        orchestrator = Orchestrator(
            api(remote),
            clock=clock,
            timeout_s=600.0,
            schedule=PollSchedule(),
            journal=Journal(tmp_path / "jobs.sqlite", scope=Scope()),
        )
        async with orchestrator as jobs:
            states += [outcome.state async for outcome in jobs.run([job])]
    assert [JobState.FAILED, JobState.DONE, JobState.DONE] == states
    assert 2 == len(remote.works)


@attrs.frozen(kw_only=True)
class Failing(ServerJob):
    """A job whose first work fails at the API."""

    async def look(self, context: JobContext, remote: str) -> tuple[str, Look]:
        """Fail for the first."""
        if remote == "work-1":
            raise RemoteFailure("it broke", operation="look", status=200)
        return await super().look(context, remote)


async def test_a_kind_of_ones_own_is_not_given_what_failed(journalled: Make, server: Server) -> None:
    """Though its label is the same each time: then it is uncertain, rather than the failed one again."""
    server.behaviour.extend(["ok", "cut"])
    for state in (JobState.FAILED, JobState.UNCERTAIN):
        async with journalled(kinds=[Failing], settle_s=5) as orchestrator:
            [outcome] = [one async for one in orchestrator.run([Failing(number=1)])]
        assert state is outcome.state
    assert {"job 1": 1} == dict(server.submits)
