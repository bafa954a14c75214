"""Whether the gateway is up."""

from __future__ import annotations

from typing import Unpack

import attrs

from audiokit.services._convert import Model
from audiokit.services._endpoint import get
from audiokit.services.respeecher._base import RespeecherService
from audiokit.typing import CallOptions


@attrs.define
class HealthState(Model):
    """How the gateway is: ``OK`` when it is well."""

    state: str


# The misspelling is the wire's.
GET = get("respeecher.health.get", "/api/healtz", HealthState, source="gateway openapi 0.6.0")


class Health(RespeecherService):
    """Ask for the gateway's health."""

    async def get(self, **options: Unpack[CallOptions]) -> HealthState:
        """Ask how the gateway is; needs no credentials, and sends none."""
        call = attrs.evolve(self._build(GET, options=options), authorise=False)
        return self._structure(GET, await self._send(GET, call, options), HealthState)
