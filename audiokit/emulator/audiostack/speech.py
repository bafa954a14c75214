"""Speech.TTS: the script's words as wav files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator import _progress
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields, query_flag
from audiokit.emulator._http import HttpError, account_of, context_of
from audiokit.emulator._links import FILE_KIND, forget_links, send_file
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.audiostack import _speech
from audiokit.emulator.audiostack._envelope import envelope
from audiokit.emulator.audiostack._pages import of_scripts, page_of
from audiokit.emulator.audiostack._urls import file_url

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def create(request: Request) -> Response:
    """Speak a script."""
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    order = await _speech.read_order(context, account, fields)
    is_sync = fields.flag("sync", default=True)
    warnings = [*order.warnings, *unknown_fields(fields)]
    hold_s = context.settings.hold_s if is_sync else 0.0
    speech, cost = await _speech.start(context, account, order, hold_s=hold_s)
    return await reply(request, speech, cost=cost, warnings=warnings)


async def retrieve(request: Request) -> Response:
    """Read speech by its id: 202 while it is being made."""
    speech = await require(request, request.path_params["speechId"])
    is_public = query_flag(request.query_params.get("public"), name="public")
    if is_public and not speech["public"]:
        raise HttpError(404, f"speechId {speech['id']!r} is not public; create speech with public=true")
    return await reply(request, speech)


async def find(request: Request) -> Response:
    """List speech, of one script or of scripts with some names when asked for."""
    context, account, query = context_of(request), account_of(request), request.query_params
    docs = await context.store.find(_speech.KIND.name, account=account, parent=query.get("scriptId") or None)
    docs, more = page_of(request, await of_scripts(request, context, account, docs))
    items = [_data(request, doc) for doc in docs]
    if not query_flag(query.get("verbose", "true"), name="verbose"):
        items = [{name: item[name] for name in ("speechId", "scriptId")} for item in items]
    return await envelope(request, {"speechIds": items, **more}, message=f"{len(items)} found")


async def delete(request: Request) -> Response:
    """Forget speech."""
    speech = await require(request, request.path_params["speechId"])
    context = context_of(request)
    await context.store.delete(_speech.KIND.name, speech["id"], account=account_of(request))
    await forget_links(context, (part["file"] for part in speech["parts"]))
    return await envelope(request, {}, message="speech deleted")


async def serve_file(request: Request) -> Response:
    """Send a file of the account."""
    file_id = request.path_params["file_id"]
    if await context_of(request).store.get(FILE_KIND, file_id, account=account_of(request)) is None:
        raise HttpError(404, "no file of this account has this link")
    return await send_file(request)


async def require(request: Request, speech_id: str) -> dict[str, Any]:
    """Return the document of speech.

    Raises:
        HttpError: 404, no such speech.
    """
    speech = await _progress.current(
        context_of(request), _speech.KIND, speech_id, account=account_of(request)
    )
    if speech is None:
        raise HttpError(404, f"speechId {speech_id!r} not found; create speech first")
    return speech


async def reply(
    request: Request, speech: dict[str, Any], *, cost: float = 0.0, warnings: list[str] | None = None
) -> Response:
    """Answer with speech, done or under way.

    Raises:
        HttpError: It failed.
    """
    _progress.raise_if_failed(speech)
    is_done = speech["state"] == "done"
    return await envelope(
        request,
        _data(request, speech),
        message="speech created" if is_done else "speech is being made; ask again with its id",
        status=200 if is_done else 202,
        credits_used=cost,
        warnings=warnings or [],
    )


def _data(request: Request, speech: dict[str, Any]) -> dict[str, Any]:
    sections = [
        {
            "sectionName": part["name"],
            "audience": speech["audience"],
            "url": file_url(request, part["file"], part["label"], is_public=speech["public"]),
        }
        for part in speech["parts"]
    ]
    return {"speechId": speech["id"], "scriptId": speech["script_id"], "sections": sections}
