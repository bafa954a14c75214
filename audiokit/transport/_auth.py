"""How each kind of credentials signs a request: sans-I/O, one class per scheme."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from http.cookies import CookieError, SimpleCookie
from typing import Final

import httpx
import orjson

from audiokit._config import ApiAccess, ApiKey, Login

KEY_HEADERS: Final = {"apiaudio": "x-api-key", "audiostack": "x-api-key", "respeecher": "api-key"}
_ORGANISATION_HEADER: Final = "x-assume-org"


class KeyAuth(httpx.Auth):
    """A key in a header."""

    def __init__(self, header: str, key: str, *, organisation: str | None = None) -> None:
        self._header = header
        self._key = key
        self._organisation = organisation

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers and send."""
        request.headers[self._header] = self._key
        if self._organisation:
            request.headers[_ORGANISATION_HEADER] = self._organisation
        yield request


class SessionAuth(httpx.Auth):
    """Respeecher's login session: cookie ``session_id`` and header ``X-Csrf-Token``.

    Logs in before the first request, and once more when a session has expired. The
    cookie is kept here and not in the client's jar, so that two accounts in one
    process never mix.
    """

    def __init__(self, base_url: str, login: Login | None, *, session: tuple[str, str] | None = None) -> None:
        self._login_url = f"{base_url}/api/login"
        self._login = login
        self._session = session

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Log in if needed, send, and after a 401 log in anew and send once more."""
        if self._session is None:
            refused = yield from self._log_in()
            if refused is not None:
                return
        used = self._session
        self._sign(request)
        response = yield request
        is_spent = not isinstance(request.stream, httpx.SyncByteStream)  # a streamed body
        if response.status_code != 401 or is_spent or self._login is None:
            return
        if self._session == used:  # else another task has already renewed it
            self._session = None
            refused = yield from self._log_in()
            if refused is not None:
                return
        self._sign(request)
        yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Drive `auth_flow`, reading only the answers to logins: the call's own may be a large file."""
        flow = self.auth_flow(request)
        outgoing = next(flow)
        while True:
            response = yield outgoing
            if outgoing is not request:
                await response.aread()
            try:
                outgoing = flow.send(response)
            except StopIteration:
                return

    def _log_in(self) -> Generator[httpx.Request, httpx.Response, httpx.Response | None]:
        """Run the login; gives the answer back when it was refused."""
        assert self._login is not None  # noqa: S101 - a session without login is never renewed
        body = {"email": self._login.email, "password": self._login.password.reveal()}
        request = httpx.Request(
            "POST", self._login_url, content=orjson.dumps(body), headers={"content-type": "application/json"}
        )
        response = yield request
        session = session_of(response) if response.status_code == 200 else None
        if session is None:
            return response
        self._session = session
        return None

    def _sign(self, request: httpx.Request) -> None:
        assert self._session is not None  # noqa: S101 - set by every path that leads here
        session_id, csrf_token = self._session
        request.headers["cookie"] = f"session_id={session_id}"
        request.headers["x-csrf-token"] = csrf_token


def session_of(response: httpx.Response) -> tuple[str, str] | None:
    """Session id and CSRF token of a login answer, or None when one is missing."""
    try:
        document = orjson.loads(response.content)
    except ValueError:
        return None
    token = document.get("csrf_token") if isinstance(document, dict) else None
    session_id = session_id_of(response.headers)
    return (session_id, token) if session_id is not None and isinstance(token, str) else None


def session_id_of(headers: httpx.Headers) -> str | None:
    """The session cookie that an answer sets, if it does."""
    cookies: SimpleCookie = SimpleCookie()
    for header in headers.get_list("set-cookie"):
        try:
            cookies.load(header)
        except CookieError:
            continue
    morsel = cookies.get("session_id")
    return None if morsel is None else morsel.value


def auth_for(api: str, access: ApiAccess) -> httpx.Auth | None:
    """The scheme for these credentials, or None without any."""
    match access.credentials:
        case ApiKey(key=key):
            return KeyAuth(KEY_HEADERS[api], key.reveal(), organisation=access.organisation)
        case Login() as login:
            return SessionAuth(access.base_url, login)
        case None:
            return None
