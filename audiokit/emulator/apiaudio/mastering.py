"""Mastering: speech, recordings and music as one finished track."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import Response

from audiokit.emulator import _progress
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields, query_flag
from audiokit.emulator._http import MEDIA_TYPES, HttpError, account_of, context_of, open_access
from audiokit.emulator._links import absolute_url, public_url
from audiokit.emulator._order import PRESETS, Preset
from audiokit.emulator._production import loudness_warnings
from audiokit.emulator.apiaudio import _mastering, _scripts, _timeline_order
from audiokit.emulator.apiaudio._at_once import LONGEST_S
from audiokit.emulator.apiaudio._listeners import asks_with_its_order, newest_of_call, used_values
from audiokit.emulator.apiaudio._mastering_order import DEFAULT_FORMAT, read_formats, read_order
from audiokit.emulator.apiaudio._reply import reply
from audiokit.emulator.apiaudio._timeline_order import read_timeline
from audiokit.emulator.apiaudio._vast import vast_xml
from audiokit.emulator.apiaudio._webhook import base_of, callback_of

if TYPE_CHECKING:
    from starlette.requests import Request

_RESERVED = {"scriptId", "version", "public", "vast", "endFormat", "requestId"}


async def create(request: Request) -> Response:
    """Master a script for each listener; replies for the first one, in the first format."""
    context, account = context_of(request), account_of(request)
    order = await read_order(context, account, Fields(await read_json(request)))
    callback = callback_of(request, order.callback_url)
    hold_s = context.settings.hold_s
    tracks = await _mastering.start(
        context, account, order, hold_s=hold_s, callback=callback, base=base_of(request)
    )
    for track in tracks:
        _progress.raise_if_failed(track)
    if any(track["state"] == "processing" for track in tracks):
        body = {
            "message": "the master is being rendered; ask again with GET",
            "requestId": tracks[0]["request_id"],
        }
        return reply(body, status=202, warnings=order.warnings)
    urls = _mastering.urls_of(request, tracks[0])
    warnings = [*order.warnings, *loudness_warnings(tracks[0]["files"])]
    body = {
        "message": "mastered track created",
        "url": urls[order.formats[0]],
        "urls": urls,
        "warnings": "; ".join(warnings),
        "requestId": tracks[0]["request_id"],
    }
    if order.is_shared:
        body["shareUrl"] = urls[order.formats[0]]
    if tracks[0]["connection"]:
        body["connectionId"] = tracks[0]["connection"]["id"]
    return reply(body)


async def create_media_timeline(request: Request) -> Response:
    """Master recordings that stand on tracks; replies when it is done."""
    context, account = context_of(request), account_of(request)
    order = await read_timeline(context, account, Fields(await read_json(request)))
    doc = await _timeline_order.start(context, account, order, hold_s=LONGEST_S)
    _progress.raise_if_failed(doc)
    if doc["state"] == "processing":
        raise HttpError(422, f"the timeline was not rendered within {LONGEST_S:g} s; make it shorter")
    urls = _mastering.urls_of(request, doc)
    return reply(
        {
            "message": "media timeline created",
            "url": urls[order.formats[0]],
            "urls": urls,
            "warnings": "; ".join([*order.warnings, *loudness_warnings(doc["files"])]),
        }
    )


async def retrieve(request: Request) -> Response:
    """Find a master by script, version, listener, visibility and format."""
    context, account, query = context_of(request), account_of(request), request.query_params
    script_id = query.get("scriptId", "")
    if not script_id:
        raise HttpError(400, "scriptId is required")
    is_public = query_flag(query.get("public"), name="public")
    is_vast = query_flag(query.get("vast"), name="vast")
    if is_vast and not is_public:
        raise HttpError(400, "vast=true works only together with public=true; set both or neither")
    formats = read_formats([name for name in query.getlist("endFormat") if name] or None)
    doc = await _scripts.find(context, account, script_id)
    if doc is None:
        raise HttpError(404, f"scriptId {script_id!r} not found")
    version = _scripts.version_name(doc, query.get("version", ""))
    listener = {name: value for name, value in query.items() if name not in _RESERVED}
    script = await _scripts.parsed(doc, version)
    values = used_values(script, listener)
    track = await _mastering.find(
        context,
        account,
        script_id=script_id,
        version=version,
        values=values,
        is_public=is_public,
        formats=formats,
        request_id=query.get("requestId"),
    )
    if track is None and asks_with_its_order(query, script):
        track = await newest_of_call(context, _mastering.KIND.name, account, script_id)
    if track is None:
        wanted = ", ".join(formats) or "any format"
        raise HttpError(
            404,
            f"no {'public' if is_public else 'private'} master of script {script_id!r} in {wanted} "
            f"for {values or 'the fallback track'}; create it with POST /mastering",
        )
    if track["state"] == "processing":
        return reply(
            {"message": "the master is being rendered", "requestId": track["request_id"]}, status=202
        )
    _progress.raise_if_failed(track)
    urls = _mastering.urls_of(request, track)
    first = formats[0] if formats else DEFAULT_FORMAT if DEFAULT_FORMAT in urls else next(iter(urls))
    if is_vast and not track["vast"]:
        raise HttpError(
            404, "this master was made without vast=true; POST /mastering again with vast and public"
        )
    url = _vast_url(request, track) if is_vast else urls[first]
    body = {"script": script_id, "version": version or _scripts.BASE_VERSION, "url": url, "urls": urls}
    return reply(body, warnings=loudness_warnings(track["files"]))


@open_access
async def serve_vast(request: Request) -> Response:
    """Send the VAST document of a public master."""
    track_id = request.path_params["track_id"]
    doc = await _mastering.vast_document(context_of(request), track_id)
    if doc is None:
        raise HttpError(404, "no public VAST document has this link")
    files = [
        (
            public_url(request, file["file"], f"track.{file['extension']}"),
            file["extension"],
            file["seconds"],
            file["size_bytes"],
        )
        for file in doc["files"]
    ]
    impression = absolute_url(request, f"/public/vast/{quote(track_id)}/impression")
    body = vast_xml(title=doc["title"], track_id=track_id, impression=impression, files=files)
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": 'attachment; filename="vast.xml"',
    }
    return Response(body, media_type=MEDIA_TYPES["xml"], headers=headers)


@open_access
async def count_impression(request: Request) -> Response:
    """Take a player's word that an ad has begun; the calls are counted, as all are."""
    if await _mastering.vast_document(context_of(request), request.path_params["track_id"]) is None:
        raise HttpError(404, "no public VAST document has this link")
    return Response(status_code=204)


async def list_presets(_request: Request) -> Response:
    """List the mastering presets that are rendered."""
    return reply({"presets": [{"name": name, "description": _describe(p)} for name, p in PRESETS.items()]})


def _describe(preset: Preset) -> str:
    return f"music at {preset.music_lufs:g} LUFS, {-preset.duck_db:g} dB lower under speech"


def _vast_url(request: Request, track: dict[str, Any]) -> str:
    return absolute_url(request, f"/public/vast/{track['id']}/{quote(track['label'], safe='~')}.xml")
