"""docs/jobs.md: its examples do what they say, and its options exist."""

from __future__ import annotations

import asyncio
import inspect
import re
import socket
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hearing import AUDIO

from audiokit import AudioKit
from audiokit.jobs import JobState, Journal, JournalState, Scope
from audiokit.services.respeecher import Voice
from audiokit.testing import EmulatorProcess

PAGE = (Path(__file__).parents[2] / "docs" / "jobs.md").read_text("utf-8")
SPEECH = AUDIO / "speech_male_en.wav"


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """What the page's examples define."""
    names: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        exec(compile(block, "jobs.md", "exec", dont_inherit=True), names)  # our own page
    return names


@pytest.fixture
async def voice(kit: AudioKit) -> Voice:
    """One that can also speak text."""
    return next(iter([one async for one in kit.respeecher.voices.list() if one.narration_styles]))


async def test_a_batch_runs_and_runs_again(
    page: dict[str, Any], kit: AudioKit, folder_id: str, voice: Voice, tmp_path: Path
) -> None:
    """The second run does nothing but give what was done."""
    arguments = {"takes": [SPEECH], "folder_id": folder_id, "voice_id": voice.id, "out": tmp_path}
    assert ["done"] == await page["convert_all"](kit, **arguments)
    recordings = [one.id async for one in kit.respeecher.recordings.list(folder_id=folder_id)]
    assert ["done"] == await page["convert_all"](kit, **arguments)
    assert recordings == [one.id async for one in kit.respeecher.recordings.list(folder_id=folder_id)]
    assert 1 == len(list(tmp_path.glob("*.wav")))


async def test_a_queue_worker_takes_a_message_once(
    page: dict[str, Any], kit: AudioKit, folder_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Delivered again to the next worker, it is known by its key, and acknowledged without new work."""
    for _ in range(2):
        messages: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        for message in ({"id": "m1", "text": "Hello."}, {"id": "m2", "text": "Bye.", "priority": "5"}, {}):
            messages.put_nowait(message)
        await page["work_off"](kit, messages, folder_id, tmp_path / "new" / "jobs.sqlite")
        assert messages._unfinished_tasks == 1  # type: ignore[attr-defined]  # the one that ended it
    assert 2 == len([one async for one in kit.respeecher.recordings.list(folder_id=folder_id)])
    said = capsys.readouterr().out.splitlines()
    assert ["m1 done", "m1 done", "m2 done", "m2 done"] == sorted(line for line in said if " done" in line)
    assert {"m1 JobStarted", "m1 JobSubmitted", "m1 JobFinished"} <= set(said)


async def test_a_web_app_streams_conversions_and_is_called_back(
    page: dict[str, Any],
    emulator: EmulatorProcess,
    folder_id: str,
    voice: Voice,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Served as a web app is: an upload comes back as sound, and the service's webhook is taken."""
    uvicorn = pytest.importorskip("uvicorn")
    key = emulator.access["apiaudio"].credentials.key.reveal()  # type: ignore[union-attr]
    root = emulator.access["apiaudio"].base_url.removesuffix("/apiaudio")
    monkeypatch.setenv("AUDIOKIT_EMULATOR", root.replace("://", f"://{key}@"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        monkeypatch.setenv("PUBLIC_URL", address)
        answered: list[tuple[str, int]] = []

        async def watched(scope: Any, receive: Any, send: Any) -> None:
            async def noting(message: Any) -> None:
                if message["type"] == "http.response.start":
                    answered.append((scope["path"], message["status"]))
                await send(message)

            await page["app"](scope, receive, noting)

        server = uvicorn.Server(uvicorn.Config(watched, log_level="warning", lifespan="on"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        async with httpx.AsyncClient(base_url=address, timeout=15, trust_env=False) as web:
            while not server.started:  # noqa: ASYNC110 - it tells no other way
                await asyncio.sleep(0.01)
            form = {"folder_id": folder_id, "voice_id": voice.id}
            files = {"take": ("take.wav", SPEECH.read_bytes())}
            sound, made = await asyncio.gather(
                web.post("/convert", data=form, files=files), web.post("/ads/Ada")
            )
            wrong = await web.post("/convert", data={**form, "voice_id": "Boris"}, files=files)
        server.should_exit = True
        await serving
    assert (200, b"RIFF") == (sound.status_code, sound.content[:4])
    assert ["http"] == [url.partition(":")[0] for url in made.json()["urls"]]
    assert (502, True) == (wrong.status_code, "voice_id must be a UUID, got 'Boris'" in wrong.json()["error"])
    assert ("/webhooks/apiaudio", 204) in answered
    assert {204} == {status for path, status in answered if path.startswith("/webhooks")}


async def test_uncertain_jobs_are_asked_about(
    page: dict[str, Any], kit: AudioKit, folder_id: str, tmp_path: Path
) -> None:
    """One that was cut before its answer, and is not there."""
    path = tmp_path / "jobs.sqlite"
    scope = Scope.of({"respeecher": kit._access["respeecher"]})
    fields = {"text": "Never said.", "folder_id": folder_id}
    async with Journal(path, scope=scope) as journal:
        await journal.plan("cut", kind="tts recording", kind_version=1, fields=fields)
        await journal.write("cut", JournalState.INTENT, stage=0, data={"step": "submit"})
    assert ["cut"] == await page["ask_about_uncertain_ones"](kit, path)
    async with Journal(path, scope=scope) as journal:
        entry = await journal.get("cut")
    assert entry is not None
    assert JournalState.FAILED is entry.state


async def test_chains_give_the_last_jobs_files(
    page: dict[str, Any], kit: AudioKit, folder_id: str, voice: Voice, tmp_path: Path
) -> None:
    """One file for each greeting, in their sequence."""
    paths = await page["say_in_another_voice"](kit, folder_id, voice, tmp_path)
    assert 2 == len(set(paths))
    assert set(paths) == set(tmp_path.iterdir())


async def test_each_listener_gets_an_ad(page: dict[str, Any], kit: AudioKit, tmp_path: Path) -> None:
    """Of a file with two of them."""
    (tmp_path / "listeners.csv").write_text("name\nAda\nGrace\n")
    assert ["Ada", "Grace"] == await page["one_ad_each"](kit, tmp_path / "listeners.csv", tmp_path / "ads")
    assert 2 == len(list((tmp_path / "ads").glob("*.mp3")))


async def test_a_run_is_reported(page: dict[str, Any], kit: AudioKit, tmp_path: Path) -> None:
    """A line for the job, and one for all."""
    assert 1 == await page["with_a_report"](kit, [SPEECH], tmp_path / "new")
    job, run = [orjson.loads(line) for line in (tmp_path / "new" / "run.jsonl").read_text().splitlines()]
    assert (JobState.DONE.value, {"done": 1}) == (job["state"], run["jobs"])


def test_its_options_are_the_orchestrators() -> None:
    """Every `name=` of the table, with the default it says."""
    parameters = inspect.signature(AudioKit.orchestrator).parameters
    table = PAGE.split("## Limits", maxsplit=1)[1].split("\n\nLimits hold", maxsplit=1)[0]
    named = dict(re.findall(r'`(\w+)="?([\w.]*)"?`', table))
    for name, default in named.items():
        if name != "timeout_s":  # of a job
            assert default in {"", str(parameters[name].default)}, name
    assert {"max_in_flight", "max_submits", "max_transfers", "attempts", "on_leave", "drain_s"} <= {*named}
