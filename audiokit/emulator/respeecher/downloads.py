"""Files by their gateway path: recordings, waveform pictures and peaks, samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._fields import shown
from audiokit.emulator._http import HttpError, JSONReply, account_of, context_of, file_reply, work_refusal
from audiokit.emulator._store import MissingDocumentError
from audiokit.emulator._work import WorkError
from audiokit.emulator.respeecher._processing import FILES_URL, WAVEFORM_NAME
from audiokit.emulator.respeecher._samples import SAMPLES_URL, sample_file

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_FILES = tuple(FILES_URL.split("/")[2:])
_PEAKS_NAME = "peaks.json"
_SAMPLES = tuple(SAMPLES_URL.split("/")[2:])


async def download(request: Request) -> Response:
    """Send the file that a recording's ``url`` or ``waveform_url`` names."""
    wanted = request.path_params["file_url"]
    parts = tuple(wanted.split("/"))
    if parts[: len(_FILES)] == _FILES and len(parts) == len(_FILES) + 2:
        return await _recording(request, *parts[-2:])
    if parts[: len(_SAMPLES)] == _SAMPLES and len(parts) == len(_SAMPLES) + 2:
        return await _sample(request, *parts[-2:])
    raise _nothing(wanted)


async def peaks(request: Request) -> Response:
    """Send the outline of a finished recording as numbers (JSON of audiowaveform, version 2)."""
    context = context_of(request)
    recording = await _finished(request, request.path_params["recording_id"], _PEAKS_NAME)
    path = context.files.path(recording["_file_id"])
    try:
        return JSONReply(await context.work.run("peaks", path=str(path)))
    except WorkError as error:
        raise work_refusal(error) from error


async def _finished(request: Request, recording_id: str, name: str) -> dict[str, Any]:
    """Return the recording whose file *name* is wanted."""
    recording = await context_of(request).store.get("recording", recording_id, account=account_of(request))
    if recording is None or recording["state"] != "done":
        raise _nothing(f"{recording_id}/{name}")
    return recording


async def _recording(request: Request, recording_id: str, name: str) -> Response:
    context, recording = context_of(request), await _finished(request, recording_id, name)
    if name == WAVEFORM_NAME and recording["_waveform_id"] is not None:
        file_id = recording["_waveform_id"]
    elif name == recording["file_name"]:
        file_id = recording["_file_id"]
        await _count(request, recording_id)
    else:
        raise _nothing(f"{recording_id}/{name}")
    return file_reply(context.files.path(file_id), name=name, file_id=file_id)


async def _count(request: Request, recording_id: str) -> None:
    """Count a download; pieces of one (Range) and HEAD do not count."""
    if request.method != "GET" or "range" in request.headers:
        return
    try:
        await context_of(request).store.modify(
            "recording",
            recording_id,
            lambda doc: {**doc, "listen_count": doc["listen_count"] + 1},
            account=account_of(request),
        )
    except MissingDocumentError:  # deleted this moment; the file is still there
        return


async def _sample(request: Request, kind: str, name: str) -> Response:
    context = context_of(request)
    file_id = await sample_file(context, account_of(request), kind, name.removesuffix(".wav"))
    if file_id is None:
        raise _nothing(f"{kind}/{name}")
    return file_reply(context.files.path(file_id), name="sample.wav", file_id=file_id)


def _nothing(wanted: str) -> HttpError:
    return HttpError(
        404, f"no file at {shown(wanted)}; use the url or waveform_url of a finished recording as it is"
    )


routes = [
    Route(f"{FILES_URL}/{{recording_id}}/{_PEAKS_NAME}", peaks, methods=["GET"], name="recordings.peaks"),
    Route("/api/{file_url:path}", download, methods=["GET"], name="recordings.download"),
]
