"""An emulator inside the test's own loop: real store, files and HTTP handling, made-up audio work."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import math
import struct
import wave
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from read_fields import held_to_description

from audiokit.emulator._app import create_app
from audiokit.emulator._context import Context
from audiokit.emulator._server import serve
from audiokit.emulator._settings import EmulatorSettings
from audiokit.emulator._work import WorkError

KEY = "k" * 40
RATE_HZ = 8000


@functools.cache
def make_wav(seconds: float = 0.5, *, hertz: float = 150.0) -> bytes:
    """A mono 16-bit WAV of a sine."""
    frames = round(seconds * RATE_HZ)
    samples = (round(9000 * math.sin(2 * math.pi * hertz * i / RATE_HZ)) for i in range(frames))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(b"".join(struct.pack("<h", s) for s in samples))
    return out.getvalue()


class FakeWork:
    """Stands in for the worker processes: tiny WAV files, fixed figures, failures and waits on demand."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failures: dict[str, WorkError] = {}
        self.held: set[str] = set()
        self._go = asyncio.Event()
        self._reached: dict[str, asyncio.Event] = {}

    def release(self) -> None:
        """Let held operations go on."""
        self.held.clear()
        self._go.set()

    async def reached(self, op: str) -> None:
        """Wait until an operation is called."""
        await self._reached.setdefault(op, asyncio.Event()).wait()

    def called(self, op: str) -> list[dict[str, Any]]:
        """Parameters of every call of one operation."""
        return [params for name, params in self.calls if name == op]

    async def run(self, op: str, /, **params: Any) -> dict[str, Any]:
        """Do as the worker pool does."""
        self.calls.append((op, params))
        self._reached.setdefault(op, asyncio.Event()).set()
        if op in self.held:
            await self._go.wait()
        if op in self.failures:
            raise self.failures[op]
        return getattr(self, f"_{op}")(**params)

    def _probe(self, path: str, max_seconds: float) -> dict[str, Any]:
        try:
            with wave.open(path, "rb") as file:
                seconds = file.getnframes() / file.getframerate()
        except (wave.Error, EOFError) as exc:
            raise WorkError("refused", "the file starts like WAV, but its header is damaged") from exc
        if seconds > max_seconds:
            raise WorkError("refused", f"the audio is longer than {max_seconds:g} seconds")
        return {"format": "wav", "seconds": seconds, "note": None, "lufs": -23.0}

    def _speak(self, out: str, items: list[dict[str, Any]], **_params: Any) -> dict[str, Any]:
        Path(out).write_bytes(make_wav(0.25))
        return {"seconds": 0.25, "words": []}

    def _convert(self, source: str, out: str, **params: Any) -> dict[str, Any]:
        Path(out).write_bytes(Path(source).read_bytes())
        return {"seconds": 30.0, "source_f0_hz": 150.0, "shift_semitones": 3, "expected_f0_hz": 178.4}

    def _template(self, out: str, **_params: Any) -> dict[str, Any]:
        Path(out).write_bytes(make_wav(1.0))
        return {"seconds": 1.0}

    def _render(self, outputs: list[dict[str, Any]], **_params: Any) -> dict[str, Any]:
        for output in outputs:
            Path(output["path"]).write_bytes(make_wav(0.75, hertz=220.0))
        facts = [{"seconds": 0.75, "size_bytes": Path(one["path"]).stat().st_size} for one in outputs]
        return {"seconds": 0.75, "outputs": facts}

    def _f0(self, path: str) -> dict[str, Any]:
        return {"f0_hz": 147.31, "voiced_share": 0.9, "algorithm": "yin"}

    def _transcode(self, out: str, **_params: Any) -> dict[str, Any]:
        Path(out).write_bytes(make_wav(0.5))
        return {"format": "wav", "seconds": 0.5, "size_bytes": Path(out).stat().st_size}

    def _excerpt(self, out: str, **_params: Any) -> dict[str, Any]:
        Path(out).write_bytes(make_wav(0.25))
        return {"seconds": 0.25}

    def _edges(self, path: str, threshold: float) -> dict[str, Any]:
        return {"seconds": 4.0, "start_s": 0.5, "end_s": 2.0}

    def _denoise(self, out: str, **_params: Any) -> dict[str, Any]:
        Path(out).write_bytes(make_wav(0.5))
        return {"seconds": 0.5}

    def _measure(self, path: str) -> dict[str, Any]:
        figures = {"seconds": 0.5, "sample_rate_hz": 8000, "channels": 1, "lufs": -23.0}
        return {"format": "wav", **figures, "true_peak_dbtp": -3.0, "f0_hz": None}

    def _peaks(self, path: str) -> dict[str, Any]:
        return {"version": 2, "length": 1, "data": [-128, 127]}

    def _waveform(self, path: str, out: str) -> dict[str, Any]:
        Path(out).write_bytes(b"\x89PNG picture")
        return {"width": 1000, "height": 160}


