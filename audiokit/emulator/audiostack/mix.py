"""Production.Mix: speech, recordings and music as one wav file."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from audiokit.emulator import _production, _progress
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields, query_flag
from audiokit.emulator._http import HttpError, account_of, context_of
from audiokit.emulator._links import file_label, forget_links
from audiokit.emulator._order import PRESETS
from audiokit.emulator._submissions import submission
from audiokit.emulator.audiostack._envelope import SECONDS_PER_CREDIT, envelope, pay_back, price, take
from audiokit.emulator.audiostack._mix_order import MixOrder, read_order
from audiokit.emulator.audiostack._pages import of_scripts, page_of
from audiokit.emulator.audiostack._urls import file_url, keep_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._context import Context

_FORMAT = "wav"


async def create(request: Request) -> Response:
    """Mix speech over the template's segments."""
    context, account = context_of(request), account_of(request)
    order = await read_order(context, account, Fields(await read_json(request)))
    cost = price(order.seconds / SECONDS_PER_CREDIT)
    production_id = str(uuid.uuid4())
    doc = {
        "script_id": order.script_id,
        "public": order.is_public,
        "cost": cost,
        "created_at": context.now(),
        "files": [],
    }
    mix = await _progress.begin(
        context,
        KIND,
        production_id,
        doc,
        lambda: _render(context, account, order),
        request=order.request,
        record=submission("audiostack", "Production.Mix.create", production_id, label=order.script_id),
        account=account,
        parent=order.script_id,
        hold_s=context.settings.hold_s,
        pay=lambda step: take(step, cost, initial=context.settings.initial_credits),
        seen=order.seen,
    )
    return await _reply(request, mix, cost=cost, warnings=order.warnings)


async def validate(request: Request) -> Response:
    """Check a mix request as `create` does, without making or charging anything."""
    order = await read_order(context_of(request), account_of(request), Fields(await read_json(request)))
    data = {"productionId": str(uuid.uuid4()), "files": []}
    return await envelope(request, data, message="this mix can be made", warnings=order.warnings)


async def retrieve(request: Request) -> Response:
    """Read a mix by its id: 202 while it is being made."""
    return await _reply(request, await require(request, request.path_params["productionId"]))


async def find(request: Request) -> Response:
    """List mixes, of one script or of scripts with some names when asked for."""
    context, account, query = context_of(request), account_of(request), request.query_params
    docs = await context.store.find(KIND.name, account=account, parent=query.get("scriptId") or None)
    docs, more = page_of(request, await of_scripts(request, context, account, docs))
    items = [_data(request, doc) for doc in docs]
    if not query_flag(query.get("verbose", "true"), name="verbose"):
        items = [{name: item[name] for name in ("productionId", "scriptId")} for item in items]
    return await envelope(request, {"productionIds": items, **more}, message=f"{len(items)} found")


async def delete(request: Request) -> Response:
    """Forget a mix."""
    mix = await require(request, request.path_params["productionId"])
    context = context_of(request)
    await context.store.delete(KIND.name, mix["id"], account=account_of(request))
    await forget_links(context, (file["file"] for file in mix["files"]))
    return await envelope(request, {}, message="mix deleted")


async def list_presets(request: Request) -> Response:
    """List the mastering presets."""
    return await envelope(request, {"presets": list(PRESETS)}, message="presets found")


async def require(request: Request, production_id: str) -> dict[str, Any]:
    """Return the document of a mix.

    Raises:
        HttpError: 404, no such mix.
    """
    mix = await _progress.current(context_of(request), KIND, production_id, account=account_of(request))
    if mix is None:
        raise HttpError(404, f"productionId {production_id!r} not found")
    return mix


async def _make(context: Context, account: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    """Mix once more what a document asks for."""
    return await _render(context, account, await read_order(context, account, Fields(doc["request"])))


KIND = _progress.Kind(name="v2.mix", work="mix", make=_make, pay_back=pay_back)
"""A mix."""


async def _render(context: Context, account: str, order: MixOrder) -> dict[str, Any]:
    stem = "__".join([order.script_name, *(f"{key}~{value}" for key, value in order.audience.items())])
    label = file_label(stem)
    outputs = await _production.produce(context, order.track, [_FORMAT])
    files: list[dict[str, Any]] = [
        {"name": label, "format": _FORMAT, "file": outputs[0].file, "lufs": outputs[0].lufs}
    ]
    if order.has_tts_track:
        speech = await _production.produce(context, order.track, [_FORMAT], speech_only=True)
        files.append({"name": f"{label}_tts", "format": _FORMAT, "file": speech[0].file})
    for file in files:
        await keep_file(context, account, file["file"], is_public=order.is_public)
    return {"files": files, "seconds": outputs[0].seconds}


async def _reply(
    request: Request, mix: dict[str, Any], *, cost: float = 0.0, warnings: list[str] | None = None
) -> Response:
    _progress.raise_if_failed(mix)
    is_done = mix["state"] == "done"
    return await envelope(
        request,
        _data(request, mix),
        message="mix created" if is_done else "the mix is being made; ask again with its id",
        status=200 if is_done else 202,
        credits_used=cost,
        warnings=[*(warnings or []), *_production.loudness_warnings(mix["files"])],
    )


def _data(request: Request, mix: dict[str, Any]) -> dict[str, Any]:
    files = [
        {
            "filename": file["name"],
            "format": file["format"],
            "url": file_url(
                request, file["file"], f"{file['name']}.{file['format']}", is_public=mix["public"]
            ),
        }
        for file in mix["files"]
    ]
    return {"productionId": mix["id"], "scriptId": mix["script_id"], "files": files}
