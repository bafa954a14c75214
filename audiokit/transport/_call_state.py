"""One call under way: its deadline, what was tried so far, and who watches it."""

from __future__ import annotations

from datetime import datetime

import httpx

from audiokit.errors import CallTimeout, TransportError
from audiokit.transport._call import Call, Retry
from audiokit.transport._errors import error_for
from audiokit.transport._hooks import Watch
from audiokit.transport._sender import Attempts


class CallState:
    """State of one call, over all its attempts.

    Attributes:
        call: What is sent; hooks may have added headers to it.
        tries: What was tried.
        limit_s: Seconds for all of it; may be infinite.
        ends_at_s: The deadline, on the clock of the transport.
        sent_at: When the last attempt began, in UTC.
        status: HTTP status of the last attempt's answer.
        received_bytes: How much of its body was read.
        is_answered: Whether the last attempt brought an answer to hand to the caller.
        waiting_for: What it waits for, when that is not the API.
        watch: Tells the hooks.
    """

    __slots__ = (
        "_has_renewed",
        "call",
        "ends_at_s",
        "is_answered",
        "limit_s",
        "received_bytes",
        "sent_at",
        "status",
        "tries",
        "waiting_for",
        "watch",
    )

    def __init__(self, call: Call, *, limit_s: float, now_s: float) -> None:
        self.call = call
        self.tries = Attempts()
        self.limit_s = limit_s
        self.ends_at_s = now_s + limit_s
        self.sent_at: datetime | None = None
        self.status: int | None = None
        self.received_bytes = 0
        self.is_answered = False
        self.waiting_for: str | None = None
        self.watch: Watch | None = None
        self._has_renewed = False

    @property
    def can_send_again(self) -> bool:
        """Whether the body, if any, can go out once more."""
        body = self.call.body
        return body is None or body.is_replayable or not self.tries.body_opened

    def may_renew_session(self) -> bool:
        """Whether to send again in a new session: once, and only a body that can go out once more."""
        may, self._has_renewed = self.can_send_again and not self._has_renewed, True
        return may

    def error(self, failure: httpx.RequestError, *, place: str | None = None) -> TransportError:
        """Our error for a run that ends with *failure*; the caller chains it."""
        return error_for(
            failure,
            self.call,
            attempts=self.tries.count,
            place=place or self.tries.place,
            is_begun=self.tries.is_begun,
            sent_at=self.sent_at,
            status=self.status,
        )

    def out_of_time(self, *, room_in_s: float | None = None) -> CallTimeout:
        """The error for a deadline that has passed, or that would pass before *room_in_s*."""
        call, count = self.call, self.tries.count
        is_harmless = call.retry is Retry.SAFE or not self.tries.maybe_sent
        reason = ""
        if self.waiting_for is not None:
            reason = f" because of {self.waiting_for}"
            reason += "" if room_in_s is None else f", which has no room for {room_in_s:.0f} s"
        return CallTimeout(
            f"{call.operation}: no complete answer within {self.limit_s:g} s "
            f"({count} attempt{'s' if count != 1 else ''}){reason}; raise `timeout` or call again"
            + ("" if is_harmless else " after looking up what it made"),
            operation=call.operation,
            timeout_s=self.limit_s,
            attempts=count,
            maybe_sent=self.tries.maybe_sent,
            sent_at=self.sent_at,
            look_up={} if is_harmless else call.look_up,
            waiting_for=self.waiting_for,
            retry_after=room_in_s,
            method=call.method,
            path=call.path,
        )
