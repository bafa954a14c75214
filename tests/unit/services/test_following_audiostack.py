"""AudioStack's long work: each way of polling, failures inside successes, uploads, pages and downloads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from audiokit import AudioKit
from audiokit.errors import InvalidRequest, JobTimeout, NotFound, RemoteFailure, UnexpectedResponse
from audiokit.services.audiostack import TTS, StackFile
from audiokit.testing import FakeClock

Wire = Callable[..., list[Any]]
Call = Callable[[AudioKit], Awaitable[Any]]

FILES = {"newFileIds": [{"fileId": "f-2"}], "inputFileIds": [], "replacedFileIds": []}


def _data(**fields: Any) -> dict[str, Any]:
    return {"data": fields}


def _replies(*replies: tuple[int, Any]) -> list[httpx.Response]:
    return [httpx.Response(status, json=document) for status, document in replies]


PIPELINE = (202, _data(pipelineId="p")), (202, _data(pipelineId="p", status=202))
PIPELINE_END = (200, _data(pipelineId="p", status=200, results=FILES))
SUITE = "/production/suite"


@pytest.mark.parametrize(
    ("call", "replies", "requests"),
    [
        pytest.param(
            lambda kit: kit.audiostack.encoder.encode_mix_and_wait("m", preset="mp3"),
            [
                (202, _data(encoderId="e")),
                (202, _data(encoderId="e")),
                (200, _data(url="https://x.example/a.mp3", format="mp3")),
            ],
            ["POST /delivery/encoder", "GET /delivery/encoder/e", "GET /delivery/encoder/e"],
            id="encoder: HTTP 202",
        ),
        pytest.param(
            lambda kit: kit.audiostack.suite.separate_and_wait("f"),
            [*PIPELINE, PIPELINE_END],
            [f"POST {SUITE}/separate", f"GET {SUITE}/pipeline/p", f"GET {SUITE}/pipeline/p"],
            id="suite: HTTP 202",
        ),
        pytest.param(
            lambda kit: kit.audiostack.suite.denoise_and_wait("f", level=3),
            [*PIPELINE, PIPELINE_END],
            [f"POST {SUITE}/denoise", f"GET {SUITE}/pipeline/p", f"GET {SUITE}/pipeline/p"],
            id="denoise",
        ),
        pytest.param(
            lambda kit: kit.audiostack.suite.transcribe_and_wait("f", language="en-US"),
            [*PIPELINE, PIPELINE_END],
            [f"POST {SUITE}/transcribe", f"GET {SUITE}/pipeline/p", f"GET {SUITE}/pipeline/p"],
            id="transcribe",
        ),
        pytest.param(
            lambda kit: kit.audiostack.suite.evaluate_and_wait("f"),
            [(202, {}), (202, {}), (200, _data(score=1))],
            [f"POST {SUITE}/evaluate"] * 3,
            id="evaluation: the same POST again",
        ),
        pytest.param(
            lambda kit: kit.audiostack.sts.create_and_wait("f", alias="wren"),
            [
                (200, _data(pipelineId="p")),
                (200, _data(pipelineId="p", status=202)),
                (202, _data(pipelineId="p", status=200, results=FILES)),
            ],
            ["POST /speech/sts", "GET /speech/sts/p", "GET /speech/sts/p"],
            id="speech to speech: the status inside",
        ),
        pytest.param(
            lambda kit: kit.audiostack.audioforms.create_and_wait({"header": {}}),
            [
                (202, _data(audioformId="a")),
                (202, {"audioformId": "a"}),
                (200, _data(audioformId="a", audioform={}, result={}, errors=[])),
            ],
            ["POST /audioforms", "GET /audioforms/a", "GET /audioforms/a"],
            id="audioform: id outside the envelope",
        ),
        pytest.param(
            lambda kit: kit.audiostack.stories.create_and_wait({"title": "t"}),
            [
                (200, _data(storyId="s")),
                (200, _data(storyId="s", statusCode=202)),
                (200, _data(storyId="s", statusCode=200)),
            ],
            ["POST /creator/story", "GET /creator/story/s", "GET /creator/story/s"],
            id="story: both statuses",
        ),
    ],
)
async def test_long_work_is_followed_as_its_resource_wants(
    call: Call, replies: list[tuple[int, Any]], requests: list[str], kit: AudioKit, wire: Wire
) -> None:
    """Each resource is asked the way the contract says, and the finished object comes back."""
    sent = wire(*_replies(*replies))
    found = await call(kit)
    assert requests == [f"{one.method} {one.url.removeprefix('https://v2.example')}" for one in sent]
    assert found.is_ready


@pytest.mark.parametrize(
    ("call", "document", "reason"),
    [
        (
            lambda kit: kit.audiostack.suite.get("p"),
            _data(pipelineId="p", status=500, message="broke", errors=["no sound", "no file"]),
            "broke; no sound; no file",
        ),
        (
            lambda kit: kit.audiostack.suite.wait("p"),
            _data(pipelineId="p", status=404, message="gone"),
            "gone",
        ),
        (
            lambda kit: kit.audiostack.sts.get("p"),
            _data(pipelineId="p", status=422, body="bad voice"),
            "bad voice",
        ),
        (
            lambda kit: kit.audiostack.audioforms.get("a"),
            _data(audioformId="a", errors=["asset missing"]),
            "asset missing",
        ),
        (
            lambda kit: kit.audiostack.stories.wait("s"),
            _data(storyId="s", statusCode=422, message="no chapters"),
            "no chapters",
        ),
        (
            lambda kit: kit.audiostack.briefs.create({"script": {}}),
            {"data": {"audioforms": []}, "errors": ["no voices"], "meta": {"requestId": "q-1"}},
            "no voices",
        ),
        (lambda kit: kit.audiostack.stories.get("s"), _data(storyId="s", statusCode=500), ""),
    ],
)
async def test_failure_inside_a_success_is_an_error(
    call: Call, document: dict[str, Any], reason: str, kit: AudioKit, wire: Wire
) -> None:
    """A 200 whose body says it failed raises, with the API's reasons and the whole body."""
    wire(httpx.Response(200, json=document))
    with pytest.raises(RemoteFailure, match=reason or "no reason was given") as caught:
        await call(kit)
    assert (200, reason, document) == (caught.value.status, caught.value.api_message, caught.value.body)


