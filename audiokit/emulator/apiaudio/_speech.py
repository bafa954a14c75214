"""Speech of v1: one file per part of a script, per listener, found again by who it is for."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import attrs

from audiokit.emulator import _diction, _progress, _voicing
from audiokit.emulator._fields import Fields, shown
from audiokit.emulator._http import HttpError, work_refusal
from audiokit.emulator._links import file_label, private_url
from audiokit.emulator._script import ScriptError
from audiokit.emulator._submissions import submission
from audiokit.emulator._work import WorkError
from audiokit.emulator.apiaudio import _scripts
from audiokit.emulator.apiaudio._listeners import identity, listener_name, read_audience, used_values
from audiokit.emulator.apiaudio._webhook import announce, read_callback, request_for_links

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request

    from audiokit.emulator._context import Context
    from audiokit.emulator._script import Script, SpeechPart
    from audiokit.emulator._settings import EmulatorSettings
    from audiokit.emulator._voicing import Delivery

_PERCENT_FROM = 3.0  # above this a speed is a percentage


@attrs.frozen(kw_only=True)
class SpeechOrder:
    """A checked request for speech.

    Attributes:
        script_id: Script.
        version: Its version, as given.
        script: Parsed text.
        listeners: Values per listener, at least one.
        deliveries: Part name -> how it is spoken.
        uses_dictionary: Words are replaced as dictionaries say.
        request: The body as it came.
        callback_url: Where to tell that the speech has ended, or empty.
        warnings: About options that have no effect here.
    """

    request: Mapping[str, Any]
    script_id: str
    version: str
    script: Script
    listeners: list[dict[str, str]]
    deliveries: Mapping[str, Delivery]
    uses_dictionary: bool
    callback_url: str
    warnings: list[str]


def read_order(
    fields: Fields, script_id: str, version: str, script: Script, *, settings: EmulatorSettings
) -> SpeechOrder:
    """Check the fields of a speech request.

    Raises:
        HttpError: 400, a wrong field; 404, an unknown voice.
    """
    base = _delivery(fields, Fields({}))
    sections = fields.nested("sections")
    names = {section.name: None for section in script.sections}
    for name, own in sections.items():
        if name not in names:
            raise HttpError(400, f"sections names {name!r}, but the script's sections are {', '.join(names)}")
        _delivery(own, fields)
        own.refuse_unknown()
    deliveries = {
        part.name: _delivery(sections[part.voice_key], fields) if part.voice_key in sections else base
        for part in script.speech
    }
    listeners = [used_values(script, listener) for listener in read_audience(fields.raw("audience"))]
    for values in listeners:
        for part in script.speech:
            try:
                _voicing.speak_items(part, deliveries[part.name], values)
            except ScriptError as error:
                raise HttpError(400, str(error)) from None
    callback_url, unheard = read_callback(fields, settings)
    warnings: list[str] = []
    if fields.flag("useTextNormalizer", "useTextNormaliser"):
        warnings.append("useTextNormalizer has no effect: the emulator has none")
    return SpeechOrder(
        request=fields.values,
        script_id=script_id,
        version=version,
        script=script,
        listeners=listeners,
        deliveries=deliveries,
        uses_dictionary=fields.flag("useDictionary"),
        callback_url=callback_url,
        warnings=[*warnings, *unheard],
    )


async def start(
    context: Context,
    account: str,
    order: SpeechOrder,
    *,
    hold_s: float,
    callback: Mapping[str, str] | None,
    seen: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Start speaking for every listener and return the documents, finished or not; *seen* is the script."""
    request_id = str(uuid.uuid4())

    async def one(index: int, values: dict[str, str]) -> dict[str, Any]:
        doc: dict[str, Any] = {
            "request_id": request_id,
            "script_id": order.script_id,
            "version": order.version,
            "values": values,
            "callback": callback,
            "created_at": context.now(),
            "parts": [],
        }
        speech_id = f"{request_id}.{index}"
        return await _progress.begin(
            context,
            KIND,
            speech_id,
            doc,
            lambda: _speak_all(context, account, order, values),
            request=order.request,
            record=submission(
                "apiaudio", "Speech.create", speech_id, label=order.script_id, name=listener_name(values)
            ),
            account=account,
            parent=identity(order.script_id, order.version, values),
            hold_s=hold_s,
            seen=seen,
        )

    return await _progress.together(one(i, values) for i, values in enumerate(order.listeners))


