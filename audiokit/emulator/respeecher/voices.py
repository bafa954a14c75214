"""The voices of the market: listed, searched, marked, tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._fields import shown
from audiokit.emulator._http import JSONReply, account_of, context_of
from audiokit.emulator.respeecher._fields import Fields, body_fields, path_id, query_fields
from audiokit.emulator.respeecher._lookup import not_found
from audiokit.emulator.respeecher._market import (
    MARKET_VOICES,
    MarketVoice,
    market_voice,
    voice_of_accent,
    voice_of_style,
)
from audiokit.emulator.respeecher._pages import Page
from audiokit.emulator.respeecher._samples import sample_url
from audiokit.emulator.respeecher._shapes import SEMITONES, voice_shape
from audiokit.emulator.respeecher._voice_settings import (
    all_voice_settings,
    change_voice_settings,
    voice_settings,
)

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._context import Context

_SORTS = {
    "name": lambda voice: voice.name.casefold(),
    "pitch": lambda voice: voice.pitch_hz,
    "rating": lambda voice: voice.rating,
    "created_at": lambda voice: voice.created_at,
    "default": lambda voice: voice.created_at,
}
_FILTERS = {
    "visibility": ("public", "paid", "private", "kids"),
    "species": ("human", "animal", "other"),
    "gender": ("male", "female"),
    "age_group": ("child", "young", "adult", "senior"),
    "pitch_group": ("low", "mid", "high"),
}


async def listing(request: Request) -> Response:
    """List voices by page; filters may repeat, and then mean any of the values."""
    context, account = context_of(request), account_of(request)
    fields = query_fields(request)
    page = Page.of(fields, default=25, most=100)
    sort = fields.choice("sort", tuple(_SORTS)) or "created_at"
    filters = _filters(request, fields)
    fields.check()
    found = [voice for voice in MARKET_VOICES if _passes(voice, filters)]
    found.sort(key=_SORTS[sort], reverse=page.descending)
    stored = await all_voice_settings(context, account)
    owner = context.accounts.login(account).user_id
    return JSONReply(page.cut([voice_shape(v, owner, stored.get(v.id, {})) for v in found]))


async def search(request: Request) -> Response:
    """Find voices by a part of their name; without a name the list is empty."""
    context, account = context_of(request), account_of(request)
    fields = query_fields(request)
    name = fields.opt_text("name")
    limit = fields.integer("limit", default=5, most=10)
    fields.check()
    part = (name or "").strip().casefold()
    found = [voice for voice in MARKET_VOICES if part and part in voice.name.casefold()][:limit]
    return JSONReply([await _shape(context, account, voice) for voice in found])


async def favorite(request: Request) -> Response:
    """Mark a voice as favourite, or unmark it."""
    context, account = context_of(request), account_of(request)
    fields = await body_fields(request, optional=True)
    marked = fields.flag("favorite", default=True)
    fields.check()
    voice = _find(path_id(request, "voice_id"))
    await change_voice_settings(context, account, voice.id, lambda doc: {**doc, "favorite": marked})
    return JSONReply(await _shape(context, account, voice))


async def settings(request: Request) -> Response:
    """Mark an accent or style as favourite, and store an accent's semitone correction."""
    context, account = context_of(request), account_of(request)
    fields = await body_fields(request)
    voice_id = fields.uuid("voice_id")
    accent_id, style_id = fields.opt_uuid("accent_id"), fields.opt_uuid("narration_style_id")
    semitones = fields.opt_number("semitones_correction", least=-SEMITONES, most=SEMITONES)
    if semitones is not None and accent_id is None:
        fields.wrong("accent_id", "accent_id is required with semitones_correction", "value_error.missing")
    fields.check()
    voice = _find(voice_id)
    _check_part(fields, "accent_id", accent_id, {a.id: a.name for a in voice.accents}, voice)
    _check_part(fields, "narration_style_id", style_id, {s.id: s.name for s in voice.styles}, voice)
    fields.check()

    def change(doc: dict[str, Any]) -> dict[str, Any]:
        accents, styles = dict(doc["accents"]), dict(doc["styles"])
        if accent_id is not None:
            kept = accents.get(accent_id, {}).get("semitones_correction", 0)
            correction = kept if semitones is None else semitones
            accents[accent_id] = {"favorite": True, "semitones_correction": correction}
        if style_id is not None:
            styles[style_id] = {"favorite": True}
        return {**doc, "accents": accents, "styles": styles}

    await change_voice_settings(context, account, voice.id, change)
    return JSONReply(await _shape(context, account, voice))


async def accent_samples(request: Request) -> Response:
    """Say where to hear an accent."""
    fields = query_fields(request)
    accent_id = fields.uuid("accent_id")
    fields.check()
    found = voice_of_accent(accent_id)
    if found is None:
        raise not_found("accent_id", accent_id, "GET /api/v2/voices lists each voice's accents")
    return JSONReply({"samples": {found[1].name: sample_url("accents", accent_id)}})


async def style_samples(request: Request) -> Response:
    """Say where to hear a narration style."""
    fields = query_fields(request)
    style_id = fields.uuid("narration_style_id")
    fields.check()
    found = voice_of_style(style_id)
    if found is None:
        raise not_found("narration_style_id", style_id, "GET /api/v2/voices lists each voice's styles")
    return JSONReply({"samples": {found[1].name: sample_url("narration-styles", style_id)}})


def _find(voice_id: str) -> MarketVoice:
    voice = market_voice(voice_id)
    if voice is None:
        raise not_found("voice_id", voice_id, "GET /api/v2/voices lists them")
    return voice


async def _shape(context: Context, account: str, voice: MarketVoice) -> dict[str, Any]:
    owner = context.accounts.login(account).user_id
    return voice_shape(voice, owner, await voice_settings(context, account, voice.id))


def _check_part(
    fields: Fields, name: str, id_: str | None, parts: dict[str, str], voice: MarketVoice
) -> None:
    if id_ is not None and id_ not in parts:
        allowed = ", ".join(f"{key} ({value})" for key, value in parts.items()) or "none"
        fields.wrong(name, f"{name} {id_!r} does not belong to voice {voice.name}; allowed: {allowed}")


def _filters(request: Request, fields: Fields) -> dict[str, list[str]]:
    """Read the repeatable filters."""
    wanted = {name: request.query_params.getlist(name) for name in (*_FILTERS, "nationality")}
    for name, allowed in _FILTERS.items():
        for value in wanted[name]:
            if value not in allowed:
                fields.wrong(
                    name, f"{name} must be one of {', '.join(allowed)}; got {shown(value)}", "type_error.enum"
                )
    return {name: values for name, values in wanted.items() if values}


def _passes(voice: MarketVoice, filters: dict[str, list[str]]) -> bool:
    for name, values in filters.items():
        own = getattr(voice, name)
        if name == "nationality":
            if own.casefold() not in {value.casefold() for value in values}:
                return False
        elif own not in values:
            return False
    return True


routes = [
    Route("/api/v2/voices", listing, methods=["GET"], name="voices.list"),
    Route("/api/v2/voices/search", search, methods=["GET"], name="voices.search"),
    Route("/api/v2/voices/settings", settings, methods=["POST"], name="voices.settings"),
    Route("/api/v2/voices/favorite/{voice_id}", favorite, methods=["POST"], name="voices.favorite"),
    Route("/api/v2/accents/samples", accent_samples, methods=["GET"], name="accents.samples"),
    Route(
        "/api/v2/narration-styles/samples", style_samples, methods=["GET"], name="narration_styles.samples"
    ),
]
