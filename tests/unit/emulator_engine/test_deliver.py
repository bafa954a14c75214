"""Lossy files keep near the ceiling that the master keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audiokit.emulator.engine import _deliver

Op = Callable[..., dict[str, Any]]
LOSSY = ("ogg", "mp3_very_low", "mp3_low", "mp3")


@pytest.fixture
def harsh(write_wav: Callable[..., Path]) -> Path:
    """Four short bright hits a second over a quiet tone: codecs overshoot on them."""
    time = np.arange(4 * 48_000) / 48_000
    noise = np.random.default_rng(1).uniform(-1.0, 1.0, len(time))
    hits = noise * np.exp(-(time * 4 % 1) / 4 / 0.01)
    return write_wav(0.5 * hits + 0.025 * np.sin(2 * np.pi * 220 * time))


def order(harsh: Path, folder: Path) -> dict[str, Any]:
    """A rendering of it in lossy formats."""
    clip = {"path": str(harsh), "start_s": 0.0}
    outputs = [{"path": str(folder / name), "format": name} for name in LOSSY]
    return {"timeline": {"seconds": 4.0, "media": [clip]}, "outputs": outputs}


def test_a_codec_that_overshoots_is_given_a_lower_ceiling(op: Op, harsh: Path, tmp_path: Path) -> None:
    """At most half a decibel over the master's -1 dBTP, and as long."""
    done = op("render", **order(harsh, tmp_path))
    for output in done["outputs"]:
        found = op("probe", path=output["path"])
        assert found["true_peak_dbtp"] <= -0.5, output["format"]
        assert 4.0 == pytest.approx(found["seconds"], abs=0.001)
        assert Path(output["path"]).stat().st_size == output["size_bytes"]


def test_without_it_they_would_be_over(
    op: Op, harsh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sound of the test above is hard enough to tell."""
    monkeypatch.setattr(_deliver, "_MAX_REWRITES", 0)
    op("render", **order(harsh, tmp_path))
    assert max(op("probe", path=tmp_path / name)["true_peak_dbtp"] for name in LOSSY) > -0.5
