"""Properties of decoding: known fields get our names, unknown ones are kept, nothing crashes."""

from __future__ import annotations

import string
from typing import Any

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from audiokit.jobs import SpeechJob
from audiokit.jobs._identity import key_of
from audiokit.services._dialect import APIAUDIO, AUDIOSTACK, RESPEECHER
from audiokit.services.apiaudio import MasteredTrack
from audiokit.services.respeecher import Recording, Voice

few = settings(max_examples=examples(60), deadline=None)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
unknown = st.dictionaries(
    st.text(string.ascii_lowercase, min_size=3, max_size=8).map(lambda name: f"zz_{name}"),
    json_values,
    max_size=4,
)


@few
@given(id=st.text(), state=st.text(), extra=unknown, size=st.none() | st.integers(0, 2**53))
def test_recording_keeps_all_that_came(id: str, state: str, extra: dict[str, Any], size: int | None) -> None:  # noqa: A002
    """Ids, states nobody knows and fields nobody knows come through unchanged."""
    recording = RESPEECHER.converter.structure({"id": id, "state": state, "size": size, **extra}, Recording)
    assert (id, state, size, extra) == (recording.id, recording.state, recording.size_bytes, recording.extra)


@few
@given(extra=unknown, url=st.none() | st.text())
def test_track_keeps_all_that_came(extra: dict[str, Any], url: str | None) -> None:
    """As for the camel-case API."""
    track = APIAUDIO.converter.structure({"url": url, "shareUrl": "s", **extra}, MasteredTrack)
    assert (url, "s", extra) == (track.url, track.share_url, track.extra)


@few
@given(value=json_values)
def test_any_document_is_a_model_or_a_clear_refusal(value: Any) -> None:
    """Decoding raises `ValueError` with words, never anything else."""
    for kind in (Recording, Voice, list[Voice]):
        try:
            RESPEECHER.converter.structure(value, kind)
        except ValueError as error:
            assert str(error)


@few
@given(
    field=st.sampled_from(["name", "pitch", "accents", "narration_styles", "created_at", "tiers", "active"]),
    value=json_values,
)
def test_any_value_of_a_field_is_taken_or_refused(field: str, value: Any) -> None:
    """One odd field is a model or a refusal with its path, never a crash."""
    try:
        RESPEECHER.converter.structure({"id": "v", "name": "n", field: value}, Voice)
    except ValueError as error:
        assert field in str(error)


@few
@given(body=json_values, name=st.sampled_from(["detail", "message", "errors", "error", "details", "Message"]))
@pytest.mark.parametrize("dialect", [APIAUDIO, AUDIOSTACK, RESPEECHER], ids=lambda one: one.api)
def test_any_error_body_is_read_or_passed_over(dialect: Any, body: Any, name: str) -> None:
    """Lines of text come out of whatever a server or proxy answers."""
    for document in (body, {name: body}):
        lines = dialect.error_lines(document)
        assert all(isinstance(line, str) for line in lines)
        request_id = dialect.request_id(document)
        assert request_id is None or isinstance(request_id, str)
        dialect.unwrap(document)


@few
@given(
    audience=st.dictionaries(st.text("abc", max_size=3), st.text("xyz'", max_size=3), max_size=3),
    other=st.dictionaries(st.text("abc", max_size=3), st.text("xyz'", max_size=3), max_size=3),
    index=st.integers(0, 9),
)
def test_keys_are_equal_exactly_for_equal_jobs(
    audience: dict[str, str], other: dict[str, str], index: int
) -> None:
    """The place among the inputs does not count; every value does."""
    first = key_of(SpeechJob(script_id="s", audience=audience), 0)
    assert (audience == other) == (first == key_of(SpeechJob(script_id="s", audience=other), index))
