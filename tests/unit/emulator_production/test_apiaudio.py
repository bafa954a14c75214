"""api.audio v1: scripts, speech and media, as replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

from audiokit.emulator._work import WorkError

if TYPE_CHECKING:
    from collections.abc import Callable

Emulator = Any  # the fixture of conftest


def errors(reply: Any) -> str:
    """Return the one error of a 400, 404 or 422 reply."""
    assert ["errors"] == list(reply.json())
    return str(reply.json()["errors"][0])


async def test_a_script_comes_back_with_its_sections(emulator: Emulator) -> None:
    """POST answers plain application/json with sections, parameters and names."""
    text = "<<soundSegment::intro>><<sectionName::hi>> Hello {{name|friend}}"
    reply = await emulator.v1("POST", "/script", json={"scriptText": text, "scriptName": "ad"})
    assert (200, "application/json") == (reply.status_code, reply.headers["content-type"])
    body = reply.json()
    assert ("ad", "default", "v0", ["v0"]) == (
        body["scriptName"],
        body["projectName"],
        body["version"],
        body["availableVersions"],
    )
    section = body["sections"][0]
    assert ("hi", "intro", {"name": "friend"}) == (
        section["name"],
        section["soundSegment"],
        section["parameters"],
    )


async def test_a_second_script_of_the_same_id_overwrites_the_first(emulator: Emulator) -> None:
    """The id chosen by the caller names project, module and script, and is written over."""
    await emulator.script("First.", scriptId="mine")
    assert "mine" == await emulator.script("Second.", scriptId="mine")
    body = (await emulator.v1("GET", "/script/mine")).json()
    assert ("Second.", "mine") == (body["scriptText"], body["scriptName"])


async def test_scripts_are_listed_and_deleted(emulator: Emulator) -> None:
    """The list can be narrowed; a deleted script is gone."""
    await emulator.script("One.", projectName="p")
    other = await emulator.script("Two.")
    listed = (await emulator.v1("GET", "/script", params={"scriptId": other, "verbose": "False"})).json()
    assert [other] == [item["scriptId"] for item in listed["scripts"]]
    assert 200 == (await emulator.v1("DELETE", f"/script/{other}")).status_code
    assert 404 == (await emulator.v1("GET", f"/script/{other}")).status_code


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "scriptText is required"),
        ({"scriptText": 5}, "scriptText must be a string, got 5"),
        ({"scriptText": "<<foo::x>> Hi"}, "unknown tag '<<foo::x>>'"),
        ({"scriptText": "Hi", "projectName": "_x"}, "projectName must not begin with an underscore"),
        ({"scriptText": "Hi", "scriptName": "n" * 61}, "at most 60 characters"),
        ({"scriptText": "Hi", "versions": {"v1": 3}}, "versions.v1 must be a script text"),
        ({"scriptText": "Hi", "versions": []}, "versions must be an object"),
    ],
)
async def test_wrong_scripts_are_refused(emulator: Emulator, body: dict[str, Any], message: str) -> None:
    """A 400 in the API's shape names the field."""
    reply = await emulator.v1("POST", "/script", json=body)
    assert 400 == reply.status_code
    assert message in errors(reply)


async def test_speech_answers_objects_and_reading_it_answers_links(emulator: Emulator) -> None:
    """POST gives an object per part, GET a link per part, and the link serves the wav without a key."""
    script_id = await emulator.script("<<sectionName::a>> One <<media::m>> two <<sectionName::b>> Three")
    made = await emulator.v1("POST", "/speech", json={"scriptId": script_id})
    assert {"a", "a_2", "b"} == set(made.json())
    assert {"message", "status_code", "created_at", "requestId", "url"} == set(made.json()["a"])
    assert "201" == made.json()["a"]["status_code"]
    links = (await emulator.v1("GET", "/speech", params={"scriptId": script_id})).json()
    assert {"a", "a_2", "b"} == set(links)
    assert links["a_2"].split("?")[0].endswith("/a__%243ct10n~2of2.wav")
    file = await emulator.client.get(links["a"], headers={"x-api-key": ""})
    assert (200, "audio/wav", b"RIFF") == (file.status_code, file.headers["content-type"], file.content[:4])
    assert ("nosniff", str(len(file.content))) == (
        file.headers["x-content-type-options"],
        file.headers["content-length"],
    )


