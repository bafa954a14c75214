"""Accents of voices."""

from __future__ import annotations

from typing import Any

import attrs

from audiokit.services._convert import Model
from audiokit.services._endpoint import get
from audiokit.services.respeecher._base import RespeecherService


@attrs.define
class Samples(Model):
    """Audio samples of an accent; the API publishes no shape, names to URLs as far as seen."""

    samples: Any = None


SAMPLES = get(
    "respeecher.accents.samples",
    "/api/v2/accents/samples",
    Samples,
    source="vendor endpoint reference, Accents",
)


class Accents(RespeecherService):
    """Calls on accents."""

    async def samples(self, accent_id: str, *, timeout: float | None = None) -> Samples:
        """Get samples of an accent.

        Raises:
            NotFound: There is no such accent.
        """
        return await self._call(SAMPLES, query={"accent_id": accent_id}, timeout=timeout)
