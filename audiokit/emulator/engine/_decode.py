"""Reading audio files: told by content, decoded in blocks, damage reported instead of hidden.

WAV goes through libsndfile, which is fastest at what the engine itself writes. MP3, FLAC and Ogg go through
FFmpeg, which keeps the good part of a truncated file. FFmpeg is handed an open file and a container that was
told from content, never a name: given a name or a free choice it follows playlists to other files.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import av
import numpy as np
import soundfile
from av.error import FFmpegError

from audiokit._formats import HEAD_BYTES, AudioFormat, describe, sniff_at
from audiokit.emulator.engine import _mpeg, _ogg, _riff
from audiokit.emulator.engine._base import Refused, Samples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import BinaryIO, Self

    from av.container import InputContainer

MIN_RATE_HZ: Final = 4_000
MAX_RATE_HZ: Final = 384_000
_BLOCK_FRAMES: Final = 16_384
_LARGEST_SAMPLE: Final = 1e6
"""Beyond 120 dB over full scale there is no sound, only a damaged or mistaken float file."""
_CODECS: Final = frozenset(
    {"mp3", "mp3float", "flac", "vorbis", "libvorbis", "opus", "libopus"},
)
"""An Ogg or FLAC-looking file may hold video, speex or worse; only these are decoded."""


class _Source(Protocol):
    """A decoder that gives raw blocks."""

    codec: str
    sample_rate_hz: int
    channels: int
    claimed_seconds: float | None
    damaged: bool

    def blocks(self) -> Iterator[Samples]: ...


class AudioReader:
    """An open audio file, read once from start to end.

    Attributes:
        format: Container, told by content.
        codec: Name of the codec, e.g. ``pcm_16`` or ``vorbis``.
        sample_rate_hz: 4000 to 384000.
        channels: 1 to `max_channels`.
        claimed_seconds: What the header says, or None. Never trust it.
        decoded_frames: Frames given so far.
        silenced_samples: Samples so far that were NaN, infinite or absurdly large and became 0.
        damaged: Some of the file could not be decoded (known at the end).

    Args:
        path: File to read.
        max_channels: More than this are refused.

    Raises:
        Refused: Not audio, or its header is damaged or out of range.
    """

    def __init__(self, path: str, *, max_channels: int = 8) -> None:
        with ExitStack() as stack:
            file = stack.enter_context(Path(path).open("rb"))
            self.format = _sniff(file)
            source: _Source
            source = (
                _SoundfileSource(file) if self.format is AudioFormat.WAV else _FFmpegSource(file, self.format)
            )
            if isinstance(source, _FFmpegSource):
                stack.callback(source.close)
            _check(source, self.format, max_channels)
            self._source = source
            self._stack = stack.pop_all()
        self.codec = source.codec
        self.sample_rate_hz = source.sample_rate_hz
        self.channels = source.channels
        self.claimed_seconds = source.claimed_seconds
        self.decoded_frames = 0
        self.silenced_samples = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; harmless when done twice."""
        self._stack.close()

    @property
    def seconds(self) -> float:
        """Length decoded so far, in seconds."""
        return self.decoded_frames / self.sample_rate_hz

    @property
    def damaged(self) -> bool:
        """Whether parts could not be decoded; final once `blocks` has ended."""
        return self._source.damaged

    def blocks(self, max_seconds: float | None = None) -> Iterator[Samples]:
        """Give the audio in blocks of shape (frames, channels), every sample within 120 dB over full scale.

        Args:
            max_seconds: Refuse as soon as more than this was decoded.

        Raises:
            Refused: Longer than *max_seconds*.
        """
        for block in self._source.blocks():
            self.decoded_frames += len(block)
            if max_seconds is not None and self.seconds > max_seconds:
                raise Refused(f"the audio is longer than {max_seconds:g} seconds; send a shorter file")
            usable = np.abs(block) <= _LARGEST_SAMPLE  # NaN is not
            if not usable.all():
                self.silenced_samples += int(block.size - np.count_nonzero(usable))
                block = np.where(usable, block, np.float32(0.0))  # noqa: PLW2901
            yield block


class _SoundfileSource:
    """WAV by libsndfile."""

    damaged = False

    def __init__(self, file: BinaryIO) -> None:
        self.claimed_seconds = _riff.claimed_seconds(file)
        file.seek(0)
        try:
            self._file: Any = soundfile.SoundFile(file)
        except (soundfile.LibsndfileError, TypeError, ValueError) as error:
            raise Refused("the file starts like WAV, but its header is damaged") from error
        self.codec = str(self._file.subtype).lower()
        self.sample_rate_hz = int(self._file.samplerate)
        self.channels = int(self._file.channels)

    def blocks(self) -> Iterator[Samples]:
        while True:
            try:
                block = self._file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:
                self.damaged = True
                return
            if not len(block):
                return
            yield block


