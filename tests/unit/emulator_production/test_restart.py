"""A data folder outlives the process: what was made is found again, what was being made is told as lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from audiokit.emulator._app import create_app
from audiokit.emulator._context import Context
from audiokit.emulator._settings import EmulatorSettings

if TYPE_CHECKING:
    from pathlib import Path

KEY = "k" * 40


async def test_masters_and_templates_survive_a_restart(emulator: Any, tmp_path: Path) -> None:
    """Same folder, new process: the identity still leads to the file, also by the old signed link."""
    urls: list[str] = []
    for run in range(2):
        settings = EmulatorSettings(data=tmp_path / "kept", hold_s=5.0, api_key=KEY)
        context = Context(settings, work=emulator.work)
        transport = httpx.ASGITransport(app=create_app(settings, context=context))
        headers = {"x-api-key": KEY}
        async with (
            context,
            httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1/apiaudio", headers=headers
            ) as client,
        ):
            if run == 0:
                await client.post("/script", json={"scriptText": "Hello.", "scriptId": "mine"})
                await client.post("/speech", json={"scriptId": "mine"})
                made = await client.post("/mastering", json={"scriptId": "mine", "soundTemplate": "lofi"})
                urls.append(made.json()["url"])
                template = {"templateName": "epic1"}
                await client.post("http://127.0.0.1/audiostack/production/sound/template", json=template)
            found = await client.get("/mastering", params={"scriptId": "mine"})
            urls.append(found.json()["url"])
            listed = (await client.get("/sound/template")).json()["templates"]
            assert "epic1" == listed[-1]["templateName"]
            assert {200} == {(await client.get(url)).status_code for url in urls}
    assert 1 == len(emulator.work.asked("render"))
