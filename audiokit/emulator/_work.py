"""Worker processes for sound: the parent's side.

espeak-ng can abort and codecs meet hostile files, so all of it happens in child processes that may die
(`python -m audiokit.emulator._worker`, over pipes). Not `anyio.to_process` nor multiprocessing: both import
the caller's main script again in the child, and a script without a ``__main__`` guard would run twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import struct
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import anyio
import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self

_logger = logging.getLogger("audiokit.emulator")

DEFAULT_MEMORY_LIMIT_BYTES: Final = 2 * 1024**3
"""Address space of one worker. FFmpeg and numpy map about 0.5 GiB before any work is done."""

DEFAULT_CPU_LIMIT_S: Final = 600
"""Processor seconds of one operation. Half an hour in all nine formats takes about 300 (ADR 0002)."""

_MAX_REPLY_BYTES: Final = 256 * 1024**2
_START_TIMEOUT_S: Final = 60.0
_GOODBYE_S: Final = 2.0
_LAST_BREATH_S: Final = 1.0
_SIGXCPU: Final = int(getattr(signal, "SIGXCPU", 0))
_HEADER: Final = struct.Struct(">I")
_SECRET: Final = re.compile(r"KEY|PASSWORD|SECRET|TOKEN|AUDIOKIT_EMULATOR", re.IGNORECASE)

WorkErrorKind = Literal["refused", "crashed", "timeout", "unavailable"]


class WorkError(Exception):
    """A piece of audio work that gave no result.

    Attributes:
        kind: ``refused`` (the input is wrong: tell the user), ``crashed`` (the worker died or has a bug: for
            the log), ``timeout`` or ``unavailable`` (a library that makes the sound is missing).
        message: What happened; names no path of this machine.
    """

    def __init__(self, kind: WorkErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind: WorkErrorKind = kind
        self.message = message

    def __repr__(self) -> str:
        return f"WorkError(kind={self.kind!r}, message={self.message!r})"


class WorkPool:
    """A few worker processes that make and read sound, each doing one thing at a time.

    Workers start when first needed and stay. One that dies, hangs or whose caller is cancelled is killed and
    replaced, so no late reply is ever read by the next caller. May be entered and left by different tasks.

    Args:
        workers: Most processes at once, at least 1.
        task_timeout_s: Seconds one operation may take before its worker is killed.
        memory_limit_bytes: Address space of one worker in bytes (POSIX; None for no limit).
        cpu_limit_s: Whole seconds of processor time that one operation may use before its worker is ended
            (POSIX; None for no limit).
        scratch: Folder for workers' temporary files, which is also their working directory; None means the
            system's temporary folder.
        options: Further command-line arguments of the worker; for tests.
        on_busy: Told the name of each operation that was tried and the seconds it kept a worker busy.
    """

    def __init__(
        self,
        *,
        workers: int = 2,
        task_timeout_s: float = 600.0,
        memory_limit_bytes: int | None = DEFAULT_MEMORY_LIMIT_BYTES,
        cpu_limit_s: int | None = DEFAULT_CPU_LIMIT_S,
        scratch: Path | None = None,
        options: Sequence[str] = (),
        on_busy: Callable[[str, float], None] | None = None,
    ) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers!r}")
        if task_timeout_s <= 0:
            raise ValueError(f"task_timeout_s must be more than 0 seconds, got {task_timeout_s!r}")
        self._slots = asyncio.Semaphore(workers)
        self._task_timeout_s = task_timeout_s
        self._scratch = scratch
        if cpu_limit_s is not None and cpu_limit_s < 1:
            raise ValueError(f"cpu_limit_s must be at least 1 second, or None, got {cpu_limit_s!r}")
        self._cpu_limit_s = cpu_limit_s
        limits = [f"--memory-limit-bytes={memory_limit_bytes or 0}", f"--cpu-limit-s={cpu_limit_s or 0}"]
        self._arguments = [*limits, *options]
        self._on_busy = on_busy
        self._idle: list[_Worker] = []
        self._open = False

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        idle, self._idle = self._idle, []
        with anyio.CancelScope(shield=True):
            await asyncio.gather(*(worker.dismiss() for worker in idle))

    async def warm(self) -> None:
        """Start one worker now instead of at the first call; failures wait for that call."""
        async with self._slots:
            if not self._open or self._idle:
                return
            with contextlib.suppress(WorkError):  # logged
                self._idle.append(await self._start())

    async def run(self, op: str, /, **params: Any) -> dict[str, Any]:
        """Do one operation in a free worker and return its result.

        Args:
            op: Name of the operation, e.g. ``probe`` (see `audiokit.emulator.engine`).
            **params: Its arguments, anything JSON can say; paths as strings.

        Raises:
            WorkError: The work was refused, its worker died, or it took longer than the limit.
            RuntimeError: The pool is not open.
        """
        request = orjson.dumps({"op": op, "params": params})
        async with self._slots:
            if not self._open:
                raise RuntimeError("WorkPool is closed; use it inside its `async with` block")
            worker = await self._idle_worker() or await self._start()
            begun = time.monotonic()
            try:
                reply = await self._ask(worker, op, request)
            finally:
                if self._on_busy is not None:
                    self._on_busy(op, time.monotonic() - begun)
        if "result" in reply:
            result: dict[str, Any] = reply["result"]
            return result
        if reply["kind"] != "refused":
            _logger.error("audio operation %s failed: %s\n%s", op, reply["message"], reply.get("trace", ""))
        raise WorkError(reply["kind"], reply["message"])

    async def _idle_worker(self) -> _Worker | None:
        """Take a worker that is still alive; those that died while idle are cleared away."""
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker
            await worker.kill()
        return None

    async def _ask(self, worker: _Worker, op: str, request: bytes) -> dict[str, Any]:
        """Exchange one message; the worker goes back to the idle ones only after a whole reply."""
        try:
            with anyio.fail_after(self._task_timeout_s):
                reply = await worker.exchange(request)
        except TimeoutError:
            await worker.kill()
            raise WorkError(
                "timeout", f"audio operation {op!r} took longer than {self._task_timeout_s:g} seconds"
            ) from None
        except (OSError, EOFError, ValueError) as error:
            code = await worker.kill()
            if code == -_SIGXCPU:
                raise WorkError(
                    "timeout", f"audio operation {op!r} used more than {self._cpu_limit_s} processor seconds"
                ) from error
            message = f"the audio worker stopped during {op!r} (exit code {code}); it was replaced"
            _logger.warning("%s", message)
            raise WorkError("crashed", message) from error
        except BaseException:  # cancelled: a reply on its way must not meet the next caller
            await worker.kill()
            raise
        if self._open:
            self._idle.append(worker)
        else:
            await worker.dismiss()
        return reply

    async def _start(self) -> _Worker:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "audiokit.emulator._worker",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # codecs chatter there; errors come as replies
            cwd=self._scratch,
            env=_child_environment(),
            start_new_session=True,  # a Ctrl-C in the terminal is the parent's; a worker ends with its input
        )
        worker = _Worker(process)
        try:
            with anyio.fail_after(_START_TIMEOUT_S):
                hello = await worker.receive()
        except BaseException as error:
            code = await worker.kill()
            if isinstance(error, (OSError, EOFError, ValueError, TimeoutError)):
                message = f"the audio worker did not start (exit code {code})"
                _logger.warning("%s", message)
                raise WorkError("crashed", message) from error
            raise
        if "ready" not in hello:
            await worker.kill()
            message = str(hello.get("message", "the audio worker did not start"))
            _logger.warning("%s", message)
            raise WorkError("unavailable", message)
        return worker


class _Worker:
    """One child process and its two pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("worker process was started without pipes")
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout

    @property
    def is_alive(self) -> bool:
        """Whether the process has neither ended nor closed its output."""
        return self._process.returncode is None and not self._stdout.at_eof()

    async def exchange(self, request: bytes) -> dict[str, Any]:
        """Send a request and wait for its reply."""
        self._stdin.write(_HEADER.pack(len(request)) + request)
        await self._stdin.drain()
        return await self.receive()

    async def receive(self) -> dict[str, Any]:
        """Read one message.

        Raises:
            EOFError: The process ended before the message did.
            ValueError: What came is no message.
        """
        (size,) = _HEADER.unpack(await self._stdout.readexactly(_HEADER.size))
        if size > _MAX_REPLY_BYTES:
            raise ValueError(f"worker message of {size} bytes is too large")
        message: dict[str, Any] = orjson.loads(await self._stdout.readexactly(size))
        return message

    async def kill(self) -> int | None:
        """End the process at once and return its exit code; shielded and bounded."""
        if self._process.returncode is None and self._stdout.at_eof():
            # It ends by itself. `Popen.kill` would reap it, and asyncio then tell 255 instead of its code.
            with anyio.CancelScope(shield=True), anyio.move_on_after(_LAST_BREATH_S):
                await self._process.wait()
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it was quicker
                self._process.kill()
        with anyio.CancelScope(shield=True), anyio.move_on_after(_GOODBYE_S):
            self._stdin.close()
            await self._process.wait()
        return self._process.returncode

    async def dismiss(self) -> None:
        """Ask the process to end by closing its input; kill it if it does not."""
        with anyio.CancelScope(shield=True), anyio.move_on_after(_GOODBYE_S):
            self._stdin.close()
            await self._process.wait()
        await self.kill()


def _child_environment() -> dict[str, str]:
    """Environment of a worker: the same modules in the same order as here, one thread per numeric library.

    Workers meet files of strangers, so what looks like a secret stays here.
    """
    modules = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    plain = {name: value for name, value in os.environ.items() if not _SECRET.search(name)}
    return {**plain, **threads, "PYTHONPATH": modules}
