"""Connectors: where mastered tracks are handed on to."""

from __future__ import annotations

from typing import Unpack

import attrs

from audiokit.services._convert import Model
from audiokit.services._endpoint import get
from audiokit.services.apiaudio._base import ApiAudioService
from audiokit.typing import CallOptions


@attrs.define
class ConnectorStatus(Model):
    """What the API says of a connector, in words."""

    message: str | None = None


@attrs.define
class Connection(Model):
    """One handing-on of a track to a connector."""

    connection_id: str | None = None
    status: str | None = None
    connector: str | None = None


_SOURCE = "official Python client 0.17, Connector"

RETRIEVE = get("apiaudio.connectors.retrieve", "/connector/{name}", ConnectorStatus, source=_SOURCE)
CONNECTION = get(
    "apiaudio.connectors.connection", "/connection/{connection_id}", list[Connection], source=_SOURCE
)


class Connectors(ApiAudioService):
    """Calls on connectors; `Mastering.create` takes them as *connectors*."""

    async def retrieve(self, name: str, **options: Unpack[CallOptions]) -> ConnectorStatus:
        """Ask how a connector of the account is, e.g. ``julep``."""
        return await self._call(RETRIEVE, path={"name": name}, options=options)

    async def connection(self, connection_id: str, **options: Unpack[CallOptions]) -> list[Connection]:
        """Ask how far the handing-on of a track is.

        Args:
            connection_id: `MasteredTrack.connection_id`.
            options: See `CallOptions`.
        """
        return await self._call(CONNECTION, path={"connection_id": connection_id}, options=options)
