"""Folders: where a project's recordings lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from audiokit.emulator._http import JSONReply, account_of, context_of
from audiokit.emulator.respeecher._fields import body_fields, path_id, query_fields
from audiokit.emulator.respeecher._lookup import find, found_in
from audiokit.emulator.respeecher._pages import Page
from audiokit.emulator.respeecher._removal import remove_folder
from audiokit.emulator.respeecher._shapes import folder_doc, wire

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._store import Transaction


async def create(request: Request) -> Response:
    """Make a folder in a project."""
    context, account = context_of(request), account_of(request)
    fields = await body_fields(request)
    name = fields.label("name", strict=context.settings.strict)
    project_id = fields.uuid("project_id")
    fields.check()
    doc = folder_doc(name=name, project_id=project_id, now=context.now())

    def put(step: Transaction) -> None:
        found_in("project", project_id, step.get("project", project_id))
        step.put("folder", doc["id"], doc, parent=project_id)

    await context.store.transact(put, account=account)
    return JSONReply(wire(doc))


async def listing(request: Request) -> Response:
    """List a project's folders by page, in the order they were made."""
    context, account = context_of(request), account_of(request)
    fields = query_fields(request)
    project_id = fields.uuid("project_id")
    page = Page.of(fields, default=50, most=200)
    fields.check()
    await find(context, account, "project", project_id)
    found = await context.store.find(
        "folder", account=account, parent=project_id, newest_first=page.descending
    )
    return JSONReply(page.cut([wire(doc) for doc in found]))


async def get(request: Request) -> Response:
    """Return one folder."""
    doc = await find(context_of(request), account_of(request), "folder", path_id(request, "folder_id"))
    return JSONReply(wire(doc))


async def rename(request: Request) -> Response:
    """Give a folder another name."""
    context, account = context_of(request), account_of(request)
    fields = await body_fields(request)
    name = fields.label("name", strict=context.settings.strict)
    fields.check()
    doc = await find(context, account, "folder", path_id(request, "folder_id"))
    return JSONReply(wire(await context.store.update("folder", doc["id"], account=account, name=name)))


async def delete(request: Request) -> Response:
    """Remove a folder with its recordings; returns the ids of the removed folders."""
    context, account = context_of(request), account_of(request)
    doc = await find(context, account, "folder", path_id(request, "folder_id"))
    await remove_folder(context, account, doc["id"])
    return JSONReply([doc["id"]])


routes = [
    Route("/api/folders", listing, methods=["GET"], name="folders.list"),
    Route("/api/folders", create, methods=["POST"], name="folders.create"),
    Route("/api/folders/{folder_id}", get, methods=["GET"], name="folders.get"),
    Route("/api/folders/{folder_id}", rename, methods=["PATCH"], name="folders.rename"),
    Route("/api/folders/{folder_id}", delete, methods=["DELETE"], name="folders.delete"),
]
