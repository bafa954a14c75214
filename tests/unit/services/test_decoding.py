"""Answers become models; what is not known is kept, what does not fit is explained."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from audiokit import AudioKit
from audiokit.errors import (
    ApiError,
    AuthenticationError,
    Conflict,
    CreditsExhausted,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    RemoteFailure,
    RequestRefused,
    ServerError,
    UnexpectedResponse,
)

RECORDING = {"id": "r-1", "state": "done"}
Wire = Callable[..., list[Any]]


async def test_unknown_fields_are_kept(kit: AudioKit, wire: Wire) -> None:
    """What the API sends beyond the known fields is in `extra`, under the wire's names."""
    wire(httpx.Response(200, json={**RECORDING, "voice_name": "Anna", "moderation": {"state": "ok"}}))
    recording = await kit.respeecher.recordings.get("r-1")
    assert {"voice_name": "Anna", "moderation": {"state": "ok"}} == recording.extra


async def test_unknown_fields_of_nested_objects_are_kept(kit: AudioKit, wire: Wire) -> None:
    """Objects inside objects keep theirs."""
    wire(httpx.Response(200, json={**RECORDING, "note": {"id": "n", "text": "t", "colour": "red"}}))
    note = (await kit.respeecher.recordings.get("r-1")).note
    assert {"colour": "red"} == note.extra  # type: ignore[union-attr]


async def test_renamed_fields_do_not_show_up_as_unknown(kit: AudioKit, wire: Wire) -> None:
    """A field that has another name here is known all the same."""
    wire(httpx.Response(200, json={**RECORDING, "size": 5, "duration": 1.5}))
    recording = await kit.respeecher.recordings.get("r-1")
    assert (5, 1.5, {}) == (recording.size_bytes, recording.duration_s, recording.extra)


async def test_unknown_states_survive(kit: AudioKit, wire: Wire) -> None:
    """A state nobody has heard of is kept, and is not over."""
    wire(httpx.Response(200, json={**RECORDING, "state": "daydreaming"}))
    recording = await kit.respeecher.recordings.get("r-1")
    assert ("daydreaming", False) == (recording.state, recording.is_over)


@pytest.mark.parametrize(
    ("sent", "kept"), [("loud", "loud"), (None, None), ({"id": "n", "text": "loud"}, "loud")]
)
async def test_note_is_read_in_each_of_its_shapes(sent: Any, kept: Any, kit: AudioKit, wire: Wire) -> None:
    """A note is an object, a text or nothing, by source."""
    wire(httpx.Response(200, json={**RECORDING, "note": sent}))
    note = (await kit.respeecher.recordings.get("r-1")).note
    assert kept == getattr(note, "text", note)


@pytest.mark.parametrize("value", [120, 118.5, "118.5", None])
async def test_calibration_value_is_read_in_each_of_its_shapes(value: Any, kit: AudioKit, wire: Wire) -> None:
    """A number by one source, a text by another."""
    wire(httpx.Response(200, json={**RECORDING, "calibration_value": value}))
    assert value == (await kit.respeecher.recordings.get("r-1")).calibration_value


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-10-08T16:12:55.753Z", datetime(2023, 10, 8, 16, 12, 55, 753_000, UTC)),
        ("2023-10-08T18:12:55+02:00", datetime(2023, 10, 8, 16, 12, 55, tzinfo=UTC)),
        ("2023-10-08T16:12:55", datetime(2023, 10, 8, 16, 12, 55, tzinfo=UTC)),
        ("2023-10-08", datetime(2023, 10, 8, tzinfo=UTC)),
    ],
)
async def test_times_are_aware(text: str, moment: datetime, kit: AudioKit, wire: Wire) -> None:
    """Every spelling of ISO 8601 becomes an aware moment; one without zone is UTC."""
    wire(httpx.Response(200, json={**RECORDING, "created_at": text}))
    created = (await kit.respeecher.recordings.get("r-1")).created_at
    assert moment == created
    assert created is not None
    assert created.tzinfo is not None


