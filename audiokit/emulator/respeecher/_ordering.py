"""Placing orders: what the present calls and the superseded ones have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from audiokit.emulator._http import HttpError
from audiokit.emulator._store import Entry
from audiokit.emulator._submissions import submission
from audiokit.emulator.respeecher import _account, _conversion
from audiokit.emulator.respeecher._lookup import find
from audiokit.emulator.respeecher._shapes import order_doc, recording_doc
from audiokit.emulator.respeecher.recordings import add_recordings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audiokit.emulator._context import Context
    from audiokit.emulator._store import Transaction
    from audiokit.emulator.respeecher._market import Accent, MarketVoice, NarrationStyle

MOST_CONVERSIONS = 100
"""Most voices in one order; our own bound."""

Placed = tuple[dict[str, Any], dict[str, Any]]
"""A conversion and its order."""


@attrs.frozen(kw_only=True)
class Wanted:
    """One conversion of an order, read and found; *model* says that it was ordered as one."""

    voice: MarketVoice
    accent: Accent | None
    style: NarrationStyle | None
    semitones_correction: float | None
    label: str | None
    model: bool = False


async def place(
    context: Context,
    account: str,
    original: dict[str, Any],
    wanted: Sequence[Wanted],
    calibration: dict[str, Any] | None,
    *,
    operation: str,
) -> list[Placed]:
    """Order conversions in one step, and begin them.

    Raises:
        HttpError: 402, they cost more credits than are left; 404, the folder was deleted meanwhile.
    """
    await _account.require_credits(context, account, _conversion.cost(original) * len(wanted))
    made: list[Placed] = []
    for one in wanted:
        conversion = _conversion_doc(context, original, one, calibration)
        made.append((conversion, _order(context, account, conversion, calibration)))
    others = [entry for placed in made for entry in _order_entries(operation, *placed)]
    await add_recordings(context, account, [conversion for conversion, _ in made], *others)
    for conversion, order in made:
        _conversion.start(context, account, conversion, order)
    return made


async def place_again(context: Context, account: str, named: dict[str, Any], *, operation: str) -> Placed:
    """Order a failed conversion again; an original means its latest failed conversion.

    Raises:
        HttpError: 400, nothing has failed; 402, too few credits; 404, the original was deleted.
    """
    if named["type"] == "converted":
        failed = [named] if named["state"] == "error" else []
    else:
        where = {"original_id": named["id"], "state": "error"}
        failed = await context.store.find(
            "recording", account=account, where=where, newest_first=True, limit=1
        )
    if not failed:
        raise nothing_failed(named)
    original = await find(context, account, "recording", failed[0]["original_id"], field="original_id")
    require_convertible(original)
    await _account.require_credits(context, account, _conversion.cost(original))
    conversion, used = failed[0], failed[0]["calibration_id"]
    calibration = None if used is None else {"id": used, "f0": conversion["calibration_value"]}
    order = _order(context, account, conversion, calibration)

    def reopen(step: Transaction) -> dict[str, Any]:
        """Set the conversion back to work; of two retries at once only the first finds it failed."""
        found = step.get("recording", conversion["id"])
        if found is None or found["state"] != "error":
            raise nothing_failed(found or conversion)
        for entry in _order_entries(operation, found, order):
            step.put(entry.kind, entry.id, entry.doc, parent=entry.parent)
        return step.update("recording", conversion["id"], state="processing", error=None)

    reopened = await context.store.transact(reopen, account=account)
    _conversion.start(context, account, reopened, order)
    return reopened, order


def nothing_failed(recording: dict[str, Any]) -> HttpError:
    """Make the refusal to do something again that has not failed."""
    text = f"recording_id {recording['id']!r} is in state {recording['state']!r}; nothing has failed to retry"
    return HttpError(400, text)


def require_convertible(original: dict[str, Any]) -> None:
    """Refuse what is no original, or a broken one.

    Raises:
        HttpError: 400.
    """
    if original["type"] != "original":
        raise HttpError(400, f"original_id {original['id']!r} is a conversion; order from its original")
    if original["state"] == "error":
        raise HttpError(400, f"original_id {original['id']!r} cannot be converted: {original['error']}")


async def calibration_for(
    context: Context, account: str, calibration_id: str | None
) -> dict[str, Any] | None:
    """Return the calibration to use: the one asked for, else the enabled one, else none.

    Raises:
        HttpError: 404, there is none of this id; 400, it has not been measured.
    """
    if calibration_id is None:
        enabled = (await _account.settings_of(context, account))["calibration_id"]
        return None if enabled is None else await context.store.get("calibration", enabled, account=account)
    found = await find(context, account, "calibration", calibration_id)
    if found["state"] != "calibrated":
        raise HttpError(
            400, f"calibration_id {calibration_id!r} is in state {found['state']!r}, not calibrated"
        )
    return found


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


def _order_entries(operation: str, conversion: dict[str, Any], order: dict[str, Any]) -> list[Entry]:
    """Make what is stored with a conversion in one step: its order, and the record of the submission."""
    label, voice_id = conversion.get("_label"), conversion["voice_id"]
    return [
        Entry(kind="order", id=order["id"], doc=order, parent=conversion["original_id"]),
        submission("respeecher", operation, order["id"], label=label, name=voice_id),
    ]


def _conversion_doc(
    context: Context, original: dict[str, Any], wanted: Wanted, calibration: dict[str, Any] | None
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
        model_id=wanted.voice.id if wanted.model else None,
        model_name=wanted.voice.name if wanted.model else None,
        voice_id=wanted.voice.id,
        voice_name=wanted.voice.name,
        accent_id=None if accent is None else accent.id,
        accent_name=None if accent is None else accent.name,
        narration_style_id=None if style is None else style.id,
        narration_style_name=None if style is None else style.name,
        semitones_correction=wanted.semitones_correction,
    )
