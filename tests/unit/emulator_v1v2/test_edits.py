"""The engine's small edits: cutting, stretching, cleaning, and encoding with every setting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av")
soundfile = pytest.importorskip("soundfile")

from audiokit.emulator.engine import OPERATIONS, Refused  # noqa: E402  (needs the libraries above)

RATE_HZ = 24_000


@pytest.fixture
def padded(tmp_path: Path) -> str:
    """One second of a tone with half a second of silence before it and a whole one after it."""
    tone = 0.5 * np.sin(2 * np.pi * 200 * np.arange(RATE_HZ) / RATE_HZ)
    samples = np.concatenate([np.zeros(RATE_HZ // 2), tone, np.zeros(RATE_HZ)])
    soundfile.write(tmp_path / "padded.wav", samples, RATE_HZ)
    return str(tmp_path / "padded.wav")


def test_edges_are_where_it_sounds(padded: str, tmp_path: Path) -> None:
    """Within a millisecond; silence has none."""
    found = OPERATIONS["edges"](padded, threshold=0.01)
    assert abs(found["start_s"] - 0.5) < 0.001
    assert abs(found["end_s"] - 1.5) < 0.001
    assert 2.5 == found["seconds"]
    soundfile.write(tmp_path / "silent.wav", np.zeros(100), RATE_HZ)
    assert 0.0 == OPERATIONS["edges"](str(tmp_path / "silent.wav"), threshold=0.0)["end_s"]


def test_excerpts_are_as_long_as_asked_for(padded: str, tmp_path: Path) -> None:
    """Cut or stretched, to the sample; nothing left is refused."""
    out = str(tmp_path / "out.wav")
    assert 0.75 == OPERATIONS["excerpt"](padded, out, offset_s=0.5, duration_s=0.75)["seconds"]
    assert 0.75 * RATE_HZ == soundfile.info(out).frames
    assert 2.0 == OPERATIONS["excerpt"](padded, out, stretch=0.8)["seconds"]
    with pytest.raises(Refused, match="nothing of the recording"):
        OPERATIONS["excerpt"](padded, out, offset_s=60.0)


@pytest.mark.parametrize("channels", [1, 2])
def test_cleaning_keeps_length_and_a_clean_sound(tmp_path: Path, channels: int) -> None:
    """Noise goes down by what was asked for, within limits; a tone in it stays within 1 dB."""
    noise = 0.01 * np.random.default_rng(3).standard_normal((4 * RATE_HZ, channels))
    tone = np.zeros_like(noise)
    tone[RATE_HZ : 2 * RATE_HZ] = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)[:, None]
    source, out = str(tmp_path / "in.wav"), str(tmp_path / "out.wav")
    soundfile.write(source, noise + tone, RATE_HZ)
    OPERATIONS["denoise"](source, out, reduction_db=12)
    clean = soundfile.read(out, always_2d=True)[0]
    assert noise.shape == clean.shape
    rest, place = slice(3 * RATE_HZ, None), slice(RATE_HZ + 2000, 2 * RATE_HZ - 2000)
    assert -14 < 20 * np.log10(clean[rest].std() / noise[rest].std()) < -8
    assert abs(20 * np.log10(clean[place].std() / tone[place].std())) < 1.0


@pytest.mark.parametrize("frames", [1, 100, 1025, 5000])
def test_cleaning_takes_the_shortest_sounds(tmp_path: Path, frames: int) -> None:
    """As many frames come out as went in, also where less than a window is there."""
    source, out = str(tmp_path / "in.wav"), str(tmp_path / "out.wav")
    soundfile.write(source, np.full(frames, 0.1), RATE_HZ)
    OPERATIONS["denoise"](source, out, reduction_db=20)
    assert frames == soundfile.info(out).frames


def test_settings_a_format_has_not_are_refused(padded: str, tmp_path: Path) -> None:
    """Naming what it has."""
    for settings, said in (
        ({"format": "wma"}, "allowed are wav, flac, mp3, ogg"),
        ({"format": "flac", "bit_depth": 32}, "which has 16, 24"),
        ({"format": "mp3", "bit_depth": 16}, "no bit depth"),
        ({"format": "wav", "quality": 3}, "it has no bit rate"),
        ({"format": "mp3", "rate_hz": 96_000}, "allowed are 24000"),
        ({"format": "mp3", "rate_hz": 24_000, "bit_rate_kbps": 320}, "at most 160 kbit/s"),
    ):
        with pytest.raises(Refused, match=said):
            OPERATIONS["transcode"](padded, str(tmp_path / "out"), **settings)


@pytest.mark.parametrize("kbps", [48, 128, 192, 320])
def test_constant_bit_rates_are_met_at_the_same_level(padded: str, tmp_path: Path, kbps: int) -> None:
    """LAME lowers its input at some of them; that is undone."""
    out = str(tmp_path / "out.mp3")
    made = OPERATIONS["transcode"](padded, out, format="mp3", bit_rate_kbps=kbps, rate_hz=48_000, channels=2)
    assert abs(made["size_bytes"] * 8 / 1000 / 2.5 - kbps) < 0.12 * kbps
    tone = soundfile.read(out)[0][38_000:58_000]
    assert abs(20 * np.log10(tone.std() / (0.5 / np.sqrt(2)))) < 0.3
