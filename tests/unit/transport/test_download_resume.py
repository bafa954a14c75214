"""Going on where a download broke off: what an answer must say for it, and what refuses it. No network."""

from __future__ import annotations

import pytest

from audiokit.transport._resume import Continuation, asks_for_a_part, is_same_origin, is_whole

TAGGED = Continuation(total_bytes=1000, field="etag", version='"v1"')
MONDAY = "Mon, 16 Nov 2026 08:00:00 GMT"
LATER = "Mon, 16 Nov 2026 08:00:01 GMT"


@pytest.mark.parametrize(
    ("headers", "field", "version"),
    [
        ({"etag": '"v1"'}, "etag", '"v1"'),
        ({"etag": '"v1"', "accept-ranges": "bytes"}, "etag", '"v1"'),
        ({"etag": '"v1"', "last-modified": MONDAY, "date": LATER}, "etag", '"v1"'),
        ({"last-modified": MONDAY, "date": LATER}, "last-modified", MONDAY),
    ],
)
def test_answer_that_names_its_version_can_be_continued(
    headers: dict[str, str], field: str, version: str
) -> None:
    """By a strong ETag, or by a date that no later change can have."""
    offered = Continuation.offered(200, headers, 1000)
    assert Continuation(total_bytes=1000, field=field, version=version) == offered


@pytest.mark.parametrize(
    ("status", "headers", "size_bytes"),
    [
        (200, {}, 1000),
        (200, {"etag": 'W/"v1"'}, 1000),
        (200, {"etag": 'W/"v1"', "last-modified": MONDAY, "date": LATER}, 1000),
        (200, {"etag": "v1"}, 1000),
        (200, {"etag": '"v\u00e9"'}, 1000),
        (200, {"etag": '"v1"'}, None),
        (200, {"etag": '"v1"', "accept-ranges": "none"}, 1000),
        (200, {"last-modified": MONDAY}, 1000),
        (200, {"last-modified": MONDAY, "date": MONDAY}, 1000),
        (200, {"last-modified": "yesterday", "date": LATER}, 1000),
        (206, {"etag": '"v1"'}, 1000),
        (203, {"etag": '"v1"'}, 1000),
    ],
)
def test_doubt_about_the_version_means_a_new_start(
    status: int, headers: dict[str, str], size_bytes: int | None
) -> None:
    """No validator, a weak one, no length, or an answer that is no plain 200."""
    assert Continuation.offered(status, headers, size_bytes) is None


def test_rest_is_asked_for_only_of_the_same_version() -> None:
    """Range from the first byte that is missing, If-Range with the version."""
    assert {"range": "bytes=400-", "if-range": '"v1"'} == TAGGED.headers(400)


def test_rest_of_the_same_version_is_taken() -> None:
    """Range, size and version fit; a length of the body is not needed."""
    right = {"content-range": "bytes 400-999/1000", "etag": '"v1"'}
    assert TAGGED.objection(right, 600, 400) is None
    assert TAGGED.objection(right, None, 400) is None


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"content-range": "bytes 401-999/1000", "etag": '"v1"'}, "bytes 401 to 999 came, 400 to 999 were"),
        ({"content-range": "bytes 400-998/1000", "etag": '"v1"'}, "bytes 400 to 998 came"),
        ({"content-range": "bytes 400-1000/1001", "etag": '"v1"'}, "has 1001 bytes now and had 1000"),
        ({"content-range": "bytes 400-999/*", "etag": '"v1"'}, r"Content-Range 'bytes 400-999/\*'"),
        ({"content-range": "items 400-999/1000", "etag": '"v1"'}, "Content-Range 'items"),
        ({"etag": '"v1"'}, "Content-Range None"),
        ({"content-range": "bytes 400-999/1000", "etag": '"v2"'}, """etag '"v2"', the beginning of '"v1"'"""),
        ({"content-range": "bytes 400-999/1000", "etag": 'W/"v1"'}, "etag"),
        ({"content-range": "bytes 400-999/1000"}, "etag ''"),
        ({"content-range": "bytes 400-999/1000", "etag": '"v1"', "content-encoding": "gzip"}, "packed"),
    ],
)
def test_any_other_part_is_refused(headers: dict[str, str], said: str) -> None:
    """What cannot be proved to be the rest of the same bytes is never added to them."""
    objection = TAGGED.objection(headers, None, 400)
    assert objection is not None
    assert said.replace("\\", "") in objection


def test_body_of_another_length_than_its_range_is_refused() -> None:
    """600 bytes are the rest; a server that announces another number has something else in mind."""
    right = {"content-range": "bytes 400-999/1000", "etag": '"v1"'}
    assert "599 bytes were announced for the last 600" == TAGGED.objection(right, 599, 400)


def test_caller_may_ask_for_a_part() -> None:
    """A range among the caller's own headers is told, in any spelling."""
    assert asks_for_a_part({"RANGE": "bytes=0-9"})
    assert not asks_for_a_part({"x-range": "1"})


@pytest.mark.parametrize(
    ("value", "whole"),
    [("bytes 0-9/10", True), ("bytes 0-8/10", False), ("bytes 1-9/10", False), ("", False)],
)
def test_part_that_is_everything_is_told(value: str, whole: bool) -> None:  # noqa: FBT001 - by name
    """Some servers answer 206 with all of it."""
    assert whole is is_whole({"content-range": value})


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://api.example/x?y", True),
        ("https://API.example:443/x", True),
        ("http://api.example/x", False),
        ("https://api.example:444/x", False),
        ("https://bucket.example/x", False),
    ],
)
def test_origins_are_compared_with_their_ports(url: str, same: bool) -> None:  # noqa: FBT001 - by name
    """Scheme, host and port make an origin; a default port need not be written."""
    assert same is is_same_origin(url, "https://api.example/base")
