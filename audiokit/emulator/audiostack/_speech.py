"""Speech of v2: a request is checked whole, then every section is spoken once."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import attrs

from audiokit.emulator import _diction, _progress, _voicing
from audiokit.emulator._fields import Fields, as_texts, shown
from audiokit.emulator._http import HttpError
from audiokit.emulator._links import file_label
from audiokit.emulator._recall import remembering
from audiokit.emulator._script import NEUTRAL, Pause, Say, ScriptError, fill
from audiokit.emulator._submissions import submission
from audiokit.emulator.audiostack import _scripts
from audiokit.emulator.audiostack._envelope import CHARACTERS_PER_CREDIT, pay_back, price, take
from audiokit.emulator.audiostack._speech_edits import KIND_NAME, edit_speech
from audiokit.emulator.audiostack._urls import keep_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context
    from audiokit.emulator._script import SpeechPart
    from audiokit.emulator._voicing import Delivery

_SILENT_OPTIONS = ("useDenoiser", "useAutofix")


@attrs.frozen(kw_only=True)
class SpeechOrder:
    """A checked request for speech.

    Attributes:
        script_id: Script.
        parts: What is spoken, in order.
        values: Placeholder id -> text.
        deliveries: Part name -> how it is spoken.
        is_public: Open to everybody.
        uses_dictionary: Words are replaced as dictionaries say.
        use_cache: Take earlier renderings of the same words.
        request: The body as it came.
        warnings: About options that have no effect here.
        seen: The script as it was read.
    """

    request: Mapping[str, Any]
    script_id: str
    parts: tuple[SpeechPart, ...]
    values: dict[str, str]
    deliveries: Mapping[str, Delivery]
    is_public: bool
    uses_dictionary: bool
    use_cache: bool
    warnings: list[str]
    seen: Mapping[str, Any] = attrs.field(factory=dict)


async def read_order(context: Context, account: str, fields: Fields) -> SpeechOrder:
    """Check the fields of a speech request.

    Raises:
        HttpError: 400, a wrong field; 404, an unknown script or voice.
    """
    with remembering() as seen:
        order = await _read_order(context, account, fields)
    return attrs.evolve(order, seen=seen)


async def _read_order(context: Context, account: str, fields: Fields) -> SpeechOrder:
    script_id = fields.required_text("scriptId")
    doc = await _scripts.require(context, account, script_id)
    script, warnings = await _scripts.parse(_scripts.text_of(doc))
    names = list(dict.fromkeys([*(s.name for s in script.sections), *(p.voice_key for p in script.speech)]))
    sections = fields.nested("sections")
    for name, own in sections.items():
        if name not in names:
            raise HttpError(400, f"sections names {name!r}; the script's sections are {', '.join(names)}")
        _delivery([own])
        own.refuse_unknown()
    parts = script.speech
    only = fields.text("sectionToProduce")
    if only:
        parts = tuple(part for part in parts if only in {part.section, part.voice_key})
        if not parts:
            raise HttpError(
                400, f"sectionToProduce {only!r} has nothing to say; sections are {', '.join(names)}"
            )
    audience = as_texts(fields.mapping("audience"), field="audience")
    known = {name.casefold(): name for name in script.parameters}
    warnings += [f"audience.{name} fits no placeholder" for name in audience if name.casefold() not in known]
    order = SpeechOrder(
        request=fields.values,
        script_id=script_id,
        parts=parts,
        values=audience,
        deliveries={
            part.name: _delivery(
                [sections[key] for key in (part.voice_key, part.section) if key in sections] + [fields]
            )
            for part in parts
        },
        is_public=fields.flag("public"),
        # The service's own client turns it on for scripts that shape their reading.
        uses_dictionary=fields.flag("voiceIntelligence", default=any(map(_shapes_reading, parts))),
        use_cache=fields.flag("useCache", default=True),
        warnings=warnings
        + [f"{name} has no effect: the emulator has none" for name in _SILENT_OPTIONS if fields.flag(name)],
    )
    for part in parts:
        try:
            _voicing.speak_items(part, order.deliveries[part.name], order.values)
        except ScriptError as error:
            raise HttpError(400, str(error)) from None
    return order


async def start(
    context: Context, account: str, order: SpeechOrder, *, hold_s: float
) -> tuple[dict[str, Any], float]:
    """Start speaking; return the document, finished or not, and the credits it costs.

    Raises:
        HttpError: 402, not enough credits.
    """
    characters = sum(
        len(item.text)
        for part in order.parts
        for item in fill(part, order.values).items
        if isinstance(item, Say)
    )
    cost = price(characters / CHARACTERS_PER_CREDIT)
    doc = {
        "cost": cost,
        "script_id": order.script_id,
        "audience": order.values,
        "public": order.is_public,
        "created_at": context.now(),
        "parts": [],
    }
    speech_id = str(uuid.uuid4())
    made = await _progress.begin(
        context,
        KIND,
        speech_id,
        doc,
        lambda: _speak_all(context, account, order),
        request=order.request,
        record=submission("audiostack", "Speech.TTS.create", speech_id, label=order.script_id),
        account=account,
        parent=order.script_id,
        hold_s=hold_s,
        pay=lambda step: take(step, cost, initial=context.settings.initial_credits),
        seen=order.seen,
    )
    return made, cost


async def _speak_all(context: Context, account: str, order: SpeechOrder) -> dict[str, Any]:
    async def one(part: SpeechPart) -> dict[str, Any]:
        said, delivery = await as_spoken(context, account, order, part), order.deliveries[part.name]
        spoken = await _voicing.speak(
            context, account, said, delivery, order.values, use_cache=order.use_cache
        )
        await keep_file(context, account, spoken.file, is_public=order.is_public)
        return {
            "name": part.name,
            "label": file_label(part.name, extension="wav"),
            "file": spoken.file,
            "seconds": spoken.seconds,
        }

    parts = await _progress.together(one(part) for part in order.parts)
    return {"parts": parts, "seconds": sum(part["seconds"] for part in parts)}


async def as_spoken(context: Context, account: str, order: SpeechOrder, part: SpeechPart) -> SpeechPart:
    """Return a part with the words that dictionaries put in, where the order wants that."""
    if not order.uses_dictionary:
        return part
    words = await _diction.lexicon(context, account, order.deliveries[part.name].voice)
    return words.respell_part(part, order.values)


async def _make(context: Context, account: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    """Speak once more what a document asks for."""
    if "edit" in doc:
        return await edit_speech(context, account, doc)
    return await _speak_all(context, account, await read_order(context, account, Fields(doc["request"])))


KIND = _progress.Kind(name=KIND_NAME, work="speech", make=_make, pay_back=pay_back)
"""Speech of a script."""


def _shapes_reading(part: SpeechPart) -> bool:
    return any(isinstance(item, Pause) or item.tone != NEUTRAL for item in part.items)


def _delivery(settings: list[Fields]) -> Delivery:
    """Read voice settings; the first of *settings* that says something wins."""
    low, high = _voicing.SPEED_RANGE
    voices = [own.text("voice") for own in settings]
    speeds = [own.number("speed", low=low, high=high) for own in settings]
    paddings = [_padding_s(own) for own in settings]
    return _voicing.Delivery(
        voice=_voicing.voice_named(next(filter(None, voices), None)),
        speed=next((speed for speed in speeds if speed is not None), 1.0),
        padding_s=next((padding for padding in paddings if padding is not None), 0.0),
    )


def _padding_s(fields: Fields) -> float | None:
    """Read ``silencePadding``: microseconds, written as a string."""
    value = fields.raw("silencePadding")
    if value is None or value == "":
        return None
    high = int(_voicing.MAX_PADDING_S * 1_000_000)
    text = value.strip() if isinstance(value, str) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= high):
        raise HttpError(
            400, f"silencePadding must be a string of microseconds from '0' to '{high}', got {shown(value)}"
        )
    return int(text) / 1_000_000
