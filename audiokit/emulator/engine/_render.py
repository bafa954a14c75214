"""Rendering a timeline into files, and one file into another."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from audiokit.emulator.engine._base import RENDER_HZ, Refused
from audiokit.emulator.engine._decode import AudioReader
from audiokit.emulator.engine._deliver import deliver
from audiokit.emulator.engine._encode import LOSSY, check_format, open_writer
from audiokit.emulator.engine._fold import folding
from audiokit.emulator.engine._master import master
from audiokit.emulator.engine._mixer import build_mix
from audiokit.emulator.engine._score import Score


def render(timeline: dict[str, Any], outputs: list[dict[str, str]]) -> dict[str, Any]:
    """Master a timeline and write it in every wanted format.

    Args:
        timeline: See `Score.from_json`.
        outputs: Each with ``path`` and ``format`` (`audiokit.emulator.engine._encode.FORMATS`).

    Returns:
        ``seconds``, ``lufs`` and ``true_peak_dbtp`` of the master (None where it cannot be measured), and
        ``outputs``: each with ``path``, ``format``, ``seconds`` (decoded) and ``size_bytes``.

    Raises:
        Refused: An unknown format or key, an unreadable file, a value out of range.
    """
    if not outputs:
        raise Refused("a rendering needs at least one output")
    for output in outputs:
        check_format(output["format"])
    score = Score.from_json(timeline)
    mix = build_mix(score)
    wavs = [output["path"] for output in outputs if output["format"] == "wav"]
    master_path = wavs[0] if wavs else outputs[0]["path"] + ".master"
    try:
        done = master(
            mix, master_path, loudness_lufs=score.loudness_lufs, true_peak_dbtp=score.true_peak_dbtp
        )
        for copy in wavs[1:]:
            shutil.copyfile(master_path, copy)
        others = [output for output in outputs if output["format"] != "wav"]
        decoded_s = deliver(master_path, others, true_peak_dbtp=score.true_peak_dbtp)
    finally:
        if not wavs:
            Path(master_path).unlink(missing_ok=True)
    return {
        "seconds": done.frames / RENDER_HZ,
        "lufs": done.loudness.lufs,
        "true_peak_dbtp": done.loudness.true_peak_dbtp,
        "outputs": [
            _described(output, decoded_s.get(output["path"], done.frames / RENDER_HZ)) for output in outputs
        ],
    }


def encode(path: str, out: str, format: str, channels: int | None = None) -> dict[str, Any]:  # noqa: A002
    """Write a file again in another format.

    Args:
        path: Any readable audio.
        out: File to make.
        format: One of `audiokit.emulator.engine._encode.FORMATS`.
        channels: 1 or 2; None keeps the source's, at most 2.

    Returns:
        ``path``, ``format``, ``seconds`` (decoded) and ``size_bytes``.
    """
    check_format(format)
    if channels not in {None, 1, 2}:
        raise Refused(f"channels must be 1 or 2, got {channels!r}")
    with AudioReader(path) as reader:
        count = channels or min(reader.channels, 2)
        fold = folding(path, count)
        with open_writer(out, format, rate_hz=reader.sample_rate_hz, channels=count) as writer:
            for block in reader.blocks():
                writer.write(fold(block))
        seconds = reader.seconds
    return _described({"path": out, "format": format}, _decoded_seconds(out) if format in LOSSY else seconds)


def _described(output: dict[str, str], seconds: float) -> dict[str, Any]:
    return {
        "path": output["path"],
        "format": output["format"],
        "seconds": seconds,
        "size_bytes": os.stat(output["path"]).st_size,  # noqa: PTH116  (a string from JSON)
    }


def _decoded_seconds(path: str) -> float:
    """Length by decoding: what a container says of an MP3 is 35 ms long."""
    with AudioReader(path) as reader:
        for _ in reader.blocks():
            pass
        return reader.seconds