async def test_a_private_link_needs_its_signature(emulator: Emulator) -> None:
    """Without the token in the query the file is forbidden, and its name says nothing about public."""
    script_id = await emulator.spoken("Hello.")
    url = (await emulator.v1("GET", "/speech", params={"scriptId": script_id})).json()["default"]
    assert "public" not in url
    assert 403 == (await emulator.client.get(url.split("?")[0])).status_code


@pytest.mark.parametrize("audience", [[{"name": "Ann"}], {"NAME": "Ann", "unused": "x"}])
async def test_speech_is_found_by_listener_without_case(emulator: Emulator, audience: Any) -> None:
    """A list of dicts and a dict are the same; values the script does not use do not matter."""
    script_id = await emulator.script("Hi {{name|friend}}")
    await emulator.v1("POST", "/speech", json={"scriptId": script_id, "audience": audience})
    params = {"scriptId": script_id}
    assert 200 == (await emulator.v1("GET", "/speech", params={**params, "Name": "ANN"})).status_code
    missing = await emulator.v1("GET", "/speech", params=params)
    assert (404, True) == (missing.status_code, "fallback track" in errors(missing))


async def test_voice_speed_and_padding_reach_the_voice(emulator: Emulator) -> None:
    """General settings hold for every section, a section's own win; percent and factor mean the same."""
    script_id = await emulator.script("<<sectionName::a>> One. <<sectionName::b>> Two.")
    body = {
        "scriptId": script_id,
        "voice": "matthew",
        "speed": 150,
        "silencePadding": 1000,
        "sections": {"b": {"voice": "Aria", "speed": "0.5", "silence_padding": 0}},
    }
    assert 200 == (await emulator.v1("POST", "/speech", json=body)).status_code
    first, second = (call["items"] for call in emulator.work.asked("speak"))
    assert [{"silence_s": 0.5}, {"silence_s": 0.5}] == [first[0], first[2]]
    assert (255, 112, 85, 212) == (
        first[1]["rate_wpm"],
        first[1]["f0_hz"],
        second[0]["rate_wpm"],
        second[0]["f0_hz"],
    )


async def test_the_same_words_are_spoken_once(emulator: Emulator) -> None:
    """Sections that do not depend on the listener are taken from the cache."""
    script_id = await emulator.script("<<sectionName::a>> Same. <<sectionName::b>> Hi {{name|you}}.")
    audience = [{"name": name} for name in ("Ann", "Bob", "Cy")]
    for listener in audience:
        await emulator.v1("POST", "/speech", json={"scriptId": script_id, "audience": listener})
    assert 4 == len(emulator.work.asked("speak"))


async def test_speech_without_waiting_is_202_and_then_found(emulator: Emulator) -> None:
    """With sync=false the answer comes at once, and the request id reads the result later."""
    script_id = await emulator.script("Hello.")
    reply = await emulator.v1("POST", "/speech", json={"scriptId": script_id, "sync": False})
    assert 202 == reply.status_code
    await emulator.context.idle()
    for query in ({"requestId": reply.json()["requestId"]}, {"scriptId": reply.json()["requestId"]}):
        assert ["default"] == list((await emulator.v1("GET", "/speech", params=query)).json())


