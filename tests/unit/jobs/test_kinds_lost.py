"""How the built-in kinds find what a lost answer stood for, and what they make of labels and prices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import respx

from audiokit import AudioKit, ConversionJob, JobState, MasteringJob, MixJob, SpeechJob
from audiokit.errors import InvalidRequest
from audiokit.jobs import CalibrationJob, Orchestrator, PollSchedule, TTSRecordingJob
from audiokit.jobs._respeecher_lists import find_conversion, find_original
from audiokit.transport._transport import SystemClock

V1, V2, GATEWAY = "https://v1.example", "https://v2.example", "https://gateway.example"
LABEL = "take-0123abcd"
VOICE = "00000000-0000-4000-8000-000000000000"


def _services(*found: tuple[str, str | None]) -> Any:
    """A client whose recordings are these, newest first."""

    async def listed(*_: Any, **options: Any) -> AsyncIterator[Any]:
        assert "desc" == options["direction"]
        for recording_id, label in found:
            yield SimpleNamespace(id=recording_id, label=label)

    recordings = SimpleNamespace(list_conversions=listed, list_originals=listed)
    return SimpleNamespace(respeecher=SimpleNamespace(recordings=recordings))


@pytest.mark.parametrize(
    ("found", "known", "expected"),
    [
        ([("a", LABEL)], None, "a"),
        ([("b", "other-00000000"), ("a", LABEL)], frozenset("b"), "a"),
        # Labels come back, and ours is not there: not taken, however new others are.
        ([("b", "other-00000000")], frozenset(), None),
        # No labels: the only one that is nobody else's.
        ([("b", None), ("a", None)], frozenset("b"), "a"),
        ([("b", None), ("a", None)], frozenset(), None),
        ([("a", None)], None, None),
        ([], frozenset(), None),
    ],
)
async def test_an_unanswered_order_is_found_by_label_or_by_being_new(
    found: list[tuple[str, str | None]], known: frozenset[str] | None, expected: str | None
) -> None:
    """Two new ones, or one that may be another's, are no answer."""
    assert expected == await find_conversion(_services(*found), "original", LABEL, known)


async def test_a_label_without_a_token_tells_nothing() -> None:
    """It may be that of any other job, so only being new counts."""
    services = _services(("b", "take"), ("a", "take"))
    assert await find_conversion(services, "original", "take", None) is None
    assert "a" == await find_conversion(services, "original", "take", frozenset("b"))
    assert await find_original(services, "folder", "take") is None
    assert "a" == await find_original(_services(("b", None), ("a", LABEL)), "folder", LABEL)


