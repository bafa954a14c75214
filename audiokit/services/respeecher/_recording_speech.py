"""Recordings that are spoken from text."""

from __future__ import annotations

from typing import Unpack

from audiokit._config import RateClass
from audiokit.services._check import text
from audiokit.services._endpoint import Endpoint
from audiokit.services.respeecher._base import LABEL_CHARACTERS
from audiokit.services.respeecher._recording import Recording
from audiokit.services.respeecher._recording_following import FollowedRecordings, given
from audiokit.typing import CallOptions

TEXT_CHARACTERS = 1000

CREATE_TTS = Endpoint(
    name="respeecher.recordings.create_tts",
    method="POST",
    path="/api/v2/recordings/tts",
    returns=Recording,
    rate_class=RateClass.SLOW,
    look_up=("parent_folder_id", "label"),
    source="vendor endpoint reference, TTS",
)


class SpokenRecordings(FollowedRecordings):
    """Calls that have a text spoken."""

    async def create_tts(
        self,
        text_to_speak: str,
        *,
        folder_id: str,
        text_language: str | None = None,
        label: str | None = None,
        tts_voice_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Recording:
        """Create an original recording by having a text spoken.

        Args:
            text_to_speak: 1 to 1000 characters.
            folder_id: The folder that shall hold it.
            text_language: ISO 639 code; detected when not given.
            label: Up to 40 characters.
            tts_voice_id: A voice from `TTSVoices.list`; newer gateways only.
            options: See `CallOptions`.
        """
        text("text_to_speak", text_to_speak, shortest=1, longest=TEXT_CHARACTERS)
        text("label", label, longest=LABEL_CHARACTERS)
        body = {
            "parent_folder_id": folder_id,
            "text": text_to_speak,
            "text_language": given(text_language),
            "label": given(label),
            "tts_voice_id": given(tts_voice_id),
        }
        return await self._call(CREATE_TTS, json=body, options=options)

    async def create_tts_and_wait(
        self,
        text_to_speak: str,
        *,
        folder_id: str,
        text_language: str | None = None,
        label: str | None = None,
        tts_voice_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Recording:
        """Have a text spoken and follow until the recording is ready; raises as `upload_and_wait`.

        Args:
            text_to_speak: 1 to 1000 characters.
            folder_id: The folder that shall hold it.
            text_language: ISO 639 code; detected when not given.
            label: Up to 40 characters.
            tts_voice_id: A voice from `TTSVoices.list`; newer gateways only.
            options: See `CallOptions`.
        """
        budget = self._budget(options)
        created = await self.create_tts(
            text_to_speak,
            folder_id=folder_id,
            text_language=text_language,
            label=label,
            tts_voice_id=tts_voice_id,
            **budget.options(),
        )
        return await self.wait(created.id, **budget.options())
