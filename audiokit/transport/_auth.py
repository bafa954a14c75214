"""How each kind of credentials signs a request: flows that yield requests, one class per scheme."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Generator
from typing import Final

import anyio
import httpx
import orjson

from audiokit._config import ApiAccess, ApiKey, Login
from audiokit.errors import (
    AuthenticationError,
    InvalidRequest,
    ServerError,
    UnexpectedResponse,
)
from audiokit.transport._retry import TEMPORARY_STATUSES
from audiokit.transport._secrets import hidden, without_queries

KEY_HEADERS: Final = {"apiaudio": "x-api-key", "audiostack": "x-api-key", "respeecher": "api-key"}
LOGIN: Final = "respeecher.session.login"
ORGANISATION_HEADER: Final = "x-assume-org"

_CARRIED: Final = re.compile(r"[!-:<-~]+")
"""What a cookie and a header can both hold: visible ASCII, without the semicolon that ends a cookie."""

SESSION_ENDED: Final = "audiokit.session_ended"
"""Extension of a 401 whose call another session may help, which this flow could not send again itself."""


class KeyAuth(httpx.Auth):
    """A key in a header."""

    def __init__(self, header: str, key: str, *, organisation: str | None = None) -> None:
        self._header = header
        self._key = key
        self._organisation = organisation

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return (self._key,)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers and send."""
        request.headers[self._header] = self._key
        if self._organisation:
            request.headers[ORGANISATION_HEADER] = self._organisation
        yield request


class SessionAuth(httpx.Auth):
    """Respeecher's login session: cookie ``session_id`` and header ``X-Csrf-Token``.

    Logs in before the first request, and once more when a session has expired; calls that
    meet at that moment share one login. The cookie is kept here and not in the client's
    jar, so that two accounts in one process never mix.

    Raises:
        ApiError: The login was refused; mostly `AuthenticationError`.
    """

    def __init__(self, base_url: str, login: Login | None, *, session: tuple[str, str] | None = None) -> None:
        self._login_url = f"{base_url}/api/login"
        self._login = login
        self._session = session
        self._renewing = anyio.Lock()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown: the password, the session's id and its token."""
        return (*(self._session or ()), *([] if self._login is None else [self._login.password.reveal()]))

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Log in if needed, send, and after a 401 log in anew and send once more.

        A streamed body is spent by then: its 401 goes to the caller with `SESSION_ENDED`, and the next
        request logs in.
        """
        used = self._session
        if used is None:
            async with self._renewing:
                if self._session is None:
                    login = yield self._login_request()
                    if login.status_code in TEMPORARY_STATUSES:
                        return  # nothing else was sent: the call's own retries take it from here
                    self._session = await _session_from(login, self.secrets)
                used = self._session
        _sign(request, used)
        response = yield request
        is_spent = not isinstance(request.stream, httpx.SyncByteStream)  # a streamed body
        if response.status_code != 401 or self._login is None:
            return
        if is_spent:
            if self._session == used:  # else another call has renewed it already
                self._session = None
            response.extensions[SESSION_ENDED] = True
            return
        async with self._renewing:
            if self._session in {used, None}:  # else another call has renewed it already
                login = yield self._login_request()
                if login.status_code in TEMPORARY_STATUSES:
                    return
                self._session = await _session_from(login, self.secrets)
            used = self._session
        _sign(request, used)
        yield request

    def _login_request(self) -> httpx.Request:
        assert self._login is not None  # noqa: S101 - a session without login is never renewed
        body = {"email": self._login.email, "password": self._login.password.reveal()}
        return httpx.Request(
            "POST", self._login_url, content=orjson.dumps(body), headers={"content-type": "application/json"}
        )


def _sign(request: httpx.Request, session: tuple[str, str] | None) -> None:
    assert session is not None  # noqa: S101 - set by every path that leads here
    session_id, csrf_token = session
    request.headers["cookie"] = f"session_id={session_id}"
    request.headers["x-csrf-token"] = csrf_token


async def _session_from(response: httpx.Response, secrets: tuple[str, ...]) -> tuple[str, str]:
    """Session id and CSRF token of a login's answer; a refusal may repeat the request."""
    content = await response.aread()
    status = response.status_code
    if status == 200:
        session_id, token = session_id_of(response.headers), _csrf_token_of(content)
        if session_id is not None and token is not None:
            return usable_session(session_id, token, status=status)
        raise UnexpectedResponse(
            f"{LOGIN}: the answer brought no session_id cookie or no csrf_token",
            operation=LOGIN,
            status=status,
        )
    # The gateway says 404 for an unknown user, 402 and 403 for others.
    kind = ServerError if status >= 500 else AuthenticationError
    shown = str(hidden(content[:2000].decode("utf-8", "replace"), secrets))
    said = " ".join(without_queries(shown)[:300].split())
    raise kind(
        f"{LOGIN}: HTTP {status}: {said}; check RESPEECHER_EMAIL and RESPEECHER_PASSWORD (or use "
        "RESPEECHER_API_KEY), or the Login passed to AudioKit",
        operation=LOGIN,
        status=status,
        api_message=said,
    )


def usable_session(session_id: str, csrf_token: str, *, status: int) -> tuple[str, str]:
    """The session of a login's answer; refused here, where one can say why, if no request can carry it."""
    for name, value in (("session_id", session_id), ("csrf_token", csrf_token)):
        if not _CARRIED.fullmatch(value):
            # The value stays out of the message: it is a secret.
            raise UnexpectedResponse(
                f"{LOGIN}: the answer brought a {name} that no header can carry: it must be visible ASCII "
                "without semicolons, and not empty",
                operation=LOGIN,
                status=status,
            )
    return session_id, csrf_token


def _csrf_token_of(content: bytes) -> str | None:
    try:
        document = orjson.loads(content)
    except ValueError:
        return None
    token = document.get("csrf_token") if isinstance(document, dict) else None
    return token if isinstance(token, str) else None


def session_id_of(headers: httpx.Headers) -> str | None:
    """The session cookie that an answer sets, if it does."""
    from http.cookies import CookieError, SimpleCookie  # noqa: PLC0415 - only logins need it

    cookies: SimpleCookie = SimpleCookie()
    for header in headers.get_list("set-cookie"):
        try:
            cookies.load(header)
        except CookieError:
            continue
    morsel = cookies.get("session_id")
    return None if morsel is None else morsel.value


def auth_for(api: str, access: ApiAccess) -> KeyAuth | SessionAuth | None:
    """The scheme for these credentials, or None without any."""
    match access.credentials:
        case ApiKey(key=key):
            return KeyAuth(KEY_HEADERS[api], key.reveal(), organisation=access.organisation)
        case Login() as login:
            if api != "respeecher":
                raise InvalidRequest(
                    f"{api} takes a key, not a Login: only Respeecher has logins", field=api, value="Login"
                )
            return SessionAuth(access.base_url, login)
        case None:
            return None
