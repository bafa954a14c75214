"""The SDK among faults: what it reports is what the emulator's own count says was done."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tenants import tenant_of

from audiokit import AudioKit, RetryPolicy
from audiokit.errors import AudiokitError, OutcomeUnknown
from audiokit.testing import EmulatorControl, EmulatorProcess, FakeClock

SOUND = Path(__file__).parents[1] / "data" / "audio" / "vowel_147hz.wav"
FAULTS = "latency:1-3ms,429:0.1x2@1s,500:0.1,reset:0.05,close:0.05,late:0.05@50-100ms,lost:0.05,truncate:0.05"


@pytest.fixture
async def troubled(emulator: EmulatorProcess) -> AsyncIterator[tuple[AudioKit, EmulatorControl]]:
    """A client whose waits take no time, and the control of its emulator."""
    async with tenant_of(emulator, seed=11) as tenant:
        access = tenant.access
        retry = RetryPolicy(attempts=12)
        async with AudioKit(
            respeecher=access["respeecher"], apiaudio=access["apiaudio"], retry=retry, clock=FakeClock()
        ) as kit:
            yield kit, tenant.control


async def test_texts_are_paid_for_exactly_when_the_client_says_so_or_cannot_know(
    troubled: tuple[AudioKit, EmulatorControl],
) -> None:
    """Each label is submitted at most once; a success is one, a refusal is none."""
    kit, control = troubled
    project = await kit.respeecher.projects.create("Show")
    folder = await kit.respeecher.folders.create(project.id, "takes")
    await control.reset()
    await control.change(faults=FAULTS)
    told: dict[str, str] = {}
    for number in range(50):
        label = f"text {number}"
        try:
            await kit.respeecher.recordings.create_tts("Hello.", folder_id=folder.id, label=label)
            told[label] = "done"
        except OutcomeUnknown:
            told[label] = "unknown"
        except AudiokitError:
            told[label] = "refused"
    await control.change(faults="")
    while (await control.counts())["background_tasks"]:  # noqa: ASYNC110  (of another process)
        await asyncio.sleep(0.05)
    done = await control.submitted("recordings.create_tts")
    assert done == await control.submitted("respeecher.recordings.create_tts")
    listed = [one.label async for one in kit.respeecher.recordings.list(folder_id=folder.id)]
    struck = (await control.counts())["faults"]["respeecher"]["recordings.create_tts"]

    assert {1} == set(done.values())
    assert {label for label, said in told.items() if said == "done"} <= set(done)
    assert not {label for label, said in told.items() if said == "refused"} & set(done)
    assert set(done) == set(listed)
    assert {"429", "500", "reset", "close", "late", "lost", "truncate", "latency"} == set(struck)
    assert {"done", "unknown"} <= set(told.values())


async def test_reading_calls_get_through_all_of_it(
    troubled: tuple[AudioKit, EmulatorControl], tmp_path: Path
) -> None:
    """Repeated as often as it takes; a file that was cut is whole in the end."""
    kit, control = troubled
    project = await kit.respeecher.projects.create("Show")
    folder = await kit.respeecher.folders.create(project.id, "takes")
    take = await kit.respeecher.recordings.upload(SOUND, folder_id=folder.id)
    await control.change(faults=FAULTS + ",truncate:0.3/recordings.download")
    draw = random.Random(1)
    for number in range(20):
        if draw.random() < 0.5:
            assert (await kit.respeecher.recordings.get(take.id)).id == take.id
        else:
            assert (await kit.respeecher.credits.get()).left > 0
        found = await kit.respeecher.recordings.get(take.id)
        if found.url:
            path = await kit.respeecher.recordings.download(found, tmp_path / f"{number}.wav")
            assert SOUND.read_bytes() == path.read_bytes()
    struck = (await control.counts())["faults"]["respeecher"]

    assert len(list(tmp_path.iterdir())) >= 10
    assert struck["recordings.download"]["truncate"] >= 1
