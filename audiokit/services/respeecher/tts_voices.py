"""Voices that speak text."""

from __future__ import annotations

import builtins
from typing import Unpack

import attrs

from audiokit.services._convert import Model, wire
from audiokit.services._endpoint import get
from audiokit.services.respeecher._base import RespeecherService
from audiokit.typing import CallOptions


@attrs.define
class TTSVoice(Model):
    """A voice for text; `visibility` is ``public`` or ``private``, `f0_hz` its median pitch."""

    id: str
    name: str | None = None
    visibility: str | None = None
    f0_hz: float | None = wire("f0", default=None)
    is_default: bool = False


LIST = get(
    "respeecher.tts_voices.list",
    "/api/tts-voices",
    list[TTSVoice],
    source="vendor endpoint reference, TTS",
)


class TTSVoices(RespeecherService):
    """Calls on the voices for text."""

    async def list(self, **options: Unpack[CallOptions]) -> builtins.list[TTSVoice]:
        """List the voices that can speak text; one answer holds them all."""
        return await self._call(LIST, options=options)
