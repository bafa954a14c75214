"""Every voice and every template, as a listener gets them: loudness, peaks, length, format, bit rate."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import av
import pytest
from metering import ebu_r128

from audiokit.emulator._catalogue import SOUND_TEMPLATES, SPEECH_VOICES

# Any: the classes of a conftest cannot be imported where tests are imported by path.
Studio = Any

VOICES = [voice.alias for voice in SPEECH_VOICES]
TEMPLATES = [template.name for template in SOUND_TEMPLATES]
PAIRS = [(voice, TEMPLATES[place % len(TEMPLATES)]) for place, voice in enumerate(VOICES)]
IS_REDUCED = os.environ.get("AUDIOKIT_HEAVY") == "reduced"
EXACT = ("wav", "flac")
KBIT_S = {
    "mp3": 192,
    "mp3_very_low": 64,
    "mp3_low": 96,
    "mp3_medium": 128,
    "mp3_high": 224,
    "mp3_very_high": 320,
}
LOSSY = ("ogg", *KBIT_S)
LENGTH_S = 14.375  # 690 000 frames
SCRIPT = (
    "<<soundSegment::intro>><<sectionName::hello>>Good morning! <<soundSegment::main>><<sectionName::news>>"
    "The harbour opens again, and shops stay open until ten. Come and see for yourself. "
    "<<soundSegment::outro>><<sectionName::bye>>We would love to meet you."
)
V2_SCRIPT = (
    "<as:section name='news' soundSegment='main'>The harbour opens again, and shops stay open until ten. "
    "Come and see for yourself.</as:section>"
)


def stream_facts(path: Path) -> tuple[str, str, int, int, int]:
    """Container, codec, sample rate, channels and bit rate in kbit/s, as FFmpeg reads them."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        kbit_s = round((stream.bit_rate or 0) / 1000)
        return container.format.name, stream.codec_context.name, stream.rate, stream.channels, kbit_s


@pytest.mark.heavy
@pytest.mark.timeout(180)
@pytest.mark.parametrize(("voice", "template"), PAIRS[: len(TEMPLATES)] if IS_REDUCED else PAIRS)
async def test_every_voice_and_every_template_meet_the_target_in_all_formats(
    studio: Studio, voice: str, template: str
) -> None:
    """-16 LUFS +-0.5; at most -1 dBTP in wav and flac, -0.5 in lossy ones; as long as ordered; mono too."""
    channels = 1 + VOICES.index(voice) % 2
    script_id = await studio.speak(SCRIPT, voice=voice)
    files = await studio.master(
        script_id,
        (*EXACT, *LOSSY),
        sound_template=template,
        force_length_s=LENGTH_S,
        channels=channels,
    )
    found = {name: ebu_r128(path) for name, path in files.items()}
    for name in EXACT:
        assert -16.0 == pytest.approx(found[name].lufs, abs=0.5), name
        assert found[name].true_peak_dbtp <= -1.0, name
        assert LENGTH_S == found[name].seconds, name
    for name in LOSSY:
        assert -16.0 == pytest.approx(found[name].lufs, abs=0.5), name
        assert found["wav"].lufs == pytest.approx(found[name].lufs, abs=0.5), name
        assert found[name].true_peak_dbtp <= -0.5, name
        assert LENGTH_S == pytest.approx(found[name].seconds, abs=0.001), name
    assert ("flac", "flac", 48_000, channels) == stream_facts(files["flac"])[:4]
    assert ("wav", "pcm_s16le", 48_000, channels) == stream_facts(files["wav"])[:4]
    assert ("ogg", "vorbis", 48_000, channels) == stream_facts(files["ogg"])[:4]
    assert channels == 1 or stream_facts(files["ogg"])[4] == 320
    for name, kbit_s in KBIT_S.items():
        assert ("mp3", "mp3float", 48_000, channels, kbit_s) == stream_facts(files[name]), name


@pytest.mark.heavy
@pytest.mark.timeout(120)
@pytest.mark.parametrize("voice", VOICES[::4] if IS_REDUCED else VOICES)
async def test_every_voice_meets_the_target_in_a_mix(studio: Studio, voice: str) -> None:
    """The same bars for v2, whose mixes are wav."""
    template = TEMPLATES[(VOICES.index(voice) + 5) % len(TEMPLATES)]
    path = await studio.mix(V2_SCRIPT, voice=voice, sound_template=template)
    found = ebu_r128(path)
    assert -16.0 == pytest.approx(found.lufs, abs=0.5)
    assert found.true_peak_dbtp <= -1.0
    assert ("wav", "pcm_s16le", 48_000, 2) == stream_facts(path)[:4]


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.parametrize("template", TEMPLATES)
async def test_every_pair_of_voice_and_template_meets_the_target(studio: Studio, template: str) -> None:
    """All voices over this template, mono and stereo by turns; a few of them at reduced size."""
    for place, voice in enumerate(VOICES[TEMPLATES.index(template) % 7 :: 7] if IS_REDUCED else VOICES):
        path = await studio.track(
            SCRIPT, voice=voice, sound_template=template, channels=1 + place % 2, force_length_s=LENGTH_S
        )
        found = ebu_r128(path)
        assert -16.0 == pytest.approx(found.lufs, abs=0.5), voice
        assert found.true_peak_dbtp <= -1.0, voice
        assert LENGTH_S == found.seconds, voice
