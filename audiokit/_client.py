"""AudioKit: opens and closes the layers; no HTTP of its own."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import anyio.to_thread

from audiokit._config import (
    DEFAULT_BASE_URLS,
    ApiAccess,
    ApiKey,
    Limits,
    Login,
    RetryPolicy,
    Timeouts,
    access_from_env,
)
from audiokit._emulated import EmulatorProcess
from audiokit.errors import InvalidRequest, UsageError
from audiokit.transport import Transport
from audiokit.typing import Clock

if TYPE_CHECKING:
    from audiokit.jobs import Orchestrator, PollSchedule
    from audiokit.services.apiaudio import ApiAudio
    from audiokit.services.audiostack import AudioStack
    from audiokit.services.respeecher import Respeecher


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
        clock: Clock | None = None,
    ) -> None:
        given = {"apiaudio": apiaudio, "audiostack": audiostack, "respeecher": respeecher}
        self._access = {api: _access(api, value) for api, value in given.items()}
        self._timeouts = timeouts
        self._limits = limits
        self._retry = retry
        self._clock = clock
        self._emulator: EmulatorProcess | None = None
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
    ) -> Self:
        """Build from environment variables.

        ``APIAUDIO_API_KEY``, ``AUDIOSTACK_API_KEY``, ``RESPEECHER_API_KEY`` (or
        ``RESPEECHER_EMAIL`` with ``RESPEECHER_PASSWORD``), each optional; or
        ``AUDIOKIT_EMULATOR=http://KEY@127.0.0.1:8900`` for a running emulator.
        """
        access = access_from_env(env)
        return cls(
            apiaudio=access["apiaudio"],
            audiostack=access["audiostack"],
            respeecher=access["respeecher"],
            timeouts=timeouts,
            limits=limits,
            retry=retry,
        )

    @classmethod
    def emulated(
        cls,
        *,
        data: Path | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
    ) -> Self:
        """Build a client with an emulator of its own, which starts and ends with it.

        Needs ``audiokit[emulator]``. Everything is real but the services: HTTP over
        loopback, and sound made on this machine.

        Args:
            data: Folder to keep the emulator's data in; temporary when not given.
            timeouts: As the constructor; so are *limits* and *retry*.
            limits: How much at once.
            retry: When to repeat.
        """
        kit = cls(timeouts=timeouts, limits=limits, retry=retry)
        kit._emulator = EmulatorProcess(data=data)
        return kit

    def __repr__(self) -> str:
        given = [api for api, access in self._access.items() if access.credentials is not None]
        return f"<AudioKit with credentials for: {', '.join(given) or 'nothing'}>"

    async def __aenter__(self) -> Self:
        if self._opened:
            raise UsageError("an AudioKit can be opened only once; make a new one")
        self._opened = True
        async with AsyncExitStack() as stack:
            if self._emulator is not None:
                self._access = (await stack.enter_async_context(self._emulator)).access
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

    async def aclose(self) -> None:
        """Close all connections, and the emulator if this client started one."""
        await self._stack.aclose()

    def orchestrator(
        self,
        *,
        max_in_flight: int = 50,
        max_transfers: int = 8,
        max_submits: int = 8,
        schedule: PollSchedule | None = None,
    ) -> Orchestrator:
        """Build an orchestrator for many jobs at once; open it with ``async with``.

        Args:
            max_in_flight: Jobs between their start and their end at once.
            max_transfers: Uploads and downloads of jobs at once.
            max_submits: Submissions at once.
            schedule: When to look at unfinished jobs.
        """
        from audiokit.jobs import Orchestrator  # noqa: PLC0415 - see audiokit/__init__.py

        return Orchestrator(
            self,
            clock=self._transport.clock,
            timeout_s=self._transport.timeouts.wait_s,
            max_in_flight=max_in_flight,
            max_transfers=max_transfers,
            max_submits=max_submits,
            schedule=schedule,
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
        for api, access in self._access.items():
            if access.credentials is not None:
                _module(api)

    def _new_transport(self) -> Transport:
        return Transport(
            self._access, timeouts=self._timeouts, limits=self._limits, retry=self._retry, clock=self._clock
        )


def _module(api: str) -> Any:
    return importlib.import_module(f"audiokit.services.{api}")


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
