"""Short samples of accents and narration styles, made when first listened to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator._catalogue import language_voice
from audiokit.emulator.respeecher._market import MarketVoice, voice_of_accent, voice_of_style

if TYPE_CHECKING:
    from audiokit.emulator._context import Context

SAMPLES_URL = "/api/samples"
_SENTENCE = "This is how I sound. I hope you like it."
_SILENT_VOICE_VARIANT = "m1"


def sample_url(kind: str, id_: str) -> str:
    """Return the gateway path of a sample; *kind* is ``accents`` or ``narration-styles``."""
    return f"{SAMPLES_URL}/{kind}/{id_}.wav"


async def sample_file(context: Context, account: str, kind: str, id_: str) -> str | None:
    """Return the file id of a sample, speaking it if need be; None when there is no such accent or style."""
    item = _item(kind, id_)
    if item is None:
        return None
    known = await context.store.get("sample", f"{kind}/{id_}", account=account)
    if known is not None:
        file_id: str = known["file_id"]
        return file_id
    with context.files.temporary(".wav") as out:
        await context.work.run("speak", out=str(out), items=[item])
        file_id = await context.files.keep(out)
    await context.store.put("sample", f"{kind}/{id_}", {"file_id": file_id}, account=account)
    return file_id


def _item(kind: str, id_: str) -> dict[str, Any] | None:
    if kind == "accents" and (accent := voice_of_accent(id_)) is not None:
        voice, found = accent
        return _speak(voice, language_voice(found.locale), {})
    if kind == "narration-styles" and (style := voice_of_style(id_)) is not None:
        return _speak(style[0], "gmw/en-US", style[1].settings)
    return None


def _speak(voice: MarketVoice, base: str, style: dict[str, float]) -> dict[str, Any]:
    # A voice that cannot narrate still has a pitch; any variant lends its sound to the sample.
    espeak = f"{base}+{voice.variant or _SILENT_VOICE_VARIANT}"
    return {
        "text": _SENTENCE,
        "voice": espeak,
        "rate_wpm": 170,
        "f0_hz": voice.pitch_hz,
        "style": style or None,
    }
