"""api.audio v1: mastering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

Emulator = Any  # the fixture of conftest

THREE = (
    "<<soundSegment::intro>><<sectionName::hi>> Hello {{username|friend}} in {{location|town}}. "
    "<<soundSegment::main>><<sectionName::body>> The body of it all. "
    "<<soundSegment::outro>><<sectionName::end>> Bye."
)


async def master(emulator: Emulator, script_id: str, **fields: Any) -> Any:
    """POST /mastering."""
    return await emulator.v1("POST", "/mastering", json={"scriptId": script_id, **fields})


async def retrieve(emulator: Emulator, script_id: str, **query: Any) -> Any:
    """GET /mastering."""
    return await emulator.v1("GET", "/mastering", params={"scriptId": script_id, **query})


def file_name(url: str) -> str:
    """Return the last part of a URL, decoded, without its query."""
    return unquote(urlsplit(url).path.rpartition("/")[2])


async def test_a_master_is_mp3_over_the_three_segments(emulator: Emulator) -> None:
    """The default format; each section plays its own segment; the link serves audio/mpeg with ranges."""
    script_id = await emulator.spoken(THREE)
    reply = await master(emulator, script_id, soundTemplate="jakarta")
    assert (200, "application/json") == (reply.status_code, reply.headers["content-type"])
    assert ("default.mp3", "") == (file_name(reply.json()["url"]), reply.json()["warnings"])
    timeline = emulator.work.asked("render")[0]["timeline"]
    assert (3, 3, 2) == (len(timeline["voice"]), len(timeline["music"]), timeline["channels"])
    assert ["intro", "main", "outro"] == [call["segment"] for call in emulator.work.asked("template")]
    url = reply.json()["url"]
    whole = await emulator.client.get(url, headers={"x-api-key": ""})
    assert (200, "audio/mpeg") == (whole.status_code, whole.headers["content-type"])
    part = await emulator.client.get(url, headers={"range": "bytes=2-5"})
    assert (206, whole.content[2:6]) == (part.status_code, part.content)


async def test_built_in_segments_are_rendered_once(emulator: Emulator) -> None:
    """The second master takes them from the store."""
    script_id = await emulator.spoken(THREE)
    await master(emulator, script_id, soundTemplate="jakarta")
    await master(emulator, script_id, soundTemplate="JAKARTA")
    assert 3 == len(emulator.work.asked("template"))


async def test_every_format_of_the_resource_page_is_made(emulator: Emulator) -> None:
    """The reply links the first; each is found by its own name with its extension and type."""
    formats = [
        "wav",
        "mp3",
        "flac",
        "ogg",
        "mp3_very_low",
        "mp3_low",
        "mp3_medium",
        "mp3_high",
        "mp3_very_high",
    ]
    script_id = await emulator.spoken("Hello.")
    reply = await master(emulator, script_id, endFormat=formats)
    assert "default.wav" == file_name(reply.json()["url"])
    types = {"wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac", "ogg": "audio/ogg"}
    for name in formats:
        found = await retrieve(emulator, script_id, endFormat=name)
        extension = name.partition("_")[0]
        assert f"default.{extension}" == file_name(found.json()["url"])
        file = await emulator.client.get(found.json()["url"])
        assert types[extension] == file.headers["content-type"]


async def test_each_listener_gets_a_track_of_their_own(emulator: Emulator) -> None:
    """Speech first for the same audience; names carry the values; retrieval compares without case."""
    script_id = await emulator.script(THREE, scriptName="ad")
    audience = [{"username": "linda", "location": "barcelona"}, {"username": "Bob"}]
    assert (
        200
        == (
            await emulator.v1("POST", "/speech", json={"scriptId": script_id, "audience": audience})
        ).status_code
    )
    reply = await master(emulator, script_id, audience=audience, endFormat=["wav"])
    assert "ad__username~linda__location~barcelona.wav" == file_name(reply.json()["url"])
    other = await retrieve(emulator, script_id, endFormat="wav", USERNAME="BOB")
    assert ("ad__username~Bob.wav", "v0") == (file_name(other.json()["url"]), other.json()["version"])
    assert 404 == (await retrieve(emulator, script_id, endFormat="wav")).status_code
    assert 404 == (await retrieve(emulator, script_id, endFormat="mp3", username="Bob")).status_code


async def test_a_public_master_is_open_and_its_vast_names_it(emulator: Emulator) -> None:
    """Both URLs hold the word public; the document is VAST 3.0 with duration and media file."""
    script_id = await emulator.spoken("Hello.")
    await master(emulator, script_id, public=True, vast=True, forceLength=61)
    audio = (await retrieve(emulator, script_id, public="True")).json()["url"]
    assert "/public/" in audio
    assert 200 == (await emulator.client.get(audio, headers={"x-api-key": ""})).status_code
    url = (await retrieve(emulator, script_id, public="True", vast="True")).json()["url"]
    assert "/public/" in url
    reply = await emulator.client.get(url, headers={"x-api-key": ""})
    root = ET.fromstring(reply.content)
    assert ("VAST", "3.0", "00:01:01.000") == (root.tag, root.get("version"), root.findtext(".//Duration"))
    media = root.find(".//MediaFile")
    assert media is not None
    assert "audio/mpeg" == media.get("type")
    assert 200 == (await emulator.client.get(str(media.text), headers={"x-api-key": ""})).status_code
    assert 404 == (await retrieve(emulator, script_id)).status_code


async def test_vast_without_public_has_no_effect_and_says_so(emulator: Emulator) -> None:
    """The track is made, private, with a warning; with share, which publishes it, there is a document."""
    script_id = await emulator.spoken("Hello.")
    reply = await master(emulator, script_id, vast=True)
    assert 200 == reply.status_code
    assert "vast has no effect: it works only together with public=true" == reply.json()["warnings"]
    assert "/private/" in (await retrieve(emulator, script_id)).json()["url"]
    assert 404 == (await retrieve(emulator, script_id, public="true", vast="true")).status_code
    shared = await master(emulator, script_id, vast=True, share=True)
    assert "" == shared.json()["warnings"]
    assert 200 == (await retrieve(emulator, script_id, public="true", vast="true")).status_code


async def test_a_private_file_has_no_public_link(emulator: Emulator) -> None:
    """Guessing the public route of a private file finds nothing."""
    script_id = await emulator.spoken("Hello.")
    url = (await master(emulator, script_id)).json()["url"]
    assert 404 == (await emulator.client.get(url.split("?")[0].replace("/private/", "/public/"))).status_code


async def test_media_is_bound_trimmed_and_matched(
    emulator: Emulator, make_wav: Callable[[float], bytes]
) -> None:
    """The alias plays the uploaded file with the trim; matchVoice levels the voice to it."""
    media_id = await emulator.upload_v1(make_wav(2.0))
    script_id = await emulator.spoken("Listen: <<media::song>> nice.")
    for files in ([{"song": media_id}], {"song": media_id}):
        reply = await master(emulator, script_id, mediaFiles=files, mediaVolumeTrim=-3, matchVoice=True)
        assert 200 == reply.status_code, reply.text
        timeline = emulator.work.asked("render")[-1]["timeline"]
        assert [-3.0] == [entry["gain_db"] for entry in timeline["media"]]
        assert timeline["match_voice"]


async def test_an_effect_of_the_template_is_played(emulator: Emulator) -> None:
    """The tag soundEffect names a segment of the chosen template; without a template it is refused."""
    script_id = await emulator.spoken("Boom <<soundEffect::effect1>> there.")
    assert 200 == (await master(emulator, script_id, soundTemplate="lofi")).status_code
    assert [False] == [entry["ducks"] for entry in emulator.work.asked("render")[0]["timeline"]["media"]]
    refused = await master(emulator, script_id)
    assert (400, True) == (refused.status_code, "give soundTemplate" in refused.text)


async def test_a_script_without_segments_plays_the_main_one(emulator: Emulator) -> None:
    """Plain text over a template has music; sections named like a segment play that one."""
    script_id = await emulator.spoken("<<sectionName::intro>> Hi. <<sectionName::news>> News.")
    await master(emulator, script_id, soundTemplate="lofi")
    assert ["intro", "main"] == [call["segment"] for call in emulator.work.asked("template")]


async def test_the_silent_template_plays_nothing(emulator: Emulator) -> None:
    """Template fullsilence is without music, whatever the segments."""
    script_id = await emulator.spoken(THREE)
    reply = await master(emulator, script_id, soundTemplate="fullsilence")
    assert (200, []) == (reply.status_code, emulator.work.asked("render")[0]["timeline"]["music"])


async def test_lengths_and_marks_reach_the_timeline(emulator: Emulator) -> None:
    """forceLength, sectionProperties in both spellings, channels."""
    script_id = await emulator.spoken("<<sectionName::a>> Hi. <<sectionName::b>> There.")
    properties = {"a": {"EndAt": 4, "Justify": "flex-end"}, "b": {"endAt": 9.5, "justify": "centre"}}
    reply = await master(emulator, script_id, sectionProperties=properties, forceLength=12, channels=1)
    assert 200 == reply.status_code, reply.text
    timeline = emulator.work.asked("render")[0]["timeline"]
    assert (12.0, 1) == (timeline["seconds"], timeline["channels"])
    assert [3.85, 6.6] == [entry["start_s"] for entry in timeline["voice"]]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"endFormat": ["exe"]}, "endFormat 'exe' must be one of wav, mp3, flac, ogg, mp3_very_low"),
        ({"endFormat": "exe"}, "endFormat 'exe'"),
        ({"endFormat": [["wav"]]}, "endFormat ['wav'] must be one of"),
        ({"endFormat": 5}, "endFormat 5 must be one of"),
        ({"endFormat": {}}, "endFormat {} must be one of"),
        ({"mediaVolumeTrim": 40}, "mediaVolumeTrim must be a number from -12 to 12 dB, got 40"),
        ({"mediaVolumeTrim": "3"}, "mediaVolumeTrim must be a number from -12 to 12 dB, got '3'"),
        ({"channels": 3}, "channels must be 1 (mono) or 2 (stereo), got 3"),
        ({"channels": True}, "channels must be 1 (mono) or 2 (stereo), got True"),
        ({"channels": [1]}, "channels must be 1 (mono) or 2 (stereo), got [1]"),
        ({"forceLength": 0}, "forceLength must be a number from 1 to 600 seconds, got 0"),
        ({"forceLength": 1}, "forceLength 1 s is too short"),
        ({"soundTemplate": "nope"}, "soundTemplate 'nope' not found; there are jakarta"),
        ({"soundTemplate": ["x"]}, "soundTemplate must be a string"),
        ({"masteringPreset": "loudest"}, "masteringPreset 'loudest' must be one of default"),
        ({"sectionProperties": {"zz": {"endAt": 5}}}, "sectionProperties names section 'zz'"),
        ({"sectionProperties": {"default": {"endAt": 1}}}, "lasts at least 2 s"),
        ({"sectionProperties": {"default": {"justify": "centre"}}}, "works only next to endAt"),
        (
            {"sectionProperties": {"default": {"endAt": 5, "justify": "left"}}},
            "justify must be one of flex-start",
        ),
        ({"sectionProperties": {"default": {"ends": 5}}}, "unknown field 'sectionProperties.default.ends'"),
        ({"sectionProperties": [1]}, "sectionProperties must be an object"),
        ({"mediaFiles": [{"song": "x"}]}, "mediaFiles names 'song', but the script's media tags are: none"),
        ({"mediaFiles": "x"}, "mediaFiles must be a list of objects"),
        ({"connectors": [{"a": 1}]}, "connectors[0].name is required"),
        ({"connectors": [{"name": "julep"}]}, "needs a url: the emulator knows no connector"),
        ({"connectors": "julep"}, "connectors must be a list of at most 10 objects"),
        ({"version": "v9"}, "version 'v9' of script"),
        ({"audience": [{"name": None}]}, "audience[0].name must be a string or a number, got None"),
    ],
)
async def test_wrong_orders_are_refused(emulator: Emulator, fields: dict[str, Any], message: str) -> None:
    """The reply names the field, the value and what is allowed, and nothing is rendered."""
    script_id = await emulator.spoken("Hello, this takes more than two seconds to say, quite certainly.")
    reply = await master(emulator, script_id, **fields)
    assert reply.status_code in {400, 404}
    assert message in reply.json()["errors"][0]
    assert [] == emulator.work.asked("render")


async def test_an_unknown_script_is_a_400(emulator: Emulator) -> None:
    """Named with its value; a missing one is required."""
    assert "scriptId 'nope' not found" in (await master(emulator, "nope")).json()["errors"][0]
    assert 400 == (await emulator.v1("POST", "/mastering", json={"scriptId": None})).status_code


async def test_a_section_without_speech_is_refused(emulator: Emulator) -> None:
    """Mastering needs speech for the same audience first; the reply says which sections and for whom."""
    script_id = await emulator.script(THREE)
    reply = await master(emulator, script_id, audience=[{"username": "Ann"}])
    assert 400 == reply.status_code
    assert "has no speech for audience {'username': 'Ann'}" in reply.json()["errors"][0]


async def test_a_template_without_the_named_segment_is_refused(emulator: Emulator) -> None:
    """The reply names the segment and those the template has."""
    script_id = await emulator.spoken("<<soundSegment::drop>><<sectionName::a>> Hi.")
    reply = await master(emulator, script_id, soundTemplate="lofi")
    expected = "soundSegment 'drop' is not in sound template 'lofi', which has intro, main, outro, effect1"
    assert (400, [expected]) == (reply.status_code, reply.json()["errors"])


async def test_media_without_id_or_content_is_refused(emulator: Emulator) -> None:
    """An alias without mediaId, an unknown id, and an id whose bytes never came."""
    script_id = await emulator.spoken("Hi <<media::song>>")
    assert "no mediaId for 'song'" in (await master(emulator, script_id)).text
    assert (
        "mediaId 'x' for 'song' not found"
        in (await master(emulator, script_id, mediaFiles=[{"song": "x"}])).text
    )
    query = {"filename": "x.wav"}
    media_id = (await emulator.v1("GET", "/file/customaudio/uploadurl", params=query)).json()["mediaId"]
    assert "has no content" in (await master(emulator, script_id, mediaFiles=[{"song": media_id}])).text


async def test_a_slow_master_is_202_until_it_is_done(emulator: Emulator) -> None:
    """POST beyond the hold answers 202, the same identity answers 202, then 200."""
    import asyncio

    gate = asyncio.Event()
    run = emulator.work.run

    async def slow(op: str, /, **params: Any) -> dict[str, Any]:
        if op == "render":
            await gate.wait()
        return await run(op, **params)

    emulator.work.run = slow
    object.__setattr__(emulator.context.settings, "hold_s", 0.0)
    script_id = await emulator.script("Hello.")
    await emulator.v1("POST", "/speech", json={"scriptId": script_id})
    await emulator.context.idle()
    reply = await master(emulator, script_id)
    assert (202, {"message", "requestId"}) == (reply.status_code, set(reply.json()))
    assert 202 == (await retrieve(emulator, script_id)).status_code
    gate.set()
    await emulator.context.idle()
    assert 200 == (await retrieve(emulator, script_id, requestId=reply.json()["requestId"])).status_code


async def test_a_failed_rendering_is_told_on_every_reading(emulator: Emulator) -> None:
    """Refused work is a 400, a dead worker a 500 without its internals; both in the API's shape."""
    from audiokit.emulator._work import WorkError

    script_id = await emulator.spoken("Hello.")
    run = emulator.work.run
    for kind, status, told in (
        ("refused", 400, "it refused"),
        ("crashed", 500, "the emulator failed; see its log"),
    ):

        async def fail(op: str, /, **params: Any) -> dict[str, Any]:
            if op == "render":
                raise WorkError(kind, f"it {kind}")  # noqa: B023
            return await run(op, **params)

        emulator.work.run = fail
        reply = await master(emulator, script_id)
        assert (status, [told]) == (reply.status_code, reply.json()["errors"])
        assert status == (await retrieve(emulator, script_id)).status_code


