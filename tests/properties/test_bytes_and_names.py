"""Properties of what is framed, named and told by content: they hold for any input."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import httpx
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from audiokit import RetryPolicy
from audiokit._formats import AudioFormat, describe, sniff, sniff_at
from audiokit.jobs._context import label_of
from audiokit.services._poll import PollSchedule
from audiokit.services._service import encode_query
from audiokit.transport import Multipart, as_source, safe_file_name
from audiokit.transport._retry import next_wait, parse_retry_after
from audiokit.transport._target import served_name

few = settings(max_examples=examples(60), deadline=None)
plain_text = st.text(st.characters(codec="utf-8"), max_size=60)
# Text of form fields: what a line end can become in a mail parser is not our business here.
field_text = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\u2028\u2029"), max_size=40
)


@few
@given(
    fields=st.lists(st.tuples(st.text("abcdefgh_", min_size=1, max_size=12), field_text), max_size=4),
    content=st.binary(max_size=3000),
    name=st.text("abc äß\"\\'%;.", min_size=1, max_size=20),
)
def test_multipart_is_read_back(fields: list[tuple[str, str]], content: bytes, name: str) -> None:
    """Whatever the fields and the file hold, the parts come out as they went in, at the stated length."""

    async def framed() -> tuple[Multipart, bytes]:
        body = Multipart(fields=fields, file_field="data", source=await as_source(content, name=name))
        return body, b"".join([chunk async for chunk in body.open()])

    body, data = asyncio.run(framed())
    assert body.size_bytes == len(data)
    head = f"Content-Type: {body.content_type}\r\n\r\n".encode()
    parts: Any = BytesParser(policy=HTTP).parsebytes(head + data).get_payload()
    read = [
        (part.get_param("name", header="content-disposition"), part.get_payload(decode=True))
        for part in parts
    ]
    assert [*((key, value.encode()) for key, value in fields), ("data", content)] == read


@few
@given(chunks=st.lists(st.binary(max_size=40_000), max_size=8))
def test_stream_loses_and_changes_nothing(chunks: list[bytes]) -> None:
    """The bytes of an async iterable are sent whole and in order, wherever the chunks end."""

    async def generate() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def sent() -> bytes:
        return b"".join([chunk async for chunk in (await as_source(generate())).open()])

    assert b"".join(chunks) == asyncio.run(sent())


@few
@given(name=st.text(max_size=200) | st.text("./\\ ab\0:", max_size=30))
def test_safe_file_name_never_leaves_its_folder(name: str) -> None:
    """Any text becomes one harmless part of a path that any file system can hold."""
    safe = safe_file_name(name)
    assert safe
    assert safe not in {".", ".."}
    assert not set(safe) & {"/", "\\", "\0", "\n", ":"}
    assert len(safe.encode()) <= 150


@few
@given(header=st.text(st.characters(max_codepoint=255), max_size=80))
def test_any_disposition_gives_a_name(header: str) -> None:
    """A server's header, however odd, is no crash and no way out of the folder."""
    value = "".join(one for one in header if one.isprintable())
    name = safe_file_name(served_name({"content-disposition": value}, "https://host.example/a/b.wav"))
    assert name
    assert "/" not in name


@few
@given(name=st.text(max_size=80))
def test_any_name_gives_a_label(name: str) -> None:
    """Labels hold only what the gateway takes."""
    label = label_of(name)
    assert 1 <= len(label) <= 40
    assert all(one.isascii() and (one.isalnum() or one in " -") for one in label)


heads = st.sampled_from(
    [b"", b"ID3\x04\x00\x00", b"ID3\x04\x00\x10", b"\xff\xfb", b"\xff\xfb\x90\x00", b"RIFF", b"OggS"]
)


@few
@given(data=st.builds(bytes.__add__, heads, st.binary(max_size=400)), complete=st.booleans())
def test_telling_a_format_never_raises(data: bytes, complete: bool) -> None:  # noqa: FBT001 - hypothesis gives it by name
    """Any bytes are one of the formats or none, and can be described."""
    found = sniff(data, complete=complete)
    assert found is None or isinstance(found, AudioFormat)
    assert describe(data)
    if complete:
        assert found is sniff_at(lambda offset, size: data[offset : offset + size])


@few
@given(
    attempt=st.integers(1, 50),
    attempts=st.integers(1, 50),
    retry_after=st.none() | st.floats(0, 1e6),
)
def test_waits_are_within_the_policy(attempt: int, attempts: int, retry_after: float | None) -> None:
    """A wait is never negative, never sooner than asked for, and never beyond the caps."""
    policy = RetryPolicy(attempts=attempts, backoff_cap_s=20, retry_after_cap_s=60)
    wait = next_wait(policy, attempt=attempt, retry_after=retry_after)
    if attempt >= attempts or (retry_after is not None and retry_after > 60):
        assert wait is None
    else:
        assert wait is not None
        assert (retry_after or 0) <= wait <= 66


@few
@given(header=st.text(st.characters(max_codepoint=127), max_size=40) | st.floats().map(str))
def test_any_retry_after_is_seconds_or_nothing(header: str) -> None:
    """A server's header is a span of zero or more, or counts as missing."""
    seconds = parse_retry_after(header)
    assert seconds is None or seconds >= 0


@few
@given(
    first=st.floats(0.01, 100),
    growth=st.floats(1, 10),
    longest=st.floats(0.01, 100),
)
def test_polls_neither_hurry_nor_stall(first: float, growth: float, longest: float) -> None:
    """After the first, every wait lies between half of the smaller and all of the longest."""
    waits = PollSchedule(first_s=first, growth=growth, longest_s=longest).waits()
    assert first / 2 <= next(waits) <= first
    for _, wait in zip(range(20), waits, strict=False):
        assert min(first, longest) / 2 <= wait <= longest


@few
@given(
    values=st.dictionaries(
        st.text("abc", min_size=1, max_size=3),
        st.none() | st.booleans() | st.integers() | plain_text | st.lists(plain_text, max_size=3),
        max_size=4,
    )
)
def test_query_holds_what_was_given(values: dict[str, Any]) -> None:
    """None is left out, a list repeats its key, everything is text."""
    pairs = encode_query(values)
    assert all(isinstance(one, str) for pair in pairs for one in pair)
    wanted = sum(len(one) if isinstance(one, list) else one is not None for one in values.values())
    assert wanted == len(pairs)
    assert list(pairs) == list(httpx.QueryParams(list(pairs)).multi_items())
