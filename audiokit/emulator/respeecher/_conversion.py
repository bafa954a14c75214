"""Making a conversion: an original (audio or text) in the voice that was ordered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from audiokit.emulator._http import HttpError
from audiokit.emulator._store import MissingDocumentError
from audiokit.emulator.respeecher import _account
from audiokit.emulator.respeecher._market import MarketVoice, market_voice, voice_of_accent, voice_of_style
from audiokit.emulator.respeecher._processing import failing_into, finish, task_name
from audiokit.emulator.respeecher._shapes import new_id

if TYPE_CHECKING:
    from pathlib import Path

    from audiokit.emulator._context import Context


def start(context: Context, account: str, conversion: dict[str, Any], order: dict[str, Any]) -> None:
    """Begin an ordered conversion in the background."""
    context.spawn(_fulfil(context, account, conversion["id"], order["id"]), task_name(conversion["id"]))


def cost(original: dict[str, Any]) -> float:
    """Credits that converting an original takes; 0 while its length is not known."""
    return (
        _account.text_cost(original["text"]) if original["tts"] else _account.audio_cost(original["duration"])
    )


async def _fulfil(context: Context, account: str, conversion_id: str, order_id: str) -> None:
    """Convert, and keep the order's state in step with its conversion's."""
    async with failing_into(context, account, "recording", conversion_id):
        await _set_order(context, account, order_id, state="processing")
        transaction_id = await _make(context, account, conversion_id)
        await _set_order(context, account, order_id, state="done", transaction_id=transaction_id)
    ended = await context.store.get("recording", conversion_id, account=account)
    if ended is None or ended["state"] == "error":
        reason = "the conversion was deleted" if ended is None else ended["error"]
        await _set_order(context, account, order_id, state="error", error=reason)


async def _make(context: Context, account: str, conversion_id: str) -> str:
    """Make the sound, pay for it, and set the conversion to done; returns the id of the payment."""
    conversion = await context.store.update(
        "recording", conversion_id, account=account, process_stage="waiting for the original"
    )
    original = await _ready_original(context, account, conversion["original_id"])
    voice = market_voice(conversion["voice_id"])
    if voice is None:
        raise HttpError(404, f"voice {conversion['voice_id']!r} is no longer offered")
    await context.store.update("recording", conversion_id, account=account, process_stage="converting")
    transaction_id = new_id()
    with context.files.temporary(".wav") as out:
        make = _narrate if original["tts"] else _convert
        made = await make(context, conversion, original, voice, out)
        await _account.spend(context, account, cost(original))
        await finish(
            context,
            account,
            conversion_id,
            out,
            stem=conversion["label"] or voice.name,
            duration=made.pop("seconds"),
            params=made,
            converted_at=context.now(),
            transaction_id=transaction_id,
        )
    return transaction_id


async def _ready_original(context: Context, account: str, original_id: str) -> dict[str, Any]:
    """Wait until an original is no longer in work, and return it."""
    task = context.running(task_name(original_id))
    if task is not None:
        await asyncio.wait({task})
    original = await context.store.get("recording", original_id, account=account)
    if original is None:
        raise HttpError(404, f"original_id {original_id!r} was deleted before its conversion")
    if original["state"] != "done":
        raise HttpError(400, f"original_id {original_id!r} cannot be converted: {original['error']}")
    return original


async def _convert(
    context: Context, conversion: dict[str, Any], original: dict[str, Any], voice: MarketVoice, out: Path
) -> dict[str, Any]:
    found = voice_of_accent(conversion["accent_id"])
    tilt = voice.timbre["tilt_db_per_octave"] + (0.0 if found is None else found[1].tilt_db_per_octave)
    return await context.work.run(
        "convert",
        source=str(context.files.path(original["_file_id"])),
        out=str(out),
        format="wav",
        target_pitch_hz=voice.pitch_hz,
        source_f0_hz=conversion["calibration_value"],
        semitones_correction=conversion["semitones_correction"] or 0.0,
        formant_ratio=None,
        timbre={**voice.timbre, "tilt_db_per_octave": tilt},
    )


async def _narrate(
    context: Context, conversion: dict[str, Any], original: dict[str, Any], voice: MarketVoice, out: Path
) -> dict[str, Any]:
    found = voice_of_style(conversion["narration_style_id"])
    style = {} if found is None else found[1].settings
    item = {
        "text": original["text"],
        "voice": voice.espeak(original["_language"]),
        "rate_wpm": 170,
        "f0_hz": voice.pitch_hz,
        "style": style or None,
    }
    spoken = await context.work.run("speak", out=str(out), items=[item])
    return {"seconds": spoken["seconds"]}


async def _set_order(context: Context, account: str, order_id: str, *, state: str, **changes: Any) -> None:
    """Set an order's state; one that ended is closed now."""
    closed_at = context.now() if state in {"done", "error"} else None
    try:
        await context.store.update(
            "order", order_id, account=account, state=state, closed_at=closed_at, **changes
        )
    except MissingDocumentError:  # the project went, orders and all
        return
