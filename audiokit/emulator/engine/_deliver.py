"""The master in every ordered format; where a codec overshoots the ceiling, written again from a lower one.

Lossy codecs change the waveform, and with it the peaks, by an amount that only decoding tells. What is lost
of the loudness by limiting a little deeper is far below what a listener, or the tolerance, notices.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import attrs

from audiokit.emulator.engine._base import decibels
from audiokit.emulator.engine._decode import AudioReader
from audiokit.emulator.engine._encode import LOSSY, open_writer
from audiokit.emulator.engine._master import limiter
from audiokit.emulator.engine._true_peak import PeakMeter

if TYPE_CHECKING:
    from collections.abc import Sequence

LOSSY_ALLOWANCE_DB: Final = 0.5
"""How far over the master's ceiling the true peak of a lossy file may be."""

_MARGIN_DB: Final = 0.05  # other meters interpolate, and other decoders dither, a little differently
_MAX_REWRITES: Final = 3


@attrs.frozen(kw_only=True)
class _Written:
    seconds: float
    true_peak_dbtp: float


def deliver(
    master_path: str, outputs: Sequence[dict[str, str]], *, true_peak_dbtp: float
) -> dict[str, float]:
    """Write a finished master in other formats.

    Args:
        master_path: WAV at the render rate.
        outputs: Each with ``path`` and ``format``, none of them ``wav``.
        true_peak_dbtp: Ceiling of the master; lossy files may be over it by `LOSSY_ALLOWANCE_DB`.

    Returns:
        Path of each lossy file and the seconds that it decodes to.
    """
    _encode_all(master_path, outputs)
    return {
        output["path"]: _listened(master_path, output, true_peak_dbtp)
        for output in outputs
        if output["format"] in LOSSY
    }


def _listened(master_path: str, output: dict[str, str], ceiling_dbtp: float) -> float:
    """Decode an output, write it again as often as its peaks are too high, and return its length."""
    highest_dbtp = ceiling_dbtp + LOSSY_ALLOWANCE_DB - _MARGIN_DB
    written = _listen(output["path"])
    for _ in range(_MAX_REWRITES):
        if written.true_peak_dbtp <= highest_dbtp:
            break
        ceiling_dbtp -= written.true_peak_dbtp - highest_dbtp + _MARGIN_DB
        _encode_all(master_path, [output], ceiling_dbtp=ceiling_dbtp)
        written = _listen(output["path"])
    return written.seconds


def _encode_all(
    master_path: str, outputs: Sequence[dict[str, str]], *, ceiling_dbtp: float | None = None
) -> None:
    """Write several formats in one reading of the master, limited to a lower ceiling if wanted."""
    if not outputs:
        return
    with ExitStack() as stack:
        reader = stack.enter_context(AudioReader(master_path))
        rate_hz, channels = reader.sample_rate_hz, reader.channels
        writers = [
            stack.enter_context(
                open_writer(output["path"], output["format"], rate_hz=rate_hz, channels=channels)
            )
            for output in outputs
        ]
        limit = None if ceiling_dbtp is None else limiter(ceiling_dbtp, channels)
        for block in reader.blocks():
            limited = block if limit is None else limit.push(block)
            for writer in writers:
                writer.write(limited)
        if limit is not None:
            rest = limit.finish()
            for writer in writers:
                writer.write(rest)


def _listen(path: str) -> _Written:
    """Decode a file: what a container says of its length is not exact, and its peaks are only heard."""
    with AudioReader(path) as reader:
        meter = PeakMeter(reader.sample_rate_hz, reader.channels)
        for block in reader.blocks():
            meter.push(block)
        return _Written(seconds=reader.seconds, true_peak_dbtp=decibels(meter.finish()))
