"""What an API says may repeat what it was sent, headers too: secrets are taken out before anybody sees it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

_SHORTEST: Final = 4
"""Shorter ones are no secret, and would be found in every other word."""

_URL: Final = re.compile(r"""https?:(?:\\?/){2}[^\s"<>]*""", re.IGNORECASE)
"""Also as JSON may write it, ``https:\\/\\/``."""


def hidden(value: Any, secrets: Iterable[str]) -> Any:
    """A decoded document, or a text, with ``***`` in the place of each secret, plain or as JSON writes it."""
    forms = {form for one in secrets if len(one) >= _SHORTEST for form in _forms(one)}
    known = sorted(forms, key=len, reverse=True)
    try:
        return _hidden(value, known) if known else value
    except RecursionError:  # nobody reads what is nested so deep
        return "***"


def without_queries(text: str) -> str:
    """A text whose URLs end before their query or fragment: those of files carry signatures there."""
    return _URL.sub(lambda url: re.split("[?#]", url[0], maxsplit=1)[0], text)


def shown_url(url: object) -> str:
    """For reprs: a URL without its query and fragment, absolute or not; anything else as its own repr."""
    return repr(re.split("[?#]", url, maxsplit=1)[0] if isinstance(url, str) else url)


def shown_document(document: object) -> str:
    """For reprs: a decoded document whose URLs end before their query or fragment."""
    return repr(_without_queries(document))


def _without_queries(value: object) -> object:
    match value:
        case str():
            return without_queries(value)
        case dict():
            return {name: _without_queries(one) for name, one in value.items()}
        case list():
            return [_without_queries(one) for one in value]
        case _:
            return value


def _forms(secret: str) -> tuple[str, ...]:
    """As it is, and as a JSON text holds it that could not be decoded or was not meant to be."""
    return secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]


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
