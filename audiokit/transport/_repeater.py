"""Sends a call as often as its rule, its deadline, the retry budget and the rate limits allow."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import attrs
import httpx

from audiokit._config import ApiAccess, RateClass, RetryPolicy
from audiokit.transport._auth import SESSION_ENDED
from audiokit.transport._budget import RetryBudget
from audiokit.transport._call import Call, Retry
from audiokit.transport._call_state import CallState
from audiokit.transport._errors import is_hopeless, outcome_of, outcome_unknown
from audiokit.transport._hooks import Hooks, Watch
from audiokit.transport._origin import host_and_port
from audiokit.transport._rate import NoPlaceInTime, Place, RateLimiter, current_priority
from audiokit.transport._retry import (
    GATEWAY_STATUSES,
    TEMPORARY_STATUSES,
    AttemptOutcome,
    may_repeat,
    next_wait,
    outcome_of_status,
    parse_retry_after,
)
from audiokit.transport._sender import Sender, close
from audiokit.typing import Clock, Hook

logger = logging.getLogger("audiokit.transport")

_CHANGES_NOTHING: Final = frozenset({"GET", "HEAD"})
_LOGIN_PATH: Final = "/api/login"


@attrs.frozen
class Attempt:
    """How one attempt ended: with a failure or an answer.

    Attributes:
        outcome: What is known of it.
        failure: What ended it, where no answer did.
        response: The answer, not read yet.
        retry_after: When the answer says to come back, in seconds from now.
        met_old_session: Its session had expired: the next attempt logs in first, and is no retry.
    """

    outcome: AttemptOutcome
    failure: BaseException | None = None
    response: httpx.Response | None = None
    retry_after: float | None = None
    met_old_session: bool = False


class Repeater:
    """Owns budgets, limiters and hooks of a transport.

    Args:
        sender: Sends once.
        access: Where the APIs are.
        clock: For waits and deadlines.
        policy: When and how often to repeat.
        limiters: One for each API and class of calls that has a limit.
        hooks: Told of every call.
    """

    def __init__(
        self,
        sender: Sender,
        access: Mapping[str, ApiAccess],
        clock: Clock,
        *,
        policy: RetryPolicy,
        limiters: Mapping[tuple[str, RateClass], RateLimiter],
        hooks: Iterable[Hook] = (),
    ) -> None:
        self._sender = sender
        self._access = access
        self._clock = clock
        self._policy = policy
        self._limiters = limiters
        self._hooks = Hooks(hooks)
        self._budgets: dict[tuple[str, bool], RetryBudget] = {}

    @property
    def has_hooks(self) -> bool:
        """Whether anybody wants to be told."""
        return bool(self._hooks)

    def budget(self, api: str) -> RetryBudget:
        """The budget of the calls to this API's own address."""
        return self._budget(api, is_own=True)

    def limiter(self, api: str, rate_class: RateClass) -> RateLimiter | None:
        """The limiter of these calls; None where there is no limit."""
        return self._limiters.get((api, rate_class))

    @contextmanager
    def watched(self, run: CallState, *, is_stream: bool = False) -> Generator[None]:
        """Tell the hooks, if there are any, of a call from its start to its end."""
        if not self._hooks:
            yield
            return
        now, call = self._clock.monotonic, run.call
        host = host_and_port(call.url if call.path == "" else self._access[call.api].base_url)
        watch = run.watch = Watch(self._hooks, call, host=host, now_s=now(), is_stream=is_stream)
        headers = watch.started()
        if headers and call.authorise:  # else nobody looks where they go
            run.call = attrs.evolve(call, headers={**headers, **call.headers})
        error: BaseException | None = None
        try:
            yield
        except BaseException as caught:
            error = caught
            raise
        finally:
            watch.finished(
                attempts=run.tries.count,
                status=run.status,
                error=error,
                received_bytes=run.received_bytes,
                now_s=now(),
            )

    async def send(self, run: CallState) -> httpx.Response:
        """Attempts with waits between them; gives the answer back unread."""
        while True:
            await run.tries.close_body()
            attempt = await self._attempt(run)
            wait = self.wait_after(run, attempt)
            response = attempt.response
            if wait is not None:
                if response is not None:
                    await close(response)
                await self._clock.sleep(wait)
                continue
            if response is None:
                assert isinstance(attempt.failure, httpx.RequestError)  # noqa: S101 - one of the two was set
                raise run.error(attempt.failure) from attempt.failure
            if _gateway_gave_up(run.call, attempt):
                await close(response)
                raise outcome_unknown(
                    run.call,
                    f"a gateway gave up waiting for the API (HTTP {response.status_code})",
                    attempts=run.tries.count,
                    sent_at=run.sent_at,
                    status=response.status_code,
                    retry_after=attempt.retry_after,
                )
            return response

    def wait_after(self, run: CallState, attempt: Attempt) -> float | None:
        """Seconds until the next attempt, or None when there shall be none; also tells log and hooks."""
        if not may_repeat(attempt.outcome, run.call.retry) or not run.can_send_again:
            return None
        if is_hopeless(attempt.failure):
            return None
        now_s = self._clock.monotonic()
        wait = 0.0 if attempt.met_old_session else self._retry_wait(run, attempt, now_s)
        if wait is None:
            return None
        status = None if attempt.response is None else attempt.response.status_code
        logger.info(
            "%s: attempt %d ended with %s (%s), next in %.2f s",
            run.call.operation,
            run.tries.count,
            type(attempt.failure).__name__ if status is None else f"HTTP {status}",
            attempt.outcome.value,
            wait,
        )
        if run.watch is not None:
            run.watch.retried(
                attempt=run.tries.count, status=status, failure=attempt.failure, wait_s=wait, now_s=now_s
            )
        return wait

    def _retry_wait(self, run: CallState, attempt: Attempt, now_s: float) -> float | None:
        """What policy and budget say; None where there is no retry."""
        wait = next_wait(
            self._policy,
            attempt=run.tries.count,
            retry_after=attempt.retry_after,
            left_s=run.ends_at_s - now_s,
        )
        has_budget = wait is not None and self._budget(run.call.api, is_own=run.call.path != "").spend()
        return wait if has_budget else None

    def succeeded(self, run: CallState) -> None:
        """Note that the answer of a run was read; one that says no is as good as any."""
        if run.is_answered:
            self._budget(run.call.api, is_own=run.call.path != "").earn(after_retry=run.tries.count > 1)

    async def _attempt(self, run: CallState) -> Attempt:
        place = await self._place(run) if self._limiters else None
        run.tries.start()
        run.status, run.received_bytes, run.is_answered = None, 0, False
        run.sent_at = datetime.now(UTC)
        try:
            response = await self._sender.send(run.call, run.tries)
        except httpx.RequestError as error:
            outcome = outcome_of(error) if run.tries.is_begun else AttemptOutcome.NOT_SENT
            run.tries.is_begun = outcome is not AttemptOutcome.NOT_SENT
            if place is not None:
                (place.lost if run.tries.is_begun else place.unused)()
            return Attempt(outcome, failure=error)
        except BaseException:
            if place is not None:
                (place.lost if run.tries.is_begun else place.unused)()
            raise
        status = run.status = response.status_code
        is_temporary = status in TEMPORARY_STATUSES
        retry_after = None
        if is_temporary:
            headers = response.headers
            retry_after = parse_retry_after(headers.get("retry-after"), date=headers.get("date"))
        if place is not None:
            place.answered(was_refused=status == 429, retry_after=retry_after)
        if SESSION_ENDED in response.extensions and run.may_renew_session():
            run.tries.is_begun = False
            return Attempt(AttemptOutcome.REJECTED, response=response, met_old_session=True)
        run.is_answered = not is_temporary
        if run.is_answered:
            return Attempt(AttemptOutcome.FINAL, response=response)
        if _is_of_login(response, run.call):
            return Attempt(
                AttemptOutcome.NOT_SENT, response=response, retry_after=retry_after
            )  # the login was
        outcome = outcome_of_status(status, retry_after=retry_after)
        run.tries.is_begun = outcome is not AttemptOutcome.REJECTED
        return Attempt(outcome, response=response, retry_after=retry_after)

    async def _place(self, run: CallState) -> Place | None:
        """Wait for a place under the rate limit; None where there is none."""
        limiter = self._limiters.get((run.call.api, run.call.rate_class))
        if limiter is None or not run.call.path:
            return None
        run.waiting_for = f"the rate limit ({limiter})"
        try:
            left_s = run.ends_at_s - self._clock.monotonic()
            place = await limiter.acquire(priority=current_priority(), within_s=left_s)
        except NoPlaceInTime as error:
            raise run.out_of_time(room_in_s=error.wait_s) from None
        run.waiting_for = None
        return place

    def _budget(self, api: str, *, is_own: bool) -> RetryBudget:
        """That of the API, or of the hosts its files are at: one may be down while the other is not."""
        budget = self._budgets.get((api, is_own))
        if budget is None:
            budget = self._budgets[api, is_own] = RetryBudget(self._policy, self._clock)
        return budget


def _gateway_gave_up(call: Call, attempt: Attempt) -> bool:
    """Whether nobody knows what became of a call that could do its work twice."""
    return (
        attempt.outcome is AttemptOutcome.UNKNOWN
        and attempt.response is not None
        and attempt.response.status_code in GATEWAY_STATUSES
        and call.retry is not Retry.SAFE
        and call.method not in _CHANGES_NOTHING
    )


def _is_of_login(response: httpx.Response, call: Call) -> bool:
    """Whether this answers the login before the call, and not the call."""
    return response.request.url.path.endswith(_LOGIN_PATH) and call.path != _LOGIN_PATH
