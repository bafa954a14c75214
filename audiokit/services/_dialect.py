"""How one API differs from the others: names, envelope, error bodies. A record, not a subclass."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from audiokit.services._convert import Converter, camel, snake


@attrs.frozen(kw_only=True)
class Dialect:
    """One API's habits on the wire.

    Attributes:
        api: ``apiaudio``, ``audiostack`` or ``respeecher``.
        converter: Between wire documents and models.
        unwrap: Takes the document and gives the part that holds the result.
        error_lines: What an error body says, line by line; empty when it says nothing known.
        request_id: Id of the request in a document, where the API gives one.
    """

    api: str
    converter: Converter
    unwrap: Callable[[Any], Any]
    error_lines: Callable[[Any], list[str]]
    request_id: Callable[[Any], str | None]


def _texts(value: object) -> list[str]:
    """Strings out of a string, or out of a list of strings and objects."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, list):
        return [line for item in value for line in _texts(item)]
    if isinstance(value, dict):
        return [", ".join(f"{key}: {item}" for key, item in value.items())]
    return [] if value is None else [str(value)]


def _first_of(body: object, names: Iterable[str]) -> list[str]:
    if not isinstance(body, dict):
        return []
    for name in names:
        if lines := _texts(body.get(name)):
            return lines
    return []


def _v1_errors(body: object) -> list[str]:
    lines = _first_of(body, ("errors", "message", "Message", "error"))
    allowed = body.get("allowedFilteringParameters") if isinstance(body, dict) else None
    return (
        [*lines, f"allowed filters: {', '.join(map(str, allowed))}"] if isinstance(allowed, list) else lines
    )


def _v2_errors(body: object) -> list[str]:
    lines = [*_first_of(body, ("message",)), *_first_of(body, ("errors", "details"))]
    return list(dict.fromkeys(lines)) or _first_of(body, ("error", "detail"))


def _respeecher_errors(body: object) -> list[str]:
    detail = body.get("detail") if isinstance(body, dict) else None
    if isinstance(detail, list):
        return [_validation_line(item) for item in detail]
    return _texts(detail) or _first_of(body, ("message", "error"))


def _validation_line(item: object) -> str:
    """One entry of a 422: ``{"loc": ["body", "name"], "msg": ...}``."""
    if not isinstance(item, dict):
        return str(item)
    loc = item.get("loc")
    where = ".".join(str(part) for part in (loc if isinstance(loc, list) else [loc]) if part is not None)
    return f"{where}: {item.get('msg', item)}" if where else str(item.get("msg", item))


def _in_data(document: Any) -> Any:
    """v2 puts results into ``data``; a few routes answer bare."""
    if isinstance(document, dict) and isinstance(document.get("data"), dict | list):
        return document["data"]
    return document


def _in_list(document: Any) -> Any:
    """Respeecher wraps most lists as ``{"list": [...], "pagination": {...}}``, but not all."""
    if isinstance(document, dict) and isinstance(document.get("list"), list):
        return document["list"]
    return document


def _v2_request_id(document: Any) -> str | None:
    meta = document.get("meta") if isinstance(document, dict) else None
    return _text_or_none(meta, "requestId")


def _text_or_none(document: Any, name: str) -> str | None:
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, str) else None


APIAUDIO = Dialect(
    api="apiaudio",
    converter=Converter(camel),
    unwrap=lambda document: document,
    error_lines=_v1_errors,
    request_id=lambda document: _text_or_none(document, "requestId"),
)
AUDIOSTACK = Dialect(
    api="audiostack",
    converter=Converter(camel),
    unwrap=_in_data,
    error_lines=_v2_errors,
    request_id=_v2_request_id,
)
RESPEECHER = Dialect(
    api="respeecher",
    converter=Converter(snake),
    unwrap=_in_list,
    error_lines=_respeecher_errors,
    request_id=lambda _: None,
)
