"""A program that runs jobs with a journal, as a user would write it; see `test_ctrl_c` and `test_full_disk`.

Run as ``python interrupted.py CONFIG``, CONFIG being JSON. Each line it prints is JSON: ``begun`` once for
each submission whose id is noted, ``outcome`` for each job that ended, ``raised`` for the run, and ``left``
at its own end. Where its disk was full it waits for a line, makes room, and runs the same inputs again.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from audiokit import AudioKit, ConversionJob
from audiokit.errors import AudiokitError
from audiokit.jobs import Journal, JournalState, Scope, TTSRecordingJob


def say(**facts: Any) -> None:
    """One line for the test, at once."""
    sys.stdout.write(f"{json.dumps(facts)}\n")
    sys.stdout.flush()


def inputs(config: dict[str, Any]) -> Iterator[Any]:
    """The same jobs in every run."""
    out, folder_id = config["out"], config["folder_id"]
    for source in config["sources"]:
        for voice_id in config["voices"]:
            yield ConversionJob(source=source, folder_id=folder_id, voice_id=voice_id, to=out)
    for number in range(config["spoken"]):
        yield TTSRecordingJob(text=f"Number {number}.", folder_id=folder_id, to=out)
    for content in config["given"]:  # bytes, which are kept beside the journal
        source = Path(content).read_bytes()
        yield ConversionJob(source=source, folder_id=folder_id, voice_id=config["voices"][0], to=out)


class Disk:
    """Is full from a moment on, until room is made.

    Args:
        plan: ``when``, ``state`` and ``nth``: the record at which it fills up; at once when left out. With
            ``ballast``, a path: that file then takes all room of its disk. Else no file may become larger
            than ``limit_bytes``, or than the journal's log is then, as good for those who write more.
        journal: The journal's path.
    """

    def __init__(self, plan: dict[str, Any] | None, journal: str) -> None:
        self._plan = plan or {}
        self._left = self._plan.get("nth", 0)
        self._log = Path(f"{journal}-wal")

    def __call__(self, when: str, key: str, state: JournalState) -> None:
        if (self._plan.get("when"), self._plan.get("state")) == (when, state.value):
            self._left -= 1
            if self._left == 0:
                self.fill()

    def fill(self) -> None:
        """No room any more."""
        if "ballast" not in self._plan:
            limit_bytes = self._plan.get("limit_bytes") or self._log.stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
        else:
            ballast = os.open(self._plan["ballast"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            size = 65536
            while size:
                try:
                    os.write(ballast, bytes(size))
                except OSError:
                    size //= 2
            os.close(ballast)
        say(full=True)

    def make_room(self) -> None:
        """As the message asks."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if "ballast" in self._plan:
            Path(self._plan["ballast"]).unlink()


class Announcing:
    """Says once for each job that the journal has its remote id."""

    def __init__(self, then: Disk) -> None:
        self._then = then

    def __call__(self, when: str, key: str, state: JournalState) -> None:
        self._then(when, key, state)
        if (when, state) == ("after", JournalState.SENT):
            say(begun=key)


async def once(kit: AudioKit, config: dict[str, Any], hook: Any) -> None:
    """Run all jobs; say what became of each, and of the run."""
    journal = Journal(config["journal"], scope=Scope.of(kit._access), on_transition=hook)
    options = config.get("options", {})
    try:
        async with AsyncExitStack() as stack:
            jobs = await stack.enter_async_context(kit.orchestrator(journal=journal, **options))
            if config.get("until_signal"):
                await stack.enter_async_context(jobs.until_signal())
            async for outcome in jobs.run(inputs(config)):
                error = outcome.error
                say(
                    outcome=outcome.key,
                    state=outcome.state.value,
                    error=None if error is None else str(error),
                    cause=None if error is None else type(error.__cause__).__name__,
                )
    except AudiokitError as error:
        say(raised=type(error).__name__, message=str(error))
    else:
        say(raised=None)


async def main(config: dict[str, Any]) -> None:
    """Run, and a second time where the disk was full and has room now."""
    plan = config.get("full")
    disk = Disk(plan, config["journal"])
    if plan and "nth" not in plan:
        disk.fill()
    async with AudioKit.from_env() as kit:
        await once(kit, config, Announcing(disk))
        if plan:
            await asyncio.to_thread(sys.stdin.readline)
            disk.make_room()
            await once(kit, {**config, "full": None}, None)


if __name__ == "__main__":
    try:
        asyncio.run(main(json.loads(sys.argv[1])))
    finally:
        for thread in threading.enumerate():  # those that were told to end may need a moment
            if thread is not threading.main_thread():
                thread.join(timeout=5)
        children = Path(f"/proc/self/task/{os.getpid()}/children")
        say(
            left=sorted(one.name for one in threading.enumerate()),
            children=children.read_text().split() if children.exists() else [],
        )
