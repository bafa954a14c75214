"""Loops of every shipped template run on without a click."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audiokit.emulator._catalogue import SOUND_TEMPLATES

Op = Callable[..., dict[str, Any]]
HERTZ = 48_000
STYLED = [template for template in SOUND_TEMPLATES if template.style is not None]
AROUND = 96  # samples on each side of a seam: 2 ms


def click_ratio(samples: np.ndarray, seam: int) -> float:
    """How the largest step near a place compares with the largest that 999 of 1000 other places have."""
    steps = np.abs(np.diff(samples, axis=0)).max(axis=1)
    size = 2 * AROUND
    elsewhere = steps[: len(steps) // size * size].reshape(-1, size).max(axis=1)
    return float(steps[seam - AROUND : seam + AROUND].max() / np.percentile(elsewhere, 99.9))


@pytest.mark.heavy
@pytest.mark.timeout(60)
@pytest.mark.parametrize("template", STYLED, ids=lambda template: template.name)
def test_no_loop_clicks_where_it_starts_again(op: Op, tmp_path: Path, template: Any) -> None:
    """Steps of samples and of slopes at each seam are no larger than the music's own."""
    made = op("template", style=template.style, segment="main", out=tmp_path / "main.wav")
    seconds = 3.5 * made["seconds"]
    music = {"path": str(tmp_path / "main.wav"), "start_s": 0.0, "end_s": seconds}
    output = {"path": str(tmp_path / "out.wav"), "format": "wav"}
    op("render", timeline={"seconds": seconds, "music": [music]}, outputs=[output])
    samples, _ = soundfile.read(output["path"])
    length = round(made["seconds"] * HERTZ)
    for seam in (length, 2 * length, 3 * length):
        assert click_ratio(samples, seam) <= 1.0
        assert click_ratio(np.diff(samples, axis=0), seam) <= 1.0


@pytest.mark.heavy
@pytest.mark.parametrize("style", ["chill", "pulse"])
def test_a_click_would_be_found(op: Op, tmp_path: Path, style: str) -> None:
    """The measure itself: a loop cut short by a third of a beat jumps, and is seen to."""
    made = op("template", style={"style": style}, segment="main", out=tmp_path / "main.wav")
    samples, _ = soundfile.read(tmp_path / "main.wav")
    draw = np.random.default_rng(5)
    found = []
    for _ in range(20):
        cut = samples[: round(made["seconds"] * HERTZ) - int(draw.integers(2_000, 12_000))]
        found.append(click_ratio(np.concatenate([cut, cut]), len(cut)))
    assert np.median(found) > 1.0


@pytest.mark.parametrize("rough_by_s", [0.137, 0.31])
def test_a_segment_that_does_not_loop_is_faded_over_its_seam(
    op: Op, tmp_path: Path, rough_by_s: float
) -> None:
    """The same music cut at a bad place, as an uploaded segment may be, does not click either."""
    made = op("template", style={"style": "chill"}, segment="main", out=tmp_path / "whole.wav")
    samples, _ = soundfile.read(tmp_path / "whole.wav")
    soundfile.write(tmp_path / "cut.wav", samples[: -round(rough_by_s * HERTZ)], HERTZ)
    music = {"path": str(tmp_path / "cut.wav"), "start_s": 0.0, "end_s": 2.5 * made["seconds"]}
    output = {"path": str(tmp_path / "out.wav"), "format": "wav"}
    op("render", timeline={"seconds": music["end_s"], "music": [music]}, outputs=[output])
    rendered, _ = soundfile.read(output["path"])
    length = round((made["seconds"] - rough_by_s) * HERTZ)
    seam = length - round(0.01 * HERTZ)
    assert max(click_ratio(rendered, place) for place in (seam - 480, seam, seam + 480)) <= 1.0
