"""Work keeps its input: what is deleted while it is under way was there when it was ordered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from audiokit.emulator.audiostack import _encoding, _pipelines

KINDS = ("sts", "denoise", "evaluate", "encode", "reduce", "birdcache")


class Order:
    """One order, the deletion of its input, and how far it is."""

    def __init__(self, emulator: Any, make_wav: Callable[[float], bytes]) -> None:
        self.emulator = emulator
        self.make_wav = make_wav

    async def file(self) -> str:
        """Upload a file."""
        made = (await self.emulator.v2("POST", "/files", json={"file_name": "a.wav"})).json()
        assert 200 == (await self.emulator.put(made["uploadUrl"], self.make_wav(1.0))).status_code
        return str(made["fileId"])

    async def prepare(self, kind: str) -> tuple[str, str, dict[str, Any], str]:
        """API, path and body of the order, and the path whose deletion takes its input away."""
        if kind in {"sts", "denoise", "evaluate"}:
            file_id = await self.file()
            body = {"fileId": file_id} | ({"alias": "Joanna"} if kind == "sts" else {})
            path = "/speech/sts" if kind == "sts" else f"/production/suite/{kind}"
            return "v2", path, body, f"/files/{file_id}"
        if kind == "birdcache":
            template, media = {"templateName": "own"}, await self.file()
            await self.emulator.v2("POST", "/production/sound/template", json=template)
            segment = {**template, "soundSegmentName": "main", "mediaId": media}
            await self.emulator.v2("POST", "/production/sound/segment", json=segment)
            body = {"type": "mastering", "text": "Hello.", "voice": "Joanna", "soundTemplate": "own"}
            return "v1", "/birdcache", body, "/production/sound/template/own"
        _, speech_id = await self.emulator.spoken_v2("Hello there.")
        if kind == "reduce":
            length = len("Hello there.") * 0.05
            body = {"speechId": speech_id, "targetLength": length * 0.8}
            return "v2", "/speech/tts/reduce", body, f"/speech/tts/{speech_id}"
        mixed = await self.emulator.v2("POST", "/production/mix", json={"speechId": speech_id})
        mix_id = mixed.json()["data"]["productionId"]
        body = {"productionId": mix_id, "preset": "mp3"}
        return "v2", "/delivery/encoder", body, f"/production/mix/{mix_id}"


@pytest.mark.parametrize("kind", KINDS)
async def test_work_is_done_though_its_input_is_deleted(
    emulator: Any, make_wav: Callable[[float], bytes], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The deletion comes when the order is taken and its work has not begun."""
    order = Order(emulator, make_wav)
    api, path, body, input_path = await order.prepare(kind)
    go, ordered, spawn = asyncio.Event(), asyncio.Event(), emulator.context.spawn

    def held(coro: Any, name: str) -> asyncio.Task[Any]:
        async def later() -> None:
            await go.wait()
            await coro

        ordered.set()
        return spawn(later(), name)

    monkeypatch.setattr(emulator.context, "spawn", held)
    asked = asyncio.create_task(getattr(emulator, api)("POST", path, json=body))
    async with asyncio.timeout(5):
        await ordered.wait()
    assert (await emulator.v2("DELETE", input_path)).status_code in {200, 204}
    go.set()
    await asked
    await emulator.context.idle()
    kinds = (_pipelines.KIND.name, "v2.evaluation", _encoding.KIND.name, "v2.speech", "v1.birdcache")
    docs = [doc for name in kinds for doc in await emulator.context.store.find(name, account="default")]

    assert docs
    assert {("done", None)} == {(doc["state"], doc["seen"]) for doc in docs}, docs
