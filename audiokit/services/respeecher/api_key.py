"""The account's API key."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

import attrs

from audiokit._config import Secret
from audiokit.errors import InvalidRequest
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint
from audiokit.services.respeecher._base import RespeecherService
from audiokit.typing import CallOptions


@attrs.define
class NewApiKey(Model):
    """A key just made.

    Attributes:
        api_key: The key, shown once; kept out of the repr.
    """

    api_key: str = attrs.field(repr=False)

    def as_secret(self) -> Secret:
        """The key in a wrapper that does not show it."""
        return Secret(self.api_key)


CREATE = Endpoint(
    name="respeecher.api_key.create",
    method="POST",
    path="/api/api-key",
    returns=NewApiKey,
    has_secret_answer=True,
    source="vendor endpoint reference, API Key Authentication",
)
DELETE: Endpoint[None] = Endpoint(
    name="respeecher.api_key.delete",
    method="DELETE",
    path="/api/api-key",
    returns=None,
    expects=frozenset({200, 204}),
    source="vendor endpoint reference, API Key Authentication",
)


class ApiKeys(RespeecherService):
    """Make and delete the key of the account."""

    async def create(
        self, *, expires_at: datetime | None = None, **options: Unpack[CallOptions]
    ) -> NewApiKey:
        """Make a new key; the account's earlier one stops working.

        Args:
            expires_at: When the key shall end; must be aware of its zone. None means never.
            options: See `CallOptions`.

        Raises:
            InvalidRequest: *expires_at* has no time zone.
            AuthenticationError: The credentials used for this call were refused.
        """
        if expires_at is not None and expires_at.utcoffset() is None:
            raise InvalidRequest.of("expires_at", expires_at, "a moment with its time zone, e.g. in UTC")
        body = {} if expires_at is None else {"expires_at": expires_at.isoformat()}
        return await self._call(CREATE, json=body, options=options)

    async def delete(self, **options: Unpack[CallOptions]) -> None:
        """Delete the account's key. Calls that use it fail from then on."""
        await self._call(DELETE, options=options)
