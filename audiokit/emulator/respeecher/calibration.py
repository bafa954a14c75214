"""Calibrations: the measured pitch of the caller's own voice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._http import HttpError, JSONReply, account_of, context_of
from audiokit.emulator._multipart import read_upload
from audiokit.emulator._submissions import submission
from audiokit.emulator.respeecher import _account, _calibrating
from audiokit.emulator.respeecher._fields import Fields, body_fields, path_id, query_fields
from audiokit.emulator.respeecher._lookup import find
from audiokit.emulator.respeecher._pages import Page
from audiokit.emulator.respeecher._processing import require_audio
from audiokit.emulator.respeecher._shapes import calibration_doc, wire

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._context import Context
    from audiokit.emulator._store import Transaction

_NAME = "calibration_name"


async def create(request: Request) -> Response:
    """Take a recording and begin to measure its pitch."""
    context, account = context_of(request), account_of(request)
    settings = context.settings
    with context.files.temporary() as path:
        upload = await read_upload(
            request, file_field="data", path=path, limit_bytes=settings.max_upload_bytes
        )
        fields = Fields(upload.fields, "form")
        name = fields.label("name", strict=settings.strict)
        if upload.path is None:
            fields.wrong("data", "data is required: the audio file", "value_error.missing")
        fields.check()
        await require_audio(path)
        doc = calibration_doc(name=name, user_id=context.accounts.login(account).user_id, now=context.now())
        doc["_file_id"] = await context.files.keep(path)
    record = submission("respeecher", "calibration.create", doc["id"], label=name)

    def store(step: Transaction) -> None:
        _take_name(step, name, doc["id"])
        step.put("calibration", doc["id"], doc)
        step.put(record.kind, record.id, record.doc)

    try:
        await context.store.transact(store, account=account)
    except HttpError:
        await context.store.forget_files(doc["_file_id"])
        raise
    _calibrating.start(context, account, doc)
    return JSONReply(wire(doc))


async def listing(request: Request) -> Response:
    """List calibrations; a bare list."""
    context, account = context_of(request), account_of(request)
    fields = query_fields(request)
    page = Page.of(fields, default=50, most=200)
    search = fields.opt_text("search")
    fields.check()
    enabled = await _enabled(context, account)
    found = await context.store.find("calibration", account=account, newest_first=page.descending)
    if search:
        found = [doc for doc in found if search.casefold() in doc["name"].casefold()]
    return JSONReply([_shape(doc, enabled) for doc in found[page.offset : page.offset + page.limit]])


async def get(request: Request) -> Response:
    """Return one calibration; what a caller polls."""
    context, account = context_of(request), account_of(request)
    doc = await find(context, account, "calibration", path_id(request, "calibration_id"))
    return JSONReply(_shape(doc, await _enabled(context, account)))


async def enable(request: Request) -> Response:
    """Make one calibration the default of all orders."""
    context, account = context_of(request), account_of(request)
    doc = await find(context, account, "calibration", path_id(request, "calibration_id"))
    if doc["state"] != "calibrated":
        raise HttpError(400, f"calibration {doc['name']!r} cannot be enabled in state {doc['state']!r}")
    await _account.enable_calibration(context, account, doc["id"])
    return JSONReply(_shape(doc, doc["id"]))


async def auto(request: Request) -> Response:
    """Measure each original itself again; returns the user."""
    context, account = context_of(request), account_of(request)
    await _account.enable_calibration(context, account, None)
    return JSONReply(await _account.user_of(context, account))


async def rename(request: Request) -> Response:
    """Give a calibration another name."""
    context, account = context_of(request), account_of(request)
    fields = await body_fields(request)
    name = fields.label("name", strict=context.settings.strict)
    fields.check()
    doc = await find(context, account, "calibration", path_id(request, "calibration_id"))
    if name != doc["name"]:
        id_, old_name = doc["id"], doc["name"]

        def change(step: Transaction) -> dict[str, Any]:
            _take_name(step, name, id_)
            step.delete(_NAME, old_name)
            return step.update("calibration", id_, name=name)

        doc = await context.store.transact(change, account=account)
    return JSONReply(_shape(doc, await _enabled(context, account)))


async def delete(request: Request) -> Response:
    """Remove a calibration and return it; if it was the default, automatic takes its place."""
    context, account = context_of(request), account_of(request)
    doc = await find(context, account, "calibration", path_id(request, "calibration_id"))
    was_enabled = await _enabled(context, account)
    await context.store.delete_all([("calibration", doc["id"]), (_NAME, doc["name"])], account=account)
    if was_enabled == doc["id"]:
        await _account.enable_calibration(context, account, None)
    return JSONReply(_shape(doc, was_enabled))


def _take_name(step: Transaction, name: str, calibration_id: str) -> None:
    if not step.put_new(_NAME, name, {"id": calibration_id}):
        raise HttpError(400, f"a calibration named {name!r} exists already; names are unique, choose another")


async def _enabled(context: Context, account: str) -> str | None:
    enabled: str | None = (await _account.settings_of(context, account))["calibration_id"]
    return enabled


def _shape(doc: dict[str, Any], enabled_id: str | None) -> dict[str, Any]:
    return {**wire(doc), "enabled": doc["id"] == enabled_id}


routes = [
    Route("/api/calibration", create, methods=["POST"], name="calibration.create"),
    Route("/api/calibration", listing, methods=["GET"], name="calibration.list"),
    Route("/api/calibration/auto", auto, methods=["POST"], name="calibration.auto"),
    Route("/api/calibration/{calibration_id}/enable", enable, methods=["PUT"], name="calibration.enable"),
    Route("/api/calibration/{calibration_id}", get, methods=["GET"], name="calibration.get"),
    Route("/api/calibration/{calibration_id}", rename, methods=["PATCH"], name="calibration.rename"),
    Route("/api/calibration/{calibration_id}", delete, methods=["DELETE"], name="calibration.delete"),
]
