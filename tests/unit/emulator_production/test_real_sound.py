"""Mastering and mixing with the real workers: lengths, loudness and peaks of what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

Emulator = Any  # the fixture of conftest

pytestmark = pytest.mark.asyncio(loop_scope="module")

THREE = (
    "<<soundSegment::intro>><<sectionName::hi>> Hello {{name|friend}}, welcome. "
    "<<soundSegment::main>><<sectionName::body>> This is the body of it all. <break time='300ms'/> Listen. "
    "<<soundSegment::outro>><<sectionName::end>> Good bye."
)


async def measured(emulator: Emulator, url: str) -> dict[str, Any]:
    """Download a file and measure it."""
    reply = await emulator.client.get(url)
    path = emulator.context.files.scratch(".bin")
    path.write_bytes(reply.content)
    result: dict[str, Any] = await emulator.context.work.run("measure", path=str(path))
    return result


async def test_a_master_has_the_forced_length_and_the_target_loudness(real_emulator: Emulator) -> None:
    """Wav and flac: length to 10 ms, -16 LUFS to half a unit, true peak at most -1 dBTP."""
    script_id = await real_emulator.spoken(THREE)
    for length, channels in ((7, 1), (9, 2)):
        body = {
            "scriptId": script_id,
            "soundTemplate": "chill_vibes",
            "endFormat": ["wav", "flac"],
            "forceLength": length,
            "channels": channels,
        }
        reply = await real_emulator.v1("POST", "/mastering", json=body)
        assert 200 == reply.status_code, reply.text
        for name, url in reply.json()["urls"].items():
            facts = await measured(real_emulator, url)
            assert (name, channels) == (facts["format"], facts["channels"])
            assert length == pytest.approx(facts["seconds"], abs=0.01)
            assert -16.0 == pytest.approx(facts["lufs"], abs=0.5)
            assert facts["true_peak_dbtp"] <= -1.0


async def test_the_guide_of_v2_makes_a_real_mix(
    real_emulator: Emulator, make_wav: Callable[[float], bytes]
) -> None:
    """Uploaded segment, template, script, speech, mix: a wav at the target loudness."""
    announced = await real_emulator.v2("POST", "/content/media/create-upload-url", json={"fileName": "a.wav"})
    data = announced.json()["data"]
    assert 200 == (await real_emulator.put(data["fileUploadUrl"], make_wav(2.0))).status_code
    await real_emulator.v2("POST", "/production/sound/template", json={"templateName": "epic1"})
    body = {"templateName": "epic1", "mediaId": data["mediaId"], "segmentName": "main"}
    assert 200 == (await real_emulator.v2("POST", "/production/sound/segment", json=body)).status_code
    text = '<as:section name="main" soundSegment="main">  Hello world! </as:section>'
    _, speech_id = await real_emulator.spoken_v2(text)
    body = {"speechId": speech_id, "soundTemplate": "epic1"}
    mix = (await real_emulator.v2("POST", "/production/mix", json=body)).json()["data"]
    facts = await measured(real_emulator, mix["files"][0]["url"])
    assert ("wav", 48000, 2) == (facts["format"], facts["sample_rate_hz"], facts["channels"])
    assert -16.0 == pytest.approx(facts["lufs"], abs=0.5)
