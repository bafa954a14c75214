"""Login sessions, and who the caller is."""

from __future__ import annotations

from typing import Any, Unpack

import attrs

from audiokit.errors import UnexpectedResponse
from audiokit.services._check import between
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint
from audiokit.services.respeecher._base import RespeecherService
from audiokit.transport import Retry
from audiokit.typing import CallOptions


@attrs.define
class User(Model):
    """An account. `data` holds calibration, rate limits and permissions, and grows: treat it as open."""

    id: str
    email: str | None = None
    verified: bool | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    roles: list[str] = attrs.field(factory=list)
    groups: list[dict[str, Any]] = attrs.field(factory=list)
    data: dict[str, Any] | None = None


@attrs.define
class LoginReply(Model):
    """What a login answers; the token is kept out of the repr."""

    user: User
    csrf_token: str = attrs.field(repr=False)


LOGIN = Endpoint(
    name="respeecher.session.login",
    method="POST",
    path="/api/login",
    returns=LoginReply,
    retry=Retry.SAFE,  # a second login only makes a second session
    has_secret_answer=True,
    source="vendor endpoint reference, Session Authentication",
)
LOGOUT: Endpoint[None] = Endpoint(
    name="respeecher.session.logout",
    method="POST",
    path="/api/logout",
    returns=None,
    retry=Retry.SAFE,
    source="vendor endpoint reference, Session Authentication",
)
AUTH = Endpoint(
    name="respeecher.session.auth",
    method="POST",
    path="/api/auth",
    returns=User,
    retry=Retry.SAFE,  # changes nothing, though it is a POST
    source="gateway openapi 0.6.0, official TTS client",
)


class Sessions(RespeecherService):
    """Log in and out, and ask who one is.

    A client made with a `Login` does all this by itself; these calls are for those who
    want to see the user, or to end the session early.
    """

    _me: User | None = None

    async def login(
        self,
        email: str,
        password: str,
        *,
        session_duration_s: int | None = None,
        **options: Unpack[CallOptions],
    ) -> User:
        """Log in; from then on this client uses the new session instead of what it was made with.

        Args:
            email: E-mail of the account.
            password: Its password; not kept.
            session_duration_s: How long the session shall last, in seconds as far as known (the API
                publishes no unit); the API's default when not given.
            options: See `CallOptions`.

        Raises:
            AuthenticationError: Refused. (An unknown user is reported as `NotFound`.)
        """
        between("session_duration_s", session_duration_s, 1, 2**31, "seconds")
        body = {"email": email, "password": password}
        duration = {} if session_duration_s is None else {"session_duration": session_duration_s}
        call = self._build(LOGIN, json={**body, **duration}, options=options)
        call = attrs.evolve(call, authorise=False)
        with self._transport.hiding(password):  # a refusal may repeat what it was sent
            reply = await self._send(LOGIN, call, options)
            answer = self._structure(LOGIN, reply, LoginReply)
        if not self._transport.adopt_session("respeecher", reply, answer.csrf_token):
            raise UnexpectedResponse(
                f"{LOGIN.name}: the answer set no session_id cookie",
                operation=LOGIN.name,
                status=reply.status,
            )
        self._me = answer.user
        return answer.user

    async def logout(self, **options: Unpack[CallOptions]) -> None:
        """End the session on the server. A client made with a `Login` logs in again when needed."""
        await self._call(LOGOUT, options=options)
        self._transport.forget_session("respeecher")
        self._me = None

    async def auth(self, **options: Unpack[CallOptions]) -> User:
        """Get the caller's own account, whichever way it is authenticated."""
        return await self._call(AUTH, options=options)

    async def own_user_id(self, **options: Unpack[CallOptions]) -> str:
        """The caller's user id, asked for once."""
        if self._me is None:
            self._me = await self.auth(**options)
        return self._me.id
