"""Who may call: API keys, the demo login, sessions. Kept with ``--data`` so that keys survive a restart."""

from __future__ import annotations

import hmac
import os
import re
import secrets
import uuid
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from audiokit.emulator._files import sync_folder
from audiokit.emulator._settings import KEY_LENGTH, check_key, new_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

ACCOUNT = "default"
"""The tenant that every emulator has; others come by `EmulatorSettings.keys` or the control endpoints."""

SESSION_S = 86_400.0
"""Seconds a login lasts unless the caller asks for another span."""

_DEMO_EMAIL = "demo@audiokit.example"
_TENANTS = "tenants"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}\Z")
_TAKEN = frozenset({"public", "built-in"})  # what belongs to everybody is kept under these


@attrs.frozen(kw_only=True)
class Session:
    """A login that is under way; both values must come back with every call."""

    account: str
    session_id: str = attrs.field(repr=False)
    csrf_token: str = attrs.field(repr=False)
    seconds: float
    expires_at: float


@attrs.define(kw_only=True)
class Login:
    """What is kept of one account's identity."""

    api_key: str = attrs.field(factory=new_key, repr=False)
    respeecher_key: str | None = attrs.field(default=None, repr=False)
    respeecher_key_expires_at: float | None = None
    email: str = _DEMO_EMAIL
    password: str = attrs.field(factory=lambda: secrets.token_urlsafe(18), repr=False)
    user_id: str = attrs.field(factory=lambda: str(uuid.uuid4()))
    url_secret: str = attrs.field(factory=lambda: secrets.token_hex(32), repr=False)
    webhook_secret: str = attrs.field(factory=lambda: secrets.token_hex(32), repr=False)


