"""Speech.STS: a recording, said again in another voice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator import _progress, _voicing
from audiokit.emulator._body import read_json
from audiokit.emulator._catalogue import SPEECH_VOICES
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import HttpError, account_of, context_of, safe_name
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.audiostack import _library, _pipelines
from audiokit.emulator.audiostack._envelope import envelope
from audiokit.emulator.audiostack.voices import voice_json

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_LISTED = ("provider", "alias", "language", "languageCode")


async def list_voices(request: Request) -> Response:
    """List the voices: their pitch is taken over, their language is not."""
    voices = [{name: voice_json(voice)[name] for name in _LISTED} for voice in SPEECH_VOICES]
    return await envelope(request, {"voices": voices}, message=f"{len(voices)} voices")


async def create(request: Request) -> Response:
    """Have a recording said again in the pitch of a voice; the result is a new file."""
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    voice = _voicing.voice_named(fields.required_text("alias"))
    doc = await _library.uploaded(context, account, fields.required_text("fileId"))
    folder, _, name = fields.text("newFilePath", longest=1000).strip().rpartition("/")
    folder_id = doc.get("folder_id")
    if folder:
        folder_id = (await _library.folder_at(context, account, folder))["folderId"]
    stem = doc["filename"].rpartition(".")[0] or doc["filename"]
    order = {
        "work": _pipelines.STS,
        "file_id": doc["id"],
        "alias": voice.alias,
        "name": safe_name(name or f"{stem} as {voice.alias}.wav"),
        "folder_id": folder_id,
    }
    made = await _pipelines.start(
        context, account, order, operation="Speech.STS.create", hold_s=context.settings.hold_s
    )
    return await _reply(request, made, unknown_fields(fields))


async def retrieve(request: Request) -> Response:
    """Read how far it is: the status inside the answer tells, as the service's clients expect."""
    pipeline_id = request.path_params["pipelineId"]
    doc = await _progress.current(
        context_of(request), _pipelines.KIND, pipeline_id, account=account_of(request)
    )
    if doc is None or doc["work"] != _pipelines.STS:
        raise HttpError(404, f"pipelineId {pipeline_id!r} not found")
    return await _reply(request, doc, [])


async def _reply(request: Request, doc: dict[str, Any], warnings: list[str]) -> Response:
    data = _pipelines.data_of(doc)
    is_running = data["status"] == 202
    return await envelope(
        request,
        data,
        message="being converted; ask again" if is_running else data.get("message", "converted"),
        status=202 if is_running else 200,
        warnings=warnings,
    )
