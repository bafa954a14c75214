"""Recordings: uploads and conversions, listed, changed, removed, exported."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._http import HttpError, JSONReply, account_of, context_of, safe_name
from audiokit.emulator._multipart import read_upload
from audiokit.emulator._submissions import submission
from audiokit.emulator.respeecher import _processing
from audiokit.emulator.respeecher._archive import archive_reply
from audiokit.emulator.respeecher._fields import Fields, body_fields, invalid, path_id, query_fields
from audiokit.emulator.respeecher._lookup import find, not_found
from audiokit.emulator.respeecher._pages import Page
from audiokit.emulator.respeecher._removal import remove_recording
from audiokit.emulator.respeecher._shapes import recording_doc, wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._context import Context
    from audiokit.emulator._store import Entry, Transaction

_GONE = "it was deleted a moment ago"


async def create(request: Request) -> Response:
    """Take an upload; its measurement is waited for a moment, so that most bad files are refused at once."""
    context, account = context_of(request), account_of(request)
    settings = context.settings
    since = context.pace.now()
    with context.files.temporary() as path:
        upload = await read_upload(
            request, file_field="data", path=path, limit_bytes=settings.max_upload_bytes
        )
        fields = Fields(upload.fields, "form")
        folder_id = fields.uuid("parent_folder_id")
        microphone = fields.opt_label("microphone", strict=settings.strict)
        label = fields.opt_label("label", strict=settings.strict)
        if upload.path is None:
            fields.wrong("data", "data is required: the audio file", "value_error.missing")
        fields.check()
        folder = await find(context, account, "folder", folder_id, field="parent_folder_id")
        await _processing.require_audio(path)
        file_id = await context.files.keep(path)
    probing = context.spawn(_processing.probe(context, file_id), f"probe {file_id}")
    if await context.settle(probing, settings.hold_s) and probing.result().refused:
        await context.store.forget_files(file_id)
        raise HttpError(400, probing.result().error or "data cannot be used")
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}\Z", "", upload.file_name)
    known = {"label": label, "microphone": microphone or "file", "_file_id": file_id, "_stem": stem}
    doc = recording_doc(folder=folder, type_="original", now=context.now(), **known)
    name = safe_name(upload.file_name)
    record = submission("respeecher", "recordings.create", doc["id"], label=label, name=name)
    try:
        await add_recordings(context, account, [doc], record)
    except HttpError:
        await context.store.forget_files(file_id)
        raise
    work = _processing.ingest(context, account, doc, probing, since=since)
    context.spawn(work, _processing.task_name(doc["id"]))
    return JSONReply(wire(doc))


async def listing(request: Request) -> Response:
    """List the recordings of a folder or project by page."""
    context, account = context_of(request), account_of(request)
    fields = query_fields(request)
    page = Page.of(fields, default=50, most=200)
    folder_id, project_id = fields.opt_uuid("folder_id"), fields.opt_uuid("project_id")
    fields.check()
    if folder_id is not None:
        await find(context, account, "folder", folder_id)
        where = None if project_id is None else {"project_id": project_id}
        return await _page(context, account, page, parent=folder_id, where=where)
    if project_id is None:
        raise invalid(("query", "project_id"), "project_id or folder_id is required", "value_error.missing")
    await find(context, account, "project", project_id)
    return await _page(context, account, page, where={"project_id": project_id})


async def originals(request: Request) -> Response:
    """List the originals of a folder by page."""
    context, account = context_of(request), account_of(request)
    fields = query_fields(request)
    page = Page.of(fields, default=50, most=200)
    folder_id = fields.uuid("folder_id")
    fields.check()
    await find(context, account, "folder", folder_id)
    return await _page(context, account, page, parent=folder_id, where={"type": "original"})


async def conversions(request: Request) -> Response:
    """List the conversions of an original by page."""
    context, account = context_of(request), account_of(request)
    fields = query_fields(request)
    page = Page.of(fields, default=50, most=200)
    original_id = fields.uuid("original_id")
    fields.check()
    await find(context, account, "recording", original_id, field="original_id")
    return await _page(context, account, page, where={"original_id": original_id})


async def get(request: Request) -> Response:
    """Return one recording; what a caller polls."""
    doc = await find(context_of(request), account_of(request), "recording", path_id(request, "recording_id"))
    return JSONReply(wire(doc))


async def update(request: Request) -> Response:
    """Change label or star."""
    return await _change(request, complete=False)


async def replace(request: Request) -> Response:
    """Change label and star; both are required."""
    return await _change(request, complete=True)


async def delete(request: Request) -> Response:
    """Remove a recording and what hangs on it; returns their ids."""
    context, account = context_of(request), account_of(request)
    doc = await find(context, account, "recording", path_id(request, "recording_id"))
    return JSONReply([{"id": id_} for id_ in await remove_recording(context, account, doc)])


async def export(request: Request) -> Response:
    """Send the finished conversions of an original as one archive."""
    context, account = context_of(request), account_of(request)
    fields = query_fields(request)
    original_id, starred_only = fields.uuid("original_id"), fields.flag("starred_only")
    fields.check()
    original = await find(context, account, "recording", original_id, field="original_id")
    found = await context.store.find("recording", account=account, where={"original_id": original_id})
    name = original["label"] or original["file_name"] or "conversions"
    return archive_reply(context, name, found, starred_only=starred_only)


async def add_recordings(
    context: Context, account: str, docs: Sequence[dict[str, Any]], *others: Entry
) -> None:
    """Store new recordings in their folder, say so in its project, and store what belongs to them.

    Raises:
        HttpError: 404, the folder, or the original of a conversion, was deleted meanwhile.
    """

    def change(step: Transaction) -> None:
        for doc in docs:
            if step.get("folder", doc["parent_folder_id"]) is None:
                raise not_found("parent_folder_id", doc["parent_folder_id"], _GONE)
            if doc["original_id"] is not None and step.get("recording", doc["original_id"]) is None:
                raise not_found("original_id", doc["original_id"], _GONE)
            step.put("recording", doc["id"], doc, parent=doc["parent_folder_id"])
            step.update("project", doc["project_id"], last_recording_at=doc["created_at"])
        for entry in others:
            step.put(entry.kind, entry.id, entry.doc, parent=entry.parent)

    await context.store.transact(change, account=account)


async def _change(request: Request, *, complete: bool) -> Response:
    context, account = context_of(request), account_of(request)
    fields = await body_fields(request)
    if complete:
        for name in ("label", "starred"):
            if not fields.has(name):
                fields.wrong(name, f"{name} is required", "value_error.missing")
    changes: dict[str, Any] = {}
    if fields.has("label"):
        changes["label"] = fields.opt_label("label", strict=context.settings.strict)
    if fields.has("starred"):
        changes["starred"] = fields.flag("starred")
    fields.check()
    doc = await find(context, account, "recording", path_id(request, "recording_id"))
    return JSONReply(wire(await context.store.update("recording", doc["id"], account=account, **changes)))


async def _page(
    context: Context,
    account: str,
    page: Page,
    *,
    parent: str | None = None,
    where: dict[str, Any] | None = None,
) -> Response:
    found = await context.store.find(
        "recording",
        account=account,
        parent=parent,
        where=where,
        newest_first=page.descending,
        limit=page.limit,
        offset=page.offset,
    )
    count = await context.store.count("recording", account=account, parent=parent, where=where)
    return JSONReply(page.envelope([wire(doc) for doc in found], count))


routes = [
    Route("/api/recordings", listing, methods=["GET"], name="recordings.list"),
    Route("/api/recordings", create, methods=["POST"], name="recordings.create"),
    Route("/api/recordings/originals", originals, methods=["GET"], name="recordings.list_originals"),
    Route("/api/recordings/conversions", conversions, methods=["GET"], name="recordings.list_conversions"),
    Route("/api/recordings/export", export, methods=["GET"], name="recordings.export"),
    Route("/api/recordings/{recording_id}", get, methods=["GET"], name="recordings.get"),
    Route("/api/recordings/{recording_id}", update, methods=["PATCH"], name="recordings.update"),
    Route("/api/recordings/{recording_id}", replace, methods=["PUT"], name="recordings.replace"),
    Route("/api/recordings/{recording_id}", delete, methods=["DELETE"], name="recordings.delete"),
]
