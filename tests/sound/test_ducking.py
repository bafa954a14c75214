"""Music under speech, followed by a pilot tone above the 12 kHz at which synthetic speech ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audiokit.emulator._catalogue import SOUND_TEMPLATES, SoundTemplate
from audiokit.emulator._order import PRESETS

Op = Callable[..., dict[str, Any]]
Studio = Any
HERTZ = 48_000
PILOT_HZ = 15_000.0
STEP_S = 0.02
TEXT = (
    "<as:section name='all' soundSegment='main'>One short sentence is spoken here. "
    "<as:break time='4s'/> Another one is spoken after a long pause.</as:section>"
)


@pytest.fixture
async def pilot(studio: Studio) -> str:
    """A template of one's own whose only music is a steady tone of 15 kHz."""
    name = f"pilot-{studio.folder.name}"
    tone = 0.3 * np.sin(2 * np.pi * PILOT_HZ * np.arange(2 * HERTZ) / HERTZ)
    media = await studio.upload(np.stack([tone, tone], axis=1), HERTZ, kind="v2")
    await studio.kit.audiostack.templates.create(name)
    await studio.kit.audiostack.segments.create(name, media, "main")
    return name


def levels(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Level of the pilot and of everything under 10 kHz, in dB, every 20 ms."""
    samples, _ = soundfile.read(path, always_2d=True)
    size = round(STEP_S * HERTZ)
    frames = samples[: len(samples) // size * size, 0].reshape(-1, size) * np.hanning(size)
    power = np.abs(np.fft.rfft(frames)) ** 2
    hertz = np.fft.rfftfreq(size, 1 / HERTZ)
    tone = power[:, np.abs(hertz - PILOT_HZ) < 150].sum(axis=1)
    speech = power[:, (hertz > 100) & (hertz < 10_000)].sum(axis=1)
    return 10 * np.log10(tone + 1e-12), 10 * np.log10(speech + 1e-12)


@pytest.mark.heavy
@pytest.mark.timeout(60)
@pytest.mark.parametrize("preset", ["", *PRESETS])
async def test_music_is_down_under_every_word_and_back_within_a_second(
    studio: Studio, pilot: str, preset: str
) -> None:
    """At least 6 dB less wherever somebody speaks; 1 s after the last word it is where it was before."""
    path = await studio.mix(TEXT, sound_template=pilot, mastering_preset=preset or None)
    tone, speech = levels(path)
    speaking = np.flatnonzero(speech > speech.max() - 30)
    first, last = speaking[0], speaking[-1]
    breaks = np.diff(speaking)
    before, after = speaking[np.argmax(breaks)], speaking[np.argmax(breaks) + 1]
    assert (after - before) * STEP_S > 3.5
    usual = np.median(tone[5 : first - 20])
    assert tone[speaking].max() <= usual - 6.0
    second = round(1.0 / STEP_S)
    assert usual == pytest.approx(tone[before + second : after - second].mean(), abs=0.5)
    assert usual == pytest.approx(tone[before + second], abs=0.5)
    assert last > after


@pytest.mark.heavy
@pytest.mark.timeout(120)
async def test_presets_differ_in_how_far_music_goes_down_and_how_loud_it_is(
    studio: Studio, pilot: str
) -> None:
    """No two of the presets balance speech and music alike: 1 dB apart at least, in one of the two."""
    found: dict[str, tuple[float, float]] = {}
    for preset in PRESETS:
        path = await studio.mix(TEXT, sound_template=pilot, mastering_preset=preset)
        tone, speech = levels(path)
        speaking = speech > speech.max() - 30
        alone = np.median(tone[5 : np.flatnonzero(speaking)[0] - 20])
        depth = alone - np.median(tone[speaking])
        found[preset] = (depth, alone - np.median(speech[speaking]))
    assert 7.0 == pytest.approx(found["lightducking"][0], abs=0.5)
    assert 10.0 == pytest.approx(found["balanced"][0], abs=0.5)
    assert 12.0 == pytest.approx(found["default"][0], abs=0.5)
    assert 18.0 == pytest.approx(found["heavyducking"][0], abs=0.5)
    names = sorted(found)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            assert max(abs(a - b) for a, b in zip(found[one], found[other], strict=True)) >= 1.0, (one, other)


def low_levels(path: Path) -> np.ndarray:
    """Level below 16 kHz in dB, every 50 ms."""
    samples, _ = soundfile.read(path, always_2d=True)
    size = HERTZ // 20
    frames = samples[: len(samples) // size * size, 0].reshape(-1, size) * np.hanning(size)
    power = np.abs(np.fft.rfft(frames)) ** 2
    return 10 * np.log10(power[:, np.fft.rfftfreq(size, 1 / HERTZ) < 16_000].sum(axis=1) + 1e-12)


@pytest.mark.heavy
@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "template", [one for one in SOUND_TEMPLATES if one.style is not None], ids=lambda one: one.name
)
def test_every_template_goes_down_6_db_with_the_lightest_preset(
    op: Op, tmp_path: Path, template: SoundTemplate
) -> None:
    """Under a recording of 19 kHz all below 16 kHz is music: it is compared with and without ducking."""
    sounding_s, silent_s = 3.0, 4.0
    made = op("template", style=template.style, segment="main", out=tmp_path / "music.wav")
    tone = 0.1 * np.sin(2 * np.pi * 19_000 * np.arange(round(sounding_s * HERTZ)) / HERTZ)
    soundfile.write(tmp_path / "tone.wav", tone, HERTZ)
    preset = max(PRESETS.values(), key=lambda one: one.duck_db)
    found = []
    for ducks in (True, False):
        timeline = {
            "seconds": 10.0,
            "media": [{"path": str(tmp_path / "tone.wav"), "start_s": silent_s, "ducks": ducks}],
            "music": [
                {
                    "path": str(tmp_path / "music.wav"),
                    "start_s": 0.0,
                    "end_s": 10.0,
                    "gain_db": preset.music_lufs - made["lufs"],
                }
            ],
            "duck_db": preset.duck_db,
        }
        out = tmp_path / f"{ducks}.wav"
        op("render", timeline=timeline, outputs=[{"path": str(out), "format": "wav"}])
        found.append(low_levels(out))
    down_db = found[1] - found[0]
    alone = np.median(down_db[: round((silent_s - 0.5) * 20)])
    under = down_db[round(silent_s * 20) : round((silent_s + sounding_s) * 20)] - alone
    assert under.min() >= 6.0
    assert 0.0 == pytest.approx(np.median(down_db[-20:]) - alone, abs=0.2)  # and is back
