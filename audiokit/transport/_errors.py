"""httpx's failures in our terms: one table, and the errors made from it."""

from __future__ import annotations

import ssl
from datetime import datetime
from typing import Final

import httpx

from audiokit.errors import ConnectionFailed, ConnectionLost, OutcomeUnknown, TransportError
from audiokit.transport._call import Call, Retry
from audiokit.transport._retry import AttemptOutcome

# First match wins, so subclasses stand before their bases. A contract test walks httpx's
# tree and finds none unmapped.
OUTCOMES: Final[tuple[tuple[type[httpx.RequestError], AttemptOutcome], ...]] = (
    (httpx.ConnectError, AttemptOutcome.NOT_SENT),
    (httpx.ConnectTimeout, AttemptOutcome.NOT_SENT),
    (httpx.PoolTimeout, AttemptOutcome.NOT_SENT),
    (httpx.UnsupportedProtocol, AttemptOutcome.NOT_SENT),
    (httpx.LocalProtocolError, AttemptOutcome.NOT_SENT),
    (httpx.ProxyError, AttemptOutcome.NOT_SENT),
    (httpx.TooManyRedirects, AttemptOutcome.UNKNOWN),
    (httpx.DecodingError, AttemptOutcome.UNKNOWN),
    (httpx.TransportError, AttemptOutcome.UNKNOWN),
    (httpx.RequestError, AttemptOutcome.UNKNOWN),
)

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

NEVER_REPEATED: Final = (
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.DecodingError,
    httpx.TooManyRedirects,
)
"""Failures that would come back the same; so would a certificate that is not trusted, see `is_hopeless`."""


def is_hopeless(failure: BaseException | None) -> bool:
    """Whether a repeat would bring this failure again."""
    return isinstance(failure, NEVER_REPEATED) or certificate_fault(failure) is not None


def certificate_fault(failure: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """What is wrong with the server's certificate, if that is why there is no connection."""
    seen: set[int] = set()
    while failure is not None and id(failure) not in seen:
        if isinstance(failure, ssl.SSLCertVerificationError):
            return failure
        seen.add(id(failure))
        failure = failure.__cause__ or failure.__context__
    return None


def outcome_of(error: httpx.RequestError) -> AttemptOutcome:
    """What this failure says about the attempt."""
    return next(outcome for kind, outcome in OUTCOMES if isinstance(error, kind))


def _way_on(place: str) -> str:
    """What to look at where nothing could be sent."""
    if place.rpartition(":")[0] in _LOOPBACK:
        return "see whether what should answer there is running (`audiokit emulator` starts the emulator)"
    return "check the address and the network"


def error_for(
    error: httpx.RequestError,
    call: Call,
    *,
    attempts: int,
    place: str,
    is_begun: bool = True,
    sent_at: datetime | None = None,
    status: int | None = None,
) -> TransportError:
    """Our error for a call that ended with *error*, and perhaps a part of an answer; the caller chains it.

    Without *is_begun* no byte of the call has left, whatever the error is of, e.g. a login before it.
    """
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    tries = f"{attempts} attempt{'s' if attempts > 1 else ''}"
    outcome = outcome_of(error) if is_begun else AttemptOutcome.NOT_SENT
    fault = certificate_fault(error) if outcome is AttemptOutcome.NOT_SENT else None
    if fault is not None:
        return ConnectionFailed(
            f"{call.operation}: nothing was sent to {place}, because its certificate is not trusted "
            f"({getattr(fault, 'verify_message', '') or fault}), which no repeat would change; "
            "check the address and this machine's date, or name the authority in SSL_CERT_FILE",
            operation=call.operation,
            attempts=attempts,
            method=call.method,
            path=call.path,
        )
    if outcome is AttemptOutcome.NOT_SENT:
        return ConnectionFailed(
            f"{call.operation}: nothing was sent to {place} in {tries} ({what}); "
            f"{_way_on(place)}, then call again",
            operation=call.operation,
            attempts=attempts,
            method=call.method,
            path=call.path,
        )
    if call.retry is Retry.SAFE:
        return ConnectionLost(
            f"{call.operation}: no complete answer in {tries} ({what}); the call is safe to repeat",
            operation=call.operation,
            attempts=attempts,
            method=call.method,
            path=call.path,
        )
    why = f"the connection broke after the request may have arrived ({what})"
    return outcome_unknown(call, why, attempts=attempts, sent_at=sent_at, status=status)


def outcome_unknown(
    call: Call,
    why: str,
    *,
    attempts: int,
    sent_at: datetime | None,
    status: int | None,
    retry_after: float | None = None,
) -> OutcomeUnknown:
    """The error of a call that may have done its work, with what is needed to look for it."""
    begun = f", begun at {sent_at:%Y-%m-%d %H:%M:%S} UTC" if sent_at is not None else ""
    facts = ", ".join(f"{name} {value!r}" for name, value in call.look_up.items())
    return OutcomeUnknown(
        f"{call.operation} ({call.method} {call.path or 'a URL of the API'}{begun}): {why}; "
        "it was not repeated because that could do the work twice. "
        f"List the objects it would have made{f' (by {facts})' if facts else ''} before calling again",
        operation=call.operation,
        attempts=attempts,
        method=call.method,
        path=call.path,
        status=status,
        sent_at=sent_at,
        look_up=call.look_up,
        retry_after=retry_after,
    )
