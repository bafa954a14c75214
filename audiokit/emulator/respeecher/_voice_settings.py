"""What an account stored about a voice: favourites and semitones by accent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from audiokit.emulator._context import Context

_KIND = "voice_settings"


def _empty() -> dict[str, Any]:
    return {"favorite": False, "accents": {}, "styles": {}}


async def voice_settings(context: Context, account: str, voice_id: str) -> dict[str, Any]:
    """Return what is stored for a voice, or its empty form."""
    return await context.store.get(_KIND, voice_id, account=account) or _empty()


async def all_voice_settings(context: Context, account: str) -> dict[str, dict[str, Any]]:
    """Return what is stored, by voice id."""
    return {doc["voice_id"]: doc for doc in await context.store.find(_KIND, account=account)}


async def change_voice_settings(
    context: Context, account: str, voice_id: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """Change what is stored for a voice in one step."""
    await context.store.put_new(_KIND, voice_id, {"voice_id": voice_id, **_empty()}, account=account)
    return await context.store.modify(_KIND, voice_id, change, account=account)
