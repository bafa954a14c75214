"""The pure part of retrying: which outcome may be repeated, and after how long."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import respx

from audiokit import RetryPolicy
from audiokit.testing import FakeClock
from audiokit.transport import Call, Retry, Transport
from audiokit.transport._errors import is_hopeless, outcome_of
from audiokit.transport._retry import (
    AttemptOutcome,
    may_repeat,
    next_wait,
    outcome_of_status,
    parse_retry_after,
)

NOW = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)

MAY_REPEAT = {
    AttemptOutcome.NOT_SENT: {Retry.SAFE, Retry.IF_REFUSED, Retry.NEVER},
    AttemptOutcome.REJECTED: {Retry.SAFE, Retry.IF_REFUSED},
    AttemptOutcome.UNKNOWN: {Retry.SAFE},
    AttemptOutcome.FINAL: set(),
}


@pytest.mark.parametrize("outcome", AttemptOutcome)
@pytest.mark.parametrize("rule", Retry)
def test_rule_decides_what_may_be_repeated(outcome: AttemptOutcome, rule: Retry) -> None:
    """The table of outcomes and rules is kept in full."""
    assert (rule in MAY_REPEAT[outcome]) == may_repeat(outcome, rule)


@pytest.mark.parametrize(
    ("status", "plain", "with_retry_after"),
    [
        (200, AttemptOutcome.FINAL, AttemptOutcome.FINAL),
        (302, AttemptOutcome.FINAL, AttemptOutcome.FINAL),
        (400, AttemptOutcome.FINAL, AttemptOutcome.FINAL),
        (401, AttemptOutcome.FINAL, AttemptOutcome.FINAL),
        (404, AttemptOutcome.FINAL, AttemptOutcome.FINAL),
        (408, AttemptOutcome.REJECTED, AttemptOutcome.REJECTED),
        (425, AttemptOutcome.REJECTED, AttemptOutcome.REJECTED),
        (429, AttemptOutcome.REJECTED, AttemptOutcome.REJECTED),
        (500, AttemptOutcome.UNKNOWN, AttemptOutcome.UNKNOWN),
        (501, AttemptOutcome.FINAL, AttemptOutcome.FINAL),
        (502, AttemptOutcome.UNKNOWN, AttemptOutcome.UNKNOWN),
        (503, AttemptOutcome.UNKNOWN, AttemptOutcome.REJECTED),
        (504, AttemptOutcome.UNKNOWN, AttemptOutcome.UNKNOWN),
        (507, AttemptOutcome.FINAL, AttemptOutcome.FINAL),
    ],
)
def test_status_says_what_became_of_the_attempt(
    status: int, plain: AttemptOutcome, with_retry_after: AttemptOutcome
) -> None:
    """408, 425, 429 and "not now" are rejections; other failures leave it open; the rest is final."""
    assert plain is outcome_of_status(status)
    assert with_retry_after is outcome_of_status(status, retry_after=0.0)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx.ConnectError, AttemptOutcome.NOT_SENT),
        (httpx.ConnectTimeout, AttemptOutcome.NOT_SENT),
        (httpx.PoolTimeout, AttemptOutcome.NOT_SENT),
        (httpx.ProxyError, AttemptOutcome.NOT_SENT),
        (httpx.ReadError, AttemptOutcome.UNKNOWN),
        (httpx.ReadTimeout, AttemptOutcome.UNKNOWN),
        (httpx.WriteError, AttemptOutcome.UNKNOWN),
        (httpx.WriteTimeout, AttemptOutcome.UNKNOWN),
        (httpx.RemoteProtocolError, AttemptOutcome.UNKNOWN),
    ],
)
def test_failure_says_whether_anything_was_sent(
    error: type[httpx.RequestError], outcome: AttemptOutcome
) -> None:
    """Failures of connecting sent nothing; failures after it leave the outcome open."""
    assert outcome is outcome_of(error("x"))


def _most(_: float, high: float) -> float:
    return high


def test_waits_double_up_to_the_cap() -> None:
    """The upper end of the random wait doubles and then stays."""
    policy = RetryPolicy(attempts=9, backoff_s=0.5, backoff_cap_s=3.0)
    waits = [next_wait(policy, attempt=n, retry_after=None, jitter=_most) for n in range(1, 6)]
    assert [0.5, 1.0, 2.0, 3.0, 3.0] == waits


def test_random_wait_begins_at_zero() -> None:
    """Full jitter: any wait under the ceiling can come."""
    policy = RetryPolicy(backoff_s=0.5)
    assert 0.0 == next_wait(policy, attempt=1, retry_after=None, jitter=lambda low, _: low)


def test_many_attempts_do_not_overflow() -> None:
    """A policy of very many attempts still gives a finite wait."""
    policy = RetryPolicy(attempts=900, backoff_cap_s=20.0)
    assert 20.0 == next_wait(policy, attempt=800, retry_after=None, jitter=_most)


def test_last_attempt_has_no_wait() -> None:
    """After the last attempt there is nothing to wait for."""
    assert None is next_wait(RetryPolicy(attempts=3), attempt=3, retry_after=None)
    assert None is next_wait(RetryPolicy(attempts=1), attempt=1, retry_after=1.0)


def test_retry_after_is_kept_with_a_little_on_top() -> None:
    """Never earlier than the server asks, at most a tenth later."""
    policy = RetryPolicy(retry_after_cap_s=60)
    assert 30.0 == next_wait(policy, attempt=1, retry_after=30.0, jitter=lambda low, _: low)
    assert 33.0 == next_wait(policy, attempt=1, retry_after=30.0, jitter=_most)


@pytest.mark.parametrize(("retry_after", "attempt", "waits_s"), [(0.0, 1, 0.5), (0.0, 4, 4.0), (1.0, 4, 4.0)])
def test_short_retry_after_does_not_shorten_the_random_wait(
    retry_after: float, attempt: int, waits_s: float
) -> None:
    """A server that says "now" to everybody is not asked by everybody at once."""
    policy = RetryPolicy(backoff_s=0.5, attempts=9)
    assert waits_s == next_wait(policy, attempt=attempt, retry_after=retry_after, jitter=_most)
    assert retry_after == next_wait(
        policy, attempt=attempt, retry_after=retry_after, jitter=lambda low, _: low
    )


def test_retry_after_beyond_the_cap_gives_up() -> None:
    """A wait longer than the policy allows is the caller's business."""
    assert None is next_wait(RetryPolicy(retry_after_cap_s=60), attempt=1, retry_after=60.1)


