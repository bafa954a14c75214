"""Folders: where an account's files are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields, shown
from audiokit.emulator._http import HttpError, JSONReply, account_of, context_of
from audiokit.emulator.audiostack import _library
from audiokit.emulator.audiostack._odata import matching, ordered

if TYPE_CHECKING:
    from starlette.requests import Request

_LARGEST_PAGE = 1000


async def find(request: Request) -> Response:
    """Look into the folder at a path, or into the root."""
    path = request.query_params.get("path", "")
    here = await _library.folder_at(context_of(request), account_of(request), path)
    return await _contents(request, here["folderId"])


async def retrieve(request: Request) -> Response:
    """Look into a folder."""
    return await _contents(request, request.path_params["folderId"])


async def create(request: Request) -> Response:
    """Make a folder in another, or in the root."""
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    name = _name(fields)
    parent = fields.text("parent_folder_id") or _library.root_id(context, account)
    fields.refuse_unknown()
    return JSONReply(await _library.create_folder(context, account, name, parent))


async def patch(request: Request) -> Response:
    """Rename a folder."""
    fields = Fields(await read_json(request))
    name = _name(fields)
    fields.refuse_unknown()
    folder_id = request.path_params["folderId"]
    return JSONReply(await _library.rename_folder(context_of(request), account_of(request), folder_id, name))


async def delete(request: Request) -> Response:
    """Delete a folder with all that is in it."""
    folder_id = request.path_params["folderId"]
    await _library.delete_folder(context_of(request), account_of(request), folder_id)
    return Response(status_code=204)


async def list_files(request: Request) -> Response:
    """List the files of a folder: filtered, sorted, a page at a time."""
    context, account, query = context_of(request), account_of(request), request.query_params
    folder = await _library.folder(context, account, request.path_params["folderId"])
    limit = _whole(query.get("limit"), "limit", _LARGEST_PAGE, low=1, high=_LARGEST_PAGE)
    offset = _whole(query.get("offset"), "offset", 0, low=0, high=10**9)
    files = await _files(request, folder["folderId"])
    files = ordered(matching(files, query.get("$filter", "")), query.get("$orderBy", ""))
    return _listed(files[offset : offset + limit], limit=limit, offset=offset)


async def _contents(request: Request, folder_id: str) -> Response:
    context, account = context_of(request), account_of(request)
    chain = await _library.chain(context, account, folder_id)
    data = {
        "folders": (await _library.subfolders(context, account, folder_id))[:_LARGEST_PAGE],
        "files": (await _files(request, folder_id))[:_LARGEST_PAGE],
        "currentPathChain": chain,
    }
    return _listed(data, limit=_LARGEST_PAGE, offset=0)


async def _files(request: Request, folder_id: str) -> list[dict[str, Any]]:
    context, account = context_of(request), account_of(request)
    docs = await _library.files_in(context, account, folder_id)
    return [_library.file_json(request, context, account, doc) for doc in docs]


def _listed(data: object, *, limit: int, offset: int) -> Response:
    return JSONReply({"data": data, "pagination": {"limit": limit, "offset": offset}})


def _name(fields: Fields) -> str:
    name = fields.required_text("folder_name", longest=_library.NAME_LENGTH).strip()
    if "/" in name or not name.isprintable():
        raise fields.error("folder_name", name, "printable and without '/'")
    return name


def _whole(text: str | None, name: str, default: int, *, low: int, high: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and low <= int(text) <= high):
        raise HttpError(
            400, f"query parameter {name} must be a whole number from {low} to {high}, got {shown(text)}"
        )
    return int(text)
