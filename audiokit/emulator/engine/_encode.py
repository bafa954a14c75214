"""Writing audio files, streamed: WAV, FLAC and Vorbis by libsndfile, MP3 by LAME through FFmpeg."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from audiokit.emulator.engine._base import Refused, Samples
from audiokit.emulator.engine._resample import Resampler, as_frame

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

MP3_BITS_PER_SECOND: Final = {
    "mp3": 192_000,
    "mp3_very_low": 64_000,
    "mp3_low": 96_000,
    "mp3_medium": 128_000,
    "mp3_high": 224_000,
    "mp3_very_high": 320_000,
}
FORMATS: Final = ("wav", "flac", "ogg", *MP3_BITS_PER_SECOND)
LOSSY: Final = frozenset({"ogg", *MP3_BITS_PER_SECOND})

# At constant bit rates LAME scales its input by these, for headroom; dividing by them gives the level back.
_LAME_SCALE: Final = {64_000: 0.95, 96_000: 0.95, 128_000: 0.95, 192_000: 0.97, 224_000: 0.98, 320_000: 1.0}
_LAME_QUALITY: Final = "7"  # LAME's own default takes nearly twice the time
# Lower rates are MPEG-2, which ends at 160 kbit/s: the better presets would silently become the same.
_MP3_RATES_HZ: Final = (32_000, 44_100, 48_000)
# libvorbis' quality 9, nominally 320 kbit/s, which is what AudioStack's documentation says of its ogg; lower
# ones overshoot the ceiling of peaks more often, and writing a file again costs more than the better quality.
_VORBIS_COMPRESSION: Final = 0.1
# libsndfile's Vorbis writer puts a whole write on the stack: megabytes at once end the process.
_VORBIS_FRAMES: Final = 4_096


class AudioWriter(Protocol):
    """An open output file that takes blocks of one rate and channel count."""

    def write(self, block: Samples) -> None:
        """Append a block of shape (frames, channels); values beyond full scale are clipped."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_writer(path: str, audio_format: str, *, rate_hz: int, channels: int) -> AudioWriter:
    """Open a file for writing.

    Args:
        path: File to make or overwrite.
        audio_format: One of `FORMATS`. WAV and FLAC are written with 16 bits.
        rate_hz: Sample rate of the blocks to come; MP3 is converted where it has no such rate.
        channels: 1 or 2.

    Raises:
        Refused: The format is unknown.
    """
    check_format(audio_format)
    if audio_format in MP3_BITS_PER_SECOND:
        return _MP3Writer(path, MP3_BITS_PER_SECOND[audio_format], rate_hz, channels)
    return _SoundfileWriter(path, audio_format, rate_hz, channels)


def check_format(audio_format: str) -> None:
    """Refuse a name that is none of `FORMATS`."""
    if audio_format not in FORMATS:
        raise Refused(f"format {audio_format!r} cannot be written; allowed are {', '.join(FORMATS)}")


def as_int16(block: Samples) -> NDArray[np.int16]:
    """Round to 16 bits, clipping."""
    result: NDArray[np.int16] = np.clip(np.rint(block * np.float32(32_768.0)), -32_768, 32_767).astype(
        np.int16
    )
    return result


def _mp3_rate(rate_hz: int) -> int:
    """Rate of an MP3: the source's, a multiple of it, or the next one up; 48 kHz at most."""
    multiples = (rate for rate in _MP3_RATES_HZ if rate % rate_hz == 0)
    higher = (rate for rate in _MP3_RATES_HZ if rate >= rate_hz)
    return next(multiples, None) or next(higher, _MP3_RATES_HZ[-1])


class _SoundfileWriter:
    """WAV, FLAC and Ogg Vorbis."""

    _SHAPES: Final = {"wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS")}

    def __init__(self, path: str, audio_format: str, rate_hz: int, channels: int) -> None:
        container, subtype = self._SHAPES[audio_format]
        self._whole = audio_format != "ogg"
        self._file: Any = soundfile.SoundFile(
            path,
            "w",
            samplerate=rate_hz,
            channels=channels,
            format=container,
            subtype=subtype,
            compression_level=None if self._whole else _VORBIS_COMPRESSION,
        )

    def write(self, block: Samples) -> None:
        if self._whole:
            self._file.write(as_int16(block))
            return
        for start in range(0, len(block), _VORBIS_FRAMES):
            self._file.write(block[start : start + _VORBIS_FRAMES])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class _MP3Writer:
    """Constant bit rate MP3, at the level that was asked for."""

    def __init__(self, path: str, bits_per_second: int, rate_hz: int, channels: int) -> None:
        target_hz = _mp3_rate(rate_hz)
        self._rate_hz = target_hz
        self._gain = np.float32(1.0 / _LAME_SCALE[bits_per_second])
        self._resampler = Resampler(rate_hz, target_hz, channels)
        self._file = Path(path).open("wb")  # noqa: SIM115  (closed in __exit__)
        self._container = av.open(self._file, "w", format="mp3")
        self._stream = self._container.add_stream(
            "libmp3lame",
            rate=target_hz,
            layout="mono" if channels == 1 else "stereo",
            bit_rate=bits_per_second,
            options={"compression_level": _LAME_QUALITY},
        )
        self._stream.codec_context.format = "fltp"

    def write(self, block: Samples) -> None:
        self._encode(self._resampler.push(block))

    def _encode(self, block: Samples) -> None:
        if len(block):
            frame = as_frame(block * self._gain, self._rate_hz)
            self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._encode(self._resampler.finish())
                self._container.mux(self._stream.encode(None))
            self._container.close()
        finally:
            self._file.close()
