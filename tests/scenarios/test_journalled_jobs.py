"""Jobs with a journal against a service that goes away, is another one, or has its clock set back."""

from __future__ import annotations

import asyncio
import struct
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from ports import free_port

from audiokit import AudioKit, ConversionJob, JobState, Limits, MasteringJob, PollSchedule, webhooks
from audiokit._config import Rate, RateLimits
from audiokit.errors import JournalMismatch
from audiokit.jobs import Chain, Journal, Scope, TTSRecordingJob, WebhookReceiver, for_each_listener
from audiokit.testing import EmulatorProcess


def _sound(path: Path, seconds: float = 0.4) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        frames = [9000 if index % 50 < 25 else -9000 for index in range(round(8000 * seconds))]
        file.writeframes(struct.pack(f"<{len(frames)}h", *frames))
    return path


async def _folder(kit: AudioKit) -> str:
    project = await kit.respeecher.projects.create("journalled")
    return (await kit.respeecher.folders.create(project.id, "takes")).id


@pytest.mark.heavy
@pytest.mark.timeout(60)
async def test_a_service_that_restarts_in_the_middle_gets_each_job_once(tmp_path: Path) -> None:
    """Killed under running jobs and started again with its data: all are done, nothing is there twice."""
    port, source = free_port(), _sound(tmp_path / "take.wav")
    arguments = ("--port", str(port))
    first = EmulatorProcess(data=tmp_path / "data", arguments=arguments)
    async with first:
        access = first.access["respeecher"]
        async with AudioKit(respeecher=access) as kit:
            folder_id = await _folder(kit)
            voices = [voice.id async for voice in kit.respeecher.voices.list(species="human")][:6]
            jobs = [
                ConversionJob(
                    source=source, folder_id=folder_id, voice_id=one, semitones_correction=n, to=tmp_path
                )
                for one in voices
                for n in range(4)
            ]
            done = 0
            async with kit.orchestrator(journal=tmp_path / "jobs.sqlite", settle_s=5) as running:
                async for outcome in running.run(jobs):
                    done += outcome.state is JobState.DONE
                    if done == 3:
                        break
                await first.aclose()
                async with EmulatorProcess(data=tmp_path / "data", arguments=arguments) as second:
                    outcomes = [one async for one in running.run(jobs)]
                    again = [one async for one in running.run(jobs)]
                    headers = {"x-control-key": second.control_key}
                    async with httpx.AsyncClient(headers=headers) as client:
                        counts = (await client.get(f"{second.control_url}/counts")).json()
    assert len(jobs) == len(outcomes)
    assert [] == [str(one.error) for one in again if one.state is not JobState.DONE]
    assert [] == [one for one in counts["submissions"] if one["count"] > 1]
    assert {"recordings.create": 1, "orders.create": len(jobs)} == counts["submitted"]


async def test_a_fresh_service_or_another_account_is_refused(kit: AudioKit, tmp_path: Path) -> None:
    """Ids of one mean nothing at the other, so the journal is not mixed; the message names both."""
    path = tmp_path / "jobs.sqlite"
    async with kit.orchestrator(journal=path):
        pass
    async with EmulatorProcess() as emulator, AudioKit(respeecher=emulator.access["respeecher"]) as other:
        with pytest.raises(JournalMismatch, match=r"respeecher jobs of 'http://127"):
            async with other.orchestrator(journal=path):
                pass


async def test_a_clock_set_back_hurts_nothing(kit: AudioKit, folder_id: str, tmp_path: Path) -> None:
    """Wall time that runs backwards between the records of a job: resumed all the same."""
    now = [2_000_000_000.0]

    def backwards() -> float:
        now[0] -= 3600
        return now[0]

    job = TTSRecordingJob(text="Back in time.", folder_id=folder_id, to=tmp_path)
    for restored in (False, True):
        journal = Journal(tmp_path / "j.sqlite", scope=Scope.of(kit._access), wall_clock=backwards)
        async with kit.orchestrator(journal=journal) as jobs:
            (outcome,) = [one async for one in jobs.run([job])]
        assert (JobState.DONE, restored) == (outcome.state, outcome.restored)


async def test_text_becomes_another_voice_in_one_chain(kit: AudioKit, folder_id: str, tmp_path: Path) -> None:
    """Text, speech, conversion, media, master: each made from the one before, and once only."""
    voice = await anext(aiter(kit.respeecher.voices.list(species="human")))
    style = voice.narration_styles[0].id

    def convert(spoken: Any) -> ConversionJob:
        return ConversionJob(
            original_id=spoken.result.id,
            voice_id=voice.id,
            narration_style_id=style,
            to=tmp_path / "voice.wav",
        )

    chain = Chain(first=TTSRecordingJob(text="Good evening.", folder_id=folder_id), then=[convert])
    for _ in range(2):
        async with kit.orchestrator(journal=tmp_path / "chain.sqlite", schedule=PollSchedule()) as jobs:
            (outcome,) = [one async for one in jobs.run([chain])]
        assert (None, tmp_path / "voice.wav") == (outcome.error, outcome.path)
    media = await kit.apiaudio.media.upload(tmp_path / "voice.wav")
    mastering = MasteringJob(
        script_text="<<media::voice>> Goodbye.",
        media_files={"voice": media.media_id},
        to=tmp_path / "out.mp3",
    )
    async with kit.orchestrator(schedule=PollSchedule()) as jobs:
        (outcome,) = [one async for one in jobs.run([mastering])]
    assert (None, tmp_path / "out.mp3") == (outcome.error, outcome.path)


