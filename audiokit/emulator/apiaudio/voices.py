"""Voice: who can speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator._body import read_json
from audiokit.emulator._catalogue import SPEECH_VOICES, SpeechVoice
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import HttpError
from audiokit.emulator._voice_search import check_attribute, holds, parameters
from audiokit.emulator._voicing import EFFECTS, MAX_CHARACTERS, voice_named
from audiokit.emulator.apiaudio._reply import check_filters, reply, words

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_TEXT_FILTERS = ("provider", "language", "accent", "gender", "ageBracket", "languageCode", "timePerformance")
_LIST_FILTERS = ("tags", "industryExamples")
_FILTERS = (*_TEXT_FILTERS, *_LIST_FILTERS, "sectionCharacterLimit", "limit", "offset", "sort")


async def find(request: Request) -> Response:
    """List voices; every given filter must match, without case."""
    query = request.query_params
    check_filters(query, _FILTERS)
    voices = [voice_json(voice) for voice in SPEECH_VOICES]
    for name in _TEXT_FILTERS:
        if query.get(name):
            voices = [voice for voice in voices if str(voice[name]).lower() == query[name].strip().lower()]
    for name in _LIST_FILTERS:
        terms = words(query, name)
        voices = [voice for voice in voices if set(terms) <= set(voice[name])]
    voices = [v for v in voices if v["sectionCharacterLimit"] >= _number(request, "sectionCharacterLimit", 0)]
    return _page(request, voices)


async def search(request: Request) -> Response:
    """List the voices whose attributes all have, or stand in relation to, the given values."""
    query = Fields(await read_json(request)).mapping("query")
    check_filters(request.query_params, ("limit", "offset", "sort"))
    voices = [voice_json(voice) for voice in SPEECH_VOICES]
    for name, wanted in query.items():
        check_attribute(name, voices[0] if voices else voice_json(SPEECH_VOICES[0]))
        relations = wanted if isinstance(wanted, dict) else {"is": wanted}
        for operator, value in relations.items():
            voices = [voice for voice in voices if holds(operator, voice[name], value)]
    return _page(request, voices)


async def list_parameters(_request: Request) -> Response:
    """List the values that voices can be searched by."""
    return reply(parameters(map(voice_json, SPEECH_VOICES), (*_TEXT_FILTERS, *_LIST_FILTERS)))


async def retrieve(request: Request) -> Response:
    """Give one voice by alias or provider id."""
    return reply(voice_json(voice_named(request.path_params["name"])))


def voice_json(voice: SpeechVoice) -> dict[str, Any]:
    """Return the wire form of a voice."""
    return {
        "alias": voice.alias,
        "voiceId": voice.voice_id,
        "tier": "regular",
        "language": voice.language.lower(),
        "languageCode": voice.language_code,
        "accent": voice.accent.lower(),
        "gender": voice.gender,
        "ageBracket": voice.age,
        "provider": "espeak-ng",
        "providerFullName": "eSpeak NG, on this machine",
        "tags": list(voice.tags),
        "industryExamples": [],
        "supportedStyles": list(EFFECTS),
        "longSoftDescription": f"{voice.accent} {voice.gender} voice around {voice.f0_hz:g} Hz",
        "sectionCharacterLimit": MAX_CHARACTERS,
        "timePerformance": "fast",
        "neuralStandard": "standard",
        "audioSample": None,
        "picture": None,
    }


def _page(request: Request, voices: list[dict[str, Any]]) -> Response:
    """Sort as asked for and give one page."""
    sort = request.query_params.get("sort", "priority")
    if sort != "priority":
        if sort not in voice_json(SPEECH_VOICES[0]):
            raise HttpError(400, f"sort {sort!r} must be priority or an attribute of a voice, like alias")
        voices.sort(key=lambda voice: str(voice[sort]))
    start = _number(request, "offset", 0)
    return reply({"voices": voices[start : start + _number(request, "limit", len(voices))]})


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise HttpError(400, f"query parameter {name} must be a whole number from 0, got {text!r}")
    return int(text)
