"""Built-in music: three styles, four segments each, the same every time, looping without a seam."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
import soundfile

from audiokit.emulator.engine import OPERATIONS, Refused
from audiokit.emulator.engine.styles import SEGMENTS, STYLES

Op = Callable[..., dict[str, Any]]


@attrs.frozen
class Made:
    """A segment in its style's own key and tempo."""

    path: Path
    seconds: float
    cpu_s: float


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Made]:
    """Makes each segment once, for all tests of this module."""
    folder = tmp_path_factory.mktemp("segments")

    @functools.cache
    def make(style: str, segment: str) -> Made:
        path, started = folder / f"{style}-{segment}.wav", time.process_time()
        done = OPERATIONS["template"](style={"style": style}, segment=segment, out=str(path))
        return Made(path, done["seconds"], time.process_time() - started)

    return make


@pytest.mark.parametrize("segment", SEGMENTS)
@pytest.mark.parametrize("style", sorted(STYLES))
def test_segment_is_music_of_a_common_level(
    op: Op, made: Callable[[str, str], Made], style: str, segment: str
) -> None:
    """Stereo at 48 kHz, 2 to 14 s, -20 LUFS, never near full scale, cheap to make."""
    music = made(style, segment)
    assert music.cpu_s < 4.0
    found = op("probe", path=music.path)
    assert (48_000, 2) == (found["sample_rate_hz"], found["channels"])
    assert 2.0 <= found["seconds"] <= 14.0
    assert music.seconds == pytest.approx(found["seconds"])
    assert -20.0 == pytest.approx(found["lufs"], abs=1.0)
    assert found["true_peak_dbtp"] < -1.0


@pytest.mark.parametrize("style", sorted(STYLES))
def test_main_runs_into_itself(made: Callable[[str, str], Made], style: str) -> None:
    """The step from the last sample to the first is like any other, and so is the slope."""
    samples, _ = soundfile.read(made(style, "main").path)
    twice = np.concatenate([samples, samples])
    bend = np.abs(np.diff(twice, n=2, axis=0)).max(axis=1)
    seam = bend[len(samples) - 4 : len(samples) + 2].max()
    assert seam <= np.percentile(bend, 99.95)
    # It is as loud around the seam as elsewhere in the piece: nothing dies away at the end.
    end = np.sqrt((samples[-24_000:] ** 2).mean())
    assert end > 0.3 * np.sqrt((samples**2).mean())


def test_segment_is_the_same_every_time(op: Op, tmp_path: Path) -> None:
    """Same parameters, same bytes."""
    for name in ("one", "two"):
        op(
            "template",
            style={"style": "bright", "root": 62, "bpm": 100},
            segment="intro",
            out=tmp_path / name,
        )
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_tempo_and_key_are_heard(op: Op, tmp_path: Path) -> None:
    """Four bars at the ordered tempo; the chroma moves with the root."""
    chroma = {}
    for root in (57, 60):
        done = op(
            "template", style={"style": "chill", "root": root, "bpm": 80}, segment="main", out=tmp_path / "o"
        )
        assert 4 * 4 * 60 / 80 == pytest.approx(done["seconds"])
        samples, rate_hz = soundfile.read(tmp_path / "o")
        power, hertz = np.abs(np.fft.rfft(samples[:, 0])) ** 2, np.fft.rfftfreq(len(samples), 1 / rate_hz)
        inside = (hertz > 110) & (hertz < 1_000)
        note = np.rint(69 + 12 * np.log2(hertz[inside] / 440)).astype(int) % 12
        chroma[root] = np.bincount(note, power[inside], 12)
    moved = [np.corrcoef(np.roll(chroma[57], shift), chroma[60])[0, 1] for shift in range(12)]
    assert 3 == int(np.argmax(moved))


def test_outro_ends_in_silence(made: Callable[[str, str], Made]) -> None:
    """The last chord dies away."""
    samples, _ = soundfile.read(made("pulse", "outro").path)
    assert np.abs(samples[-480:]).max() < 0.01


@pytest.mark.parametrize(
    ("style", "segment", "message"),
    [
        ({"style": "polka"}, "main", "style 'polka' does not exist; there are bright, chill, pulse"),
        ({}, "main", "style None does not exist"),
        (
            {"style": "chill"},
            "bridge",
            "segment 'bridge' does not exist; there are intro, main, outro, effect1",
        ),
        ({"style": "chill", "bpm": 900}, "main", "bpm"),
        ({"style": "chill", "mood": 1}, "main", "mood"),
    ],
)
def test_unknown_music_is_refused(
    op: Op, tmp_path: Path, style: dict[str, Any], segment: str, message: str
) -> None:
    """The message names what there is."""
    with pytest.raises(Refused, match=message):
        op("template", style=style, segment=segment, out=tmp_path / "out.wav")
