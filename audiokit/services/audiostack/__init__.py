"""AudioStack v2: custom sound templates, script, speech, mix."""

from __future__ import annotations

from audiokit.services._api import Api
from audiokit.services._dialect import AUDIOSTACK
from audiokit.services.audiostack.media import StackMedia, StackMediaFiles
from audiokit.services.audiostack.mixes import Mix, Mixes, MixFile, MixSection, MixTimeline
from audiokit.services.audiostack.scripts import StackScript, StackScripts
from audiokit.services.audiostack.segments import Segments
from audiokit.services.audiostack.templates import StackTemplate, Templates
from audiokit.services.audiostack.tts import TTS, TTSSection, TTSService
from audiokit.transport import Transport

__all__ = [
    "TTS",
    "AudioStack",
    "Mix",
    "MixFile",
    "MixSection",
    "MixTimeline",
    "StackMedia",
    "StackScript",
    "StackTemplate",
    "TTSSection",
]


class AudioStack(Api):
    """The services of AudioStack v2, one per resource."""

    dialect = AUDIOSTACK

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.scripts = StackScripts(transport)
        self.media = StackMediaFiles(transport)
        self.tts = TTSService(transport)
        self.mixes = Mixes(transport)
        self.templates = Templates(transport)
        self.segments = Segments(transport, self.media)
