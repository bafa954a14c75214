"""What the orchestrator costs: CPU and memory of many trivial jobs; time against work that is really done.

Trivial jobs have a stub for an API, so what is measured is ours: reading inputs, four stages, the deadline,
the outcome. Beside them stands what bare workers over an iterator cost on the same machine, because
microseconds are its own. The last part runs conversions on an emulator and compares the wall time with the
seconds that the emulator's workers say they were busy. Each part in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import math
import random
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import httpx
from _report import bar, finish, machine, versions

from audiokit import AudioKit, ConversionJob
from audiokit.jobs import JobContext, Journal, Look, Orchestrator, Output, Scope
from audiokit.testing import EmulatorProcess
from audiokit.transport._transport import SystemClock

MIB = 1024 * 1024
IN_FLIGHT = 50
SEED = 6
BATCH, SECONDS_EACH, ORIGINALS = 500, 6.0, 20


@attrs.frozen(kw_only=True)
class Trivial:
    """A job whose API is a stub: it answers at once, or in the loop's next round."""

    number: int
    key: str | None = None
    timeout_s: float | None = None

    kind = "trivial"

    async def prepare(self, _: JobContext) -> int:
        return self.number

    async def submit(self, context: JobContext, prepared: int) -> str:
        async with context.submit:
            await asyncio.sleep(0)
        return f"remote-{prepared}"

    async def look(self, _: JobContext, remote: str) -> tuple[str, Look]:
        return remote, Look(state="done", is_over=True)

    async def collect(self, _: JobContext, remote: str) -> tuple[str, Sequence[Path | Output]]:
        return remote, ()


@attrs.frozen(kw_only=True)
class Saved(Trivial):
    """The same with a file, whose size and digest its API would have told: all five records are written."""

    kind = "saved"

    async def collect(self, _: JobContext, remote: str) -> tuple[str, Sequence[Path | Output]]:
        file = Output(path=f"/somewhere/{remote}.wav", size_bytes=1_234_567, sha256="ab" * 32)
        return remote, [file]


def resident_bytes() -> int:
    """Memory of this process now, not at its peak."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def inputs(kind: type[Trivial], count: int, first: int = 0) -> Iterator[Trivial]:
    return (kind(number=number) for number in range(first, first + count))


async def flood(
    orchestrator: Orchestrator, count: int, first: int = 0, kind: type[Trivial] = Trivial
) -> dict[str, float]:
    """CPU per job, and how memory stood at any of a hundred moments against the beginning."""
    done, most = 0, 0
    gc.collect()
    before = resident_bytes()
    began, cpu = time.perf_counter(), time.process_time()
    async for _ in orchestrator.run(inputs(kind, count, first)):
        done += 1
        if done % max(1, count // 100) == 0:
            most = max(most, resident_bytes())
    cpu, seconds = time.process_time() - cpu, time.perf_counter() - began
    assert done == count
    return {"cpu_us": cpu / count * 1e6, "growth_mib": (most - before) / MIB, "per_s": count / seconds}


async def trivial(count: int) -> dict[str, float]:
    async with Orchestrator(
        None, clock=SystemClock(), timeout_s=600, max_in_flight=IN_FLIGHT
    ) as orchestrator:  # type: ignore[arg-type]
        await flood(orchestrator, 2000)  # imports, caches and first allocations are not the jobs'
        return await flood(orchestrator, count)


async def journalled(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "jobs.sqlite", scope=Scope())
        async with Orchestrator(
            None,  # type: ignore[arg-type]
            clock=SystemClock(),
            timeout_s=600,
            max_in_flight=1000,
            max_submits=1000,
            journal=journal,
            kinds=[Saved],
        ) as orchestrator:
            await flood(orchestrator, 2000, kind=Saved)
            return await flood(orchestrator, count, first=2000, kind=Saved)


async def bare(count: int) -> dict[str, float]:
    """The least that could be: as many workers as there are jobs in flight, three rounds of the loop each."""
    numbers = iter(range(count))

    async def work() -> None:
        for _ in numbers:
            for _ in range(3):
                await asyncio.sleep(0)

    began, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(work())
    cpu, seconds = time.process_time() - cpu, time.perf_counter() - began
    return {"cpu_us": cpu / count * 1e6, "per_s": count / seconds}


def sound(path: Path, number: int) -> None:
    """A voice-like tone, different in each file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22050)
        rate, hertz = 22050, 90 + 5 * number
        frames = [
            round(
                9000 * math.sin(2 * math.pi * hertz * at / rate)
                + 3000 * math.sin(6 * math.pi * hertz * at / rate)
            )
            for at in range(round(rate * SECONDS_EACH))
        ]
        file.writeframes(struct.pack(f"<{len(frames)}h", *frames))


