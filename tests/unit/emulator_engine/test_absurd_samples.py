"""Float samples beyond all sense are silenced, and said to be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

SINE = 0.3 * np.sin(2 * np.pi * 200 * np.arange(48_000) / 48_000)
Op = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("value", [1e38, -1e38, 1.1e6])
def test_one_absurd_sample_is_silenced(op: Op, write_wav: Callable[..., Path], value: float) -> None:
    """It would be full-scale clicks, or drown the rest in the level."""
    samples = SINE.copy()
    samples[5000] = value
    found = op("probe", path=write_wav(samples, subtype="FLOAT"))

    assert "1 samples were not finite, or absurdly large, and were silenced" == found["note"]
    assert found["true_peak_dbtp"] == pytest.approx(-10.46, abs=1.0)  # the gap itself rings a little


def test_a_file_of_absurd_samples_is_silence(op: Op, write_wav: Callable[..., Path], tmp_path: Path) -> None:
    """Not a constant at full scale."""
    path, out = write_wav(SINE * 1e30, subtype="FLOAT"), tmp_path / "out.wav"
    assert "absurdly large" in op("probe", path=path)["note"]
    op("transcode", path=path, out=out, format="wav")

    assert np.abs(soundfile.read(out)[0]).max() < 1e-3


def test_a_merely_loud_file_is_left_alone(op: Op, write_wav: Callable[..., Path]) -> None:
    """Integers kept as floats, for instance."""
    found = op("probe", path=write_wav(SINE * 32768, subtype="FLOAT"))
    assert (None, True) == (found["note"], found["true_peak_dbtp"] > 70)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_loudness_is_reached_in_the_channels_ordered(
    op: Op, write_wav: Callable[..., Path], tmp_path: Path, channels: int
) -> None:
    """Levelled in as many as are written, then encoded."""
    stereo = write_wav(np.stack([SINE, SINE], 1))
    level, out = tmp_path / "level.wav", tmp_path / "out.wav"
    clip = {"path": str(stereo), "start_s": 0.0, "ducks": False}
    timeline = {"channels": channels, "seconds": 1.0, "media": [clip], "loudness_lufs": -16.0}
    made = op("render", timeline=timeline, outputs=[{"path": str(level), "format": "wav"}])
    op("transcode", path=level, out=out, format="wav", channels=channels)

    assert (-16.0, -16.0) == pytest.approx((made["lufs"], op("measure", path=out)["lufs"]), abs=0.3)
