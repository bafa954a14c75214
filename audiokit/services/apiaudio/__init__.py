"""api.audio v1: script, speech, mastered track."""

from __future__ import annotations

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


class ApiAudio:
    """The services of api.audio v1, one per resource."""

    def __init__(self, transport: Transport) -> None:
        self.scripts = Scripts(transport)
        self.speech = SpeechService(transport)
        self.mastering = Mastering(transport)
        self.sound = Sound(transport)
        self.media = Media(transport)
