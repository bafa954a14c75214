"""Voices are levelled to each other and speak at their own pitch; styles and accents can be measured."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from metering import ebu_r128
from praat import praat_hz, praat_track

from audiokit import ApiKey, Conversion
from audiokit.emulator._catalogue import SPEECH_VOICES
from audiokit.emulator.respeecher._market import MARKET_VOICES
from audiokit.testing import EmulatorProcess

Op = Callable[..., dict[str, Any]]
Studio = Any
TEXT = (
    "Every morning the baker carries warm bread over the old bridge, and the whole street smells of it. "
    "Would you like some?"
)


def band_levels(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Centre in octaves over 1 kHz and mean power in dB of ten bands from 300 Hz to 8 kHz."""
    samples, rate_hz = soundfile.read(path)
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    edges = np.geomspace(300, 8_000, 11)
    levels = [power[(hertz >= low) & (hertz < high)].mean() for low, high in itertools.pairwise(edges)]
    return np.log2(np.sqrt(edges[1:] * edges[:-1]) / 1_000), 10 * np.log10(np.array(levels))


def spread_semitones(path: Path) -> float:
    """How far the pitch wanders: from its 10th to its 90th percentile."""
    low, high = np.percentile(praat_track(path), [10, 90])
    return float(12 * np.log2(high / low))


@pytest.mark.heavy
@pytest.mark.timeout(120)
def test_all_voices_of_v1_and_v2_are_as_loud_as_each_other(op: Op, tmp_path: Path) -> None:
    """-20 LUFS each to 0.5 LU by ebur128, for a long text and for another one."""
    for voice in SPEECH_VOICES:
        for text in (TEXT, "And now the weather: sunshine, with some wind from the west in the afternoon."):
            op("speak", out=tmp_path / "out.wav", items=[voice.speak_item(text)])
            assert -20.0 == pytest.approx(ebu_r128(tmp_path / "out.wav").lufs, abs=0.5), voice.alias


@pytest.mark.heavy
@pytest.mark.timeout(120)
def test_all_voices_of_v1_and_v2_speak_at_their_own_pitch(op: Op, tmp_path: Path) -> None:
    """The catalogue's pitch within 6 % by Praat, and no two voices of a language and gender alike."""
    found: dict[str, float] = {}
    for voice in SPEECH_VOICES:
        op("speak", out=tmp_path / "out.wav", items=[voice.speak_item(TEXT)])
        found[voice.alias] = praat_hz(tmp_path / "out.wav")
        assert voice.f0_hz == pytest.approx(found[voice.alias], rel=0.06), voice.alias
    men = [
        hertz for voice, hertz in zip(SPEECH_VOICES, found.values(), strict=True) if voice.gender == "male"
    ]
    women = [
        hertz for voice, hertz in zip(SPEECH_VOICES, found.values(), strict=True) if voice.gender != "male"
    ]
    assert max(men) < min(women)


@pytest.mark.heavy
@pytest.mark.timeout(120)
@pytest.mark.parametrize("voice", [one for one in MARKET_VOICES if one.styles], ids=lambda voice: voice.slug)
def test_narration_styles_differ_in_tempo_pitch_and_liveliness(op: Op, tmp_path: Path, voice: Any) -> None:
    """Calm is slower, lower and flatter; excited is quicker, higher and livelier; story is slowest."""
    seconds, hertz, spread = {}, {}, {}
    for style in voice.styles:
        out = tmp_path / f"{style.name}.wav"
        item = {
            "text": TEXT,
            "voice": voice.espeak("en"),
            "rate_wpm": 170,
            "f0_hz": voice.pitch_hz,
            "style": style.settings or None,
        }
        seconds[style.name] = op("speak", out=out, items=[item])["seconds"]
        hertz[style.name], spread[style.name] = praat_hz(out), spread_semitones(out)
        assert -20.0 == pytest.approx(ebu_r128(out).lufs, abs=0.5), style.name
    assert seconds["excited"] < 0.9 * seconds["neutral"]
    assert seconds["neutral"] * 1.15 < seconds["calm"] < seconds["story"]
    assert hertz["calm"] < 0.98 * hertz["neutral"]
    assert hertz["excited"] > 1.05 * hertz["neutral"]
    assert spread["calm"] < 0.85 * spread["neutral"]
    assert spread["excited"] > 1.15 * spread["neutral"]


@pytest.mark.heavy
@pytest.mark.timeout(90)
async def test_an_accent_colours_a_conversion_and_leaves_pitch_and_length(studio: Studio) -> None:
    """British is brighter than German, by the tilt that the market states; the rest stays."""
    voice = next(one for one in MARKET_VOICES if one.name == "Ingrid")
    api = studio.kit.respeecher
    project = await api.projects.create("accents")
    folder = await api.folders.create(project.id, "takes")
    original = await api.recordings.create_tts_and_wait(TEXT, folder_id=folder.id)
    source = await api.recordings.download(original, studio.folder, name="source")
    take = await api.recordings.upload_and_wait(source, folder_id=folder.id)
    orders = [Conversion(voice_id=voice.id, accent_id=accent.id) for accent in voice.accents]
    done = await api.orders.create_and_wait(take.id, orders, timeout=60)
    german, british = [
        await api.recordings.download(one, studio.folder, name=f"accent{place}")
        for place, one in enumerate(done)
    ]
    octaves, low = band_levels(german)
    _, high = band_levels(british)
    slope = float(np.polyfit(octaves, high - low, 1)[0])
    stated = voice.accents[1].tilt_db_per_octave - voice.accents[0].tilt_db_per_octave
    assert stated >= 1.0
    assert stated == pytest.approx(slope, abs=0.4)
    assert praat_hz(german) == pytest.approx(praat_hz(british), rel=0.02)
    assert soundfile.info(german).frames == soundfile.info(british).frames


@pytest.mark.heavy
@pytest.mark.timeout(60)
async def test_samples_of_accents_are_spoken_with_them(
    studio: Studio, emulator: EmulatorProcess, tmp_path: Path
) -> None:
    """The same sentence by the same voice takes its own time in each accent, at the same pitch."""
    voice = next(one for one in MARKET_VOICES if one.name == "Gordon")
    access = emulator.access["respeecher"]
    assert isinstance(access.credentials, ApiKey)
    headers = {"api-key": access.credentials.key.reveal()}
    lengths, pitches = [], []
    async with httpx.AsyncClient(base_url=access.base_url, headers=headers, timeout=30) as client:
        for accent in voice.accents:
            reply = await client.get(f"/api/samples/accents/{accent.id}.wav")
            path = tmp_path / f"{accent.short_name}.wav"
            path.write_bytes(reply.raise_for_status().content)
            lengths.append(soundfile.info(path).duration)
            pitches.append(praat_hz(path))
    assert abs(lengths[0] - lengths[1]) > 0.05
    assert pitches[0] == pytest.approx(pitches[1], rel=0.1)
