"""One file in another format, with an encoder's settings: rate, bit depth, channels, bit rate or quality."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np
import soundfile

from audiokit.emulator.engine._base import Refused, Samples
from audiokit.emulator.engine._decode import AudioReader
from audiokit.emulator.engine._fold import folding
from audiokit.emulator.engine._resample import Resampler, as_frame

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_FORMATS: Final = ("wav", "flac", "mp3", "ogg")
_DEPTHS: Final = {"wav": {16: "PCM_16", 24: "PCM_24", 32: "PCM_32"}, "flac": {16: "PCM_16", 24: "PCM_24"}}
_MP3_RATES_HZ: Final = (24_000, 32_000, 44_100, 48_000)
_MPEG_1_HZ: Final = 32_000  # below it an mp3 is MPEG-2, which ends at 160 kbit/s
_MPEG_2_KBPS: Final = 160
_LAMBDA_PER_QUALITY: Final = 118  # FFmpeg's FF_QP2LAMBDA
_LAME_QUALITY: Final = "7"
# LAME makes room by scaling its input, depending on the constant bit rate; dividing gives the level back.
_LAME_SCALES: Final = ((160, 0.95), (192, 0.97), (224, 0.98), (320, 1.0))
# Nominal bit rates of libvorbis' qualities 0 to 9, in kbit/s at 48 kHz stereo.
_VORBIS_KBPS: Final = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_VORBIS_FRAMES: Final = 4_096  # its writer puts a whole write on the stack


def transcode(
    path: str,
    out: str,
    format: str,  # noqa: A002
    rate_hz: int | None = None,
    channels: int | None = None,
    bit_depth: int | None = None,
    bit_rate_kbps: int | None = None,
    quality: int | None = None,
) -> dict[str, Any]:
    """Write a file again with an encoder's own settings.

    Args:
        path: Any readable audio.
        out: File to make.
        format: ``wav``, ``flac``, ``mp3`` or ``ogg``.
        rate_hz: Sample rate; None keeps the source's, as far as the format has it.
        channels: 1 or 2; None keeps the source's, at most 2.
        bit_depth: 16 (default), 24 or, for wav, 32; wav and flac only.
        bit_rate_kbps: Constant bit rate of an mp3, nominal one of an ogg; 192 by default.
        quality: Variable bit rate instead, 0 (best) to 9; mp3 and ogg only.

    Returns:
        ``format``, ``seconds`` (of the source), ``rate_hz``, ``channels``, ``size_bytes``.

    Raises:
        Refused: The format has no such setting.
    """
    _check(format, rate_hz, bit_depth, bit_rate_kbps, quality)
    with AudioReader(path) as reader:
        count = channels or min(reader.channels, 2)
        target_hz = rate_hz or _kept_rate(format, reader.sample_rate_hz, bit_rate_kbps)
        resampler = Resampler(reader.sample_rate_hz, target_hz, count)
        fold = folding(path, count)
        writer: _MP3Writer | _SoundfileWriter
        if format == "mp3":
            writer = _MP3Writer(out, target_hz, count, bit_rate_kbps=bit_rate_kbps, quality=quality)
        else:
            level = None if format != "ogg" else _vorbis_level(bit_rate_kbps, quality)
            subtype = "VORBIS" if format == "ogg" else _DEPTHS[format][bit_depth or 16]
            writer = _SoundfileWriter(out, format.upper(), subtype, target_hz, count, level)
        with writer:
            for block in reader.blocks():
                writer.write(resampler.push(fold(block)))
            writer.write(resampler.finish())
        if not reader.decoded_frames:
            raise Refused("there are no samples to encode")
        return {
            "format": format,
            "seconds": reader.seconds,
            "rate_hz": target_hz,
            "channels": count,
            "size_bytes": os.stat(out).st_size,  # noqa: PTH116  (a string from JSON)
        }


def _check(
    name: str, rate_hz: int | None, bit_depth: int | None, bit_rate_kbps: int | None, quality: int | None
) -> None:
    if name not in _FORMATS:
        raise Refused(f"format {name!r} cannot be written; allowed are {', '.join(_FORMATS)}")
    if bit_depth is not None and bit_depth not in _DEPTHS.get(name, {}):
        allowed = ", ".join(map(str, _DEPTHS.get(name, {}))) or "no bit depth"
        raise Refused(f"a bit depth of {bit_depth} does not go with {name}, which has {allowed}")
    if name in _DEPTHS and (bit_rate_kbps is not None or quality is not None):
        raise Refused(f"{name} keeps every sample: it has no bit rate; leave it out, or use mp3 or ogg")
    if name == "mp3" and rate_hz is not None and rate_hz not in _MP3_RATES_HZ:
        raise Refused(f"an mp3 has no rate of {rate_hz} Hz; allowed are {', '.join(map(str, _MP3_RATES_HZ))}")
    if name == "mp3" and rate_hz is not None and rate_hz < _MPEG_1_HZ and (bit_rate_kbps or 0) > _MPEG_2_KBPS:
        raise Refused(f"an mp3 of {rate_hz} Hz has at most {_MPEG_2_KBPS} kbit/s, got {bit_rate_kbps}")


def _kept_rate(name: str, source_hz: int, bit_rate_kbps: int | None) -> int:
    """Return the source's rate, or the next one up at which the format has this bit rate."""
    if name != "mp3":
        return source_hz
    lowest = _MPEG_1_HZ if (bit_rate_kbps or 192) > _MPEG_2_KBPS else 0
    rates = [rate for rate in _MP3_RATES_HZ if rate >= lowest]
    return next((rate for rate in rates if rate >= source_hz), rates[-1])


