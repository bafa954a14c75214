"""Running the emulator: bind, serve, say when it is ready, end with the parent."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any, TextIO

import orjson
import uvicorn

from audiokit.emulator._app import create_app
from audiokit.emulator._context import Context
from audiokit.emulator._sockets import HangupProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from audiokit.emulator._settings import EmulatorSettings

_log = logging.getLogger("audiokit.emulator")

GRACE_S = 5
"""Seconds that open connections get to finish at the end."""

_STDIN_FD = 0


def ready_facts(context: Context, port: int) -> dict[str, dict[str, str | None]]:
    """Say where each API listens and with which key; Respeecher's key is None after it was deleted.

    ``control`` is no API: its key opens the emulator's own endpoints.
    """
    settings, accounts = context.settings, context.accounts
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = f"http://{host}:{port}"
    return {
        "apiaudio": {"base_url": f"{base}/apiaudio", "api_key": accounts.api_key},
        "audiostack": {"base_url": f"{base}/audiostack", "api_key": accounts.api_key},
        "respeecher": {
            "base_url": f"{base}/respeecher",
            "api_key": accounts.respeecher_key,
            "email": accounts.email,
            "password": accounts.password,
        },
        "control": {"base_url": f"{base}/control", "control_key": context.control_key},
    }


def ready_text(
    facts: dict[str, dict[str, str | None]], *, as_json: bool = False, with_env: bool = False
) -> str:
    """Write `ready_facts` as one line of JSON, or for people, perhaps with a line to export."""
    if as_json:
        return orjson.dumps(facts).decode()
    lines = ["audiokit emulator is ready (Ctrl-C ends it)"]
    for api, fact in facts.items():
        if api == "control":
            lines.append(f"  {api:<11} {fact['base_url']}  control key {fact['control_key']}")
            continue
        lines.append(
            f"  {api:<11} {fact['base_url']}  key {fact['api_key'] or '(deleted; log in for a new one)'}"
        )
    login = facts["respeecher"]
    lines.append(f"  login       {login['email']}  password {login['password']}")
    if with_env:
        lines.append(f"export AUDIOKIT_EMULATOR={environment_value(facts)}")
    return "\n".join(lines)


def environment_value(facts: dict[str, dict[str, str | None]]) -> str:
    """Write the value of AUDIOKIT_EMULATOR that points a client at this emulator."""
    v1 = facts["apiaudio"]
    return str(v1["base_url"]).replace("://", f"://{v1['api_key']}@").removesuffix("/apiaudio")


async def serve(
    settings: EmulatorSettings,
    *,
    on_ready: Callable[[dict[str, dict[str, str | None]]], None],
    stop: asyncio.Event | None = None,
    context: Context | None = None,
) -> None:
    """Serve until *stop* is set.

    Args:
        settings: Where to listen and what to keep.
        on_ready: Called once with `ready_facts` when requests are answered.
        stop: Ends the server; without it only cancellation does.
        context: Ready-made context of these settings, not open yet; for tests that bring their own workers.

    Raises:
        OSError: The address cannot be bound, or the data folder cannot be used.
        ValueError: The data folder's login file or database is damaged.
    """
    context = context or Context(settings)
    with _listening(settings) as sock:
        async with context:
            await _answer(context, sock, on_ready, stop or asyncio.Event())


async def _answer(
    context: Context,
    sock: socket.socket,
    on_ready: Callable[[dict[str, dict[str, str | None]]], None],
    stop: asyncio.Event,
) -> None:
    """Run uvicorn on a bound socket until *stop* is set."""
    config = uvicorn.Config(
        create_app(context.settings, context=context),
        http=HangupProtocol,
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        lifespan="on",
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=GRACE_S,
        # Pooled clients keep connections for minutes; cutting them sooner only makes them reconnect.
        timeout_keep_alive=75,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]), name="uvicorn")
    waiter = asyncio.create_task(stop.wait(), name="stop")
    ready = asyncio.create_task(server.answers.wait(), name="ready")
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            on_ready(ready_facts(context, sock.getsockname()[1]))
            await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await task
        if not server.answers.is_set():
            raise OSError("the emulator did not start; its log says why")
    finally:
        server.should_exit = True
        for helper in (waiter, ready):
            helper.cancel()
        await asyncio.gather(task, waiter, ready, return_exceptions=True)


def run(
    settings: EmulatorSettings,
    *,
    json_ready: bool = False,
    print_env: bool = False,
    watch_stdin: bool = False,
    out: TextIO | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, or until standard input closes.

    Args:
        settings: Where to listen and what to keep.
        json_ready: Print the ready line as one JSON object instead of text for people.
        print_env: Add the line to export for `audiokit.AudioKit.from_env`.
        watch_stdin: End when standard input closes, that is, when the parent ends.
        out: Where the ready line goes; standard output by default.

    Raises:
        OSError: The address cannot be bound, or the data folder cannot be used.
        ValueError: The data folder's login file or database is damaged.
    """
    target = out or sys.stdout

    def on_ready(facts: dict[str, dict[str, str | None]]) -> None:
        target.write(ready_text(facts, as_json=json_ready, with_env=print_env) + "\n")
        target.flush()

    async def main() -> None:
        stop = asyncio.Event()
        with _ends_on_signals(stop):
            if watch_stdin:
                _watch_stdin(asyncio.get_running_loop(), stop)
            await serve(settings, on_ready=on_ready, stop=stop)

    asyncio.run(main())


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own, that tells when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets=sockets)
        except SystemExit:  # newer uvicorn's way of saying that the lifespan failed; its log says why
            self.should_exit = True
        if self.started:
            self.answers.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield  # `run` handles signals; a program that embeds `serve` keeps its own


@contextlib.contextmanager
def _listening(settings: EmulatorSettings) -> Generator[socket.socket]:
    """Bind the socket ourselves: port 0 is then known, and a taken port is one clear error."""
    infos = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, proto, _, address = infos[0]
    sock = socket.socket(family, kind, proto)
    try:
        if os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(address)
        except OSError as exc:
            raise OSError(
                exc.errno,
                f"cannot listen on {settings.host}:{settings.port} ({exc.strerror}); "
                "try another port, or 0 for a free one",
            ) from exc
        sock.setblocking(False)  # noqa: FBT003
        yield sock
    finally:
        sock.close()


@contextlib.contextmanager
def _ends_on_signals(stop: asyncio.Event) -> Generator[None]:
    """Set *stop* on SIGINT and SIGTERM."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before: dict[int, Any] = {}
    for number in numbers:
        # Not loop.add_signal_handler: Windows has none.
        before[number] = signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    try:
        yield
    finally:
        for caught, handler in before.items():
            signal.signal(caught, handler)


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Set *stop* when standard input ends; a thread, because stdin may be anything (pipe, file, terminal)."""

    def watch() -> None:
        # os.read, not sys.stdin: a thread inside its buffer's lock makes the interpreter abort at exit.
        with contextlib.suppress(OSError):
            while os.read(_STDIN_FD, 4096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop has closed already
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="emulator-stdin", daemon=True).start()
