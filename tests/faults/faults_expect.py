"""What each fault must come to, as a few rules; the exceptions stand with their faults."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import attrs
from faults_kinds import Kind, Rule

ATTEMPTS: Final = 3
"""`RetryPolicy.attempts` of every cell."""

OK: Final = "ok"

REFUSED: Final = "refused"
"""Any error of ours: what counts is that it is one."""

ANY: Final = -1
"""Any number of requests."""


class Mode(enum.Enum):
    """How often the fault happens."""

    ONCE = "once"
    ALWAYS = "always"


@attrs.frozen
class Expected:
    """The end of a call.

    Attributes:
        outcome: ``ok``, or the class of the error.
        seen: Requests the server saw.
    """

    outcome: str
    seen: int

    def __str__(self) -> str:
        return self.outcome if self.seen == ANY else f"{self.outcome} {self.seen}"


@attrs.frozen(kw_only=True)
class Effect:
    """What a fault tells about an attempt, and what becomes of the call.

    Attributes:
        repeated_for: The rules under which the call is tried again.
        seen: Whether the server sees the head of a faulty attempt.
        errors: Class of the error by rule, when the attempts are used up or not allowed.
    """

    repeated_for: frozenset[Rule]
    errors: Mapping[Rule, str]
    seen: bool = True

    def expected(self, kind: Kind, mode: Mode) -> Expected:
        """How a call of this kind must end."""
        again = kind.rule in self.repeated_for
        if again and mode is Mode.ONCE:
            return Expected(OK, 1 + self.seen)
        return Expected(self.errors[kind.rule], (ATTEMPTS if again else 1) * self.seen)


@attrs.frozen
class Always:
    """The same end whatever the kind of call and however often the fault happens."""

    outcome: str = OK
    seen: int = 1

    def expected(self, kind: Kind, mode: Mode) -> Expected:
        """How a call must end."""
        return Expected(self.outcome, self.seen)


@attrs.frozen
class ByMode:
    """An end that depends only on how often the fault happens."""

    once: Expected
    always: Expected

    def expected(self, kind: Kind, mode: Mode) -> Expected:
        """How a call must end."""
        return self.once if mode is Mode.ONCE else self.always


_ALL: Final = frozenset(Rule)

UNSENT: Final = Effect(repeated_for=_ALL, errors=dict.fromkeys(Rule, "ConnectionFailed"), seen=False)
"""Nothing reached the server: everything is tried again."""

UNKNOWN: Final = Effect(
    repeated_for=frozenset({Rule.SAFE}),
    errors={Rule.SAFE: "ConnectionLost", Rule.COSTLY: "OutcomeUnknown", Rule.ONCE: "OutcomeUnknown"},
)
"""The request may have been acted on: only what is safe is tried again."""

NO_REPEAT: Final = attrs.evolve(UNKNOWN, repeated_for=frozenset())
"""As unknown, and a repeat would bring the same."""

UNTRUSTED: Final = attrs.evolve(UNSENT, repeated_for=frozenset())
"""Nothing reached the server, and a repeat would bring the same."""


def rejected(error: str) -> Effect:
    """The server did nothing: tried again unless the body can be had only once."""
    return Effect(repeated_for=frozenset({Rule.SAFE, Rule.COSTLY}), errors=dict.fromkeys(Rule, error))


def temporary(error: str) -> Effect:
    """The server failed, perhaps after acting: only what is safe is tried again."""
    return Effect(repeated_for=frozenset({Rule.SAFE}), errors=dict.fromkeys(Rule, error))


def given_up(error: str) -> Effect:
    """A gateway gave up, and cannot know what the server did: a safe call is tried again."""
    return attrs.evolve(UNKNOWN, errors={**UNKNOWN.errors, Rule.SAFE: error})


def final(error: str) -> Always:
    """An answer that a repeat would not change."""
    return Always(error)


Rules = Effect | Always | ByMode
