"""AudioStack v2: scripts, media, speech, templates and mixes, as replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from audiokit.emulator._app import recover

if TYPE_CHECKING:
    from collections.abc import Callable

Emulator = Any  # the fixture of conftest
MAIN = '<as:section name="main" soundSegment="main">  Hello world! </as:section>'


def data(reply: Any, status: int = 200) -> Any:
    """Check status and envelope and return the data."""
    assert status == reply.status_code, reply.text
    assert {"data", "message", "meta", "warnings"} == set(reply.json())
    assert {"version", "requestId", "creditsUsed", "creditsRemaining"} == set(reply.json()["meta"])
    return reply.json()["data"]


def refusal(reply: Any, status: int) -> str:
    """Check status and error shape and return the message."""
    assert status == reply.status_code, reply.text
    body = reply.json()
    assert [body["message"]] == body["errors"]
    return str(body["message"])


async def upload(emulator: Emulator, content: bytes, name: str = "epic_main.wav") -> str:
    """Upload a recording and return its mediaId."""
    announced = data(await emulator.v2("POST", "/content/media/create-upload-url", json={"fileName": name}))
    reply = await emulator.put(announced["fileUploadUrl"], content)
    assert reply.status_code < 400, reply.text
    return str(announced["mediaId"])


async def template(emulator: Emulator, content: bytes, *segments: str) -> None:
    """Create template epic1 with segments."""
    data(await emulator.v2("POST", "/production/sound/template", json={"templateName": "epic1"}))
    for segment in segments:
        body = {"templateName": "epic1", "mediaId": await upload(emulator, content), "segmentName": segment}
        data(await emulator.v2("POST", "/production/sound/segment", json=body))


async def mix(emulator: Emulator, **fields: Any) -> Any:
    """POST /production/mix."""
    return await emulator.v2("POST", "/production/mix", json=fields)


async def test_the_guide_works_end_to_end(emulator: Emulator, make_wav: Callable[[float], bytes]) -> None:
    """Template, segment, script, speech, mix, download with the key, delete."""
    await template(emulator, make_wav(3.0), "main")
    _, speech_id = await emulator.spoken_v2(MAIN)
    made = data(await mix(emulator, speechId=speech_id, soundTemplate="epic1"))
    assert ["default"] == [file["filename"] for file in made["files"]]
    assert "wav" == made["files"][0]["format"]
    url = made["files"][0]["url"]
    file = await emulator.client.get(url)
    assert (200, "audio/wav", b"RIFF") == (file.status_code, file.headers["content-type"], file.content[:4])
    assert 403 == (await emulator.client.get(url, headers={"x-api-key": ""})).status_code
    timeline = emulator.work.asked("render")[0]["timeline"]
    assert (1, 1) == (len(timeline["music"]), len(timeline["voice"]))
    assert made == data(await emulator.v2("GET", f"/production/mix/{made['productionId']}"))
    data(await emulator.v2("DELETE", "/production/sound/template/epic1"))
    assert "'epic1' not found" in refusal(await mix(emulator, speechId=speech_id, soundTemplate="epic1"), 400)


async def test_a_script_is_always_new(emulator: Emulator) -> None:
    """The same text twice gives two ids; the text comes back as sent."""
    one, two = [
        data(await emulator.v2("POST", "/content/script", json={"scriptText": MAIN})) for _ in range(2)
    ]
    assert MAIN == one["scriptText"]
    assert one["scriptId"] != two["scriptId"]
    assert one == data(await emulator.v2("GET", f"/content/script/{one['scriptId']}"))
    listed = data(await emulator.v2("GET", "/content/scripts", params={"scriptId": two["scriptId"]}))
    assert [two] == listed["scripts"]


async def test_media_is_read_after_the_upload(emulator: Emulator, make_wav: Callable[[float], bytes]) -> None:
    """mediaId, filename and tags; the name is a label without folders."""
    media_id = await upload(emulator, make_wav(1.0), "../../etc/passwd")
    expected = {"mediaId": media_id, "filename": "passwd", "tags": []}
    assert expected == data(await emulator.v2("GET", f"/content/media/{media_id}"))
    assert "not found" in refusal(await emulator.v2("GET", "/content/media/nope"), 404)


async def test_an_upload_that_is_no_audio_is_refused(emulator: Emulator) -> None:
    """The error has the shape of this API."""
    announced = data(
        await emulator.v2("POST", "/content/media/create-upload-url", json={"fileName": "a.wav"})
    )
    assert "this is no audio" in refusal(
        await emulator.put(announced["fileUploadUrl"], b"<html></html>"), 400
    )


async def test_template_names_are_unique(emulator: Emulator) -> None:
    """A taken name, own or built in, is a 409; a deleted one is free again."""
    data(await emulator.v2("POST", "/production/sound/template", json={"templateName": "epic1"}))
    for name in ("epic1", "Jakarta"):
        again = await emulator.v2("POST", "/production/sound/template", json={"templateName": name})
        assert f"templateName {name!r} is taken" in refusal(again, 409)
    data(await emulator.v2("DELETE", "/production/sound/template/epic1"))
    data(await emulator.v2("POST", "/production/sound/template", json={"templateName": "epic1"}))
    assert "not found" in refusal(await emulator.v2("DELETE", "/production/sound/template/nope"), 404)
    assert "built in" in refusal(await emulator.v2("DELETE", "/production/sound/template/lofi"), 400)


async def test_deleting_a_template_deletes_its_segments(
    emulator: Emulator, make_wav: Callable[[float], bytes]
) -> None:
    """A new template of the name begins empty."""
    await template(emulator, make_wav(1.0), "main", "outro")
    data(await emulator.v2("DELETE", "/production/sound/template/epic1"))
    again = data(await emulator.v2("POST", "/production/sound/template", json={"templateName": "epic1"}))
    assert [] == again["contents"]


@pytest.mark.parametrize("key", ["segmentName", "soundSegmentName"])
async def test_a_segment_is_added_under_both_field_names(
    emulator: Emulator, make_wav: Callable[[float], bytes], key: str
) -> None:
    """The wire's name and the seed's argument; a name with a slash and a space works."""
    data(await emulator.v2("POST", "/production/sound/template", json={"templateName": "a/b c"}))
    body = {"templateName": "a/b c", "mediaId": await upload(emulator, make_wav(1.0)), key: "My Segment"}
    added = data(await emulator.v2("POST", "/production/sound/segment", json=body))
    assert (["My Segment"], ["My Segment"]) == (added["segments"], added["contents"])
    data(await emulator.v2("DELETE", "/production/sound/template/a%2Fb%20c"))


async def test_segments_added_at_once_are_all_kept(
    emulator: Emulator, make_wav: Callable[[float], bytes]
) -> None:
    """Two additions at the same time do not lose one another."""
    import asyncio

    await template(emulator, make_wav(1.0))
    media_id = await upload(emulator, make_wav(1.0))
    bodies = [{"templateName": "epic1", "mediaId": media_id, "segmentName": f"s{i}"} for i in range(5)]
    await asyncio.gather(*(emulator.v2("POST", "/production/sound/segment", json=body) for body in bodies))
    found = data(await emulator.v2("GET", "/production/sound/template"))["templates"][-1]
    assert {f"s{i}" for i in range(5)} == set(found["contents"])


async def test_only_wav_can_be_a_segment(emulator: Emulator) -> None:
    """Content decides, not the name."""
    data(await emulator.v2("POST", "/production/sound/template", json={"templateName": "epic1"}))
    body = {
        "templateName": "epic1",
        "mediaId": await upload(emulator, b"fLaC" + bytes(100)),
        "segmentName": "main",
    }
    assert "('epic_main.wav') is flac" in refusal(
        await emulator.v2("POST", "/production/sound/segment", json=body), 400
    )
    unknown = await emulator.v2("POST", "/production/sound/segment", json={**body, "mediaId": "nope"})
    assert "mediaId 'nope' not found" in refusal(unknown, 404)
    unknown = await emulator.v2("POST", "/production/sound/segment", json={**body, "templateName": "nope"})
    assert "soundTemplate 'nope' not found" in refusal(unknown, 404)
    built_in = await emulator.v2("POST", "/production/sound/segment", json={**body, "templateName": "lofi"})
    assert "built in" in refusal(built_in, 400)


async def test_a_missing_segment_fails_in_the_mix_call(
    emulator: Emulator, make_wav: Callable[[float], bytes]
) -> None:
    """Script and speech are fine; the mix names the segment and those there are."""
    await template(emulator, make_wav(1.0), "intro")
    _, speech_id = await emulator.spoken_v2(MAIN)
    message = refusal(await mix(emulator, speechId=speech_id, soundTemplate="epic1"), 400)
    assert "soundSegment 'main' is not in sound template 'epic1', which has intro" == message


async def test_an_empty_segment_is_no_music(emulator: Emulator, make_wav: Callable[[float], bytes]) -> None:
    """Absent and empty soundSegment play speech alone."""
    await template(emulator, make_wav(1.0), "main")
    text = "<as:section name='a' soundSegment=''>One.</as:section><as:section name='b'>Two.</as:section>"
    _, speech_id = await emulator.spoken_v2(text)
    data(await mix(emulator, speechId=speech_id, soundTemplate="epic1"))
    assert [] == emulator.work.asked("render")[0]["timeline"]["music"]


async def test_speech_uses_the_default_voice_and_sections_their_own(emulator: Emulator) -> None:
    """No voice means Joanna; sections and sub-sections override; padding is microseconds."""
    text = "<as:section name='s'>One <as:sub name='t'>two</as:sub></as:section>"
    await emulator.spoken_v2(text, sections={"t": {"voice": "Matthew"}}, silencePadding="500000")
    items = [call["items"] for call in emulator.work.asked("speak")]
    assert {196, 112} == {item[1]["f0_hz"] for item in items}
    assert {0.25} == {item[0]["silence_s"] for item in items}


async def test_speech_lists_its_sections_with_audience_and_url(emulator: Emulator) -> None:
    """Placeholders are filled; the link needs the key; reading gives the same."""
    text = "<as:section name='s'>Hi <as:placeholder id='name'>you</as:placeholder></as:section>"
    _, speech_id = await emulator.spoken_v2(text, audience={"name": "Ann"})
    found = data(await emulator.v2("GET", f"/speech/tts/{speech_id}", params={"public": "False"}))
    section = found["sections"][0]
    assert ("s", {"name": "Ann"}) == (section["sectionName"], section["audience"])
    assert section["url"].endswith("/s.wav")
    assert 200 == (await emulator.client.get(section["url"])).status_code
    assert "Hi Ann" == emulator.work.asked("speak")[0]["items"][0]["text"].strip()


async def test_credits_are_counted_once_and_given_back_for_failures(emulator: Emulator) -> None:
    """POST charges, GET does not, failed work is refunded."""
    script, speech_id = await emulator.spoken_v2("x" * 4000)
    after = (await emulator.v2("GET", f"/speech/tts/{speech_id}")).json()["meta"]
    assert (0.0, 999.0) == (after["creditsUsed"], after["creditsRemaining"])
    emulator.work.refuse_words.add("xxx")
    body = {"scriptId": script, "useCache": False}
    assert "cannot be spoken" in refusal(await emulator.v2("POST", "/speech/tts", json=body), 400)
    assert 999.0 == (await emulator.v2("GET", f"/speech/tts/{speech_id}")).json()["meta"]["creditsRemaining"]


async def test_without_credits_nothing_is_made(emulator: Emulator) -> None:
    """402 says what it costs and what is left."""
    object.__setattr__(emulator.context.settings, "initial_credits", 0.0)
    made = await emulator.v2("POST", "/content/script", json={"scriptText": "Hello."})
    body = {"scriptId": data(made)["scriptId"]}
    assert "credits" in refusal(await emulator.v2("POST", "/speech/tts", json=body), 402)


async def test_unfinished_work_is_202_with_its_id(emulator: Emulator) -> None:
    """POST and every poll repeat the id inside data until the work is done."""
    import asyncio

    gate, run = asyncio.Event(), emulator.work.run

    async def slow(op: str, /, **params: Any) -> dict[str, Any]:
        await gate.wait()
        return await run(op, **params)

    emulator.work.run = slow
    script = data(await emulator.v2("POST", "/content/script", json={"scriptText": "Hello."}))
    body = {"scriptId": script["scriptId"], "sync": False}
    speech_id = data(await emulator.v2("POST", "/speech/tts", json=body), 202)["speechId"]
    assert speech_id == data(await emulator.v2("GET", f"/speech/tts/{speech_id}"), 202)["speechId"]
    assert "still being made" in refusal(await mix(emulator, speechId=speech_id), 400)
    gate.set()
    await emulator.context.idle()
    assert 1 == len(data(await emulator.v2("GET", f"/speech/tts/{speech_id}"))["sections"])
    gate.clear()
    object.__setattr__(emulator.context.settings, "hold_s", 0.0)
    production_id = data(await mix(emulator, speechId=speech_id), 202)["productionId"]
    assert (
        production_id
        == data(await emulator.v2("GET", f"/production/mix/{production_id}"), 202)["productionId"]
    )
    gate.set()
    await emulator.context.idle()
    assert 1 == len(data(await emulator.v2("GET", f"/production/mix/{production_id}"))["files"])


async def test_a_mix_by_script_takes_its_newest_speech(emulator: Emulator) -> None:
    """A scriptId in place of speechId; lists by script find both."""
    script, _ = await emulator.spoken_v2("Hello <as:placeholder id='n'>you</as:placeholder>")
    reply = await emulator.v2("POST", "/speech/tts", json={"scriptId": script, "audience": {"n": "Bob"}})
    made = data(await mix(emulator, scriptId=script))
    assert "default__n~Bob" == made["files"][0]["filename"]
    mixes = data(await emulator.v2("GET", "/production/mixes", params={"scriptId": script}))
    assert [made["productionId"]] == [item["productionId"] for item in mixes["productionIds"]]
    speeches = data(await emulator.v2("GET", "/speech/tts", params={"scriptId": script}))["speechIds"]
    assert data(reply)["speechId"] == speeches[-1]["speechId"]


async def test_a_public_mix_needs_no_key(emulator: Emulator) -> None:
    """public=true gives a link that works for everybody."""
    _, speech_id = await emulator.spoken_v2("Hello.")
    url = data(await mix(emulator, speechId=speech_id, public=True))["files"][0]["url"]
    assert 200 == (await emulator.client.get(url, headers={"x-api-key": ""})).status_code


@pytest.mark.parametrize(
    ("lufs", "warnings"),
    [
        (-16.4, []),
        (None, ["the loudness of the track cannot be measured: it is silent, or too short"]),
        (-21.2, ["the track reached -21.2 LUFS, not -16: its peaks allow no more"]),
    ],
)
async def test_a_mix_that_is_too_quiet_says_so(
    emulator: Emulator, lufs: float | None, warnings: list[str]
) -> None:
    """With the order, and with every reading."""
    emulator.work.reached_lufs = lufs
    _, speech_id = await emulator.spoken_v2("Hello.")
    made = await mix(emulator, speechId=speech_id)
    read = await emulator.v2("GET", f"/production/mix/{data(made)['productionId']}")

    assert [warnings, warnings] == [made.json()["warnings"], read.json()["warnings"]]


async def test_the_tts_track_is_a_second_file_of_speech_alone(
    emulator: Emulator, make_wav: Callable[[float], bytes]
) -> None:
    """exportSettings.ttsTrack renders again without music."""
    await template(emulator, make_wav(1.0), "main")
    _, speech_id = await emulator.spoken_v2(MAIN)
    fields = {"soundTemplate": "epic1", "exportSettings": {"ttsTrack": True}}
    made = data(await mix(emulator, speechId=speech_id, **fields))
    assert ["default", "default_tts"] == [file["filename"] for file in made["files"]]
    full, alone = [call["timeline"] for call in emulator.work.asked("render")]
    assert (1, [], full["seconds"]) == (len(full["music"]), alone["music"], alone["seconds"])


async def test_media_effects_and_timing_reach_the_timeline(
    emulator: Emulator, make_wav: Callable[[float], bytes]
) -> None:
    """Uploaded media and effects, the template's own effects, section and timeline properties, preset."""
    media_id = await upload(emulator, make_wav(2.0))
    text = (
        "<as:section name='a' soundSegment='main'>Hi <as:media name='m'/><as:fx name='f'/>"
        "<as:fx name='effect1'/>"
        "</as:section><as:section name='b' soundSegment='main'>Bye</as:section>"
    )
    _, speech_id = await emulator.spoken_v2(text)
    fields = {
        "soundTemplate": "lofi",
        "mediaFiles": {"m": media_id},
        "fxFiles": {"f": media_id},
        "timelineProperties": {"speechStart": 1, "soundTail": 3, "padding": 0, "fadeIn": 1.5, "fadeOut": 2},
        "sectionProperties": {"b": {"startAt": 20, "endAt": 30, "alignment": "right"}},
        "masteringPreset": "heavyDucking",
    }
    data(await mix(emulator, speechId=speech_id, **fields))
    timeline = emulator.work.asked("render")[0]["timeline"]
    assert [1.0, 29.85] == [entry["start_s"] for entry in timeline["voice"]]
    assert [True, False, False] == [entry["ducks"] for entry in timeline["media"]]
    assert (30.0, -18.0) == (timeline["seconds"], timeline["duck_db"])
    music = timeline["music"][0]
    assert (1.5, 2.0) == (music["fade_in_s"], music["fade_out_s"])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"scriptId": "x"}, "give exactly one of speechId and scriptId"),
        ({"speechId": 7}, "speechId must be a string"),
        ({"soundTemplate": "nope"}, "soundTemplate 'nope' not found"),
        ({"masteringPreset": "loud"}, "masteringPreset 'loud' must be one of"),
        ({"mediaFiles": {"m": "x"}}, "mediaFiles names 'm', but the script's media tags are: none"),
        ({"mediaFiles": [{"m": "x"}]}, "mediaFiles must be an object"),
        ({"fxFiles": {"f": "x"}}, "fxFiles names 'f'"),
        ({"timelineProperties": {"forceLength": "10"}}, "timelineProperties.forceLength must be a number"),
        ({"timelineProperties": {"forcelength": 10}}, "unknown field 'timelineProperties.forcelength'"),
        ({"sectionProperties": {"zz": {}}}, "sectionProperties names section 'zz'; the script has main"),
        ({"sectionProperties": {"main": {"alignment": "left"}}}, "works only next to endAt"),
        (
            {"sectionProperties": {"main": {"alignment": "up", "endAt": 9}}},
            "alignment must be one of left, centre",
        ),
        ({"sections": {"main": {"atmosphere": "rain"}}}, "not emulated"),
        ({"soundLayer": "music-only"}, "soundLayer 'music-only' must be 'default'"),
        ({"exportSettings": {"ttsTrack": True, "stems": True}}, "unknown field 'exportSettings.stems'"),
        ({"strictValidation": "no"}, "strictValidation must be true or false"),
        ({"public": 1}, "public must be true or false"),
    ],
)
async def test_wrong_mixes_are_refused(emulator: Emulator, fields: dict[str, Any], message: str) -> None:
    """400 naming the field; validate says the same; nothing is charged or rendered."""
    _, speech_id = await emulator.spoken_v2(MAIN)
    body = {"speechId": speech_id, **fields}
    assert message in refusal(await mix(emulator, **body), 400)
    assert message in refusal(await emulator.v2("POST", "/production/validate", json=body), 400)
    assert [] == emulator.work.asked("render")


