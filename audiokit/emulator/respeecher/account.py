"""Login, keys, the user, credits, and whether the service is up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from audiokit.emulator._fields import shown
from audiokit.emulator._http import HttpError, JSONReply, account_of, context_of, open_access
from audiokit.emulator._keys import SESSION_S
from audiokit.emulator.respeecher import _account
from audiokit.emulator.respeecher._access import SESSION_COOKIE
from audiokit.emulator.respeecher._fields import body_fields

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_LONGEST_SESSION_S = 30 * 86_400


@open_access
async def login(request: Request) -> Response:
    """Start a session: cookie and CSRF token."""
    context = context_of(request)
    fields = await body_fields(request)
    email, password = fields.text("email"), fields.text("password")
    seconds = fields.integer("session_duration", default=int(SESSION_S), least=1, most=_LONGEST_SESSION_S)
    fields.check()
    if not context.accounts.knows(email):
        raise HttpError(
            404, f"no user with email {shown(email)}; use the login printed when the emulator started"
        )
    session = context.accounts.log_in(email, password, seconds=seconds)
    if session is None:
        raise HttpError(403, "wrong password; use the login printed when the emulator started")
    user = await _account.user_of(context, session.account)
    reply = JSONReply({"user": user, "csrf_token": session.csrf_token, "session_duration": seconds})
    reply.set_cookie(SESSION_COOKIE, session.session_id, max_age=seconds, httponly=True, samesite="lax")
    return reply


async def logout(request: Request) -> Response:
    """End the session that the cookie names."""
    context_of(request).accounts.log_out(request.cookies.get(SESSION_COOKIE))
    reply = JSONReply({"detail": "OK"})
    reply.delete_cookie(SESSION_COOKIE)
    return reply


async def auth(request: Request) -> Response:
    """Say who is calling."""
    return JSONReply(await _account.user_of(context_of(request), account_of(request)))


async def create_api_key(request: Request) -> Response:
    """Make a new key, shown this once; the earlier one stops working."""
    context = context_of(request)
    fields = await body_fields(request, optional=True)
    moment = fields.opt_moment("expires_at")
    expires_at = None if moment is None else moment.timestamp()
    if expires_at is not None and expires_at <= context.clock():
        fields.wrong("expires_at", f"expires_at must be in the future, got {shown(fields.raw('expires_at'))}")
    fields.check()
    key = context.accounts.new_respeecher_key(account_of(request), expires_at=expires_at)
    return JSONReply({"api_key": key})


async def delete_api_key(request: Request) -> Response:
    """Make the account's key useless."""
    context_of(request).accounts.drop_respeecher_key(account_of(request))
    return JSONReply({"detail": "OK"})


@open_access
async def healthz(_request: Request) -> Response:
    """Say that the service is up."""
    return JSONReply({"state": "OK"})


async def credits_left(request: Request) -> Response:
    """Say how many credits are left, and how many there were."""
    record = await _account.settings_of(context_of(request), account_of(request))
    return JSONReply({"credits": record["credits"], "initial_credits": record["initial_credits"]})


routes = [
    Route("/api/api-key", create_api_key, methods=["POST"], name="api_key.create"),
    Route("/api/api-key", delete_api_key, methods=["DELETE"], name="api_key.delete"),
    Route("/api/login", login, methods=["POST"], name="login"),
    Route("/api/logout", logout, methods=["POST"], name="logout"),
    Route("/api/auth", auth, methods=["POST"], name="auth"),
    Route("/api/healtz", healthz, methods=["GET"], name="healthz"),
    Route("/api/credits", credits_left, methods=["GET"], name="credits.get"),
]
