"""Files: what an account keeps."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from audiokit.emulator import _media
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import HttpError, JSONReply, account_of, context_of, open_access, safe_name
from audiokit.emulator._links import send
from audiokit.emulator.audiostack import _library

if TYPE_CHECKING:
    from starlette.requests import Request


async def create(request: Request) -> Response:
    """Announce a file: give its id and the URL for its bytes."""
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    name = safe_name(fields.required_text("file_name", longest=_library.NAME_LENGTH))
    folder_id = fields.text("folder_id") or None
    if folder_id is not None:
        await _library.folder(context, account, folder_id)
    category = _library.category_named(category_id=fields.text("category_id"))
    fields.refuse_unknown()
    more = _library.about(context, account, folder_id, category)
    announced = await _media.announce(request, account, file_name=name, more=more)
    if folder_id is not None and await context.store.get(_library.FOLDER, folder_id, account=account) is None:
        await _library.delete_file(context, account, announced["mediaId"])  # the folder has just gone
        raise _library.no_folder(folder_id)
    return JSONReply(
        {
            "fileId": announced["mediaId"],
            "uploadUrl": announced["fileUploadUrl"],
            "mimeType": _library.mime_type(name),
        }
    )


async def retrieve(request: Request) -> Response:
    """Read a file."""
    context, account = context_of(request), account_of(request)
    doc = await _library.file(context, account, request.path_params["fileId"])
    return _reply(request, doc)


async def patch(request: Request) -> Response:
    """Change name, category or access of a file; an empty body changes nothing."""
    context, account = context_of(request), account_of(request)
    doc = await _library.file(context, account, request.path_params["fileId"])
    fields = Fields(await read_json(request, optional=True))
    changes: dict[str, Any] = {}
    if name := fields.text("file_name", longest=_library.NAME_LENGTH):
        changes["filename"] = safe_name(name)
    category = _library.category_named(
        category_id=fields.text("category_id"), name=fields.text("category_name")
    )
    if category is not None:
        changes["category"] = category
    if access := fields.choice("access_control", allowed=("public", "private"), default=""):
        changes["access"] = access
    fields.refuse_unknown()
    if changes:
        doc = await _library.change_file(context, account, doc["id"], changes)
    return _reply(request, doc)


async def copy(request: Request) -> Response:
    """Copy a file to another folder: the copy has an id of its own and the same name."""
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    doc = await _library.uploaded(context, account, fields.required_text("file_id"))
    current, new = fields.required_text("current_folder_id"), fields.required_text("new_folder_id")
    fields.refuse_unknown()
    await _library.folder(context, account, current)
    await _library.folder(context, account, new)
    if (doc.get("folder_id") or _library.root_id(context, account)) != current:
        raise HttpError(400, f"current_folder_id {current!r} is not where fileId {doc['id']!r} is")
    known = {name: doc[name] for name in doc if name not in {"id", "updated_at", "updated_by"}}
    more = _library.about(context, account, new, doc.get("category"))
    copy_id = str(uuid.uuid4())
    await _library.add_file(context, account, copy_id, {**known, **more, "created_at": context.now()})
    return _reply(request, await _library.file(context, account, copy_id))


async def delete(request: Request) -> Response:
    """Delete a file."""
    context, account = context_of(request), account_of(request)
    doc = await _library.file(context, account, request.path_params["fileId"])
    await _library.delete_file(context, account, doc["id"])
    return Response(status_code=204)


async def list_categories(_request: Request) -> Response:
    """List the kinds of files with their categories."""
    return JSONReply({"fileTypes": [{**_library.AUDIO_TYPE, "fileCategories": _library.CATEGORIES}]})


async def serve_content(request: Request) -> Response:
    """Send a file of the account."""
    context = context_of(request)
    doc = await _library.uploaded(context, account_of(request), request.path_params["fileId"])
    return await send(context, doc["file"], str(request.path_params["name"]))


@open_access
async def serve_open(request: Request) -> Response:
    """Send a file that is open to everybody."""
    context, file_id = context_of(request), request.path_params["fileId"]
    owner = await context.store.get(_library.PUBLIC, file_id, account=_library.EVERYBODY)
    if owner is None:
        raise HttpError(404, "no public file has this link")
    doc = await _library.uploaded(context, owner["account"], file_id)
    return await send(context, doc["file"], str(request.path_params["name"]))


def _reply(request: Request, doc: dict[str, Any]) -> Response:
    return JSONReply(_library.file_json(request, context_of(request), account_of(request), doc))