async def test_one_failing_section_is_told_by_its_status(emulator: Emulator) -> None:
    """POST stays 200 with a 422 inside; GET answers 422 with the failed section and errors."""
    emulator.work.refuse_words.add("Bad")
    script_id = await emulator.script("<<sectionName::a>> Good. <<sectionName::b>> Bad.")
    made = await emulator.v1("POST", "/speech", json={"scriptId": script_id})
    assert (200, "201", "422") == (
        made.status_code,
        made.json()["a"]["status_code"],
        made.json()["b"]["status_code"],
    )
    read = await emulator.v1("GET", "/speech", params={"scriptId": script_id})
    assert (422, {"b", "errors"}) == (read.status_code, set(read.json()))


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, "scriptId is required"),
        ({"scriptId": "nope"}, 404, "scriptId 'nope' not found"),
        ({"voice": "nobody"}, 404, "voice 'nobody' not found"),
        ({"speed": 40}, 400, "speed must be a factor from 0.5 to 3 or a percentage from 50 to 300, got 40"),
        ({"speed": "fast"}, 400, "got 'fast'"),
        ({"effect": "robot"}, 400, "effect 'robot' must be one of dark_father"),
        ({"silencePadding": -1}, 400, "silencePadding must be a number from 0 to 60000 milliseconds, got -1"),
        ({"sections": {"x": {}}}, 400, "sections names 'x', but the script's sections are default"),
        ({"sections": {"default": {"speeed": 1}}}, 400, "unknown field 'sections.default.speeed'"),
        ({"audience": "Ann"}, 400, "audience must be a list of objects"),
        ({"audience": [{"name": ["x"]}]}, 400, "audience[0].name must be a string or a number"),
        ({"sync": "maybe"}, 400, "sync must be true or false"),
    ],
)
async def test_wrong_speech_is_refused(
    emulator: Emulator, body: dict[str, Any], status: int, message: str
) -> None:
    """The reply names the field, the value and what is allowed."""
    script_id = await emulator.script("Hi {{name|you}}")
    if body:
        body = {"scriptId": script_id, **body}
    reply = await emulator.v1("POST", "/speech", json=body)
    assert (status, True) == (reply.status_code, message in errors(reply)), reply.text


async def test_a_parameter_without_a_value_is_named(emulator: Emulator) -> None:
    """No fallback and no audience: 400 with the parameter's name."""
    script_id = await emulator.script("Hello {{city}}")
    reply = await emulator.v1("POST", "/speech", json={"scriptId": script_id})
    assert (400, True) == (reply.status_code, "'city'" in errors(reply))


async def test_options_without_effect_are_warned_about(emulator: Emulator) -> None:
    """Nothing is read and ignored in silence: the Warning header says so."""
    script_id = await emulator.script("Hello.")
    body = {"scriptId": script_id, "useTextNormalizer": True, "endformat": "mp3"}
    reply = await emulator.v1("POST", "/speech", json=body)
    assert '"useTextNormalizer has no effect' in reply.headers["warning"]
    assert "'endformat'" in reply.headers["warning"]


async def test_media_is_uploaded_listed_downloaded_and_deleted(
    emulator: Emulator, make_wav: Callable[[float], bytes]
) -> None:
    """The presigned PUT needs no key, answers 200 with an empty body, and the bytes come back."""
    query = {"filename": "../../etc/passwd", "tags": "a,b"}
    announced = (await emulator.v1("GET", "/file/customaudio/uploadurl", params=query)).json()
    put = await emulator.put(announced["fileUploadUrl"], make_wav(1.0))
    assert (200, b"") == (put.status_code, put.content)
    query = {"mediaId": announced["mediaId"], "target": "download"}
    item = (await emulator.v1("GET", "/file/customaudio", params=query)).json()["savedAudioFiles"][0]
    assert ("passwd", ["a", "b"]) == (item["filename"], item["tags"])
    path = unquote(urlsplit(item["downloadUrl"]).path)
    assert ("passwd.wav", False) == (path.rpartition("/")[2], ".." in path)
    assert make_wav(1.0) == (await emulator.client.get(item["downloadUrl"])).content
    query = {"mediaId": announced["mediaId"]}
    assert 200 == (await emulator.v1("DELETE", "/file/customaudio", params=query)).status_code
    assert {} == (await emulator.v1("GET", "/file/customaudio", params=query)).json()


