"""Pure: what became of an attempt, and how long to wait before the next.

A failed attempt is of one of three classes, and the class with the endpoint's `Retry` rule decides:

============  ===============================================  =====================================
class         which failures                                   tried again for
============  ===============================================  =====================================
*not sent*    no connection, a login that failed before it     every call, but for a body that can be
                                                               sent once and was begun
*rejected*    429; 408 (the request never arrived whole, RFC   `Retry.SAFE`, `Retry.IF_REFUSED`
              9110 15.5.9); 425 (not processed, RFC 8470);
              503 with Retry-After ("not now"); once, 401 to a
              file in a login's session that has ended
*unknown*     the connection broke after the request may have  `Retry.SAFE`
              arrived; 500, 502, 504; 503 without Retry-After
============  ===============================================  =====================================

A plain 503 is not taken for a refusal: proxies send it too when the service behind them breaks off in
the middle of the work. 502 and 504 never come from the service itself, so after a call that could do
its work twice they say as little as a broken connection, and end as `OutcomeUnknown`.
"""

from __future__ import annotations

import email.utils
import enum
import math
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from audiokit._config import RetryPolicy
from audiokit.transport._call import Retry

REJECTED_STATUSES: Final = frozenset({408, 425, 429})
GATEWAY_STATUSES: Final = frozenset({502, 504})
TEMPORARY_STATUSES: Final = frozenset({500, 503}) | REJECTED_STATUSES | GATEWAY_STATUSES


class AttemptOutcome(enum.Enum):
    """What is known of an attempt: one of three classes of failure, or an answer."""

    NOT_SENT = "not sent"
    """No byte of the request reached the server."""

    REJECTED = "rejected"
    """The server said that it did nothing."""

    UNKNOWN = "unknown"
    """Whether the server did the work is open."""

    FINAL = "final"
    """An answer to hand to the caller."""


def outcome_of_status(status: int, *, retry_after: float | None = None) -> AttemptOutcome:
    """What an HTTP status says about the attempt, with the seconds of its Retry-After."""
    if status not in TEMPORARY_STATUSES:
        return AttemptOutcome.FINAL
    is_rejected = status in REJECTED_STATUSES or (status == 503 and retry_after is not None)
    return AttemptOutcome.REJECTED if is_rejected else AttemptOutcome.UNKNOWN


def may_repeat(outcome: AttemptOutcome, rule: Retry) -> bool:
    """Whether the rule of the endpoint lets this outcome be tried again."""
    if outcome is AttemptOutcome.FINAL:
        return False
    if outcome is AttemptOutcome.NOT_SENT or rule is Retry.SAFE:
        return True
    return outcome is AttemptOutcome.REJECTED and rule is Retry.IF_REFUSED


def next_wait(
    policy: RetryPolicy,
    *,
    attempt: int,
    retry_after: float | None,
    left_s: float = math.inf,
    jitter: Callable[[float, float], float] = random.uniform,
) -> float | None:
    """Seconds to wait after *attempt* (1-based), or None to give up.

    Full jitter under a doubling ceiling and under what is left. A `Retry-After` within the policy's cap
    is kept, with a little on top so that many clients do not return together; one that is shorter than
    the random wait, e.g. 0, does not shorten it. One that ends after the call's deadline, *left_s* from
    now, is not slept through: the answer that is known says more than a deadline that is certain to pass.
    """
    if attempt >= policy.attempts or left_s <= 0:
        return None
    ceiling = min(policy.backoff_cap_s, policy.backoff_s * 2.0 ** min(attempt - 1, 60), left_s)
    wait = jitter(0.0, ceiling)
    if retry_after is None:
        return wait
    if retry_after > policy.retry_after_cap_s or retry_after >= left_s:
        return None
    return min(max(wait, retry_after + jitter(0.0, 0.1 * retry_after)), left_s)


def parse_retry_after(
    value: str | None, *, date: str | None = None, now: datetime | None = None
) -> float | None:
    """Seconds that a Retry-After header asks for; takes both forms, seconds and HTTP date.

    Args:
        value: The header.
        date: The answer's Date header: the server's time, by which its moment is meant. This machine's
            clock, which may be hours off, counts only where there is none.
        now: This machine's time.

    Returns:
        None for a missing or unreadable header, 0.0 for a date in the past.
    """
    if not value:
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        moment = _moment(text)
        if moment is None:
            return None
        answered_at = _moment(date or "") or now or datetime.now(UTC)
        return max(0.0, (moment - answered_at).total_seconds())
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _moment(text: str) -> datetime | None:
    """What an HTTP date says, if it is one."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