async def test_names_from_clients_stay_harmless_in_links(emulator: Emulator) -> None:
    """A script name full of path parts becomes one file name without separators or dots."""
    script_id = await emulator.script("Hi {{x|y}}", scriptName="../../etc/passwd")
    audience = {"x": "..\\..\\boot.ini\u0000/"}
    await emulator.v1("POST", "/speech", json={"scriptId": script_id, "audience": audience})
    reply = await master(emulator, script_id, audience=audience)
    name = file_name(reply.json()["url"])
    assert [] == [bad for bad in ("..", "/", "\\", "\u0000") if bad in name]
    file = await emulator.client.get(reply.json()["url"])
    assert (200, True) == (file.status_code, ".mp3" in file.headers["content-disposition"])


async def test_a_poll_with_the_whole_order_for_its_query_finds_the_newest_track(emulator: Emulator) -> None:
    """The official client asks so, and loses the listener's values; others still get their own tracks."""
    script_id = await emulator.script("Hello {{name|you}}.")
    audience = {"name": "Ann"}
    for path in ("/speech", "/mastering"):
        body = {"scriptId": script_id, "audience": audience}
        assert 200 == (await emulator.v1("POST", path, json=body)).status_code
    poll = {"scriptId": script_id, "soundTemplate": "", "audience": "name", "endFormat": "mp3"}
    found = await emulator.v1("GET", "/mastering", params=poll)
    own = await retrieve(emulator, script_id, name="Ann")
    assert (200, own.json()["url"].partition("?")[0]) == (
        found.status_code,
        found.json()["url"].partition("?")[0],
    )
    assert 200 == (await emulator.v1("GET", "/speech", params=poll)).status_code
    assert 404 == (await emulator.v1("GET", "/mastering", params={"scriptId": script_id})).status_code


