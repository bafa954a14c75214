"""Damaged sound and hostile scripts: always an answer, the emulator lives, and nothing leaks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tenants import tenant_of

from audiokit.testing import EmulatorProcess

AUDIO = Path(__file__).parents[1] / "data" / "audio"
SOUNDS = ("vowel_147hz.wav", "speech_female_en.mp3", "speech_female_de.flac", "speech_male_fr.ogg")
WHOLE = [pytest.mark.heavy, pytest.mark.timeout(600)]


@pytest.fixture
async def wire(emulator: EmulatorProcess) -> AsyncIterator[tuple[httpx.AsyncClient, EmulatorProcess]]:
    """An emulator, and a client with a tenant's key of all three APIs."""
    async with tenant_of(emulator) as tenant:
        root = tenant.access["respeecher"].base_url.removesuffix("/respeecher")
        headers = {"api-key": tenant.key, "x-api-key": tenant.key}
        async with httpx.AsyncClient(base_url=root, headers=headers, timeout=60) as client:
            yield client, emulator


def mutated(draw: random.Random, data: bytes) -> bytes:
    """Flip, cut, double or overwrite pieces; heads are hit as often as all the rest."""
    changed = bytearray(data)
    for _ in range(draw.randint(1, 12)):
        if not changed:
            break
        place = draw.randrange(min(200, len(changed)) if draw.random() < 0.5 else len(changed))
        kind = draw.randrange(5)
        if kind == 0:
            changed[place] = draw.randrange(256)
        elif kind == 1:
            changed[place : place + 4] = draw.choice([b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"])
        elif kind == 2:
            del changed[place : place + draw.randint(1, 500)]
        elif kind == 3:
            changed[place:place] = draw.randbytes(draw.randint(1, 500))
        else:
            del changed[max(200, place) :]
    return bytes(changed)


@pytest.mark.parametrize("files", [24, pytest.param(500, marks=WHOLE)])
async def test_mutated_sound_is_taken_or_refused_with_a_reason(
    wire: tuple[httpx.AsyncClient, EmulatorProcess], files: int
) -> None:
    """Done, refused, or in state error with words; never a 5xx, and sound still works afterwards."""
    client, _ = wire
    draw = random.Random(files)
    sources = [(AUDIO / name).read_bytes()[:300_000] for name in SOUNDS]
    project = (await client.post("/respeecher/api/projects", json={"name": "Fuzz"})).json()
    body = {"name": "takes", "project_id": project["id"]}
    folder_id = (await client.post("/respeecher/api/folders", json=body)).json()["id"]
    form = {"parent_folder_id": folder_id, "microphone": "file"}

    async def send(data: bytes) -> httpx.Response:
        return await client.post("/respeecher/api/recordings", data=form, files={"data": ("a.wav", data)})

    taken = refused = 0
    for _ in range(files // 4):
        sent = [send(mutated(draw, source)) for source in sources]
        for reply in await asyncio.gather(*sent):
            assert reply.status_code in {200, 400}, reply.text
            refused += reply.status_code == 400
            taken += reply.status_code == 200
            assert reply.status_code == 200 or len(reply.json()["detail"]) > 10
    ended = await settled(client, folder_id, taken)

    assert (files // 4 * 4, taken) == (taken + refused, len(ended))
    assert all(one["state"] == "done" or one["error"] for one in ended)
    whole = await send(sources[0])
    assert 200 == whole.status_code
    last = await settled(client, folder_id, taken + 1)
    assert "done" == last[-1]["state"]


async def settled(client: httpx.AsyncClient, folder_id: str, count: int) -> list[dict[str, Any]]:
    """All recordings of the folder, oldest first, once none is being worked on."""
    async with asyncio.timeout(120):
        while True:
            found: list[dict[str, Any]] = []
            while len(found) < count:
                query: dict[str, Any] = {"folder_id": folder_id, "limit": 200, "offset": len(found)}
                reply = await client.get("/respeecher/api/recordings", params=query)
                page = reply.raise_for_status().json()["list"]
                assert page
                found += page
            if all(one["state"] != "processing" for one in found):
                return found
            await asyncio.sleep(0.1)


PIECES = (
    "<<",
    ">>",
    "<<soundSegment::",
    "<<sectionName::",
    "<<media::",
    "<<soundEffect::",
    "{{",
    "}}",
    "{{a|",
    "|",
    "::",
    "<as:section name='",
    "<as:placeholder id='",
    "'/>",
    "</as:section>",
    "<as:break time='9999999s'/>",
    "<!",
    ">",
    "<speak>",
    "<audio src='file:///etc/passwd'/>",
    "<mark name='/etc/passwd'/>",
    "&lt;",
    "&#x0;",
    "<![CDATA[",
    "]]>",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "&x;",
    "\x00",
    "\x1b[31m",
    "\u202e",
    "\ufeff",
    "👩‍👩‍👧‍👦",
    "ﷺ",
    "\u0301" * 50,
    "[[",
    "]]",
    "[[h@lo]]",
    "\n" * 20,
    "\t",
    "a" * 300,
    "שלום",
    "你好",
    "-" * 100,
    "/etc/passwd",
    "%s%n%x",
    "${HOME}",
    "`id`",
    "; rm -rf /",
)


@pytest.mark.parametrize("scripts", [24, pytest.param(200, marks=WHOLE)])
async def test_hostile_scripts_are_spoken_or_refused_with_a_reason(
    wire: tuple[httpx.AsyncClient, EmulatorProcess], scripts: int
) -> None:
    """Markup in markup, control characters, injections: never a 5xx, and nothing of the machine is told."""
    client, process = wire
    draw = random.Random(scripts)
    ordered: list[str] = []
    for number in range(scripts):
        text = "".join(draw.choice((*PIECES, "Hello. ")) for _ in range(draw.randint(1, 30)))
        if number % 50 == 10:
            text = text * (1_000_000 // len(text))
        v1 = number % 2 == 0
        path = "/apiaudio/script" if v1 else "/audiostack/content/script"
        made = await client.post(path, json={"scriptText": text})
        assert made.status_code in {200, 400, 413}, (text[:300], made.text[:300])
        if made.status_code != 200:
            continue
        script_id = made.json()["scriptId"] if v1 else made.json()["data"]["scriptId"]
        path = "/apiaudio/speech" if v1 else "/audiostack/speech/tts"
        reply = await client.post(path, json={"scriptId": script_id, "sync": False})
        assert reply.status_code in {200, 202, 400, 402, 422}, (text[:300], reply.text[:300])
        assert "root:" not in reply.text
        if reply.status_code in {200, 202}:
            id_ = script_id if v1 else reply.json()["data"]["speechId"]
            ordered.append(f"{path}?scriptId={quote(id_)}" if v1 else f"{path}/{id_}")
    ended = [await speech_ended(client, url) for url in ordered]
    assert {200, 422} >= set(ended), ended
    assert 200 == (await client.get("/respeecher/api/healtz")).status_code
    assert process.pid is not None
    assert 200 in ended


async def speech_ended(client: httpx.AsyncClient, url: str) -> int:
    """The status of a speech that is no longer being made."""
    async with asyncio.timeout(60):
        while (reply := await client.get(url)).status_code == 202:  # noqa: ASYNC110  (of another process)
            await asyncio.sleep(0.05)
    return reply.status_code
