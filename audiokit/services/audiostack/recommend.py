"""Recommendations: which tag, mood or tone fits a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import attrs

from audiokit.services._endpoint import Endpoint
from audiokit.services._several import several
from audiokit.services.audiostack._base import AudioStackService, StackModel, given
from audiokit.transport import Retry
from audiokit.typing import CallOptions


@attrs.define
class Recommendation(StackModel):
    """What fits a text best, best first, as the API writes it."""

    tags: list[Any] = attrs.field(factory=list)


_SOURCE = "official SDK 4.0, Content.Recommend"

TAG = Endpoint(
    name="audiostack.recommend.tag",
    method="POST",
    path="/content/recommend/tag",
    returns=Recommendation,
    retry=Retry.IF_REFUSED,  # each answer is paid for
    source=_SOURCE,
)
MOOD = Endpoint(
    name="audiostack.recommend.mood",
    method="POST",
    path="/content/recommend/mood",
    returns=Recommendation,
    retry=Retry.IF_REFUSED,
    source=_SOURCE,
)
TONE = Endpoint(
    name="audiostack.recommend.tone",
    method="POST",
    path="/content/recommend/tone",
    returns=Recommendation,
    retry=Retry.IF_REFUSED,
    source=_SOURCE,
)


class Recommend(AudioStackService):
    """Calls for recommendations."""

    async def tag(
        self,
        text: str,
        *,
        category: str,
        tags: str | Sequence[str],
        number_of_results: int | None = None,
        **options: Unpack[CallOptions],
    ) -> Recommendation:
        """Choose among tags of one's own.

        Args:
            text: The text.
            category: What the tags are about.
            tags: The candidates.
            number_of_results: How many to give; the API's default is 1.
            options: See `CallOptions`.
        """
        body = {
            "text": text,
            "category": category,
            "tags": several(tags),
            "number_of_results": number_of_results,
        }
        return await self._call(TAG, json=given(body), options=options)

    async def mood(
        self, text: str, *, number_of_results: int | None = None, **options: Unpack[CallOptions]
    ) -> Recommendation:
        """Name the mood of a text; *number_of_results* is 1 when not given."""
        body = {"text": text, "number_of_results": number_of_results}
        return await self._call(MOOD, json=given(body), options=options)

    async def tone(
        self, text: str, *, number_of_results: int | None = None, **options: Unpack[CallOptions]
    ) -> Recommendation:
        """Name the tone of a text; *number_of_results* is 1 when not given."""
        body = {"text": text, "number_of_results": number_of_results}
        return await self._call(TONE, json=given(body), options=options)
