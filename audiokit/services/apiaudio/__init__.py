"""api.audio v1: script, speech, mastered track."""

from __future__ import annotations

from audiokit.services._api import Api
from audiokit.services._dialect import APIAUDIO
from audiokit.services.apiaudio._mastering_order import SectionTiming
from audiokit.services.apiaudio._timeline import TimelineClip, TimelineTrack
from audiokit.services.apiaudio.birdcache import Birdcache, CachedAudio
from audiokit.services.apiaudio.connectors import Connection, Connectors, ConnectorStatus
from audiokit.services.apiaudio.lexi import Dictionary, Lexi
from audiokit.services.apiaudio.mastering import MasteredTrack, Mastering, MasteringPreset
from audiokit.services.apiaudio.media import Media, MediaFile, UploadedMedia
from audiokit.services.apiaudio.orchestrator import Orchestration, OrchestratorHelp
from audiokit.services.apiaudio.organisation import Organisation, OrganisationData, OrganisationSecrets
from audiokit.services.apiaudio.pipeline import Pipelines
from audiokit.services.apiaudio.scripts import Script, ScriptPreview, Scripts
from audiokit.services.apiaudio.sound import Sound, SoundParameters, SoundTemplate
from audiokit.services.apiaudio.speech import SectionVoice, Speech, SpeechService, SpokenSection
from audiokit.services.apiaudio.sync_tts import SyncSpeech, SyncTTS
from audiokit.services.apiaudio.voices import Voice, Voices
from audiokit.transport import Transport

__all__ = [
    "ApiAudio",
    "CachedAudio",
    "Connection",
    "ConnectorStatus",
    "Dictionary",
    "MasteredTrack",
    "MasteringPreset",
    "MediaFile",
    "OrchestratorHelp",
    "OrganisationData",
    "OrganisationSecrets",
    "Script",
    "ScriptPreview",
    "SectionTiming",
    "SectionVoice",
    "SoundParameters",
    "SoundTemplate",
    "Speech",
    "SpokenSection",
    "SyncSpeech",
    "TimelineClip",
    "TimelineTrack",
    "UploadedMedia",
    "Voice",
]


class ApiAudio(Api):
    """The services of api.audio v1, one per resource."""

    dialect = APIAUDIO

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.scripts = Scripts(transport)
        self.speech = SpeechService(transport)
        self.sync_tts = SyncTTS(transport)
        self.mastering = Mastering(transport)
        self.sound = Sound(transport)
        self.media = Media(transport)
        self.voices = Voices(transport)
        self.lexi = Lexi(transport)
        self.birdcache = Birdcache(transport)
        self.orchestrator = Orchestration(transport)
        self.pipeline = Pipelines(transport)
        self.connectors = Connectors(transport)
        self.organisation = Organisation(transport)
