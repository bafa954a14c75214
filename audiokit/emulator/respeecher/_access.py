"""Who is calling: an API key in a header, or a login session with its CSRF token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.emulator._http import HttpError, account_of, context_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from audiokit.emulator._rates import CallClass

KEY_HEADER = "api-key"
SESSION_COOKIE = "session_id"
CSRF_HEADER = "X-Csrf-Token"


def authorise(request: Request) -> str:
    """Return the account of a request.

    Raises:
        HttpError: 401, no valid key and no valid session.
    """
    accounts = context_of(request).accounts
    key = request.headers.get(KEY_HEADER)
    if key is not None:
        account = accounts.for_respeecher_key(key)
        if account is None:
            raise HttpError(
                401, f"header {KEY_HEADER} is not a key of this account, or it was replaced or deleted"
            )
        return account
    session_id, csrf_token = request.cookies.get(SESSION_COOKIE), request.headers.get(CSRF_HEADER)
    account = accounts.for_session(session_id, csrf_token)
    if account is None:
        raise HttpError(401, f"not signed in: {_what_is_wrong(session_id, csrf_token)}")
    return account


_CLASSES: dict[str, CallClass] = {
    **dict.fromkeys(
        (
            "calibration.create",
            "recordings.create",
            "recordings.create_tts",
            "recordings.create_tts_v1",
            "recordings.conversion_order_v1",
            "recordings.conversion_redo",
            "orders.create",
            "orders.retry",
        ),
        "slow",
    ),
    **dict.fromkeys(("recordings.download", "recordings.export", "projects.export"), "free"),
}
"""Class of each operation for the rate limits; all others are fast."""


def admit(request: Request, operation: str) -> None:
    """Let a call begin, unless the account had too many of its class.

    Raises:
        HttpError: 429, with ``Retry-After``.
    """
    context_of(request).switches.rates.admit(account_of(request), _CLASSES.get(operation, "fast"))


def _what_is_wrong(session_id: str | None, csrf_token: str | None) -> str:
    if session_id is None:
        return (
            f"send header {KEY_HEADER}, or log in and send cookie {SESSION_COOKIE} with header {CSRF_HEADER}"
        )
    if csrf_token is None:
        return f"cookie {SESSION_COOKIE} came without header {CSRF_HEADER}"
    return "the session has ended, or its CSRF token is wrong; log in again"
