"""What an API says may repeat what it was sent, headers too: secrets are taken out before anybody sees it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

_SHORTEST: Final = 4
"""Shorter ones are no secret, and would be found in every other word."""


def hidden(value: Any, secrets: Iterable[str]) -> Any:
    """A decoded document, or a text, with ``***`` in the place of each secret."""
    known = sorted({one for one in secrets if len(one) >= _SHORTEST}, key=len, reverse=True)
    try:
        return _hidden(value, known) if known else value
    except RecursionError:  # nobody reads what is nested so deep
        return "***"


def _hidden(value: Any, secrets: list[str]) -> Any:
    match value:
        case str():
            for secret in secrets:
                value = value.replace(secret, "***")
            return value
        case dict():
            return {_hidden(name, secrets): _hidden(one, secrets) for name, one in value.items()}
        case list():
            return [_hidden(one, secrets) for one in value]
        case _:
            return value