async def test_the_poll_of_a_call_for_a_hundred_listeners_finds_its_first(emulator: Emulator) -> None:
    """However many tracks the same call made after it."""
    script_id = await emulator.script("Hello {{name|you}}.")
    body = {"scriptId": script_id, "audience": [{"name": f"n{number}"} for number in range(100)]}
    for path in ("/speech", "/mastering"):
        assert 200 == (await emulator.v1("POST", path, json=body)).status_code
        poll = {"scriptId": script_id, "soundTemplate": "", "audience": "name"}
        assert 200 == (await emulator.v1("GET", path, params=poll)).status_code


@pytest.mark.parametrize("kind", ["sound", "speech"])
async def test_a_timeline_of_more_than_64_files_at_once_is_refused(
    emulator: Emulator, make_wav: Any, kind: str
) -> None:
    """The reply names how many sound at once; one after the other they may be many more."""
    media = await emulator.upload_v1(make_wav(1.0))

    def order(starts: list[float]) -> dict[str, Any]:
        files = [{"mediaId": media, "startAt": start, "endAt": start + 1.0} for start in starts]
        return {"timeline": [{"contentType": kind, "files": files}]}

    refused = await emulator.v1("POST", "/media-timeline", json=order([2.5] * 65))
    assert 400 == refused.status_code
    (message,) = refused.json()["errors"]
    assert "timeline has 65 files that sound at once at 2.5 s; at most 64 are mixed" == message
    for starts in ([2.5] * 64, [float(place) for place in range(100)]):
        assert 200 == (await emulator.v1("POST", "/media-timeline", json=order(starts))).status_code