@pytest.mark.parametrize("shape", ["bare", "envelope"])
async def test_calibrations_are_read_bare_and_in_an_envelope(shape: str, kit: AudioKit, wire: Wire) -> None:
    """The reference page shows a list, the gateway's own specification an envelope."""
    items = [{"id": "c-1", "name": "a", "state": "calibrated"}]
    document = (
        items if shape == "bare" else {"list": items, "pagination": {"count": 1, "limit": 50, "offset": 0}}
    )
    wire(httpx.Response(200, json=document))
    page = await kit.respeecher.calibrations.list().page()
    assert (["c-1"], 1, 0) == ([one.id for one in page.items], page.total, page.offset)


async def test_narration_style_is_named_by_its_tags_where_it_has_no_name(kit: AudioKit, wire: Wire) -> None:
    """Newer gateways spell the style as tags."""
    style = {"id": "s", "tags": [{"name": "calm"}, {"name": None}, {"name": "warm"}]}
    wire(httpx.Response(200, json=[{"id": "v", "name": "n", "narration_styles": [style]}]))
    voices = await kit.respeecher.voices.search("n")
    assert "calm, warm" == voices[0].narration_styles[0].name


@pytest.mark.parametrize("warnings", ["", "careful", ["a", "b"], None])
async def test_warnings_of_a_track_come_in_any_shape(warnings: Any, kit: AudioKit, wire: Wire) -> None:
    """A text, a list or nothing."""
    wire(httpx.Response(200, json={"url": "https://x.example/a.mp3", "warnings": warnings}))
    assert warnings == (await kit.apiaudio.mastering.create("s")).warnings


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"id": 5, "state": "done"}, r"expected str @ \$\.id"),
        ({"state": "done"}, r"required field missing"),
        ([], r"expected an object for Recording, got list"),
    ],
)
async def test_answer_of_another_shape_is_explained(
    document: Any, said: str, kit: AudioKit, wire: Wire
) -> None:
    """The message names operation, status, model and the place that does not fit; the body is kept."""
    wire(httpx.Response(200, json=document))
    with pytest.raises(UnexpectedResponse, match=said) as caught:
        await kit.respeecher.recordings.get("r-1")
    assert "respeecher.recordings.get: the answer (HTTP 200) does not fit Recording" in str(caught.value)
    assert document == caught.value.body


async def test_odd_value_of_an_optional_field_is_no_failure(kit: AudioKit, wire: Wire) -> None:
    """What a model can do without is taken as it comes, so that one odd field spoils no list."""
    wire(httpx.Response(200, json={**RECORDING, "label": 5, "starred": None}))
    recording = await kit.respeecher.recordings.get("r-1")
    taken: Any = (recording.label, recording.starred)
    assert (5, False) == taken


async def test_null_for_a_list_is_an_empty_one(kit: AudioKit, wire: Wire) -> None:
    """A voice that cannot speak text may have no list of styles at all."""
    wire(httpx.Response(200, json=[{"id": "v", "name": "n", "narration_styles": None, "accents": None}]))
    voice = (await kit.respeecher.voices.search("n"))[0]
    assert ([], []) == (voice.narration_styles, voice.accents)


async def test_answer_that_is_no_json_is_explained(kit: AudioKit, wire: Wire) -> None:
    """A page instead of a document is kept as text."""
    wire(httpx.Response(200, content=b"<html>hello"))
    with pytest.raises(UnexpectedResponse) as caught:
        await kit.respeecher.recordings.get("r-1")
    assert "<html>hello" == caught.value.body


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, UnexpectedResponse),
        (400, RequestRefused),
        (401, AuthenticationError),
        (402, CreditsExhausted),
        (403, AuthenticationError),
        (404, NotFound),
        (405, RequestRefused),
        (409, Conflict),
        (413, PayloadTooLarge),
        (418, RequestRefused),
        (422, RequestRefused),
        (429, RateLimited),
        (500, ServerError),
        (503, ServerError),
        (599, ServerError),
    ],
)
async def test_each_status_has_its_error(
    status: int, kind: type[ApiError], kit: AudioKit, wire: Wire
) -> None:
    """The class of the error says what a caller can do; the facts are attributes."""
    wire(httpx.Response(status, json={"detail": "because"}, headers={"x-request-id": "q-1"}))
    with pytest.raises(ApiError) as caught:
        await kit.respeecher.projects.create("p", owner="u")
    error = caught.value
    assert kind is type(error)
    assert ("respeecher.projects.create", status, "because", "q-1", {"detail": "because"}) == (
        error.operation,
        error.status,
        error.api_message,
        error.request_id,
        error.body,
    )
    assert str(error).startswith(f"respeecher.projects.create: HTTP {status}: because")


