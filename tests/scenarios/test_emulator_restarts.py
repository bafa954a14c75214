"""The service dies under a run and comes back with what it had: the run goes on, each job is done once."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
from pathlib import Path
from typing import Any

import pytest
from plugs import sound
from ports import free_port
from processes import has_ended

from audiokit import AudioKit, ConversionJob, JobState
from audiokit.jobs import TransferProgress, TTSRecordingJob
from audiokit.testing import EmulatorControl, EmulatorProcess

SOURCE_S = 0.4
PADDING_BYTES = 6_000_000  # so that the upload can be met half way, and costs no more to convert


async def _half_uploaded(running: Any) -> None:
    """Wait until some of the big file has gone, and not all of it."""
    async with running.events() as events:
        async for event in events:
            is_upload = isinstance(event, TransferProgress) and event.direction == "up"
            if is_upload and event.total_bytes and PADDING_BYTES / 4 < event.done_bytes < PADDING_BYTES / 2:
                return


def _padded(path: Path) -> Path:
    """A short sound in a large file: as a DAW leaves room for its own notes."""
    content = sound(path, 2, SOURCE_S).read_bytes() + b"JUNK" + struct.pack("<I", PADDING_BYTES)
    content += bytes(PADDING_BYTES)
    path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    return path


@pytest.mark.heavy
@pytest.mark.timeout(60)
async def test_a_service_killed_in_the_middle_gets_each_job_once(tmp_path: Path) -> None:
    """Orders under way, an upload half done, polls pending: after kill -9 and a restart all end once."""
    data, arguments = tmp_path / "data", ("--port", str(free_port()), "--processing", "conversion:500ms")
    async with EmulatorProcess(data=data, arguments=arguments) as first:
        async with AudioKit(respeecher=first.access["respeecher"]) as kit:
            project = await kit.respeecher.projects.create("restarts")
            folder = await kit.respeecher.folders.create(project.id, "takes")
            voices = [voice.id async for voice in kit.respeecher.voices.list(species="human")][:4]
            small, big = sound(tmp_path / "small.wav", 1, SOURCE_S), _padded(tmp_path / "big.wav")

            def job(source: Path, voice_id: str) -> ConversionJob:
                return ConversionJob(source=source, folder_id=folder.id, voice_id=voice_id, to=tmp_path)

            jobs = [job(small, voice) for voice in voices]
            jobs += [TTSRecordingJob(text=f"Number {n}.", folder_id=folder.id, to=tmp_path) for n in range(3)]
            async with kit.orchestrator(
                journal=tmp_path / "jobs.sqlite", settle_s=0.5, attempts=6
            ) as running:
                half = asyncio.create_task(_half_uploaded(running))
                outcomes = asyncio.create_task(_all(running, jobs))
                async with asyncio.timeout(10):
                    control = EmulatorControl.of(first)
                    while len(await control.submitted("orders.create")) < len(voices):  # noqa: ASYNC110 - it is asked
                        await asyncio.sleep(0.02)
                    last = await running.submit(job(big, voices[0]))
                    await half
                os.kill(first.pid, signal.SIGKILL)
                async with asyncio.timeout(5):
                    while not has_ended(first.pid):  # noqa: ASYNC110 - another task waits for it
                        await asyncio.sleep(0.01)
                assert not outcomes.done()
                async with EmulatorProcess(data=data, arguments=arguments) as second:
                    done = [*await outcomes, await last]
                    counts = await EmulatorControl.of(second).counts()
    assert [] == [str(one.error) for one in done if one.state is not JobState.DONE]
    assert [] == [one for one in counts["submissions"] if one["count"] > 1]
    assert {"recordings.create": 2, "recordings.create_tts": 3, "orders.create": 5} == counts["submitted"]
    assert 5 * SOURCE_S / 60 == pytest.approx(counts["credits"]["default"]["respeecher"]["spent"], rel=0.01)
    assert len(done) == len({one.path for one in done if one.path is not None and one.path.is_file()})


async def _all(running: Any, jobs: Any) -> list[Any]:
    return [one async for one in running.run(jobs)]