async def test_a_result_can_be_streamed_instead_of_saved(kit: AudioKit, folder_id: str) -> None:
    """What a web app does: no file, the audio passed on as it arrives."""
    async with kit.orchestrator() as jobs:
        handle = await jobs.submit(TTSRecordingJob(text="Straight on.", folder_id=folder_id))
        outcome = await handle
        async with outcome.open() as chunks:
            content = b"".join([chunk async for chunk in chunks])
    assert b"RIFF" == content[:4]


async def test_cancelled_work_is_deleted_remotely_where_that_is_wanted(
    kit: AudioKit, folder_id: str, tmp_path: Path, other_tasks: Callable[[], set[str]]
) -> None:
    """With `on_leave="cancel"` what was under way is gone from the account."""
    source = _sound(tmp_path / "long.wav", seconds=60)
    original = await kit.respeecher.recordings.upload_and_wait(source, folder_id=folder_id)
    voice = await anext(aiter(kit.respeecher.voices.list(species="human")))
    before = other_tasks()
    async with kit.orchestrator(on_leave="cancel") as jobs:
        handle = await jobs.submit(ConversionJob(original_id=original.id, voice_id=voice.id))
        while handle.course is None or handle.course.remote is None:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    outcome = await handle
    assert JobState.CANCELLED is outcome.state
    assert "was cancelled remotely, too" in str(outcome.error)
    assert [] == [one async for one in kit.respeecher.recordings.list_conversions(original.id)]
    assert other_tasks() <= before


async def test_one_script_becomes_a_file_for_each_listener(kit: AudioKit, tmp_path: Path) -> None:
    """A list of listeners as CSV, one mastered file each, named after them."""
    listeners = tmp_path / "listeners.csv"
    listeners.write_text("name,city\nAda,Paris\nBob,Rome\n")
    ad = MasteringJob(script_text="Hello {{name}} of {{city}}.", to=tmp_path / "ads")
    async with kit.orchestrator(journal=tmp_path / "jobs.sqlite", schedule=PollSchedule()) as jobs:
        outcomes = [
            one async for one in jobs.run(for_each_listener(ad, listeners, name="name"), ordered=True)
        ]
    assert [None, None] == [one.error for one in outcomes]
    assert ["Ada", "Bob"] == [one.path.name.partition("-")[0] for one in outcomes if one.path]
    assert 2 == len({one.path.read_bytes() for one in outcomes if one.path})


async def test_webhooks_of_the_service_wake_jobs(kit: AudioKit, tmp_path: Path) -> None:
    """Mounted in a web app of one's own: the service's signed events arrive and are taken."""
    uvicorn = pytest.importorskip("uvicorn")
    seen: list[webhooks.WebhookEvent] = []
    secret = (await kit.apiaudio.organisation.get_secrets()).extra["webhookSecret"]
    port = free_port()
    async with kit.orchestrator(callback_url=f"http://127.0.0.1:{port}/") as jobs:
        app = WebhookReceiver(jobs, secret=secret, on_event=seen.append)
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - it tells no other way
            await asyncio.sleep(0.01)
        (outcome,) = [one async for one in jobs.run([MasteringJob(script_text="Wake me up.", to=tmp_path)])]
        server.should_exit = True
        await serving
    assert outcome.error is None
    assert {"speech", "mastering"} == {event.type for event in seen}


@pytest.mark.heavy
@pytest.mark.timeout(100)
async def test_the_services_limits_are_kept(tmp_path: Path) -> None:
    """More jobs than the limit allows in a span: all done, and not one call was refused."""
    fast, slow, span_s = 80, 16, 4.0
    rates = RateLimits(
        respeecher_fast=Rate(times=fast, seconds=span_s), respeecher_slow=Rate(times=slow, seconds=span_s)
    )
    arguments = ("--rate-limits", f"{fast}/{slow}/{span_s:g}s")
    source = _sound(tmp_path / "take.wav")
    async with (
        EmulatorProcess(arguments=arguments) as emulator,
        AudioKit(respeecher=emulator.access["respeecher"], limits=Limits(rates=rates)) as kit,
    ):
        folder_id = await _folder(kit)
        voices = [voice.id async for voice in kit.respeecher.voices.list(species="human")][:6]
        jobs = [
            ConversionJob(source=source, folder_id=folder_id, voice_id=one, semitones_correction=n)
            for one in voices
            for n in range(10)
        ]
        async with kit.orchestrator(journal=tmp_path / "jobs.sqlite") as running:
            outcomes = [one async for one in running.run(jobs)]
        async with httpx.AsyncClient(headers={"x-control-key": emulator.control_key}) as client:
            counts = (await client.get(f"{emulator.control_url}/counts")).json()
    assert [] == [str(one.error) for one in outcomes if one.error is not None]
    refused = {name: calls for name, calls in counts["calls"]["respeecher"].items() if "429" in calls}
    assert {} == refused
    assert len(jobs) == counts["submitted"]["orders.create"]
