"""Check that a webhook of api.audio v1 is genuine, and read its event.

::

    event = webhooks.verify(await request.body(), request.headers[webhooks.HEADER], secret)

A signature is the HMAC-SHA256 of the moment of sending, a full stop and the raw body. Pass the
body as it was received: decoding and encoding it again changes its bytes. This module does no
I/O and depends on no web framework.

Source: official Python client 0.17, Webhooks; vendor docs, "Webhooks".
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import attrs
import orjson

from audiokit.errors import InvalidRequest, WebhookRefused

__all__ = ["HEADER", "TOLERANCE_S", "WebhookEvent", "sign", "verify"]

HEADER: Final = "X-Aflr-Secret"
"""Name of the header that carries the signature."""

TOLERANCE_S: Final = 300.0
"""Oldest signature that is taken unless told otherwise, in seconds."""

# No datetime goes beyond the year 9999, which has twelve digits.
_MOMENT: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_LATEST: Final = 253_402_300_799


@attrs.frozen(kw_only=True)
class WebhookEvent:
    """What a webhook told. The API publishes no fields: whatever is not here is in `raw`.

    Attributes:
        sent_at: When it was signed.
        type: ``speech`` or ``mastering``, where the event says.
        request_id: The API's id of the request that is done, where the event says.
        url: The file of a mastered track.
        section_urls: The files of a speech, by section name.
        raw: The event as it came.
    """

    sent_at: datetime
    type: str | None = None
    request_id: str | None = None
    # Whoever has a URL has the file, so these stay out of logs.
    url: str | None = attrs.field(default=None, repr=False)
    section_urls: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False)


def verify(
    payload: bytes | str,
    header: str | None,
    secret: str,
    *,
    tolerance_s: float | None = TOLERANCE_S,
    now: Callable[[], float] = time.time,
) -> WebhookEvent:
    """Check a webhook's signature and read its event.

    Args:
        payload: The body exactly as it was received, not decoded JSON.
        header: Value of the `HEADER` header; None when there was none.
        secret: The account's webhook secret.
        tolerance_s: Oldest signature to take, in seconds; 0 or None takes any age. A moment in the
            future is taken: the clocks of two machines differ.
        now: The present in Unix seconds.

    Raises:
        WebhookRefused: Not genuine; checked in this order: the header has no readable moment
            (``header``) or no signature (``no_signature``), no signature fits (``mismatch``), it is
            older than the tolerance (``too_old``). Or it is genuine, but no JSON object (``body``).
        InvalidRequest: The secret is empty, the tolerance negative, or the payload was decoded already.
    """
    if tolerance_s is not None and not tolerance_s >= 0:
        raise InvalidRequest.of("tolerance_s", tolerance_s, "0 or more seconds, or None")
    body = _bytes_of(payload)
    moment, signatures = _read(header)
    expected = _digest(body, secret, moment).encode()
    # All are compared, each in constant time: how long it takes tells nothing about the right one.
    matches = [hmac.compare_digest(expected, given.encode("utf-8", "replace")) for given in signatures]
    if not any(matches):
        raise WebhookRefused(
            f"none of the {len(signatures)} signatures in {HEADER} fits the body; "
            "check the webhook secret, and that the body is the one received, byte for byte",
            reason="mismatch",
        )
    age_s = now() - moment
    if tolerance_s and age_s > tolerance_s:
        raise WebhookRefused(
            f"the signature is {age_s:.0f} s old, allowed are {tolerance_s:g} s; "
            "it was sent again by someone, or a clock is wrong",
            reason="too_old",
        )
    return _event(body, datetime.fromtimestamp(moment, UTC))


def sign(payload: bytes | str, secret: str, *, timestamp: int) -> str:
    """Build the `HEADER` value that signs *payload*, e.g. for tests of one's own handler.

    Args:
        payload: The body as it will be sent.
        secret: The webhook secret.
        timestamp: Moment of sending in Unix seconds, 0 or later.
    """
    if not 0 <= timestamp <= _LATEST:
        raise InvalidRequest.of("timestamp", timestamp, f"0 to {_LATEST} seconds")
    return f"t={timestamp},v1={_digest(_bytes_of(payload), secret, timestamp)}"


def _bytes_of(payload: bytes | str) -> bytes:
    if isinstance(payload, str):
        return payload.encode()
    if isinstance(payload, bytes | bytearray | memoryview):
        return bytes(payload)
    raise InvalidRequest(
        f"payload must be the raw body as bytes or str, got {type(payload).__name__}; "
        "take it from the request before decoding JSON",
        field="payload",
        value=type(payload).__name__,
    )


def _digest(body: bytes, secret: str, moment: int) -> str:
    if not isinstance(secret, str) or not secret:
        # Anyone could sign with an empty secret. The value stays out of the message in any case.
        raise InvalidRequest("secret must be a string that is not empty", field="secret", value=None)
    return hmac.new(secret.encode(), str(moment).encode() + b"." + body, hashlib.sha256).hexdigest()


def _read(header: str | None) -> tuple[int, list[str]]:
    """Moment and signatures of ``t=...,v1=...,v1=...``; other entries are for later schemes."""
    entries = [entry.strip().partition("=") for entry in (header or "").split(",")]
    moments = [value for name, _, value in entries if name == "t"]
    if not moments or not _MOMENT.fullmatch(moments[0]) or int(moments[0]) > _LATEST:
        shown = "none" if header is None else repr(header[:80])
        raise WebhookRefused(
            f"{HEADER} must look like 't=<unix seconds>,v1=<signature>', got {shown}", reason="header"
        )
    signatures = [value for name, _, value in entries if name == "v1" and value]
    if not signatures:
        raise WebhookRefused(
            f"{HEADER} has a time but no v1 signature, got {str(header)[:80]!r}", reason="no_signature"
        )
    return int(moments[0]), signatures


def _event(body: bytes, sent_at: datetime) -> WebhookEvent:
    try:
        raw = orjson.loads(body)
    except ValueError as error:
        raise WebhookRefused(f"the body is signed, yet no JSON: {error}", reason="body") from error
    if not isinstance(raw, dict):
        raise WebhookRefused(
            f"the body is signed, yet no JSON object but {type(raw).__name__}", reason="body"
        )
    kind = _text(raw, "type")
    sections = {name: url for name, value in raw.items() if (url := _section_url(kind, value))}
    return WebhookEvent(
        sent_at=sent_at,
        type=kind,
        request_id=_text(raw, "requestId"),
        url=_text(raw, "url"),
        section_urls=sections,
        raw=raw,
    )


def _section_url(kind: str | None, value: object) -> str | None:
    """A speech section comes as an object with its URL, or as the URL itself."""
    if isinstance(value, dict):
        return _text(value, "url")
    is_link = kind == "speech" and isinstance(value, str) and value.startswith(("https://", "http://"))
    return str(value) if is_link else None


def _text(raw: Mapping[str, Any], name: str) -> str | None:
    value = raw.get(name)
    return value if isinstance(value, str) else None
