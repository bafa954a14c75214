"""The job kinds against stubs of their APIs: what they send, share, follow and save."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import respx

from audiokit import AudioKit, ConversionJob, JobState, MasteringJob, MixJob, SpeechJob
from audiokit.errors import InvalidRequest, JobFailed, RemoteFailure

V1, V2, GATEWAY = "https://v1.example", "https://v2.example", "https://gateway.example"
VOICE = "00000000-0000-4000-8000-000000000000"


async def _run(kit: AudioKit, *jobs: Any) -> list[Any]:
    async with kit.orchestrator() as orchestrator:
        outcomes = [outcome async for outcome in orchestrator.run(jobs)]
    return sorted(outcomes, key=lambda one: one.index)


class Marketplace:
    """A gateway that takes uploads and orders, each ready at the second look."""

    def __init__(self, sound: bytes) -> None:
        self.sound = sound
        self.uploads: list[bytes] = []
        self.orders: list[dict[str, Any]] = []
        self.looks: dict[str, int] = {}
        self.fail = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "POST" and path == "/api/recordings":
            self.uploads.append(request.content)
            return httpx.Response(200, json={"id": f"up-{len(self.uploads)}", "state": "processing"})
        if path == "/api/v2/orders":
            body = orjson.loads(request.content)
            self.orders.append(body)
            made = f"conv-{len(self.orders)}"
            order = {"id": "o", "original_id": body["original_id"], "conversion_id": made}
            return httpx.Response(200, json=[order])
        if path.startswith("/api/files/"):
            return httpx.Response(200, content=self.sound)
        name = path.rpartition("/")[2]
        self.looks[name] = self.looks.get(name, 0) + 1
        if name == self.fail:
            return httpx.Response(200, json={"id": name, "state": "error", "error": "no voice"})
        state = "done" if self.looks[name] > 1 else "processing"
        return httpx.Response(200, json={"id": name, "state": state, "url": f"/api/files/{name}"})


@pytest.fixture
def market(wav: bytes, respx_mock: respx.MockRouter) -> Marketplace:
    """The gateway behind respx."""
    market = Marketplace(wav)
    respx_mock.route(url__startswith=GATEWAY).mock(side_effect=market)
    return market


async def test_one_source_for_many_voices_is_uploaded_once(
    kit: AudioKit, market: Marketplace, wav: bytes, tmp_path: Path
) -> None:
    """Three conversions of one file: one upload, three orders, three files of different names."""
    source, out = tmp_path / "take 1.wav", tmp_path / "out"
    source.write_bytes(wav)
    outcomes = await _run(
        kit,
        *[ConversionJob(source=source, voice_id=f"{VOICE[:-1]}{n}", folder_id="f", to=out) for n in range(3)],
    )
    assert [JobState.DONE] * 3 == [one.state for one in outcomes]
    assert (1, 3) == (len(market.uploads), len(market.orders))
    assert {"up-1"} == {order["original_id"] for order in market.orders}
    assert 3 == len({one.path for one in outcomes})
    assert all(
        one.path.name == f"take 1-{hashlib.sha256(one.key.encode()).hexdigest()[:8]}.wav" for one in outcomes
    )
    assert all(wav == one.path.read_bytes() for one in outcomes)


@pytest.mark.parametrize("kind", ["bytes", "path"])
async def test_same_source_in_another_folder_is_uploaded_again(
    kind: str, kit: AudioKit, market: Marketplace, wav: bytes, tmp_path: Path
) -> None:
    """An upload is shared within its folder only."""
    path = tmp_path / "a.wav"
    path.write_bytes(wav)
    source = wav if kind == "bytes" else path
    await _run(kit, *[ConversionJob(source=source, voice_id=VOICE, folder_id=one) for one in ("f", "f", "g")])
    assert 2 == len(market.uploads)


async def test_iterables_are_nobody_elses(
    kit: AudioKit, market: Marketplace, wav: bytes, chunks_of: Callable[..., AsyncIterator[bytes]]
) -> None:
    """A stream can be read once, so each job uploads its own."""
    await _run(kit, *[ConversionJob(source=chunks_of(wav), voice_id=VOICE, folder_id="f") for _ in range(2)])
    assert 2 == len(market.uploads)


async def test_changed_file_is_uploaded_again(
    kit: AudioKit, market: Marketplace, wav: bytes, tmp_path: Path
) -> None:
    """A long-lived orchestrator does not convert yesterday's take under today's name."""
    path = tmp_path / "a.wav"
    path.write_bytes(wav)
    async with kit.orchestrator() as orchestrator:
        for content in (wav, wav + b"\0\0"):
            path.write_bytes(content)
            async for _ in orchestrator.run([ConversionJob(source=path, voice_id=VOICE, folder_id="f")]):
                pass
    assert 2 == len(market.uploads)


async def test_uploaded_bytes_are_not_kept(kit: AudioKit, market: Marketplace, wav: bytes) -> None:
    """What was uploaded is remembered by a digest, not by itself: memory stays level."""
    async with kit.orchestrator() as orchestrator:
        async for _ in orchestrator.run([ConversionJob(source=wav, voice_id=VOICE, folder_id="f")]):
            pass
        kept = [part for key in orchestrator._shared.once._done for part in key if isinstance(part, bytes)]  # type: ignore[attr-defined]
    assert all(len(part) <= 64 for part in kept)


async def test_existing_original_needs_no_upload(kit: AudioKit, market: Marketplace) -> None:
    """With `original_id` the job begins with the order."""
    [outcome] = await _run(
        kit,
        ConversionJob(
            original_id="r-1", voice_id=VOICE, accent_id="a", semitones_correction=-2, label="mine"
        ),
    )
    assert (0, ()) == (len(market.uploads), tuple(outcome.paths))
    wanted = {"voice_id": VOICE, "accent_id": "a", "semitones_correction": -2}
    order = market.orders[0]
    assert wanted.items() <= order["conversions"][0].items()
    assert ("r-1", False) == (order["original_id"], order["use_calibration"])
    assert "conv-1" == outcome.result.id


async def test_failed_conversion_is_its_jobs_outcome(kit: AudioKit, market: Marketplace) -> None:
    """What the API says of a failed conversion is the cause."""
    market.fail = "conv-1"
    [outcome] = await _run(kit, ConversionJob(original_id="r-1", voice_id=VOICE))
    assert isinstance(outcome.error, JobFailed)
    assert isinstance(outcome.error.__cause__, RemoteFailure)
    assert "no voice" in str(outcome.error)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "exactly one of source and original_id"),
        ({"source": b"x", "original_id": "r", "folder_id": "f"}, "exactly one of source and original_id"),
        ({"source": b"x"}, "folder_id must be given with source"),
    ],
)
def test_conversion_needs_one_source(fields: dict[str, Any], said: str) -> None:
    """What cannot work is refused when the job is made."""
    with pytest.raises(InvalidRequest, match=said):
        ConversionJob(voice_id=VOICE, **fields)


async def test_conversion_to_a_path_of_another_format_fails_clearly(
    kit: AudioKit, market: Marketplace, tmp_path: Path
) -> None:
    """The real format decides; the error names the fitting extension."""
    [outcome] = await _run(kit, ConversionJob(original_id="r-1", voice_id=VOICE, to=tmp_path / "a.mp3"))
    assert "the audio is wav; end the name in .wav" in str(outcome.error)
    assert [] == list(tmp_path.iterdir())


async def test_mastering_makes_script_speech_and_track(
    kit: AudioKit, sounds: dict[str, bytes], tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """One script for all listeners, a speech and a track for each, every format saved."""
    script = respx_mock.post(f"{V1}/script").respond(json={"scriptId": "s-1"})
    speech = respx_mock.post(f"{V1}/speech").respond(202, json={"requestId": "q"})
    respx_mock.get(f"{V1}/speech").respond(json={"intro": "https://x.example/i.wav"})
    create = respx_mock.post(f"{V1}/mastering").respond(202, json={})
    looks = {"count": 0}

    def retrieve(request: httpx.Request) -> httpx.Response:
        looks["count"] += 1
        kind = request.url.params["endFormat"]
        if looks["count"] == 1:
            return httpx.Response(202, json={})
        return httpx.Response(200, json={"url": f"https://files.example/{kind}"})

    respx_mock.get(f"{V1}/mastering").mock(side_effect=retrieve)
    for kind in ("wav", "mp3"):
        respx_mock.get(f"https://files.example/{kind}").respond(200, content=sounds[kind])
    outcomes = await _run(
        kit,
        *[
            MasteringJob(
                script_text="Hello {{name|friend}}",
                audience={"name": name},
                sound_template="jazz",
                end_format=["wav", "mp3"],
                to=tmp_path,
            )
            for name in ("Ann", "Bob")
        ],
    )
    assert [None, None] == [one.error for one in outcomes]
    assert (1, 2, 2) == (script.call_count, speech.call_count, create.call_count)
    sent = orjson.loads(create.calls[0].request.content)
    assert ("jazz", ["wav", "mp3"]) == (sent["soundTemplate"], sent["endFormat"])
    assert [".wav", ".mp3"] == [path.suffix for path in outcomes[0].paths]
    assert 4 == len(list(tmp_path.iterdir()))


async def test_speech_job_saves_each_section(
    kit: AudioKit, wav: bytes, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """One wav per section, named after it."""
    respx_mock.post(f"{V1}/speech").respond(
        json={
            name: {"status_code": "201", "url": f"https://files.example/{name}"} for name in ("intro", "main")
        }
    )
    respx_mock.get(url__startswith="https://files.example/").respond(200, content=wav)
    [outcome] = await _run(kit, SpeechJob(script_id="s-1", to=tmp_path))
    assert ["intro", "main"] == [path.name.partition("-")[0] for path in outcome.paths]


async def test_failed_section_fails_the_job(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """A section that could not be spoken is not passed over."""
    respx_mock.post(f"{V1}/speech").respond(json={"intro": {"status_code": "422", "message": "bad voice"}})
    [outcome] = await _run(kit, SpeechJob(script_id="s-1"))
    assert "section 'intro': bad voice" in str(outcome.error)


async def test_mix_job_makes_script_speech_and_mix(
    kit: AudioKit, wav: bytes, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """Script, speech and mix follow each other; the file is saved under the job's name."""
    respx_mock.post(f"{V2}/content/script").respond(json={"data": {"scriptId": "s-1"}})
    respx_mock.post(f"{V2}/speech/tts").respond(202, json={"data": {"speechId": "t-1"}})
    respx_mock.get(f"{V2}/speech/tts/t-1").respond(json={"data": {"speechId": "t-1"}})
    mix = respx_mock.post(f"{V2}/production/mix").respond(202, json={"data": {"productionId": "m-1"}})
    file = {"url": "https://files.example/m.wav", "filename": "theirs", "format": "wav"}
    respx_mock.get(f"{V2}/production/mix/m-1").respond(
        json={"data": {"productionId": "m-1", "files": [file]}}
    )
    respx_mock.get("https://files.example/m.wav").respond(200, content=wav)
    [outcome] = await _run(
        kit, MixJob(script_text="<as:section/>", sound_template="epic1", name="ad", to=tmp_path)
    )
    assert {"speechId": "t-1", "soundTemplate": "epic1"} == orjson.loads(mix.calls[0].request.content)
    assert outcome.error is None
    assert outcome.path is not None
    assert ("ad", wav) == (outcome.path.name.partition("-")[0], outcome.path.read_bytes())


async def test_kinds_may_be_mixed(kit: AudioKit, market: Marketplace, respx_mock: respx.MockRouter) -> None:
    """One run takes jobs for several APIs."""
    respx_mock.post(f"{V1}/speech").respond(
        json={"intro": {"status_code": "201", "url": "https://files.example/i"}}
    )
    outcomes = await _run(kit, SpeechJob(script_id="s"), ConversionJob(original_id="r", voice_id=VOICE))
    assert [JobState.DONE] * 2 == [one.state for one in outcomes]
