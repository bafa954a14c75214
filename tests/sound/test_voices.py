"""Voices are levelled to each other and speak at their own pitch; styles and accents can be measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from metering import ebu_r128
from praat import parselmouth, praat_formants, praat_hz, praat_track

from audiokit import ApiKey, Conversion
from audiokit.emulator._catalogue import SPEECH_VOICES
from audiokit.emulator.apiaudio._visemes import viseme
from audiokit.emulator.respeecher._market import MARKET_VOICES, TTS_VOICES
from audiokit.testing import EmulatorProcess

Op = Callable[..., dict[str, Any]]
Studio = Any
TEXT = (
    "Every morning the baker carries warm bread over the old bridge, and the whole street smells of it. "
    "Would you like some?"
)


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


def loudest_db(path: Path) -> float:
    """RMS of the loudest 100 ms."""
    samples, rate_hz = soundfile.read(path)
    size = rate_hz // 10
    return float(10 * np.log10(np.convolve(np.pad(samples**2, size), np.ones(size) / size, "valid").max()))


@pytest.mark.heavy
@pytest.mark.timeout(120)
def test_a_word_or_two_are_as_loud_as_those_of_any_other_voice(op: Op, tmp_path: Path) -> None:
    """-20 LUFS to 0.5 LU from 0.4 s on; what is shorter peaks where the voice's sentences do, to 3 dB."""
    out, short = tmp_path / "out.wav", 0
    for voice in SPEECH_VOICES:
        op("speak", out=out, items=[voice.speak_item(TEXT)])
        usual_db = loudest_db(out)
        for text in ("Yes.", "Stop!", "Buy now.", "Hello there."):
            seconds = op("speak", out=out, items=[voice.speak_item(text)])["seconds"]
            if seconds >= 0.4:
                assert -20.0 == pytest.approx(ebu_r128(out).lufs, abs=0.5), (voice.alias, text)
            else:
                short += 1
                assert usual_db == pytest.approx(loudest_db(out), abs=3.0), (voice.alias, text)
    assert short >= 5


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
@pytest.mark.timeout(120)
@pytest.mark.parametrize("voice", [one for one in MARKET_VOICES if one.variant], ids=lambda voice: voice.slug)
def test_the_accents_of_a_voice_have_vowels_of_their_own(op: Op, tmp_path: Path, voice: Any) -> None:
    """By Praat the first formant is 5 % apart at least, the pitch within 2 %, the length the same."""
    speaker, take = next(one for one in TTS_VOICES if one.name == "Liam"), tmp_path / "take.wav"
    op("speak", out=take, items=[speaker.speak_item(TEXT, language="en")])
    first, pitch, frames = [], [], []
    for accent in voice.accents:
        out = tmp_path / f"{accent.short_name}.wav"
        op("convert", source=take, out=out, target_pitch_hz=voice.pitch_hz, timbre=voice.timbre_in(accent))
        first.append(praat_formants(out)[0])
        pitch.append(praat_hz(out, low_hz=40.0))
        frames.append(soundfile.info(out).frames)
    assert max(first) >= 1.05 * min(first)
    assert pitch[0] == pytest.approx(pitch[1], rel=0.02)
    assert frames[0] == frames[1]


@pytest.mark.heavy
@pytest.mark.timeout(90)
async def test_an_ordered_accent_is_heard_in_the_conversion(studio: Studio) -> None:
    """An order with British vowels has another first formant than one with the voice's own German ones."""
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
    assert praat_formants(british)[0] >= 1.05 * praat_formants(german)[0]
    assert praat_hz(german) == pytest.approx(praat_hz(british), rel=0.02)


