"""The library of v2: an account's recordings as files in folders. A file's id is good as a mediaId, too."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from audiokit.emulator import _media
from audiokit.emulator._http import MEDIA_TYPES, HttpError
from audiokit.emulator._links import absolute_url, file_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from audiokit.emulator._context import Context
    from audiokit.emulator._transaction import Transaction

FOLDER = "v2.folder"
PUBLIC = "v2.public_item"
EVERYBODY = "public"
NAME_LENGTH = 200
CATEGORY_NAMES = ("voice", "music", "effect", "other")

_NAMESPACE = uuid.UUID("0d2c8f0e-3f53-4a55-8d6a-3b1f2c6f9e10")
_ROOT_NAME = "root"
_DEEPEST = 50


def _known_id(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


AUDIO_TYPE = {"fileTypeId": _known_id("audio"), "name": "audio"}
CATEGORIES = [{"categoryId": _known_id(f"category {name}"), "name": name} for name in CATEGORY_NAMES]


# --- folders --------------------------------------------------------------------------------------------


def root_id(context: Context, account: str) -> str:
    """Return the id of an account's root folder."""
    return _known_id(f"root of {context.accounts.login(account).user_id}")


async def folder(context: Context, account: str, folder_id: str) -> dict[str, Any]:
    """Return a folder; the root is made when it is asked for.

    Raises:
        HttpError: 404, no such folder.
    """
    found = await context.store.get(FOLDER, folder_id, account=account)
    if found is None and folder_id == root_id(context, account):
        found = new_folder(context, account, folder_id, _ROOT_NAME, parent=None)
        await context.store.put_new(FOLDER, folder_id, found, account=account)
    if found is None:
        raise no_folder(folder_id)
    return found


def no_folder(folder_id: str) -> HttpError:
    """Make the refusal of a folder that is not there."""
    return HttpError(404, f"folderId {folder_id!r} not found")


def new_folder(
    context: Context, account: str, folder_id: str, name: str, *, parent: str | None
) -> dict[str, Any]:
    """Return a folder's document, which is its wire form as well."""
    return {
        "folderId": folder_id,
        "folderName": name,
        "parentFolderId": parent,
        "createdBy": context.accounts.login(account).user_id,
        "createdAt": context.now(),
        "updatedAt": None,
        "updatedBy": None,
    }


async def subfolders(context: Context, account: str, folder_id: str) -> list[dict[str, Any]]:
    """Return the folders in a folder, oldest first."""
    return await context.store.find(FOLDER, account=account, parent=folder_id)


async def chain(context: Context, account: str, folder_id: str) -> list[dict[str, Any]]:
    """Return the folders from the root down to this one.

    Raises:
        HttpError: 404, no such folder.
    """
    links = [await folder(context, account, folder_id)]
    while (parent := links[0]["parentFolderId"]) is not None:
        links.insert(0, await folder(context, account, parent))
    return links


async def folder_at(context: Context, account: str, path: str) -> dict[str, Any]:
    """Return the folder at a path like ``ads/june``; an empty one is the root.

    Raises:
        HttpError: 404, a folder on the way is missing.
    """
    here = await folder(context, account, root_id(context, account))
    for name in filter(None, path.split("/")):
        inside = await subfolders(context, account, here["folderId"])
        found = next((one for one in inside if one["folderName"] == name), None)
        if found is None:
            raise HttpError(404, f"path {path[:200]!r}: there is no folder {name!r}; create it first")
        here = found
    return here


async def create_folder(context: Context, account: str, name: str, parent: str) -> dict[str, Any]:
    """Make a folder in another.

    Raises:
        HttpError: 404, no such parent; 409, the name is taken there; 400, too deep.
    """
    if len(await chain(context, account, parent)) >= _DEEPEST:
        raise HttpError(400, f"folders nest at most {_DEEPEST} deep")
    made = new_folder(context, account, str(uuid.uuid4()), name, parent=parent)

    def put(step: Transaction) -> None:
        if step.get(FOLDER, parent) is None:
            raise no_folder(parent)
        _refuse_taken(step, name, parent)
        step.put(FOLDER, made["folderId"], made, parent=parent)

    await context.store.transact(put, account=account)
    return made


async def rename_folder(context: Context, account: str, folder_id: str, name: str) -> dict[str, Any]:
    """Give a folder another name.

    Raises:
        HttpError: 404, no such folder; 409, the name is taken; 400, it is the root.
    """
    found = await folder(context, account, folder_id)
    if found["parentFolderId"] is None:
        raise HttpError(400, "the root folder cannot be renamed")
    by = context.accounts.login(account).user_id

    def change(step: Transaction) -> dict[str, Any]:
        if name != found["folderName"]:
            _refuse_taken(step, name, found["parentFolderId"])
        return step.update(FOLDER, folder_id, folderName=name, updatedAt=context.now(), updatedBy=by)

    return await context.store.transact(change, account=account)


async def delete_folder(context: Context, account: str, folder_id: str) -> None:
    """Delete a folder with all that is in it.

    Raises:
        HttpError: 404, no such folder; 400, it is the root.
    """
    found = await folder(context, account, folder_id)
    if found["parentFolderId"] is None:
        raise HttpError(400, "the root folder cannot be deleted")

    def remove(step: Transaction) -> list[str]:
        gone = [folder_id]
        for each in gone:  # grows while it is walked
            gone += [one["folderId"] for one in step.find(FOLDER, parent=each)]
        for each in gone:
            step.delete(FOLDER, each)
        files = [one["id"] for one in step.find(_media.KIND) if one.get("folder_id") in gone]
        for file_id in files:
            step.delete(_media.KIND, file_id)
        return files

    files = await context.store.transact(remove, account=account)
    await context.store.delete_all([(PUBLIC, file_id) for file_id in files], account=EVERYBODY)


