"""Work that a dead process left behind is done by the next one: speech, masters, mixes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from audiokit.emulator._app import create_app, recover
from audiokit.emulator._context import Context
from audiokit.emulator._settings import EmulatorSettings
from audiokit.emulator._submissions import submissions

KEY = "k" * 40
Run = Callable[[], AbstractAsyncContextManager[tuple[httpx.AsyncClient, Context]]]


class HeldWork:
    """The fixture's made-up work, some of whose operations never end."""

    def __init__(self, work: Any) -> None:
        self._work = work
        self.held: set[str] = set()

    async def run(self, op: str, /, **params: Any) -> dict[str, Any]:
        """Do as the worker pool does, or nothing for ever."""
        if op in self.held:
            await asyncio.Event().wait()
        result: dict[str, Any] = await self._work.run(op, **params)
        return result


@pytest.fixture
def held(emulator: Any) -> HeldWork:
    """Work that can be held."""
    return HeldWork(emulator.work)


@pytest.fixture
def run(held: HeldWork, tmp_path: Path) -> Run:
    """Runs an emulator on one data folder; its end in the middle of work is a death as the store sees it."""

    @asynccontextmanager
    async def started() -> AsyncIterator[tuple[httpx.AsyncClient, Context]]:
        settings = EmulatorSettings(data=tmp_path / "kept", hold_s=0.05, api_key=KEY)
        context = Context(settings, work=held)
        transport = httpx.ASGITransport(app=create_app(settings, context=context))
        headers = {"x-api-key": KEY}
        async with (
            context,
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client,
        ):
            await recover(context)
            yield client, context

    return started


async def test_speech_of_v1_is_spoken_by_the_next_process(run: Run, held: HeldWork) -> None:
    """Under the identity it was ordered with, for its listener."""
    query = {"scriptId": "mine", "name": "Ann"}
    async with run() as (client, _):
        await client.post("/apiaudio/script", json={"scriptText": "Hello {{name|you}}.", "scriptId": "mine"})
        held.held.add("speak")
        order = {"scriptId": "mine", "audience": [{"name": "Ann"}]}
        assert 202 == (await client.post("/apiaudio/speech", json=order)).status_code
    held.held.clear()
    async with run() as (client, context):
        await context.idle()
        assert 200 == (await client.get("/apiaudio/speech", params=query)).status_code
        assert [1] == [one["count"] for one in await submissions(context.store)]


async def test_a_master_is_rendered_by_the_next_process(run: Run, held: HeldWork) -> None:
    """In every format that was ordered."""
    async with run() as (client, context):
        await client.post("/apiaudio/script", json={"scriptText": "Hello.", "scriptId": "mine"})
        await client.post("/apiaudio/speech", json={"scriptId": "mine"})
        await context.idle()
        held.held.add("render")
        order = {"scriptId": "mine", "soundTemplate": "lofi", "endFormat": ["wav", "flac"]}
        assert 202 == (await client.post("/apiaudio/mastering", json=order)).status_code
        assert 202 == (await client.get("/apiaudio/mastering", params={"scriptId": "mine"})).status_code
    held.held.clear()
    async with run() as (client, context):
        await context.idle()
        found = await client.get("/apiaudio/mastering", params={"scriptId": "mine"})
        assert {"wav", "flac"} == set(found.json()["urls"])


async def test_speech_and_mixes_of_v2_are_made_by_the_next_process_and_paid_once(
    run: Run, held: HeldWork
) -> None:
    """Credits are taken when they are ordered, not when they are done again."""
    async with run() as (client, context):
        script = await client.post("/audiostack/content/script", json={"scriptText": "Hello."})
        script_id = script.json()["data"]["scriptId"]
        speech = (await client.post("/audiostack/speech/tts", json={"scriptId": script_id})).json()["data"]
        await context.idle()
        held.held |= {"speak", "render"}
        again = {"scriptId": script_id, "useCache": False}
        second = await client.post("/audiostack/speech/tts", json=again)
        mix = await client.post("/audiostack/production/mix", json={"speechId": speech["speechId"]})
        assert (202, 202) == (second.status_code, mix.status_code)
        left = mix.json()["meta"]["creditsRemaining"]
    held.held.clear()
    async with run() as (client, context):
        await context.idle()
        spoken = await client.get(f"/audiostack/speech/tts/{second.json()['data']['speechId']}")
        mixed = await client.get(f"/audiostack/production/mix/{mix.json()['data']['productionId']}")
        assert (200, 200) == (spoken.status_code, mixed.status_code)
        assert left == mixed.json()["meta"]["creditsRemaining"]