@pytest.mark.heavy
@pytest.mark.timeout(60)
def test_british_and_american_speech_have_other_vowels(op: Op, tmp_path: Path) -> None:
    """Voices of v1 and v2: "go home" is further front in Britain, "the last path" further back, by Praat."""
    american, british = (next(v for v in SPEECH_VOICES if v.alias == name) for name in ("Joanna", "sonia"))
    assert american.espeak.rpartition("+")[2] == british.espeak.rpartition("+")[2]  # one larynx, two accents
    second: dict[str, list[float]] = {}
    for text in (
        "Go home alone, Joe, though the road is cold and slow.",
        "The path to the castle is past the last grass.",
    ):
        for voice in (american, british):
            item = {**voice.speak_item(text), "f0_hz": 200.0, "rate_wpm": 170}
            op("speak", out=tmp_path / "out.wav", items=[item])
            second.setdefault(text[:2], []).append(praat_formants(tmp_path / "out.wav")[1])
    assert second["Go"][1] > 1.2 * second["Go"][0]
    assert second["Th"][1] < 0.9 * second["Th"][0]


@pytest.mark.heavy
@pytest.mark.timeout(60)
async def test_a_voice_narrates_english_with_its_own_accent(studio: Studio, op: Op, tmp_path: Path) -> None:
    """A British voice's "go home" is further front than an American's with the same larynx, by Praat."""
    voice = next(one for one in MARKET_VOICES if one.name == "Helen")
    api = studio.kit.respeecher
    project = await api.projects.create("narrations")
    folder = await api.folders.create(project.id, "texts")
    text = "Go home alone, Joe, though the road is cold and slow."
    original = await api.recordings.create_tts_and_wait(text, folder_id=folder.id)
    order = Conversion(voice_id=voice.id, narration_style_id=voice.styles[0].id)
    (done,) = await api.orders.create_and_wait(original.id, [order], timeout=60)
    british = await api.recordings.download(done, studio.folder, name="narration")
    item = {"text": text, "voice": f"gmw/en-US+{voice.variant}", "f0_hz": voice.pitch_hz, "rate_wpm": 170}
    op("speak", out=tmp_path / "american.wav", items=[item])
    assert praat_formants(british)[1] > 1.2 * praat_formants(tmp_path / "american.wav")[1]


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


@pytest.mark.heavy
@pytest.mark.timeout(60)
@pytest.mark.parametrize("alias", ["Joanna", "Brian", "Hans", "Celine"])
def test_phonemes_are_told_where_they_sound(op: Op, tmp_path: Path, alias: str) -> None:
    """By Praat vowels have a pitch, voiceless fricatives and plosives have none; a pause is no phoneme."""
    voice = next(one for one in SPEECH_VOICES if one.alias == alias)
    items = [
        voice.speak_item("Six cats sat. Papa sofa taxi."),
        {"silence_s": 1.0},
        voice.speak_item("Tip top."),
    ]
    out = tmp_path / "out.wav"
    made = op("speak", out=out, items=items, phonemes=True)
    pitch = parselmouth.Sound(str(out)).to_pitch_ac(
        time_step=0.005,
        pitch_floor=60.0,
        pitch_ceiling=500.0,
        silence_threshold=0.05,  # what rings on into a plosive is none of its voice
        voicing_threshold=0.35,  # and a vowel that creaks is voiced
    )
    voiced: dict[bool, list[bool]] = {True: [], False: []}
    for phoneme, start_s, length_s in made["phonemes"]:
        is_vowel = viseme(phoneme) >= 10
        if is_vowel or phoneme in {"s", "p", "t", "k", "f"}:
            heard = pitch.get_value_at_time(start_s + length_s / 2)
            voiced[is_vowel].append(not math.isnan(heard))
    assert min(map(len, voiced.values())) >= 9
    assert np.mean(voiced[True]) >= 0.9
    assert np.mean(voiced[False]) <= 0.2
    ends = [(start_s + length_s, after[1]) for (_, start_s, length_s), after in pairwise(made["phonemes"])]
    assert 1 == sum(start_s - end_s > 1.0 for end_s, start_s in ends)
