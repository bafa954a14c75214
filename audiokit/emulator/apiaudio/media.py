"""Media: recordings of the account's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.emulator import _media
from audiokit.emulator._fields import query_flag
from audiokit.emulator._http import HttpError, account_of, context_of
from audiokit.emulator._links import file_label, private_url
from audiokit.emulator.apiaudio._reply import reply, words

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def upload_url(request: Request) -> Response:
    """Announce a recording: give its id and the URL for its bytes."""
    name = request.query_params.get("filename", "")
    if not name.strip():
        raise HttpError(400, "query parameter filename is required: the base name of the file")
    tags = ",".join(request.query_params.getlist("tags")).split(",")
    return reply(await _media.announce(request, account_of(request), file_name=name, tags=tags))


async def find(request: Request) -> Response:
    """List recordings, by id or by tags; an unknown id gives an empty object."""
    query, context, account = request.query_params, context_of(request), account_of(request)
    with_link = query.get("target", "").lower() == "download"
    if query_flag(query.get("public"), name="public"):
        return reply({"savedAudioFiles": [], "totalCount": 0})  # the emulator brings no recordings of its own
    docs = await _media.find_all(context, account)
    if media_id := query.get("mediaId"):
        docs = [doc for doc in docs if doc["id"] == media_id]
        if not docs:
            return reply({})
    elif tags := words(query, "tags"):
        docs = [doc for doc in docs if set(tags) <= {tag.lower() for tag in doc["tags"]}]
    items = []
    for doc in docs:
        item = {"filename": doc["filename"], "tags": doc["tags"], "mediaId": doc["id"]}
        if with_link and doc["file"]:
            name = file_label(doc["filename"].rpartition(".")[0] or doc["filename"], extension=doc["format"])
            item["downloadUrl"] = private_url(request, doc["file"], name)
        items.append(item)
    return reply({"savedAudioFiles": items, "totalCount": len(items)})


async def list_tags(request: Request) -> Response:
    """List every tag in use."""
    docs = await _media.find_all(context_of(request), account_of(request))
    return reply({"uniqueTags": sorted({tag for doc in docs for tag in doc["tags"]})})


async def delete(request: Request) -> Response:
    """Forget a recording."""
    media_id = request.query_params.get("mediaId", "")
    if not await _media.delete(context_of(request), account_of(request), media_id):
        raise HttpError(404, f"mediaId {media_id!r} not found")
    return reply({"message": f"deleted media {media_id}"})
