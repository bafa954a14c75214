"""What every handler needs: settings, store, files, workers, keys, clock, background work, signed URLs."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
import math
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import quote

import attrs

from audiokit.emulator._files import FileStore, only_user_of
from audiokit.emulator._keys import Accounts
from audiokit.emulator._ledger import Ledger
from audiokit.emulator._pace import Pace
from audiokit.emulator._settings import new_key
from audiokit.emulator._store import Store
from audiokit.emulator._switches import Switches
from audiokit.emulator._work import DEFAULT_CPU_LIMIT_S, WorkPool

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType

    from starlette.requests import Request

    from audiokit.emulator._settings import EmulatorSettings

_log = logging.getLogger("audiokit.emulator")

_CALLS_OUT = 100  # open sockets to receivers that may hang


class Work(Protocol):
    """The part of the worker pool that handlers use."""

    async def run(self, op: str, /, **params: Any) -> dict[str, Any]:
        """Run one audio operation; raises WorkError."""
        ...


@attrs.frozen(kw_only=True)
class _Opened:
    """What exists only while the emulator runs."""

    store: Store
    files: FileStore
    accounts: Accounts
    work: Work


class Context:
    """One running emulator, opened and closed by the app's lifespan.

    Attributes:
        settings: What the emulator was told at start.
        clock: Seconds since the epoch; replaceable in tests.
        control_key: Key of the control endpoints.
        pace: Virtual time.
        switches: What can be changed while it runs.
        ledger: What happened so far.
        calls_out: Held by each call that the emulator makes itself: so many at once, and not more.
    """

    def __init__(
        self,
        settings: EmulatorSettings,
        *,
        work: Work | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.control_key = settings.control_key or new_key()
        self.pace = Pace(settings.speed, monotonic=monotonic)
        self.switches = Switches(settings, pace=self.pace)
        self.ledger = Ledger()
        self.calls_out = asyncio.Semaphore(_CALLS_OUT)
        self._given_work = work
        self._opened: _Opened | None = None
        self._tasks: dict[asyncio.Task[Any], str] = {}
        self._by_name: dict[str, asyncio.Task[Any]] = {}
        self._stack = contextlib.AsyncExitStack()

    @property
    def is_open(self) -> bool:
        """Whether the emulator runs."""
        return self._opened is not None

    @property
    def store(self) -> Store:
        """Documents."""
        return self._running.store

    @property
    def files(self) -> FileStore:
        """Files, kept and scratch."""
        return self._running.files

    @property
    def accounts(self) -> Accounts:
        """Keys, login and sessions."""
        return self._running.accounts

    @property
    def work(self) -> Work:
        """Worker processes for audio."""
        return self._running.work

    async def __aenter__(self) -> Self:
        """Open the data folder, the store and the workers.

        Raises:
            ValueError: The data folder's login file or database is damaged.
            OSError: The data folder cannot be used, or another emulator is using it.
        """
        async with contextlib.AsyncExitStack() as stack:
            self._opened = await self._open(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._opened = None
        await self._stack.aclose()

    async def _open(self, stack: contextlib.AsyncExitStack) -> _Opened:
        settings, data = self.settings, self.settings.data
        if data is None:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="audiokit-emulator-")))
        else:
            root = data.absolute()  # workers have another working directory
            _make_folder(root)
            stack.enter_context(only_user_of(root))
        login = None if data is None else root / "login.json"
        accounts = Accounts(api_key=settings.api_key, keys=settings.keys, file=login, clock=self.clock)
        files = FileStore(root, is_durable=data is not None)
        database = None if data is None else root / "emulator.sqlite"
        store = await stack.enter_async_context(Store(database, files=files))
        swept = await asyncio.to_thread(files.sweep, await store.file_ids())
        if swept:
            _log.info("%d files that nothing names any more were removed", swept)
        work = self._given_work
        if work is None:
            pool = WorkPool(
                workers=settings.workers,
                cpu_limit_s=max(DEFAULT_CPU_LIMIT_S, math.ceil(settings.max_audio_s / 3)),
                scratch=files.scratch_folder,
                on_busy=self.ledger.worked,
            )
            work = await stack.enter_async_context(pool)
            self.spawn(pool.warm(), "start the first worker")
        return _Opened(store=store, files=files, accounts=accounts, work=work)

    @property
    def _running(self) -> _Opened:
        if self._opened is None:
            raise RuntimeError("the emulator is not running; use its context inside `async with`")
        return self._opened

    def is_control_key(self, key: str | None) -> bool:
        """Say whether a call came with the control key."""
        return key is not None and hmac.compare_digest(key.encode(), self.control_key.encode())

    async def pretend(self, work: str, *, sound_s: float, since: float) -> None:
        """Wait until a kind of work has taken as long as it pretends to.

        Args:
            work: A kind of `audiokit.emulator._processing_time`.
            sound_s: Length of the sound in seconds.
            since: When it began, in virtual seconds of `pace`.
        """
        time = self.switches.processing.get(work)
        if time is not None:
            await self.pace.sleep(since + time.seconds(sound_s) - self.pace.now())

    def spawn(self, coro: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run *coro* in the background; it is cancelled when the emulator ends, and a failure is logged.

        Args:
            coro: The work.
            name: What it is, as logs say and `running` finds it; the latest task of a name counts.
        """
        task = asyncio.create_task(coro, name=name)
        self._tasks[task] = name
        self._by_name[name] = task
        task.add_done_callback(self._finished)
        return task

    def running(self, name: str) -> asyncio.Task[Any] | None:
        """Return the background task of this name while it runs."""
        return self._by_name.get(name)

    async def settle(self, task: asyncio.Task[Any], hold_s: float) -> bool:
        """Wait up to *hold_s* seconds for a background task; return True when it has finished."""
        if not task.done():
            await asyncio.wait({task}, timeout=hold_s)
        return task.done()

    @property
    def busy(self) -> int:
        """Number of background tasks that run."""
        return len(self._tasks)

    async def idle(self) -> None:
        """Wait until no background work is left; a help for tests."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))
            await asyncio.sleep(0)  # lets the tasks' own callbacks take them off the list

    def now(self) -> str:
        """Return the time as ISO 8601 in UTC with milliseconds and Z."""
        return iso_time(self.clock())

    def signed_url(self, request: Request, path: str, *, ttl_s: float, method: str = "GET") -> str:
        """Return an absolute URL that works without a key until it expires.

        Args:
            request: The call that is being answered; gives scheme, host and the API's mount.
            path: Path below the API's mount, unquoted, with its leading slash.
            ttl_s: Seconds until it expires.
            method: ``GET`` (HEAD too) or ``PUT``.
        """
        full = f"{request.scope.get('root_path', '')}{path}"
        expires = int(self.clock() + ttl_s)
        token = self._token(method, full, expires)
        return f"{request.url.scheme}://{request.url.netloc}{quote(full)}?expires={expires}&token={token}"

    def signature_holds(self, request: Request) -> bool:
        """Say whether the call came by a `signed_url` for this path and method that has not expired."""
        expires, token = request.query_params.get("expires", ""), request.query_params.get("token", "")
        if not (expires.isascii() and expires.isdigit() and len(expires) <= 12):
            return False
        method = "GET" if request.method == "HEAD" else request.method
        expected = self._token(method, request.scope["path"], int(expires))
        return hmac.compare_digest(token.encode(), expected.encode()) and self.clock() < int(expires)

    def _token(self, method: str, path: str, expires: int) -> str:
        text = f"{method}\n{path}\n{expires}".encode()
        return hmac.new(self.accounts.url_secret, text, hashlib.sha256).hexdigest()

    def _finished(self, task: asyncio.Task[Any]) -> None:
        name = self._tasks.pop(task)
        if self._by_name.get(name) is task:
            del self._by_name[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("background work %r failed", task.get_name(), exc_info=error)


def _make_folder(root: Path) -> None:
    """Make the data folder where it is absent."""
    try:
        root.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as exc:
        raise NotADirectoryError(
            f"the data folder {str(root)!r} cannot be made: it, or a folder above it, is a file; "
            "data must name a folder"
        ) from exc


def iso_time(seconds: float) -> str:
    """Write seconds since the epoch as ISO 8601 in UTC with milliseconds and Z."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
