"""Tell audio formats by content, never by name.

A leaf module: the transport uses it before bytes leave, the emulator when they
arrive. It reads magic numbers and MP3 frame headers only; whether the rest of
a file decodes is for a decoder to say.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Final

HEAD_BYTES: Final = 65_536
"""How much of the start of a file `sniff` wants to see, in bytes."""

_ID3_HEADER_BYTES: Final = 10
_MAX_ID3_TAGS: Final = 4
_MP3_FRAMES_IN_A_ROW: Final = 3


class AudioFormat(enum.Enum):
    """A container or stream format that the three APIs take or make."""

    WAV = "wav"
    MP3 = "mp3"
    FLAC = "flac"
    OGG = "ogg"

    @property
    def extension(self) -> str:
        """File name extension with its dot, e.g. ``.wav``."""
        return f".{self.value}"

    @classmethod
    def of_extension(cls, extension: str) -> AudioFormat | None:
        """The format that a file name ending in *extension*, with its dot, claims; None for any other."""
        lower = extension.lower()
        usual = {".oga": ".ogg", ".wave": ".wav"}.get(lower, lower)
        return next((one for one in cls if one.extension == usual), None)

    @property
    def media_type(self) -> str:
        """MIME type, e.g. ``audio/mpeg``."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES: Final = {
    AudioFormat.WAV: "audio/wav",
    AudioFormat.MP3: "audio/mpeg",
    AudioFormat.FLAC: "audio/flac",
    AudioFormat.OGG: "audio/ogg",
}

# MPEG audio tables (ISO 11172-3, 13818-3): kbit/s by index, hertz by index.
_LAYER3_KBITS_V1: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_LAYER3_KBITS_V2: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_HZ: Final = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}

# What a refused file looks like, for the message only.
_OTHER_MAGIC: Final = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"#EXTM3U", "a playlist"),
    (b"FORM", "an AIFF file"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM file"),
    (b"ID3", "an ID3 tag without MP3 frames behind it"),
)


def sniff(head: bytes, *, complete: bool = False) -> AudioFormat | None:
    """Tell the format from the first bytes of a file.

    Args:
        head: The first `HEAD_BYTES` bytes, or all of a shorter file.
        complete: *head* is the whole file. Otherwise an ID3 tag that is longer than
            *head* is taken for the start of an MP3, which it nearly always is; use
            `sniff_at` where the file can be read at an offset.

    Returns:
        The format, or None when the content is none of the four.
    """
    found = sniff_at(lambda offset, size: head[offset : offset + size])
    if found is None and not complete and _id3_bytes(head) > len(head) - 4:
        return AudioFormat.MP3 if head[:3] == b"ID3" else None
    return found


def sniff_at(read_at: Callable[[int, int], bytes]) -> AudioFormat | None:
    """Tell the format of anything that can be read at an offset.

    Args:
        read_at: Called with (offset, size) in bytes; may return fewer bytes at the end.

    Returns:
        The format, or None when the content is none of the four.
    """
    offset = 0
    for _ in range(_MAX_ID3_TAGS):
        tag_bytes = _id3_bytes(read_at(offset, _ID3_HEADER_BYTES))
        if not tag_bytes:
            break
        offset += tag_bytes
    head = read_at(offset, HEAD_BYTES)
    if head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE":
        return AudioFormat.WAV
    if head[:4] == b"fLaC":
        return AudioFormat.FLAC
    if head[:4] == b"OggS":
        return AudioFormat.OGG
    # ID3 tags are often padded with zeros beyond their stated size.
    start = len(head) - len(head.lstrip(b"\0")) if offset else 0
    return AudioFormat.MP3 if _are_mp3_frames(head[start:]) else None


def describe(head: bytes) -> str:
    """Say in a few words what content that is no audio looks like."""
    if not head:
        return "an empty file"
    for magic, name in _OTHER_MAGIC:
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "an MP4 or M4A file"
    start = head[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    if len(head) < 4:
        return f"only {len(head)} byte{'s' if len(head) > 1 else ''}"
    if b"\0" not in head[:512] and all(byte >= 0x20 or byte in b"\t\r\n" for byte in head[:512]):
        return "text"
    return "unknown data"


def _id3_bytes(head: bytes) -> int:
    """Size of the ID3v2 tag at the start of *head*, header and footer included; 0 without one."""
    if len(head) < _ID3_HEADER_BYTES or head[:3] != b"ID3" or max(head[6:10]) > 0x7F:
        return 0
    size = (head[6] << 21) | (head[7] << 14) | (head[8] << 7) | head[9]
    return _ID3_HEADER_BYTES + size + (10 if head[5] & 0x10 else 0)


def _are_mp3_frames(data: bytes) -> bool:
    """Whether *data* starts with Layer III frames, as many in a row as fit, at least one whole."""
    offset = frames = 0
    while frames < _MP3_FRAMES_IN_A_ROW:
        size = _mp3_frame_bytes(data[offset : offset + 4])
        if not size:
            return frames > 0 and offset >= len(data)
        offset += size
        frames += 1
        if offset > len(data):
            return frames > 1
    return True


def _mp3_frame_bytes(header: bytes) -> int:
    """Size in bytes of the Layer III frame with this 4-byte header; 0 when it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = (header[1] >> 3) & 3, (header[1] >> 1) & 3
    kbits_index, rate_index, padding = header[2] >> 4, (header[2] >> 2) & 3, (header[2] >> 1) & 1
    if version == 1 or layer != 1 or rate_index == 3 or kbits_index in {0, 15}:
        return 0
    kbits = (_LAYER3_KBITS_V1 if version == 3 else _LAYER3_KBITS_V2)[kbits_index]
    return (144_000 if version == 3 else 72_000) * kbits // _MPEG_HZ[version][rate_index] + padding
