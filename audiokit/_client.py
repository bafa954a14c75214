"""AudioKit: opens and closes the layers; no HTTP of its own."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import urlsplit

import anyio.to_thread

from audiokit._config import (
    DEFAULT_BASE_URLS,
    ApiAccess,
    ApiKey,
    Limits,
    Login,
    RateClass,
    RetryPolicy,
    Timeouts,
    access_from_env,
)
from audiokit._emulated import EmulatorProcess
from audiokit.errors import InvalidRequest, UsageError
from audiokit.transport import Network, Transport
from audiokit.typing import Clock, Hook, StrPath

if TYPE_CHECKING:
    from audiokit.jobs import Journal, OnLeave, Orchestrator, PollSchedule
    from audiokit.services.apiaudio import ApiAudio
    from audiokit.services.audiostack import AudioStack
    from audiokit.services.respeecher import Respeecher


logger = logging.getLogger("audiokit.client")


class AudioKit:
    """A client of the three APIs. Only the keys you give are needed.

    ::

        async with AudioKit(respeecher="key") as kit:
            voices = [voice async for voice in kit.respeecher.voices.list(gender="female")]

    Args:
        apiaudio: Key of api.audio v1, or an `ApiAccess` with another base URL.
        audiostack: Key of AudioStack v2, or an `ApiAccess`.
        respeecher: Key or `Login` of the Respeecher Voice Marketplace, or an `ApiAccess`.
        timeouts: How long to wait, in seconds.
        limits: How much at once.
        retry: When to repeat what may be repeated.
        network: Whom to trust, over which proxy, or with which httpx client of your own.
        hooks: Told of each call's start, retries and end, see `audiokit.typing.Hook`.
        clock: Time; tests pass one that does not wait.

    Constructing does no I/O. Open it with ``async with``, once, and use it in that event loop.
    """

    def __init__(
        self,
        *,
        apiaudio: str | ApiAccess | None = None,
        audiostack: str | ApiAccess | None = None,
        respeecher: str | Login | ApiAccess | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
        network: Network | None = None,
        hooks: Iterable[Hook] = (),
        clock: Clock | None = None,
    ) -> None:
        given = {"apiaudio": apiaudio, "audiostack": audiostack, "respeecher": respeecher}
        self._access = {api: _access(api, value) for api, value in given.items()}
        settings = {
            "timeouts": (timeouts, Timeouts),
            "limits": (limits, Limits),
            "retry": (retry, RetryPolicy),
            "network": (network, Network),
        }
        for name, (value, kind) in settings.items():
            _check_kind(name, value, kind)
        self._timeouts = timeouts
        self._limits = limits
        self._retry = retry
        self._network = network
        self._hooks = _callables(hooks)
        self._clock = clock
        self._emulator: EmulatorProcess | None = None
        self._emulator_url: str | None = None  # for people: where its access says
        self._stack = AsyncExitStack()
        self._opened = False
        self._transport = self._new_transport()
        self._services: dict[str, Any] = {}

    @classmethod
    def from_env(
        cls,
        env: Mapping[str, str] | None = None,
        *,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
        network: Network | None = None,
        hooks: Iterable[Hook] = (),
    ) -> Self:
        """Build from environment variables.

        ``APIAUDIO_API_KEY``, ``AUDIOSTACK_API_KEY``, ``RESPEECHER_API_KEY`` (or
        ``RESPEECHER_EMAIL`` with ``RESPEECHER_PASSWORD``), each optional; or
        ``AUDIOKIT_EMULATOR=http://KEY@127.0.0.1:8900`` for a running emulator. Where that is set it counts
        alone: keys beside it are not read. The client's repr names the emulator, and so does a line in the
        log (``audiokit.client``, INFO).
        """
        access = access_from_env(env)
        kit = cls(
            apiaudio=access["apiaudio"],
            audiostack=access["audiostack"],
            respeecher=access["respeecher"],
            timeouts=timeouts,
            limits=limits,
            retry=retry,
            network=network,
            hooks=hooks,
        )
        if (os.environ if env is None else env).get("AUDIOKIT_EMULATOR", "").strip():
            kit._emulator_url = access["apiaudio"].base_url.removesuffix("/apiaudio")
            logger.info(
                "AUDIOKIT_EMULATOR is set: all calls go to the emulator at %s, whatever keys there are",
                kit._emulator_url,
            )
        return kit

    @classmethod
    def emulated(
        cls,
        *,
        data: StrPath | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
        network: Network | None = None,
        hooks: Iterable[Hook] = (),
    ) -> Self:
        """Build a client with an emulator of its own, which starts and ends with it.

        Needs ``audiokit[emulator]``. Everything is real but the services: HTTP over
        loopback, and sound made on this machine.

        Args:
            data: Folder to keep the emulator's data in; temporary when not given.
            timeouts: As the constructor; so are *limits* and *retry*.
            limits: How much at once.
            retry: When to repeat.
            network: How to reach it; seldom needed.
            hooks: As the constructor.
        """
        if not isinstance(data, str | os.PathLike | None):
            raise InvalidRequest.of("data", data, "the path of a folder, or None for a temporary one")
        kit = cls(timeouts=timeouts, limits=limits, retry=retry, network=network, hooks=hooks)
        kit._emulator = EmulatorProcess(data=data)
        return kit

    def __repr__(self) -> str:
        given = [api for api, access in self._access.items() if access.credentials is not None]
        where = ""
        if self._emulator is not None and not given:
            where = "; an emulator of its own, not started"
        elif self._emulator_url is not None:
            where = f"; emulator at {self._emulator_url}"
        return f"<AudioKit with credentials for: {', '.join(given) or 'nothing'}{where}>"

    async def __aenter__(self) -> Self:
        if self._opened:
            raise UsageError("an AudioKit can be opened only once; make a new one")
        self._opened = True
        async with AsyncExitStack() as stack:
            if self._emulator is not None:
                self._access = (await stack.enter_async_context(self._emulator)).access
                self._emulator_url = self._access["apiaudio"].base_url.removesuffix("/apiaudio")
                self._transport = self._new_transport()
                self._services.clear()
            await anyio.to_thread.run_sync(self._load_services)
            await stack.enter_async_context(self._transport)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    if not TYPE_CHECKING:  # a checker shall go on to say that there are none

        def __enter__(self) -> NoReturn:
            raise TypeError("an AudioKit is opened with `async with`, not `with`")

        def __exit__(self, *_: object) -> None:
            """Never reached; without it Python would not get as far as `__enter__`."""

    async def aclose(self) -> None:
        """Close all connections, and the emulator if this client started one."""
        await self._stack.aclose()

    def orchestrator(
        self,
        *,
        max_in_flight: int = 50,
        max_transfers: int = 8,
        max_submits: int = 8,
        transfer_bytes: int | None = None,
        max_queued: int = 10_000,
        attempts: int = 3,
        on_leave: OnLeave = "detach",
        drain_s: float = 10.0,
        journal: StrPath | Journal | None = None,
        kinds: Iterable[type] = (),
        settle_s: float = 30.0,
        credit_budget: float | None = None,
        callback_url: str | None = None,
        schedule: PollSchedule | None = None,
    ) -> Orchestrator:
        """Build an orchestrator for many jobs at once; open it with ``async with``.

        Args:
            max_in_flight: Jobs between their start and their end at once.
            max_transfers: Uploads and downloads of jobs at once.
            max_submits: Submissions at once.
            transfer_bytes: Bytes of files that uploads at once may have together; any number when not
                given. A larger file goes alone.
            max_queued: Jobs handed in by `Orchestrator.submit` that may wait to begin.
            attempts: How often a stage is begun in all, where what it met was temporary and left
                nothing behind.
            on_leave: What becomes of jobs under way when the block is left: ``detach`` lets them go
                on remotely, ``cancel`` also cancels them there, where the kind can, and ``wait``
                waits for them first.
            drain_s: Longest time in seconds that leaving waits for jobs, for an API's answer, and for
                cancelling remotely: for each of these.
            journal: File that keeps what became of each job, or a `Journal`. With it the same inputs
                can be run again after a crash, and nothing is submitted twice. One process at a time.
            kinds: Further kinds of jobs that the journal may hold, besides audiokit's own.
            settle_s: Seconds after a cut connection until a submission that cannot be found is taken
                to be uncertain.
            credit_budget: Credits that jobs may spend, as far as prices are known; then no more is
                submitted.
            callback_url: Where api.audio v1 shall tell that work has ended: the public URL of your
                `audiokit.jobs.WebhookReceiver`, which has the job looked at then.
            schedule: When to look at unfinished jobs.

        Raises:
            InvalidRequest: An argument makes no sense; the message says which and why.
            UsageError: A journal was given, and the client is not open: only then it is known whose it is.
        """
        from audiokit.jobs import (  # noqa: PLC0415 - see audiokit/__init__.py
            Journal,
            Orchestrator,
            PollSchedule,
            Scope,
        )

        _check_kind("schedule", schedule, PollSchedule)
        for name, number in {
            "drain_s": drain_s,
            "settle_s": settle_s,
            "credit_budget": credit_budget,
        }.items():
            _check_number(name, number)
        _check_callback_url(callback_url)
        if not isinstance(journal, str | os.PathLike | Journal | None):
            raise InvalidRequest.of("journal", journal, "a path, a Journal or None")
        if journal is not None and not isinstance(journal, Journal):
            if not self._opened:
                raise UsageError("open the client first: `async with AudioKit(...) as kit:`")
            journal = Journal(journal, scope=Scope.of(self._access))
        transport = self._transport
        return Orchestrator(
            self,
            clock=self._transport.clock,
            timeout_s=self._transport.timeouts.wait_s,
            max_in_flight=max_in_flight,
            max_transfers=max_transfers,
            max_submits=max_submits,
            transfer_bytes=transfer_bytes,
            max_queued=max_queued,
            attempts=attempts,
            on_leave=on_leave,
            drain_s=drain_s,
            journal=journal,
            kinds=kinds,
            settle_s=settle_s,
            credit_budget=credit_budget,
            callback_url=callback_url,
            schedule=schedule,
            # Looks are among the fast calls, submissions among the slow; kinds of one's own may name no API.
            allowance_of=lambda api: transport.limiter(api, RateClass.FAST),
            room_of=lambda api: transport.limiter(api, RateClass.SLOW),
            turn_of=lambda api: transport.budget(api).turn() if api else nullcontext(),
        )

    @property
    def apiaudio(self) -> ApiAudio:
        """api.audio v1: script, speech, mastered track."""
        services: ApiAudio = self._service("apiaudio", "ApiAudio")
        return services

    @property
    def audiostack(self) -> AudioStack:
        """AudioStack v2: custom sound templates, script, speech, mix."""
        services: AudioStack = self._service("audiostack", "AudioStack")
        return services

    @property
    def respeecher(self) -> Respeecher:
        """Respeecher Voice Marketplace: recordings, calibrations, voice conversion."""
        services: Respeecher = self._service("respeecher", "Respeecher")
        return services

    def _service(self, api: str, name: str) -> Any:
        if api not in self._services:
            self._services[api] = getattr(_module(api), name)(self._transport)
        return self._services[api]

    def _load_services(self) -> None:
        """Import what is going to be used; run in a thread, because it takes tens of milliseconds."""
        importlib.import_module("audiokit.transport._http11")
        for api, access in self._access.items():
            if access.credentials is not None:
                _module(api)

    def _new_transport(self) -> Transport:
        return Transport(
            self._access,
            timeouts=self._timeouts,
            limits=self._limits,
            retry=self._retry,
            clock=self._clock,
            network=self._network,
            hooks=self._hooks,
        )


def _module(api: str) -> Any:
    return importlib.import_module(f"audiokit.services.{api}")


def _check_kind(name: str, value: object, kind: type) -> None:
    """Refuse a group of settings that is none, e.g. a bare number; None is the default."""
    if value is not None and not isinstance(value, kind):
        raise InvalidRequest.of(name, value, f"a {kind.__name__}(...) or None")


def _check_number(name: str, value: object) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InvalidRequest.of(name, value, "a number")


def _check_callback_url(value: object) -> None:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        parts = None
    is_url = parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname)
    if value is not None and not is_url:
        # Neither a password nor a key, which are in front of an "@" or behind a "?".
        shown = value.rpartition("@")[2].partition("?")[0] if isinstance(value, str) else value
        raise InvalidRequest.of(
            "callback_url", shown, "an http or https URL that api.audio can reach, or None"
        )


def _callables(hooks: Iterable[Hook]) -> tuple[Hook, ...]:
    found = tuple(hooks) if isinstance(hooks, Iterable) else (hooks,)
    for hook in found:
        if not callable(hook):
            raise InvalidRequest.of("hooks", hook, "a sequence of functions that take an event")
    return found


def _access(api: str, value: str | Login | ApiAccess | None) -> ApiAccess:
    if isinstance(value, ApiAccess):
        return value
    if value is not None and not isinstance(value, str | Login):
        raise InvalidRequest(
            f"{api} must be a key, a Login (Respeecher) or an ApiAccess, got {type(value).__name__}",
            field=api,
            value=type(value).__name__,
        )
    credentials = ApiKey(value) if isinstance(value, str) else value
    return ApiAccess(base_url=DEFAULT_BASE_URLS[api], credentials=credentials)
