"""Speech.Voice: who can speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator import _voicing
from audiokit.emulator._body import read_json
from audiokit.emulator._catalogue import SPEECH_VOICES, SpeechVoice
from audiokit.emulator._fields import Fields, shown
from audiokit.emulator._http import HttpError, account_of, context_of
from audiokit.emulator._voice_search import parameters
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.audiostack import _scripts
from audiokit.emulator.audiostack._envelope import envelope
from audiokit.emulator.audiostack._filters import filtered, read_filters

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_LARGEST_PAGE = 1000
_CHOSEN = 3
_TARGET_S = 20.0
_LISTED = ("provider", "language", "languageCode", "accent", "gender", "ageBracket", "tags")


async def find(request: Request) -> Response:
    """List all voices."""
    return await envelope(request, {"voices": _all()}, message=f"{len(SPEECH_VOICES)} voices")


async def query(request: Request) -> Response:
    """List the voices that pass every filter, a page at a time."""
    fields = Fields(await read_json(request))
    filters = read_filters(fields.raw("filters"))
    forced = fields.flag("forceApplyFilters", default=True)
    at_least = fields.number("minimumNumberOfResults", low=0, high=_LARGEST_PAGE)
    page = _whole(fields, "page", 1, high=1_000_000)
    size = _whole(fields, "pageLimit", _LARGEST_PAGE, high=_LARGEST_PAGE)
    found = filtered(_all(), filters, at_least=0 if forced else int(3 if at_least is None else at_least))
    voices = found[(page - 1) * size : page * size]
    return await envelope(
        request, {"voices": voices}, message=f"{len(found)} voices", warnings=unknown_fields(fields)
    )


async def select(request: Request) -> Response:
    """Choose voices by the words of their descriptions and by how long they take; nothing judges the text."""
    fields = Fields(await read_json(request))
    text = await wanted_text(request, fields)
    target_s = fields.number("targetLength", low=1, high=3600, unit="seconds")
    tones = set(fields.text("tone").lower().split())
    words = len(text.split())

    def misfit(voice: SpeechVoice) -> tuple[int, float]:
        known = {*voice.tags, voice.accent.lower(), voice.gender, voice.age, voice.language.lower()}
        takes_s = words * 60.0 / voice.rate_wpm
        return -len(tones & known), abs(takes_s - (_TARGET_S if target_s is None else target_s))

    chosen = sorted(SPEECH_VOICES, key=misfit)[:_CHOSEN]
    data = {"voices": [voice_json(voice) for voice in chosen]}
    return await envelope(request, data, message="voices chosen", warnings=unknown_fields(fields))


async def list_parameters(request: Request) -> Response:
    """List the values that voices can be filtered by."""
    return await envelope(request, parameters(_all(), _LISTED), message="parameters found")


async def retrieve(request: Request) -> Response:
    """Give one voice by alias or provider id."""
    return await envelope(
        request, voice_json(_voicing.voice_named(request.path_params["name"])), message="voice found"
    )


async def list_predictable(request: Request) -> Response:
    """List the voices whose speech can be predicted: all of them."""
    return await envelope(
        request, {"voices": [voice.alias for voice in SPEECH_VOICES]}, message="voices found"
    )


async def wanted_text(request: Request, fields: Fields) -> str:
    """Read what something is to be chosen for: the text of a script, or a text.

    Raises:
        HttpError: 400, not exactly one of the two; 404, no such script.
    """
    script_id, content = fields.text("scriptId"), fields.text("content", longest=200_000)
    if bool(script_id) == bool(content.strip()):
        raise HttpError(400, "give exactly one of scriptId and content")
    if not script_id:
        return content
    return _scripts.text_of(await _scripts.require(context_of(request), account_of(request), script_id))


def voice_json(voice: SpeechVoice) -> dict[str, Any]:
    """Return the wire form of a voice."""
    return {
        "provider": "espeak-ng",
        "alias": voice.alias,
        "language": voice.language.lower(),
        "languageCode": voice.language_code,
        "accent": voice.accent.lower(),
        "gender": voice.gender,
        "ageBracket": voice.age,
        "tags": list(voice.tags),
        "wordsPerMinute": voice.rate_wpm,
    }


def _all() -> list[dict[str, Any]]:
    return [voice_json(voice) for voice in SPEECH_VOICES]


def _whole(fields: Fields, name: str, default: int, *, high: int) -> int:
    value = fields.raw(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= high:
        raise HttpError(400, f"{name} must be a whole number from 1 to {high}, got {shown(value)}")
    return value
