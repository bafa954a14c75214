"""Delivery.Encoder: mixes in other formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator import _progress
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import HttpError, account_of, context_of
from audiokit.emulator._production import loudness_warnings
from audiokit.emulator._unavailable import partly
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.audiostack import _encoding, mix
from audiokit.emulator.audiostack._envelope import envelope
from audiokit.emulator.audiostack._urls import file_url

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_WIRE = {
    "format": "format",
    "bit_rate_kbps": "bitRate",
    "quality": "quality",
    "rate_hz": "sampleRate",
    "bit_depth": "bitDepth",
    "channels": "channels",
}


@partly
async def encode_mix(request: Request) -> Response:
    """Encode a finished mix."""
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    source = await mix.require(request, fields.required_text("productionId"))
    _progress.raise_if_failed(source)
    if source["state"] != "done":
        raise HttpError(400, f"productionId {source['id']!r} is still being made; read it until it is done")
    doc = await _encoding.start(context, account, source, fields)
    return await _reply(request, doc, unknown_fields(fields))


async def retrieve(request: Request) -> Response:
    """Read an encoding: 202 while it is being made."""
    encoder_id = request.path_params["encoderId"]
    doc = await _progress.current(
        context_of(request), _encoding.KIND, encoder_id, account=account_of(request)
    )
    if doc is None:
        raise HttpError(404, f"encoderId {encoder_id!r} not found")
    return await _reply(request, doc, [])


async def list_presets(request: Request) -> Response:
    """List the presets of the encoder and of loudness."""
    presets = [
        {"name": name, "type": "encoder", **{_WIRE[key]: value for key, value in settings.items()}}
        for name, settings in _encoding.PRESETS.items()
    ]
    presets += [
        {
            "name": name,
            "type": "loudness",
            "loudnessTarget": one["loudness_lufs"],
            "truePeak": one["true_peak_dbtp"],
        }
        for name, one in _encoding.LOUDNESS_PRESETS.items()
    ]
    return await envelope(request, {"presets": presets}, message=f"{len(presets)} presets")


async def _reply(request: Request, doc: dict[str, Any], warnings: list[str]) -> Response:
    _progress.raise_if_failed(doc)
    is_done = doc["state"] == "done"
    data: dict[str, Any] = {"encoderId": doc["id"], "format": doc["format"]}
    if is_done:
        data["url"] = file_url(request, doc["file"], doc["name"], is_public=doc["public"])
        if "wanted_lufs" in doc:
            warnings = [*warnings, *loudness_warnings([doc], wanted_lufs=doc["wanted_lufs"])]
    return await envelope(
        request,
        data,
        message="encoded" if is_done else "being encoded; ask again with its id",
        status=200 if is_done else 202,
        warnings=warnings,
    )
