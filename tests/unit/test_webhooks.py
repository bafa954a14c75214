"""Webhooks: what is genuine, what is refused, and in which order that is found out."""

from __future__ import annotations

import hashlib
import hmac
import pickle
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiokit import webhooks
from audiokit.errors import InvalidRequest, WebhookRefused

SECRET = "whsec-SECRET"
SENT = 1_700_000_000
BODY = b'{"type":"mastering","requestId":"q-1","url":"https://files.example/t.mp3"}'


def at(seconds_later: float):
    """A clock that stands *seconds_later* after the sending."""
    return lambda: SENT + seconds_later


def header(body: bytes = BODY, secret: str = SECRET, sent: int = SENT) -> str:
    """The header, computed without the code under test."""
    digest = hmac.new(secret.encode(), f"{sent}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={sent},v1={digest}"


def test_known_vector_is_taken() -> None:
    """A digest computed elsewhere (openssl dgst -sha256 -hmac key) is taken."""
    line = "t=1,v1=" + VECTOR
    event = webhooks.verify(b"{}", line, "key", tolerance_s=None)
    assert datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC) == event.sent_at


# printf '1.{}' | openssl dgst -sha256 -hmac key
VECTOR = "1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"


def test_mastering_event_is_read() -> None:
    """Type, request, URL and moment are fields; everything is in `raw`."""
    event = webhooks.verify(BODY, header(), SECRET, now=at(1))
    assert ("mastering", "q-1", "https://files.example/t.mp3") == (event.type, event.request_id, event.url)
    assert datetime.fromtimestamp(SENT, UTC) == event.sent_at
    assert orjson.loads(BODY) == event.raw


@pytest.mark.parametrize(
    "link", [{"url": "https://x.example/a.wav", "status_code": "201"}, "https://x.example/a.wav"]
)
def test_speech_event_has_a_url_per_section(link: object) -> None:
    """Sections come as objects or as plain URLs; a failed one has none."""
    failed = {"status_code": "422", "message": "no"}
    body = orjson.dumps({"type": "speech", "requestId": "q-1", "intro": link, "main": failed})
    event = webhooks.verify(body, header(body), SECRET, now=at(0))
    assert {"intro": "https://x.example/a.wav"} == event.section_urls
    assert event.url is None


def test_text_and_bytes_are_the_same_payload() -> None:
    """A framework may give the body as text."""
    body = '{"name":"Zoë"}'
    event = webhooks.verify(body, header(body.encode()), SECRET, now=at(0))
    assert {"name": "Zoë"} == event.raw


@pytest.mark.parametrize(
    "line",
    [
        lambda good: good.replace("t=", "x=5,t="),
        lambda good: ",".join(reversed(good.split(","))),
        lambda good: good.replace("v1=", f"v1={'0' * 64},v1="),
        lambda good: good + ",v1=short,v0=abc",
        lambda good: good.replace(",", " , "),
        lambda good: good + ",v1=é",
    ],
)
def test_any_fitting_entry_in_any_order_is_enough(line) -> None:
    """Order, further signatures and entries of other schemes do not matter."""
    assert webhooks.verify(BODY, line(header()), SECRET, now=at(0)).request_id == "q-1"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (None, "header"),
        ("", "header"),
        ("nonsense", "header"),
        ("v1=abc", "header"),
        ("t=,v1=abc", "header"),
        ("t=soon,v1=abc", "header"),
        ("t=-5,v1=abc", "header"),
        ("t=1_0,v1=abc", "header"),
        ("t=١٢,v1=abc", "header"),
        ("t=999999999999,v1=abc", "header"),
        ("t=1" + "0" * 5000 + ",v1=abc", "header"),
        (f"t={SENT}", "no_signature"),
        (f"t={SENT},v1=", "no_signature"),
        (f"t={SENT},v0=abc", "no_signature"),
        (f"t={SENT},v1=abc", "mismatch"),
        (header(secret="other"), "mismatch"),
        (header(body=BODY + b" "), "mismatch"),
        (header().upper().replace("T=", "t=").replace("V1=", "v1="), "mismatch"),
        (header(sent=SENT - 400), "too_old"),
    ],
)
def test_refusals_name_their_reason(line: str | None, reason: str) -> None:
    """Each fault has its own reason, and the message never has the secret."""
    with pytest.raises(WebhookRefused) as caught:
        webhooks.verify(BODY, line, SECRET, now=at(0))
    assert reason == caught.value.reason
    assert SECRET not in str(caught.value)


