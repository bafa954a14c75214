"""Accents of voices."""

from __future__ import annotations

from typing import Any, Unpack

import attrs

from audiokit.services._convert import Model
from audiokit.services._endpoint import get
from audiokit.services.respeecher._base import RespeecherService
from audiokit.transport._secrets import shown_document
from audiokit.typing import CallOptions


@attrs.define
class Samples(Model):
    """Audio samples of an accent; the API publishes no shape, names to URLs as far as seen."""

    samples: Any = attrs.field(default=None, repr=shown_document)


SAMPLES = get(
    "respeecher.accents.samples",
    "/api/v2/accents/samples",
    Samples,
    source="vendor endpoint reference, Accents",
)


class Accents(RespeecherService):
    """Calls on accents."""

    async def samples(self, accent_id: str, **options: Unpack[CallOptions]) -> Samples:
        """Get samples of an accent.

        Raises:
            NotFound: There is no such accent.
        """
        return await self._call(SAMPLES, query={"accent_id": accent_id}, options=options)