async def against_work(count: int) -> dict[str, float]:
    """Wall time of a batch on an emulator, and the time its two workers needed for it."""
    async with EmulatorProcess(arguments=("--workers", "2", "--credits", "100000")) as emulator:
        access = emulator.access["respeecher"]
        control = {"headers": {"x-control-key": emulator.control_key}}
        async with AudioKit(respeecher=access) as kit, httpx.AsyncClient(**control) as client:
            project = await kit.respeecher.projects.create("bench")
            folder = await kit.respeecher.folders.create(project.id, "takes")
            voices = [voice.id async for voice in kit.respeecher.voices.list(species="human")]
            with tempfile.TemporaryDirectory() as place:
                sources = [Path(place) / f"take-{number}.wav" for number in range(min(ORIGINALS, count))]
                for number, source in enumerate(sources):
                    sound(source, number)
                pairs = [(source, voice) for voice in voices for source in sources] * 50
                random.Random(SEED).shuffle(pairs)
                jobs = (
                    ConversionJob(
                        source=source,
                        folder_id=folder.id,
                        voice_id=voice,
                        key=f"job {number}",
                        label=f"{number}",
                    )
                    for number, (source, voice) in enumerate(pairs[:count])
                )
                before = (await client.get(f"{emulator.control_url}/counts")).json()["workers"]["busy_s"]
                began = time.perf_counter()
                async with kit.orchestrator(max_in_flight=100) as orchestrator:
                    polls = 0
                    async for outcome in orchestrator.run(jobs):
                        outcome.raise_for_error()
                        polls += outcome.stats.polls
                wall_s = time.perf_counter() - began
                busy_s = (await client.get(f"{emulator.control_url}/counts")).json()["workers"][
                    "busy_s"
                ] - before
    return {
        "wall_s": wall_s,
        "busy_s": busy_s,
        "ratio": wall_s / (busy_s / 2),
        "work_s": busy_s / count,
        "polls": polls / count,
    }


PARTS = {
    "bare": bare,
    "trivial": trivial,
    "million": trivial,
    "journalled": journalled,
    "against work": against_work,
}


def measured(name: str, count: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--part", name, "--count", str(count)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(done.stderr[-4000:])
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--quick", action="store_true", help="a tenth of the jobs, for a look")
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--count", type=int, default=0)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(asyncio.run(PARTS[options.part](options.count))))
        return 0
    part = 10 if options.quick else 1
    counts = {
        "bare": 100_000 // part,
        "trivial": 100_000 // part,
        "million": 1_000_000 // part,
        "journalled": 20_000 // part,
        "against work": BATCH // part,
    }
    print(machine())
    print(versions("audiokit", "anyio", "attrs"))
    found: dict[str, Any] = {}
    for name, count in counts.items():
        # A part that takes seconds is run three times: the machine is not equally fast in all of them.
        runs = [measured(name, count) for _ in range(3 if count <= 100_000 and name != "against work" else 1)]
        found[name] = {figure: statistics.median(one[figure] for one in runs) for figure in runs[0]}
        shown = ", ".join(f"{figure} {value:.2f}" for figure, value in found[name].items())
        print(f"{name:>14}  {count:>9,} jobs: {shown}")
    once_us = found["bare"]["cpu_us"]
    for name in ("trivial", "journalled"):
        print(f"{name}: {found[name]['cpu_us'] / once_us:.1f} times what bare workers cost")
    bars = [
        bar("100,000 trivial jobs, CPU us per job", found["trivial"]["cpu_us"], 50),
        bar("100,000 trivial jobs, growth MiB", found["trivial"]["growth_mib"], 16),
        bar("1,000,000 inputs from a generator, growth MiB", found["million"]["growth_mib"], 16),
        bar(
            "jobs with a journal, 1,000 in flight, all five records, CPU us per job",
            found["journalled"]["cpu_us"],
            120,
        ),
        bar("the same: us of time, 200 being 5,000 jobs/s", 1e6 / found["journalled"]["per_s"], 200),
        bar(
            "500 jobs on an emulator, wall / (busy of its 2 workers / 2)",
            found["against work"]["ratio"],
            1.15,
        ),
    ]
    return finish("jobs", bars, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
