"""Hostile and clumsy input: whatever comes, the reply is a shaped refusal."""

from __future__ import annotations

from typing import Any

import pytest

Emulator = Any  # the fixture of conftest

NASTY: list[Any] = [
    None,
    True,
    -1,
    0,
    1e308,
    2**63,
    "",
    " ",
    "x" * 5000,
    "\x00",
    "../../etc/passwd",
    "\ud7ff\U0001f3b5",
    [],
    [[]],
    [None],
    [{"a": []}],
    {},
    {"a": {"b": {"c": 1}}},
    {"default": None},
    {"default": {"endAt": "soon"}},
    {"": ""},
]
V1 = {
    "/script": "scriptText projectName moduleName scriptName scriptId versions version metadata",
    "/speech": "scriptId version voice speed effect silencePadding audience sync sections useDictionary",
    "/mastering": "scriptId soundTemplate audience public vast endFormat forceLength mediaFiles "
    "mediaVolumeTrim sectionProperties matchVoice channels version masteringPreset "
    "share connectors callback_url",
    "/speech/sync": "text ssml voice metadata url sampling_rate bitrate effect speed",
    "/birdcache": "type text voice audience soundTemplate",
    "/orchestrator/create_audio": "scriptText voice soundTemplate",
    "/orchestrator/create_three_sections": "introText mainText outroText voice soundTemplate",
    "/orchestrator/media_with_sound": "mediaId soundTemplate",
    "/pipeline": "type scripts voice soundTemplate",
    "/media-timeline": "timeline endFormat masteringPreset",
    "/voice": "query",
}
V2 = {
    "/content/script": "scriptText projectName moduleName scriptName metadata",
    "/content/media/create-upload-url": "fileName",
    "/speech/tts": "scriptId voice speed silencePadding audience sections public sync useCache "
    "sectionToProduce",
    "/production/sound/template": "templateName description isElastic",
    "/production/sound/segment": "templateName mediaId segmentName",
    "/production/mix": "speechId scriptId soundTemplate mediaFiles fxFiles sectionProperties "
    "timelineProperties masteringPreset public exportSettings strictValidation sections soundLayer",
    "/speech/tts/preview": "text voice",
    "/speech/tts/reduce": "speechId targetLength sectionId",
    "/speech/tts/remove_padding": "speechId minSilenceDuration silenceThreshold position sectionId",
    "/speech/tts/annotate": "speechId scriptReference language_code continuous_recognition",
    "/speech/predict": "text voice",
    "/speech/voice/query": "filters minimumNumberOfResults forceApplyFilters page pageLimit",
    "/speech/voice/select": "scriptId content tone targetLength",
    "/speech/sts": "alias fileId newFilePath",
    "/production/sound/select": "scriptId content mood",
    "/production/sound/recommendations": "fileId soundTemplateId numberOfResults filters force_apply_filters",
    "/production/suite/denoise": "fileId level",
    "/production/suite/evaluate": "fileId preset processes language text scriptId",
    "/delivery/encoder": "productionId preset public bitRateType bitRate sampleRate format bitDepth channels "
    "loudnessPreset loudnessSettings loudnessTarget dynamicRange truePeak",
    "/files": "file_name folder_id category_id",
    "/folders": "folder_name parent_folder_id",
}


@pytest.mark.parametrize("path", V1)
async def test_v1_answers_every_value_of_every_field(emulator: Emulator, path: str) -> None:
    """No field of a body can make the server fail."""
    script_id = await emulator.spoken("Hi {{name|friend}}.")
    clip = {"files": [{"mediaId": "x", "startAt": 0, "endAt": 1}], "contentType": "speech"}
    goods: dict[str, dict[str, Any]] = {
        "/script": {"scriptText": "Hello."},
        "/speech/sync": {"text": "Hi.", "voice": "Joanna"},
        "/birdcache": {"type": "speech", "text": "Hi {{a|b}}.", "voice": "Joanna"},
        "/orchestrator/create_audio": {"scriptText": "Hi.", "voice": "Joanna"},
        "/orchestrator/create_three_sections": {
            "introText": "a",
            "mainText": "b",
            "outroText": "c",
            "voice": "Joanna",
        },
        "/orchestrator/media_with_sound": {"mediaId": "x", "soundTemplate": "lofi"},
        "/pipeline": {"type": "speech", "scripts": [script_id], "voice": "Joanna"},
        "/media-timeline": {"timeline": [clip]},
        "/voice": {"query": {}},
    }
    good = goods.get(path, {"scriptId": script_id})
    own = {"/birdcache": "error", "/voice": "message"}.get(path, "errors")
    for field in V1[path].split():
        for value in NASTY:
            reply = await emulator.v1("POST", path, json={**good, field: value})
            assert reply.status_code in {200, 202, 400, 404, 501}, (field, value, reply.text)
            told = reply.status_code in {200, 202} or {"errors", own} & set(reply.json())
            assert told, (field, value, reply.text)


