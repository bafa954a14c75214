"""A long run of mixed traffic with faults: the process ends as small as it began."""

from __future__ import annotations

import asyncio
import collections
import gc
import os
import random
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from faults_connection import BROKEN
from faults_framing import FRAMING
from faults_kinds import DOWNLOAD, KINDS, TAKE, UPLOAD
from faults_run import client, leftovers, open_files, other_tasks
from faults_server import FaultServer, Wire
from faults_status import STATUSES

from audiokit import Limits, Timeouts
from audiokit.errors import AudiokitError
from audiokit.testing import FakeClock

SECONDS = 60.0
WORKERS = 12
MOST_GROWTH_BYTES = 4 << 20

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of the process from /proc"),
]

_WITH_FILES = {UPLOAD.name, DOWNLOAD.name}
_MISDEEDS = [fault.does for fault in (*BROKEN, *FRAMING, *STATUSES) if not fault.is_warm]


def _memory_bytes() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def test_memory_and_descriptors_end_where_they_began(tmp_path: Path) -> None:
    """A fifth of the requests is treated badly, some calls are given up; nothing piles up."""
    chance = random.Random(20_262)
    ends: collections.Counter[str] = collections.Counter()

    async def script(wire: Wire) -> None:
        wire.server.seen.clear()
        if chance.random() < 0.2:
            await chance.choice(_MISDEEDS)(wire, 9)
        else:
            await wire.reply()

    async def work(kit: Any, folder: Path, until_s: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until_s:
            kind = chance.choice(KINDS)
            # anyio's cancellation, and no files: what is known of others is in ``test_cancelled.py``.
            is_hasty = chance.random() < 0.1 and kind.name not in _WITH_FILES
            try:
                with anyio.move_on_after(0.002 if is_hasty else 10.0) as scope:
                    await kind.run(kit, folder, TAKE, {})
                ends["given up" if scope.cancelled_caught else "ok"] += 1
            except AudiokitError as error:
                ends[type(error).__name__] += 1
            await asyncio.sleep(0.02)  # steady traffic, not a load test

    folders = [tmp_path / str(number) for number in range(WORKERS)]
    for folder in folders:
        folder.mkdir()
    files, tasks = open_files(), other_tasks()
    async with FaultServer(script) as server:
        await server.listen()
        server.released.set()
        timeouts = Timeouts(connect_s=1, stall_s=0.2, call_s=5)
        async with client(server, FakeClock(), timeouts=timeouts, limits=Limits(connections=WORKERS)) as kit:

            async def run(seconds: float) -> None:
                until_s = asyncio.get_running_loop().time() + seconds
                await asyncio.gather(*(work(kit, folder, until_s) for folder in folders))

            await run(SECONDS / 6)  # libraries, threads and buffers are there now
            before_bytes, before_files = _memory_bytes(), len(open_files())
            await run(SECONDS * 5 / 6)
            after_bytes, after_files = _memory_bytes(), len(open_files())
    assert after_bytes - before_bytes <= MOST_GROWTH_BYTES
    assert after_files <= before_files + 2 * WORKERS  # both ends of the connections that are kept
    assert [] == await leftovers(files, tasks)
    assert ends["ok"] > ends.total() / 2
    assert {"given up", "OutcomeUnknown", "RateLimited", "ServerError"} <= set(ends)
