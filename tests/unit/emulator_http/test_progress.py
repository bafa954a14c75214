"""States and words about progress move while work is under way, at the speed of virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

Serving = Callable[..., Any]


async def stages(served: Any, path: str) -> AsyncIterator[tuple[str, str | None]]:
    """Each new (state, process_stage) of a recording until it is no longer being worked on."""
    last = None
    async with asyncio.timeout(10):
        while last is None or last[0] == "processing":
            found = (await served.client.get(path)).json()
            now = (found["state"], found["process_stage"])
            if now != last:
                yield now
            last = now
            await asyncio.sleep(0.002)  # a stage lasts milliseconds, and time does pass


async def test_a_conversion_says_how_far_it_is(serving: Serving) -> None:
    """Percentages that only rise, then done; the order goes through its states."""
    served = await serving(processing="conversion:600s", speed=300.0)
    original = (await served.upload(await served.folder_id())).json()
    voice_id = (await served.client.get("/api/v2/voices")).json()["list"][0]["id"]
    body = {"original_id": original["id"], "conversions": [{"voice_id": voice_id}]}
    [order] = (await served.client.post("/api/v2/orders", json=body)).json()
    seen = []
    async for stage in stages(served, f"/api/recordings/{order['conversion_id']}"):
        seen.append(stage)
        if len(seen) == 6:  # enough seen
            await served.change(speed=100_000)
    shares = [int(words.split()[1]) for _, words in seen if words and "%" in words]
    ended = await served.context.store.get("order", order["id"], account="default")

    assert ("new", "done") == (order["state"], ended["state"])
    assert sorted(shares) == shares
    assert len(set(shares)) >= 5
    assert ("done", None) == seen[-1]


@pytest.mark.parametrize(("work", "words"), [("upload", "checking"), ("tts", "speaking")])
async def test_uploads_and_texts_take_the_time_they_pretend_to(
    serving: Serving, work: str, words: str
) -> None:
    """Not done at once, and done in the end."""
    served = await serving(processing=f"{work}:600s", speed=1.0)
    folder_id = await served.folder_id()
    if work == "upload":
        made = (await served.upload(folder_id)).json()
    else:
        body = {"parent_folder_id": folder_id, "text": "Hello"}
        made = (await served.client.post("/api/v2/recordings/tts", json=body)).json()
    seen = []
    async for stage in stages(served, f"/api/recordings/{made['id']}"):
        seen.append(stage)
        if stage[1]:  # it has said what it does
            await served.change(speed=100_000)

    assert "processing" == made["state"]
    assert any(said and said.startswith(words) for _, said in seen)
    assert "done" == seen[-1][0]


async def test_a_calibration_takes_the_time_it_pretends_to(serving: Serving) -> None:
    """Its state moves from processing to calibrated no sooner."""
    served = await serving(processing="calibration:600s", speed=1.0)
    files = {"data": ("me.wav", (await _sound(served)))}
    made = (await served.client.post("/api/calibration", data={"name": "me"}, files=files)).json()
    path = f"/api/calibration/{made['id']}"
    assert "processing" == (await served.client.get(path)).json()["state"]
    await served.change(speed=100_000)
    await served.context.idle()

    assert "calibrated" == (await served.client.get(path)).json()["state"]


async def test_a_deleted_recording_ends_its_pretended_work(serving: Serving) -> None:
    """Nothing goes on for ten minutes for somebody who has left."""
    served = await serving(processing="conversion:600s", speed=100.0)
    original = (await served.upload(await served.folder_id())).json()
    voice_id = (await served.client.get("/api/v2/voices")).json()["list"][0]["id"]
    body = {"original_id": original["id"], "conversions": [{"voice_id": voice_id}]}
    [order] = (await served.client.post("/api/v2/orders", json=body)).json()
    await served.work.reached("convert")
    assert 200 == (await served.client.delete(f"/api/recordings/{order['conversion_id']}")).status_code
    async with asyncio.timeout(5):
        await served.context.idle()
    ended = await served.context.store.get("order", order["id"], account="default")

    assert ("error", "the conversion was deleted") == (ended["state"], ended["error"])


async def test_masters_of_v1_take_the_time_they_pretend_to(serving: Serving) -> None:
    """202 until then."""
    served = await serving(processing="mastering:600s", speed=1.0, hold_s=0.1)
    headers = {"x-api-key": served.facts["apiaudio"]["api_key"]}
    base = served.facts["apiaudio"]["base_url"]
    client = served.client
    await client.post(f"{base}/script", json={"scriptText": "Hello.", "scriptId": "s"}, headers=headers)
    await client.post(f"{base}/speech", json={"scriptId": "s"}, headers=headers)
    order = {"scriptId": "s", "soundTemplate": "lofi"}
    made = await client.post(f"{base}/mastering", json=order, headers=headers)
    await served.change(speed=100_000)
    await served.context.idle()
    found = await client.get(f"{base}/mastering", params={"scriptId": "s"}, headers=headers)

    assert (202, 200) == (made.status_code, found.status_code)


async def _sound(served: Any) -> bytes:
    """A small wav file."""
    folder_id = await served.folder_id()
    uploaded = (await served.upload(folder_id)).json()
    await served.context.idle()
    url = (await served.client.get(f"/api/recordings/{uploaded['id']}")).json()["url"]
    return (await served.client.get(url)).content
