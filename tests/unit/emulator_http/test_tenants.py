"""Several tenants on one emulator: none ever sees or touches another's objects."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from audiokit.emulator._app import APIS
from audiokit.emulator._http import Api

RECORDING = (Path(__file__).parents[2] / "data" / "audio" / "speech_male_en.wav").read_bytes()

OTHER_KEY = "o" * 40
MARK = "Xylophon"  # in every name and text of the first tenant
MARKUP = f'<as:section name="main">{MARK}</as:section>'


@attrs.define
class Owned:
    """What the first tenant has: ids by the names that paths, queries and bodies give them."""

    ids: dict[str, list[str]]
    clients: dict[str, httpx.AsyncClient]
    others: dict[str, httpx.AsyncClient]


def headers(key: str) -> dict[str, str]:
    """The key of all three APIs."""
    return {"api-key": key, "x-api-key": key}


@pytest.fixture
async def owned(open_emulator: Any) -> AsyncIterator[Owned]:
    """One of everything for the first tenant, and clients of both tenants."""
    async with open_emulator(keys={"other": OTHER_KEY}, hold_s=5.0) as emulator:
        mine = {api.name: emulator.new_client(headers("k" * 40), api=api.name) for api in APIS}
        others = {api.name: emulator.new_client(headers(OTHER_KEY), api=api.name) for api in APIS}
        ids = {**await fill_respeecher(emulator), **await fill_v1(mine["apiaudio"])}
        connection = {"id": "c" * 32, "targets": [{"connector": MARK, "status": "pending"}]}
        await emulator.context.store.put("v1.connection", "c" * 32, connection, account="default")
        ids |= {"connection_id": ["c" * 32], "word": [MARK], "lang": ["en"]}
        for name, values in (await fill_v2(mine["audiostack"])).items():
            ids.setdefault(name, []).extend(values)
        await emulator.context.idle()
        files = await emulator.context.store.file_ids()
        yield Owned(ids={**ids, "file_id": sorted(files)}, clients=mine, others=others)
        await emulator.context.idle()


async def fill_respeecher(emulator: Any) -> dict[str, list[str]]:
    """A project with a folder, originals, a conversion, a note, a calibration."""
    project = await emulator.project(MARK)
    folder = await emulator.folder(project["id"], MARK)
    original = await emulator.original(folder["id"], label=MARK)
    body = {"parent_folder_id": folder["id"], "text": MARK, "label": MARK}
    text = await emulator.ok("POST", "/api/v2/recordings/tts", json=body)
    voice = await emulator.voice("Boris")
    body = {"original_id": original["id"], "conversions": [{"voice_id": voice["id"], "label": MARK}]}
    [order] = await emulator.ok("POST", "/api/v2/orders", json=body)
    note = {"recording_id": original["id"], "text": MARK}
    await emulator.ok("POST", "/api/notes", json=note)
    calibration = await emulator.calibration(MARK)
    conversion = await emulator.finished(order["conversion_id"])
    recordings = [original["id"], text["id"], conversion["id"]]
    return {
        "project_id": [project["id"]],
        "project_ids": [project["id"]],
        "project_url": [project["url"]],
        "folder_id": [folder["id"]],
        "folder_ids": [folder["id"]],
        "parent_folder_id": [folder["id"]],
        "recording_id": recordings,
        "original_id": recordings,
        "calibration_id": [calibration["id"]],
        "file_url": [url.removeprefix("/api/") for url in (original["url"], conversion["waveform_url"])],
    }


async def fill_v1(client: httpx.AsyncClient) -> dict[str, list[str]]:
    """A script with speech and a master, and a recording."""
    script = (await client.post("/script", json={"scriptText": MARK, "scriptName": MARK})).json()["scriptId"]
    speech = (await client.post("/speech", json={"scriptId": script})).json()
    master = (await client.post("/mastering", json={"scriptId": script, "soundTemplate": "lofi"})).json()
    requests = [next(iter(speech.values()))["requestId"], master["requestId"]]
    announced = (await client.get("/file/customaudio/uploadurl", params={"filename": f"{MARK}.wav"})).json()
    word = {"word": MARK, "replacement": MARK, "lang": "en"}
    assert 200 == (await client.put("/diction/custom/item", json=word)).status_code
    return {"scriptId": [script], "requestId": requests, "mediaId": [announced["mediaId"]]}


async def fill_v2(client: httpx.AsyncClient) -> dict[str, list[str]]:
    """A script with speech and a mix, a recording, a template."""

    async def made(path: str, **body: Any) -> dict[str, Any]:
        reply = await client.post(path, json=body)
        assert 200 == reply.status_code, reply.text
        return reply.json()["data"]

    script = (await made("/content/script", scriptText=MARKUP, scriptName=MARK))["scriptId"]
    speech = (await made("/speech/tts", scriptId=script))["speechId"]
    mix = (await made("/production/mix", speechId=speech))["productionId"]
    media = (await made("/content/media/create-upload-url", fileName=f"{MARK}.wav"))["mediaId"]
    await made("/production/sound/template", templateName=MARK)
    encoding = (await made("/delivery/encoder", productionId=mix, preset="wav"))["encoderId"]
    folder = (await client.post("/folders", json={"folder_name": MARK})).json()["folderId"]
    body = {"file_name": f"{MARK}.wav", "folder_id": folder}
    place = (await client.post("/files", json=body)).json()
    assert 200 == (await client.put(place["uploadUrl"], content=RECORDING)).status_code
    pipeline = (await made("/speech/sts", fileId=place["fileId"], alias="Joanna"))["pipelineId"]
    ids = {
        "encoderId": [encoding],
        "folderId": [folder],
        "new_folder_id": [folder],
        "current_folder_id": [folder],
        "fileId": [place["fileId"]],
        "pipelineId": [pipeline],
    }
    return {
        **ids,
        "scriptId": [script],
        "speechId": [speech],
        "productionId": [mix],
        "mediaId": [media],
        "media_id": [media],
        "templateName": [MARK],
    }


async def everything(owned: Owned) -> str:
    """All that the first tenant can see, as text; signatures and counters apart."""
    calls = [
        ("respeecher", "/api/projects"),
        *(("respeecher", f"/api/recordings?folder_id={id_}") for id_ in owned.ids["folder_id"]),
        *(("respeecher", f"/api/notes?folder_id={id_}") for id_ in owned.ids["folder_id"]),
        *(("respeecher", f"/api/folders?project_id={id_}") for id_ in owned.ids["project_id"]),
        ("respeecher", "/api/calibration"),
        ("respeecher", "/api/credits"),
        ("respeecher", "/api/stats"),
        ("apiaudio", "/script"),
        ("apiaudio", "/file/customaudio"),
        ("apiaudio", "/diction/custom"),
        ("apiaudio", f"/connection/{owned.ids['connection_id'][0]}"),
        ("apiaudio", f"/mastering?scriptId={owned.ids['scriptId'][0]}"),
        ("audiostack", "/content/scripts"),
        ("audiostack", "/content/media"),
        ("audiostack", "/production/sound/template"),
        *(("audiostack", f"/speech/tts/{id_}") for id_ in owned.ids["speechId"]),
        *(("audiostack", f"/production/mix/{id_}") for id_ in owned.ids["productionId"]),
        *(("audiostack", f"/delivery/encoder/{id_}") for id_ in owned.ids["encoderId"]),
        *(("audiostack", f"/files/{id_}") for id_ in owned.ids["fileId"]),
        *(("audiostack", f"/folders/{id_}") for id_ in owned.ids["folderId"]),
        *(("audiostack", f"/production/suite/pipeline/{id_}") for id_ in owned.ids["pipelineId"]),
        ("audiostack", "/folders"),
        ("audiostack", "/speech/diction/custom"),
    ]
    seen = []
    for api, path in calls:
        reply = await owned.clients[api].get(path)
        assert 200 == reply.status_code, (path, reply.text)
        seen.append(re.sub(r'(expires=\d+&token=\w+|"requestId":"[^"]*")', "", reply.text))
    assert MARK in "".join(seen)
    return "\n".join(seen)


def filled(path: str, ids: dict[str, list[str]]) -> list[str]:
    """A path with every combination of the first tenant's ids in its braces."""
    names = [name for name, _ in re.findall(r"\{(\w+)(:\w+)?\}", path)]
    plain = re.sub(r"\{(\w+):\w+\}", r"{\1}", path)
    other = {
        "version": ["v0"],
        "name": [f"{MARK}.wav"],
        "account": ["default"],
        "track_id": ids["requestId"],
        "story_id": ["x"],
        "audioform_id": ["x"],
        "dict_id": [MARK],
        "language": ["en"],
    }
    values = [{**other, **ids, "voice_id": ids["recording_id"]}[name] for name in names]
    return [plain.format(**dict(zip(names, choice, strict=True))) for choice in itertools.product(*values)]


