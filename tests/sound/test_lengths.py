"""Forced lengths, marks and levels of recordings, heard in the finished track."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from metering import ebu_r128

from audiokit import SectionTiming
from audiokit.errors import RequestRefused

Studio = Any
HERTZ = 48_000
TEXT = (
    "The ferry leaves the harbour at nine, and returns in the evening with fish, letters and a brass band. "
    "Everybody is invited to come along."
)


def loudness_curve(path: Path, step_s: float = 0.02) -> np.ndarray:
    """RMS in steps of 20 ms."""
    samples, rate_hz = soundfile.read(path, always_2d=True)
    size = round(step_s * rate_hz)
    return np.sqrt((samples[: len(samples) // size * size].reshape(-1, size * samples.shape[1]) ** 2).mean(1))


def spoken_part(curve: np.ndarray) -> np.ndarray:
    """The curve from the first sound to the last."""
    sounding = np.flatnonzero(curve > 0.01 * curve.max())
    return curve[sounding[0] : sounding[-1] + 1]


@pytest.mark.heavy
@pytest.mark.timeout(60)
@pytest.mark.parametrize("share", [0.98, 0.9, 0.8])
async def test_speech_too_long_for_its_track_is_quickened_and_never_cut(studio: Studio, share: float) -> None:
    """All words are there, evenly quicker; the track has its length to the sample and ends in silence."""
    script_id = await studio.speak(TEXT, voice="ryan")
    plain = (await studio.master(script_id, channels=1))["wav"]
    length_s = round(share * ebu_r128(plain).seconds, 1)
    forced = (await studio.master(script_id, channels=1, force_length_s=length_s))["wav"]
    samples, _ = soundfile.read(forced)
    assert round(length_s * HERTZ) == len(samples)
    assert np.abs(samples[-round(0.02 * HERTZ) :]).max() < 0.01 * np.abs(samples).max()
    natural, quick = spoken_part(loudness_curve(plain)), spoken_part(loudness_curve(forced))
    assert len(quick) < len(natural)
    # Stretched back to its natural length it is the same speech, last word included. Over 100 ms: single
    # frames move a little. Without 0.3 s of it, anywhere, both are below 0.35.
    back = np.interp(np.linspace(0, 1, len(natural)), np.linspace(0, 1, len(quick)), quick)
    was, now = (np.convolve(curve, np.ones(5) / 5, "same") for curve in (natural, back))
    third = len(natural) // 3
    assert np.corrcoef(was, now)[0, 1] > 0.85
    assert np.corrcoef(was[-third:], now[-third:])[0, 1] > 0.8


@pytest.mark.heavy
@pytest.mark.timeout(60)
async def test_a_length_that_words_cannot_meet_is_refused_with_one_that_they_can(studio: Studio) -> None:
    """The error says how long the content is, and what to ask for; asked for that, it works."""
    script_id = await studio.speak(TEXT, voice="ryan")
    with pytest.raises(RequestRefused, match=r"forceLength 3 s is too short.* give at least \d+ s") as caught:
        await studio.master(script_id, force_length_s=3)
    least_s = int(str(caught.value).partition("give at least ")[2].split()[0])
    path = (await studio.master(script_id, force_length_s=least_s))["wav"]
    assert least_s == ebu_r128(path).seconds


@pytest.mark.heavy
@pytest.mark.timeout(60)
@pytest.mark.parametrize(("justify", "start_s"), [("flex-start", 0.0), ("centre", None), ("flex-end", None)])
async def test_sections_end_at_their_marks_and_stand_where_they_are_justified(
    studio: Studio, justify: str, start_s: float | None
) -> None:
    """Two sections with marks at 5 and 11 s: the second's words lie in its slot where they were asked to."""
    text = "<<sectionName::one>>Good morning. <<sectionName::two>>The ferry leaves at nine."
    script_id = await studio.speak(text, voice="ryan")
    marks = {
        "one": SectionTiming(end_at_s=5.0),
        "two": SectionTiming(end_at_s=11.0, justify=justify),
    }
    path = (await studio.master(script_id, channels=1, section_properties=marks))["wav"]
    samples, _ = soundfile.read(path)
    assert 11 * HERTZ == len(samples)
    curve = loudness_curve(path)
    sounding = np.flatnonzero(curve > 0.01 * curve.max()) * 0.02
    second = sounding[sounding >= 5.0 - 0.01]
    spare_s = 6.0 - (second[-1] - second[0])
    expected_s = {"flex-start": 5.0, "centre": 5.0 + spare_s / 2, "flex-end": 5.0 + spare_s}[justify]
    assert sounding[sounding < 4.99].min() < 0.3
    # espeak-ng's words begin and end with up to 0.3 s of breath.
    assert expected_s == pytest.approx(second[0], abs=0.3)
    assert start_s is None or second[0] < 5.4


def levels_of(path: Path, media_s: float) -> tuple[float, float]:
    """Loudness of the speech and of the recording after it, in LUFS."""
    samples, _ = soundfile.read(path)
    border = len(samples) - round(media_s * HERTZ)
    found = []
    for name, part in (("voice", samples[: border - HERTZ // 2]), ("take", samples[border:])):
        piece = path.with_name(f"{path.stem}-{name}.wav")
        soundfile.write(piece, part, HERTZ)
        found.append(ebu_r128(piece).lufs)
    return found[0], found[1]


@pytest.mark.heavy
@pytest.mark.timeout(90)
@pytest.mark.parametrize("track_channels", [1, 2])
@pytest.mark.parametrize("media_channels", [1, 2])
async def test_match_voice_brings_the_voice_to_the_recording_it_stands_beside(
    studio: Studio, media_channels: int, track_channels: int
) -> None:
    """Both alike, mono and stereo, whatever the trim, to 1.5 LU: limiting costs speech up to 1 of them."""
    noise = 0.02 * np.convolve(np.random.default_rng(7).standard_normal(4 * HERTZ), np.ones(8) / 8, "same")
    media = await studio.upload(np.stack([noise] * media_channels, axis=1), HERTZ)
    text = f"<<sectionName::say>>{TEXT} <<sectionName::play>><<media::take>>"
    script_id = await studio.speak(text, voice="ryan")
    order = {"channels": track_channels, "media_files": {"take": media}}
    differences = []
    for wishes in ({}, {"match_voice": True}, {"match_voice": True, "media_volume_trim_db": 6.0}):
        path = (await studio.master(script_id, **order, **wishes))["wav"]
        voice, take = levels_of(path, 4.0)
        differences.append(voice - take)
    assert differences[0] > 6.0
    assert 0.0 == pytest.approx(differences[1], abs=1.5)
    assert 0.0 == pytest.approx(differences[2], abs=1.5)
