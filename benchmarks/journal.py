"""CPU and time of a job's five durable records, and of opening a large journal after a kill.

A job is planned, intended, sent, fetched and done; each record is awaited, so it is on disk before the next.
Beside it: one transaction a record with sqlite3 in a thread, as most programs would write it. Rounds in turn,
medians; time depends on the disk, so its `fdatasync` is measured too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from _report import bar, finish, machine, versions

from audiokit.jobs._journal import Durability, Journal, JournalState, Output, Scope

FIELDS = {
    "source": "/home/someone/takes/session 12/take-0123.flac",
    "voice_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "folder_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "semitones_correction": None,
    "label": None,
    "to": "/home/someone/converted",
}
RECORDS = 5


def key_of(number: int) -> str:
    # Spread like digests, so that the index by key is met at random places.
    return f"{number * 0x9E3779B97F4A7C15 % (1 << 64):016x}"


async def five_records(journal: Journal, number: int) -> None:
    key = key_of(number)
    await journal.plan(key, kind="conversion", kind_version=1, fields=FIELDS)
    await journal.write(key, JournalState.INTENT, attempts=1, lock=f"orders:{key}")
    ids = {"conversion": f"00000000-0000-0000-0000-{number:012x}"}
    await journal.write(key, JournalState.SENT, remote_ids=ids, place=f"conversions:{number // 10}")
    file = Output(path=f"/home/someone/converted/{key}.wav", size_bytes=1_234_567, sha256="ab" * 32)
    await journal.write(key, JournalState.FETCHED, outputs=[file])
    await journal.write(key, JournalState.DONE)


async def in_flight(job: Callable[[int], Awaitable[None]], first: int, jobs: int, at_once: int) -> None:
    numbers = iter(range(first, first + jobs))

    async def work() -> None:
        for number in numbers:
            await job(number)

    await asyncio.gather(*(work() for _ in range(at_once)))


class Stopwatch:
    """CPU of the process, all threads, and time."""

    def __init__(self) -> None:
        self.cpu_s, self.wall_s = time.process_time(), time.perf_counter()

    def per(self, jobs: int) -> tuple[float, float]:
        """Microseconds of each for one job."""
        cpu_s, wall_s = time.process_time() - self.cpu_s, time.perf_counter() - self.wall_s
        return cpu_s / jobs * 1e6, wall_s / jobs * 1e6


async def ours(
    folder: Path, jobs: int, at_once: int, durability: Durability, before: int
) -> tuple[float, float]:
    async with Journal(folder / "jobs.sqlite", scope=Scope(), durability=durability) as journal:
        for first in range(0, before, 1000):
            await in_flight(lambda number: five_records(journal, number), first, 1000, 1000)
        watch = Stopwatch()
        await in_flight(lambda number: five_records(journal, number), before, jobs, at_once)
        figures = watch.per(jobs)
        assert await journal.counts() == {JournalState.DONE: before + jobs}
    return figures


async def one_by_one(folder: Path, jobs: int, at_once: int) -> tuple[float, float]:
    connection = sqlite3.connect(folder / "plain.sqlite", isolation_level=None, check_same_thread=False)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("create table jobs (key text primary key, state text, fields text)")
    with ThreadPoolExecutor(1) as pool:

        async def job(number: int) -> None:
            loop = asyncio.get_running_loop()
            for state in ("planned", "intent", "sent", "fetched", "done"):
                row = (key_of(number), state, str(FIELDS))
                await loop.run_in_executor(
                    pool, connection.execute, "insert or replace into jobs values (?, ?, ?)", row
                )

        watch = Stopwatch()
        await in_flight(job, 0, jobs, at_once)
        figures = watch.per(jobs)
    connection.close()
    return figures


async def large(path: Path, entries: int) -> None:
    """A journal of many entries, one in ten open, as a kill leaves it: with its log."""
    async with Journal(path.with_name("made.sqlite"), scope=Scope()) as journal:

        async def job(number: int) -> None:
            if number % 10:
                await five_records(journal, number)
            else:
                await journal.plan(key_of(number), kind="conversion", kind_version=1, fields=FIELDS)

        await in_flight(job, 0, entries, 1000)
        await journal.get("all is written now")
        for end in ("", "-wal"):
            shutil.copy(path.with_name(f"made.sqlite{end}"), f"{path}{end}")


async def reopen(path: Path, folder: Path) -> tuple[float, float, int]:
    """Seconds of CPU and of time to open a copy and list what is open, and how many that are."""
    copy = folder / "again.sqlite"
    for end in ("", "-wal"):
        shutil.copy(f"{path}{end}", f"{copy}{end}")
    watch = Stopwatch()
    async with Journal(copy, scope=Scope()) as journal:
        count = len([entry async for entry in journal.entries()])
        cpu_us, wall_us = watch.per(1)
    return cpu_us / 1e6, wall_us / 1e6, count


def sync_ms(folder: Path, times: int = 200) -> float:
    file = os.open(folder / "sync", os.O_WRONLY | os.O_CREAT)
    took = []
    for _ in range(times):
        os.write(file, bytes(4096))
        started = time.perf_counter()
        os.fdatasync(file)
        took.append(time.perf_counter() - started)
    os.close(file)
    return statistics.median(took) * 1e3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a tenth of the jobs")
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder when not given")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    jobs, entries = (3000, 10_000) if options.quick else (30_000, 100_000)
    rows: dict[str, Callable[[Path], Awaitable[tuple[float, float]]]] = {
        "1,000 in flight": lambda to: ours(to, jobs, 1000, Durability.FULL, 0),
        f"the same, after {entries:,} jobs": lambda to: ours(to, jobs, 1000, Durability.FULL, entries),
        "1,000 in flight, normal": lambda to: ours(to, jobs, 1000, Durability.NORMAL, 0),
        "64 in flight": lambda to: ours(to, jobs // 3, 64, Durability.FULL, 0),
        "1 in flight": lambda to: ours(to, jobs // 60, 1, Durability.FULL, 0),
        "1,000 in flight, one commit a record": lambda to: one_by_one(to, jobs // 60, 1000),
    }
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in rows}
    opened: list[tuple[float, float]] = []
    print(machine())
    print(f"{versions('audiokit', 'orjson')}, SQLite {sqlite3.sqlite_version}, {options.rounds} rounds")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        top = Path(name)
        print(f"fdatasync of 4 KiB: {sync_ms(top):.2f} ms, median of 200")
        asyncio.run(large(top / "large.sqlite", entries))
        size_mib = (top / "large.sqlite").stat().st_size / 1024**2
        log_mib = (top / "large.sqlite-wal").stat().st_size / 1024**2
        for _ in range(options.rounds):
            for row, run in rows.items():
                with tempfile.TemporaryDirectory(dir=top) as scratch:
                    figures[row].append(asyncio.run(_call(run, Path(scratch))))
            with tempfile.TemporaryDirectory(dir=top) as scratch:
                *took_s, count = asyncio.run(reopen(top / "large.sqlite", Path(scratch)))
                opened.append((took_s[0], took_s[1]))
    print(f"{'':<38} {'CPU us/job':>10} {'us/job':>8} {'jobs/s':>8}")
    medians = {}
    for row, values in figures.items():
        cpu_us, wall_us = (statistics.median(column) for column in zip(*values, strict=True))
        medians[row] = cpu_us, wall_us
        print(f"{row:<38} {cpu_us:>10.0f} {wall_us:>8.0f} {1e6 / wall_us:>8,.0f}")
    open_cpu_s, open_s = (statistics.median(column) for column in zip(*opened, strict=True))
    print(
        f"open after a kill, {entries:,} entries in {size_mib:.0f} MiB and a log of {log_mib:.0f} MiB, "
        f"list {count:,} open ones: {open_s:.3f} s, CPU {open_cpu_s:.3f} s"
    )
    cpu_us, wall_us = medians["1,000 in flight"]
    bars = [
        bar("five durable records of a job, 1,000 in flight: CPU us", cpu_us, 120),
        bar("the same: us of time, 200 being 5,000 jobs/s", wall_us, 200),
        bar(f"open {entries:,} entries after a kill and list a tenth: s", open_s, 0.2),
    ]
    return finish("journal", bars, as_json=options.json)


async def _call(run: Callable[[Path], Awaitable[tuple[float, float]]], folder: Path) -> tuple[float, float]:
    return await run(folder)


if __name__ == "__main__":
    sys.exit(main())
