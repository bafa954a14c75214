"""Telling formats by content."""

from __future__ import annotations

import pytest

from audiokit._formats import HEAD_BYTES, AudioFormat, describe, sniff, sniff_at

MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)


def _id3(size: int, *, footer: bool = False) -> bytes:
    """An ID3v2 tag whose body has *size* bytes."""
    coded = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00" + (b"\x10" if footer else b"\x00") + coded + bytes(size + (10 if footer else 0))


def test_each_format_is_told(sounds: dict[str, bytes]) -> None:
    """The four formats are told from their first bytes."""
    assert {name: AudioFormat(name) for name in sounds} == {
        name: sniff(data, complete=True) for name, data in sounds.items()
    }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"R",
        b"RIFF\0\0\0\0AVI LIST",
        b"\x89PNG\r\n\x1a\n",
        b"<html>",
        b"ID3",
        b"\xff\xfb\x90\x00",
        b"\xff\xff\xff\xff" * 100,
        b"\xff\xd8\xff\xe0" + bytes(500),
        _id3(100),
        _id3(100) + b"no frames",
    ],
)
def test_other_content_is_none_of_them(data: bytes) -> None:
    """Content of no known format is told as none."""
    assert None is sniff(data, complete=True)


@pytest.mark.parametrize("tag", [_id3(10), _id3(300), _id3(300, footer=True), _id3(20) + _id3(30)])
def test_tags_before_the_sound_are_skipped(tag: bytes, sounds: dict[str, bytes]) -> None:
    """ID3 tags, several and with footers, do not hide an MP3 or a FLAC."""
    assert AudioFormat.MP3 is sniff(tag + MP3_FRAME * 3, complete=True)
    assert AudioFormat.FLAC is sniff(tag + sounds["flac"], complete=True)


def test_padding_after_a_tag_is_skipped() -> None:
    """Zeros beyond a tag's stated size are padding."""
    assert AudioFormat.MP3 is sniff(_id3(10) + bytes(200) + MP3_FRAME * 3, complete=True)


def test_long_tag_is_taken_for_an_mp3_when_only_the_head_is_there() -> None:
    """A tag with a large picture leaves no frames in the head; it nearly always is an MP3."""
    head = (_id3(200_000) + MP3_FRAME * 3)[:HEAD_BYTES]
    assert AudioFormat.MP3 is sniff(head)
    assert None is sniff(head, complete=True)


def test_file_is_read_behind_a_long_tag() -> None:
    """Where the file can be read at an offset, the frames behind the tag decide."""
    data = _id3(200_000) + MP3_FRAME * 3
    assert AudioFormat.MP3 is sniff_at(lambda offset, size: data[offset : offset + size])
    other = _id3(200_000) + b"no frames"
    assert None is sniff_at(lambda offset, size: other[offset : offset + size])


@pytest.mark.parametrize("frames", [1, 2, 3, 10])
def test_short_mp3_is_told(frames: int) -> None:
    """Whole frames up to the end of the data are enough."""
    assert AudioFormat.MP3 is sniff(MP3_FRAME * frames, complete=True)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "an empty file"),
        (b"x", "only 1 byte"),
        (b"xy", "only 2 bytes"),
        (b"\x89PNG\r\n", "a PNG picture"),
        (b"PK\x03\x04xx", "a ZIP archive"),
        (b"ID3\x04\x00\x00", "an ID3 tag without MP3 frames behind it"),
        (b"\0\0\0\x20ftypM4A ", "an MP4 or M4A file"),
        (b"\n <!DOCTYPE HTML><p>", "an HTML page"),
        ("Grüße aus Köln".encode(), "text"),
        (b"\x00\x01\x02\x03", "unknown data"),
    ],
)
def test_refused_content_is_described(data: bytes, said: str) -> None:
    """What content looks like is said in a few words, for the message."""
    assert said == describe(data)


def test_formats_know_their_extension_and_media_type() -> None:
    """Extension and MIME type of each format."""
    assert {
        (".wav", "audio/wav"),
        (".mp3", "audio/mpeg"),
        (".flac", "audio/flac"),
        (".ogg", "audio/ogg"),
    } == {(one.extension, one.media_type) for one in AudioFormat}
