"""What came before voices: models, and the orders that name them. The service keeps them for old callers.

Each voice of the market is one model of the same id; its only parameter is the semitone correction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._fields import shown
from audiokit.emulator._http import JSONReply, account_of, context_of
from audiokit.emulator.respeecher._fields import Fields, body_fields, path_id, query_fields
from audiokit.emulator.respeecher._lookup import find, not_found
from audiokit.emulator.respeecher._market import MARKET_VOICES, MarketVoice, market_voice, stable_id
from audiokit.emulator.respeecher._ordering import (
    MOST_CONVERSIONS,
    Wanted,
    calibration_for,
    place,
    place_again,
    require_convertible,
)
from audiokit.emulator.respeecher._pages import Page
from audiokit.emulator.respeecher._shapes import SEMITONES, wire

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_SEMITONES_ID = stable_id("param", "semitones_correction")
_SORTS = {
    "name": lambda voice: voice.name.casefold(),
    "owner": lambda _voice: "",  # all have the same
    "date_created": lambda voice: voice.created_at,
}


async def listing(request: Request) -> Response:
    """List models by page; a limit of 0, which is the default, means all."""
    context, account = context_of(request), account_of(request)
    fields = query_fields(request)
    page = Page.of(fields, default=0, most=100)
    search = (fields.opt_text("search") or "").strip().casefold()
    sort = fields.choice("sort", tuple(_SORTS)) or "name"
    fields.check()
    found = [voice for voice in MARKET_VOICES if search in voice.name.casefold()]
    found.sort(key=_SORTS[sort], reverse=page.descending)
    end = page.offset + page.limit if page.limit else None
    owner = context.accounts.login(account).user_id
    shapes = [_shape(voice, owner) for voice in found[page.offset : end]]
    return JSONReply(page.envelope(shapes, len(found)))


async def order(request: Request) -> Response:
    """Order conversions by model; returns the conversions themselves."""
    context, account = context_of(request), account_of(request)
    fields = await body_fields(request)
    original_id, calibration_id = fields.uuid("original_id"), fields.opt_uuid("calibration_id")
    entries = fields.raw("models")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_CONVERSIONS:
        got = f"{len(entries)} entries" if isinstance(entries, list) else shown(entries)
        fields.wrong("models", f"models must be a list of 1 to {MOST_CONVERSIONS} objects, got {got}")
    fields.check()
    original = await find(context, account, "recording", original_id, field="original_id")
    require_convertible(original)
    wanted = [_wanted(original, entry, place_) for place_, entry in enumerate(entries)]
    calibration = None
    if not original["tts"]:
        calibration = await calibration_for(context, account, calibration_id)
    operation = "recordings.conversion_order_v1"
    made = await place(context, account, original, wanted, calibration, operation=operation)
    return JSONReply([wire(conversion) for conversion, _ in made])


async def redo(request: Request) -> Response:
    """Convert a failed recording again, and return it."""
    context, account = context_of(request), account_of(request)
    named = await find(context, account, "recording", path_id(request, "recording_id"))
    operation = "recordings.conversion_redo"
    conversion, _ = await place_again(context, account, named, operation=operation)
    return JSONReply(wire(conversion))


def _wanted(original: dict[str, Any], entry: Any, place_: int) -> Wanted:
    """Read one entry of ``models``; a text is narrated in the voice's default style."""
    fields = Fields(entry if isinstance(entry, dict) else {}, "body", "models", place_)
    if not isinstance(entry, dict):
        fields.wrong("id", f"each model must be an object, got {shown(entry)}", "type_error.dict")
        fields.check()
    model_id = fields.uuid("id")
    fields.check()
    voice = market_voice(model_id)
    if voice is None:
        raise not_found(f"models[{place_}].id", model_id, "GET /api/models lists them")
    if not original["tts"]:
        semitones = _semitones(fields)
        fields.check()
        accent = voice.accents[0]
        return Wanted(
            voice=voice, accent=accent, style=None, semitones_correction=semitones, label=None, model=True
        )
    if not voice.styles:
        fields.wrong("id", f"model {voice.name!r} cannot speak text; take one whose voice has styles")
        fields.check()
    style = voice.styles[0]
    return Wanted(voice=voice, accent=None, style=style, semitones_correction=None, label=None, model=True)


def _semitones(fields: Fields) -> float:
    """Find the semitone correction among ``params``."""
    params = fields.raw("params") if fields.has("params") else []
    if not isinstance(params, list) or not all(isinstance(param, dict) for param in params):
        fields.wrong("params", f"params must be a list of objects, got {shown(params)}", "type_error.list")
        return 0.0
    for param in params:
        if param.get("id") != _SEMITONES_ID:
            fields.wrong("params", f"params has {shown(param.get('id'))}; the only one is {_SEMITONES_ID}")
            return 0.0
    values = Fields({"value": params[-1].get("value")} if params else {}, "body", "params")
    found = values.opt_number("value", least=-SEMITONES, most=SEMITONES)
    fields.problems += values.problems
    return found or 0.0


def _shape(voice: MarketVoice, owner: str) -> dict[str, Any]:
    return {
        "id": voice.id,
        "name": voice.name,
        "owner": owner,
        "visibility": "private" if voice.visibility == "private" else "public",
        "m2o": True,
        "default_model": voice is MARKET_VOICES[0],
        "date_created": voice.created_at,
        "pipeline": [],
        "params": [
            {
                "id": _SEMITONES_ID,
                "name": "semitones_correction",
                "value": 0,
                "min": -SEMITONES,
                "max": SEMITONES,
            }
        ],
        "user_can_use_model": True,
    }


routes = [
    Route("/api/models", listing, methods=["GET"], name="models.list"),
    Route(
        "/api/recordings/conversion-order",
        order,
        methods=["POST"],
        name="recordings.conversion_order_v1",
    ),
    Route(
        "/api/recordings/conversion-redo/{recording_id}",
        redo,
        methods=["POST"],
        name="recordings.conversion_redo",
    ),
]
