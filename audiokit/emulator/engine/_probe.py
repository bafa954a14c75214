"""Looking at a file: what it is, how long it really is, how loud."""

from __future__ import annotations

from typing import Any

from audiokit.emulator.engine._base import Refused
from audiokit.emulator.engine._decode import AudioReader
from audiokit.emulator.engine._meter import Meter


def probe(path: str, max_seconds: float | None = None, max_channels: int = 8) -> dict[str, Any]:
    """Decode a whole file in blocks and say what is in it.

    Args:
        path: File to look at.
        max_seconds: Longest allowed decoded length; None for any.
        max_channels: Most channels allowed.

    Returns:
        ``format``, ``codec``, ``sample_rate_hz``, ``channels``, ``seconds`` (decoded), ``claimed_seconds``
        (by the header, or None), ``truncated``, ``note`` (what a user should know, or None), ``lufs`` and
        ``true_peak_dbtp`` (None where there is nothing to measure).

    Raises:
        Refused: Not audio, damaged beyond reading, empty, too long or out of range.
    """
    with AudioReader(path, max_channels=max_channels) as reader:
        meter = Meter(reader.sample_rate_hz, reader.channels)
        for block in reader.blocks(max_seconds):
            meter.push(block)
        if not reader.decoded_frames:
            raise Refused(f"the {reader.format.value.upper()} file holds no samples that can be decoded")
        loudness = meter.finish()
        claimed = reader.claimed_seconds
        truncated = claimed is not None and claimed - reader.seconds > max(0.1, 0.01 * reader.seconds)
        return {
            "format": reader.format.value,
            "codec": reader.codec,
            "sample_rate_hz": reader.sample_rate_hz,
            "channels": reader.channels,
            "seconds": reader.seconds,
            "claimed_seconds": claimed,
            "truncated": truncated or reader.damaged,
            "note": _note(reader, truncated=truncated),
            "lufs": loudness.lufs,
            "true_peak_dbtp": loudness.true_peak_dbtp,
        }


def _note(reader: AudioReader, *, truncated: bool) -> str | None:
    """Say in words what is wrong with a file that can still be used."""
    notes = []
    if truncated:
        notes.append(f"truncated: {reader.seconds:.3f} of {reader.claimed_seconds:.3f} s could be decoded")
    elif reader.damaged:
        notes.append(f"truncated or damaged: only {reader.seconds:.3f} s could be decoded")
    if reader.silenced_samples:
        notes.append(
            f"{reader.silenced_samples} samples were not finite, or absurdly large, and were silenced"
        )
    return "; ".join(notes) or None
