"""Measuring the pitch of a calibration's recording."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from audiokit.emulator.respeecher._processing import failing_into

if TYPE_CHECKING:
    from audiokit.emulator._context import Context


def start(context: Context, account: str, calibration: dict[str, Any]) -> asyncio.Task[None]:
    """Begin measuring in the background."""
    return context.spawn(_measure(context, account, calibration), f"calibration {calibration['id']}")


async def _measure(context: Context, account: str, calibration: dict[str, Any]) -> None:
    since = context.pace.now()
    async with failing_into(context, account, "calibration", calibration["id"]):
        path = context.files.path(calibration["_file_id"])
        measured = await context.work.run("f0", path=str(path))
        await context.pretend("calibration", sound_s=0.0, since=since)
        await context.store.update(
            "calibration",
            calibration["id"],
            account=account,
            state="calibrated",
            f0=round(measured["f0_hz"], 2),
            algorithm=measured["algorithm"],
            error=None,
            calibrated_at=context.now(),
        )