@pytest.mark.parametrize(
    ("data", "status", "message"),
    [
        (b"", 400, "is empty"),
        (b"hello, this is text", 400, "this is no audio"),
        (b"\x00" * 100_001, 413, "at most 100000 bytes"),
    ],
)
async def test_uploads_that_are_no_audio_are_refused(
    emulator: Emulator, data: bytes, status: int, message: str
) -> None:
    """Empty, text and too large: the API's error shape, and no file is left behind."""
    query = {"filename": "x.wav"}
    announced = (await emulator.v1("GET", "/file/customaudio/uploadurl", params=query)).json()
    reply = await emulator.put(announced["fileUploadUrl"], data)
    assert (status, True) == (reply.status_code, message in errors(reply)), reply.text
    assert [] == list(emulator.context.files.scratch_folder.iterdir())


async def test_a_truncated_upload_is_taken_with_a_warning(
    emulator: Emulator, make_wav: Callable[[float], bytes]
) -> None:
    """What the decoder lost is said in the Warning header."""
    query = {"filename": "x.wav"}
    announced = (await emulator.v1("GET", "/file/customaudio/uploadurl", params=query)).json()
    reply = await emulator.put(announced["fileUploadUrl"], make_wav(1.0) + b"TRUNCATED")
    assert (200, True) == (reply.status_code, "truncated" in reply.headers["warning"])


async def test_an_upload_url_is_for_its_own_media_only(
    emulator: Emulator, make_wav: Callable[[float], bytes]
) -> None:
    """A token does not open another path."""
    query = {"filename": "x.wav"}
    one, two = [
        (await emulator.v1("GET", "/file/customaudio/uploadurl", params=query)).json() for _ in range(2)
    ]
    forged = one["fileUploadUrl"].replace(one["mediaId"], two["mediaId"])
    assert 403 == (await emulator.put(forged, make_wav(1.0))).status_code


async def test_sound_templates_are_listed_and_filtered(emulator: Emulator) -> None:
    """Names that examples use exist; filters narrow, unknown ones are refused with the known."""
    everything = (await emulator.v1("GET", "/sound/template")).json()["templates"]
    assert {"jakarta", "chill_vibes", "fullsilence"} <= {item["templateName"] for item in everything}
    query = {"genre": "acoustic", "contents": "intro,outro"}
    some = (await emulator.v1("GET", "/sound/template", params=query)).json()["templates"]
    assert {"acoustic"} == {item["genre"] for item in some}
    refused = await emulator.v1("GET", "/sound/template", params={"colour": "red"})
    assert (400, True) == (refused.status_code, "genre" in refused.json()["allowedFilteringParameters"])


async def test_voices_are_listed_and_read(emulator: Emulator) -> None:
    """Filters narrow; a voice is found by its alias in any case; an unknown one is a 404."""
    found = (await emulator.v1("GET", "/voice", params={"gender": "male", "limit": "2"})).json()["voices"]
    assert (2, {"male"}) == (len(found), {voice["gender"] for voice in found})
    assert "Joanna" == (await emulator.v1("GET", "/voice/name/joanna")).json()["alias"]
    assert 404 == (await emulator.v1("GET", "/voice/name/nobody")).status_code


async def test_a_wrong_key_is_forbidden(emulator: Emulator) -> None:
    """403 with a message, as the service answers."""
    reply = await emulator.v1("GET", "/voice", headers={"x-api-key": "wrong"})
    assert (403, ["message"]) == (reply.status_code, list(reply.json()))


@pytest.mark.parametrize("script_id", ["../../x", "a/b", "/", ".", ".."])
async def test_an_id_that_no_path_can_hold_is_refused(emulator: Emulator, script_id: str) -> None:
    """It would be made and never be found again."""
    reply = await emulator.v1("POST", "/script", json={"scriptText": "Hi.", "scriptId": script_id})
    assert 400 == reply.status_code
    assert (
        f"scriptId must be a name that can stand in a URL path: without '/', and not '.' or '..', got "
        f"{script_id!r}" == errors(reply)
    )