class Accounts:
    """Checks keys and sessions, and remembers them.

    Args:
        api_key: Key of the default account that overrides the kept one; None keeps it, or makes one.
        keys: Keys of further tenants by name; they too override kept ones.
        file: Where to keep the logins (mode 0600), or None to forget them at the end.
        clock: Seconds since the epoch.

    Raises:
        ValueError: The file is damaged, a tenant's name cannot be one, or two have the same key.
    """

    def __init__(
        self,
        *,
        api_key: str | None,
        file: Path | None,
        clock: Callable[[], float],
        keys: Mapping[str, str] | None = None,
    ) -> None:
        self._file = file
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._logins = _load(file, api_key)
        for name, key in (keys or {}).items():
            self._give(name, key)
        self._save()

    @property
    def names(self) -> list[str]:
        """Names of all tenants, the default one first."""
        return list(self._logins)

    def login(self, account: str) -> Login:
        """Return the identity of a tenant.

        Raises:
            KeyError: There is no such tenant.
        """
        return self._logins[account]

    @property
    def api_key(self) -> str:
        """The default account's key of api.audio v1 and AudioStack v2."""
        return self._logins[ACCOUNT].api_key

    @property
    def respeecher_key(self) -> str | None:
        """The default account's key of Respeecher; None after it was deleted."""
        return self._logins[ACCOUNT].respeecher_key

    @property
    def email(self) -> str:
        """E-mail of the default account's login."""
        return self._logins[ACCOUNT].email

    @property
    def password(self) -> str:
        """Password of the default account's login."""
        return self._logins[ACCOUNT].password

    @property
    def user_id(self) -> str:
        """Respeecher's id of the default account's user."""
        return self._logins[ACCOUNT].user_id

    @property
    def url_secret(self) -> bytes:
        """Key under which this server signs URLs."""
        return self._logins[ACCOUNT].url_secret.encode()

    def add(self, name: str, key: str | None = None) -> Login:
        """Add a tenant, with a key of its own for all three APIs.

        Args:
            name: 1 to 40 letters, digits, hyphens and underscores; no other tenant's, not even in other case.
            key: At least 32 characters; None makes one.

        Raises:
            ValueError: The name is taken or cannot be one, or the key is too short or another's.
        """
        if name.casefold() in {known.casefold() for known in self._logins}:
            raise ValueError(f"a tenant named {name!r} exists already; names are unique, choose another")
        self._give(name, key or new_key())
        self._save()
        return self._logins[name]

    def for_key(self, key: str | None) -> str | None:
        """Return the account of a v1/v2 key, or None."""
        found = [name for name, login in self._logins.items() if _same(key, login.api_key)]
        return found[0] if found else None

    def for_respeecher_key(self, key: str | None) -> str | None:
        """Return the account of a Respeecher key, or None when it is wrong, deleted or expired."""
        found = [name for name, login in self._logins.items() if _same(key, login.respeecher_key)]
        if not found:
            return None
        ends = self._logins[found[0]].respeecher_key_expires_at
        return None if ends is not None and self._clock() >= ends else found[0]

    def new_respeecher_key(self, account: str = ACCOUNT, *, expires_at: float | None = None) -> str:
        """Make a new Respeecher key for a tenant; the earlier one stops working."""
        key, login = new_key(), self._logins[account]
        login.respeecher_key, login.respeecher_key_expires_at = key, expires_at
        self._save()
        return key

    def drop_respeecher_key(self, account: str = ACCOUNT) -> None:
        """Make a tenant's Respeecher key useless; a login still works."""
        login = self._logins[account]
        login.respeecher_key, login.respeecher_key_expires_at = None, None
        self._save()

    def knows(self, email: str) -> bool:
        """Say whether there is a user with this e-mail (compared without case)."""
        return self._of_email(email) is not None

    def log_in(self, email: str, password: str, *, seconds: float = SESSION_S) -> Session | None:
        """Start a session of *seconds*, or return None when e-mail or password is wrong."""
        account = self._of_email(email)
        if account is None or not _same(password, self._logins[account].password):
            return None
        now = self._clock()
        self._sessions = {k: s for k, s in self._sessions.items() if s.expires_at > now}
        session = Session(
            account=account,
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
        return session.account if _same(csrf_token, session.csrf_token) else None

    def log_out(self, session_id: str | None) -> None:
        """End a session; an unknown one is no error."""
        self._sessions.pop(session_id or "", None)

    def _of_email(self, email: str) -> str | None:
        wanted = email.strip().casefold()
        found = [name for name, login in self._logins.items() if login.email.casefold() == wanted]
        return found[0] if found else None

    def _give(self, name: str, key: str) -> None:
        """Give a tenant this key, making the tenant if need be."""
        check_tenant(name, key)
        if self.for_key(key) not in {None, name}:
            raise ValueError(f"the key of {name!r} is another tenant's; give each one its own")
        login = self._logins.get(name)
        if login is None:
            email = f"{name.lower()}@tenants.audiokit.example"
            self._logins[name] = Login(api_key=key, respeecher_key=key, email=email)
        elif login.api_key != key:
            login.api_key = login.respeecher_key = key
            login.respeecher_key_expires_at = None

    def _save(self) -> None:
        if self._file is None:
            return
        # Made with mode 0600 from the start, then renamed: never readable by others, never half written.
        draft = self._file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:  # noqa: PTH123
            kept = {name: attrs.asdict(login) for name, login in self._logins.items()}
            out.write(orjson.dumps({**kept.pop(ACCOUNT), _TENANTS: kept}, option=orjson.OPT_INDENT_2))
            out.flush()
            os.fsync(out.fileno())
        draft.replace(self._file)
        sync_folder(self._file.parent)


def check_tenant(name: str, key: str) -> None:
    """Check a tenant's name and key; the message never repeats the key.

    Raises:
        ValueError: The name cannot be one, or the key is too short or holds what no header can carry.
    """
    if not _NAME.match(name) or name in _TAKEN:
        raise ValueError(
            f"a tenant's name has 1 to 40 letters, digits, hyphens and underscores and is none of "
            f"{', '.join(sorted(_TAKEN))}; got {name!r}"
        )
    check_key(f"the key of {name!r}", key)


def _load(file: Path | None, api_key: str | None) -> dict[str, Login]:
    """Read the kept logins, or make the default one; a key given now wins over the kept one."""
    if file is None or not file.exists():
        login = Login() if api_key is None else Login(api_key=api_key)
        login.respeecher_key = login.api_key
        return {ACCOUNT: login}
    try:
        kept: dict[str, Any] = dict(orjson.loads(file.read_bytes()))
        tenants: dict[str, Any] = dict(kept.pop(_TENANTS, {}))
        logins = {name: Login(**values) for name, values in {ACCOUNT: kept, **tenants}.items()}
        for login in logins.values():
            _check(login)
    except (ValueError, TypeError) as exc:  # no JSON is a ValueError, other fields are a TypeError
        rule = str(exc).removeprefix("Login.__init__() ")
        raise ValueError(f"{file} is damaged; delete it to get new keys ({rule})") from exc
    login = logins[ACCOUNT]
    if api_key is not None and api_key != login.api_key:
        login.api_key = login.respeecher_key = api_key
        login.respeecher_key_expires_at = None
    return logins


def _check(login: Login) -> None:
    """Refuse kept values that are not what this module writes; the message never repeats a secret."""
    for name, shortest in (
        ("api_key", KEY_LENGTH),
        ("respeecher_key", KEY_LENGTH),
        ("url_secret", KEY_LENGTH),
        ("webhook_secret", KEY_LENGTH),
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
