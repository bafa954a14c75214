"""The options of every call: checked before anything is sent, and what they mean."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, Final

from audiokit.errors import InvalidRequest
from audiokit.services._endpoint import Endpoint
from audiokit.transport import Retry
from audiokit.transport._auth import ORGANISATION_HEADER
from audiokit.typing import CallOptions, RawReply

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e]*")
_NOT_FOR_CALLERS: Final = frozenset(
    {
        "api-key",
        "x-api-key",
        "cookie",
        "x-csrf-token",
        "authorization",
        ORGANISATION_HEADER,
        "proxy-authorization",
        # What frames the message, and what is between us and the next machine only.
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "proxy-connection",
        "upgrade",
        "te",
        "trailer",
        "expect",
    }
)


def tell(options: CallOptions, reply: RawReply) -> None:
    """Call ``on_reply`` with an answer, where somebody wants to see it."""
    on_reply = options.get("on_reply")
    if on_reply is not None:
        on_reply(reply)


def with_headers(options: CallOptions, headers: Mapping[str, str], *, wins: bool) -> CallOptions:
    """The options with further headers of ours, which replace the caller's or give way to them."""
    check_options(options)
    own = options.get("headers") or {}
    return {**options, "headers": {**own, **headers} if wins else {**headers, **own}}


def check_options(options: CallOptions) -> None:
    """Refuse options that no call can be made with, before anything is sent; None is as not given."""
    if not options:
        return
    unknown = sorted(set(options) - set(CallOptions.__annotations__))
    if unknown:
        allowed = ", ".join(sorted(CallOptions.__annotations__))
        # As Python itself would, had it been told the names.
        raise TypeError(f"no call takes {', '.join(map(repr, unknown))}; options of every call: {allowed}")
    values: Mapping[str, Any] = options  # as they are, whatever the annotations say
    timeout = values.get("timeout")
    if timeout is not None and (
        isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0
    ):
        raise InvalidRequest.of("timeout", timeout, "seconds above 0, or None")
    headers = values.get("headers")
    if headers is not None and not isinstance(headers, Mapping):
        # The value stays out of the message: it may be a secret.
        raise InvalidRequest(
            f"headers must be a mapping of names to values, or None, got an object of type "
            f"{type(headers).__name__}; pass e.g. {{'x-trace': '1'}}",
            field="headers",
            value=type(headers).__name__,
        )
    is_repeatable = values.get("is_repeatable")
    if is_repeatable is not None and not isinstance(is_repeatable, bool):
        raise InvalidRequest.of("is_repeatable", is_repeatable, "True, False or None")
    on_reply = values.get("on_reply")
    if on_reply is not None and (not callable(on_reply) or inspect.iscoroutinefunction(on_reply)):
        raise InvalidRequest.of("on_reply", on_reply, "a plain function of one argument (the reply), or None")


def retry_rule(endpoint: Endpoint[Any], options: CallOptions) -> Retry:
    """The endpoint's rule, unless the caller knows better."""
    is_repeatable = options.get("is_repeatable")
    if is_repeatable is None:
        return endpoint.retry
    return Retry.SAFE if is_repeatable else Retry.NEVER


def own_headers(options: CallOptions) -> dict[str, str]:
    """The caller's headers, refused where they would replace ours; of two spellings the last counts."""
    headers = {}
    for name, value in (options.get("headers") or {}).items():
        if (
            not isinstance(name, str)
            or not _HEADER_NAME.fullmatch(name)
            or not isinstance(value, str)
            or not _HEADER_VALUE.fullmatch(value)
        ):
            # The value stays out of the message: it may be a secret.
            raise InvalidRequest(
                f"headers must be names and values of printable ASCII, which {name!r} or its value is not",
                field="headers",
                value=name,
            )
        if name.lower() in _NOT_FOR_CALLERS:
            raise InvalidRequest(
                f"headers must not set {name!r}: audiokit sets it itself; credentials go to AudioKit(...)",
                field="headers",
                value=name,
            )
        headers[name.lower()] = value
    return headers
