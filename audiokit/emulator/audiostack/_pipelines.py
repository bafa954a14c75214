"""Work on a file that makes another file: speech to speech, and taking noise off."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from audiokit.emulator import _progress, _voicing
from audiokit.emulator._submissions import submission
from audiokit.emulator.audiostack import _library

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context

STS, DENOISE = "sts", "denoise"


async def start(
    context: Context,
    account: str,
    order: Mapping[str, Any],
    *,
    operation: str,
    hold_s: float,
) -> dict[str, Any]:
    """Start the work that *order* describes; return its document.

    Args:
        context: The running emulator.
        account: Tenant.
        order: ``work``, ``file_id``, ``name``, ``folder_id`` of the result, and the settings of the work.
        operation: What was called, for the record.
        hold_s: Seconds to wait for the end.
    """
    pipeline_id = str(uuid.uuid4())
    doc = {"work": order["work"], "new_file_id": str(uuid.uuid4()), "input_file_id": order["file_id"]}
    return await _progress.begin_with(
        context,
        KIND,
        pipeline_id,
        doc,
        reads=lambda: _library.uploaded(context, account, order["file_id"]),
        request=order,
        record=submission("audiostack", operation, pipeline_id, label=order["file_id"]),
        account=account,
        parent=order["file_id"],
        hold_s=hold_s,
    )


async def _make(context: Context, account: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    order = doc["request"]
    source = await _library.uploaded(context, account, order["file_id"])
    path = context.files.scratch(".wav")
    read = str(context.files.path(source["file"]))
    try:
        if order["work"] == STS:
            voice = _voicing.voice_named(order["alias"])
            await context.work.run(
                "convert", source=read, out=str(path), format="wav", target_pitch_hz=voice.f0_hz
            )
        else:
            await context.work.run("denoise", path=read, out=str(path), reduction_db=order["reduction_db"])
        probe = await context.work.run(
            "probe", path=str(path), max_seconds=context.settings.max_audio_s + 1.0
        )
        size_bytes = path.stat().st_size
        file_id = await context.files.keep(path)
    finally:
        path.unlink(missing_ok=True)
    made = {
        "filename": order["name"],
        "tags": [],
        "file": file_id,
        "created_at": context.now(),
        "size_bytes": size_bytes,
        "format": probe["format"],
        "seconds": probe["seconds"],
        "lufs": probe.get("lufs"),
        "note": probe.get("note"),
        **_library.about(context, account, order["folder_id"], source.get("category")),
    }
    await _library.add_file(context, account, doc["new_file_id"], made)
    return {"seconds": probe["seconds"]}


def data_of(doc: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of a pipeline; its ``status`` is written like an HTTP status."""
    data: dict[str, Any] = {"pipelineId": doc["id"]}
    if doc["state"] == "processing":
        return {**data, "status": 202}
    if doc["state"] == "failed":
        text = doc["error"]
        return {**data, "status": doc["status"], "message": text, "errors": [text], "body": text}
    results = {
        "newFileIds": [{"fileId": doc["new_file_id"]}],
        "inputFileIds": [{"fileId": doc["input_file_id"]}],
        "replacedFileIds": [],
    }
    return {**data, "status": 200, "results": results}


KIND = _progress.Kind(name="v2.pipeline", work="pipeline", make=_make)
"""A pipeline."""
