"""Orchestrator and Pipeline: from text, or many scripts, to finished tracks in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator import _media, _progress, _templates, _voicing
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields, shown
from audiokit.emulator._http import HttpError, account_of, context_of
from audiokit.emulator._links import private_url
from audiokit.emulator._script import MAX_SCRIPT_CHARACTERS
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.apiaudio import _at_once, _mastering, _scripts
from audiokit.emulator.apiaudio._reply import reply

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_PATHS = {
    "/orchestrator/create_audio": "Make a track of scriptText, spoken by voice, over soundTemplate.",
    "/orchestrator/create_three_sections": "The same of introText, mainText and outroText.",
    "/orchestrator/media_with_sound": "Put the music of soundTemplate under the recording mediaId.",
}
_MOST_SCRIPTS = 50


async def create_audio(request: Request) -> Response:
    """Make a track of a text."""
    fields = Fields(await read_json(request))
    return await _track(request, fields, fields.required_text("scriptText", longest=MAX_SCRIPT_CHARACTERS))


async def create_three_sections(request: Request) -> Response:
    """Make a track of three texts; each plays the template's segment of its name, where there is one."""
    fields = Fields(await read_json(request))
    texts = {
        name: fields.required_text(f"{name}Text", longest=MAX_SCRIPT_CHARACTERS // 4)
        for name in ("intro", "main", "outro")
    }
    return await _track(
        request, fields, "\n".join(f"<<sectionName::{name}>> {text}" for name, text in texts.items())
    )


async def media_with_sound(request: Request) -> Response:
    """Put music under a recording."""
    fields = Fields(await read_json(request))
    media_id, template = fields.required_text("mediaId"), fields.required_text("soundTemplate")
    context, account = context_of(request), account_of(request)
    await _templates.require(context, account, template)
    await _media.bind(context, account, "recording", media_id)
    return await _mastered(
        request,
        fields,
        "<<media::recording>>",
        {"soundTemplate": template, "mediaFiles": [{"recording": media_id}]},
        voice=None,
    )


async def describe(_request: Request) -> Response:
    """Say what the orchestrator does."""
    return reply(
        {
            "description": "From text to a mastered track in one call.",
            "paths": {path: {"post": {"description": text}} for path, text in _PATHS.items()},
        }
    )


async def create_pipeline(request: Request) -> Response:
    """Speak or master several scripts for their fallback tracks."""
    fields = Fields(await read_json(request))
    kind = fields.choice("type", allowed=("mastering", "speech"), default="")
    if not kind:
        raise HttpError(400, "type is required: mastering or speech")
    scripts = fields.raw("scripts")
    is_list = isinstance(scripts, list) and all(isinstance(one, str) and one for one in scripts)
    if not is_list or not 0 < len(scripts) <= _MOST_SCRIPTS:
        raise fields.error("scripts", scripts, f"a list of 1 to {_MOST_SCRIPTS} script ids")
    voices = _each(fields, "voice", len(scripts))
    templates = _each(fields, "soundTemplate", len(scripts))
    if kind == "mastering" and None in templates:
        raise HttpError(400, "soundTemplate is required for type 'mastering'")
    if None in voices:
        raise HttpError(400, "voice is required: the alias of a voice, or a list of one for each script")
    context, account = context_of(request), account_of(request)
    for name in dict.fromkeys(voices):
        _voicing.voice_named(name)
    for name in dict.fromkeys(name for name in templates if name):
        await _templates.require(context, account, name)
    for script_id in scripts:
        if await _scripts.find(context, account, script_id) is None:
            raise HttpError(404, f"scriptId {script_id!r} not found; create the script first")

    async def one(script_id: str, voice: str | None, template: str | None) -> dict[str, Any]:
        speech = await _at_once.speak(context, account, script_id, voice or "")
        made: dict[str, Any] = {"scriptId": script_id, "voice": voice}
        if kind == "speech":
            parts = speech["parts"]
            return {**made, "urls": {p["name"]: private_url(request, p["file"], p["label"]) for p in parts}}
        body = {"soundTemplate": template}
        track, warnings = await _at_once.master(request, context, account, script_id, body)
        url = next(iter(_mastering.urls_of(request, track).values()))
        return {**made, "soundTemplate": template, "url": url, "warnings": "; ".join(warnings)}

    results = await _progress.together(
        one(*wanted) for wanted in zip(scripts, voices, templates, strict=True)
    )
    body = {"message": f"{kind} of {len(results)} scripts created", "results": results}
    return reply(body, warnings=unknown_fields(fields))


async def _track(request: Request, fields: Fields, text: str) -> Response:
    voice = fields.required_text("voice")
    _voicing.voice_named(voice)
    template = fields.text("soundTemplate")
    if template:
        await _templates.require(context_of(request), account_of(request), template)
    return await _mastered(
        request, fields, text, {"soundTemplate": template} if template else {}, voice=voice
    )


async def _mastered(
    request: Request, fields: Fields, text: str, body: dict[str, Any], *, voice: str | None
) -> Response:
    """Make a script of the text, speak it if it has words, and master it."""
    context, account = context_of(request), account_of(request)
    doc = await _scripts.save(context, account, Fields({"scriptText": text}))
    script_id = doc["scriptId"]
    if voice is not None:
        await _at_once.speak(context, account, script_id, voice)
    track, warnings = await _at_once.master(request, context, account, script_id, body)
    url = next(iter(_mastering.urls_of(request, track).values()))
    told = [*warnings, *unknown_fields(fields)]
    return reply(
        {"message": "mastered track created", "url": url, "warnings": "; ".join(told), "scriptId": script_id}
    )


def _each(fields: Fields, name: str, count: int) -> list[str | None]:
    """Read one text for all scripts, or a list of one for each."""
    value = fields.raw(name)
    if value is None:
        return [None] * count
    values = [value] * count if isinstance(value, str) else value
    if not isinstance(values, list) or len(values) != count or not all(isinstance(v, str) for v in values):
        raise HttpError(
            400, f"{name} must be a text, or a list of {count} (one a script), got {shown(value)}"
        )
    return [*values]
