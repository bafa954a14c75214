"""Speech.TTS beyond making it: previews, shorter speech, no padding, the times of words."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

from audiokit.emulator import _progress, _voicing
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import HttpError, account_of, context_of
from audiokit.emulator._script import Say, SpeechPart
from audiokit.emulator._submissions import submission
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.audiostack import _speech, speech
from audiokit.emulator.audiostack._envelope import envelope
from audiokit.emulator.audiostack._speech_edits import edited, parts_named, reduction, source_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

_PREVIEW_CHARACTERS = 1000
_LONGEST_S = 86_400.0
_SAME_S = 0.05
_POSITIONS = ("end", "start", "both")
_NO_EFFECT = ("scriptReference", "language_code", "continuous_recognition")


async def preview(request: Request) -> Response:
    """Speak a short text; the wav file stands in the answer, as base64."""
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    text = fields.required_text("text", longest=_PREVIEW_CHARACTERS)
    delivery = _voicing.Delivery(voice=_voicing.voice_named(fields.required_text("voice")))
    spoken = await _voicing.speak(context, account, plain(text), delivery, {})
    data = await asyncio.to_thread(context.files.path(spoken.file).read_bytes)
    encoded = base64.b64encode(data).decode()
    return await envelope(
        request, {}, message="preview spoken", warnings=unknown_fields(fields), beside={"bytes": encoded}
    )


async def predict(request: Request) -> Response:
    """Say how long a voice takes for a text, in seconds: it is spoken, and the speech measured."""
    fields = Fields(await read_json(request))
    text = fields.required_text("text", longest=_voicing.MAX_CHARACTERS)
    delivery = _voicing.Delivery(voice=_voicing.voice_named(fields.required_text("voice")))
    spoken = await _voicing.speak(context_of(request), account_of(request), plain(text), delivery, {})
    return await envelope(
        request, {"length": round(spoken.seconds, 3)}, message="predicted", warnings=unknown_fields(fields)
    )


async def reduce(request: Request) -> Response:
    """Make speech shorter by speaking faster, in one section or in all; it becomes speech of a new id."""
    fields = Fields(await read_json(request))
    source = await _done(request, fields)
    target_s = _seconds(fields, "targetLength")
    steps = reduction(source, target_s, fields.text("sectionId"))
    warnings = [] if steps else [f"targetLength {target_s:g} s is not shorter: the speech stays as it is"]
    return await _edit(request, fields, source, steps, warnings)


async def remove_padding(request: Request) -> Response:
    """Cut silence off speech, in one section or in all; it becomes speech of a new id."""
    fields = Fields(await read_json(request))
    source = await _done(request, fields)
    step = {
        "min_silence_s": _default(fields.number("minSilenceDuration", low=0.0, high=60.0, unit="s"), 1.5),
        "threshold": _default(fields.number("silenceThreshold", low=0.0, high=1.0), 0.001),
        "position": fields.choice("position", allowed=_POSITIONS, default="end"),
    }
    steps = {part["name"]: step for part in parts_named(source, fields.text("sectionId"))}
    return await _edit(request, fields, source, steps, [])


async def annotate(request: Request) -> Response:
    """Give the words of speech with the times at which they begin, as the synthesiser knows them."""
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    source = await _done(request, fields)
    if "edit" in source:
        raise HttpError(
            400, f"speechId {source['id']!r} was made of other speech by an edit; annotate that one instead"
        )
    order = await _speech.read_order(context, account, Fields(source["request"]))
    made = {part["name"]: part["seconds"] for part in source["parts"]}
    warnings = [
        f"{name} has no effect: the words are known, nothing is recognised"
        for name in _NO_EFFECT
        if fields.raw(name) is not None
    ]

    async def one(part: SpeechPart) -> dict[str, Any]:
        said = await _speech.as_spoken(context, account, order, part)
        items = _voicing.speak_items(said, order.deliveries[part.name], order.values)
        path = context.files.scratch(".wav")
        try:
            spoken = await context.work.run("speak", out=str(path), items=items)
        finally:
            path.unlink(missing_ok=True)
        if abs(spoken["seconds"] - made.get(part.name, -1.0)) > _SAME_S:
            raise HttpError(
                400, f"the script of speechId {source['id']!r} was changed since; create speech again"
            )
        words = [{"word": word, "start": start_s} for word, start_s in spoken["words"]]
        return {"sectionName": part.name, "words": words}

    sections = await _progress.together(one(part) for part in order.parts)
    return await envelope(
        request,
        {"speechId": source["id"], "sections": sections},
        message="speech annotated",
        warnings=[*warnings, *unknown_fields(fields)],
    )


def plain(text: str) -> SpeechPart:
    """Return a text as a part that can be spoken."""
    return SpeechPart(name="text", section="text", voice_key="text", items=(Say(text=text),))


async def _done(request: Request, fields: Fields) -> dict[str, Any]:
    """Return the speech that is to be worked on, finished."""
    source = await speech.require(request, fields.required_text("speechId"))
    _progress.raise_if_failed(source)
    if source["state"] != "done":
        raise HttpError(400, f"speechId {source['id']!r} is still being made; read it until it is done")
    return source


async def _edit(
    request: Request,
    fields: Fields,
    source: dict[str, Any],
    steps: Mapping[str, Any],
    warnings: list[str],
) -> Response:
    context, account = context_of(request), account_of(request)
    speech_id, doc = edited(context, source, steps)
    made = await _progress.begin_with(
        context,
        _speech.KIND,
        speech_id,
        doc,
        reads=lambda: source_of(context, account, doc),
        request=fields.values,
        record=submission("audiostack", "Speech.TTS.edit", speech_id, label=source["script_id"]),
        account=account,
        parent=source["script_id"],
        hold_s=context.settings.hold_s,
    )
    return await speech.reply(request, made, warnings=[*warnings, *unknown_fields(fields)])


def _seconds(fields: Fields, name: str) -> float:
    """Read seconds that may be written as a string, too."""
    value = fields.raw(name)
    try:
        seconds = (
            float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
        )
    except (ValueError, OverflowError):
        seconds = -1.0
    if not 0.0 < seconds <= _LONGEST_S:
        raise fields.error(name, value, "a number of seconds above 0")
    return seconds


def _default(value: float | None, default: float) -> float:
    return default if value is None else value
