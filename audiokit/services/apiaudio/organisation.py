"""The organisation behind the key."""

from __future__ import annotations

from typing import Any, Unpack

import attrs

from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint, get
from audiokit.services.apiaudio._base import OPEN, ApiAudioService
from audiokit.typing import CallOptions


@attrs.define
class OrganisationData(Model):
    """An organisation; act for a child by ``ApiAccess(organisation=org_id)``."""

    org_id: str | None = None
    org_name: str | None = None


@attrs.define
class OrganisationSecrets(Model):
    """Key, webhook URL and webhook secret; the API does not publish their names, so they are in `extra`.

    The values stay out of the repr.
    """


_SOURCE = "official Python client 0.17, Organization"

GET = get("apiaudio.organisation.get_org_data", "/org", OrganisationData, source=_SOURCE)
CHILDREN: Endpoint[Any] = get(
    "apiaudio.organisation.list_child_orgs", "/org/child_orgs", OPEN, source=_SOURCE
)
SECRETS = get(
    "apiaudio.organisation.get_secrets",
    "/secrets",
    OrganisationSecrets,
    has_secret_answer=True,
    source=_SOURCE,
)


class Organisation(ApiAudioService):
    """Calls on the organisation."""

    async def get_org_data(self, **options: Unpack[CallOptions]) -> OrganisationData:
        """Get the organisation of the key."""
        return await self._call(GET, options=options)

    async def list_child_orgs(self, **options: Unpack[CallOptions]) -> Any:
        """List the organisations below this one.

        Returns:
            The decoded answer; its shape is not published.
        """
        return await self._call(CHILDREN, options=options)

    async def get_secrets(self, **options: Unpack[CallOptions]) -> OrganisationSecrets:
        """Get key and webhook settings, e.g. the secret that `audiokit.webhooks.verify` needs."""
        return await self._call(SECRETS, options=options)
