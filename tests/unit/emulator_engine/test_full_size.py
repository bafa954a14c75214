"""Half an hour of audio in constant memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from audiokit.emulator._work import WorkPool

# Half an hour at full size; a third of it where AUDIOKIT_HEAVY=reduced asks for less.
SECONDS = 600 if os.environ.get("AUDIOKIT_HEAVY") == "reduced" else 1_800


@pytest.mark.heavy
@pytest.mark.timeout(300)
async def test_half_an_hour_is_mastered_in_small_memory(speech: Path, music: Path, tmp_path: Path) -> None:
    """A 30-minute stereo master takes at most 150 MB; what it costs in time, `benchmarks/engine.py` says."""
    starts = range(2, SECONDS - 20, 16)
    timeline = {
        "channels": 2,
        "seconds": float(SECONDS),
        "voice": [{"path": str(speech), "start_s": float(start)} for start in starts],
        "music": [
            {"path": str(music), "start_s": 0.0, "end_s": float(SECONDS), "gain_db": -4.0, "fade_out_s": 3.0}
        ],
    }
    outputs = [{"path": str(tmp_path / f"out.{name}"), "format": name} for name in ("wav", "flac")]
    async with WorkPool(workers=1, options=("--test-operations",)) as pool:
        await pool.warm()
        done = await pool.run("render", timeline=timeline, outputs=outputs)
        used = await pool.run("_usage")
        found = await pool.run("probe", path=outputs[1]["path"])
    assert used["peak_rss_kib"] * 1024 <= 150e6
    assert float(SECONDS) == done["seconds"] == found["seconds"]
    assert -16.0 == pytest.approx(found["lufs"], abs=0.5)
    assert found["true_peak_dbtp"] <= -1.0


@pytest.mark.heavy
@pytest.mark.timeout(300)
async def test_ten_minutes_are_converted_in_bounded_memory(speech: Path, tmp_path: Path) -> None:
    """Conversion works in pieces: ten minutes take little more memory than ten seconds."""
    source = str(tmp_path / "long.wav")
    clips = [{"path": str(speech), "start_s": 12.0 * k} for k in range(50)]
    async with WorkPool(workers=1, options=("--test-operations",)) as pool:
        await pool.run(
            "render",
            timeline={"channels": 1, "seconds": 600.0, "voice": clips},
            outputs=[{"path": source, "format": "wav"}],
        )
        done = await pool.run("convert", source=source, out=str(tmp_path / "out.wav"), target_pitch_hz=120.0)
        used = await pool.run("_usage")
    assert 600.0 == pytest.approx(done["seconds"], abs=0.01)
    assert used["peak_rss_kib"] <= 300 * 1024
