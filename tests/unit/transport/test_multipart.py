"""Multipart framing: exact length, quoting, and bytes that an independent parser reads back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import pytest

from audiokit.errors import InvalidRequest
from audiokit.transport import Multipart, as_source
from audiokit.typing import Progress


async def _framed(body: Multipart) -> bytes:
    return b"".join([chunk async for chunk in body.open()])


def _parsed(body: Multipart, data: bytes) -> list[tuple[str, str | None, str, bytes]]:
    """Parts as the standard library's mail parser reads them: name, file name, type, content."""
    head = f"Content-Type: {body.content_type}\r\n\r\n".encode()
    parts: Any = BytesParser(policy=HTTP).parsebytes(head + data).get_payload()
    return [
        (
            str(part.get_param("name", header="content-disposition")),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in parts
    ]


async def test_framing_is_read_back_by_an_independent_parser(wav: bytes) -> None:
    """Fields come first, then the file with its name, type and exact content."""
    source = await as_source(wav, name="take.wav")
    body = Multipart(fields=[("folder", "f-1"), ("label", "Take 1")], file_field="data", source=source)
    expected = [
        ("folder", None, "text/plain", b"f-1"),
        ("label", None, "text/plain", b"Take 1"),
        ("data", "take.wav", "audio/wav", wav),
    ]
    assert expected == _parsed(body, await _framed(body))


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1])
async def test_length_is_known_exactly_before_the_first_byte(size: int) -> None:
    """The announced length is the length of what is sent, at and around the chunk size."""
    body = Multipart(fields=[("naïve", "grüße")], file_field="data", source=await as_source(bytes(size)))
    announced = body.size_bytes
    assert announced == len(await _framed(body))


async def test_length_is_unknown_for_a_stream(chunks_of: Callable[..., AsyncIterator[bytes]]) -> None:
    """A source without a size gives a body without one, which can be sent once."""
    body = Multipart(fields=[], file_field="data", source=await as_source(chunks_of(b"ab", b"c")))
    assert (None, False) == (body.size_bytes, body.is_replayable)


async def test_file_name_cannot_end_its_quotes_or_its_line(wav: bytes) -> None:
    """Quotes and line ends in a name are written as HTML forms write them."""
    source = await as_source(wav, name='a"\r\nX-Evil: 1\r\n\r\nb.wav')
    framed = await _framed(Multipart(fields=[], file_field="da\nta", source=source))
    head = framed.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
    expected = (
        b'Content-Disposition: form-data; name="da%0Ata"; filename="a%22%0D%0AX-Evil: 1%0D%0A%0D%0Ab.wav"'
    )
    assert expected == head[1]
    assert 3 == len(head)


async def test_unknown_content_is_sent_as_octets() -> None:
    """Content of no known format gets the neutral media type."""
    body = Multipart(fields=[], file_field="data", source=await as_source(b"plain", name="x.bin"))
    assert [("data", "x.bin", "application/octet-stream", b"plain")] == _parsed(body, await _framed(body))


async def test_two_openings_give_the_same_bytes(wav: bytes) -> None:
    """A retry sends what the first attempt sent, boundary included."""
    body = Multipart(fields=[("a", "b")], file_field="data", source=await as_source(wav))
    assert await _framed(body) == await _framed(body)


async def test_boundaries_differ_between_bodies(wav: bytes) -> None:
    """Each body draws its own boundary, so content cannot be prepared to contain it."""
    source = await as_source(wav)
    first, second = (Multipart(fields=[], file_field="data", source=source) for _ in range(2))
    assert first.boundary != second.boundary


async def test_progress_counts_the_file_and_not_the_framing(wav: bytes) -> None:
    """The last report says all of the file, of all of the file."""
    seen: list[Progress] = []
    body = Multipart(
        fields=[("a", "b")], file_field="data", source=await as_source(wav), on_progress=seen.append
    )
    await _framed(body)
    assert Progress(done_bytes=len(wav), total_bytes=len(wav)) == seen[-1]


async def test_text_that_cannot_be_written_is_refused(wav: bytes) -> None:
    """Half a character, in a field or as the file's name; the message names which."""
    source = await as_source(wav)
    with pytest.raises(InvalidRequest, match=r"folder must be text that UTF-8 can write, got '\\ud800'"):
        Multipart(fields=[("folder", "\ud800")], file_field="data", source=source)
    named = await as_source(wav, name="\ud800.wav")
    with pytest.raises(InvalidRequest, match=r"name must be text that UTF-8 can write"):
        Multipart(fields=[], file_field="data", source=named)


async def test_file_name_that_is_no_text_is_sent_as_it_is(wav: bytes) -> None:
    """File systems take any bytes, and Python keeps them apart from text."""
    named = await as_source(wav, name=b"caf\xe9.wav".decode("utf-8", "surrogateescape"))
    framed = await _framed(Multipart(fields=[], file_field="data", source=named))
    assert b'filename="caf\xe9.wav"' in framed
