"""Loudness is that of the channels ordered, and what misses it says so."""

from __future__ import annotations

from typing import Any

import pytest

EMPTY_MIX = "<as:section name='main'>Hello there.</as:section>"


async def mixed(emulator: Any) -> str:
    """The id of a finished mix."""
    _, speech_id = await emulator.spoken_v2(EMPTY_MIX)
    reply = await emulator.v2("POST", "/production/mix", json={"speechId": speech_id})
    assert 200 == reply.status_code, reply.text
    return str(reply.json()["data"]["productionId"])


async def encoded(emulator: Any, **order: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """The timelines that an encoding renders, and its warnings, which every reading repeats."""
    production_id = await mixed(emulator)
    before = len(emulator.work.asked("render"))
    reply = await emulator.v2("POST", "/delivery/encoder", json={"productionId": production_id, **order})
    assert 200 == reply.status_code, reply.text
    read = await emulator.v2("GET", f"/delivery/encoder/{reply.json()['data']['encoderId']}")
    assert reply.json()["warnings"] == read.json()["warnings"]
    return [call["timeline"] for call in emulator.work.asked("render")[before:]], reply.json()["warnings"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({"preset": "wav", "loudnessTarget": -16}, (2, -16.0, -1.0)),
        ({"preset": "custom", "format": "wav", "channels": 1, "loudnessTarget": -16}, (1, -16.0, -1.0)),
        ({"preset": "mp3_alexa", "loudnessPreset": "streaming", "truePeak": -3}, (1, -14.0, -3.0)),
        ({"preset": "mp3_alexa"}, (1, -16.0, -1.0)),
    ],
)
async def test_an_encoding_is_levelled_in_the_channels_ordered(
    emulator: Any, order: dict[str, Any], expected: tuple[int, float, float]
) -> None:
    """Folding afterwards costs up to 3 LU; mono without a loudness is as loud as its mix."""
    [timeline], _ = await encoded(emulator, **order)
    assert expected == (timeline["channels"], timeline["loudness_lufs"], timeline["true_peak_dbtp"])


async def test_stereo_without_a_loudness_is_encoded_as_it_is(emulator: Any) -> None:
    """Nothing is rendered, and nothing warned of."""
    assert ([], []) == await encoded(emulator, preset="mp3")


@pytest.mark.parametrize(
    ("target", "warnings"),
    [(-16, []), (-8, ["the track reached -16.0 LUFS, not -8: its peaks allow no more"])],
)
async def test_an_encoding_that_misses_its_loudness_says_so(
    emulator: Any, target: int, warnings: list[str]
) -> None:
    """With the order and with every reading."""
    _, told = await encoded(emulator, preset="wav", loudnessTarget=target)
    assert warnings == told


async def test_the_mp3_for_alexa_is_levelled_in_mono(emulator: Any) -> None:
    """Like the other formats of a master, in its own one channel."""
    script_id = await emulator.spoken("Hello.")
    reply = await emulator.v1(
        "POST", "/mastering", json={"scriptId": script_id, "endFormat": ["mp3_alexa", "wav"]}
    )
    assert 200 == reply.status_code, reply.text
    stereo, mono = [call["timeline"] for call in emulator.work.asked("render")]

    assert (2, 1) == (stereo["channels"], mono["channels"])
    assert (-16.0, -1.0) == (mono["loudness_lufs"], mono["true_peak_dbtp"])