def _refuse_taken(step: Transaction, name: str, parent: str) -> None:
    if any(one["folderName"] == name for one in step.find(FOLDER, parent=parent)):
        raise HttpError(409, f"folder_name {name!r} is taken in this folder; choose another")


# --- files ----------------------------------------------------------------------------------------------


async def files_in(context: Context, account: str, folder_id: str) -> list[dict[str, Any]]:
    """Return the files in a folder, oldest first; recordings of other calls are in the root."""
    root = root_id(context, account)
    return [
        doc for doc in await _media.find_all(context, account) if (doc.get("folder_id") or root) == folder_id
    ]


async def file(context: Context, account: str, file_id: str, *, status: int = 404) -> dict[str, Any]:
    """Return a file's document.

    Raises:
        HttpError: *status*, no such file.
    """
    doc = await _media.find(context, account, file_id)
    if doc is None:
        raise HttpError(status, f"fileId {file_id!r} not found")
    return doc


async def uploaded(context: Context, account: str, file_id: str) -> dict[str, Any]:
    """Return the document of a file whose content is there.

    Raises:
        HttpError: 404, no such file; 400, nothing was uploaded for it yet.
    """
    doc = await file(context, account, file_id)
    if doc["file"] is None:
        raise HttpError(400, f"fileId {file_id!r} has no content yet; PUT the file to its upload URL first")
    return doc


def about(
    context: Context, account: str, folder_id: str | None, category: Mapping[str, str] | None
) -> dict[str, Any]:
    """Return what a file's document keeps beyond a recording's."""
    return {
        "folder_id": folder_id,
        "category": dict(category) if category else None,
        "access": "private",
        "created_by": context.accounts.login(account).user_id,
    }


async def add_file(context: Context, account: str, file_id: str, doc: Mapping[str, Any]) -> None:
    """Keep a file that was made here; in the root, if its folder was deleted meanwhile."""

    def put(step: Transaction) -> None:
        folder_id = doc.get("folder_id")
        is_there = folder_id is None or step.get(FOLDER, folder_id) is not None
        made = {**doc, "id": file_id, "folder_id": folder_id if is_there else None}
        step.put(_media.KIND, file_id, made)

    await context.store.transact(put, account=account)


async def change_file(
    context: Context, account: str, file_id: str, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Change what is kept of a file; ``access`` opens it to everybody, or closes it."""
    by = context.accounts.login(account).user_id

    def change(step: Transaction) -> dict[str, Any]:
        return step.update(_media.KIND, file_id, **changes, updated_at=context.now(), updated_by=by)

    doc = await context.store.transact(change, account=account)
    if changes.get("access") == "public":
        await context.store.put(PUBLIC, file_id, {"account": account}, account=EVERYBODY)
    elif "access" in changes:
        await context.store.delete(PUBLIC, file_id, account=EVERYBODY)
    return doc


async def delete_file(context: Context, account: str, file_id: str) -> None:
    """Delete a file; links to it end."""
    if await _media.delete(context, account, file_id):
        await context.store.delete(PUBLIC, file_id, account=EVERYBODY)


def category_named(*, category_id: str = "", name: str = "") -> dict[str, str] | None:
    """Return a category by id or name; None when neither is given.

    Raises:
        HttpError: 400, there is none.
    """
    if not category_id and not name:
        return None
    for one in CATEGORIES:
        if one["categoryId"] == category_id or (not category_id and one["name"] == name.strip().lower()):
            return one
    given = f"category_id {category_id!r}" if category_id else f"category_name {name!r}"
    raise HttpError(400, f"{given} not found; GET /files/file-categories lists them")


def mime_type(name: str) -> str:
    """Return the content type that a file's name promises."""
    return MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def file_json(request: Request, context: Context, account: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    """Return the wire form of a file."""
    is_there = doc["file"] is not None
    return {
        "fileId": doc["id"],
        "fileName": doc["filename"],
        "folderId": doc.get("folder_id") or root_id(context, account),
        "url": content_url(request, doc) if is_there else None,
        "createdBy": doc.get("created_by") or context.accounts.login(account).user_id,
        "createdAt": doc["created_at"],
        "updatedAt": doc.get("updated_at"),
        "updatedBy": doc.get("updated_by"),
        "fileType": AUDIO_TYPE,
        "fileCategory": doc.get("category"),
        "size": doc.get("size_bytes", 0),
        "status": "uploaded" if is_there else "created",
        "duration": doc.get("seconds"),
        "accessControl": doc.get("access", "private"),
    }


def content_url(request: Request, doc: Mapping[str, Any]) -> str:
    """Return the link to a file's content: with the key of the account, or open to all."""
    way = "open" if doc.get("access") == "public" else "content"
    name = file_label(doc["filename"].rpartition(".")[0] or doc["filename"], extension=doc["format"])
    return absolute_url(request, f"/files/{doc['id']}/{way}/{quote(name, safe='~')}")