class Emulator:
    """One emulator under test and a signed-in client of its Respeecher API."""

    def __init__(self, context: Context, work: FakeWork, clock: list[float]) -> None:
        self.context = context
        self.work = work
        self.clock = clock
        self._transport = httpx.ASGITransport(app=create_app(context.settings, context=context))
        self.client = self.new_client({"api-key": KEY})

    def new_client(self, headers: dict[str, str] | None = None, api: str = "respeecher") -> httpx.AsyncClient:
        """Another client of the same emulator."""
        return httpx.AsyncClient(
            transport=self._transport, base_url=f"http://127.0.0.1:8900/{api}", headers=headers
        )

    async def ok(self, method: str, path: str, **kwargs: Any) -> Any:
        """Make a call that must succeed and return its JSON."""
        reply = await self.client.request(method, path, **kwargs)
        assert reply.status_code == 200, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json()

    async def refused(self, status: int, method: str, path: str, **kwargs: Any) -> str:
        """Make a call that must be refused with *status* and return all of its detail as text."""
        reply = await self.client.request(method, path, **kwargs)
        assert reply.status_code == status, f"{method} {path}: {reply.status_code} {reply.text}"
        detail = reply.json()["detail"]
        return detail if isinstance(detail, str) else str(detail)

    async def project(self, name: str = "Show") -> dict[str, Any]:
        """A new project."""
        return await self.ok("POST", "/api/projects", json={"name": name})

    async def folder(self, project_id: str | None = None, name: str = "takes") -> dict[str, Any]:
        """A new folder, in a new project unless one is given."""
        project_id = project_id or (await self.project())["id"]
        return await self.ok("POST", "/api/folders", json={"name": name, "project_id": project_id})

    async def upload(
        self, folder_id: str, data: bytes | None = None, *, file_name: str = "take.wav", **fields: str
    ) -> dict[str, Any]:
        """An upload as the call returns it."""
        form = {"parent_folder_id": folder_id, "microphone": "file", **fields}
        files = {"data": (file_name, make_wav() if data is None else data)}
        return await self.ok("POST", "/api/recordings", data=form, files=files)

    async def finished(self, recording_id: str) -> dict[str, Any]:
        """Wait for all background work and return a recording."""
        await self.context.idle()
        return await self.ok("GET", f"/api/recordings/{recording_id}")

    async def original(self, folder_id: str | None = None, **kwargs: Any) -> dict[str, Any]:
        """A finished upload."""
        folder_id = folder_id or (await self.folder())["id"]
        return await self.finished((await self.upload(folder_id, **kwargs))["id"])

    async def voice(self, name: str) -> dict[str, Any]:
        """A voice of the market by name."""
        voices = (await self.ok("GET", "/api/v2/voices"))["list"]
        return next(v for v in voices if v["name"] == name)

    async def calibration(self, name: str = "mine", data: bytes | None = None) -> dict[str, Any]:
        """A calibration whose measurement has ended."""
        files = {"data": ("me.wav", make_wav() if data is None else data)}
        made = await self.ok("POST", "/api/calibration", data={"name": name}, files=files)
        await self.context.idle()
        return await self.ok("GET", f"/api/calibration/{made['id']}")


