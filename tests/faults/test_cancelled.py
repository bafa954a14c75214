"""Calls cancelled at any await: the client goes on working and holds on to nothing."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
import time
import warnings
from collections.abc import Coroutine, Generator
from pathlib import Path
from typing import Any

import pytest
from faults_connection import answer_no_handshake
from faults_kinds import ORDERING, READ, TAKE, UPLOAD_STREAM, WRITE, Kind
from faults_run import client, leftovers, open_files, other_tasks
from faults_server import FaultServer, Wire

from audiokit import AudioKit, Limits, Timeouts
from audiokit.testing import FakeClock
from audiokit.transport import _source_file
from audiokit.transport._part import Part

CANCELLATIONS = 1_000 if os.environ.get("AUDIOKIT_HEAVY") == "reduced" else 10_000
CONNECTIONS = 100
PATIENT = Timeouts(connect_s=30, stall_s=30, call_s=60)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for open files in /proc")


class CancelledAt:
    """Runs a coroutine and cancels the task when it waits for the n-th time.

    Attributes:
        happened: Whether it waited that often.
    """

    def __init__(self, running: Coroutine[Any, Any, Any], number: int) -> None:
        self.happened = False
        self._running = running
        self._left = number

    def __await__(self) -> Generator[Any, Any, Any]:
        """Pass everything through, and count."""
        steps = self._running.__await__()
        try:
            waiting = next(steps)
            while True:
                self._left -= 1
                if self._left == 0:
                    task = asyncio.current_task()
                    assert task is not None
                    self.happened = task.cancel()
                try:
                    sent = yield waiting
                except BaseException as error:  # noqa: BLE001 - handed on as it is
                    waiting = steps.throw(error)
                else:
                    waiting = steps.send(sent)
        except StopIteration as end:
            return end.value


async def _answer(wire: Wire) -> None:
    """Answer well, in its own time."""
    await wire.read_body()
    await asyncio.sleep(random.random() * 0.002)
    content = wire.answer()
    await wire.send(wire.head(length=len(content)))
    await wire.send(content)
    wire.server.seen.clear()


def _unclosed(seen: list[warnings.WarningMessage]) -> set[str]:
    """What the garbage collector had to close."""
    gc.collect()
    return {str(one.message) for one in seen if "unclosed" in str(one.message)}


@pytest.mark.parametrize("kind", [READ, WRITE, ORDERING, UPLOAD_STREAM], ids=lambda kind: kind.name)
async def test_call_cancelled_at_each_await_frees_its_socket(kind: Kind, tmp_path: Path) -> None:
    """One call after the other, cancelled at its first, second ... last await: all is closed in order."""
    number, happened = 0, True
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", ResourceWarning)
        while happened:
            number += 1
            async with FaultServer(_answer) as server:
                await server.listen()
                async with client(server, FakeClock(), timeouts=PATIENT) as kit:
                    running = CancelledAt(kind.run(kit, tmp_path, TAKE, {}), number)
                    await asyncio.wait([asyncio.ensure_future(_run(running))])
                    happened = running.happened
    assert number > 3
    assert set() == _unclosed(seen)


@pytest.mark.parametrize(
    ("cancellations", "connections"),
    [
        (100, 10),
        pytest.param(
            CANCELLATIONS, CONNECTIONS, marks=[pytest.mark.heavy, pytest.mark.timeout(900)], id="heavy"
        ),
    ],
)
async def test_cancellations_at_any_await_leave_a_working_client(
    cancellations: int, connections: int, tmp_path: Path
) -> None:
    """Afterwards 200 of 200 reads answer within 2 s, no task is left, and closing frees every socket."""
    before, tasks = open_files(), other_tasks()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", ResourceWarning)
        async with FaultServer(_answer) as server:
            await server.listen()
            limits = Limits(connections=connections, idle_connections=connections // 2)
            async with client(server, FakeClock(), limits=limits, timeouts=PATIENT) as kit:
                await _give_up_again_and_again(kit, cancellations, 2 * connections, tmp_path)
                begun = time.perf_counter()
                reads = (kit.respeecher.credits.get(is_repeatable=False) for _ in range(200))
                left = await asyncio.gather(*reads)
                took_s = time.perf_counter() - begun
                own = {task for task in other_tasks() - tasks if "FaultServer" not in task}
        unclosed = _unclosed(seen)
    assert (200, {5.5}) == (len(left), {balance.left for balance in left})
    assert took_s <= 2.0
    assert set() == own
    assert [] == await leftovers(before, tasks)
    assert set() == unclosed


async def _give_up_again_and_again(kit: AudioKit, cancellations: int, workers: int, folder: Path) -> None:
    """Calls of all kinds without files, so many of them cancelled at a random await."""
    chance = random.Random(20_261)
    done = 0

    async def work() -> None:
        nonlocal done
        while done < cancellations:
            kind = chance.choice((READ, WRITE, ORDERING, UPLOAD_STREAM))
            running = CancelledAt(kind.run(kit, folder, TAKE[:120_000], {}), chance.randint(1, 20))
            task = asyncio.ensure_future(_run(running))
            await asyncio.wait([task])
            assert task.cancelled() or task.exception() is None
            done += running.happened

    await asyncio.gather(*(work() for _ in range(workers)))


async def _run(running: CancelledAt) -> Any:
    return await running


async def _frees_its_socket(timeout_s: float | None, options: dict[str, Any]) -> None:
    """Give up a call in the TLS handshake, and look at the sockets without waiting for the collector."""
    gc.collect()
    gc.disable()
    try:
        before, tasks = open_files(), other_tasks()
        async with FaultServer(_answer, is_https=True, greet=answer_no_handshake) as server:
            await server.listen()
            async with client(server, FakeClock(), timeouts=PATIENT) as kit:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(timeout_s):
                        await kit.respeecher.credits.get(**options)
        left = await leftovers(before, tasks, within_s=0.3)
    finally:
        gc.enable()
    assert [] == left


async def test_call_cancelled_in_the_tls_handshake_frees_its_socket() -> None:
    """What the caller gives up is closed at once."""
    await _frees_its_socket(0.05, {})


async def test_call_out_of_time_in_the_tls_handshake_frees_its_socket() -> None:
    """What ran out of `timeout=` is closed at once."""
    await _frees_its_socket(None, {"timeout": 0.05})


@pytest.fixture
def _slow_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a file takes 50 ms, as on a network drive."""
    opening = _source_file._open

    def open_slowly(path: Path) -> Any:
        time.sleep(0.05)
        return opening(path)

    monkeypatch.setattr(_source_file, "_open", open_slowly)


async def test_download_cancelled_while_its_file_opens_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow disk and an impatient caller leave the folder as it was."""
    begin = Part.begin

    def begin_slowly(self: Part, digest: Any) -> None:
        time.sleep(0.05)
        begin(self, digest)

    monkeypatch.setattr(Part, "begin", begin_slowly)
    async with FaultServer(_answer) as server:
        await server.listen()
        async with client(server, FakeClock()) as kit:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.03):
                    await kit.respeecher.recordings.download("/files/r-1.wav", tmp_path)
            await asyncio.sleep(0.1)
    gc.collect()
    assert [] == list(tmp_path.iterdir())


@pytest.mark.usefixtures("_slow_disk")
async def test_upload_cancelled_while_its_file_opens_closes_it(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """A slow disk and an impatient caller leave no file to the garbage collector."""
    path = tmp_path / "take.wav"
    path.write_bytes(TAKE)
    async with FaultServer(_answer) as server:
        await server.listen()
        async with client(server, FakeClock()) as kit:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.03):
                    await kit.respeecher.recordings.upload(path, folder_id="f-1")
            await asyncio.sleep(0.1)
    gc.collect()
    assert [] == [str(one.message) for one in recwarn if issubclass(one.category, ResourceWarning)]
