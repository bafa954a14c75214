"""Personalisation and media on the v1 wire: lists that hold dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from audiokit.errors import InvalidRequest

RESERVED: Final = frozenset({"scriptid", "version", "public", "vast", "endformat", "requestid", "section"})
"""Query parameters of the retrievals, in lower case; no audience name can be one of them."""

Audience: TypeAlias = Mapping[str, str] | Sequence[Mapping[str, str]]
"""Values for a script's ``{{parameters}}``: one listener, or several."""


def as_list(field: str, value: Audience | None) -> list[dict[str, Any]] | None:
    """The wire's list of dictionaries, from one mapping or several; None for None."""
    if value is None:
        return None
    entries: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise InvalidRequest.of(field, entry, "a mapping of names to values, or a list of such")
    return [dict(entry) for entry in entries]


def as_audience(value: Audience | None) -> list[dict[str, Any]] | None:
    """The wire's list of listeners.

    Raises:
        InvalidRequest: A name is one of a retrieval's own, so that the result could never be fetched.
    """
    listeners = as_list("audience", value)
    for listener in listeners or []:
        _check_names(listener)
    return listeners


def as_query(audience: Mapping[str, str] | None) -> dict[str, str]:
    """Audience values as the query of a retrieval, where each name stands at top level.

    Raises:
        InvalidRequest: A name is one of the retrieval's own.
    """
    _check_names(audience or {})
    return {name: str(value) for name, value in (audience or {}).items()}


def _check_names(audience: Mapping[str, Any]) -> None:
    for name in audience:
        if str(name).lower() in RESERVED:
            raise InvalidRequest(
                f"audience name {name!r} collides with a parameter of the retrieval; rename it in the script",
                field="audience",
                value=name,
            )
