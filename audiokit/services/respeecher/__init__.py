"""Respeecher Voice Marketplace: recordings, calibrations, voice conversion."""

from __future__ import annotations

from audiokit.services._api import Api
from audiokit.services._dialect import RESPEECHER
from audiokit.services.respeecher.accents import Accents
from audiokit.services.respeecher.api_key import ApiKeys
from audiokit.services.respeecher.calibrations import Calibration, Calibrations
from audiokit.services.respeecher.credits import Balance, Credits
from audiokit.services.respeecher.folders import Folder, Folders
from audiokit.services.respeecher.health import Health, HealthState
from audiokit.services.respeecher.models import Models, VoiceModel
from audiokit.services.respeecher.narration_styles import NarrationStyles
from audiokit.services.respeecher.notes import Note, Notes
from audiokit.services.respeecher.orders import Conversion, Order, Orders
from audiokit.services.respeecher.projects import Project, Projects
from audiokit.services.respeecher.recordings import ModelConversion, Recording, Recordings
from audiokit.services.respeecher.session import Sessions, User
from audiokit.services.respeecher.stats import Stats
from audiokit.services.respeecher.tts_voices import TTSVoice, TTSVoices
from audiokit.services.respeecher.voices import Accent, NarrationStyle, Voice, Voices
from audiokit.transport import Transport

__all__ = [
    "Accent",
    "Balance",
    "Calibration",
    "Conversion",
    "Folder",
    "HealthState",
    "ModelConversion",
    "NarrationStyle",
    "Note",
    "Order",
    "Project",
    "Recording",
    "Respeecher",
    "TTSVoice",
    "User",
    "Voice",
    "VoiceModel",
]


class Respeecher(Api):
    """The services of the Respeecher Voice Marketplace, one per resource."""

    dialect = RESPEECHER

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.api_key = ApiKeys(transport)
        self.session = Sessions(transport)
        self.calibrations = Calibrations(transport)
        self.credits = Credits(transport)
        self.projects = Projects(transport, self.session.own_user_id)
        self.folders = Folders(transport)
        self.recordings = Recordings(transport)
        self.tts_voices = TTSVoices(transport)
        self.notes = Notes(transport)
        self.stats = Stats(transport)
        self.orders = Orders(transport, self.recordings)
        self.voices = Voices(transport)
        self.accents = Accents(transport)
        self.narration_styles = NarrationStyles(transport)
        self.models = Models(transport)
        self.health = Health(transport)
