"""What is brought to mono is still heard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

Op = Callable[..., dict[str, Any]]


@pytest.fixture
def opposite(speech: Path, write_wav: Callable[..., Path]) -> Path:
    """Speech in stereo whose channels cancel each other out, the left one a little louder."""
    voice, rate_hz = soundfile.read(speech)
    return write_wav(np.stack([voice, -0.9 * voice], axis=1), rate_hz, "opposite.wav")


def test_the_pitch_of_channels_in_opposite_phase_is_measured(op: Op, speech: Path, opposite: Path) -> None:
    """As that of one of them."""
    assert op("f0", path=speech)["f0_hz"] == pytest.approx(op("f0", path=opposite)["f0_hz"], rel=0.001)


@pytest.mark.parametrize("use", ["render", "encode", "transcode", "peaks"])
def test_channels_in_opposite_phase_do_not_vanish(
    op: Op, speech: Path, opposite: Path, tmp_path: Path, use: str
) -> None:
    """A mono track, a mono file and the outline are made of the louder channel."""
    out = tmp_path / "out.wav"
    if use == "peaks":
        assert op("peaks", path=speech)["data"] == op("peaks", path=opposite)["data"]
        return
    if use == "render":
        timeline = {"channels": 1, "media": [{"path": str(opposite), "start_s": 0.0}]}
        op("render", timeline=timeline, outputs=[{"path": str(out), "format": "wav"}])
    else:
        op(use, path=opposite, out=out, format="wav", channels=1)
    there, _ = soundfile.read(speech)
    here, rate_hz = soundfile.read(out)
    assert 1 == here.ndim
    step = rate_hz // 24_000
    assert np.corrcoef(here[::step][: len(there)], there)[0, 1] > 0.9


def test_a_recording_on_one_side_is_folded_as_ever(
    op: Op, speech: Path, write_wav: Callable[..., Path]
) -> None:
    """Half of it reaches the middle: nothing cancels there."""
    voice, rate_hz = soundfile.read(speech)
    path = write_wav(np.stack([voice, 0.0 * voice], axis=1), rate_hz)
    whole, half = (max(op("peaks", path=one)["data"]) for one in (speech, path))
    assert whole / 2 == pytest.approx(half, abs=1)
