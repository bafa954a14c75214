"""Outlines show where a recording is loud, in a bounded number of points."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Op = Callable[..., dict[str, Any]]


def test_peaks_follow_the_sound(op: Op, write_wav: Callable[..., Path]) -> None:
    """Silence is flat, a loud half is not, and both halves take the same room."""
    samples = np.concatenate([np.zeros(24_000), 0.5 * np.sin(np.arange(24_000) * 0.3)])
    found = op("peaks", path=write_wav(samples, 24_000))
    pairs = np.array(found["data"]).reshape(-1, 2)
    half = len(pairs) // 2
    assert (2, 1, 24_000, 8) == (found["version"], found["channels"], found["sample_rate"], found["bits"])
    assert (found["length"], -(-48_000 // found["samples_per_pixel"])) == (len(pairs), len(pairs))
    assert [0, 0] == [pairs[: half - 1].min(), pairs[: half - 1].max()]
    assert [-64, 64] == [pairs[half + 1 :].min(), pairs[half + 1 :].max()]


def test_an_hour_has_no_more_points_than_a_minute(op: Op, audio: Path) -> None:
    """Pairs are merged when there are too many."""
    found = op("peaks", path=audio / "malformed" / "silence_one_hour.flac")
    assert 1_000 <= found["length"] <= 2_001
    assert 3_600 == round(found["length"] * found["samples_per_pixel"] / found["sample_rate"] / 10) * 10


def test_picture_is_a_png_with_more_ink_where_it_is_loud(
    op: Op, write_wav: Callable[..., Path], tmp_path: Path
) -> None:
    """1000 x 160 pixels, palette colours, valid checksums."""
    samples = np.concatenate([0.05 * np.sin(np.arange(24_000) * 0.3), 0.9 * np.sin(np.arange(24_000) * 0.3)])
    out = tmp_path / "out.png"
    done = op("waveform", path=write_wav(samples, 24_000), out=out)
    data = out.read_bytes()
    assert {"width": 1_000, "height": 160, "size_bytes": len(data)} == done
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert zlib.crc32(name + body) == struct.unpack_from(">I", data, at + 8 + size)[0]
        chunks[name], at = body, at + 12 + size
    pixels = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(160, 1_001)[:, 1:]
    ink = (pixels == 2).sum(axis=0)
    assert ink[550:950].mean() > 8 * ink[50:450].mean()


def test_very_short_recording_still_has_a_picture(
    op: Op, write_wav: Callable[..., Path], tmp_path: Path
) -> None:
    """Ten samples are enough."""
    assert 1_000 == op("waveform", path=write_wav(np.full(10, 0.5)), out=tmp_path / "out.png")["width"]
