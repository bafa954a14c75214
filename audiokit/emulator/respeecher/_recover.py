"""Taking up work that a kept data folder shows as unfinished."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator.respeecher import _account, _calibrating, _conversion, _processing
from audiokit.emulator.respeecher._market import tts_voice

if TYPE_CHECKING:
    from audiokit.emulator._context import Context

_OPEN = ("new", "pre_processing", "processing", "post_processing")
_LOST = "interrupted when the emulator was stopped; order or upload it again"


async def recover(context: Context) -> None:
    """Run again what an earlier run of the emulator left unfinished; originals before conversions."""
    unfinished = await context.store.find_everywhere("recording", where={"state": "processing"})
    for account, recording in unfinished:
        if recording["type"] == "original":
            await _resume_original(context, account, recording)
    orders = await _open_orders(context)
    for account, recording in unfinished:
        if recording["type"] == "converted":
            order = orders.pop((account, recording["id"]), None)
            if order is None:
                await _give_up(context, account, recording["id"])
                continue
            await _account.settings_of(context, account)
            _conversion.start(context, account, recording, order)
    for (account, _), order in orders.items():  # the conversion was deleted
        closed = {"state": "error", "error": "the conversion was deleted", "closed_at": context.now()}
        await context.store.update("order", order["id"], account=account, **closed)
    for account, calibration in await context.store.find_everywhere(
        "calibration", where={"state": "processing"}
    ):
        _calibrating.start(context, account, calibration)


async def _open_orders(context: Context) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the latest open order of each conversion."""
    found = [
        (account, order)
        for state in _OPEN
        for account, order in await context.store.find_everywhere("order", where={"state": state})
    ]
    return {(account, order["conversion_id"]): order for account, order in found}


async def _resume_original(context: Context, account: str, original: dict[str, Any]) -> None:
    """Measure an upload again, or speak a text again."""
    name = _processing.task_name(original["id"])
    voice = tts_voice(original["tts_voice_id"] or "")
    if voice is not None:
        item = voice.speak_item(original["text"], language=original["_language"])
        context.spawn(_processing.speak(context, account, original, item), name)
    elif original.get("_file_id") is not None:
        probing = context.spawn(
            _processing.probe(context, original["_file_id"]), f"probe {original['_file_id']}"
        )
        work = _processing.ingest(context, account, original, probing, since=context.pace.now())
        context.spawn(work, name)
    else:
        await _give_up(context, account, original["id"])


async def _give_up(context: Context, account: str, recording_id: str) -> None:
    await context.store.update("recording", recording_id, account=account, state="error", error=_LOST)
