"""Errors of calls say which object they are about: method and path, and never a query."""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import respx

from audiokit import AudioKit
from audiokit.errors import (
    ApiError,
    AudiokitError,
    CallTimeout,
    ConnectionFailed,
    ConnectionLost,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    TransportError,
)
from audiokit.services.respeecher import Recording

Wire = Callable[..., list[Any]]


@pytest.mark.parametrize(
    "reply", [httpx.Response(404, json={"detail": "gone"}), httpx.Response(200, json=[])]
)
async def test_answer_that_is_no_success_names_its_object(
    reply: httpx.Response, kit: AudioKit, wire: Wire
) -> None:
    """In the message and as attributes, which a pickle keeps."""
    wire(reply)
    with pytest.raises(ApiError, match=r" \(GET /api/recordings/id-42\)$") as caught:
        await kit.respeecher.recordings.get("id-42")
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert ("GET", "/api/recordings/id-42") == (error.method, error.path)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [(httpx.ReadError("cut"), ConnectionLost), (httpx.ConnectError("no"), ConnectionFailed)],
)
async def test_lost_call_names_its_object(
    failure: httpx.RequestError, kind: type[TransportError], kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """Though the API said nothing."""
    respx_mock.get(url__regex=".*").mock(side_effect=failure)
    with pytest.raises(kind, match=r"\(GET /api/recordings/id-42\)$") as caught:
        await kit.respeecher.recordings.get("id-42")
    assert ("GET", "/api/recordings/id-42") == (caught.value.method, caught.value.path)


async def test_call_out_of_time_names_its_object(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """A deadline too short for anything."""
    respx_mock.get(url__regex=".*").respond(json={"id": "r", "state": "done"})
    with pytest.raises(CallTimeout, match=r"\(GET /api/recordings/id-42\)$") as caught:
        await kit.respeecher.recordings.get("id-42", timeout=1e-9)
    assert ("GET", "/api/recordings/id-42") == (caught.value.method, caught.value.path)


async def test_unknown_outcome_names_its_object_once(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """Its own message has the path already."""
    respx_mock.post(url__regex=".*").mock(side_effect=httpx.ReadError("cut"))
    with pytest.raises(OutcomeUnknown) as caught:
        await kit.respeecher.orders.retry("id-42")
    assert 1 == str(caught.value).count("/api/v2/orders/retry/id-42")


async def test_queries_are_in_no_error(kit: AudioKit, wire: Wire) -> None:
    """They may carry secrets."""
    wire(httpx.Response(404))
    with pytest.raises(NotFound) as caught:
        await kit.respeecher.request("GET", "/x?token=hush", query={"a": "hush"})
    assert "/x" == caught.value.path
    assert "hush" not in str(caught.value) + repr(vars(caught.value))


async def test_path_that_would_break_a_line_is_shown_on_one(kit: AudioKit) -> None:
    """Messages go to logs, line by line."""
    with pytest.raises(ConnectionFailed) as caught:
        await kit.respeecher.request("GET", "/a\r\nb")
    assert str(caught.value).isprintable()


async def test_url_that_the_api_gave_is_in_no_error(kit: AudioKit, tmp_path: Any, wire: Wire) -> None:
    """It may be signed."""
    wire(httpx.Response(403))
    with pytest.raises(ApiError) as caught:
        await kit.respeecher.recordings.download("https://cdn.example/a?Signature=hush", tmp_path)
    assert ("GET", "") == (caught.value.method, caught.value.path)
    assert "hush" not in str(caught.value) + repr(vars(caught.value))


def test_errors_are_made_as_before() -> None:
    """Both facts may be left out."""
    for error in (ApiError("m", operation="o", status=500), TransportError("m", operation="o")):
        assert ("m", "", "") == (str(error), error.method, error.path)


@pytest.mark.parametrize(
    "value",
    [Recording(id="r", state="done"), b"x", True, 1.5, ["r"], uuid.UUID(int=1)],
    ids=lambda one: type(one).__name__,
)
async def test_object_in_the_place_of_an_id_is_refused(value: Any, kit: AudioKit, wire: Wire) -> None:
    """Nothing is sent, and the error says what to pass; the object may show a signed URL and stays out."""
    sent = wire(httpx.Response(200, json={}))
    with pytest.raises(
        InvalidRequest, match=r"recording_id must be a str or an int, .* pass its id"
    ) as caught:
        await kit.respeecher.recordings.get(value)
    assert type(value).__name__ == caught.value.value
    assert [] == sent


async def test_id_may_be_a_number(kit: AudioKit, wire: Wire) -> None:
    """Some databases hand out numbers."""
    sent = wire(httpx.Response(200, json={"id": "5", "state": "done"}))
    await kit.respeecher.recordings.get(5)  # type: ignore[arg-type]
    assert "https://gateway.example/api/recordings/5" == sent[0].url


async def test_missing_id_is_refused(kit: AudioKit) -> None:
    """As an empty one is."""
    with pytest.raises(AudiokitError, match="recording_id must be an identifier"):
        await kit.respeecher.recordings.get(None)  # type: ignore[arg-type]