async def test_evaluation_of_no_file_ends_the_following(kit: AudioKit, wire: Wire) -> None:
    """404 is the one answer but 200 that ends it."""
    sent = wire(*_replies((202, {}), (404, {"message": "no such file"})))
    with pytest.raises(NotFound, match="no such file"):
        await kit.audiostack.suite.evaluate_and_wait("f")
    assert 2 == len(sent)


async def test_encoding_without_an_id_cannot_be_followed(kit: AudioKit, wire: Wire) -> None:
    """A 202 without the id leaves nothing to ask for, and says so."""
    wire(httpx.Response(202, json=_data(format="mp3")))
    with pytest.raises(UnexpectedResponse, match="no encoderId"):
        await kit.audiostack.encoder.encode_mix("m", preset="mp3")


async def test_stories_have_a_quarter_of_an_hour(kit: AudioKit, wire: Wire, clock: FakeClock) -> None:
    """Without a timeout a story is waited for 900 seconds, then its id and state are named."""
    wire(httpx.Response(202, json=_data(storyId="s")))
    before = clock.monotonic()
    with pytest.raises(JobTimeout, match=r"story \(s\) was not finished after 900\.0 s"):
        await kit.audiostack.stories.wait("s")
    assert 900 == pytest.approx(clock.monotonic() - before)


async def test_restarts_share_the_time(kit: AudioKit, wire: Wire, clock: FakeClock) -> None:
    """With two restarts work is begun three times within the one timeout, and the last error is raised."""
    sent = wire(httpx.Response(202, json=_data(speechId="t")))
    before = clock.monotonic()
    with pytest.raises(JobTimeout, match=r"speech \(t\) was not finished after 20\.0 s"):
        await kit.audiostack.tts.create_and_wait("s", restarts=2, timeout=60.0)
    assert 3 == [one.method for one in sent].count("POST")
    assert 60 == pytest.approx(clock.monotonic() - before, abs=0.01)


async def test_negative_restarts_are_refused(kit: AudioKit, wire: Wire) -> None:
    """Nothing is sent."""
    sent = wire(httpx.Response(200, json={}))
    with pytest.raises(InvalidRequest, match="restarts must be 0 or more, got -1"):
        await kit.audiostack.mixes.create_and_wait(speech="t", restarts=-1)
    assert [] == sent


