"""httpx's failures in our terms: one table, and the errors made from it."""

from __future__ import annotations

from typing import Final

import httpx

from audiokit.errors import ConnectionFailed, ConnectionLost, OutcomeUnknown, TransportError
from audiokit.transport._call import Call, Retry
from audiokit.transport._retry import Outcome

# First match wins, so subclasses stand before their bases. A contract test walks httpx's
# tree and finds none unmapped.
OUTCOMES: Final[tuple[tuple[type[httpx.RequestError], Outcome], ...]] = (
    (httpx.ConnectError, Outcome.NOT_SENT),
    (httpx.ConnectTimeout, Outcome.NOT_SENT),
    (httpx.PoolTimeout, Outcome.NOT_SENT),
    (httpx.UnsupportedProtocol, Outcome.NOT_SENT),
    (httpx.LocalProtocolError, Outcome.NOT_SENT),
    (httpx.ProxyError, Outcome.NOT_SENT),
    (httpx.TooManyRedirects, Outcome.UNKNOWN),
    (httpx.DecodingError, Outcome.UNKNOWN),
    (httpx.TransportError, Outcome.UNKNOWN),
    (httpx.RequestError, Outcome.UNKNOWN),
)

NEVER_REPEATED: Final = (
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.DecodingError,
    httpx.TooManyRedirects,
)
"""Failures that would come back the same."""


def outcome_of(error: httpx.RequestError) -> Outcome:
    """What this failure says about the attempt."""
    return next(outcome for kind, outcome in OUTCOMES if isinstance(error, kind))


def error_for(error: httpx.RequestError, call: Call, *, attempts: int, place: str) -> TransportError:
    """Our error for a call that ended with *error*; the caller chains it."""
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    tries = f"{attempts} attempt{'s' if attempts > 1 else ''}"
    outcome = outcome_of(error)
    if outcome is Outcome.NOT_SENT:
        return ConnectionFailed(
            f"{call.operation}: nothing was sent to {place} in {tries} ({what}); "
            "check the address and the network, then call again",
            operation=call.operation,
            attempts=attempts,
        )
    if call.retry is Retry.SAFE:
        return ConnectionLost(
            f"{call.operation}: no complete answer in {tries} ({what}); the call is safe to repeat",
            operation=call.operation,
            attempts=attempts,
        )
    return OutcomeUnknown(
        f"{call.operation}: the connection broke after the request may have arrived ({what}); "
        "it was not repeated because that could do the work twice. "
        "List the objects it would have made before calling again",
        operation=call.operation,
        attempts=attempts,
    )
