"""Projects: the top of the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._fields import shown
from audiokit.emulator._http import HttpError, JSONReply, account_of, context_of
from audiokit.emulator.respeecher._archive import archive_reply
from audiokit.emulator.respeecher._fields import body_fields, path_id, query_fields
from audiokit.emulator.respeecher._lookup import find, not_found
from audiokit.emulator.respeecher._pages import Page
from audiokit.emulator.respeecher._removal import remove_project
from audiokit.emulator.respeecher._shapes import project_doc, wire

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator.respeecher._fields import Fields

_SORTS = ("name", "created_at", "last_recording_at")


async def create(request: Request) -> Response:
    """Make a project; the owner is the caller unless it says so itself."""
    context, account = context_of(request), account_of(request)
    fields = await body_fields(request)
    name = fields.label("name", strict=context.settings.strict)
    user_id = context.accounts.login(account).user_id
    owner = fields.opt_uuid("owner") or user_id
    models = _models(fields)
    fields.check()
    if owner != user_id:
        raise HttpError(403, f"owner {owner!r} is neither you nor a group of yours; you are {user_id}")
    doc = project_doc(name=name, owner=owner, models=models, now=context.now())
    await context.store.put("project", doc["id"], doc, account=account)
    return JSONReply(wire(doc))


async def listing(request: Request) -> Response:
    """List projects by page."""
    context, account = context_of(request), account_of(request)
    fields = query_fields(request)
    page = Page.of(fields, default=50, most=100)
    sort = fields.choice("sort", _SORTS)
    owner = fields.opt_uuid("owner")
    fields.check()
    found = await context.store.find("project", account=account, where={"owner": owner} if owner else None)
    if sort is not None:
        found.sort(key=lambda doc: str(doc[sort]).casefold())
    if page.descending:
        found.reverse()
    return JSONReply(page.cut([wire(doc) for doc in found]))


async def by_url(request: Request) -> Response:
    """Find the project with this url field."""
    context, account = context_of(request), account_of(request)
    fields = query_fields(request)
    url = fields.text("project_url")
    fields.check()
    found = await context.store.find("project", account=account, where={"url": url}, limit=1)
    if not found:
        raise not_found("project_url", url, "it is the url field of a project; GET /api/projects lists yours")
    return JSONReply(wire(found[0]))


async def rename(request: Request) -> Response:
    """Give a project another name; its url stays."""
    context, account = context_of(request), account_of(request)
    fields = await body_fields(request)
    name = fields.label("name", strict=context.settings.strict)
    fields.check()
    doc = await find(context, account, "project", path_id(request, "project_id"))
    return JSONReply(wire(await context.store.update("project", doc["id"], account=account, name=name)))


async def update_models(request: Request) -> Response:
    """Store the retired models map."""
    context, account = context_of(request), account_of(request)
    fields = await body_fields(request)
    if not fields.has("models"):
        fields.wrong("models", "models is required", "value_error.missing")
    models = _models(fields)
    fields.check()
    doc = await find(context, account, "project", path_id(request, "project_id"))
    return JSONReply(wire(await context.store.update("project", doc["id"], account=account, models=models)))


async def delete(request: Request) -> Response:
    """Remove a project with its folders and recordings."""
    context, account = context_of(request), account_of(request)
    doc = await find(context, account, "project", path_id(request, "project_id"))
    await remove_project(context, account, doc["id"])
    return JSONReply({"id": doc["id"]})


async def export(request: Request) -> Response:
    """Send every finished recording of a project as one archive."""
    context, account = context_of(request), account_of(request)
    fields = query_fields(request)
    starred_only = fields.flag("starred_only")
    fields.check()
    project = await find(context, account, "project", path_id(request, "project_id"))
    recordings = await context.store.find("recording", account=account, where={"project_id": project["id"]})
    folders = await context.store.find("folder", account=account, parent=project["id"])
    names = {folder["id"]: folder["name"] for folder in folders}
    return archive_reply(context, project["name"], recordings, folders=names, starred_only=starred_only)


def _models(fields: Fields) -> dict[str, Any]:
    models = fields.raw("models")
    if models is None:
        return {}
    if not isinstance(models, dict):
        fields.wrong("models", f"models must be an object, got {shown(models)}", "type_error.dict")
        return {}
    return models


routes = [
    Route("/api/projects", listing, methods=["GET"], name="projects.list"),
    Route("/api/projects", create, methods=["POST"], name="projects.create"),
    Route("/api/projects/by-url", by_url, methods=["GET"], name="projects.by_url"),
    Route("/api/projects/{project_id}/export", export, methods=["GET"], name="projects.export"),
    Route("/api/projects/{project_id}", rename, methods=["PATCH"], name="projects.rename"),
    Route("/api/projects/{project_id}", update_models, methods=["PUT"], name="projects.update_models"),
    Route("/api/projects/{project_id}", delete, methods=["DELETE"], name="projects.delete"),
]
