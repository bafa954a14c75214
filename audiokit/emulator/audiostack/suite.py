"""Production.Suite: cleaning and judging files."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson

from audiokit.emulator import _progress
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields, shown
from audiokit.emulator._http import HttpError, account_of, context_of, safe_name
from audiokit.emulator._submissions import submission
from audiokit.emulator._unavailable import partly
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.audiostack import _library, _pipelines
from audiokit.emulator.audiostack._envelope import envelope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._context import Context

DEFAULT_REDUCTION_DB = 12
MOST_REDUCTION_DB = 60
PROCESSES = ("format", "duration", "loudness", "pitch", "silence")
"""What a file can be judged by."""

_SILENCE = 0.001  # amplitude
_MEASURED = {
    "format": ("format", "sample_rate_hz", "channels"),
    "duration": ("seconds",),
    "loudness": ("lufs", "true_peak_dbtp"),
    "pitch": ("f0_hz",),
}
_WIRE = {
    "format": "format",
    "sample_rate_hz": "sampleRate",
    "channels": "channels",
    "seconds": "duration",
    "lufs": "loudness",
    "true_peak_dbtp": "truePeak",
    "f0_hz": "pitch",
}


async def denoise(request: Request) -> Response:
    """Take steady noise off a file; ``level`` is how many dB it goes down. The result is a new file."""
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    doc = await _library.uploaded(context, account, fields.required_text("fileId"))
    level = fields.number("level", low=1, high=MOST_REDUCTION_DB, unit="dB")
    stem = doc["filename"].rpartition(".")[0] or doc["filename"]
    order = {
        "work": _pipelines.DENOISE,
        "file_id": doc["id"],
        "reduction_db": DEFAULT_REDUCTION_DB if level is None else level,
        "name": safe_name(f"{stem} denoised.wav"),
        "folder_id": doc.get("folder_id"),
    }
    made = await _pipelines.start(context, account, order, operation="Production.Suite.denoise", hold_s=0.0)
    data = {"pipelineId": made["id"], "status": 202}
    return await envelope(
        request, data, message="being cleaned; ask again", status=202, warnings=unknown_fields(fields)
    )


async def retrieve(request: Request) -> Response:
    """Read a pipeline: 202 while it runs; a failed one says so inside a 200."""
    pipeline_id = request.path_params["pipelineId"]
    doc = await _progress.current(
        context_of(request), _pipelines.KIND, pipeline_id, account=account_of(request)
    )
    if doc is None:
        raise HttpError(404, f"pipelineId {pipeline_id!r} not found")
    data = _pipelines.data_of(doc)
    is_running = data["status"] == 202
    message = "being made; ask again" if is_running else data.get("message", "done")
    return await envelope(request, data, message=message, status=202 if is_running else 200)


@partly
async def evaluate(request: Request) -> Response:
    """Measure a file; the same call again asks how far that is, and gives the result."""
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    doc = await _library.uploaded(context, account, fields.required_text("fileId"))
    for name, needs in (
        ("text", "a model that understands speech"),
        ("scriptId", "a model that understands speech"),
        ("preset", "the service's own list of presets"),
    ):
        if fields.raw(name) not in (None, ""):
            raise HttpError(501, f"{name} is not emulated in evaluations: it needs {needs}; leave it out")
    processes = _processes(fields.raw("processes"))
    warnings = ["language has no effect: only the sound is measured"] if fields.text("language") else []
    request_body = {"fileId": doc["id"], "processes": processes}
    evaluation_id = hashlib.sha256(orjson.dumps([request_body, doc["file"]])).hexdigest()[:32]
    made = await _progress.current(context, KIND, evaluation_id, account=account)
    if made is None or made["state"] == "failed":
        made = await _progress.begin_with(
            context,
            KIND,
            evaluation_id,
            {"results": {}},
            reads=lambda: _library.uploaded(context, account, doc["id"]),
            request=request_body,
            record=submission("audiostack", "Production.Suite.evaluate", evaluation_id, label=doc["id"]),
            account=account,
            parent=doc["id"],
            hold_s=context.settings.hold_s,
        )
    _progress.raise_if_failed(made)
    is_done = made["state"] == "done"
    return await envelope(
        request,
        {"fileId": doc["id"], "results": made["results"]} if is_done else {"fileId": doc["id"]},
        message="evaluated" if is_done else "being evaluated; ask again with the same body",
        status=200 if is_done else 202,
        warnings=[*warnings, *unknown_fields(fields)],
    )


def _processes(value: Any) -> list[str]:
    if value is None or value == []:
        return list(PROCESSES)
    if not isinstance(value, list) or not all(isinstance(one, str) and one in PROCESSES for one in value):
        raise HttpError(400, f"processes must be a list of {', '.join(PROCESSES)}, got {shown(value)}")
    return [name for name in PROCESSES if name in value]


async def _measure(context: Context, account: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    body = doc["request"]
    source = await _library.uploaded(context, account, body["fileId"])
    path = str(context.files.path(source["file"]))
    seen = await context.work.run("measure", path=path)
    results: dict[str, Any] = {
        name: {_WIRE[key]: seen[key] for key in _MEASURED[name]}
        for name in body["processes"]
        if name in _MEASURED
    }
    if "silence" in body["processes"]:
        edges = await context.work.run("edges", path=path, threshold=_SILENCE)
        results["silence"] = {"start": edges["start_s"], "end": edges["seconds"] - edges["end_s"]}
    return {"results": results, "seconds": seen["seconds"]}


KIND = _progress.Kind(name="v2.evaluation", work="pipeline", make=_measure)
"""What was measured of a file."""