async def test_the_only_version_of_a_script_is_its_default(emulator: Emulator) -> None:
    """Without a version it is read, listed, spoken and found again."""
    script_id = await emulator.script("Hello.", version="v1")
    read = await emulator.v1("GET", f"/script/{script_id}")
    listed = await emulator.v1("GET", "/script")
    assert (200, "v1", "Hello.") == (read.status_code, read.json()["version"], read.json()["scriptText"])
    assert [("v1", script_id)] == [(s["version"], s["scriptId"]) for s in listed.json()["scripts"]]

    made = await emulator.v1("POST", "/speech", json={"scriptId": script_id})
    mastered = await emulator.v1("POST", "/mastering", json={"scriptId": script_id})
    assert (200, 200) == (made.status_code, mastered.status_code)
    for query in ({"scriptId": script_id}, {"scriptId": script_id, "version": "v1"}):
        for path in ("/speech", "/mastering"):
            assert 200 == (await emulator.v1("GET", path, params=query)).status_code
    assert "is the script itself" in errors(
        await emulator.v1("DELETE", f"/script/{script_id}", params={"version": "v1"})
    )


async def test_of_several_versions_one_must_be_named(emulator: Emulator) -> None:
    """The refusal says which there are; a list shows the oldest."""
    script_id = await emulator.script("One.", version="v1", versions={"v2": "Two."})
    reply = await emulator.v1("GET", f"/script/{script_id}")
    listed = await emulator.v1("GET", "/script")
    assert (404, True) == (reply.status_code, errors(reply).endswith("not found; there are v1, v2"))
    assert ["v1"] == [s["version"] for s in listed.json()["scripts"]]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"scriptText": "x" * 200_001}, "scriptText"),
        ({"scriptText": "x", "versions": {"b": "y" * 200_001}}, "versions.b"),
    ],
)
async def test_a_script_that_is_too_long_is_told_both_figures(
    emulator: Emulator, fields: dict[str, Any], name: str
) -> None:
    """How long it is, and how long it may be; not all of it."""
    told = errors(await emulator.v1("POST", "/script", json=fields))
    assert told.startswith(f"{name} must be at most 200000 characters, it has 200001, got ")
    assert len(told) < 200


async def test_a_dead_worker_is_not_blamed_on_the_words(emulator: Emulator) -> None:
    """Speech is a 500 without internals, on creation and on reading."""
    script_id = await emulator.script("Hello.")

    async def die(op: str, /, **params: Any) -> dict[str, Any]:
        raise WorkError("crashed", "audio operation 'speak' failed inside (LibsndfileError)")

    emulator.work.run = die
    made = await emulator.v1("POST", "/speech", json={"scriptId": script_id})
    read = await emulator.v1("GET", "/speech", params={"scriptId": script_id})
    assert [500, 500] == [made.status_code, read.status_code]
    assert "section 'default': the emulator failed; see its log" == errors(made) == errors(read)


async def test_a_dead_worker_is_not_blamed_on_the_upload(
    emulator: Emulator, make_wav: Callable[[float], bytes]
) -> None:
    """The check failed, not the data: a 500 that says to upload again."""
    announced = (await emulator.v1("GET", "/file/customaudio/uploadurl", params={"filename": "a.wav"})).json()

    async def die(op: str, /, **params: Any) -> dict[str, Any]:
        raise WorkError("crashed", "the audio worker stopped")

    emulator.work.run = die
    reply = await emulator.put(announced["fileUploadUrl"], make_wav(1.0))
    told = "the upload of 'a.wav' was not checked: the emulator failed; see its log; upload it again"
    assert (500, told) == (reply.status_code, errors(reply))


async def test_tags_may_be_given_one_by_one(emulator: Emulator) -> None:
    """As the client sends a list; for keeping and for finding, beside the list with commas."""
    path = "/file/customaudio"
    for name, tags in (("a.wav", ["x1", "y1"]), ("b.wav", ["x1, z1"])):
        await emulator.v1("GET", f"{path}/uploadurl", params={"filename": name, "tags": tags})
    known = (await emulator.v1("GET", f"{path}/tags")).json()
    found = (await emulator.v1("GET", path, params={"tags": ["x1", "y1"]})).json()["savedAudioFiles"]

    assert {"uniqueTags": ["x1", "y1", "z1"]} == known
    assert ["a.wav"] == [one["filename"] for one in found]