async def uploaded_file(emulator: Emulator, make_wav: Any) -> str:
    """A file of one second in the library."""
    place = (await emulator.v2("POST", "/files", json={"file_name": "a.wav"})).json()
    assert 200 == (await emulator.put(place["uploadUrl"], make_wav(1.0))).status_code
    return str(place["fileId"])


@pytest.mark.parametrize("path", V2)
async def test_v2_answers_every_value_of_every_field(emulator: Emulator, make_wav: Any, path: str) -> None:
    """No field of a body can make the server fail."""
    script_id, speech_id = await emulator.spoken_v2("Hi.")
    mixed = await emulator.v2("POST", "/production/mix", json={"speechId": speech_id})
    production_id = mixed.json()["data"]["productionId"]
    file_id = await uploaded_file(emulator, make_wav)
    good: dict[str, dict[str, Any]] = {
        "/content/script": {"scriptText": "Hello."},
        "/content/media/create-upload-url": {"fileName": "a.wav"},
        "/speech/tts": {"scriptId": script_id},
        "/production/sound/template": {"templateName": "t"},
        "/production/sound/segment": {"templateName": "t", "mediaId": "m", "segmentName": "s"},
        "/production/mix": {"speechId": speech_id},
        "/speech/tts/preview": {"text": "Hi.", "voice": "Joanna"},
        "/speech/tts/reduce": {"speechId": speech_id, "targetLength": 0.1},
        "/speech/tts/remove_padding": {"speechId": speech_id},
        "/speech/tts/annotate": {"speechId": speech_id},
        "/speech/predict": {"text": "Hi.", "voice": "Joanna"},
        "/speech/voice/query": {},
        "/speech/voice/select": {"content": "Hi."},
        "/speech/sts": {"alias": "Joanna", "fileId": file_id},
        "/production/sound/select": {"content": "Hi."},
        "/production/sound/recommendations": {},
        "/production/suite/denoise": {"fileId": file_id},
        "/production/suite/evaluate": {"fileId": file_id},
        "/delivery/encoder": {"productionId": production_id, "preset": "custom", "format": "mp3"},
        "/files": {"file_name": "a.wav"},
        "/folders": {"folder_name": "a"},
    }
    for field in V2[path].split():
        for value in NASTY:
            reply = await emulator.v2("POST", path, json={**good[path], field: value})
            assert reply.status_code in {200, 202, 400, 404, 409, 501}, (field, value, reply.text)
            assert {"message", "fileId", "folderId"} & set(reply.json())


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000]
)
async def test_bodies_that_are_no_json_object_are_refused(emulator: Emulator, body: bytes) -> None:
    """Empty, cut, of another type, not UTF-8, nested without end."""
    for call, path in ((emulator.v1, "/mastering"), (emulator.v2, "/production/mix")):
        assert 400 == (await call("POST", path, content=body)).status_code


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "%00", "a" * 3000, "%ff", "%2e%2e", "{x}"])
async def test_ids_in_paths_are_only_looked_up(emulator: Emulator, name: str) -> None:
    """Whatever stands for an id, it is not found."""
    v1 = [f"/script/{name}", f"/voice/name/{name}", f"/public/{name}/x.wav", f"/public/vast/{name}/x.xml"]
    v2 = [
        f"/content/media/{name}",
        f"/speech/tts/{name}",
        f"/production/mix/{name}",
        f"/download/{name}/x.wav",
    ]
    for call, paths in ((emulator.v1, v1), (emulator.v2, v2)):
        for path in paths:
            assert (await call("GET", path)).status_code in {404, 405}, path


async def test_queries_are_answered_whatever_they_hold(emulator: Emulator) -> None:
    """Wrong booleans and formats in queries are named."""
    script_id = await emulator.spoken("Hi.")
    for query in ({"public": "perhaps"}, {"vast": "true"}, {"endFormat": "exe"}, {"version": "v9"}):
        reply = await emulator.v1("GET", "/mastering", params={"scriptId": script_id, **query})
        assert reply.status_code in {400, 404}, query
    assert 400 == (await emulator.v1("GET", "/mastering")).status_code
    assert 400 == (await emulator.v1("GET", "/speech")).status_code
    assert 400 == (await emulator.v1("GET", "/file/customaudio/uploadurl")).status_code
    assert 400 == (await emulator.v1("GET", "/voice", params={"limit": "-1"})).status_code


@pytest.mark.parametrize("depth", [300, 1000])
async def test_deeply_nested_bodies_are_refused(emulator: Emulator, depth: int) -> None:
    """Nothing deep is stored or shown, whichever field it stands in."""
    value = b"[" * depth + b"]" * depth
    for body in (b'{"scriptText": "hi", "metadata": {"a": %s}}' % value, b'{"scriptText": %s}' % value):
        for call, path in ((emulator.v1, "/script"), (emulator.v2, "/content/script")):
            reply = await call("POST", path, content=body)
            assert (400, True) == (reply.status_code, "levels" in reply.json()["errors"][0])