PUBLIC = ("/public/{file_id}/{name:path}",)
"""For everybody who has the link; nothing was published here."""


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
async def test_no_route_shows_or_changes_what_another_tenant_has(owned: Owned, api: Api) -> None:
    """With another's ids in path, query and body, a call tells nothing of theirs and leaves it as it was."""
    tried, before = 0, await everything(owned)
    # What makes objects comes last: of the same name, they would be the other tenant's own to see.
    for route in sorted(api.routes, key=lambda route: "POST" in (route.methods or ())):
        if route.path in PUBLIC:
            continue
        for method in sorted((route.methods or set()) - {"HEAD"}):
            for target in filled(route.path, owned.ids):
                has_id = (
                    "{" in route.path and "{word}" not in route.path
                )  # a word may be in a dictionary of ours
                await try_it(owned, api.name, method, target, has_id=has_id)
                tried += 1
        if set(route.methods or ()) - {"GET", "HEAD"}:
            assert before == await everything(owned), route.path
    assert before == await everything(owned)
    assert tried >= len(api.routes) - len(PUBLIC)


async def try_it(owned: Owned, api: str, method: str, target: str, *, has_id: bool) -> None:
    """Make a call with another's ids everywhere, and look at what it tells."""
    query = {name: values[0] for name, values in owned.ids.items() if name not in {"file_id", "file_url"}}
    nobody = "00000000-0000-4000-8000-000000000000"
    if api == "audiostack":  # which has folders of its own
        query |= dict.fromkeys(("folder_id", "parent_folder_id"), owned.ids["folderId"][0])
    common = {
        **query,
        "file_id": owned.ids["fileId"][0],
        "folder_name": "mine",
        "file_name": "mine.wav",
        "access_control": "public",
        "alias": "Joanna",
        "preset": "wav",
        "voice": "Joanna",
        "type": "speech",
        "word": "mine",
        "replacement": "mine",
        "lang": "en",
        "name": "mine",
        "label": "mine",
        "starred": True,
        "text": "mine",
        "models": {},
        "scriptText": "mine",
        "fileName": "mine.wav",
        "segmentName": "main",
        "soundTemplate": MARK,
        "voice_id": nobody,
        "project_ids": owned.ids["project_id"],
        "folder_ids": owned.ids["folder_id"],
        "conversions": [{"voice_id": nobody}],
        "mediaFiles": [{"a": owned.ids["mediaId"][0]}],
    }
    bodies = (common, {"speechId": owned.ids["speechId"][0]}, {"scriptId": owned.ids["scriptId"][0]})
    for body in (None,) if method == "GET" else bodies:
        reply = await owned.others[api].request(method, target, params=query, json=body)
        told = reply.text.replace(f"'{MARK}'", "").replace(f"{MARK}.wav", "")
        own = method == "POST" and reply.status_code == 200  # a template of that name, of their own
        shown = (method, target, reply.status_code, reply.text)
        assert own or MARK not in told, shown
        assert own or not any(file_id in told for file_id in owned.ids["file_id"]), shown
        assert 400 <= reply.status_code <= 501 or method != "GET" or not has_id, shown
        assert reply.status_code != 500, shown


async def test_another_tenants_session_is_of_no_use(owned: Owned) -> None:
    """A session opens the account it was opened for."""
    login = (await owned.others["respeecher"].post("/api/auth")).json()
    mine = (await owned.clients["respeecher"].post("/api/auth")).json()

    assert login["id"] != mine["id"]
    assert "other@tenants.audiokit.example" == login["email"]


async def test_tenants_survive_a_restart(open_emulator: Any, tmp_path: Any) -> None:
    """Keys given once are kept; a new key for the same name takes the old one's place."""
    async with open_emulator(data=tmp_path, keys={"other": OTHER_KEY}) as emulator:
        user_id = emulator.context.accounts.login("other").user_id
    async with open_emulator(data=tmp_path) as emulator:
        assert "other" == emulator.context.accounts.for_key(OTHER_KEY)
    async with open_emulator(data=tmp_path, keys={"other": "n" * 40}) as emulator:
        accounts = emulator.context.accounts
        assert (None, "other") == (accounts.for_key(OTHER_KEY), accounts.for_key("n" * 40))
        assert user_id == accounts.login("other").user_id