async def test_validate_makes_and_charges_nothing(emulator: Emulator) -> None:
    """A good request gets a productionId without a production."""
    _, speech_id = await emulator.spoken_v2(MAIN)
    reply = await emulator.v2("POST", "/production/validate", json={"speechId": speech_id})
    assert ({"productionId", "files"}, 0.0) == (set(data(reply)), reply.json()["meta"]["creditsUsed"])
    assert [] == emulator.work.asked("render")


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"scriptId": "nope"}, 404, "scriptId 'nope' not found"),
        ({"scriptId": None}, 400, "scriptId is required"),
        ({"voice": "nobody"}, 404, "voice 'nobody' not found"),
        ({"speed": 4}, 400, "speed must be a number from 0.5 to 3, got 4"),
        ({"silencePadding": 1000}, 400, "silencePadding must be a string of microseconds"),
        ({"sections": {"zz": {}}}, 400, "sections names 'zz'"),
        ({"sectionToProduce": "zz"}, 400, "sectionToProduce 'zz' has nothing to say"),
        ({"audience": [{"a": "b"}]}, 400, "audience must be an object"),
    ],
)
async def test_wrong_speech_is_refused(
    emulator: Emulator, fields: dict[str, Any], status: int, message: str
) -> None:
    """The reply names the field, the value and what is allowed."""
    script = data(await emulator.v2("POST", "/content/script", json={"scriptText": MAIN}))
    reply = await emulator.v2("POST", "/speech/tts", json={"scriptId": script["scriptId"], **fields})
    assert message in refusal(reply, status)


async def test_markup_faults_are_told_when_the_script_is_made(emulator: Emulator) -> None:
    """400 with the element at fault."""
    reply = await emulator.v2("POST", "/content/script", json={"scriptText": "<as:section name='a'>Hi"})
    assert "scriptText: element <as:section> is never closed" in refusal(reply, 400)


async def test_work_whose_request_was_not_kept_is_told_as_interrupted(emulator: Emulator) -> None:
    """A folder of an emulator that kept no requests: the reading says so instead of 202 for ever."""
    _, speech_id = await emulator.spoken_v2("Hello.")
    kept = {"id": speech_id, "script_id": "s", "public": False, "parts": [], "state": "processing"}
    await emulator.context.store.put("v2.speech", speech_id, kept, account="default")
    await recover(emulator.context)
    assert "order it again" in refusal(await emulator.v2("GET", f"/speech/tts/{speech_id}"), 422)
