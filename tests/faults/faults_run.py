"""Runs one cell of the table: a call against a server with a fault, and a look at what is left behind."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import attrs
from faults_expect import ATTEMPTS, OK, Mode
from faults_kinds import Kind
from faults_model import Fault
from faults_server import CREDITS, FaultServer, Wire

from audiokit import ApiAccess, ApiKey, AudioKit, Limits, RetryPolicy, Timeouts
from audiokit.errors import AudiokitError
from audiokit.testing import FakeClock

KEY: Final = "fault-key-SECRET"
HANGS: Final = "hangs"
_PROBE_S: Final = 3.0

TIMEOUTS: Final = Timeouts(connect_s=1.0, stall_s=1.0, call_s=2.0)
"""Far beyond what a loopback needs; faults that are told by them bring shorter ones."""


class HealingClock(FakeClock):
    """A clock that does not wait, and mends the server while the client thinks it does."""

    def __init__(self, heal: Callable[[], Awaitable[object]] | None) -> None:
        super().__init__()
        self.heal = heal

    async def sleep(self, seconds: float, /) -> None:
        """Mend, then move on."""
        if self.heal is not None:
            await self.heal()
        await super().sleep(seconds)


@attrs.frozen(kw_only=True)
class Observed:
    """How a cell ended.

    Attributes:
        outcome: ``ok``, the class of the error, or a word on what is worse than either.
        seen: Requests of this call that the server saw.
        slept: Waits between attempts, in seconds.
        retry_after: As the error carries it.
        probe: What a plain read with the same client came to afterwards.
        strangers: Requests that went to another host, and whether one of them carried the key.
        peak_bytes: Memory that Python objects took at most during the call; 0 where not measured.
        left: Sockets, files, tasks and partial downloads that were not cleaned up.
    """

    outcome: str
    seen: int
    slept: list[float]
    retry_after: float | None
    probe: str
    strangers: tuple[int, bool]
    peak_bytes: int
    left: list[str]


def open_files() -> dict[str, str]:
    """Descriptors of this process and what they lead to."""
    found: dict[str, str] = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found[entry.name] = str(entry.readlink())
        except OSError:  # the descriptor of the listing itself
            continue
    return found


def other_tasks() -> set[str]:
    """Tasks besides the caller's own."""
    return {str(task.get_coro()) for task in asyncio.all_tasks() if task is not asyncio.current_task()}


async def leftovers(before: dict[str, str], tasks: set[str], *, within_s: float = 1.0) -> list[str]:
    """What is open now and was not *before*; closing takes a few turns of the loop."""
    deadline = asyncio.get_running_loop().time() + within_s
    while True:
        now = open_files()
        left = [target for name, target in now.items() if before.get(name) != target]
        left += sorted(other_tasks() - tasks)
        if not left or asyncio.get_running_loop().time() > deadline:
            return left
        await asyncio.sleep(0.002)


def client(server: FaultServer, clock: FakeClock, **settings: Any) -> AudioKit:
    """A client of *server* with small limits."""
    given: dict[str, Any] = {
        "timeouts": TIMEOUTS,
        "limits": Limits(connections=4),
        "retry": RetryPolicy(attempts=ATTEMPTS),
    }
    access = ApiAccess(base_url=server.base_url, credentials=ApiKey(KEY))
    return AudioKit(respeecher=access, clock=clock, **(given | settings))


async def run(fault: Fault, kind: Kind, mode: Mode, folder: Path) -> Observed:
    """One call of *kind* with *fault*, a probe after it, and a look at what is left."""
    before, tasks = open_files(), other_tasks()
    faulty = 0
    is_healed = fault.is_warm

    async def script(wire: Wire) -> None:
        nonlocal faulty
        if is_healed or not kind.is_this(wire.seen) or (faulty and mode is Mode.ONCE):
            await wire.reply()
            return
        faulty += 1
        await fault.does(wire, other.port)

    async def welcome(wire: Wire) -> None:
        await wire.reply()

    server = FaultServer(script, is_https=fault.is_https)
    async with FaultServer(welcome) as other, server:
        await other.listen()
        clock = HealingClock(None)
        async with client(server, clock, **fault.settings) as kit:
            if fault.is_warm:
                await server.listen()
                await kit.respeecher.credits.get()  # leaves one idle connection behind
                server.seen.clear()
            await fault.begin(server)
            is_healed = False

            async def heal() -> None:
                await fault.heal(server)

            clock.heal = heal if mode is Mode.ONCE else None
            if fault.most_memory_bytes is not None:
                tracemalloc.start()
            outcome, error = await _outcome(fault, kind, kit, folder, server)
            server.released.set()
            peak_bytes = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            seen = sum(kind.is_this(one) for one in server.seen)
            clock.heal, slept = None, list(clock.slept)
            is_healed = True
            await fault.heal(server)
            probe = await _probe(kit)
        sockets = await _sockets_of_client(server)
        strangers = (len(other.seen), any(KEY in str(one.headers) for one in other.seen))
    left = await leftovers(before, tasks) + sockets
    left += [path.name for path in folder.iterdir() if path.name not in {"take.wav", "got.wav"}]
    if kind.is_download and outcome != OK:
        left += [path.name for path in folder.iterdir()]
    for path in folder.iterdir():
        path.unlink()
    return Observed(
        outcome=outcome,
        seen=seen,
        slept=slept,
        retry_after=getattr(error, "retry_after", None),
        probe=probe,
        strangers=strangers,
        peak_bytes=peak_bytes,
        left=left,
    )


async def _outcome(
    fault: Fault, kind: Kind, kit: AudioKit, folder: Path, server: FaultServer
) -> tuple[str, BaseException | None]:
    try:
        async with asyncio.timeout(fault.guard_s):
            result = await kind.run(kit, folder, fault.take, dict(fault.options))
    except AudiokitError as error:
        return type(error).__name__, error
    except TimeoutError as error:
        return HANGS, error
    except Exception as error:  # noqa: BLE001 - whatever it is: it should have been one of ours
        return f"raw {type(error).__name__}", error
    if result != kind.result:
        return "ok, with a wrong result", None
    if kind.has_body and not await _arrived(fault.take, kind, server):
        return "ok, with a short body", None
    return OK, None


async def _arrived(take: bytes, kind: Kind, server: FaultServer) -> bool:
    """Whether the last request brought every byte; what is on the way still counts."""
    last = [one for one in server.seen if kind.is_this(one)][-1]
    for _ in range(100):
        if last.is_whole:
            return take in last.body
        await asyncio.sleep(0.005)
    return False


async def _probe(kit: AudioKit) -> str:
    """A read that is not repeated: it works only on a connection that is clean."""
    for _ in range(20):  # let the last goodbye of the server arrive: it lives in the same loop
        await asyncio.sleep(0)
    try:
        async with asyncio.timeout(_PROBE_S):
            balance = await kit.respeecher.credits.get(is_repeatable=False)
    except (AudiokitError, TimeoutError) as error:
        return f"{type(error).__name__}: {error}"
    return OK if balance.left == CREDITS["credits"] else f"somebody else's answer: {balance.left}"


async def _sockets_of_client(server: FaultServer) -> list[str]:
    """Connections that the closed client still holds, as the server sees them."""
    for turn in range(300):
        if not server.open_connections:
            return []
        await asyncio.sleep(0 if turn < 100 else 0.002)
    return [f"{server.open_connections} connection(s) of the client"]
