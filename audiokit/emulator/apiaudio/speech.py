"""Speech: the script's words as wav files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator import _progress
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import HttpError, account_of, context_of
from audiokit.emulator._links import private_url
from audiokit.emulator._recall import remembering
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.apiaudio import _scripts, _speech
from audiokit.emulator.apiaudio._listeners import asks_with_its_order, newest_of_call, used_values
from audiokit.emulator.apiaudio._reply import reply
from audiokit.emulator.apiaudio._webhook import callback_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_RESERVED = {"scriptId", "version", "requestId", "section"}


async def create(request: Request) -> Response:
    """Speak every section of a script for each listener; replies for the first one."""
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    script_id, wanted = fields.required_text("scriptId"), fields.text("version")
    with remembering() as seen:
        doc = await _scripts.find(context, account, script_id)
    if doc is None:
        raise HttpError(404, f"scriptId {script_id!r} not found; create the script first")
    version = _scripts.version_name(doc, wanted)
    script = await _scripts.parsed(doc, version)
    order = _speech.read_order(fields, script_id, version, script, settings=context.settings)
    hold_s = context.settings.hold_s if fields.flag("sync", default=True) else 0.0
    warnings = [*order.warnings, *unknown_fields(fields)]
    callback = callback_of(request, order.callback_url)
    made = await _speech.start(context, account, order, hold_s=hold_s, callback=callback, seen=seen)
    for speech in made:
        _progress.raise_if_failed(speech)
    if any(speech["state"] == "processing" for speech in made) or not fields.flag("sync", default=True):
        body = {"message": "speech is being made; ask again with GET", "requestId": made[0]["request_id"]}
        return reply(body, status=202, warnings=warnings)
    return reply(_speech.reply_body(request, made[0]), warnings=warnings)


async def retrieve(request: Request) -> Response:
    """Give the links of finished speech, by script and listener or by request."""
    context, account = context_of(request), account_of(request)
    query = dict(request.query_params)
    script_id, request_id = query.get("scriptId", ""), query.get("requestId", "")
    if not script_id and not request_id:
        raise HttpError(400, "scriptId or requestId is required")
    speech = None
    for candidate in filter(None, (request_id, script_id)):  # the two are interchangeable
        speech = speech or await _speech.of_request(context, account, candidate)
    if speech is None:
        speech = await _by_identity(request, script_id or request_id, query)
    if speech["state"] == "processing":
        return reply({"message": "speech is still being made", "requestId": speech["request_id"]}, status=202)
    _progress.raise_if_failed(speech)
    parts = [
        part for part in speech["parts"] if query.get("section") in {None, "", part["name"], part["section"]}
    ]
    if not parts:
        raise HttpError(404, f"section {query.get('section')!r} has no speech")
    if failed := [part for part in parts if part["error"]]:
        errors = [f"section {part['name']!r}: {part['error']}" for part in failed]
        body = {part["name"]: _speech.part_json(request, speech, part) for part in failed}
        raise HttpError(_speech.failed_status(failed), errors[0], body={**body, "errors": errors})
    return reply({part["name"]: private_url(request, part["file"], part["label"]) for part in parts})


async def _by_identity(request: Request, script_id: str, query: dict[str, str]) -> dict[str, Any]:
    context, account = context_of(request), account_of(request)
    doc = await _scripts.find(context, account, script_id)
    if doc is None:
        raise HttpError(404, f"scriptId {script_id!r} not found")
    version = _scripts.version_name(doc, query.get("version", ""))
    listener = {name: value for name, value in query.items() if name not in _RESERVED}
    script = await _scripts.parsed(doc, version)
    values = used_values(script, listener)
    speech = await _speech.latest(context, account, script_id=script_id, version=version, values=values)
    if speech is None and asks_with_its_order(query, script):
        speech = await newest_of_call(context, _speech.KIND.name, account, script_id)
    if speech is None:
        whom = f"for {values}" if values else "for the fallback track"
        raise HttpError(404, f"script {script_id!r} has no speech {whom}; create it with POST /speech")
    return speech
