"""What an API says may repeat our key, or hold signed URLs and new credentials: no error does."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from audiokit import AudioKit
from audiokit.errors import AudiokitError, RemoteFailure, RequestRefused, UnexpectedResponse

Wire = Callable[..., list[Any]]
SIGNED = "https://s3.example/x?X-Amz-Signature=SIGNATURE"


def _everything(error: BaseException) -> str:
    """All that an error shows: message, attributes, pickle and traceback with its causes."""
    return f"{error} {vars(error)!r} {pickle.dumps(error)!r} {''.join(traceback.format_exception(error))}"


async def _failing_speech(kit: AudioKit) -> Any:
    return (await kit.apiaudio.speech.create("s")).raise_for_error()


async def _failing_list(kit: AudioKit) -> Any:
    [recording] = [one async for one in kit.respeecher.recordings.list(folder_id="f")]
    return recording.raise_for_error()


FAILED = {
    "audioform": (
        lambda kit: kit.audiostack.audioforms.get("a"),
        lambda said: {"audioformId": "a", "errors": [said]},
    ),
    "pipeline": (
        lambda kit: kit.audiostack.sts.get("p"),
        lambda said: {"pipelineId": "p", "status": 500, "message": said},
    ),
    "story": (
        lambda kit: kit.audiostack.stories.get("s"),
        lambda said: {"storyId": "s", "statusCode": 500, "message": said},
    ),
    "brief": (lambda kit: kit.audiostack.briefs.create({"a": 1}), lambda said: {"errors": [said]}),
    "speech": (_failing_speech, lambda said: {"intro": {"status_code": 500, "message": said}}),
    "recording": (
        lambda kit: kit.respeecher.recordings.wait("r"),
        lambda said: {"id": "r", "state": "error", "error": said},
    ),
    "recording of a list": (
        _failing_list,
        lambda said: {"list": [{"id": "r", "state": "error", "error": said}], "pagination": {"count": 1}},
    ),
    "calibration": (
        lambda kit: kit.respeecher.calibrations.wait("c"),
        lambda said: {"id": "c", "name": "n", "state": "error", "error": said},
    ),
}


@pytest.mark.parametrize("what", FAILED)
async def test_failed_work_is_told_without_secrets(
    what: str, kit: AudioKit, keys: dict[str, str], wire: Wire
) -> None:
    """The reason is there; what signs a URL is not, nor the key, wherever one looks."""
    call, document = FAILED[what]
    said = " and ".join(["no voice", *keys.values(), f"see {SIGNED}"])
    wire(httpx.Response(200, json=document(said)))
    with pytest.raises(RemoteFailure, match="no voice") as caught:
        await call(kit)
    error = caught.value
    own = keys[error.operation.partition(".")[0]]
    assert own not in _everything(error)
    assert "SIGNATURE" not in str(error) + error.api_message
    assert "https://s3.example/x" in str(error)


@pytest.mark.parametrize(
    ("call", "document"),
    [
        pytest.param(
            lambda kit: kit.respeecher.accents.samples("a"),
            lambda key: [f"{key}"],
            id="another shape",
        ),
        pytest.param(
            lambda kit: kit.respeecher.stats.get(),
            lambda key: {"time_converted": {"total": 1}, "conversions": key},
            id="a field of another kind",
        ),
        pytest.param(lambda kit: kit.apiaudio.speech.create("s"), lambda key: {"junk": key}, id="no section"),
        pytest.param(lambda kit: kit.apiaudio.scripts.list(), lambda key: {"scripts": [key]}, id="odd items"),
    ],
)
async def test_answer_of_another_shape_is_told_without_secrets(
    call: Any, document: Any, kit: AudioKit, keys: dict[str, str], wire: Wire
) -> None:
    """Neither message, body, causes nor pickle."""
    wire(httpx.Response(200, json=document(" ".join(keys.values()))))
    with pytest.raises(UnexpectedResponse) as caught:
        await call(kit)
    assert keys[caught.value.operation.partition(".")[0]] not in _everything(caught.value)


class _Odd(Exception):
    """What a hook may raise."""


async def test_cause_of_a_misfit_is_told_without_secrets(
    kit: AudioKit, keys: dict[str, str], wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A converter's own error quotes the value."""
    own = keys["respeecher"]

    def structure(*_: object) -> Any:
        raise ValueError(f"Invalid isoformat string: '{own}' {SIGNED}") from _Odd(own)

    monkeypatch.setattr(type(kit.respeecher.dialect.converter), "structure", structure)
    wire(httpx.Response(200, json={}))
    with pytest.raises(UnexpectedResponse, match="Invalid isoformat string") as caught:
        await kit.respeecher.recordings.get("r")
    shown = _everything(caught.value)
    assert own not in shown
    assert "SIGNATURE" not in shown


CREDENTIALS: list[Any] = [
    pytest.param(
        lambda kit: kit.respeecher.api_key.create(), httpx.Response(200, json={"key": "NEW-ONE"}), id="key"
    ),
    pytest.param(
        lambda kit: kit.respeecher.api_key.create(), httpx.Response(200, text="NEW-ONE"), id="key as text"
    ),
    pytest.param(
        lambda kit: kit.respeecher.api_key.create(),
        httpx.Response(201, json={"api_key": "NEW-ONE", "message": "NEW-ONE"}),
        id="key with another status",
    ),
    pytest.param(
        lambda kit: kit.respeecher.session.login("a@example.com", "password"),
        httpx.Response(200, json={"user": {"name": "x"}, "csrf_token": "NEW-ONE"}),
        id="session",
    ),
    pytest.param(
        lambda kit: kit.apiaudio.organisation.get_secrets(),
        httpx.Response(200, json=["NEW-ONE"]),
        id="secrets",
    ),
]


@pytest.mark.parametrize(("call", "reply"), CREDENTIALS)
async def test_new_credentials_are_in_no_error(
    call: Any, reply: httpx.Response, kit: AudioKit, wire: Wire
) -> None:
    """The answer is left out, and the error says so."""
    wire(reply)
    with pytest.raises(UnexpectedResponse, match="not shown, because it may hold credentials") as caught:
        await call(kit)
    assert caught.value.body is None
    assert "NEW-ONE" not in _everything(caught.value)


async def test_refusal_to_make_credentials_is_told(kit: AudioKit, wire: Wire) -> None:
    """It brings none, and its reason is needed."""
    wire(httpx.Response(422, json={"detail": "too early"}))
    with pytest.raises(RequestRefused, match="too early") as caught:
        await kit.respeecher.api_key.create()
    assert {"detail": "too early"} == caught.value.body


async def test_reasons_stay_readable_where_nothing_is_secret(kit: AudioKit, wire: Wire) -> None:
    """What the API says comes through as it is, with its document."""
    document = {
        "data": {"audioformId": "a", "errors": ["bad voice", {"at": 3}]},
        "meta": {"requestId": "q-1"},
    }
    wire(httpx.Response(200, json=document))
    with pytest.raises(AudiokitError, match=r"audioform a failed: bad voice; \{'at': 3\}") as caught:
        await kit.audiostack.audioforms.get("a")
    error: Any = caught.value
    assert (document, "q-1", 200) == (error.body, error.request_id, error.status)
