"""An emulator that is killed at any moment opens again, and loses nothing it had promised."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from audiokit import ApiKey
from audiokit.testing import EmulatorProcess

SOUND = Path(__file__).parents[1] / "data" / "audio" / "vowel_147hz.wav"


class Life:
    """A caller who goes on through the deaths of the server, and remembers what it was promised."""

    def __init__(self) -> None:
        self.recordings: set[str] = set()
        self.conversions: dict[str, str] = {}
        self.number = 0

    async def work(self, client: httpx.AsyncClient, folder_id: str, voice_id: str) -> None:
        """Upload, speak and order until the server is gone."""
        while True:
            self.number += 1
            label = f"job {self.number}"
            form = {"parent_folder_id": folder_id, "microphone": "file", "label": label}
            reply = await client.post(
                "/api/recordings", data=form, files={"data": ("a.wav", SOUND.read_bytes())}
            )
            original = reply.raise_for_status().json()["id"]
            self.recordings.add(original)
            body: dict[str, Any] = {"parent_folder_id": folder_id, "text": f"Number {self.number}."}
            spoken = (await client.post("/api/v2/recordings/tts", json=body)).raise_for_status().json()["id"]
            self.recordings.add(spoken)
            body = {"original_id": original, "conversions": [{"voice_id": voice_id, "label": label}]}
            [order] = (await client.post("/api/v2/orders", json=body)).raise_for_status().json()
            self.conversions[label] = order["conversion_id"]


async def _page(client: httpx.AsyncClient, folder_id: str, *, offset: int) -> list[dict[str, Any]]:
    params: dict[str, str | int] = {"folder_id": folder_id, "limit": 200, "offset": offset}
    page: list[dict[str, Any]] = (
        (await client.get("/api/recordings", params=params)).raise_for_status().json()["list"]
    )
    return page


async def settled(client: httpx.AsyncClient, folder_id: str) -> list[dict[str, Any]]:
    """All recordings of the folder, once none of them is being worked on."""
    async with asyncio.timeout(60):
        while True:
            listed: list[dict[str, Any]] = []
            while page := await _page(client, folder_id, offset=len(listed)):
                listed += page
            if all(one["state"] != "processing" for one in listed):
                return listed
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("deaths", [1, pytest.param(25, marks=[pytest.mark.heavy, pytest.mark.timeout(600)])])
async def test_nothing_promised_is_lost_by_kill_9(tmp_path: Path, deaths: int) -> None:
    """Every recording that was answered is there and done, orders are fulfilled once and paid once."""
    draw, life, folder_id, voice_id = random.Random(deaths), Life(), "", ""
    for death in range(deaths + 1):
        async with EmulatorProcess(data=tmp_path) as process:
            access = process.access["respeecher"]
            assert isinstance(access.credentials, ApiKey)
            headers = {"api-key": access.credentials.key.reveal()}
            async with httpx.AsyncClient(base_url=access.base_url, headers=headers, timeout=20) as client:
                if not folder_id:
                    project = (await client.post("/api/projects", json={"name": "Show"})).json()
                    body = {"name": "takes", "project_id": project["id"]}
                    folder_id = (await client.post("/api/folders", json=body)).json()["id"]
                    voice_id = (await client.get("/api/v2/voices")).json()["list"][0]["id"]
                if death < deaths:
                    with contextlib.suppress(httpx.TransportError):
                        async with asyncio.TaskGroup() as group:
                            killing = group.create_task(_kill(process, life, draw.random()))
                            with contextlib.suppress(httpx.TransportError):
                                await life.work(client, folder_id, voice_id)
                            await killing
                    continue
                listed = await settled(client, folder_id)
                credit = (await client.get("/api/credits")).json()
                contents = {
                    one["id"]: len((await client.get(one["url"])).raise_for_status().content)
                    for one in listed
                }
    found = {one["id"]: one for one in listed}
    conversions = [one for one in listed if one["type"] == "converted"]

    assert life.recordings <= set(found)
    assert {label: found[id_]["label"] for label, id_ in life.conversions.items()} == {
        label: label for label in life.conversions
    }
    assert {"done"} == {one["state"] for one in listed}
    assert {one["id"]: one["size"] for one in listed} == contents
    assert len(conversions) == len({one["original_id"] for one in conversions})
    paid = sum(found[one["original_id"]]["duration"] for one in conversions) / 60.0
    assert pytest.approx(credit["initial_credits"] - credit["credits"], abs=1e-4) == paid


async def _kill(process: EmulatorProcess, life: Life, after_s: float) -> None:
    """End it *after_s* seconds after it has promised something."""
    promised = len(life.recordings)
    while len(life.recordings) == promised:  # noqa: ASYNC110 - however long that takes on a busy machine
        await asyncio.sleep(0.01)
    await asyncio.sleep(after_s)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