async def test_every_preset_balances_in_its_own_way(emulator: Emulator) -> None:
    """No two of those that are listed say the same of themselves."""
    presets = (await emulator.v1("GET", "/mastering-presets")).json()["presets"]
    assert len(presets) == len({preset["description"] for preset in presets})


@pytest.mark.parametrize("formats", [["wav", "mp3"], ["mp3_alexa"]])
@pytest.mark.parametrize(
    ("lufs", "warning"),
    [
        (-16.4, ""),
        (None, "the loudness of the track cannot be measured: it is silent, or too short"),
        (-21.2, "the track reached -21.2 LUFS, not -16: its peaks allow no more"),
        (-64.0, "the track reached -64.0 LUFS, not -16: it is nearly silent and was left so"),
    ],
)
async def test_a_track_that_is_too_quiet_says_so(
    emulator: Emulator, make_wav: Any, lufs: float | None, warning: str, formats: list[str]
) -> None:
    """With the order, with every reading, and for media timelines, whatever the format."""
    emulator.work.reached_lufs = lufs
    script_id = await emulator.spoken("Hello.")
    made = await master(emulator, script_id, endFormat=formats)
    read = await emulator.v1("GET", "/mastering", params={"scriptId": script_id})
    clip = {"mediaId": await emulator.upload_v1(make_wav(1.0)), "startAt": 0, "endAt": 1}
    body = {"timeline": [{"contentType": "sound", "files": [clip]}], "endFormat": formats}
    timeline = (await emulator.v1("POST", "/media-timeline", json=body)).json()

    assert [warning, warning] == [made.json()["warnings"], timeline["warnings"]]
    assert (f'"{warning}"' if warning else None) == (
        read.headers["Warning"].partition("audiokit-emulator ")[2] if "Warning" in read.headers else None
    )
