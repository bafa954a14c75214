"""The table of AudioStack v2."""

from __future__ import annotations

import wire_audiostack_content
import wire_audiostack_delivery
import wire_audiostack_production
import wire_audiostack_speech
from wire import Served, Table

_OURS = "where a file is kept on this side is no business of the API"
_OBJECT = "the object's id is what is sent"
_WAITING = "waiting is asking again, which is a method of its own here"
_RESTARTS = "a fresh start is the same request again"
_VALIDATING = "the choice of the request, not a part of it: validating is a method of its own here"


def _served(by: str, argument: str, why: str) -> Served:
    return Served(by=by, argument=argument, why=why)


TABLE = Table(
    api="audiostack",
    contract="audiostack-v2",
    rows=[
        *wire_audiostack_content.ROWS,
        *wire_audiostack_speech.ROWS,
        *wire_audiostack_production.ROWS,
        *wire_audiostack_delivery.ROWS,
    ],
    # The contract lists the official client's argument.
    renamed={("Production.Sound.Segment.create", "soundSegmentName"): "segmentName"},
    not_sent={
        ("Content.Media.create", "filePath"): _served("media.create", "data", _OURS),
        ("Speech.TTS.create", "scriptItem"): _served("tts.create", "script", _OBJECT),
        ("Speech.TTS.create", "timeoutThreshold"): _served("tts.create_and_wait", "options", _WAITING),
        ("Speech.TTS.create", "timeoutRetries"): _served("tts.create_and_wait", "restarts", _RESTARTS),
        ("Speech.TTS.download", "autoName"): _served("tts.download", "auto_name", _OURS),
        ("Speech.TTS.download", "fileName"): _served("tts.download", "name", _OURS),
        ("Speech.TTS.download", "path"): _served("tts.download", "to", _OURS),
        ("Production.Mix.create", "speechItem"): _served("mixes.create", "speech", _OBJECT),
        ("Production.Mix.create", "validate"): _served("mixes.validate", "speech", _VALIDATING),
        ("Production.Mix.create", "timeoutThreshold"): _served("mixes.create_and_wait", "options", _WAITING),
        ("Production.Mix.create", "timeoutRetries"): _served("mixes.create_and_wait", "restarts", _RESTARTS),
        ("Production.Mix.download", "fileName"): _served("mixes.download", "name", _OURS),
        ("Production.Mix.download", "path"): _served("mixes.download", "to", _OURS),
        ("Production.Suite.separate", "wait"): _served("suite.separate_and_wait", "file", _WAITING),
        ("Production.Suite.denoise", "wait"): _served("suite.denoise_and_wait", "file", _WAITING),
        ("Production.Suite.transcribe", "wait"): _served("suite.transcribe_and_wait", "file", _WAITING),
        ("Files.create", "localPath"): _served("files.create", "data", _OURS),
        ("Audioform.get", "wait"): _served("audioforms.wait", "audioform_id", _WAITING),
        ("Creator.Story.get", "timeoutThreshold"): _served("stories.wait", "options", _WAITING),
    },
)