@pytest.mark.parametrize(
    ("api", "body", "said"),
    [
        ("apiaudio", {"errors": ["scriptText is missing", "x"]}, "scriptText is missing; x"),
        ("apiaudio", {"message": "Forbidden"}, "Forbidden"),
        ("apiaudio", {"Message": "denied"}, "denied"),
        ("apiaudio", {"error": "bird"}, "bird"),
        (
            "apiaudio",
            {"message": "unknown filter", "allowedFilteringParameters": ["genre", "tempo"]},
            "unknown filter; allowed filters: genre, tempo",
        ),
        ("audiostack", {"message": "Bad", "errors": ["a", "b"]}, "Bad; a; b"),
        ("audiostack", {"message": "Bad", "details": "name is taken"}, "Bad; name is taken"),
        (
            "audiostack",
            {"message": "Bad", "details": [{"field": "x", "issue": 1}]},
            "Bad; field: x, issue: 1",
        ),
        ("audiostack", {"detail": "no"}, "no"),
        ("respeecher", {"detail": "Name is taken"}, "Name is taken"),
        (
            "respeecher",
            {
                "detail": [
                    {"loc": ["body", "conversions", 0, "voice_id"], "msg": "field required", "type": "x"}
                ]
            },
            "body.conversions.0.voice_id: field required",
        ),
        ("respeecher", {"detail": [{"msg": "no place"}, "text"]}, "no place; text"),
        ("respeecher", {"detail": {"a": 1}}, "a: 1"),
    ],
)
async def test_error_body_of_each_shape_is_read(
    api: str, body: Any, said: str, kit: AudioKit, wire: Wire
) -> None:
    """Each API explains itself in its own way, sometimes in several; the text is found."""
    calls: dict[str, Callable[[], Any]] = {
        "apiaudio": lambda: kit.apiaudio.scripts.create("x"),
        "audiostack": lambda: kit.audiostack.scripts.create("x"),
        "respeecher": lambda: kit.respeecher.projects.create("p", owner="u"),
    }
    wire(httpx.Response(422, json=body))
    with pytest.raises(RequestRefused) as caught:
        await calls[api]()
    assert said == caught.value.api_message


@pytest.mark.parametrize("body", [{"detail": [{"loc": 5, "msg": "x"}]}, {"detail": [{"loc": {"a": 1}}]}])
async def test_odd_validation_error_is_still_an_error_of_ours(body: Any, kit: AudioKit, wire: Wire) -> None:
    """An error body nobody foresaw does not turn into a crash."""
    wire(httpx.Response(422, json=body))
    with pytest.raises(RequestRefused):
        await kit.respeecher.credits.get()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no explanation was given"),
        (b"<html>\n<b>Bad gateway</b>", "'<html> <b>Bad gateway</b>'"),
        (b"\xff\xfe", "HTTP 500"),
        (b"[]", "HTTP 500"),
        (b"null", "HTTP 500"),
        (b'"text"', "HTTP 500"),
    ],
)
async def test_error_without_a_known_body_shows_what_came(
    content: bytes, said: str, kit: AudioKit, wire: Wire
) -> None:
    """Whatever a proxy answers, the status decides and an excerpt is shown."""
    wire(httpx.Response(500, content=content))
    with pytest.raises(ServerError) as caught:
        await kit.respeecher.projects.create("p", owner="u")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("api", "variable"),
    [
        ("apiaudio", "APIAUDIO_API_KEY"),
        ("audiostack", "AUDIOSTACK_API_KEY"),
        ("respeecher", "RESPEECHER_API_KEY"),
    ],
)
async def test_refused_key_names_the_variable(api: str, variable: str, kit: AudioKit, wire: Wire) -> None:
    """A 401 says where the credentials come from."""
    wire(httpx.Response(401, json={"message": "no", "detail": "no"}))
    calls: dict[str, Callable[[], Any]] = {
        "apiaudio": lambda: kit.apiaudio.scripts.create("x"),
        "audiostack": lambda: kit.audiostack.scripts.create("x"),
        "respeecher": lambda: kit.respeecher.credits.get(),
    }
    with pytest.raises(AuthenticationError, match=f"no; check {variable}"):
        await calls[api]()


