"""Narration styles of voices, for text-to-speech."""

from __future__ import annotations

from typing import Unpack

from audiokit.services._endpoint import get
from audiokit.services.respeecher._base import RespeecherService
from audiokit.services.respeecher.accents import Samples
from audiokit.typing import CallOptions

SAMPLES = get(
    "respeecher.narration_styles.samples",
    "/api/v2/narration-styles/samples",
    Samples,
    source="gateway openapi 0.6.0",
)


class NarrationStyles(RespeecherService):
    """Calls on narration styles; the styles themselves come with `Voices.list`."""

    async def samples(self, narration_style_id: str, **options: Unpack[CallOptions]) -> Samples:
        """Get samples of a narration style.

        Raises:
            NotFound: There is no such style.
        """
        return await self._call(SAMPLES, query={"narration_style_id": narration_style_id}, options=options)