def _vorbis_level(bit_rate_kbps: int | None, quality: int | None) -> float:
    """Return libsndfile's compression level: 0 is the best quality, 1 the smallest file."""
    best = 9 - quality if quality is not None else np.interp(bit_rate_kbps or 192, _VORBIS_KBPS, range(10))
    return float(1.0 - best / 10)


class _SoundfileWriter:
    """WAV and FLAC of 16, 24 or 32 bits, and Ogg Vorbis."""

    def __init__(
        self, path: str, container: str, subtype: str, rate_hz: int, channels: int, level: float | None
    ) -> None:
        self._file: Any = soundfile.SoundFile(
            path,
            "w",
            samplerate=rate_hz,
            channels=channels,
            format=container,
            subtype=subtype,
            compression_level=level,
        )

    def write(self, block: Samples) -> None:
        for start in range(0, len(block), _VORBIS_FRAMES):
            self._file.write(np.clip(block[start : start + _VORBIS_FRAMES], -1.0, 1.0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class _MP3Writer:
    """MP3 by LAME, of a constant bit rate or of a quality."""

    def __init__(
        self, path: str, rate_hz: int, channels: int, *, bit_rate_kbps: int | None, quality: int | None
    ) -> None:
        layout = "mono" if channels == 1 else "stereo"
        kbps = bit_rate_kbps or 192
        options = {"compression_level": _LAME_QUALITY}
        if quality is not None:
            options |= {"flags": "+qscale", "global_quality": str(quality * _LAMBDA_PER_QUALITY)}
        self._gain = np.float32(1.0)
        if quality is None:
            self._gain /= np.float32(next((scale for most, scale in _LAME_SCALES if kbps <= most), 1.0))
        self._rate_hz, self._position = rate_hz, 0
        self._file = Path(path).open("wb")  # noqa: SIM115  (closed in __exit__)
        self._container = av.open(self._file, "w", format="mp3")
        self._stream = self._container.add_stream("libmp3lame", rate=rate_hz, layout=layout, options=options)
        if quality is None:
            self._stream.codec_context.bit_rate = kbps * 1000
        self._stream.codec_context.format = "fltp"

    def write(self, block: Samples) -> None:
        if not len(block):
            return
        frame = as_frame(np.clip(block, -1.0, 1.0) * self._gain, self._rate_hz)
        frame.pts = self._position
        self._position += len(block)
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._container.mux(self._stream.encode(None))
            self._container.close()
        finally:
            self._file.close()
