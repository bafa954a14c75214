"""What stories of pulled plugs share: an emulator with inputs for it, a child that runs them, the bill."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sqlite3
import struct
import sys
import time
import wave
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from processes import hears_ctrl_c
from tenants import Tenant, tenant_of

from audiokit import AudioKit
from audiokit.testing import EmulatorProcess

CHILD = Path(__file__).with_name("interrupted.py")
ROOT = Path(__file__).parents[2]
SECONDS_PER_CREDIT = 60.0


def sound(path: Path, number: int, seconds: float) -> Path:
    """A short sound that differs from the others."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        period = 20 + number % 40
        one = b"".join(struct.pack("<h", 9000 if index < period // 2 else -9000) for index in range(period))
        size_bytes = round(8000 * seconds) * 2
        file.writeframes((one * (size_bytes // len(one) + 1))[:size_bytes])
    return path


class Child:
    """The program of `interrupted`, and what it said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[dict[str, Any]] = []
        self.errors = ""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def go_on(self) -> None:
        """Have it make room."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def all(self, name: str) -> list[Any]:
        """What it said under this name."""
        return [line[name] for line in self.said if name in line]

    async def until(self, is_it: Callable[[Child], bool], limit_s: float = 15.0) -> None:
        """Read what it says until that is so; fails when it ends before, or takes too long."""
        assert self.process.stdout is not None
        async with asyncio.timeout(limit_s):
            while not is_it(self):
                line = await self.process.stdout.readline()
                assert line, f"it ended before; it said {self.said} and {await self._rest()}"
                self.said.append(json.loads(line))

    async def end(self, limit_s: float = 15.0) -> tuple[int, float]:
        """Its exit code, and the seconds that it took to end from now."""
        start = time.monotonic()
        async with asyncio.timeout(limit_s):
            out, errors = await self.process.communicate()
        self.said += [json.loads(line) for line in out.splitlines()]
        self.errors = errors.decode()
        assert self.process.returncode is not None
        return self.process.returncode, time.monotonic() - start

    async def _rest(self) -> str:
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()[-2000:]


class Story:
    """A tenant of an emulator, what is to be done there, and how it went."""

    def __init__(self, tenant: Tenant, config: dict[str, Any]) -> None:
        self.tenant = tenant
        self.control = tenant.control
        self.config = config

    @property
    def orders(self) -> int:
        """Conversions among the jobs."""
        return len(self.config["sources"]) * len(self.config["voices"]) + len(self.config["given"])

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return self.orders + int(self.config["spoken"])

    @asynccontextmanager
    async def child(self, wrapped_in: Sequence[str] = (), **config: Any) -> AsyncGenerator[Child]:
        """Start the program, inside another one where given; it does not outlive the block."""
        process = await asyncio.create_subprocess_exec(
            *wrapped_in,
            sys.executable,
            str(CHILD),
            json.dumps({**self.config, **config}),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), "AUDIOKIT_EMULATOR": self.tenant.emulator_url},
            start_new_session=True,
            preexec_fn=hears_ctrl_c,
        )
        try:
            yield Child(process)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)  # what it is wrapped in would leave it behind
                await process.communicate()  # which also closes its pipes

    async def finish(self) -> None:
        """Run the same inputs again to their end, and look whether each was paid for once."""
        async with self.child() as child:
            code, _ = await child.end()
            assert (0, [None]) == (code, child.all("raised")), (child.said, child.errors)
            assert ["done"] * self.jobs == child.all("state"), child.said
        await self.check()

    async def check(self) -> None:
        """Every label once, every file whole, credits as priced."""
        counts = await self.control.counts()
        assert [] == [one for one in counts["submissions"] if one["count"] > 1]
        assert self.orders == counts["submitted"]["orders.create"]
        assert self.config["spoken"] == counts["submitted"].get("recordings.create_tts", 0)
        spent = counts["credits"][self.tenant.name]["respeecher"]["spent"]
        assert abs(self.orders * self.config["source_s"] / SECONDS_PER_CREDIT - spent) < 1e-3
        files = [one for row in self._rows() for one in json.loads(row[2]).get("outputs", [])]
        assert self.jobs == len(files)
        for path, size_bytes, sha256 in files:
            content = Path(path).read_bytes()
            assert (size_bytes, sha256) == (len(content), hashlib.sha256(content).hexdigest())

    async def only_noted_ones_were_submitted(self) -> None:
        """Whatever the emulator took on, the journal has at least the intent of."""
        noted = {
            hashlib.sha256(key.encode()).hexdigest()[:8]
            for key, state, _ in self._rows()
            if state != "planned"
        }
        for operation in ("orders.create", "recordings.create_tts"):
            submitted = await self.control.submitted(operation)
            assert set() == {str(label)[-8:] for label in submitted} - noted

    def _rows(self) -> list[tuple[str, str, str]]:
        """Key, state and facts of all jobs in the journal; internal records left out."""
        with sqlite3.connect(f"file:{self.config['journal']}?mode=ro", uri=True) as database:
            rows = database.execute(
                "select key, state, facts from progress join jobs using (seq) where substr(kind, 1, 1) <> '_'"
            ).fetchall()
        database.close()
        return rows


@asynccontextmanager
async def story(
    emulator: EmulatorProcess,
    folder: Path,
    *,
    processing: str = "",
    sources: int = 1,
    voices: int = 5,
    spoken: int = 1,
    given: int = 0,
    source_s: float = 0.4,
) -> AsyncGenerator[Story]:
    """A fresh tenant with jobs for it: conversions of files, texts to be spoken, conversions of bytes."""
    async with tenant_of(emulator, processing=processing) as tenant:
        async with AudioKit(respeecher=tenant.access["respeecher"]) as kit:
            project = await kit.respeecher.projects.create("plugs")
            takes = await kit.respeecher.folders.create(project.id, "takes")
            ids = [voice.id async for voice in kit.respeecher.voices.list(species="human")]
        yield Story(
            tenant,
            {
                "journal": str(folder / "jobs.sqlite"),
                "out": str(folder / "out"),
                "folder_id": takes.id,
                "sources": [
                    str(sound(folder / f"take-{number}.wav", number, source_s)) for number in range(sources)
                ],
                "given": [
                    str(sound(folder / f"given-{number}.wav", 20 + number, source_s))
                    for number in range(given)
                ],
                "source_s": source_s,
                "voices": ids[:voices],
                "spoken": spoken,
                "options": {"settle_s": 1.0},
            },
        )