class _FFmpegSource:
    """MP3, FLAC and Ogg by FFmpeg; undecodable packets are skipped."""

    def __init__(self, file: BinaryIO, audio_format: AudioFormat) -> None:
        self.damaged = audio_format is AudioFormat.OGG and _ogg.is_cut(file)
        claims = audio_format is not AudioFormat.MP3 or _mpeg.has_frame_count(file)
        file.seek(0)
        name = audio_format.value
        try:
            self._container: InputContainer = av.open(file, "r", format=name, metadata_errors="ignore")
        except (FFmpegError, ValueError) as error:
            raise Refused(f"the file starts like {name.upper()}, but its header is damaged") from error
        streams = self._container.streams.audio
        if not streams or streams[0].codec_context.name not in _CODECS:
            found = streams[0].codec_context.name if streams else "no audio"
            self._container.close()
            raise Refused(f"the {name.upper()} file holds {found!r}; allowed are mp3, flac, vorbis and opus")
        self._stream = streams[0]
        self._stream.codec_context.thread_count = 1
        self.codec = self._stream.codec_context.name.removeprefix("lib").removesuffix("float")
        self.sample_rate_hz = self._stream.codec_context.sample_rate
        self.channels = self._stream.codec_context.channels
        duration, base = self._stream.duration, self._stream.time_base
        self.claimed_seconds = float(duration * base) if duration and base and claims else None

    def close(self) -> None:
        self._container.close()

    def blocks(self) -> Iterator[Samples]:
        # Vorbis comes in frames of 128: numpy would take longer over each of them than decoding does.
        gathered, shape = av.AudioFifo(), ("", "")
        for frame in self._frames():
            if frame.sample_rate != self.sample_rate_hz or len(frame.layout.channels) != self.channels:
                self.damaged = True  # a chained stream of another shape, or a lying frame header
                continue
            if (frame.format.name, frame.layout.name) != shape:
                yield from _all_of(gathered)
                gathered, shape = av.AudioFifo(), (frame.format.name, frame.layout.name)
            frame.pts = None  # else a gap would be an error
            gathered.write(frame)
            if gathered.samples >= _BLOCK_FRAMES:
                yield from _all_of(gathered)
        yield from _all_of(gathered)

    def _frames(self) -> Iterator[av.AudioFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except FFmpegError:
                self.damaged = True
                return
            try:
                yield from (frame for frame in packet.decode() if isinstance(frame, av.AudioFrame))
            except FFmpegError:
                self.damaged = True


def _sniff(file: BinaryIO) -> AudioFormat:
    def read_at(offset: int, size: int) -> bytes:
        file.seek(offset)
        return file.read(size)

    found = sniff_at(read_at)
    if found is None:
        raise Refused(
            f"not audio: the content is {describe(read_at(0, HEAD_BYTES))}; send wav, mp3, flac or ogg"
        )
    return found


def _check(source: _Source, audio_format: AudioFormat, max_channels: int) -> None:
    name = audio_format.value.upper()
    if not 1 <= source.channels <= max_channels:
        raise Refused(f"the {name} file has {source.channels} channels; allowed are 1 to {max_channels}")
    if not MIN_RATE_HZ <= source.sample_rate_hz <= MAX_RATE_HZ:
        raise Refused(
            f"the {name} file has a sample rate of {source.sample_rate_hz} Hz; "
            f"allowed are {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz"
        )


_FULL_SCALE: Final = {"u8": 128.0, "s16": 32_768.0, "s32": 2_147_483_648.0}


def _all_of(gathered: av.AudioFifo) -> Iterator[Samples]:
    """Give what was gathered, as one block, if there is anything."""
    frame = gathered.read()
    if frame is not None and frame.samples:
        yield _as_samples(frame)


def _as_samples(frame: av.AudioFrame) -> Samples:
    """Convert a decoded frame to floats of shape (frames, channels)."""
    data = frame.to_ndarray()
    data = data.T if frame.format.is_planar else data.reshape(-1, len(frame.layout.channels))
    full_scale = _FULL_SCALE.get(frame.format.name.removesuffix("p"))
    if full_scale is None:
        return data.astype(np.float32, copy=False)
    offset = 128.0 if full_scale == 128.0 else 0.0
    return ((data.astype(np.float64) - offset) / full_scale).astype(np.float32)
