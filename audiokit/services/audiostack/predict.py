"""Predictions: how long a voice will take to read a text."""

from __future__ import annotations

from typing import Unpack

import attrs

from audiokit.services._convert import wire
from audiokit.services._endpoint import Endpoint, get
from audiokit.services.audiostack._base import AudioStackService, StackModel
from audiokit.transport import Retry
from audiokit.typing import CallOptions


@attrs.define
class Prediction(StackModel):
    """How long the text will be, in seconds."""

    length_s: float = wire("length")


@attrs.define
class _Voices(StackModel):
    voices: list[str] = attrs.field(factory=list)


_SOURCE = "official SDK 4.0, Speech.Predict"

VOICES = get("audiostack.predict.voices", "/speech/predict/voices", _Voices, source=_SOURCE)
PREDICT = Endpoint(
    name="audiostack.predict.predict",
    method="POST",
    path="/speech/predict",
    returns=Prediction,
    retry=Retry.SAFE,  # only computes
    source=_SOURCE,
)


class Predict(AudioStackService):
    """Calls for predictions."""

    async def voices(self, **options: Unpack[CallOptions]) -> list[str]:
        """List the aliases of the voices whose speech can be predicted."""
        return (await self._call(VOICES, options=options)).voices

    async def predict(self, text: str, *, voice: str, **options: Unpack[CallOptions]) -> Prediction:
        """Predict the length of a text.

        Args:
            text: The text.
            voice: Alias of a voice, one of `voices`.
            options: See `CallOptions`.
        """
        return await self._call(PREDICT, json={"text": text, "voice": voice}, options=options)
