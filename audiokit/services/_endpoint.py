"""Wire facts of one operation, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

import attrs

from audiokit._config import RateClass
from audiokit.errors import InvalidRequest
from audiokit.transport import Retry

T_co = TypeVar("T_co", covariant=True)

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_OPTIONAL_END: Final = re.compile(r"\[([^\[\]{}]*\{(\w+)\})\]$")


@attrs.frozen(kw_only=True)
class Endpoint(Generic[T_co]):
    """One operation of one API.

    Attributes:
        name: ``api.resource.verb``, as in messages and in the list of endpoints.
        method: HTTP verb.
        path: Below the base URL, parameters in braces. An end in brackets may be left out, e.g.
            ``/script/{script_id}[/{version}]``.
        returns: What a successful answer is structured into; None for an answer nobody needs.
        expects: Statuses that mean success.
        retry: What may be repeated. GETs are `Retry.SAFE`, all else names its reason.
        rate_class: The limit on calls over time that it counts against.
        look_up: Path parameters and body fields, by the API's names, by which what it makes can be found
            after an `OutcomeUnknown`.
        has_secret_answer: What it answers is a credential, so that no error may hold any of it.
        source: Where the facts come from.
    """

    name: str
    method: str
    path: str
    returns: type[T_co] | None
    expects: frozenset[int] = frozenset({200})
    retry: Retry = attrs.field(default=Retry.IF_REFUSED)
    rate_class: RateClass = RateClass.FAST
    look_up: tuple[str, ...] = ()
    has_secret_answer: bool = False
    source: str = ""

    @property
    def api(self) -> str:
        """Name of the API, e.g. ``respeecher``."""
        return self.name.partition(".")[0]

    def facts(self, *sent: Mapping[str, object]) -> dict[str, str]:
        """What was sent of the fields of `look_up`; only texts, as ids and labels are."""
        every = {name: value for values in sent for name, value in values.items()}
        return {name: value for name in self.look_up if isinstance(value := every.get(name), str)}

    def fill(self, values: Mapping[str, object]) -> str:
        """The path with *values* in its placeholders, each percent-encoded.

        An optional end is left out where its value is None. The value must be there all the same:
        with a misspelt name, ``DELETE /script/{script_id}[/{version}]`` would delete every version.

        Raises:
            InvalidRequest: A value is empty, ``.`` or ``..``: URL rules would change the path. Or it is
                text that no URL can hold, a lone surrogate; or neither text nor a whole number.
            KeyError: There is no value for a placeholder.
        """
        path = _OPTIONAL_END.sub(lambda end: "" if values[end[2]] is None else end[1], self.path)
        return _PLACEHOLDER.sub(lambda match: _path_part(match[1], values[match[1]]), path)


def _path_part(name: str, value: object) -> str:
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
        kind = type(value).__name__  # not the value: objects of an API may show signed URLs
        raise InvalidRequest(
            f"{name} must be a str or an int, got an object of type {kind}; pass its id",
            field=name,
            value=kind,
        )
    text = "" if value is None else str(value)
    if text in {"", ".", ".."}:
        raise InvalidRequest.of(name, value, "an identifier, not empty and not a dot segment")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise InvalidRequest.of(name, value, "an identifier that UTF-8 can hold") from None


def get(name: str, path: str, returns: type[T_co] | None, **facts: Any) -> Endpoint[T_co]:
    """A GET: safe to repeat."""
    return Endpoint(name=name, method="GET", path=path, returns=returns, retry=Retry.SAFE, **facts)
