"""Pure: what became of an attempt, and how long to wait before the next."""

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

TEMPORARY_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Outcome(enum.Enum):
    """What is known of an attempt."""

    NOT_SENT = enum.auto()
    """No byte of the request reached the server."""

    REFUSED = enum.auto()
    """The server said it did nothing (429)."""

    TEMPORARY = enum.auto()
    """The server answered with a failure that may pass; whether it did the work is open."""

    UNKNOWN = enum.auto()
    """The connection broke after the request may have arrived."""

    FINAL = enum.auto()
    """An answer to hand to the caller."""


def outcome_of_status(status: int) -> Outcome:
    """What an HTTP status says about the attempt."""
    if status == 429:
        return Outcome.REFUSED
    return Outcome.TEMPORARY if status in TEMPORARY_STATUSES else Outcome.FINAL


def may_repeat(outcome: Outcome, rule: Retry) -> bool:
    """Whether the rule of the endpoint lets this outcome be tried again."""
    if outcome is Outcome.FINAL:
        return False
    if outcome is Outcome.NOT_SENT or rule is Retry.SAFE:
        return True
    return outcome is Outcome.REFUSED and rule is Retry.IF_REFUSED


def next_wait(
    policy: RetryPolicy,
    *,
    attempt: int,
    retry_after: float | None,
    jitter: Callable[[float, float], float] = random.uniform,
) -> float | None:
    """Seconds to wait after *attempt* (1-based), or None to give up.

    A `Retry-After` within the policy's cap is kept, with a little on top so that many
    clients do not return together. Without one, full jitter under a doubling ceiling.
    """
    if attempt >= policy.attempts:
        return None
    if retry_after is not None:
        if retry_after > policy.retry_after_cap_s:
            return None
        return retry_after + jitter(0.0, 0.1 * retry_after)
    ceiling = min(policy.backoff_cap_s, policy.backoff_s * 2.0 ** (attempt - 1))
    return jitter(0.0, ceiling)


def parse_retry_after(value: str | None, *, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for; takes both forms, seconds and HTTP date.

    Returns None for a missing or unreadable header, 0.0 for a date in the past.
    """
    if not value:
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
