"""The plug is pulled at every step of the journal, and the bill still shows each job once.

``AUDIOKIT_DURABILITY_JOBS`` sets how many jobs the heavy runs have: 1,000 when not set, 300 where
``AUDIOKIT_HEAVY=reduced`` asks for less. The plain run has 16, and dies at three of the eight transitions.
``AUDIOKIT_DURABILITY_SEED`` sets where the plug is pulled.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import os
import random
import sqlite3
import struct
import sys
import wave
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tenants import Tenant, tenant_of

from audiokit import AudioKit
from audiokit.testing import EmulatorProcess

CHILD = Path(__file__).parents[1] / "support" / "durable.py"
ROOT = Path(__file__).parents[2]
STATES = ("planned", "intent", "sent", "done")  # fetched and done share a transaction: one moment to die in
TRANSITIONS = [(when, state) for state in STATES for when in ("before", "after")]
SEED = int(os.environ.get("AUDIOKIT_DURABILITY_SEED", "20261120"))
IS_REDUCED = os.environ.get("AUDIOKIT_HEAVY") == "reduced"
JOBS = int(os.environ.get("AUDIOKIT_DURABILITY_JOBS", "300" if IS_REDUCED else "1000"))
TELLING = [("after", "intent"), ("before", "sent"), ("before", "done")]
KILLED = -9
SOURCE_S = 0.4
DAY_S = 86400.0


def _sound(path: Path, number: int) -> None:
    """A short sound that differs from the others."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        period = 20 + number % 40
        frames = [9000 if index % period < period // 2 else -9000 for index in range(round(8000 * SOURCE_S))]
        file.writeframes(struct.pack(f"<{len(frames)}h", *frames))


class Bench:
    """A tenant of an emulator, what is to be done there, and the child that does it."""

    def __init__(self, tenant: Tenant, folder: Path, jobs: int, voices: list[str]) -> None:
        originals = max(1, jobs * 8 // 10 // len(voices))
        sources = [folder / f"take-{number}.wav" for number in range(originals)]
        for number, source in enumerate(sources):
            _sound(source, number)
        rest = jobs - originals * len(voices)
        self.tenant = tenant
        self.folder = folder
        self.config: dict[str, Any] = {
            "journal": str(folder / "jobs.sqlite"),
            "out": str(folder / "out"),
            "sources": [str(source) for source in sources],
            "voices": voices,
            "spoken": rest // 3,
            "masters": rest // 3,
            "mixes": rest - 2 * (rest // 3),
            "in_flight": 50,
            "settle_s": 1.0,
            "operator": True,
            "control_url": tenant.control.url,
            "control_key": tenant.control.key,
            "kill": None,
            "wall_offset_s": None,
            "settled": str(folder / "settled.log"),
        }
        Path(self.config["settled"]).touch()
        self.jobs = jobs
        self.orders = originals * len(voices)

    async def run(self, kill: dict[str, Any] | None, limit_s: float) -> tuple[int, dict[str, Any]]:
        """Run the child to its end or its death; its exit code and what it printed last."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            str(CHILD),
            json.dumps({**self.config, "kill": kill}),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), "AUDIOKIT_EMULATOR": self.tenant.emulator_url},
        )
        try:
            out, said = await asyncio.wait_for(child.communicate(), limit_s)
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        code = child.returncode or 0
        assert code in {0, KILLED}, said.decode()[-3000:]
        return code, json.loads(out.splitlines()[-1]) if code == 0 else {}

    async def counts(self) -> dict[str, Any]:
        """What the emulator counted."""
        return dict(await self.tenant.control.counts())

    def recorded(self) -> tuple[dict[str, int], list[tuple[str, int, str]]]:
        """Jobs by state, and all files, as the journal has them; internal records left out."""
        states: dict[str, int] = {}
        files = []
        with sqlite3.connect(f"file:{self.config['journal']}?mode=ro", uri=True) as database:
            rows = database.execute(
                "select state, facts from progress join jobs using (seq) where substr(kind, 1, 1) <> '_'"
            ).fetchall()
        database.close()
        for state, facts in rows:
            states[state] = states.get(state, 0) + 1
            files += [tuple(one) for one in json.loads(facts).get("outputs", [])]
        return states, files


@pytest.fixture
async def bench(
    emulator: EmulatorProcess, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Bench]:
    """A fresh tenant; of a fresh emulator where the test has arguments for it."""
    jobs, arguments = request.param
    async with contextlib.AsyncExitStack() as stack:
        if arguments:
            emulator = await stack.enter_async_context(EmulatorProcess(arguments=arguments))
        tenant = await stack.enter_async_context(tenant_of(emulator))
        async with AudioKit(respeecher=tenant.access["respeecher"]) as kit:
            project = await kit.respeecher.projects.create("durable")
            folder = await kit.respeecher.folders.create(project.id, "takes")
            voices = [voice.id async for voice in kit.respeecher.voices.list(species="human")]
        made = Bench(tenant, tmp_path, jobs, voices[:10] if jobs >= 100 else voices[:3])
        made.config["folder_id"] = folder.id
        yield made


def _check(bench: Bench, counts: dict[str, Any], *, uncertain: int = 0) -> None:
    """Everything done once, every file whole, nothing paid twice."""
    twice = [one for one in counts["submissions"] if one["count"] > 1]
    assert [] == twice
    assert bench.orders - uncertain <= counts["submitted"]["orders.create"] <= bench.orders
    states, files = bench.recorded()
    assert bench.jobs - uncertain == states["done"]
    assert len(files) == bench.jobs - uncertain
    for path, size_bytes, sha256 in files:
        content = Path(path).read_bytes()
        assert (size_bytes, sha256) == (len(content), hashlib.sha256(content).hexdigest())
    left_over = {path.name for path in Path(bench.config["out"]).iterdir()} - {
        Path(one[0]).name for one in files
    }
    assert set() == {name for name in left_over if name.endswith((".wav", ".mp3"))}


async def _pull_the_plug(
    bench: Bench, rng: random.Random, transitions: list[tuple[str, str]], randomly: int, limit_s: float
) -> dict[str, Any]:
    """Die at the transitions and at random moments, then finish; the last child's report."""
    kills: list[dict[str, Any]] = [
        {"when": when, "state": state, "nth": rng.randint(1, max(1, bench.jobs // 25))}
        for when, state in transitions
    ]
    kills += [{"after_s": rng.uniform(0.5, 2.0)} for _ in range(randomly)]
    if randomly:  # else in sequence, so that there is always a job left to die in
        rng.shuffle(kills)
    died = 0
    for kill in kills:
        code, _ = await bench.run(kill, limit_s)
        died += code == KILLED
    assert died >= len(transitions) + randomly // 2, "too few jobs were left to die in"
    code, report = await bench.run(None, limit_s)
    assert 0 == code
    settled = Path(bench.config["settled"]).read_text().count("\n") if bench.config["operator"] else 0
    sys.stdout.write(
        f"{bench.jobs} jobs, died {died} times, {settled} settled by looking into the account, {report}\n"
    )
    return report


@pytest.mark.parametrize("bench", [(16, ())], indirect=True)
async def test_each_job_is_done_once_though_the_plug_is_pulled(bench: Bench) -> None:
    """Killed between three pairs of records: every job done, every file whole, every label once."""
    await _done_once(bench, TELLING, randomly=0, limit_s=18)


@pytest.mark.heavy
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("bench", [(JOBS, ("--credits", "100000"))], indirect=True)
async def test_a_thousand_jobs_are_done_once_wherever_the_plug_is_pulled(bench: Bench) -> None:
    """The same with 1,000 jobs, before and after each record and at ten random moments."""
    await _done_once(bench, TRANSITIONS, randomly=10, limit_s=1500)


async def _done_once(
    bench: Bench, transitions: list[tuple[str, str]], *, randomly: int, limit_s: float
) -> None:
    report = await _pull_the_plug(bench, random.Random(SEED), transitions, randomly, limit_s)
    counts = await bench.counts()
    assert ({"done": bench.jobs}, []) == (report["states"], report["errors"])
    _check(bench, counts)
    spent = counts["credits"][bench.tenant.name]["respeecher"]["spent"]
    sys.stdout.write(f"{spent:.4f} credits spent for {bench.orders * SOURCE_S / 60:.4f}\n")
    assert bench.orders * SOURCE_S / 60 == pytest.approx(spent, rel=0.01)


@pytest.mark.heavy
@pytest.mark.timeout(115)
@pytest.mark.parametrize("bench", [(48, ())], indirect=True)
async def test_each_job_is_done_once_whenever_the_disk_is_full(bench: Bench) -> None:
    """Full before and after each record, of jobs of all kinds: the run says so, and the next one goes on."""
    bench.config["in_flight"] = 5
    full = 0
    for when, state in TRANSITIONS:
        code, report = await bench.run({"when": when, "state": state, "nth": 2, "how": "fill"}, 60)
        assert 0 == code
        full += "run the same jobs again" in report.get("full", "")
    assert full >= len(TRANSITIONS) - 1, "too few jobs were left"
    _, report = await bench.run(None, 60)
    counts = await bench.counts()
    settled = Path(bench.config["settled"]).read_text().count("\n")
    sys.stdout.write(f"{bench.jobs} jobs, the disk full {full} times, {settled} settled, {report}\n")
    assert ({"done": bench.jobs}, []) == (report["states"], report["errors"])
    _check(bench, counts)
    spent = counts["credits"][bench.tenant.name]["respeecher"]["spent"]
    assert bench.orders * SOURCE_S / 60 == pytest.approx(spent, rel=0.01)


FAULTS = "500:0.02,reset:0.02,late:0.02/orders.create,429:0.02x3@1s"


LABELS = ("echo", "drop")


def _faulty(jobs: int) -> list[Any]:
    return [
        pytest.param(
            (jobs, ("--faults", FAULTS, "--labels", labels, "--seed", "7", "--credits", "100000")), id=labels
        )
        for labels in LABELS
    ]


@pytest.mark.heavy
@pytest.mark.timeout(115)
@pytest.mark.parametrize("bench", _faulty(18), indirect=True)
async def test_faults_and_lost_answers_double_nothing(bench: Bench) -> None:
    """With faults on, killed at random moments: nothing twice; what cannot be told is uncertain."""
    await _nothing_twice(bench, kills=3, limit_s=90)


@pytest.mark.heavy
@pytest.mark.timeout(115)
@pytest.mark.parametrize("bench", _faulty(18), indirect=True)
async def test_clocks_set_back_between_and_during_runs_double_nothing(bench: Bench) -> None:
    """The same, each run on another day, a minute earlier with each record: late orders are told as well."""
    await _nothing_twice(bench, kills=3, limit_s=90, days_off=(30.0, -0.25, -400.0, 1.0, -2.0))


@pytest.mark.heavy
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("bench", _faulty(JOBS), indirect=True)
async def test_a_thousand_jobs_with_faults_double_nothing(bench: Bench) -> None:
    """The same with 1,000 jobs, and ten random moments."""
    await _nothing_twice(bench, kills=10, limit_s=1500)


async def _nothing_twice(
    bench: Bench, *, kills: int, limit_s: float, days_off: Sequence[float] | None = None
) -> None:
    bench.config.update(operator=False, settle_s=6.0)
    rng = random.Random(SEED)
    off_s = itertools.repeat(None) if days_off is None else (DAY_S * one for one in itertools.cycle(days_off))
    died = 0
    for _ in range(kills):
        bench.config["wall_offset_s"] = next(off_s)
        code, _ = await bench.run({"after_s": rng.uniform(0.5, 3.0)}, limit_s)
        died += code == KILLED
    for _ in range(4):  # what failed for the moment is tried again, as its message says
        bench.config["wall_offset_s"] = next(off_s)
        code, report = await bench.run(None, limit_s)
        assert 0 == code
        if report["states"].get("failed", 0) == 0:
            break
    uncertain = report["states"].get("uncertain", 0)
    counts = await bench.counts()
    doubles = sum(one["count"] > 1 for one in counts["submissions"])
    spent = counts["credits"][bench.tenant.name]["respeecher"]["spent"]
    price = counts["submitted"]["orders.create"] * SOURCE_S / 60
    sys.stdout.write(
        f"{bench.jobs} jobs with faults, died {died} times, {uncertain} uncertain, {doubles} doubles, "
        f"{spent:.4f} credits spent for {price:.4f}, {report}\n"
    )
    assert bench.jobs == uncertain + report["states"]["done"], report
    _check(bench, counts, uncertain=uncertain)
    assert price == pytest.approx(spent, rel=0.01)
