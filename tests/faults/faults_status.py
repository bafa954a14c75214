"""Answers that mean "later" or "elsewhere": statuses with every form of Retry-After, and redirects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

import attrs
from faults_expect import (
    OK,
    REFUSED,
    Always,
    ByMode,
    Effect,
    Expected,
    Rules,
    final,
    given_up,
    rejected,
    temporary,
)
from faults_kinds import DOWNLOAD, ONE_PER_RULE, READ
from faults_model import Fault, Misdeed
from faults_server import Wire

from audiokit import Timeouts

_ERRORS: Final = {
    408: "RequestRefused",
    425: "RequestRefused",
    429: "RateLimited",
    500: "ServerError",
    502: "ServerError",
    503: "ServerError",
    504: "ServerError",
}
_BACKOFF_S: Final = (0.0, 0.5)
_PATIENT: Final = {"timeouts": Timeouts(connect_s=1.0, stall_s=1.0, call_s=180.0)}
"""The waits asked for end before the deadline; nothing really waits for it."""


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@attrs.frozen
class _RetryAfter:
    """One form of the header.

    Attributes:
        name: For the row.
        value: Writes the header when the answer is sent; None for no header.
        wait_s: Shortest and longest wait that keeps it, in seconds; None where the call must give up.
        told_s: Least and most that the error tells; None for nothing.
    """

    name: str
    value: Callable[[], str | None]
    wait_s: tuple[float, float] | None
    told_s: tuple[float, float] | None


_FORMS: Final = (
    _RetryAfter("none", lambda: None, _BACKOFF_S, None),
    _RetryAfter("0", lambda: "0", _BACKOFF_S, (0.0, 0.0)),
    _RetryAfter("7 s", lambda: "7", (7.0, 7.7), (7.0, 7.0)),
    _RetryAfter("1.5 s", lambda: "1.5", (1.5, 1.65), (1.5, 1.5)),
    _RetryAfter("date in 30 s", lambda: format_datetime(_in(30), usegmt=True), (28.0, 33.0), (28.0, 30.0)),
    _RetryAfter(
        "old date form in 30 s", lambda: _in(30).strftime("%A, %d-%b-%y %X GMT"), (28.0, 33.0), (28.0, 30.0)
    ),
    _RetryAfter("asctime in 30 s", lambda: _in(30).strftime("%a %b %d %X %Y"), (28.0, 33.0), (28.0, 30.0)),
    _RetryAfter("date in the past", lambda: format_datetime(_in(-90), usegmt=True), _BACKOFF_S, (0.0, 0.0)),
    _RetryAfter("unreadable", lambda: "soon", _BACKOFF_S, None),
    _RetryAfter("date that is none", lambda: "Foo, 99 Bar 2026 25:61:61 GMT", _BACKOFF_S, None),
    _RetryAfter("negative", lambda: "-5", _BACKOFF_S, None),
    _RetryAfter("nan", lambda: "nan", _BACKOFF_S, None),
    _RetryAfter("an hour", lambda: "3600", None, (3600.0, 3600.0)),
    _RetryAfter("10^20 s", lambda: "1" + "0" * 20, None, (1e20, 1e20)),
    _RetryAfter("date in 9999", lambda: "Fri, 31 Dec 9999 23:59:59 GMT", None, (1e9, 1e12)),
)


def _answering(status: int, form: _RetryAfter) -> Misdeed:
    async def reply(wire: Wire, _: int) -> None:
        value = form.value()
        lines = [] if value is None else [f"retry-after: {value}"]
        await wire.reply(*lines, status=status, content=b'{"message": "later"}', kind="application/json")

    return reply


def _rules(status: int, form: _RetryAfter) -> Rules:
    """By what a status says of the request; a wait that is too long leaves no repeat, but the same error."""
    error = _ERRORS[status]
    effect: Effect
    if status in {408, 425, 429} or (status == 503 and form.told_s is not None):
        effect = rejected(error)
    else:
        effect = given_up(error) if status in {502, 504} else temporary(error)
    return effect if form.wait_s is not None else attrs.evolve(effect, repeated_for=frozenset())


_COMMON: Final = {429, 503}
_USUAL: Final = {"none", "7 s", "date in 30 s", "an hour"}


def _plain_kinds(status: int, form: _RetryAfter) -> frozenset[str] | None:
    """All where both are usual, one per rule where one of them is, none where neither is."""
    if status in _COMMON and form.name in _USUAL:
        return None
    return ONE_PER_RULE if status in _COMMON or form.name in _USUAL else frozenset()


STATUSES: Final = tuple(
    Fault(
        group="Statuses, by form of Retry-After",
        name=f"{status}, {form.name}",
        does=_answering(status, form),
        rules=_rules(status, form),
        settings=_PATIENT,
        plain_kinds=_plain_kinds(status, form),
        wait_s=form.wait_s or _BACKOFF_S,
        retry_after_s=form.told_s,
    )
    for status in _ERRORS
    for form in _FORMS
)


def _redirecting(status: int, where: Callable[[Wire, int], str | None]) -> Misdeed:
    async def reply(wire: Wire, other_port: int) -> None:
        location = where(wire, other_port)
        lines = [] if location is None else [f"location: {location}"]
        await wire.reply(*lines, status=status, content=b"")

    return reply


_GETS: Final = frozenset({READ.name, DOWNLOAD.name})
_NOT_FOLLOWED: Final = final("UnexpectedResponse")
_HOPS: Final = 6
"""The request and the five redirects that are followed."""


def _but_gets(rules: Rules) -> dict[str, Rules]:
    return dict.fromkeys(_GETS, rules)


REDIRECTS: Final = (
    *(
        Fault(
            group="Redirects",
            name=f"{status} to another host",
            does=_redirecting(status, lambda wire, port: f"http://127.0.0.1:{port}{wire.seen.path}"),
            rules=_NOT_FOLLOWED,
            but=_but_gets(Always(OK)),
            goes_elsewhere=_GETS,
        )
        for status in (302, 307)
    ),
    Fault(
        group="Redirects",
        name="to itself",
        does=_redirecting(302, lambda wire, _: wire.seen.path),
        rules=_NOT_FOLLOWED,
        but=_but_gets(ByMode(Expected(OK, 2), Expected(REFUSED, _HOPS))),
    ),
    Fault(
        group="Redirects",
        name="to a file of this machine",
        does=_redirecting(302, lambda _, __: "file:///etc/hostname"),
        rules=_NOT_FOLLOWED,
        but=_but_gets(Always(REFUSED)),
    ),
    Fault(
        group="Redirects",
        name="to a URL that is none",
        does=_redirecting(302, lambda _, __: "http://[::1/"),
        rules=_NOT_FOLLOWED,
        but=_but_gets(Always(REFUSED)),
    ),
    Fault(
        group="Redirects", name="to nowhere", does=_redirecting(302, lambda _, __: None), rules=_NOT_FOLLOWED
    ),
)
