"""Every failure of the HTTP library has a place among ours."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from audiokit.errors import ConnectionFailed, ConnectionLost, OutcomeUnknown, TransportError
from audiokit.transport import Call, Retry
from audiokit.transport._errors import OUTCOMES, error_for, outcome_of
from audiokit.transport._retry import AttemptOutcome


def _tree(kind: type[httpx.RequestError]) -> Iterator[type[httpx.RequestError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)


FAILURES = sorted(set(_tree(httpx.RequestError)), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", FAILURES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("retry", Retry)
def test_failure_becomes_an_error_of_ours(kind: type[httpx.RequestError], retry: Retry) -> None:
    """Sent or not decides the class, and whether a repeat is safe the rest."""
    call = Call(api="respeecher", operation="respeecher.x.y", method="POST", url="/x", retry=retry)
    error = error_for(kind("because"), call, attempts=2, place="api.example:443")
    wanted: type[TransportError] = ConnectionFailed
    if outcome_of(kind("because")) is AttemptOutcome.UNKNOWN:
        wanted = ConnectionLost if retry is Retry.SAFE else OutcomeUnknown
    assert wanted is type(error)
    assert (2, "respeecher.x.y") == (error.attempts, error.operation)
    assert f"{kind.__name__}: because" in str(error)


def test_table_has_subclasses_before_their_bases() -> None:
    """The first match wins, so no entry hides a later one."""
    kinds = [kind for kind, _ in OUTCOMES]
    hidden = [
        later.__name__
        for place, kind in enumerate(kinds)
        for later in kinds[place + 1 :]
        if issubclass(later, kind)
    ]
    assert [] == hidden


def test_whatever_comes_after_connecting_is_unknown() -> None:
    """Reading, writing and protocol failures leave it open whether the request arrived."""
    for kind in (httpx.ReadError, httpx.WriteError, httpx.ReadTimeout, httpx.RemoteProtocolError):
        assert outcome_of(kind("x")) is AttemptOutcome.UNKNOWN
