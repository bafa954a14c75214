"""Calls on recordings that the API has superseded: they work, and warn."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import attrs

from audiokit._config import RateClass
from audiokit.errors import InvalidRequest
from audiokit.services._check import text
from audiokit.services._endpoint import Endpoint
from audiokit.services.respeecher._base import LABEL_CHARACTERS
from audiokit.services.respeecher._recording import Recording
from audiokit.services.respeecher._recording_following import FollowedRecordings, given
from audiokit.services.respeecher._recording_speech import TEXT_CHARACTERS
from audiokit.typing import CallOptions


@attrs.frozen(kw_only=True)
class ModelConversion:
    """One wanted conversion of a superseded order.

    Attributes:
        id: A model, from `Models.list`.
        name: Its name.
        params: Its settings: mappings with ``id``, ``name`` and ``value``.
    """

    id: str
    name: str
    params: Sequence[Mapping[str, Any]] = ()

    def to_wire(self) -> dict[str, Any]:
        """The entry as the API takes it."""
        return {"id": self.id, "name": self.name, "params": [dict(one) for one in self.params]}


CREATE_TTS_V1 = Endpoint(
    name="respeecher.recordings.create_tts_v1",
    method="POST",
    path="/api/recordings/tts",
    returns=Recording,
    rate_class=RateClass.SLOW,
    look_up=("parent_folder_id", "label"),
    source="vendor endpoint reference, Recordings (deprecated)",
)
CONVERSION_ORDER_V1 = Endpoint(
    name="respeecher.recordings.conversion_order_v1",
    method="POST",
    path="/api/recordings/conversion-order",
    returns=list[Recording],
    rate_class=RateClass.SLOW,
    look_up=("original_id",),
    source="gateway openapi 0.6.0 (superseded)",
)
CONVERSION_REDO = Endpoint(
    name="respeecher.recordings.conversion_redo",
    method="POST",
    path="/api/recordings/conversion-redo/{recording_id}",
    returns=Recording,
    rate_class=RateClass.SLOW,
    look_up=("recording_id",),
    source="gateway openapi 0.6.0 (superseded)",
)


class SupersededRecordings(FollowedRecordings):
    """Calls that have a successor."""

    async def create_tts_v1(
        self,
        text_to_speak: str,
        *,
        project_id: str,
        folder_id: str,
        voice_id: str,
        label: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Recording:
        """Create a spoken recording the old way; deprecated by the API, use `create_tts`.

        Args:
            text_to_speak: 1 to 1000 characters.
            project_id: The project it shall belong to.
            folder_id: The folder that shall hold it.
            voice_id: A voice from `TTSVoices.list`.
            label: Up to 40 characters.
            options: See `CallOptions`.
        """
        warnings.warn(
            "the API has deprecated this call; use recordings.create_tts", DeprecationWarning, stacklevel=2
        )
        text("text_to_speak", text_to_speak, shortest=1, longest=TEXT_CHARACTERS)
        text("label", label, longest=LABEL_CHARACTERS)
        body = {
            "project_id": project_id,
            "parent_folder_id": folder_id,
            "voice_id": voice_id,
            "text": text_to_speak,
            "label": given(label),
        }
        return await self._call(CREATE_TTS_V1, json=body, options=options)

    async def conversion_order_v1(
        self,
        original_id: str,
        models: Sequence[ModelConversion],
        *,
        calibration_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> list[Recording]:
        """Order conversions the old way, by model; superseded, use `Orders.create`. Costs credits.

        Args:
            original_id: The recording to convert.
            models: One entry per wanted conversion.
            calibration_id: Use this calibration.
            options: See `CallOptions`.

        Returns:
            The conversions ordered; follow each with `wait`.
        """
        warnings.warn("the API has superseded this call; use orders.create", DeprecationWarning, stacklevel=2)
        if not models:
            raise InvalidRequest.of("models", list(models), "at least one model")
        body = {
            "original_id": original_id,
            "models": [model.to_wire() for model in models],
            "calibration_id": given(calibration_id),
        }
        return await self._call(CONVERSION_ORDER_V1, json=body, options=options)

    async def conversion_redo(self, recording_id: str, **options: Unpack[CallOptions]) -> Recording:
        """Do a conversion again, the old way; superseded, use `Orders.retry`. Costs credits."""
        warnings.warn("the API has superseded this call; use orders.retry", DeprecationWarning, stacklevel=2)
        return await self._call(CONVERSION_REDO, path={"recording_id": recording_id}, options=options)
