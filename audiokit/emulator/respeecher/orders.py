"""Orders: an original is converted to one or more voices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._fields import shown
from audiokit.emulator._http import JSONReply, account_of, context_of
from audiokit.emulator.respeecher._fields import Fields, body_fields, path_id
from audiokit.emulator.respeecher._lookup import find, not_found
from audiokit.emulator.respeecher._market import Accent, MarketVoice, NarrationStyle, market_voice
from audiokit.emulator.respeecher._ordering import (
    MOST_CONVERSIONS,
    Wanted,
    calibration_for,
    place,
    place_again,
    require_convertible,
)
from audiokit.emulator.respeecher._shapes import SEMITONES, wire
from audiokit.emulator.respeecher._voice_settings import voice_settings

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._context import Context


async def create(request: Request) -> Response:
    """Order conversions; returns one order each, in state ``new``."""
    context, account = context_of(request), account_of(request)
    fields = await body_fields(request)
    original_id = fields.uuid("original_id")
    calibration_id, use_calibration = fields.opt_uuid("calibration_id"), fields.flag("use_calibration")
    entries = fields.raw("conversions")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_CONVERSIONS:
        got = f"{len(entries)} entries" if isinstance(entries, list) else shown(entries)
        fields.wrong(
            "conversions", f"conversions must be a list of 1 to {MOST_CONVERSIONS} objects, got {got}"
        )
    if use_calibration and calibration_id is None and not fields.problems:
        fields.wrong(
            "calibration_id", "calibration_id is required when use_calibration is true", "value_error.missing"
        )
    fields.check()
    original = await find(context, account, "recording", original_id, field="original_id")
    require_convertible(original)
    wanted = [await _wanted(context, account, original, entry, i) for i, entry in enumerate(entries)]
    calibration = None
    if not original["tts"]:
        calibration = await calibration_for(context, account, calibration_id if use_calibration else None)
    made = await place(context, account, original, wanted, calibration, operation="orders.create")
    return JSONReply([wire(order) for _, order in made])


async def retry(request: Request) -> Response:
    """Order a failed conversion again; an original's id means its latest failed conversion."""
    context, account = context_of(request), account_of(request)
    named = await find(context, account, "recording", path_id(request, "recording_id"))
    _, order = await place_again(context, account, named, operation="orders.retry")
    return JSONReply(wire(order))


async def _wanted(context: Context, account: str, original: dict[str, Any], entry: Any, place: int) -> Wanted:
    """Read one entry of ``conversions``."""
    fields = Fields(entry if isinstance(entry, dict) else {}, "body", "conversions", place)
    if not isinstance(entry, dict):
        fields.wrong("voice_id", f"each conversion must be an object, got {shown(entry)}", "type_error.dict")
        fields.check()
    voice_id = fields.uuid("voice_id")
    style_id, accent_id = fields.opt_uuid("narration_style_id"), fields.opt_uuid("accent_id")
    semitones = fields.opt_number("semitones_correction", least=-SEMITONES, most=SEMITONES)
    label = fields.opt_label("label", strict=context.settings.strict)
    fields.check()
    voice = market_voice(voice_id)
    if voice is None:
        raise not_found(f"conversions[{place}].voice_id", voice_id, "GET /api/v2/voices lists them")
    if original["tts"]:
        style = _style(fields, voice, style_id)
        fields.check()
        return Wanted(voice=voice, accent=None, style=style, semitones_correction=None, label=label)
    accent = _accent(fields, voice, accent_id)
    fields.check()
    if semitones is None:
        stored = await voice_settings(context, account, voice.id)
        semitones = stored["accents"].get(accent.id, {}).get("semitones_correction", 0.0)
    return Wanted(voice=voice, accent=accent, style=None, semitones_correction=semitones, label=label)


def _style(fields: Fields, voice: MarketVoice, style_id: str | None) -> NarrationStyle | None:
    allowed = ", ".join(f"{style.id} ({style.name})" for style in voice.styles)
    if not voice.styles:
        fields.wrong("voice_id", f"voice {voice.name!r} cannot speak text; take one with narration_styles")
    elif style_id is None:
        text = f"narration_style_id is required, as the original is text-to-speech; allowed: {allowed}"
        fields.wrong("narration_style_id", text, "value_error.missing")
    found = next((style for style in voice.styles if style.id == style_id), None)
    if voice.styles and style_id is not None and found is None:
        text = f"narration_style_id {style_id!r} is not a style of {voice.name}; allowed: {allowed}"
        fields.wrong("narration_style_id", text)
    return found


def _accent(fields: Fields, voice: MarketVoice, accent_id: str | None) -> Accent:
    default = voice.accents[0]
    found = next((a for a in voice.accents if a.id == accent_id), None)
    if accent_id is not None and found is None:
        allowed = ", ".join(f"{a.id} ({a.name})" for a in voice.accents)
        fields.wrong(
            "accent_id", f"accent_id {accent_id!r} is not an accent of {voice.name}; allowed: {allowed}"
        )
    return found or default


routes = [
    Route("/api/v2/orders", create, methods=["POST"], name="orders.create"),
    Route("/api/v2/orders/retry/{recording_id}", retry, methods=["POST"], name="orders.retry"),
]