def _cut(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("cut", request=request)


async def _one(kit: AudioKit, job: Any, **options: Any) -> Any:
    async with kit.orchestrator(**options) as orchestrator:
        (outcome,) = [one async for one in orchestrator.run([job])]
    return outcome


async def test_a_lost_speech_and_a_lost_master_are_found_by_their_script(
    kit: AudioKit, sounds: dict[str, bytes], tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """Each is asked for once; the script is our own, so what hangs on it is this job's."""
    script = respx_mock.post(f"{V1}/script").mock(
        side_effect=lambda request: httpx.Response(200, json={"scriptId": _id_in(request)})
    )
    speech = respx_mock.post(f"{V1}/speech").mock(side_effect=_cut)
    respx_mock.get(f"{V1}/speech").respond(json={"intro": "https://x.example/i.wav"})
    master = respx_mock.post(f"{V1}/mastering").mock(side_effect=_cut)
    respx_mock.get(f"{V1}/mastering").respond(json={"url": "https://files.example/a"})
    respx_mock.get("https://files.example/a").respond(200, content=sounds["mp3"])
    outcome = await _one(kit, MasteringJob(script_text="Hi {{name}}", audience={"name": "Ada"}, to=tmp_path))
    assert (None, 1, 1, 1) == (outcome.error, script.call_count, speech.call_count, master.call_count)


def _id_in(request: httpx.Request) -> str:
    import json

    found: str = json.loads(request.content)["scriptId"]
    return found


async def test_a_script_of_the_callers_tells_nothing(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """What is there may be from before, so the job is uncertain instead."""
    respx_mock.post(f"{V1}/speech").mock(side_effect=_cut)
    outcome = await _one(kit, SpeechJob(script_id="theirs"))
    assert JobState.UNCERTAIN is outcome.state
    assert "may have arrived" in str(outcome.error)
    assert "look at the account, then run it again, or do not" in str(outcome.error)


async def test_jobs_that_differ_in_sound_have_scripts_of_their_own(
    kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """The API tells speech by script and listener only: one voice's sound must not answer for another's."""
    ids: list[str] = []

    def create(request: httpx.Request) -> httpx.Response:
        ids.append(_id_in(request))
        return httpx.Response(200, json={"scriptId": ids[-1]})

    respx_mock.post(f"{V1}/script").mock(side_effect=create)
    respx_mock.post(f"{V1}/speech").respond(json={"a": {"status_code": "201", "url": "https://x.example/a"}})
    async with kit.orchestrator() as orchestrator:
        jobs = [
            SpeechJob(script_text="Hi {{name}}", voice=voice, audience={"name": name})
            for voice in ("joanna", "matthew")
            for name in ("Ada", "Bob")
        ]
        outcomes = [one async for one in orchestrator.run(jobs)]
    assert {JobState.DONE} == {one.state for one in outcomes}
    assert 2 == len(set(ids)) == len(ids)


async def test_the_api_is_told_where_to_call_back(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """A webhook's address belongs to the orchestrator, not to the work: keys do not depend on it."""
    import json

    speech = respx_mock.post(f"{V1}/speech").respond(
        json={"a": {"status_code": "201", "url": "https://x.example/a"}}
    )
    master = respx_mock.post(f"{V1}/mastering").respond(json={"url": "https://x.example/m"})
    respx_mock.get(f"{V1}/mastering").respond(json={"url": "https://x.example/m"})
    outcome = await _one(kit, MasteringJob(script_id="s"), callback_url="https://me.example/hooks")
    assert outcome.error is None
    for route in (speech, master):
        assert "https://me.example/hooks" == json.loads(route.calls[0].request.content)["callback_url"]


async def test_a_lost_mix_is_found_by_its_script_and_encoded(
    kit: AudioKit, sounds: dict[str, bytes], tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """Speech and mix are found in the lists of the job's own script; the encoding is what is saved."""
    respx_mock.post(f"{V2}/content/script").respond(json={"data": {"scriptId": "s-1"}})
    tts = respx_mock.post(f"{V2}/speech/tts").mock(side_effect=_cut)
    respx_mock.get(f"{V2}/speech/tts", params={"scriptId": "s-1"}).respond(
        json={"data": {"speechIds": [{"speechId": "t-1"}]}}
    )
    respx_mock.get(f"{V2}/speech/tts/t-1").respond(json={"data": {"speechId": "t-1"}})
    mix = respx_mock.post(f"{V2}/production/mix").mock(side_effect=_cut)
    respx_mock.get(f"{V2}/production/mixes", params={"scriptId": "s-1"}).respond(
        json={"data": {"productionIds": [{"productionId": "m-1"}]}}
    )
    file = {"url": "https://files.example/m.wav", "filename": "theirs", "format": "wav"}
    respx_mock.get(f"{V2}/production/mix/m-1").respond(
        json={"data": {"productionId": "m-1", "files": [file]}}
    )
    respx_mock.post(f"{V2}/delivery/encoder").respond(
        202, json={"data": {"encoderId": "e-1"}, "meta": {"creditsUsed": 0.5}}
    )
    respx_mock.get(f"{V2}/delivery/encoder/e-1").respond(
        json={"data": {"encoderId": "e-1", "url": "https://files.example/e.mp3"}}
    )
    respx_mock.get("https://files.example/e.mp3").respond(200, content=sounds["mp3"])
    job = MixJob(script_text="<as:section/>", encoder_preset="mp3", loudness_preset="podcast", to=tmp_path)
    outcome = await _one(kit, job)
    assert (None, 1, 1, 0.5) == (outcome.error, tts.call_count, mix.call_count, outcome.stats.credits)
    assert ".mp3" == outcome.path.suffix


def test_loudness_is_a_setting_of_the_encoding() -> None:
    """Alone it would be ignored, so it is refused."""
    with pytest.raises(InvalidRequest, match="loudness_preset needs encoder_preset"):
        MixJob(script_id="s", loudness_preset="podcast")


async def test_a_lost_calibration_is_found_by_its_name(
    kit: AudioKit, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """Names are unique in the account; then it is enabled, as was asked."""
    create = respx_mock.post(f"{GATEWAY}/api/calibration").mock(side_effect=_cut)
    mine = {"id": "c-1", "name": "mine", "state": "calibrated", "f0": 120.0}
    respx_mock.get(f"{GATEWAY}/api/calibration", params={"search": "mine"}).respond(
        json=[{"id": "c-0", "name": "mine too", "state": "calibrated"}, mine]
    )
    respx_mock.get(f"{GATEWAY}/api/calibration/c-1").respond(json=mine)
    respx_mock.put(f"{GATEWAY}/api/calibration/c-1/enable").respond(json={**mine, "enabled": True})
    outcome = await _one(kit, CalibrationJob(name="mine", source=wav, enable=True))
    assert (None, 1, True, 120.0) == (
        outcome.error,
        create.call_count,
        outcome.result.enabled,
        outcome.result.f0_hz,
    )


async def test_a_failed_calibration_says_why(kit: AudioKit, wav: bytes, respx_mock: respx.MockRouter) -> None:
    """The API's reason is the cause."""
    failed = {"id": "c-1", "name": "mine", "state": "error", "error": "no voice in it"}
    respx_mock.post(f"{GATEWAY}/api/calibration").respond(json=failed)
    respx_mock.get(f"{GATEWAY}/api/calibration/c-1").respond(json=failed)
    outcome = await _one(kit, CalibrationJob(name="mine", source=wav))
    assert "calibration 'mine' failed: no voice in it" in str(outcome.error)


async def test_labels_end_in_the_jobs_token_unless_told_otherwise(
    kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """At most 40 characters of those the gateway takes; as given without a token."""
    labels: list[str] = []

    def speak(request: httpx.Request) -> httpx.Response:
        import json

        labels.append(json.loads(request.content)["label"])
        return httpx.Response(200, json={"id": "r", "state": "done", "url": "/x"})

    respx_mock.post(f"{GATEWAY}/api/v2/recordings/tts").mock(side_effect=speak)
    respx_mock.get(f"{GATEWAY}/api/recordings/r").respond(json={"id": "r", "state": "done", "url": "/x"})
    long = "A sentence that is longer than any label may be: it is cut."
    for job in (
        TTSRecordingJob(text=long, folder_id="f"),
        TTSRecordingJob(text=long, folder_id="f", label="mine"),
        TTSRecordingJob(text=long, folder_id="f", label="mine_1", label_token=False),
        TTSRecordingJob(text="Ho! Ho!", folder_id="f", label_token=False),
    ):
        outcome = await _one(kit, job)
        assert outcome.error is None
    derived, own, as_given, plain = labels
    assert 36 <= len(derived) <= 40
    assert "-" == derived[-9]
    assert own.startswith("mine-")
    assert len("mine-") + 8 == len(own)
    assert ("mine_1", "Ho- Ho") == (as_given, plain)


async def test_a_budget_knows_the_price_of_an_original(
    kit: AudioKit, respx_mock: respx.MockRouter, make_kit: Callable[..., AudioKit]
) -> None:
    """A minute of sound or 4000 characters of text is a credit; without a budget nobody is asked."""
    spoken = {"id": "t", "state": "done", "tts": True, "text": "x" * 2000, "url": "/t"}
    sung = {"id": "s", "state": "done", "duration": 90.0, "url": "/s"}
    for original in (spoken, sung):
        respx_mock.get(f"{GATEWAY}/api/recordings/{original['id']}").respond(json=original)
    respx_mock.post(f"{GATEWAY}/api/v2/orders").respond(
        json=[{"id": "o", "original_id": "t", "conversion_id": "c"}]
    )
    respx_mock.get(f"{GATEWAY}/api/recordings/c").respond(json={"id": "c", "state": "done", "url": "/c"})
    for original_id, credits_, done in (("t", 0.5, True), ("s", 1.5, False)):
        async with kit.orchestrator(credit_budget=1.0) as orchestrator:
            job = ConversionJob(original_id=original_id, voice_id=VOICE)
            (outcome,) = [one async for one in orchestrator.run([job])]
        assert (done, credits_ if done else 0.0) == (outcome.error is None, outcome.stats.credits)


async def test_uploads_keep_to_the_bytes_allowed_at_once() -> None:
    """Five files of 100 bytes and a budget of 250: two at a time, though there are places for eight."""
    live = most = 0

    async def upload(source: bytes, **_: Any) -> Any:
        nonlocal live, most
        live += len(source)
        most = max(most, live)
        for _turn in range(20):
            await asyncio.sleep(0)
        live -= len(source)
        return SimpleNamespace(id=f"up-{source[0]}")

    async def get(recording_id: str) -> Any:
        done = SimpleNamespace(id=recording_id, state="done", is_over=True, tts=False, duration_s=1.0)
        done.raise_for_error = lambda: done
        return done

    async def create(original_id: str, *_: Any, **__: Any) -> Any:
        return [SimpleNamespace(conversion_id=f"made of {original_id}")]

    recordings = SimpleNamespace(upload=upload, get=get, list=None)
    services = SimpleNamespace(
        respeecher=SimpleNamespace(recordings=recordings, orders=SimpleNamespace(create=create))
    )
    # Real time: a clock that jumps would be at the deadline before an upload has had its turns.
    often = PollSchedule(first_s=0.01, longest_s=0.01)
    limits: dict[str, Any] = {"timeout_s": 15, "transfer_bytes": 250, "schedule": often}
    orchestrator = Orchestrator(services, clock=SystemClock(), **limits)  # type: ignore[arg-type]
    jobs = [ConversionJob(source=bytes([n]) * 100, folder_id=f"f{n}", voice_id=VOICE) for n in range(5)]
    async with orchestrator:
        outcomes = [one async for one in orchestrator.run(jobs)]
    assert [None] * 5 == [one.error for one in outcomes]
    assert 200 == most