async def test_file_is_put_with_its_type_and_without_the_key(kit: AudioKit, wire: Wire, wav: bytes) -> None:
    """Ask for a place, put the bytes there as the type it names, then look until it is uploaded."""
    place = {"fileId": "f-1", "uploadUrl": "https://store.example/put?sig=1", "mimeType": "audio/x-wav"}
    sent = wire(
        *_replies(
            (200, place),
            (200, {}),
            (200, {"fileId": "f-1", "status": "pending"}),
            (200, {"fileId": "f-1", "status": "uploaded", "url": "https://x.example/f"}),
        )
    )
    seen: list[int] = []
    file = await kit.audiostack.files.create_and_wait(
        wav,
        name="a.wav",
        folder_id="d-1",
        category_id="k-1",
        on_progress=lambda progress: seen.append(progress.done_bytes),
    )
    assert {"file_name": "a.wav", "folder_id": "d-1", "category_id": "k-1"} == sent[0].json
    assert ("PUT", "https://store.example/put", wav) == (sent[1].method, sent[1].url, sent[1].content)
    assert "audio/x-wav" == sent[1].headers["content-type"]
    assert "x-api-key" not in sent[1].headers
    assert ["POST", "PUT", "GET", "GET"] == [one.method for one in sent]
    assert (True, len(wav)) == (file.is_ready, seen[-1])


async def test_upload_addresses_are_secrets(kit: AudioKit, wire: Wire, wav: bytes) -> None:
    """The address that lets anybody write or read is in no repr."""
    assert "sig=1" not in repr(StackFile(file_id="f", url="https://x.example/f?sig=1"))


async def test_pages_follow_their_tokens(kit: AudioKit, wire: Wire) -> None:
    """Iterating asks for the next page with the last one's token, wherever the API puts it."""
    sent = wire(
        *_replies(
            (200, _data(scripts=[{"scriptId": "a"}], paginationToken="two")),
            (200, {"data": {"scripts": [{"scriptId": "b"}]}, "paginationToken": "three"}),
            (200, _data(scripts=[{"scriptId": "c"}])),
        )
    )
    found = [one.script_id async for one in kit.audiostack.scripts.list(project_name="p")]
    assert ["a", "b", "c"] == found
    assert [None, "two", "three"] == [dict(one.query).get("paginationToken") for one in sent]


async def test_repeated_token_ends_the_list(kit: AudioKit, wire: Wire) -> None:
    """A server that gives back the token it was given does not hold the caller for ever."""
    sent = wire(httpx.Response(200, json=_data(productionIds=[{"productionId": "m"}], paginationToken="x")))
    assert ["m", "m"] == [one.production_id async for one in kit.audiostack.mixes.list()]
    assert 2 == len(sent)


async def test_voices_are_asked_for_page_by_page(kit: AudioKit, wire: Wire) -> None:
    """A full page asks for the next one; a page that is not full is the last."""
    full, last = [{"alias": "a"}, {"alias": "b"}], [{"alias": "c"}]
    sent = wire(*_replies((200, _data(voices=full)), (200, _data(voices=last))))
    assert ["a", "b", "c"] == [one.alias async for one in kit.audiostack.voices.query(page_size=2)]
    assert [1, 2] == [one.json["page"] for one in sent]


async def test_files_of_a_folder_are_asked_for_page_by_page(kit: AudioKit, wire: Wire) -> None:
    """The page size that the API answers with tells whether there is more."""
    paging = {"limit": 2, "offset": 0}
    sent = wire(
        *_replies(
            (200, {"data": [{"fileId": "a"}, {"fileId": "b"}], "pagination": paging}),
            (200, {"data": [{"fileId": "c"}], "pagination": {**paging, "offset": 2}}),
        )
    )
    assert ["a", "b", "c"] == [one.file_id async for one in kit.audiostack.folders.list_files("d")]
    assert [[], [("offset", "2")]] == [one.query for one in sent]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({}, ["intro.wav", "main.wav"]),
        ({"name": "ad"}, ["ad_1_of_2.wav", "ad_2_of_2.wav"]),
        ({"auto_name": True}, ["name=Ann~city=Rome_1_of_2.wav", "name=Ann~city=Rome_2_of_2.wav"]),
    ],
)
async def test_speech_is_saved_under_the_names_asked_for(
    arguments: dict[str, Any], names: list[str], kit: AudioKit, wire: Wire, wav: bytes, tmp_path: Path
) -> None:
    """Sections, numbers or listeners name the files, and none replaces another."""
    sections = [
        {
            "sectionName": name,
            "audience": {"name": "Ann", "city": "Rome"},
            "url": f"https://v2.example/{name}",
        }
        for name in ("intro", "main")
    ]
    wire(
        *_replies((200, _data(speechId="t", sections=sections))),
        *[httpx.Response(200, content=wav) for _ in sections],
    )
    speech = await kit.audiostack.tts.get("t")
    paths = await kit.audiostack.tts.download(speech, tmp_path, **arguments)
    assert names == [path.name for path in paths]
    assert set(names) == {path.name for path in tmp_path.iterdir()}


