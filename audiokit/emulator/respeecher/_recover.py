"""Taking up work that a kept data folder shows as unfinished."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator._keys import ACCOUNT
from audiokit.emulator.respeecher import _calibrating, _conversion, _processing
from audiokit.emulator.respeecher._market import tts_voice

if TYPE_CHECKING:
    from audiokit.emulator._context import Context

_LOST = "interrupted while the upload was being checked; upload it again"


async def recover(context: Context) -> None:
    """Run again what an earlier run of the emulator left in ``processing``; originals before conversions."""
    unfinished = await context.store.find("recording", account=ACCOUNT, where={"state": "processing"})
    for original in (r for r in unfinished if r["type"] == "original"):
        await _resume_original(context, original)
    orders = await context.store.find("order", account=ACCOUNT)
    latest = {order["conversion_id"]: order for order in orders}
    for conversion in (r for r in unfinished if r["type"] == "converted"):
        order = latest.get(conversion["id"])
        if order is not None:
            _conversion.start(context, ACCOUNT, conversion, order)
    for calibration in await context.store.find(
        "calibration", account=ACCOUNT, where={"state": "processing"}
    ):
        _calibrating.start(context, ACCOUNT, calibration)


async def _resume_original(context: Context, original: dict[str, Any]) -> None:
    voice = tts_voice(original["tts_voice_id"] or "")
    if voice is None:
        await context.store.update("recording", original["id"], account=ACCOUNT, state="error", error=_LOST)
        return
    item = voice.speak_item(original["text"], language=original["_language"])
    context.spawn(_processing.speak(context, ACCOUNT, original, item), _processing.task_name(original["id"]))