async def latest(
    context: Context, account: str, *, script_id: str, version: str, values: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return the newest speech for a script, version and listener, or None."""
    found = await context.store.find(
        KIND.name, account=account, parent=identity(script_id, version, values), newest_first=True, limit=1
    )
    return found[0] if found else None


async def of_request(context: Context, account: str, request_id: str) -> dict[str, Any] | None:
    """Return the speech of a request's first listener, or None."""
    return await _progress.current(context, KIND, f"{request_id}.0", account=account)


def failed_status(parts: Iterable[Mapping[str, Any]]) -> int:
    """Return the HTTP status of failed parts: 422 when words were refused, 500 when the emulator failed."""
    return max(int(part.get("status", 422)) for part in parts)


async def _speak_all(
    context: Context, account: str, order: SpeechOrder, values: dict[str, str]
) -> dict[str, Any]:
    parts = await _progress.together(
        _speak(context, account, order, part, values, f"{place}of{len(siblings)}")
        for siblings in (section.speech for section in order.script.sections)
        for place, part in enumerate(siblings, start=1)
    )
    if parts and all(part["error"] for part in parts):
        reasons = dict.fromkeys(f"section {part['name']!r}: {part['error']}" for part in parts)
        raise HttpError(failed_status(parts), "; ".join(reasons))
    return {"parts": parts, "seconds": sum(part["seconds"] for part in parts)}


async def _make(context: Context, account: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    """Speak once more what a document asks for."""
    script_id, version = doc["script_id"], doc["version"]
    script = await _scripts.find(context, account, script_id)
    if script is None:
        raise HttpError(404, f"scriptId {script_id!r} not found; it was deleted")
    order = read_order(
        Fields(doc["request"]),
        script_id,
        version,
        await _scripts.parsed(script, version),
        settings=context.settings,
    )
    return await _speak_all(context, account, order, doc["values"])


def reply_body(request: Request, speech: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of finished speech: an object for each part."""
    return {
        f"{speech['version']}|{part['name']}" if speech["version"] else str(part["name"]): part_json(
            request, speech, part
        )
        for part in speech["parts"]
    }


def part_json(request: Request, speech: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """Return the wire form of one part, made or failed."""
    known = {"created_at": speech["created_at"], "requestId": speech["request_id"]}
    if part["error"]:
        return {"message": part["error"], "status_code": str(failed_status([part])), **known}
    url = private_url(request, part["file"], part["label"])
    return {"message": "speech created", "status_code": "201", **known, "url": url}


async def _announce(context: Context, account: str, doc: Mapping[str, Any]) -> None:
    body = reply_body(request_for_links(context, doc["callback"]["base"]), doc)
    await announce(context, account, "speech", doc, body)


KIND = _progress.Kind(name="v1.speech", work="speech", make=_make, announce=_announce)
"""Speech for one listener."""


async def _speak(
    context: Context, account: str, order: SpeechOrder, part: SpeechPart, values: dict[str, str], place: str
) -> dict[str, Any]:
    """Speak one part, of *place* like ``1of2`` in its section; a failure does not stop the others."""
    label = f"{part.section}__$3ct10n~{place}"
    known = {"name": part.name, "section": part.section, "label": file_label(label, extension="wav")}
    delivery = order.deliveries[part.name]
    if order.uses_dictionary:
        words = await _diction.lexicon(context, account, delivery.voice)
        part, values = words.respell_part(part, values), {}
    try:
        spoken = await _voicing.speak(context, account, part, delivery, values)
    except WorkError as error:
        status = 422 if error.kind == "refused" else 500
        message = work_refusal(error).message
        return {**known, "file": None, "seconds": 0.0, "error": message, "status": status}
    return {**known, "file": spoken.file, "seconds": spoken.seconds, "error": None, "status": 201}


def _delivery(own: Fields, general: Fields) -> Delivery:
    """Read voice settings; what a section does not say, the call's general settings say."""
    voice = own.text("voice") or general.text("voice")
    speed = own.raw("speed") if own.raw("speed") is not None else general.raw("speed")
    effect = own.text("effect") or general.text("effect")
    padding_ms = _padding_ms(own)
    if padding_ms is None:
        padding_ms = _padding_ms(general)
    return _voicing.Delivery(
        voice=_voicing.voice_named(voice or None),
        speed=read_speed(speed),
        effect=_voicing.effect_named(effect),
        padding_s=(padding_ms or 0.0) / 1000.0,
    )


def _padding_ms(fields: Fields) -> float | None:
    high = _voicing.MAX_PADDING_S * 1000
    return fields.number("silencePadding", "silence_padding", low=0.0, high=high, unit="milliseconds")


def read_speed(value: Any) -> float:
    """Read a speed: a factor of 0.5 to 3, or a percentage of 50 to 300; as a number or a string."""
    if value is None:
        return 1.0
    problem = HttpError(
        400, f"speed must be a factor from 0.5 to 3 or a percentage from 50 to 300, got {shown(value)}"
    )
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise problem
    try:
        number = float(str(value).strip().removesuffix("%"))
    except ValueError:
        raise problem from None
    factor = number / 100.0 if number > _PERCENT_FROM else number
    low, high = _voicing.SPEED_RANGE
    if not low <= factor <= high:
        raise problem
    return factor
