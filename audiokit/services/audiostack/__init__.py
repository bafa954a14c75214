"""AudioStack v2: scripts, speech, sound templates, mixes, encoding, files, and whole productions."""

from __future__ import annotations

from audiokit.services._api import Api
from audiokit.services._dialect import AUDIOSTACK
from audiokit.services.audiostack._base import Meta, StackAnswer, StackModel
from audiokit.services.audiostack._pipeline import Pipeline, PipelineFile, PipelineResults
from audiokit.services.audiostack.audioforms import Audioform, Audioforms
from audiokit.services.audiostack.briefs import Brief, BriefAudioform, Briefs
from audiokit.services.audiostack.content import Content
from audiokit.services.audiostack.diction import Diction, Dictionary, DictionaryWord
from audiokit.services.audiostack.documentation import Documentation
from audiokit.services.audiostack.encoder import Encoder, Encoding
from audiokit.services.audiostack.files import Files, FileType, StackFile
from audiokit.services.audiostack.folders import FolderContents, Folders, StackFolder
from audiokit.services.audiostack.media import StackMedia, StackMediaFiles
from audiokit.services.audiostack.mixes import Mix, Mixes, MixFile, MixSection, MixTimeline
from audiokit.services.audiostack.predict import Predict, Prediction
from audiokit.services.audiostack.recommend import Recommend, Recommendation
from audiokit.services.audiostack.scripts import StackScript, StackScripts
from audiokit.services.audiostack.segments import Segments
from audiokit.services.audiostack.stories import Stories, Story
from audiokit.services.audiostack.sts import STS, STSVoice
from audiokit.services.audiostack.suite import Evaluation, Suite
from audiokit.services.audiostack.templates import RecommendedTemplate, StackTemplate, Templates
from audiokit.services.audiostack.tts import TTS, SpeechPreview, TTSSection, TTSService
from audiokit.services.audiostack.voices import StackVoice, StackVoices
from audiokit.transport import Transport

__all__ = [
    "TTS",
    "AudioStack",
    "Audioform",
    "Brief",
    "BriefAudioform",
    "Dictionary",
    "DictionaryWord",
    "Encoding",
    "Evaluation",
    "FileType",
    "FolderContents",
    "Meta",
    "Mix",
    "MixFile",
    "MixSection",
    "MixTimeline",
    "Pipeline",
    "PipelineFile",
    "PipelineResults",
    "Prediction",
    "Recommendation",
    "RecommendedTemplate",
    "STSVoice",
    "SpeechPreview",
    "StackAnswer",
    "StackFile",
    "StackFolder",
    "StackMedia",
    "StackModel",
    "StackScript",
    "StackTemplate",
    "StackVoice",
    "Story",
    "TTSSection",
]


class AudioStack(Api):
    """The services of AudioStack v2, one per resource."""

    dialect = AUDIOSTACK

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.scripts = StackScripts(transport)
        self.content = Content(transport)
        self.recommend = Recommend(transport)
        self.media = StackMediaFiles(transport)
        self.tts = TTSService(transport)
        self.voices = StackVoices(transport)
        self.diction = Diction(transport)
        self.predict = Predict(transport)
        self.sts = STS(transport)
        self.mixes = Mixes(transport)
        self.templates = Templates(transport)
        self.segments = Segments(transport, self.media)
        self.suite = Suite(transport)
        self.encoder = Encoder(transport)
        self.files = Files(transport)
        self.folders = Folders(transport)
        self.audioforms = Audioforms(transport)
        self.briefs = Briefs(transport)
        self.stories = Stories(transport)
        self.documentation = Documentation(transport)