def test_retry_after_that_reaches_the_deadline_gives_up() -> None:
    """There is no use in sleeping into a deadline; one that ends before it is kept, and not overslept."""
    policy = RetryPolicy()
    assert None is next_wait(policy, attempt=1, retry_after=30.0, left_s=30.0, jitter=_most)
    assert 30.5 == next_wait(policy, attempt=1, retry_after=30.0, left_s=30.5, jitter=_most)
    assert 33.0 == next_wait(policy, attempt=1, retry_after=30.0, left_s=40.0, jitter=_most)


def test_random_wait_stays_within_what_is_left() -> None:
    """A short time left makes a short wait, and none left makes none."""
    policy = RetryPolicy(backoff_s=4.0)
    assert 1.5 == next_wait(policy, attempt=1, retry_after=None, left_s=1.5, jitter=_most)
    assert 4.0 == next_wait(policy, attempt=1, retry_after=None, left_s=60.0, jitter=_most)
    assert None is next_wait(policy, attempt=1, retry_after=None, left_s=0.0, jitter=_most)


def _connect_error(cause: BaseException) -> httpx.ConnectError:
    error = httpx.ConnectError("no")
    error.__cause__ = OSError("wrapped")
    error.__cause__.__context__ = cause
    return error


def test_certificate_that_is_not_trusted_is_no_reason_to_try_again() -> None:
    """However deep the reason lies; other failures of connecting may pass."""
    assert is_hopeless(_connect_error(ssl.SSLCertVerificationError(1, "self-signed")))
    assert not is_hopeless(_connect_error(ssl.SSLError(1, "handshake failure")))
    assert not is_hopeless(httpx.ConnectError("refused"))
    assert not is_hopeless(None)


def test_cause_that_leads_back_to_itself_ends_the_search() -> None:
    """A chain of causes with a loop is walked once."""
    first, second = httpx.ConnectError("a"), OSError("b")
    first.__cause__, second.__cause__ = second, first
    assert not is_hopeless(first)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Fri, 20 Nov 2026 10:00:30 GMT", 30.0),
        ("Friday, 20-Nov-26 10:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 09:00:00 GMT", 0.0),
        ("Fri, 20 Nov 2026 12:00:30 +0200", 30.0),
        ("Fri, 20 Nov 2026 10:00:30 -0000", 30.0),
        ("Fri, 99 Nov 2026 10:00:30 GMT", None),
    ],
)
def test_both_forms_of_retry_after_are_read(header: str | None, seconds: float | None) -> None:
    """Seconds and HTTP dates are understood; nonsense counts as no header."""
    assert seconds == parse_retry_after(header, now=NOW)


def test_retry_after_with_huge_figures_counts_as_none() -> None:
    """A date with figures no calendar holds is nonsense like any other."""
    assert None is parse_retry_after("Wed, 99999999999999999999 Oct 2015 07:28:00 GMT", now=NOW)


@pytest.mark.parametrize("clock", [timedelta(hours=-3), timedelta(0), timedelta(days=400)])
def test_a_date_is_meant_by_the_servers_clock(clock: timedelta) -> None:
    """Ours may be hours off: what counts is how long after its own Date the server wants to be left alone."""
    date, header = "Fri, 20 Nov 2026 10:00:00 GMT", "Fri, 20 Nov 2026 10:00:30 GMT"
    assert 30.0 == parse_retry_after(header, date=date, now=NOW + clock)
    assert 30.0 == parse_retry_after(header, date="nonsense", now=NOW)


async def test_a_machine_whose_clock_is_off_waits_as_long_as_was_asked(
    transport: Transport, clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """Both dates lie years back."""
    no = {"date": "Mon, 01 Jan 2001 10:00:00 GMT", "retry-after": "Mon, 01 Jan 2001 10:00:20 GMT"}
    url = "https://gateway.example/api/credits"
    respx_mock.get(url).mock(side_effect=[httpx.Response(503, headers=no), httpx.Response(200)])
    began = clock.monotonic()
    call = Call(api="respeecher", operation="x.get", method="GET", url="/api/credits", retry=Retry.SAFE)
    assert 200 == (await transport.fetch(call)).status
    assert 20 <= clock.monotonic() - began <= 25