async def test_rate_limit_carries_its_wait(kit: AudioKit, wire: Wire) -> None:
    """Seconds to wait are an attribute when they are longer than the client waits itself."""
    sent = wire(httpx.Response(429, json={"detail": "slow down"}, headers={"retry-after": "120"}))
    with pytest.raises(RateLimited) as caught:
        await kit.respeecher.projects.create("p", owner="u")
    assert (120.0, 1) == (caught.value.retry_after, len(sent))


async def test_v2_request_id_is_taken_from_the_answer(kit: AudioKit, wire: Wire) -> None:
    """AudioStack gives the id in its envelope."""
    wire(httpx.Response(409, json={"message": "taken", "meta": {"requestId": "q-9"}}))
    with pytest.raises(Conflict) as caught:
        await kit.audiostack.templates.create("epic1")
    assert "q-9" == caught.value.request_id


async def test_failed_section_inside_a_success_is_raised_on_demand(kit: AudioKit, wire: Wire) -> None:
    """A 200 can hold a failed section; `raise_for_error` names it, and waiting calls it."""
    document = {
        "intro": {"status_code": "201", "url": "https://x.example/a.wav"},
        "main": {"status_code": "422", "message": "unknown voice"},
    }
    wire(httpx.Response(200, json=document))
    speech = await kit.apiaudio.speech.create("s-1")
    assert ("https://x.example/a.wav", "unknown voice") == (
        speech.sections["intro"].url,
        speech.sections["main"].error,
    )
    with pytest.raises(RemoteFailure, match="section 'main': unknown voice"):
        speech.raise_for_error()
    with pytest.raises(RemoteFailure):
        await kit.apiaudio.speech.create_and_wait("s-1")


async def test_message_beside_the_sections_is_no_section(kit: AudioKit, wire: Wire) -> None:
    """Only sections are sections."""
    document = {
        "intro": {"status_code": "201", "url": "https://x.example/a.wav"},
        "message": "see https://docs.example/speech",
    }
    wire(httpx.Response(200, json=document))
    assert ["intro"] == list((await kit.apiaudio.speech.create("s-1")).sections)


async def test_answer_that_names_no_section_is_unexpected(kit: AudioKit, wire: Wire) -> None:
    """A success without a section is told rather than taken for silence."""
    wire(httpx.Response(200, json={"message": "done"}))
    with pytest.raises(UnexpectedResponse, match="names no section"):
        await kit.apiaudio.speech.create("s-1")


async def test_own_user_id_is_asked_for_once(kit: AudioKit, wire: Wire) -> None:
    """A project without an owner belongs to the caller, whose id is asked for the first time only."""
    sent = wire(
        httpx.Response(200, json={"id": "u-1"}),
        httpx.Response(200, json={"id": "p-1", "name": "p"}),
    )
    await kit.respeecher.projects.create("p")
    await kit.respeecher.projects.create("q")
    assert ["/api/auth", "/api/projects", "/api/projects"] == [one.url[23:] for one in sent]
    assert "u-1" == sent[2].json["owner"]


async def test_enabled_calibration_may_come_as_a_list(kit: AudioKit, wire: Wire) -> None:
    """One source shows a list of one; both are read."""
    wire(httpx.Response(200, json=[{"id": "c-1", "name": "a", "state": "calibrated"}]))
    assert "c-1" == (await kit.respeecher.calibrations.enable("c-1")).id
