"""Making a conversion: an original (audio or text) in the voice that was ordered."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import attrs

from audiokit.emulator._http import HttpError
from audiokit.emulator._store import MissingDocumentError
from audiokit.emulator.respeecher import _account
from audiokit.emulator.respeecher._market import MarketVoice, market_voice, voice_of_accent, voice_of_style
from audiokit.emulator.respeecher._processing import failing_into, finished, pretend, settle, task_name
from audiokit.emulator.respeecher._shapes import new_id

if TYPE_CHECKING:
    from pathlib import Path

    from audiokit.emulator._context import Context
    from audiokit.emulator._store import Transaction


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
        await _make(context, account, conversion_id, order_id)
    ended = await context.store.get("recording", conversion_id, account=account)
    if ended is None or ended["state"] == "error":
        reason = "the conversion was deleted" if ended is None else ended["error"]
        closed = {"state": "error", "error": reason, "closed_at": context.now()}
        with contextlib.suppress(MissingDocumentError):  # the project went, orders and all
            await context.store.update("order", order_id, account=account, **closed)


async def _make(context: Context, account: str, conversion_id: str, order_id: str) -> None:
    """Make the sound; then pay and end conversion and order in one step, so that nothing is paid twice."""
    stage = _Stage(context, account, conversion_id, order_id)
    conversion = await stage("pre_processing", "waiting for the original")
    original = await _ready_original(context, account, conversion["original_id"])
    voice = market_voice(conversion["voice_id"])
    if voice is None:
        raise HttpError(404, f"voice {conversion['voice_id']!r} is no longer offered")
    since = context.pace.now()
    await stage("processing", "converting")
    with context.files.temporary(".wav") as out:
        make = _narrate if original["tts"] else _convert
        made = await make(context, conversion, original, voice, out)
        length = {"sound_s": original["duration"], "since": since}
        await pretend(context, account, conversion_id, "conversion", doing="converting", **length)
        file_id = await context.files.keep(out)
    await stage("post_processing", "drawing")
    transaction_id, now = new_id(), context.now()
    changes = await finished(
        context,
        conversion_id,
        file_id,
        stem=conversion["label"] or voice.name,
        duration=made.pop("seconds"),
        params=made,
        converted_at=now,
        transaction_id=transaction_id,
    )

    def end(step: Transaction) -> None:
        step.update("recording", conversion_id, **changes)
        _account.take(step, cost(original))
        step.update("order", order_id, state="done", closed_at=now, transaction_id=transaction_id)

    await settle(context, account, [file_id, changes["_waveform_id"]], end)


@attrs.frozen
class _Stage:
    """Moves an order, and the words about its conversion, to the next stage."""

    context: Context
    account: str
    conversion_id: str
    order_id: str

    async def __call__(self, state: str, doing: str) -> dict[str, Any]:
        """Return the conversion, changed.

        Raises:
            MissingDocumentError: It, or the order, was deleted meanwhile.
        """

        def change(step: Transaction) -> dict[str, Any]:
            step.update("order", self.order_id, state=state)
            return step.update("recording", self.conversion_id, process_stage=doing)

        return await self.context.store.transact(change, account=self.account)


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
    return await context.work.run(
        "convert",
        source=str(context.files.path(original["_file_id"])),
        out=str(out),
        format="wav",
        target_pitch_hz=voice.pitch_hz,
        source_f0_hz=conversion["calibration_value"],
        semitones_correction=conversion["semitones_correction"] or 0.0,
        formant_ratio=None,
        timbre=voice.timbre if found is None else voice.timbre_in(found[1]),
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
