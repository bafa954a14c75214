"""Whose jobs a journal holds: base URL and account of each API, without the keys."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Self

import attrs

from audiokit._config import ApiAccess, ApiKey, Secret
from audiokit.errors import JournalMismatch

__all__ = ["Account", "Scope"]


@attrs.frozen(kw_only=True)
class Account:
    """One account at one API.

    Attributes:
        base_url: Root of the API.
        identity: What tells the account from others, e.g. its key; never written anywhere.
    """

    base_url: str
    identity: Secret

    def fingerprint(self, salt: bytes) -> str:
        """A digest of the identity that means nothing without the journal's *salt*."""
        return hmac.new(salt, self.identity.reveal().encode(), hashlib.sha256).hexdigest()[:32]


@attrs.frozen(kw_only=True)
class Scope:
    """The accounts a journal is used with, by API."""

    accounts: Mapping[str, Account] = attrs.field(factory=dict[str, Account])

    @classmethod
    def of(cls, access: Mapping[str, ApiAccess]) -> Self:
        """The accounts for which there are credentials."""
        return cls(
            accounts={
                api: Account(base_url=one.base_url, identity=_identity(one))
                for api, one in access.items()
                if one.credentials is not None
            }
        )


def _identity(access: ApiAccess) -> Secret:
    credentials = access.credentials
    # The password of a login may change, its account stays the same.
    who = credentials.key.reveal() if isinstance(credentials, ApiKey) else getattr(credentials, "email", "")
    return Secret(f"{who}\n{access.organisation or ''}")


def rows_for(scope: Scope, salt: bytes) -> dict[str, tuple[str, str]]:
    """What is recorded of *scope*: base URL and fingerprint by API."""
    return {api: (one.base_url, one.fingerprint(salt)) for api, one in scope.accounts.items()}


def check(
    path: str,
    recorded: Mapping[str, tuple[str, str]],
    given: Mapping[str, tuple[str, str]],
    *,
    same_account: bool,
) -> None:
    """Refuse a journal that was begun elsewhere or as somebody else; APIs on one side only do not matter.

    Raises:
        JournalMismatch: Another base URL; or another account, unless *same_account*.
    """
    for api in sorted(recorded.keys() & given.keys()):
        (old_url, old_account), (url, account) = recorded[api], given[api]
        if old_url != url:
            raise JournalMismatch(
                f"journal {path!r} holds {api} jobs of {old_url!r}, this client uses {url!r}: ids of one "
                "mean nothing at the other; use that base URL, or another journal file",
                path=path,
            )
        if old_account != account and not same_account:
            raise JournalMismatch(
                f"journal {path!r} holds {api} jobs of another account at {old_url!r} than this client's "
                f"at {url!r}: use its credentials, or another journal file; if the key of the same account "
                "was only renewed, open it once with same_account=True",
                path=path,
            )
