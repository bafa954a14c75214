"""Any interleaving of writers and cancellations: the journal never falls back behind what was awaited."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

import attrs
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiokit.jobs._journal import Entry, Journal, JournalState, Scope

S = JournalState

# From each state, one that may follow; the draw decides which. Chains raise their stage with each intent.
FOLLOWING: Final = {
    S.PLANNED: [S.PLANNED, S.INTENT, S.FAILED],
    S.INTENT: [S.INTENT, S.PLANNED, S.SENT, S.UNCERTAIN],
    S.SENT: [S.SENT, S.INTENT, S.FETCHED, S.DONE],
    S.FETCHED: [S.FETCHED, S.DONE],
    S.DONE: [S.DONE, S.SENT],
    S.UNCERTAIN: [S.PLANNED, S.SENT, S.FAILED],
    S.FAILED: [S.PLANNED, S.SENT],
}


@attrs.define
class Writer:
    """One task that takes one job along, counting its writes."""

    key: str
    choices: list[tuple[int, bool, int]]  # which state follows, is it cancelled, rounds waited before
    issued: list[JournalState] = attrs.field(factory=list)
    awaited: int = 0  # of these, how many were awaited; the last of them

    async def run(self, journal: Journal) -> None:
        """Plan, then write; a write that is cancelled is not awaited, and the next one comes at once."""
        await journal.plan(self.key, kind="fake", kind_version=1, fields={"key": self.key})
        state, stage = S.PLANNED, 0
        for choice, is_cancelled, rounds in self.choices:
            for _ in range(rounds):
                await asyncio.sleep(0)
            following = FOLLOWING[state]
            new = following[choice % len(following)]
            if new is S.INTENT and state is S.SENT:
                stage += 1
            state = new
            self.issued.append(state)
            task = asyncio.create_task(
                journal.write(
                    self.key,
                    state,
                    stage=stage,
                    attempts=len(self.issued),
                    remote_ids={f"r{len(self.issued)}": "x"},
                    lock=self.key if state is S.INTENT else None,
                )
            )
            await asyncio.sleep(0)  # it has asked
            if is_cancelled:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            if not task.cancelled():
                self.awaited = len(self.issued)

    def check(self, entry: Entry | None) -> None:
        """What is recorded is the last awaited write or a later one, whole."""
        assert entry is not None
        assert {"key": self.key} == entry.fields
        count = entry.attempts
        assert self.awaited <= count <= len(self.issued)
        assert ([S.PLANNED, *self.issued])[count] is entry.state
        # Writes of one job never overtake each other, so all earlier ones are in it too.
        assert {f"r{number + 1}" for number in range(count)} == set(entry.remote_ids)
        locked = entry.state is S.INTENT or (
            entry.state is S.UNCERTAIN and self.issued[count - 2] is S.INTENT
        )
        assert (self.key if locked else None) == entry.lock


async def story(path: Path, writers: list[Writer], *, is_crashed: bool) -> None:
    """Run the writers, end cleanly or as a crash would, and look."""
    async with Journal(path, scope=Scope()) as journal:
        await asyncio.gather(*(writer.run(journal) for writer in writers))
        if is_crashed:
            # What a kill leaves: file and log as they are now, with nothing moved.
            await journal.get("barrier")
            copy = path.with_name("crashed")
            for end in ("", "-wal"):
                shutil.copy(f"{path}{end}", f"{copy}{end}")
            path = copy
    async with Journal(path, scope=Scope()) as again:
        for writer in writers:
            writer.check(await again.get(writer.key))


choices = st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 3)), max_size=12)


@given(scripts=st.lists(choices, min_size=1, max_size=8), is_crashed=st.booleans())
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_last_awaited_write_or_a_later_one(scripts: list[list[Any]], *, is_crashed: bool) -> None:
    """After many tasks wrote and were cancelled in any sequence, no entry is older than its last await."""
    writers = [Writer(key=f"job {number}", choices=script) for number, script in enumerate(scripts)]
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder) / "jobs.sqlite", writers, is_crashed=is_crashed))
