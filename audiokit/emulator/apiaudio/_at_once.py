"""Script, speech and master in one call: what the orchestrator and pipelines do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator import _progress
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import HttpError
from audiokit.emulator._recall import remembering
from audiokit.emulator.apiaudio import _mastering, _scripts, _speech
from audiokit.emulator.apiaudio._mastering_order import read_order
from audiokit.emulator.apiaudio._webhook import base_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from audiokit.emulator._context import Context

LONGEST_S = 300.0
"""Longest that a call waits which cannot be asked again, in seconds."""


async def speak(context: Context, account: str, script_id: str, voice: str) -> dict[str, Any]:
    """Speak a script for the fallback track, to the end.

    Raises:
        HttpError: 404, no such script or voice; 400 or 422, it cannot be spoken.
    """
    with remembering() as seen:
        doc = await _scripts.find(context, account, script_id)
    if doc is None:
        raise HttpError(404, f"scriptId {script_id!r} not found; create the script first")
    version = _scripts.version_name(doc, "")
    fields = Fields({"scriptId": script_id, "voice": voice})
    script = await _scripts.parsed(doc, version)
    order = _speech.read_order(fields, script_id, version, script, settings=context.settings)
    [speech] = await _speech.start(context, account, order, hold_s=LONGEST_S, callback=None, seen=seen)
    return _ended(speech)


async def master(
    request: Request, context: Context, account: str, script_id: str, body: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Master a script for the fallback track, to the end; return its document and warnings.

    Raises:
        HttpError: 400, what `read_order` refuses.
    """
    order = await read_order(context, account, Fields({"scriptId": script_id, **body}))
    [track] = await _mastering.start(
        context, account, order, hold_s=LONGEST_S, callback=None, base=base_of(request)
    )
    return _ended(track), order.warnings


def _ended(doc: dict[str, Any]) -> dict[str, Any]:
    _progress.raise_if_failed(doc)
    if doc["state"] == "processing":
        raise HttpError(
            422, f"this was not finished within {LONGEST_S:g} s; order speech and mastering one by one"
        )
    return doc
