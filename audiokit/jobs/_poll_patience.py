"""What a failed look means, and how long to leave the API alone after it."""

from __future__ import annotations

import math
import random
from typing import Final

from audiokit.errors import RateLimited, ServerError, TransportError
from audiokit.jobs._poll_question import Question

_FIRST_S: Final = 0.5
_LONGEST_S: Final = 60.0
_WIDESPREAD: Final = 3
_HOPELESS: Final = 8


class Patience:
    """Keeps apart one call that fails and an API that is down.

    Attributes:
        until: No call at all before this moment, in seconds of the clock.
    """

    def __init__(self, rng: random.Random) -> None:
        self.until = -math.inf
        self._rng = rng
        self._refusals = 0
        self._failing: dict[Question, None] = {}

    def answered(self, question: Question) -> None:
        """A call was answered, so the API is there."""
        question.failures = self._refusals = 0
        self._failing.clear()

    def is_temporary(self, question: Question, error: Exception, now: float) -> bool:
        """Whether asking again later may help; then notes how much later.

        A refusal for too many calls holds for all calls, a failure for its own question alone, unless
        several fail and none is answered. A list that fails again and again is no longer worth waiting for.
        """
        asked_for_s: float = getattr(error, "retry_after", None) or 0.0
        if isinstance(error, RateLimited):
            self._refusals += 1
            self.until = max(self.until, now + max(asked_for_s, self._drawn_s(self._refusals)))
            return True
        if not isinstance(error, ServerError | TransportError | TimeoutError):
            return False
        question.failures += 1
        self._failing[question] = None
        question.not_before = now + max(asked_for_s, self._drawn_s(question.failures))
        if len(self._failing) >= _WIDESPREAD:
            self.until = max(self.until, now + self._drawn_s(len(self._failing)))
        return question.alone is not None or question.failures < _HOPELESS

    def _drawn_s(self, failures: int) -> float:
        longest = min(_LONGEST_S, _FIRST_S * 2.0 ** min(failures, 16))
        return self._rng.uniform(longest / 2, longest)
