"""Properties of identifiers in paths: whatever one holds, it stays one part of the URL, or is refused."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from audiokit.errors import InvalidRequest
from audiokit.services import all_endpoints
from audiokit.services._endpoint import Endpoint, get

few = settings(max_examples=examples(100), deadline=None)
FILLED = [one for one in all_endpoints() if one.path.startswith("/") and "{" in one.path]
VERSIONED = get("a.b", "/x/{one}[/{version}]", None)

odd = st.sampled_from(
    ["/", "//", "a/b", "../x", "a%2fb", "%2e%2e", "...", "?", "#", "a\nb", "grüße", "名", "\0"]
)
identifiers = (odd | st.text(min_size=1, max_size=40)).filter(lambda text: text not in {".", ".."})
removed_by_urls = st.sampled_from(["", ".", ".."])


def segments(path: str) -> list[str]:
    """Parts of the path between its slashes, as a server gets them on a base URL with a path."""
    parts = urlsplit(str(httpx.URL("https://host.example/base" + path)))
    assert ("https", "host.example", "", "") == (parts.scheme, parts.netloc, parts.query, parts.fragment)
    return parts.path.split("/")


@few
@given(value=identifiers)
def test_identifier_is_one_segment_of_the_url(value: str) -> None:
    """Any id comes out of the URL as it went in, between the same slashes."""
    endpoint = get("a.b", "/x/{one}/y", None)
    *head, found, tail = segments(endpoint.fill({"one": value}))
    assert (["", "base", "x"], value, "y") == (head, unquote(found), tail)


@few
@given(endpoint=st.sampled_from(FILLED), data=st.data())
def test_every_endpoint_keeps_its_shape(endpoint: Endpoint[Any], data: st.DataObject) -> None:
    """As many parts as declared, the fixed ones as declared, the others as given."""
    names = re.findall(r"\{(\w+)\}", endpoint.path)
    values = {name: data.draw(identifiers, label=name) for name in names}
    declared = endpoint.path.replace("[", "").replace("]", "").split("/")
    expected = [values[part[1:-1]] if part.startswith("{") else part for part in declared]
    assert ["", "base", *expected[1:]] == [unquote(part) for part in segments(endpoint.fill(values))]


@few
@given(endpoint=st.sampled_from(FILLED), removed=removed_by_urls, data=st.data())
def test_no_endpoint_takes_what_a_url_would_resolve_away(
    endpoint: Endpoint[Any], removed: str, data: st.DataObject
) -> None:
    """In whichever place it stands, it is refused by its name."""
    names = re.findall(r"\{(\w+)\}", endpoint.path)
    wrong = data.draw(st.sampled_from(names))
    with pytest.raises(InvalidRequest, match=f"{wrong} must be an identifier, not empty") as caught:
        endpoint.fill({**dict.fromkeys(names, "fine"), wrong: removed})
    assert (wrong, removed) == (caught.value.field, caught.value.value)


@few
@given(one=identifiers, version=st.none() | identifiers)
def test_optional_end_is_there_exactly_when_given(one: str, version: str | None) -> None:
    """None leaves the end out; any identifier is one more part."""
    found = segments(VERSIONED.fill({"one": one, "version": version}))
    expected = ["", "base", "x", one, *([] if version is None else [version])]
    assert expected == [unquote(part) for part in found]


@pytest.mark.parametrize("removed", ["", ".", ".."])
def test_optional_end_is_not_left_out_for_an_empty_value(removed: str) -> None:
    """An empty version is a mistake, not all versions."""
    with pytest.raises(InvalidRequest, match="version must be an identifier, not empty"):
        VERSIONED.fill({"one": "a", "version": removed})


@pytest.mark.parametrize("values", [{"one": "a"}, {"one": "a", "verison": "v1"}, {"version": "v1"}])
def test_forgotten_value_is_no_shorter_path(values: dict[str, str]) -> None:
    """A misspelt name must not turn a call on one version into a call on all."""
    with pytest.raises(KeyError):
        VERSIONED.fill(values)


def test_none_in_a_necessary_place_is_refused() -> None:
    """Only an optional end may be None."""
    with pytest.raises(InvalidRequest, match="one must be an identifier"):
        VERSIONED.fill({"one": None, "version": "v1"})


def test_brackets_elsewhere_are_no_optional_end() -> None:
    """Only the end of a path can be left out."""
    endpoint = get("a.b", "/x[/{one}]/y", None)
    assert "/x[/a]/y" == endpoint.fill({"one": "a"})


def test_text_no_url_can_hold_is_refused() -> None:
    """A lone surrogate is our error, not one of the codec's."""
    with pytest.raises(InvalidRequest, match="one must be an identifier that UTF-8 can hold") as caught:
        VERSIONED.fill({"one": "a\ud800", "version": None})
    assert ("one", "a\ud800") == (caught.value.field, caught.value.value)
