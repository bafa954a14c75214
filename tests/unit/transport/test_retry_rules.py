"""The pure part of retrying: which outcome may be repeated, and after how long."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from audiokit import RetryPolicy
from audiokit.transport import Retry
from audiokit.transport._errors import outcome_of
from audiokit.transport._retry import Outcome, may_repeat, next_wait, outcome_of_status, parse_retry_after

NOW = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)

MAY_REPEAT = {
    Outcome.NOT_SENT: {Retry.SAFE, Retry.IF_REFUSED, Retry.NEVER},
    Outcome.REFUSED: {Retry.SAFE, Retry.IF_REFUSED},
    Outcome.TEMPORARY: {Retry.SAFE},
    Outcome.UNKNOWN: {Retry.SAFE},
    Outcome.FINAL: set(),
}


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("rule", Retry)
def test_rule_decides_what_may_be_repeated(outcome: Outcome, rule: Retry) -> None:
    """The table of outcomes and rules is kept in full."""
    assert (rule in MAY_REPEAT[outcome]) == may_repeat(outcome, rule)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.FINAL),
        (302, Outcome.FINAL),
        (400, Outcome.FINAL),
        (401, Outcome.FINAL),
        (404, Outcome.FINAL),
        (408, Outcome.TEMPORARY),
        (425, Outcome.TEMPORARY),
        (429, Outcome.REFUSED),
        (500, Outcome.TEMPORARY),
        (501, Outcome.FINAL),
        (502, Outcome.TEMPORARY),
        (503, Outcome.TEMPORARY),
        (504, Outcome.TEMPORARY),
        (507, Outcome.FINAL),
    ],
)
def test_status_says_what_became_of_the_attempt(status: int, outcome: Outcome) -> None:
    """Only 429 says that nothing was done; a few others may pass; the rest is final."""
    assert outcome is outcome_of_status(status)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx.ConnectError, Outcome.NOT_SENT),
        (httpx.ConnectTimeout, Outcome.NOT_SENT),
        (httpx.PoolTimeout, Outcome.NOT_SENT),
        (httpx.ProxyError, Outcome.NOT_SENT),
        (httpx.ReadError, Outcome.UNKNOWN),
        (httpx.ReadTimeout, Outcome.UNKNOWN),
        (httpx.WriteError, Outcome.UNKNOWN),
        (httpx.WriteTimeout, Outcome.UNKNOWN),
        (httpx.RemoteProtocolError, Outcome.UNKNOWN),
    ],
)
def test_failure_says_whether_anything_was_sent(error: type[httpx.RequestError], outcome: Outcome) -> None:
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


def test_retry_after_beyond_the_cap_gives_up() -> None:
    """A wait longer than the policy allows is the caller's business."""
    assert None is next_wait(RetryPolicy(retry_after_cap_s=60), attempt=1, retry_after=60.1)


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