async def test_what_is_made_of_files_and_mixes_is_made_by_the_next_process(
    run: Run, held: HeldWork, make_wav: Callable[[float], bytes]
) -> None:
    """An encoding, speech to speech, cleaning, judging, and edited speech; the new files are there once."""
    async with run() as (client, context):
        script = await client.post("/audiostack/content/script", json={"scriptText": "Hello."})
        order = {"scriptId": script.json()["data"]["scriptId"]}
        speech = (await client.post("/audiostack/speech/tts", json=order)).json()["data"]
        await context.idle()
        mix = (await client.post("/audiostack/production/mix", json=order)).json()["data"]
        await context.idle()
        place = (await client.post("/audiostack/files", json={"file_name": "a.wav"})).json()
        assert 200 == (await client.put(place["uploadUrl"], content=make_wav(1.0))).status_code
        held.held |= {"transcode", "convert", "denoise", "measure", "excerpt"}
        named = {"fileId": place["fileId"]}
        orders = {
            "/delivery/encoder": {"productionId": mix["productionId"], "preset": "flac"},
            "/speech/sts": {**named, "alias": "Joanna"},
            "/production/suite/denoise": named,
            "/production/suite/evaluate": named,
            "/speech/tts/reduce": {"speechId": speech["speechId"], "targetLength": 0.2},
        }
        begun = {}
        for path, body in orders.items():
            reply = await client.post(f"/audiostack{path}", json=body)
            assert 202 == reply.status_code, (path, reply.text)
            begun[path] = reply.json()["data"]
    held.held.clear()
    async with run() as (client, context):
        await context.idle()
        for path in (
            f"/delivery/encoder/{begun['/delivery/encoder']['encoderId']}",
            f"/speech/sts/{begun['/speech/sts']['pipelineId']}",
            f"/production/suite/pipeline/{begun['/production/suite/denoise']['pipelineId']}",
            f"/speech/tts/{begun['/speech/tts/reduce']['speechId']}",
        ):
            reply = await client.get(f"/audiostack{path}")
            assert 200 == reply.status_code, (path, reply.text)
        judged = await client.post("/audiostack/production/suite/evaluate", json=named)
        assert (200, 1.0) == (judged.status_code, judged.json()["data"]["results"]["duration"]["duration"])
        files = (await client.get("/audiostack/folders")).json()["data"]["files"]
        assert ["a as Joanna.wav", "a denoised.wav", "a.wav"] == sorted(file["fileName"] for file in files)
        assert {"uploaded"} == {file["status"] for file in files}


async def test_timelines_and_the_birdcache_are_made_by_the_next_process(run: Run, held: HeldWork) -> None:
    """Asked again after the restart, the cache has what was begun before it."""
    body = {"type": "mastering", "text": "Hi {{a|b}}.", "voice": "Joanna", "soundTemplate": "lofi"}
    async with run() as (client, _):
        held.held.add("render")
        [begun] = (await client.post("/apiaudio/birdcache", json=body)).json()
        assert (False, None) == (begun["ready"], begun["url"])
    held.held.clear()
    async with run() as (client, context):
        await context.idle()
        [item] = (await client.post("/apiaudio/birdcache", json=body)).json()
        assert (True, begun["hashed"]) == (item["ready"], item["hashed"])
        assert 200 == (await client.get(item["url"])).status_code


async def test_what_can_no_longer_be_made_fails_and_is_paid_back(
    run: Run, held: HeldWork, emulator: Any
) -> None:
    """The next process refuses the words: the reason is told, the credits come back."""
    async with run() as (client, _):
        script = await client.post("/audiostack/content/script", json={"scriptText": "Hello."})
        script_id = script.json()["data"]["scriptId"]
        held.held.add("speak")
        speech = await client.post("/audiostack/speech/tts", json={"scriptId": script_id})
        assert 202 == speech.status_code
    held.held.clear()
    emulator.work.refuse_words = {"Hello"}
    async with run() as (client, context):
        await context.idle()
        found = await client.get(f"/audiostack/speech/tts/{speech.json()['data']['speechId']}")
        voices = await client.get("/audiostack/content/scripts")

    assert found.status_code in {400, 422}
    assert "cannot be spoken" in found.json()["message"]
    assert 1000.0 == voices.json()["meta"]["creditsRemaining"]


async def test_resumed_work_is_made_as_it_was_ordered(
    run: Run, held: HeldWork, emulator: Any, make_wav: Callable[[float], bytes]
) -> None:
    """Text changed, script, speech, media and template deleted before the restart: it is the old order."""
    async with run() as (client, context):
        text = "<<sectionName::a>> Old words. <<media::take>>"
        await client.post("/apiaudio/script", json={"scriptText": text, "scriptId": "mine"})
        await client.post("/apiaudio/speech", json={"scriptId": "mine"})
        media = []
        for seconds in (1.25, 3.0):
            place = await client.get("/apiaudio/file/customaudio/uploadurl", params={"filename": "a.wav"})
            await client.put(place.json()["fileUploadUrl"], content=make_wav(seconds))
            media.append(place.json()["mediaId"])
        take, music = media
        held.held |= {"speak", "render"}
        await client.post("/audiostack/production/sound/template", json={"templateName": "own"})
        segment = {"templateName": "own", "soundSegmentName": "main", "mediaId": music}
        reply = await client.post("/audiostack/production/sound/segment", json=segment)
        assert 200 == reply.status_code, reply.text
        order = {"scriptId": "mine", "soundTemplate": "own", "mediaFiles": [{"take": take}]}
        assert 202 == (await client.post("/apiaudio/mastering", json=order)).status_code
        slowly = {"scriptId": "mine", "speed": 0.8}
        assert 202 == (await client.post("/apiaudio/speech", json=slowly)).status_code
        await client.post("/apiaudio/script", json={"scriptText": "New.", "scriptId": "mine"})
        await client.delete("/audiostack/production/sound/template/own")
        documents = [await context.store.get("media", one, account="default") for one in media]
        for media_id in media:
            assert 200 == (await client.delete(f"/audiostack/content/media/{media_id}")).status_code
        files = [context.files.path(one["file"]) for one in documents if one is not None]
        assert [True, True] == [path.is_file() for path in files]  # the order still needs them
        emulator.work.calls.clear()
    held.held.clear()
    async with run() as (client, context):
        await context.idle()
        [render] = emulator.work.asked("render")
        assert ["Old words."] == [item["text"].strip() for item in emulator.work.asked("speak")[0]["items"]]
        timeline = render["timeline"]
        assert (1, 1, 1) == (len(timeline["voice"]), len(timeline["media"]), len(timeline["music"]))
        assert files == [Path(timeline[kind][0]["path"]) for kind in ("media", "music")]
        assert [False, False] == [path.exists() for path in files]  # gone with the order
        assert 200 == (await client.get("/apiaudio/speech", params={"scriptId": "mine"})).status_code
