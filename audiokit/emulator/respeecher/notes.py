"""Notes: one text per recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._http import JSONReply, account_of, context_of
from audiokit.emulator.respeecher._fields import body_fields, query_fields
from audiokit.emulator.respeecher._lookup import find, not_found
from audiokit.emulator.respeecher._shapes import new_id

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

LONGEST_NOTE = 2000
"""Most characters of a note."""


async def create(request: Request) -> Response:
    """Write the note of a recording; an older one is replaced and keeps its id."""
    return await _write(request, must_exist=False)


async def update(request: Request) -> Response:
    """Change the note of a recording that has one."""
    return await _write(request, must_exist=True)


async def delete(request: Request) -> Response:
    """Remove the note of a recording and return it; the body is JSON, on DELETE too."""
    context, account = context_of(request), account_of(request)
    fields = await body_fields(request)
    recording_id = fields.uuid("recording_id")
    fields.check()
    recording = await find(context, account, "recording", recording_id)
    note = _existing(recording)
    await context.store.update("recording", recording_id, account=account, note=None)
    return JSONReply(_shape(recording_id, note))


async def listing(request: Request) -> Response:
    """List the notes of a folder's recordings."""
    context, account = context_of(request), account_of(request)
    fields = query_fields(request)
    folder_id = fields.uuid("folder_id")
    fields.check()
    await find(context, account, "folder", folder_id)
    found = await context.store.find("recording", account=account, parent=folder_id)
    return JSONReply([_shape(doc["id"], doc["note"]) for doc in found if doc["note"] is not None])


async def _write(request: Request, *, must_exist: bool) -> Response:
    context, account = context_of(request), account_of(request)
    fields = await body_fields(request)
    recording_id = fields.uuid("recording_id")
    text = fields.text("text", longest=LONGEST_NOTE)
    fields.check()
    recording = await find(context, account, "recording", recording_id)
    id_ = _existing(recording)["id"] if must_exist or recording["note"] is not None else new_id()
    note = {"id": id_, "text": text, "active": True}
    await context.store.update("recording", recording_id, account=account, note=note)
    return JSONReply(_shape(recording_id, note))


def _existing(recording: dict[str, Any]) -> dict[str, Any]:
    note: dict[str, Any] | None = recording["note"]
    if note is None:
        raise not_found(
            "recording_id", recording["id"], "this recording has no note; POST /api/notes writes one"
        )
    return note


def _shape(recording_id: str, note: dict[str, Any]) -> dict[str, Any]:
    return {"id": note["id"], "recording_id": recording_id, "text": note["text"], "active": note["active"]}


routes = [
    Route("/api/notes", create, methods=["POST"], name="notes.create"),
    Route("/api/notes", update, methods=["PUT"], name="notes.update"),
    Route("/api/notes", delete, methods=["DELETE"], name="notes.delete"),
    Route("/api/notes", listing, methods=["GET"], name="notes.list"),
]