def test_faults_are_found_in_the_documented_order() -> None:
    """A wrong signature is reported as such though it is too old as well."""
    with pytest.raises(WebhookRefused) as caught:
        webhooks.verify(BODY, f"t={SENT - 9999},v1=abc", SECRET, now=at(0))
    assert "mismatch" == caught.value.reason


@pytest.mark.parametrize(
    ("age_s", "tolerance_s"), [(300, 300), (10**8, None), (10**8, 0), (-500, 300), (9, 9.5)]
)
def test_age_within_the_tolerance_is_taken(age_s: float, tolerance_s: float | None) -> None:
    """The limit itself is within; 0 and None take any age; the future is taken."""
    assert webhooks.verify(BODY, header(), SECRET, tolerance_s=tolerance_s, now=at(age_s)).request_id == "q-1"


def test_too_old_message_has_both_figures() -> None:
    """Age and limit are in the message, in seconds."""
    with pytest.raises(WebhookRefused, match=r"is 301 s old, allowed are 300 s"):
        webhooks.verify(BODY, header(), SECRET, now=at(301))


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[1]", b'"x"', b"\xff"])
def test_genuine_body_that_is_no_object_is_refused(body: bytes) -> None:
    """A good signature does not make a body readable."""
    with pytest.raises(WebhookRefused) as caught:
        webhooks.verify(body, header(body), SECRET, now=at(0))
    assert "body" == caught.value.reason


@pytest.mark.parametrize("secret", ["", None, b"x"])
def test_empty_secret_is_never_accepted(secret: object) -> None:
    """With an empty secret anyone could sign."""
    with pytest.raises(InvalidRequest, match="secret must be a string that is not empty"):
        webhooks.verify(BODY, header(), secret, now=at(0))  # type: ignore[arg-type]


def test_decoded_payload_is_refused_with_the_way_out() -> None:
    """A dictionary cannot be checked: its bytes are gone."""
    with pytest.raises(InvalidRequest, match="raw body as bytes or str, got dict; take it from the request"):
        webhooks.verify({}, header(), SECRET)  # type: ignore[arg-type]


@pytest.mark.parametrize("tolerance_s", [-1, float("nan")])
def test_negative_tolerance_is_refused(tolerance_s: float) -> None:
    """It would refuse everything, or nothing."""
    with pytest.raises(InvalidRequest, match="tolerance_s must be 0 or more seconds"):
        webhooks.verify(BODY, header(), SECRET, tolerance_s=tolerance_s)


@given(body=st.dictionaries(st.text(), st.text()), secret=st.text(min_size=1), sent=st.integers(0, 2**33))
def test_what_is_signed_is_verified(body: dict[str, str], secret: str, sent: int) -> None:
    """`sign` and `verify` agree for any object, secret and moment."""
    payload = orjson.dumps(body)
    line = webhooks.sign(payload, secret, timestamp=sent)
    assert body == webhooks.verify(payload, line, secret, tolerance_s=None).raw


@given(position=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_no_flipped_bit_passes(position: int, bit: int) -> None:
    """Any change of the body breaks the signature."""
    changed = bytearray(BODY)
    changed[position] ^= 1 << bit
    with pytest.raises(WebhookRefused):
        webhooks.verify(bytes(changed), header(), SECRET, now=at(0))


@given(st.text())
def test_no_header_crashes(line: str) -> None:
    """Whatever stands in the header, the answer is a refusal."""
    with pytest.raises(WebhookRefused):
        webhooks.verify(BODY, line, SECRET, now=at(0))


def test_event_and_refusal_pickle() -> None:
    """Both can go through a queue."""
    event = webhooks.verify(BODY, header(), SECRET, now=at(0))
    assert event == pickle.loads(pickle.dumps(event))
    refusal = pickle.loads(pickle.dumps(WebhookRefused("no", reason="header")))
    assert ("no", "header") == (str(refusal), refusal.reason)


def test_repr_of_an_event_has_no_url() -> None:
    """Whoever has the URL has the file, and reprs go to logs."""
    body = b'{"type":"mastering","url":"https://f.example/t?s=1","intro":{"url":"https://f.example/a?s=1"}}'
    event = webhooks.verify(body, header(body), SECRET, now=at(0))
    assert {"intro": "https://f.example/a?s=1"} == event.section_urls
    assert "f.example" not in repr(event)
