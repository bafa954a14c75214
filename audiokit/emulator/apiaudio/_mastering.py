"""Masters of v1: a request is checked whole, then rendered per listener and kept under its identity."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import attrs

from audiokit.emulator import _production, _progress
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import HttpError
from audiokit.emulator._links import file_label, private_url, public_url, publish
from audiokit.emulator._recall import remembering
from audiokit.emulator._submissions import submission
from audiokit.emulator.apiaudio import _connections, _speech
from audiokit.emulator.apiaudio._listeners import identity, listener_name
from audiokit.emulator.apiaudio._mastering_order import read_order
from audiokit.emulator.apiaudio._rendering import rendered
from audiokit.emulator.apiaudio._webhook import announce, request_for_links

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from audiokit.emulator._context import Context
    from audiokit.emulator._order import Order
    from audiokit.emulator.apiaudio._mastering_order import MasteringOrder

_VAST = "v1.vast"
_EVERYBODY = "public"
_DEEPEST = 50  # renderings of one identity that are looked through for a format


async def start(
    context: Context,
    account: str,
    order: MasteringOrder,
    *,
    hold_s: float,
    callback: Mapping[str, str] | None,
    base: str,
) -> list[dict[str, Any]]:
    """Check every listener's track, start rendering them and return the documents, finished or not.

    Args:
        context: The running emulator.
        account: Tenant.
        order: What is asked for.
        hold_s: Seconds to wait for the end.
        callback: What is kept of a wish to be called back.
        base: Scheme and host of the call, for links in what is handed on to connectors.

    Raises:
        HttpError: 400, speech is missing or the timing contradicts itself.
    """
    request_id = str(uuid.uuid4())
    tracks: list[tuple[dict[str, str], Order, Mapping[str, Any]]] = []
    for values in order.listeners:
        with remembering() as speech:
            track = await _with_speech(context, account, order, values)
        _production.check(track)
        tracks.append((values, track, {**order.seen, **speech}))

    connection = await _connections.open_connection(context, account, order.connectors, base=base)

    async def one(
        index: int, values: dict[str, str], track: Order, seen: Mapping[str, Any]
    ) -> dict[str, Any]:
        doc = {
            "connection": connection if index == 0 else None,
            "request_id": request_id,
            "script_id": order.script_id,
            "version": order.version,
            "label": file_label(
                "".join([order.script_name, *(f"__{key}~{value}" for key, value in values.items())])
            ),
            "formats": list(order.formats),
            "public": order.is_public,
            "vast": order.is_vast,
            "values": values,
            "callback": callback,
            "files": [],
        }
        track_id = f"{request_id}.{index}"
        return await _progress.begin(
            context,
            KIND,
            track_id,
            doc,
            lambda: _render(context, order, track, track_id),
            request=order.request,
            record=submission(
                "apiaudio", "Mastering.create", track_id, label=order.script_id, name=listener_name(values)
            ),
            account=account,
            parent=identity(order.script_id, order.version, values, order.is_public),
            hold_s=hold_s,
            seen=seen,
        )

    return await _progress.together(one(index, *track) for index, track in enumerate(tracks))


async def find(
    context: Context,
    account: str,
    *,
    script_id: str,
    version: str,
    values: Mapping[str, str],
    is_public: bool,
    formats: tuple[str, ...],
    request_id: str | None,
) -> dict[str, Any] | None:
    """Return the newest master of this identity, or None.

    Without *formats* it is the newest one of any format.
    """
    parent = identity(script_id, version, values, is_public)
    for doc in await context.store.find(
        KIND.name, account=account, parent=parent, newest_first=True, limit=_DEEPEST
    ):
        if request_id is not None and doc["request_id"] != request_id:
            continue
        if all(name in doc["formats"] for name in formats):
            return doc
    return None


async def vast_document(context: Context, track_id: str) -> dict[str, Any] | None:
    """Return what a published VAST document is made of, or None."""
    return await context.store.get(_VAST, track_id, account=_EVERYBODY)


async def _with_speech(
    context: Context, account: str, order: MasteringOrder, values: dict[str, str]
) -> Order:
    """Add the newest speech for a listener to the order of a track."""
    script = order.track.script
    if not script.speech:
        return order.track
    speech = await _speech.latest(
        context, account, script_id=order.script_id, version=order.version, values=values
    )
    whom = f"for audience {values}" if values else "for the fallback track (no audience)"
    sections = ", ".join(dict.fromkeys(part.section for part in script.speech))
    if speech is None:
        raise HttpError(
            400,
            f"scriptId {order.script_id!r} has no speech {whom}; create speech with the same audience first "
            f"(sections: {sections})",
        )
    if speech["state"] == "processing":
        raise HttpError(
            400, f"speech {whom} is still being made; GET /speech until it answers 200, then master"
        )
    if speech["state"] == "failed":
        raise HttpError(400, f"speech {whom} failed: {speech['error']}")
    if failed := [part for part in speech["parts"] if part["error"]]:
        raise HttpError(400, f"section {failed[0]['name']!r} has no speech {whom}: {failed[0]['error']}")
    made = {part["name"]: (part["file"], part["seconds"]) for part in speech["parts"]}
    return attrs.evolve(order.track, speech=made)


async def _render(context: Context, order: MasteringOrder, track: Order, track_id: str) -> dict[str, Any]:
    outputs = await rendered(context, order.formats, lambda names: _production.produce(context, track, names))
    files = [{**attrs.asdict(output), "extension": output.extension} for output in outputs]
    if order.is_public:
        for output in outputs:
            await publish(context, output.file)
    if order.is_vast:
        await context.store.put(
            _VAST, track_id, {"title": order.script_name, "files": files}, account=_EVERYBODY
        )
    return {"files": files, "seconds": outputs[0].seconds}


async def _make(context: Context, account: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    """Render once more what a document asks for."""
    order = await read_order(context, account, Fields(doc["request"]))
    track = await _with_speech(context, account, order, doc["values"])
    return await _render(context, order, track, doc["id"])


def urls_of(request: Request, track: Mapping[str, Any]) -> dict[str, str]:
    """Link every format of a finished track."""
    make = public_url if track["public"] else private_url
    return {
        file["format"]: make(request, file["file"], f"{track['label']}.{file['extension']}")
        for file in track["files"]
    }


async def _announce(context: Context, account: str, doc: Mapping[str, Any]) -> None:
    base = (doc.get("callback") or doc["connection"])["base"]
    urls = urls_of(request_for_links(context, base), doc)
    body = {"message": "mastered track created", "url": urls.get(doc["formats"][0]), "urls": urls}
    if doc.get("callback"):
        await announce(context, account, "mastering", doc, body)
    if doc.get("connection"):
        await _connections.hand_on(context, account, doc, body)


KIND = _progress.Kind(name="v1.master", work="mastering", make=_make, announce=_announce)
"""The master for one listener."""
