"""api.audio v1: script, speech, mastered track."""

from __future__ import annotations

from audiokit.services._api import Api
from audiokit.services._dialect import APIAUDIO
from audiokit.services.apiaudio.mastering import MasteredTrack, Mastering, SectionTiming
from audiokit.services.apiaudio.media import Media, UploadedMedia
from audiokit.services.apiaudio.scripts import Script, Scripts
from audiokit.services.apiaudio.sound import Sound, SoundTemplate
from audiokit.services.apiaudio.speech import SectionVoice, Speech, SpeechService, SpokenSection
from audiokit.transport import Transport

__all__ = [
    "ApiAudio",
    "MasteredTrack",
    "Script",
    "SectionTiming",
    "SectionVoice",
    "SoundTemplate",
    "Speech",
    "SpokenSection",
    "UploadedMedia",
]


class ApiAudio(Api):
    """The services of api.audio v1, one per resource."""

    dialect = APIAUDIO

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.scripts = Scripts(transport)
        self.speech = SpeechService(transport)
        self.mastering = Mastering(transport)
        self.sound = Sound(transport)
        self.media = Media(transport)
