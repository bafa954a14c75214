"""What a kept data folder brings back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audiokit.emulator.respeecher import recover


async def test_everything_made_is_there_after_a_restart(open_emulator: Any, tmp_path: Path) -> None:
    """Projects, recordings, files, credits and keys."""
    async with open_emulator(data=tmp_path) as emulator:
        original = await emulator.original()
        content = (await emulator.client.get(original["url"])).content
    async with open_emulator(data=tmp_path) as emulator:
        again = await emulator.ok("GET", f"/api/recordings/{original['id']}")
        assert {**original, "listen_count": 1} == again
        assert content == (await emulator.client.get(original["url"])).content


async def test_unfinished_work_is_run_again(open_emulator: Any, tmp_path: Path) -> None:
    """Texts, conversions and calibrations that were processing at the end are done later."""
    async with open_emulator(data=tmp_path) as emulator:
        original = await emulator.original()
        emulator.work.held |= {"speak", "convert", "f0"}
        body = {"parent_folder_id": original["parent_folder_id"], "text": "Hello"}
        text = await emulator.ok("POST", "/api/v2/recordings/tts", json=body)
        boris = await emulator.voice("Boris")
        body = {"original_id": original["id"], "conversions": [{"voice_id": boris["id"]}]}
        [order] = await emulator.ok("POST", "/api/v2/orders", json=body)
        files = {"data": ("me.wav", (await emulator.client.get(original["url"])).content)}
        calibration = await emulator.ok("POST", "/api/calibration", data={"name": "me"}, files=files)
        for op in ("speak", "convert", "f0"):
            await emulator.work.reached(op)
    async with open_emulator(data=tmp_path) as emulator:
        await recover(emulator.context)

        assert "done" == (await emulator.finished(text["id"]))["state"]
        assert "done" == (await emulator.finished(order["conversion_id"]))["state"]
        found = await emulator.ok("GET", f"/api/calibration/{calibration['id']}")
        assert "calibrated" == found["state"]
        stored = await emulator.context.store.get("order", order["id"], account="default")
        assert "done" == stored["state"]


async def test_an_upload_whose_check_was_cut_off_is_checked_again(open_emulator: Any, tmp_path: Path) -> None:
    """Its bytes had all arrived, so nobody has to send them again; its conversion follows."""
    async with open_emulator(data=tmp_path, hold_s=0.0) as emulator:
        emulator.work.held.add("probe")
        first = await emulator.upload((await emulator.folder())["id"])
        boris = await emulator.voice("Boris")
        body = {"original_id": first["id"], "conversions": [{"voice_id": boris["id"]}]}
        [order] = await emulator.ok("POST", "/api/v2/orders", json=body)
    async with open_emulator(data=tmp_path) as emulator:
        await recover(emulator.context)
        checked = await emulator.finished(first["id"])
        conversion = await emulator.finished(order["conversion_id"])

        assert ("done", "take.wav") == (checked["state"], checked["file_name"])
        assert "done" == conversion["state"]
