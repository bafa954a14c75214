"""Birdcache: a short text produced ahead for every combination of its values."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING, Any

import orjson

from audiokit.emulator import _markup_v1, _production, _progress, _templates, _voicing
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields, shown
from audiokit.emulator._http import HttpError, account_of, context_of
from audiokit.emulator._links import private_url
from audiokit.emulator._order import Order
from audiokit.emulator._script import ScriptError, fill
from audiokit.emulator._submissions import submission
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.apiaudio._reply import reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._context import Context
    from audiokit.emulator._script import Script
    from audiokit.emulator._templates import Template

_KINDS = ("speech", "mastering", "sync_tts")
_MOST = 100
_LONGEST = 2000


async def create(request: Request) -> Response:
    """Start what is not there yet; say of every combination whether it is ready, and where."""
    try:
        return await _create(request)
    except HttpError as error:  # this resource has an error shape of its own
        raise HttpError(error.status, error.message, body=error.body or {"error": error.message}) from error


async def _create(request: Request) -> Response:
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    kind = fields.choice("type", allowed=_KINDS, default="")
    if not kind:
        raise HttpError(400, f"type is required: one of {', '.join(_KINDS)}")
    text = fields.required_text("text", longest=_LONGEST)
    voice = fields.required_text("voice")
    _voicing.voice_named(voice)
    template = fields.text("soundTemplate")
    if kind == "mastering":
        if not template:
            raise HttpError(400, "soundTemplate is required for type 'mastering'")
        await _templates.require(context, account, template)  # before anything is begun
    script = _parse(text)
    bodies = [
        {"type": kind, "text": said, "voice": voice, "soundTemplate": template, "values": values}
        for said, values in _combinations(script, _audience(fields)).items()
    ]
    docs = await _progress.together(_one(context, account, {**body, "template": text}) for body in bodies)
    items = [
        {
            "text": doc["text"],
            "ready": doc["state"] == "done",
            "url": private_url(request, doc["file"], doc["label"]) if doc["state"] == "done" else None,
            "hashed": doc["id"],
        }
        for doc in docs
    ]
    return reply(items, warnings=unknown_fields(fields))


def _parse(text: str) -> Script:
    try:
        script = _markup_v1.parse(text)
    except ScriptError as error:
        raise HttpError(400, f"text: {error}") from None
    if len(script.sections) != 1 or len(script.sections[0].parts) != 1 or not script.speech:
        raise HttpError(400, "text takes words and parameters only: no sections, media or effects")
    return script


def _audience(fields: Fields) -> dict[str, list[str]]:
    audience = fields.mapping("audience")
    for name, values in audience.items():
        if not isinstance(values, list) or not values or not all(isinstance(one, str) for one in values):
            raise HttpError(400, f"audience.{name} must be a list of one text or more, got {shown(values)}")
    return audience


def _combinations(script: Script, audience: Mapping[str, list[str]]) -> dict[str, dict[str, str]]:
    """Return every text that can come out, with the values that make it; the first is the fallback."""
    known = {name.casefold() for name in script.parameters}
    names = [name for name in audience if name.casefold() in known]
    count = 1
    for name in names:
        count *= len(audience[name])
        if count > _MOST:
            raise HttpError(400, f"audience makes more than {_MOST} combinations; give fewer values")
    texts: dict[str, dict[str, str]] = {}
    for choice in itertools.product(*(audience[name] for name in names)):
        values = dict(zip(names, choice, strict=True))
        try:
            part = fill(script.speech[0], values)
        except ScriptError as error:
            raise HttpError(400, str(error)) from None
        said = "".join(getattr(item, "text", " ") for item in part.items).strip()
        texts.setdefault(said, values)
    return texts


async def _one(context: Context, account: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the document of one combination; begin it when it is new, or has failed before."""
    key = hashlib.sha256(orjson.dumps([body[name] for name in ("type", "text", "voice", "soundTemplate")]))
    id_ = key.hexdigest()[:32]
    known = await _progress.current(context, KIND, id_, account=account)
    if known is not None and known["state"] != "failed":
        return known
    doc = {"text": body["text"], "label": "speech.wav" if body["type"] != "mastering" else "track.mp3"}
    made = await _progress.begin_with(
        context,
        KIND,
        id_,
        {**doc, "file": None},
        reads=lambda: _template(context, account, body),
        request=body,
        record=submission("apiaudio", "Birdcache.create", id_, label=body["voice"]),
        account=account,
        parent=body["type"],
        hold_s=context.settings.hold_s,
    )
    _progress.raise_if_failed(made)
    return made


async def _template(context: Context, account: str, body: Mapping[str, Any]) -> Template | None:
    """Return the template that a combination is mastered with."""
    if body["type"] != "mastering":
        return None
    return await _templates.require(context, account, body["soundTemplate"])


async def _make(context: Context, account: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    body = doc["request"]
    script = _parse(body["template"])
    [part] = script.speech
    delivery = _voicing.Delivery(voice=_voicing.voice_named(body["voice"]))
    spoken = await _voicing.speak(context, account, part, delivery, body["values"])
    if body["type"] != "mastering":
        return {"file": spoken.file, "seconds": spoken.seconds}
    order = Order(
        account=account,
        script=script,
        speech={part.name: (spoken.file, spoken.seconds)},
        template=await _template(context, account, body),
    )
    _production.check(order)
    [output] = await _production.produce(context, order, ["mp3"])
    return {"file": output.file, "seconds": output.seconds}


KIND = _progress.Kind(name="v1.birdcache", work="speech", make=_make)
"""One combination."""
