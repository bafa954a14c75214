"""A program that runs jobs with a journal and kills itself where it is told to; see `test_durability`.

Run as ``python durable.py CONFIG``, CONFIG being JSON; the last line it prints is JSON, too.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import resource
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from audiokit import AudioKit, ConversionJob, JobState, MasteringJob, MixJob
from audiokit.errors import JournalWriteFailed
from audiokit.jobs import Journal, JournalState, Scope, TTSRecordingJob
from audiokit.jobs._apiaudio_scripts import own_script_id


def die() -> None:
    """End as if the plug was pulled: no handler, no flush, no goodbye."""
    os.kill(os.getpid(), signal.SIGKILL)


class Executioner:
    """Kills this process, or its disk, before or after the nth time that a job goes to a state."""

    def __init__(self, plan: dict[str, Any] | None, journal: str) -> None:
        self._plan = plan or {}
        self._log = Path(f"{journal}-wal")
        self._left = self._plan.get("nth", 0)
        if "after_s" in self._plan:
            timer = threading.Timer(self._plan["after_s"], die)
            timer.daemon = True
            timer.start()

    def __call__(self, when: str, key: str, state: JournalState) -> None:
        if (self._plan.get("when"), self._plan.get("state")) == (when, state.value):
            self._left -= 1
            if self._left <= 0 and self._plan.get("how") == "fill":
                self.fill()
            elif self._left <= 0:
                die()

    def fill(self) -> None:
        """From now on no file can become larger than the journal's log is."""
        if resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self._log.stat().st_size, resource.RLIM_INFINITY))


def inputs(config: dict[str, Any]) -> Iterator[Any]:
    """The same jobs in every run."""
    out, folder_id = config["out"], config["folder_id"]
    for number in range(config["spoken"]):
        yield TTSRecordingJob(text=f"Number {number}.", folder_id=folder_id, to=out)
    for number in range(config["masters"]):
        yield MasteringJob(script_text=f"Master {number}.", to=out)
    for number in range(config["mixes"]):
        yield MixJob(script_text=f'<as:section name="main">Mix {number}.</as:section>', to=out)
    for source in config["sources"]:
        for voice_id in config["voices"]:
            yield ConversionJob(source=source, folder_id=folder_id, voice_id=voice_id, to=out)


def submitted(config: dict[str, Any]) -> Counter[str]:
    """What the emulator has really taken on, by label: what an operator sees in the account."""
    reply = httpx.get(f"{config['control_url']}/counts", headers={"x-control-key": config["control_key"]})
    counts: Counter[str] = Counter()
    for one in reply.json()["submissions"]:
        counts[str(one["label"])] += one["count"]
    return counts


def note(path: str, key: str) -> None:
    """Add a line, which survives this process."""
    with Path(path).open("a") as file:
        file.write(f"{key}\n")


def wall_clock(config: dict[str, Any]) -> Callable[[], float]:
    """The time of day, as far off as the test says, and a minute earlier each time it is asked for."""
    asked = itertools.count()
    return lambda: time.time() + config["wall_offset_s"] - 60 * next(asked)


async def settle(config: dict[str, Any], jobs: Any, uncertain: list[Any]) -> int:
    """Look into the account, as the message asks; submit again what is certainly not there."""
    counts = await asyncio.to_thread(submitted, config)
    recorder = jobs._recorder
    settled = 0
    for outcome in uncertain:
        token = hashlib.sha256(outcome.key.encode()).hexdigest()[:8]
        labels = [label for label in counts if label.endswith(token)]
        if isinstance(outcome.job, MasteringJob):
            # Speech and master of one script carry the same label: neither is there, or one too few.
            entry = await recorder.journal.get(outcome.key)
            script_id = own_script_id(recorder.namespace, outcome.job)
            labels = [] if counts[script_id] == len(entry.remote_ids) else [script_id]
        elif isinstance(outcome.job, MixJob):
            entry = await recorder.journal.get(outcome.key)
            script_id = entry.remote_ids.get("script", "")
            labels = [] if counts[script_id] == len(entry.remote_ids) - 1 else [script_id]
        if not labels:
            await jobs.settle(outcome.key, resubmit=True)
            await asyncio.to_thread(note, config["settled"], outcome.key)
            settled += 1
    return settled


async def main(config: dict[str, Any]) -> dict[str, Any]:
    """Run all jobs, and again while an operator could settle what was uncertain."""
    executioner = Executioner(config["kill"], config["journal"])
    settled = 0
    async with AudioKit.from_env() as kit:
        while True:
            journal = Journal(
                config["journal"],
                scope=Scope.of(kit._access),
                on_transition=executioner,
                wall_clock=time.time if config["wall_offset_s"] is None else wall_clock(config),
            )
            states: Counter[str] = Counter()
            errors: list[str] = []
            uncertain = []
            async with kit.orchestrator(
                journal=journal, max_in_flight=config["in_flight"], settle_s=config["settle_s"]
            ) as jobs:
                async for outcome in jobs.run(inputs(config)):
                    states[outcome.state.value] += 1
                    if outcome.state is JobState.UNCERTAIN:
                        uncertain.append(outcome)
                    elif outcome.error is not None:
                        errors.append(f"{outcome.key}: {outcome.error}")
                again = await settle(config, jobs, uncertain) if config["operator"] else 0
            settled += again
            if not again:
                return {"states": states, "errors": errors, "settled": settled}


async def main_until_full(config: dict[str, Any]) -> dict[str, Any]:
    """The same; or what ended it, where its disk became full."""
    try:
        return await main(config)
    except JournalWriteFailed as error:
        return {"full": str(error)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main_until_full(json.loads(sys.argv[1])))) + "\n")