OpenEmulator = Callable[..., contextlib.AbstractAsyncContextManager[Emulator]]


@pytest.fixture(autouse=True)
def described() -> Iterator[None]:
    """What handlers read, and answer when all is well, is what the served description says."""
    with held_to_description():
        yield


@pytest.fixture
def open_emulator() -> OpenEmulator:
    """Opens an emulator with chosen settings; several may follow each other on one data folder."""

    @contextlib.asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[Emulator]:
        clock = [1_790_000_000.0]
        work = FakeWork()
        settings = {"api_key": KEY, **settings}
        chosen = EmulatorSettings(**settings)
        context = Context(chosen, work=work, clock=lambda: clock[0], monotonic=lambda: clock[0])
        async with context:
            emulator = Emulator(context, work, clock)
            async with emulator.client:
                yield emulator

    return opened


@pytest.fixture
async def emulator(open_emulator: OpenEmulator) -> AsyncIterator[Emulator]:
    """An emulator with the usual settings."""
    async with open_emulator() as opened:
        yield opened


class Served:
    """An emulator on a real socket, and clients of it."""

    def __init__(self, context: Context, work: FakeWork, facts: dict[str, Any]) -> None:
        self.context = context
        self.work = work
        self.facts = facts
        self.client = httpx.AsyncClient(
            base_url=facts["respeecher"]["base_url"], headers={"api-key": KEY}, timeout=10.0
        )
        self.control = httpx.AsyncClient(
            base_url=facts["control"]["base_url"],
            headers={"x-control-key": facts["control"]["control_key"]},
            timeout=10.0,
        )

    @property
    def port(self) -> int:
        """Port it listens on."""
        return httpx.URL(self.facts["respeecher"]["base_url"]).port or 0

    def fault(self, text: str) -> dict[str, str]:
        """Headers that ask for a fault of one call."""
        return {"x-emulator-fault": text, "x-control-key": self.facts["control"]["control_key"]}

    async def counts(self) -> dict[str, Any]:
        """What the control endpoint counted."""
        reply = await self.control.get("/counts")
        assert 200 == reply.status_code, reply.text
        return reply.json()

    async def change(self, **settings: Any) -> None:
        """Change settings through the control endpoint."""
        reply = await self.control.patch("/settings", json=settings)
        assert 200 == reply.status_code, reply.text

    async def folder_id(self) -> str:
        """A new folder in a new project."""
        project = (await self.client.post("/api/projects", json={"name": "Show"})).json()
        body = {"name": "takes", "project_id": project["id"]}
        return (await self.client.post("/api/folders", json=body)).json()["id"]

    async def upload(self, folder_id: str, **fields: str) -> httpx.Response:
        """An upload's reply."""
        form = {"parent_folder_id": folder_id, "microphone": "file", **fields}
        return await self.client.post("/api/recordings", data=form, files={"data": ("a.wav", make_wav())})


@pytest.fixture
async def serving() -> AsyncIterator[Callable[..., Any]]:
    """Serves emulators with chosen settings and made-up audio work on real sockets, until the test ends."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**settings: Any) -> Served:
            chosen = EmulatorSettings(**{"api_key": KEY, "port": 0, **settings})
            work, stop = FakeWork(), asyncio.Event()
            context = Context(chosen, work=work)
            ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
            task = asyncio.create_task(serve(chosen, on_ready=ready.set_result, stop=stop, context=context))
            stack.push_async_callback(asyncio.wait, {task})
            stack.callback(stop.set)
            await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            served = Served(context, work, ready.result())
            await stack.enter_async_context(served.client)
            await stack.enter_async_context(served.control)
            return served

        yield start


@pytest.fixture
def wav() -> Callable[..., bytes]:
    """Makes small WAV files."""
    return make_wav
