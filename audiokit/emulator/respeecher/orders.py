"""Orders: an original is converted to one or more voices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from starlette.routing import Route

from audiokit.emulator._fields import shown
from audiokit.emulator._http import HttpError, JSONReply, account_of, context_of
from audiokit.emulator._store import Entry
from audiokit.emulator._submissions import submission
from audiokit.emulator.respeecher import _account, _conversion
from audiokit.emulator.respeecher._fields import Fields, body_fields, path_id
from audiokit.emulator.respeecher._lookup import find, not_found
from audiokit.emulator.respeecher._market import Accent, MarketVoice, NarrationStyle, market_voice
from audiokit.emulator.respeecher._shapes import SEMITONES, order_doc, recording_doc, wire
from audiokit.emulator.respeecher._voice_settings import voice_settings
from audiokit.emulator.respeecher.recordings import add_recordings

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._context import Context
    from audiokit.emulator._store import Transaction

MOST_CONVERSIONS = 100
"""Most voices in one order; our own bound."""


@attrs.frozen(kw_only=True)
class _Wanted:
    """One conversion of an order, read and found."""

    voice: MarketVoice
    accent: Accent | None
    style: NarrationStyle | None
    semitones_correction: float | None
    label: str | None


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
    _require_convertible(original)
    wanted = [await _wanted(context, account, original, entry, i) for i, entry in enumerate(entries)]
    calibration = None
    if not original["tts"]:
        calibration = await _calibration(context, account, calibration_id if use_calibration else None)
    await _account.require_credits(context, account, _conversion.cost(original) * len(wanted))
    made = []
    for one in wanted:
        conversion = _conversion_doc(context, original, one, calibration)
        made.append((conversion, _order(context, account, conversion, calibration), one.label))
    others = [
        entry
        for conversion, order, label in made
        for entry in _order_entries("orders.create", conversion, order, label)
    ]
    await add_recordings(context, account, [conversion for conversion, _, _ in made], *others)
    for conversion, order, _ in made:
        _conversion.start(context, account, conversion, order)
    return JSONReply([wire(order) for _, order, _ in made])


async def retry(request: Request) -> Response:
    """Order a failed conversion again; an original's id means its latest failed conversion."""
    context, account = context_of(request), account_of(request)
    named = await find(context, account, "recording", path_id(request, "recording_id"))
    if named["type"] == "converted":
        failed = [named] if named["state"] == "error" else []
    else:
        where = {"original_id": named["id"], "state": "error"}
        failed = await context.store.find(
            "recording", account=account, where=where, newest_first=True, limit=1
        )
    if not failed:
        raise _nothing_failed(named)
    original = await find(context, account, "recording", failed[0]["original_id"], field="original_id")
    _require_convertible(original)
    await _account.require_credits(context, account, _conversion.cost(original))
    conversion, used = failed[0], failed[0]["calibration_id"]
    calibration = None if used is None else {"id": used, "f0": conversion["calibration_value"]}
    order = _order(context, account, conversion, calibration)

    def reopen(step: Transaction) -> dict[str, Any]:
        """Set the conversion back to work; of two retries at once only the first finds it failed."""
        found = step.get("recording", conversion["id"])
        if found is None or found["state"] != "error":
            raise _nothing_failed(found or conversion)
        for entry in _order_entries("orders.retry", conversion, order, found.get("_label")):
            step.put(entry.kind, entry.id, entry.doc, parent=entry.parent)
        return step.update("recording", conversion["id"], state="processing", error=None)

    _conversion.start(context, account, await context.store.transact(reopen, account=account), order)
    return JSONReply(wire(order))


def _nothing_failed(recording: dict[str, Any]) -> HttpError:
    text = f"recording_id {recording['id']!r} is in state {recording['state']!r}; nothing has failed to retry"
    return HttpError(400, text)


def _order(
    context: Context, account: str, conversion: dict[str, Any], calibration: dict[str, Any] | None
) -> dict[str, Any]:
    return order_doc(
        user_id=context.accounts.login(account).user_id,
        original_id=conversion["original_id"],
        conversion_id=conversion["id"],
        calibration=calibration,
        now=context.now(),
    )


def _order_entries(
    operation: str, conversion: dict[str, Any], order: dict[str, Any], label: str | None
) -> list[Entry]:
    """Make what is stored with a conversion in one step: its order, and the record of the submission."""
    return [
        Entry(kind="order", id=order["id"], doc=order, parent=conversion["original_id"]),
        submission("respeecher", operation, order["id"], label=label, name=conversion["voice_id"]),
    ]


def _require_convertible(original: dict[str, Any]) -> None:
    if original["type"] != "original":
        raise HttpError(400, f"original_id {original['id']!r} is a conversion; order from its original")
    if original["state"] == "error":
        raise HttpError(400, f"original_id {original['id']!r} cannot be converted: {original['error']}")


async def _calibration(context: Context, account: str, calibration_id: str | None) -> dict[str, Any] | None:
    """Return the calibration to use: the one asked for, else the enabled one, else none."""
    if calibration_id is None:
        enabled = (await _account.settings_of(context, account))["calibration_id"]
        return None if enabled is None else await context.store.get("calibration", enabled, account=account)
    found = await find(context, account, "calibration", calibration_id)
    if found["state"] != "calibrated":
        raise HttpError(
            400, f"calibration_id {calibration_id!r} is in state {found['state']!r}, not calibrated"
        )
    return found


async def _wanted(
    context: Context, account: str, original: dict[str, Any], entry: Any, place: int
) -> _Wanted:
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
        return _Wanted(voice=voice, accent=None, style=style, semitones_correction=None, label=label)
    accent = _accent(fields, voice, accent_id)
    fields.check()
    if semitones is None:
        stored = await voice_settings(context, account, voice.id)
        semitones = stored["accents"].get(accent.id, {}).get("semitones_correction", 0.0)
    return _Wanted(voice=voice, accent=accent, style=None, semitones_correction=semitones, label=label)


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


def _conversion_doc(
    context: Context, original: dict[str, Any], wanted: _Wanted, calibration: dict[str, Any] | None
) -> dict[str, Any]:
    accent, style = wanted.accent, wanted.style
    return recording_doc(
        folder={"id": original["parent_folder_id"], "project_id": original["project_id"]},
        type_="converted",
        now=context.now(),
        original_id=original["id"],
        label=wanted.label if context.switches.labels == "echo" else None,
        _label=wanted.label,
        tts=original["tts"],
        text=original["text"],
        tts_voice=original["tts_voice"],
        tts_voice_id=original["tts_voice_id"],
        microphone=original["microphone"],
        calibration_id=None if calibration is None else calibration["id"],
        calibration_value=None if calibration is None else calibration["f0"],
        calibration_name=None if calibration is None else calibration["name"],
        voice_id=wanted.voice.id,
        voice_name=wanted.voice.name,
        accent_id=None if accent is None else accent.id,
        accent_name=None if accent is None else accent.name,
        narration_style_id=None if style is None else style.id,
        narration_style_name=None if style is None else style.name,
        semitones_correction=wanted.semitones_correction,
    )


routes = [
    Route("/api/v2/orders", create, methods=["POST"], name="orders.create"),
    Route("/api/v2/orders/retry/{recording_id}", retry, methods=["POST"], name="orders.retry"),
]
