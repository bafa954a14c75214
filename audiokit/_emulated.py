"""The emulator as a child process that ends with its parent."""

from __future__ import annotations

import asyncio
import asyncio.subprocess
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import anyio
import orjson

from audiokit._config import NEVER_PROXIED, ApiAccess, ApiKey, Login
from audiokit.errors import EmulatorError, UsageError
from audiokit.typing import StrPath

_START_S: Final = 60.0
_STOP_S: Final = 5.0
_ERROR_TAIL_BYTES: Final = 2000
_CONTROL: Final = "control"


def _facts(line: bytes) -> Mapping[str, Any]:
    """The ready line, or nothing when it is something else."""
    try:
        facts = orjson.loads(line)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _module_path() -> str:
    """The child finds the same modules as this process, however that came to find them."""
    return os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)


class EmulatorProcess:
    """``python -m audiokit emulator`` on a free loopback port.

    The child ends when its standard input closes, so it cannot outlive this process,
    however that ends. It takes neither the caller's event loop nor its signals, and while it runs no
    proxy of the environment is asked for its address.

    Args:
        data: Folder to keep everything in; temporary when not given.
        arguments: Further command-line arguments.
        start_timeout_s: Longest wait for it to be ready, in seconds.
    """

    def __init__(
        self,
        *,
        data: StrPath | None = None,
        arguments: tuple[str, ...] = (),
        start_timeout_s: float = _START_S,
    ) -> None:
        self._arguments = (*arguments, *(("--data", os.fspath(data)) if data is not None else ()))
        self._start_timeout_s = start_timeout_s
        self._process: asyncio.subprocess.Process | None = None
        self._ready: Mapping[str, Any] = {}
        self._stderr = bytearray()
        self._reader: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<EmulatorProcess {'running' if self._process else 'not running'}>"

    async def __aenter__(self) -> Self:
        if self._process is not None or self._ready:
            raise UsageError("an EmulatorProcess can be started only once; make a new one")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "audiokit",
            "emulator",
            "--port",
            "0",
            "--json",
            "--watch-stdin",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": _module_path()},
            start_new_session=True,  # a Ctrl-C in the terminal is the parent's business
        )
        self._process = process
        self._reader = asyncio.create_task(self._read_stderr(process), name="audiokit emulator stderr")
        try:
            with anyio.fail_after(self._start_timeout_s):
                assert process.stdout is not None  # noqa: S101 - a pipe was asked for
                line = await process.stdout.readline()
            self._ready = _facts(line)
        except TimeoutError as error:
            await self.aclose()
            raise EmulatorError(
                f"the emulator was not ready within {self._start_timeout_s:g} s; {self._said()}"
            ) from error
        except BaseException:
            await self.aclose()
            raise
        if not self._ready:
            await self.aclose()
            raise EmulatorError(
                f"the emulator ended before it was ready (exit code {process.returncode}); {self._said()}"
            )
        NEVER_PROXIED.update(self._addresses())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def access(self) -> dict[str, ApiAccess]:
        """Where its three APIs are, with a key for each."""
        return {
            api: ApiAccess(base_url=facts["base_url"], credentials=ApiKey(facts["api_key"]))
            if facts["api_key"]
            else self.login_access  # only Respeecher's key can have been deleted
            for api, facts in self._ready.items()
            if api != _CONTROL
        }

    @property
    def control_url(self) -> str:
        """Base URL of its own endpoints, which count and change what it does; they need `control_key`."""
        return str(self._ready[_CONTROL]["base_url"])

    @property
    def control_key(self) -> str:
        """Key of `control_url` and of faults by header, for the header ``x-control-key``."""
        return str(self._ready[_CONTROL]["control_key"])

    @property
    def login_access(self) -> ApiAccess:
        """Respeecher by e-mail and password instead of a key."""
        return ApiAccess(base_url=self._ready["respeecher"]["base_url"], credentials=self.login)

    @property
    def login(self) -> Login:
        """The Respeecher account's e-mail and password; only this emulator knows them, see `login_access`."""
        facts = self._ready["respeecher"]
        return Login(email=facts["email"], password=facts["password"])

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None else None

    async def aclose(self) -> None:
        """Close its standard input, which ends it; kill it if it does not end in time."""
        process, self._process = self._process, None
        if process is None:
            return
        NEVER_PROXIED.difference_update(self._addresses())
        with anyio.CancelScope(shield=True):
            if process.stdin is not None:
                process.stdin.close()
            with anyio.move_on_after(_STOP_S):
                await process.wait()
            if process.returncode is None:
                process.kill()
                await process.wait()
            if self._reader is not None:
                await self._reader
            # The transport of an ended child closes its pipes on the loop's next turns.
            await asyncio.sleep(0)

    def _addresses(self) -> set[str]:
        return {urlsplit(facts["base_url"]).netloc for facts in self._ready.values()}

    async def _read_stderr(self, process: asyncio.subprocess.Process) -> None:
        """Keep the pipe empty, and the last words for messages."""
        assert process.stderr is not None  # noqa: S101 - a pipe was asked for
        while chunk := await process.stderr.read(4096):
            self._stderr += chunk
            del self._stderr[:-_ERROR_TAIL_BYTES]

    def _said(self) -> str:
        text = self._stderr.decode("utf-8", "replace").strip()
        return f"it said: {text}" if text else "it said nothing"