async def test_encoding_and_file_are_saved(kit: AudioKit, wire: Wire, wav: bytes, tmp_path: Path) -> None:
    """An encoding must be audio; a file may be anything."""
    wire(
        *_replies((200, _data(encoderId="e", url="https://v2.example/e", format="wav"))),
        httpx.Response(200, content=wav),
        *_replies((200, {"fileId": "f", "fileName": "brief.txt", "url": "https://v2.example/f"})),
        httpx.Response(200, content=b"make it loud"),
    )
    encoding = await kit.audiostack.encoder.get("e")
    assert "ad.wav" == (await kit.audiostack.encoder.download(encoding, tmp_path, name="ad")).name
    file = await kit.audiostack.files.get("f")
    path = await kit.audiostack.files.download(file, tmp_path)
    assert ("brief.txt", b"make it loud") == (path.name, path.read_bytes())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda kit: kit.audiostack.suite.evaluate("f", text="a", script_id="s"), "at most one of text"),
        (lambda kit: kit.audiostack.briefs.create(), "exactly one of brief and file"),
        (lambda kit: kit.audiostack.briefs.create({}, num_ads=6), "num_ads must be 1 to 5, got 6"),
        (lambda kit: kit.audiostack.voices.select("s", content="c"), "exactly one of script and content"),
        (
            lambda kit: kit.audiostack.voices.select(content="c", target_length_s=5),
            "target_length_s must be left out where content is given, got 5",
        ),
        (lambda kit: kit.audiostack.templates.select(), "exactly one of script and content"),
        (lambda kit: kit.audiostack.audioforms.get("a", version="4"), "version must be one of"),
        (lambda kit: kit.audiostack.audioforms.create_and_wait({}, version="4"), "version must be one of"),
        (lambda kit: kit.audiostack.files.patch("f", access_control="open"), "one of private, public"),
        (
            lambda kit: kit.audiostack.diction.custom.create_word("a", "b", content_type="x"),
            "content_type must be one of basic, ipa",
        ),
        (lambda kit: kit.audiostack.scripts.delete_many(), "project_name must have 1 to"),
        (lambda kit: kit.audiostack.scripts.update("", "x"), "script_id must have 1 to"),
        (lambda kit: kit.audiostack.scripts.get("s", version=".."), "version must be an identifier"),
        (lambda kit: kit.audiostack.files.get(""), "file_id must be an identifier"),
        (
            lambda kit: kit.audiostack.encoder.encode_mix(
                "m", preset="custom", bit_rate_type="constant", bit_rate=9
            ),
            "bit_rate must be 32 to 320 kbit/s, got 9",
        ),
        (
            lambda kit: kit.audiostack.encoder.encode_mix(
                "m", preset="custom", bit_rate_type="variable", sample_rate_hz=48000
            ),
            "sample_rate_hz must be left out where bit_rate_type is given",
        ),
        (lambda kit: kit.audiostack.encoder.encode_mix("m", preset="custom", bit_depth=20), "16, 24 or 32"),
        (
            lambda kit: kit.audiostack.encoder.encode_mix("m", preset="custom", sample_rate_hz=8000),
            "sample_rate_hz must be 24000 to 96000 Hz, got 8000",
        ),
        (lambda kit: kit.audiostack.tts.download(TTS(speech_id="t"), "."), "t has no sections yet"),
        (lambda kit: kit.audiostack.files.download(StackFile(file_id="f"), "."), "f has no content yet"),
    ],
)
async def test_what_the_contract_rules_out_is_not_sent(
    call: Call, message: str, kit: AudioKit, wire: Wire
) -> None:
    """The message names the argument, what is allowed and what was given; nothing goes out."""
    sent = wire(httpx.Response(200, json={}))
    with pytest.raises(InvalidRequest, match=message):
        await call(kit)
    assert [] == sent


async def test_updated_template_may_come_without_a_body(kit: AudioKit, wire: Wire) -> None:
    """The reference promises status 200 and nothing else; the name is known all the same."""
    wire(httpx.Response(200, json={"message": "updated"}))
    assert "epic1" == (await kit.audiostack.templates.update("epic1", genre="jazz")).template_name


