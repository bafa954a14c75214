"""The Respeecher API over real worker processes: real files in, real sound out."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from audiokit.emulator._server import serve
from audiokit.emulator._settings import EmulatorSettings

SENTENCE = "Good morning. This is long enough to be measured."


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in client of an emulator on a real socket; shared, as its workers take a second to start."""
    ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    task = asyncio.create_task(serve(EmulatorSettings(port=0), on_ready=ready.set_result, stop=stop))
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    fact = ready.result()["respeecher"]
    headers = {"api-key": fact["api_key"]}
    async with httpx.AsyncClient(base_url=fact["base_url"], headers=headers, timeout=20) as opened:
        yield opened
    stop.set()
    await task


async def ended(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """Poll until an object is no longer processing."""
    while True:
        found: dict[str, Any] = (await client.get(path)).json()
        if found["state"] != "processing":
            return found
        await asyncio.sleep(0.02)  # worker processes are at it


async def new_folder(client: httpx.AsyncClient) -> str:
    """A folder in a new project."""
    project = (await client.post("/api/projects", json={"name": "p"})).json()
    body = {"name": "f", "project_id": project["id"]}
    id_: str = (await client.post("/api/folders", json=body)).json()["id"]
    return id_


async def download(client: httpx.AsyncClient, recording: dict[str, Any]) -> bytes:
    """The file of a finished recording."""
    assert ("done", None) == (recording["state"], recording["error"])
    return (await client.get(recording["url"])).content


async def measured(client: httpx.AsyncClient, name: str, data: bytes) -> float:
    """Pitch of a recording by the emulator's own calibration, in Hz."""
    files = {"data": ("a.wav", data)}
    made = (await client.post("/api/calibration", data={"name": name}, files=files)).json()
    calibration = await ended(client, f"/api/calibration/{made['id']}")
    assert ("calibrated", None) == (calibration["state"], calibration["error"])
    f0_hz: float = calibration["f0"]
    return f0_hz


async def test_a_recording_is_converted_to_the_pitch_that_was_ordered(client: httpx.AsyncClient) -> None:
    """Text to original, original to two voices; lengths are kept, pitches are as reckoned, within 4 %."""
    folder_id = await new_folder(client)
    body = {"parent_folder_id": folder_id, "text": SENTENCE, "text_language": "en"}
    made = (await client.post("/api/v2/recordings/tts", json=body)).json()
    source = await download(client, await ended(client, f"/api/recordings/{made['id']}"))
    files = {"data": ("take.wav", source)}
    form = {"parent_folder_id": folder_id, "microphone": "file", "label": "../../etc/passwd"}
    upload = (await client.post("/api/recordings", data=form, files=files)).json()
    upload = await ended(client, f"/api/recordings/{upload['id']}")
    voices = {v["name"]: v for v in (await client.get("/api/v2/voices")).json()["list"]}
    conversions = [
        {"voice_id": voices["Nathan"]["id"]},
        {"voice_id": voices["Clara"]["id"], "semitones_correction": 3},
    ]
    order = {"original_id": upload["id"], "conversions": conversions}
    before = (await client.get("/api/credits")).json()["credits"]
    placed = (await client.post("/api/v2/orders", json=order)).json()
    done = [await ended(client, f"/api/recordings/{o['conversion_id']}") for o in placed]

    for i, conversion in enumerate(done):
        data = await download(client, conversion)
        with wave.open(io.BytesIO(data)) as file:
            seconds = file.getnframes() / file.getframerate()
        assert seconds == pytest.approx(upload["duration"], abs=0.010)
        expected_hz = conversion["params"]["expected_f0_hz"]
        assert expected_hz == pytest.approx(await measured(client, f"c{i}", data), rel=0.04)
    assert done[0]["params"]["shift_semitones"] < 0
    credits_ = (await client.get("/api/credits")).json()["credits"]
    assert before - 2 * upload["duration"] / 60 == pytest.approx(credits_, abs=1e-4)


async def test_narration_styles_differ_in_length(client: httpx.AsyncClient) -> None:
    """Calm is slower and excited faster than neutral."""
    folder_id = await new_folder(client)
    body = {"parent_folder_id": folder_id, "text": SENTENCE}
    original = (await client.post("/api/v2/recordings/tts", json=body)).json()
    voices = (await client.get("/api/v2/voices")).json()["list"]
    helen = next(v for v in voices if v["name"] == "Helen")
    styles = helen["narration_styles"]
    conversions = [{"voice_id": helen["id"], "narration_style_id": s["id"]} for s in styles]
    order = {"original_id": original["id"], "conversions": conversions}
    placed = (await client.post("/api/v2/orders", json=order)).json()
    seconds: dict[str, float] = {}
    for style, one in zip(styles, placed, strict=True):
        seconds[style["info"]["name"]] = (await ended(client, f"/api/recordings/{one['conversion_id']}"))[
            "duration"
        ]

    assert seconds["excited"] < seconds["neutral"] < seconds["calm"] < seconds["story"]


async def test_a_recording_without_voice_is_told(client: httpx.AsyncClient) -> None:
    """Half a second of silence cannot be calibrated; the reason is in the error, and the server goes on."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(16_000))
    files = {"data": ("silence.wav", out.getvalue())}
    made = (await client.post("/api/calibration", data={"name": "s"}, files=files)).json()
    failed = await ended(client, f"/api/calibration/{made['id']}")

    assert "error" == failed["state"]
    assert failed["error"]
    assert {"state": "OK"} == (await client.get("/api/healtz")).json()
