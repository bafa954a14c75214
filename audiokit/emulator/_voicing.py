"""How a part of a script is spoken: voice, speed, effect, padding. Shared by v1 and v2."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from audiokit.emulator._catalogue import DEFAULT_VOICE, SpeechVoice, UnknownNameError, speech_voice
from audiokit.emulator._http import HttpError
from audiokit.emulator._script import Pause, Say, SpeechPart, fill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context

SPEED_RANGE = (0.5, 3.0)
MAX_PADDING_S = 60.0
MAX_CHARACTERS = 20_000
"""Most characters in one part of a script."""

_LEVEL_LUFS = -20.0
_CACHE = "spoken"


@attrs.frozen(kw_only=True)
class Effect:
    """A voice effect as factors on pitch and speed and a change of level in dB; our own, simpler sound."""

    pitch: float = 1.0
    rate: float = 1.0
    gain_db: float = 0.0


EFFECTS = {
    "dark_father": Effect(pitch=0.6, rate=0.9),
    "chewie": Effect(pitch=0.5, rate=0.8),
    "88b": Effect(pitch=1.5, rate=1.1),
    "2r2d": Effect(pitch=1.8, rate=1.3),
    "volume_boost_low": Effect(gain_db=2.0),
    "volume_boost_middle": Effect(gain_db=4.0),
    "volume_boost_high": Effect(gain_db=6.0),
}
"""Names of voice effects that are taken."""


@attrs.frozen(kw_only=True)
class Delivery:
    """How one part is spoken.

    Attributes:
        voice: Voice of the catalogue.
        speed: Factor on the voice's own speed, 0.5 to 3.
        effect: Name in `EFFECTS`, or None.
        padding_s: Silence in seconds, half before and half after.
    """

    voice: SpeechVoice
    speed: float = 1.0
    effect: str | None = None
    padding_s: float = 0.0


@attrs.frozen(kw_only=True)
class Spoken:
    """A finished speech file; *phonemes*, if wanted, are each in IPA with start and length in seconds."""

    file: str
    seconds: float
    phonemes: tuple[tuple[str, float, float], ...] = ()


def voice_named(name: str | None) -> SpeechVoice:
    """Return a voice by alias or provider id; None gives the default one.

    Raises:
        HttpError: 404, no such voice.
    """
    try:
        return speech_voice(name or DEFAULT_VOICE)
    except UnknownNameError as error:
        raise HttpError(404, str(error)) from None


def effect_named(name: str, *, field: str = "effect") -> str | None:
    """Check the name of an effect; empty means none.

    Raises:
        HttpError: 400, no such effect.
    """
    if name and name not in EFFECTS:
        raise HttpError(400, f"{field} {name!r} must be one of {', '.join(EFFECTS)}")
    return name or None


def speak_items(part: SpeechPart, delivery: Delivery, values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Make the work pool's items for a part filled with a listener's values.

    Raises:
        ScriptError: A parameter has neither a value nor a fallback.
        HttpError: 400, the part is too long.
    """
    filled = fill(part, values)
    count = sum(len(item.text) for item in filled.items if isinstance(item, Say))
    if count > MAX_CHARACTERS:
        raise HttpError(
            400,
            f"section {part.section!r} has {count} characters; at most {MAX_CHARACTERS} are spoken in one go",
        )
    effect = EFFECTS[delivery.effect] if delivery.effect else Effect()
    items: list[dict[str, Any]] = []
    half = [{"silence_s": delivery.padding_s / 2}] if delivery.padding_s else []
    for item in filled.items:
        if isinstance(item, Pause):
            items.append({"silence_s": item.seconds})
        elif isinstance(item, Say):
            spoken = delivery.voice.speak_item(item.text, speed=delivery.speed * effect.rate * item.tone.rate)
            spoken["f0_hz"] = round(spoken["f0_hz"] * effect.pitch * item.tone.pitch, 2)
            items.append(spoken)
    return [*half, *items, *half]


async def speak(
    context: Context,
    account: str,
    part: SpeechPart,
    delivery: Delivery,
    values: Mapping[str, str],
    *,
    use_cache: bool = True,
    phonemes: bool = False,
) -> Spoken:
    """Speak a part for a listener; the same words in the same voice are spoken once.

    Raises:
        ScriptError: A parameter has neither a value nor a fallback.
        HttpError: 400, the part is too long.
        WorkError: The words could not be spoken.
    """
    items = speak_items(part, delivery, values)
    level_lufs = _LEVEL_LUFS + (EFFECTS[delivery.effect].gain_db if delivery.effect else 0.0)
    wish = {"phonemes": True} if phonemes else {}
    key = hashlib.sha256(orjson.dumps([items, level_lufs, *wish])).hexdigest()
    kept = await context.store.get(_CACHE, key, account=account) if use_cache else None
    if kept is not None and context.files.path(kept["file"]).is_file():
        return Spoken(**kept)
    path = context.files.scratch(".wav")
    try:
        made = await context.work.run("speak", out=str(path), items=items, level_lufs=level_lufs, **wish)
        spoken = Spoken(
            file=await context.files.keep(path),
            seconds=made["seconds"],
            phonemes=tuple(map(tuple, made.get("phonemes", ()))),
        )
    finally:
        path.unlink(missing_ok=True)
    await context.store.put(_CACHE, key, attrs.asdict(spoken), account=account)
    return spoken