@pytest.mark.parametrize(
    ("call", "document", "message"),
    [
        (lambda kit: kit.audiostack.audioforms.create({}), _data(result={}), "has no audioformId"),
        (lambda kit: kit.audiostack.stories.create({}), _data(message="taken"), "has no storyId"),
        (lambda kit: kit.audiostack.folders.root_id(), _data(folders=[]), "names no root folder"),
        (lambda kit: kit.audiostack.templates.create("epic1"), _data(message="made"), "holds no template"),
        (
            lambda kit: kit.audiostack.tts.preview("Hi", voice="wren"),
            {"message": "ok"},
            "does not fit SpeechPreview",
        ),
        (lambda kit: kit.audiostack.voices.list(), _data(voices=["wren"]), "StackVoice"),
        (lambda kit: kit.audiostack.content.list_projects(), None, "is no JSON"),
    ],
)
async def test_answer_that_lacks_what_matters_is_named(
    call: Call, document: Any, message: str, kit: AudioKit, wire: Wire
) -> None:
    """An answer outside the contract says which operation it belongs to and what is missing."""
    wire(httpx.Response(200, content=b"<html>") if document is None else httpx.Response(200, json=document))
    with pytest.raises(UnexpectedResponse, match=message):
        await call(kit)


async def test_work_that_is_done_at_once_is_not_followed(kit: AudioKit, wire: Wire) -> None:
    """A 200 to the POST itself is the end."""
    sent = wire(httpx.Response(200, json=_data(url="https://x.example/a.mp3", format="mp3")))
    assert (await kit.audiostack.encoder.encode_mix_and_wait("m", preset="mp3")).is_ready
    assert 1 == len(sent)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (_data(speechId="t", sections=[{"sectionName": "a"}]), "speech t is not finished"),
        (_data(productionId="t", encoderId="e"), "not finished|no files yet"),
    ],
)
async def test_unfinished_work_cannot_be_saved(
    document: dict[str, Any], message: str, kit: AudioKit, wire: Wire, tmp_path: Path
) -> None:
    """Saving needs a finished object; the message says to wait for it."""
    wire(httpx.Response(200, json=document))
    stack = kit.audiostack
    if "speechId" in document["data"]:
        with pytest.raises(InvalidRequest, match=message):
            await stack.tts.download(await stack.tts.get("t"), tmp_path)
        return
    with pytest.raises(InvalidRequest, match=message):
        await stack.encoder.download(await stack.encoder.get("e"), tmp_path)
    with pytest.raises(InvalidRequest, match=message):
        await stack.mixes.download(await stack.mixes.get("t"), tmp_path)


async def test_two_kinds_of_names_are_refused(kit: AudioKit, wire: Wire, tmp_path: Path) -> None:
    """Names of one's own and names after the listener exclude each other."""
    wire(httpx.Response(200, json={}))
    with pytest.raises(InvalidRequest, match="auto_name must be left out where name is given"):
        await kit.audiostack.tts.download(TTS(speech_id="t"), tmp_path, name="ad", auto_name=True)


async def test_single_section_takes_the_listeners_name_alone(
    kit: AudioKit, wire: Wire, wav: bytes, tmp_path: Path
) -> None:
    """Without other sections there is nothing to number; without an audience the section's name stays."""
    section = {"sectionName": "intro", "audience": {"name": "Ann"}, "url": "https://v2.example/a"}
    wire(
        *_replies((200, _data(speechId="t", sections=[section]))),
        httpx.Response(200, content=wav),
        *_replies((200, _data(speechId="t", sections=[{**section, "audience": {}}]))),
        httpx.Response(200, content=wav),
    )
    names = []
    for _ in range(2):
        speech = await kit.audiostack.tts.get("t")
        paths = await kit.audiostack.tts.download(speech, tmp_path, auto_name=True)
        names.append(paths[0].name)
    assert ["name=Ann.wav", "intro.wav"] == names


async def test_credits_and_warnings_are_read_from_every_envelope(kit: AudioKit, wire: Wire) -> None:
    """``meta``, ``metadata`` and neither; values of the wrong kind are none."""
    script = {"scriptId": "s"}
    wire(
        *_replies(
            (200, {"data": script, "meta": {"creditsUsed": 1.5, "version": "4"}, "warnings": ["slow"]}),
            (200, {"data": script, "metadata": {"creditUsed": 2, "requestId": 7}, "message": None}),
            (200, script),
        )
    )
    found = [(await kit.audiostack.scripts.get("s")).meta for _ in range(3)]
    assert [1.5, 2, None] == [one.credits_used for one in found]
    assert [("4", ("slow",)), (None, ()), (None, ())] == [(one.version, one.warnings) for one in found]
    assert [None, None, None] == [one.request_id for one in found]
