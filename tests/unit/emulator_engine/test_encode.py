"""Every format is written, as long and as loud as its source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audiokit.emulator.engine import Refused

Op = Callable[..., dict[str, Any]]

MP3S = ("mp3_very_low", "mp3_low", "mp3_medium", "mp3", "mp3_high", "mp3_very_high")


@pytest.mark.parametrize("name", ["wav", "flac", "ogg", *MP3S])
def test_format_keeps_length_and_loudness(op: Op, speech: Path, tmp_path: Path, name: str) -> None:
    """Decoded, the result is as long to 1 ms and as loud to 0.2 LU: LAME's own gain is taken back."""
    out = tmp_path / "out"
    done = op("encode", path=speech, out=out, format=name)
    before, after = op("probe", path=speech), op("probe", path=out)
    assert name.split("_", maxsplit=1)[0] == after["format"]
    assert before["seconds"] == pytest.approx(after["seconds"], abs=0.001)
    assert before["lufs"] == pytest.approx(after["lufs"], abs=0.2)
    assert (after["seconds"], out.stat().st_size) == (done["seconds"], done["size_bytes"])


def test_mp3_qualities_rise_in_size(op: Op, audio: Path, tmp_path: Path) -> None:
    """very_low < low < medium < mp3 < high < very_high, even from a source of 22 kHz."""
    source = audio / "vowel_147hz.wav"
    sizes = [op("encode", path=source, out=tmp_path / name, format=name)["size_bytes"] for name in MP3S]
    assert sorted(set(sizes)) == sizes


def test_channels_can_be_changed(op: Op, speech: Path, tmp_path: Path) -> None:
    """Mono becomes stereo on demand."""
    op("encode", path=speech, out=tmp_path / "out", format="flac", channels=2)
    assert 2 == op("probe", path=tmp_path / "out")["channels"]


def test_surround_becomes_stereo(op: Op, write_wav: Callable[..., Path], tmp_path: Path) -> None:
    """Six channels are folded into two."""
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, (48_000, 6))
    op("encode", path=write_wav(noise), out=tmp_path / "out", format="ogg")
    assert 2 == op("probe", path=tmp_path / "out")["channels"]


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
def test_mp3_takes_any_rate(op: Op, write_wav: Callable[..., Path], tmp_path: Path, rate_hz: int) -> None:
    """A rate that MP3 does not know is converted; the length stays."""
    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz)
    op("encode", path=write_wav(tone, rate_hz), out=tmp_path / "out", format="mp3")
    assert 1.0 == pytest.approx(op("probe", path=tmp_path / "out")["seconds"], abs=0.002)


def test_unknown_format_is_refused_with_the_known_ones(op: Op, speech: Path, tmp_path: Path) -> None:
    """The message names the value and what is allowed."""
    with pytest.raises(Refused, match="format 'exe' cannot be written; allowed are wav, flac, ogg, mp3"):
        op("encode", path=speech, out=tmp_path / "out", format="exe")


def test_three_channels_are_refused(op: Op, speech: Path, tmp_path: Path) -> None:
    """Only mono and stereo are written."""
    with pytest.raises(Refused, match="channels must be 1 or 2, got 3"):
        op("encode", path=speech, out=tmp_path / "out", format="wav", channels=3)


def test_long_vorbis_writes_do_not_end_the_process(
    op: Op, write_wav: Callable[..., Path], tmp_path: Path
) -> None:
    """A minute of audio in one file goes through libsndfile's Vorbis writer in small portions."""
    noise = np.random.default_rng(1).uniform(-0.1, 0.1, 8_000 * 60)
    done = op("encode", path=write_wav(noise, 8_000), out=tmp_path / "out", format="ogg")
    assert 60.0 == pytest.approx(done["seconds"], abs=0.001)
