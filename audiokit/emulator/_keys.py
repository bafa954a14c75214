"""Who may call: API keys, the demo login, sessions. Kept with ``--data`` so that keys survive a restart."""

from __future__ import annotations

import hmac
import os
import secrets
import uuid
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from audiokit.emulator._settings import KEY_LENGTH, new_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACCOUNT = "default"
"""The one tenant of this emulator; handlers pass it on, so more tenants need no change there."""

SESSION_S = 86_400.0
"""Seconds a login lasts unless the caller asks for another span."""

_DEMO_EMAIL = "demo@audiokit.example"


@attrs.frozen(kw_only=True)
class Session:
    """A login that is under way; both values must come back with every call."""

    session_id: str = attrs.field(repr=False)
    csrf_token: str = attrs.field(repr=False)
    seconds: float
    expires_at: float


@attrs.define(kw_only=True)
class Login:
    """What is kept of the account's identity."""

    api_key: str = attrs.field(factory=new_key, repr=False)
    respeecher_key: str | None = attrs.field(default=None, repr=False)
    respeecher_key_expires_at: float | None = None
    email: str = _DEMO_EMAIL
    password: str = attrs.field(factory=lambda: secrets.token_urlsafe(18), repr=False)
    user_id: str = attrs.field(factory=lambda: str(uuid.uuid4()))
    url_secret: str = attrs.field(factory=lambda: secrets.token_hex(32), repr=False)


class Accounts:
    """Checks keys and sessions, and remembers them.

    Args:
        api_key: Key that overrides the kept one; None keeps it, or makes one.
        file: Where to keep the login (mode 0600), or None to forget it at the end.
        clock: Seconds since the epoch.
    """

    def __init__(self, *, api_key: str | None, file: Path | None, clock: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._login = _load(file, api_key)
        self._save()

    @property
    def api_key(self) -> str:
        """Key of api.audio v1 and AudioStack v2."""
        return self._login.api_key

    @property
    def respeecher_key(self) -> str | None:
        """Key of Respeecher; None after it was deleted."""
        return self._login.respeecher_key

    @property
    def email(self) -> str:
        """E-mail of the demo login."""
        return self._login.email

    @property
    def password(self) -> str:
        """Password of the demo login."""
        return self._login.password

    @property
    def user_id(self) -> str:
        """Respeecher's id of the account's user."""
        return self._login.user_id

    @property
    def url_secret(self) -> bytes:
        """Key under which this server signs URLs."""
        return self._login.url_secret.encode()

    def for_key(self, key: str | None) -> str | None:
        """Return the account of a v1/v2 key, or None."""
        return ACCOUNT if _same(key, self._login.api_key) else None

    def for_respeecher_key(self, key: str | None) -> str | None:
        """Return the account of a Respeecher key, or None when it is wrong, deleted or expired."""
        ends = self._login.respeecher_key_expires_at
        if ends is not None and self._clock() >= ends:
            return None
        return ACCOUNT if _same(key, self._login.respeecher_key) else None

    def new_respeecher_key(self, *, expires_at: float | None = None) -> str:
        """Make a new Respeecher key; the earlier one stops working."""
        key = new_key()
        self._login.respeecher_key, self._login.respeecher_key_expires_at = key, expires_at
        self._save()
        return key

    def drop_respeecher_key(self) -> None:
        """Make every Respeecher key useless; a login still works."""
        self._login.respeecher_key, self._login.respeecher_key_expires_at = None, None
        self._save()

    def knows(self, email: str) -> bool:
        """Say whether there is a user with this e-mail (compared without case)."""
        return email.strip().casefold() == self._login.email.casefold()

    def log_in(self, email: str, password: str, *, seconds: float = SESSION_S) -> Session | None:
        """Start a session of *seconds*, or return None when e-mail or password is wrong."""
        right = _same(password, self._login.password)
        if not (self.knows(email) and right):
            return None
        now = self._clock()
        self._sessions = {k: s for k, s in self._sessions.items() if s.expires_at > now}
        session = Session(
            session_id=secrets.token_urlsafe(32),
            csrf_token=secrets.token_urlsafe(32),
            seconds=seconds,
            expires_at=now + seconds,
        )
        self._sessions[session.session_id] = session
        return session

    def for_session(self, session_id: str | None, csrf_token: str | None) -> str | None:
        """Return the account of a running session whose CSRF token was sent along, or None."""
        session = self._sessions.get(session_id or "")
        if session is None or session.expires_at <= self._clock():
            return None
        return ACCOUNT if _same(csrf_token, session.csrf_token) else None

    def log_out(self, session_id: str | None) -> None:
        """End a session; an unknown one is no error."""
        self._sessions.pop(session_id or "", None)

    def _save(self) -> None:
        if self._file is None:
            return
        # Made with mode 0600 from the start, then renamed: never readable by others, never half written.
        draft = self._file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:  # noqa: PTH123
            out.write(orjson.dumps(attrs.asdict(self._login), option=orjson.OPT_INDENT_2))
        draft.replace(self._file)


def _load(file: Path | None, api_key: str | None) -> Login:
    """Read the kept login, or make one; a key given now wins over the kept one."""
    if file is None or not file.exists():
        login = Login() if api_key is None else Login(api_key=api_key)
        login.respeecher_key = login.api_key
        return login
    try:
        kept: dict[str, Any] = orjson.loads(file.read_bytes())
        login = Login(**kept)
        _check(login)
    except (ValueError, TypeError) as exc:  # no JSON is a ValueError, other fields are a TypeError
        rule = str(exc).removeprefix("Login.__init__() ")
        raise ValueError(f"{file} is damaged; delete it to get new keys ({rule})") from exc
    if api_key is not None and api_key != login.api_key:
        login.api_key = login.respeecher_key = api_key
        login.respeecher_key_expires_at = None
    return login


def _check(login: Login) -> None:
    """Refuse kept values that are not what this module writes; the message never repeats a secret."""
    for name, shortest in (
        ("api_key", KEY_LENGTH),
        ("respeecher_key", KEY_LENGTH),
        ("url_secret", KEY_LENGTH),
        ("email", 1),
        ("password", 1),
        ("user_id", 1),
    ):
        value = getattr(login, name)
        if value is None and name == "respeecher_key":
            continue
        if not isinstance(value, str) or len(value) < shortest:
            got = f"{len(value)} characters" if isinstance(value, str) else type(value).__name__
            raise ValueError(f"{name} must be a string of at least {shortest} characters, got {got}")
    ends = login.respeecher_key_expires_at
    if ends is not None and (isinstance(ends, bool) or not isinstance(ends, int | float)):
        raise ValueError(
            f"respeecher_key_expires_at must be null or seconds since the epoch, got {type(ends).__name__}"
        )


def _same(given: str | None, expected: str | None) -> bool:
    """Compare in constant time; absence never matches."""
    if given is None or expected is None:
        return False
    return hmac.compare_digest(given.encode(), expected.encode())
