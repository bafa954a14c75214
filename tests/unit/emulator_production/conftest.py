"""A whole emulator in the test's process, with workers that answer at once and write tiny files."""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import pytest_asyncio
from read_fields import held_to_description

from audiokit._formats import sniff
from audiokit.emulator._app import create_app
from audiokit.emulator._context import Context
from audiokit.emulator._settings import EmulatorSettings
from audiokit.emulator._work import WorkError

KEY = "k" * 40
SECONDS_PER_CHARACTER = 0.05
HEADS = {"mp3": (b"\xff\xfb\x90\x00" + bytes(413)) * 3, "flac": b"fLaC", "ogg": b"OggS"}


def write_wav(path: Path, seconds: float, *, value: int = 0) -> None:
    """Write a mono 8 kHz wav file of one sample value, so that files of different kinds differ."""
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(value.to_bytes(2, "little") * round(seconds * 8000))


class FakeWork:
    """Answers like the worker pool and remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refuse_words: set[str] = set()
        self.reached_lufs: float | None = -16.0

    def asked(self, op: str) -> list[dict[str, Any]]:
        """Return the parameters of every call of *op*."""
        return [params for name, params in self.calls if name == op]

    async def run(self, op: str, /, **params: Any) -> dict[str, Any]:
        """Do one operation."""
        self.calls.append((op, params))
        result: dict[str, Any] = getattr(self, f"_{op}")(**params)
        return result

    def _speak(
        self, out: str, items: list[dict[str, Any]], level_lufs: float = -20.0, *, phonemes: bool = False
    ) -> dict[str, Any]:
        texts = [item["text"].strip() for item in items if "text" in item]
        if any(word in text for word in self.refuse_words for text in texts):
            raise WorkError("refused", "these words cannot be spoken")
        seconds = sum(len(text) for text in texts) * SECONDS_PER_CHARACTER
        seconds += sum(item.get("silence_s", 0.0) for item in items)
        write_wav(Path(out), seconds, value=sum(map(ord, "".join(texts))) % 1000)
        return {"seconds": seconds, "words": []} | ({"phonemes": [("h", 0.0, 0.1)]} if phonemes else {})

    def _probe(self, path: str, max_seconds: float) -> dict[str, Any]:
        head = Path(path).read_bytes()
        found = sniff(head, complete=True)
        if found is None:
            raise WorkError("refused", "this is no audio")
        seconds = (len(head) - 44) / 16000 if found.value == "wav" else 3.0
        note = "truncated: 1.0 of 3.0 s could be decoded" if b"TRUNCATED" in head else None
        return {"format": found.value, "seconds": seconds, "lufs": -23.0, "note": note}

    def _template(self, style: dict[str, Any], segment: str, out: str) -> dict[str, Any]:
        write_wav(Path(out), 4.0, value=len(segment))
        return {"seconds": 4.0}

    def _render(self, timeline: dict[str, Any], outputs: list[dict[str, Any]]) -> dict[str, Any]:
        made = []
        for target in outputs:
            path, extension = Path(target["path"]), target["format"].partition("_")[0]
            if extension == "wav":
                write_wav(path, timeline["seconds"], value=7)
            else:
                path.write_bytes(
                    HEADS[extension] + target["format"].encode() + repr(timeline["seconds"]).encode()
                )
            made.append({**target, "seconds": timeline["seconds"], "size_bytes": path.stat().st_size})
        loudness = {"lufs": self.reached_lufs, "true_peak_dbtp": -1.2}
        return {"seconds": timeline["seconds"], **loudness, "outputs": made}

    def _transcode(self, path: str, out: str, format: str, **settings: Any) -> dict[str, Any]:  # noqa: A002
        write_wav(Path(out), 0.5, value=9)
        if format != "wav":
            Path(out).write_bytes(HEADS[format] + repr(settings).encode())
        size_bytes = Path(out).stat().st_size
        return {"format": format, "seconds": 0.5, "rate_hz": 48000, "channels": 2, "size_bytes": size_bytes}

    def _excerpt(self, path: str, out: str, **how: Any) -> dict[str, Any]:
        write_wav(Path(out), 0.25, value=11)
        return {"seconds": 0.25}

    def _edges(self, path: str, threshold: float) -> dict[str, Any]:
        return {"seconds": 4.0, "start_s": 0.5, "end_s": 2.0}

    def _denoise(self, path: str, out: str, reduction_db: float) -> dict[str, Any]:
        write_wav(Path(out), 1.0, value=13)
        return {"seconds": 1.0}

    def _convert(self, source: str, out: str, **settings: Any) -> dict[str, Any]:
        write_wav(Path(out), 1.0, value=17)
        return {"seconds": 1.0, "source_f0_hz": 150.0, "shift_semitones": 3, "expected_f0_hz": 178.4}

    def _measure(self, path: str) -> dict[str, Any]:
        known = {"format": "wav", "seconds": 1.0, "sample_rate_hz": 48000, "channels": 1}
        return {**known, "lufs": -23.0, "true_peak_dbtp": -3.0, "f0_hz": None}


@attrs.frozen
class Emulator:
    """Both APIs behind one client that sends the key."""

    client: httpx.AsyncClient
    work: FakeWork
    context: Context

    async def v1(self, method: str, path: str, **kwargs: Any) -> Any:
        """Call api.audio v1."""
        return await self.client.request(method, f"/apiaudio{path}", **kwargs)

    async def v2(self, method: str, path: str, **kwargs: Any) -> Any:
        """Call AudioStack v2."""
        return await self.client.request(method, f"/audiostack{path}", **kwargs)

    async def script(self, text: str, **fields: Any) -> str:
        """Create a v1 script and return its id."""
        reply = await self.v1("POST", "/script", json={"scriptText": text, **fields})
        assert reply.status_code == 200, reply.text
        return str(reply.json()["scriptId"])

    async def spoken(self, text: str, **fields: Any) -> str:
        """Create a v1 script with speech for the fallback track and return its id."""
        script_id = await self.script(text)
        reply = await self.v1("POST", "/speech", json={"scriptId": script_id, **fields})
        assert reply.status_code == 200, reply.text
        return script_id

    async def upload_v1(self, data: bytes, name: str = "take.wav") -> str:
        """Upload a recording through v1 and return its mediaId."""
        reply = await self.v1("GET", "/file/customaudio/uploadurl", params={"filename": name})
        announced = reply.json()
        reply = await self.put(announced["fileUploadUrl"], data)
        assert reply.status_code == 200, reply.text
        return str(announced["mediaId"])

    async def put(self, url: str, data: bytes) -> Any:
        """Send bytes to a presigned URL, without the key."""
        return await self.client.put(url, content=data, headers={"x-api-key": ""})

    async def spoken_v2(self, text: str, **fields: Any) -> tuple[str, str]:
        """Create a v2 script with speech and return both ids."""
        made = await self.v2("POST", "/content/script", json={"scriptText": text})
        script = made.json()["data"]["scriptId"]
        reply = await self.v2("POST", "/speech/tts", json={"scriptId": script, **fields})
        assert reply.status_code == 200, reply.text
        return str(script), str(reply.json()["data"]["speechId"])


@pytest.fixture(autouse=True)
def described() -> Iterator[None]:
    """What handlers read, and answer when all is well, is what the served description says."""
    with held_to_description():
        yield


@pytest.fixture
def make_wav() -> Callable[[float], bytes]:
    """Makes a wav file of some seconds in memory."""

    def make(seconds: float) -> bytes:
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(b"\x01\x00" * round(seconds * 8000))
        return out.getvalue()

    return make


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """An emulator without worker processes."""
    work = FakeWork()
    settings = EmulatorSettings(api_key=KEY, hold_s=5.0, max_upload_bytes=100_000, max_audio_s=600.0)
    context = Context(settings, work=work)
    transport = httpx.ASGITransport(app=create_app(settings, context=context))
    async with (
        context,
        httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers={"x-api-key": KEY}
        ) as client,
    ):
        yield Emulator(client, work, context)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real_emulator() -> AsyncIterator[Emulator]:
    """An emulator with real worker processes; shared, as these take a second to start."""
    context = Context(EmulatorSettings(api_key=KEY, hold_s=60.0))
    transport = httpx.ASGITransport(app=create_app(context.settings, context=context))
    async with (
        context,
        httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers={"x-api-key": KEY}, timeout=60.0
        ) as client,
    ):
        yield Emulator(client, FakeWork(), context)
