"""Script: the text to be produced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.emulator import _diction
from audiokit.emulator._body import read_json
from audiokit.emulator._catalogue import SPEECH_VOICES
from audiokit.emulator._fields import Fields, query_flag
from audiokit.emulator._http import HttpError, account_of, context_of
from audiokit.emulator._off_loop import off_loop
from audiokit.emulator._voicing import voice_named
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.apiaudio import _scripts
from audiokit.emulator.apiaudio._reply import reply

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._catalogue import SpeechVoice

_LONGEST_LIST = 1000


async def create(request: Request) -> Response:
    """Make a script or write over the one with this id."""
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    doc = await _scripts.save(context, account, fields)
    version = fields.text("version", default=_scripts.BASE_VERSION)
    return reply(await _scripts.as_json(context, account, doc, version), warnings=unknown_fields(fields))


async def retrieve(request: Request) -> Response:
    """Read one version of a script; a preview has the words that a voice would say instead."""
    context, account = context_of(request), account_of(request)
    script_id = request.path_params["scriptId"]
    doc = await _scripts.find(context, account, script_id)
    if doc is None:
        raise HttpError(404, f"scriptId {script_id!r} not found")
    body = await _scripts.as_json(context, account, doc, request.query_params.get("version", ""))
    if query_flag(request.query_params.get("preview"), name="preview"):
        query = request.query_params
        voice = _voice_for(query.get("voice"), query.get("lang"))
        words, text = await _diction.lexicon(context, account, voice), body["scriptText"]
        body["scriptText"], body["wordsNotInDict"] = await off_loop(
            lambda: words.respell_script(text), characters=len(text)
        )
    return reply(body)


async def find(request: Request) -> Response:
    """List scripts, narrowed by the three names and the id."""
    query = request.query_params
    wanted = {
        key: query[key] for key in ("projectName", "moduleName", "scriptName", "scriptId") if query.get(key)
    }
    verbose = query_flag(query.get("verbose", "true"), name="verbose")
    context, account = context_of(request), account_of(request)
    found = [
        doc
        for doc in await _scripts.find_all(context, account)
        if all(doc[key] == value for key, value in wanted.items())
    ][:_LONGEST_LIST]
    if verbose:
        scripts = [
            await _scripts.as_json(context, account, doc, _scripts.first_version(doc)) for doc in found
        ]
        return reply({"scripts": scripts})
    keys = ("projectName", "moduleName", "scriptName", "scriptId")
    return reply({"scripts": [{key: doc[key] for key in keys} for doc in found]})


async def delete(request: Request) -> Response:
    """Delete a script, or the version in path or query."""
    script_id = request.path_params["scriptId"]
    version = request.path_params.get("version") or request.query_params.get("version") or None
    await _scripts.delete(context_of(request), account_of(request), script_id, version)
    return reply({"message": f"deleted script {script_id}"})


def _voice_for(name: str | None, lang: str | None) -> SpeechVoice:
    """Return the voice of a preview: the named one, else the first that speaks a language."""
    if name or not lang:
        return voice_named(name or None)
    for voice in SPEECH_VOICES:
        if voice.language_code.lower().startswith(lang.strip().lower()):
            return voice
    raise HttpError(400, f"query parameter lang {lang!r} is the language of no voice; give a code like 'en'")
