"""Speech made of other speech: shorter, or without the silence at its ends."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from audiokit.emulator import _progress
from audiokit.emulator._http import HttpError
from audiokit.emulator.audiostack._urls import keep_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context

KIND_NAME = "v2.speech"
"""Kind of the documents of speech."""

MIN_STRETCH = 0.5
"""Shortest that speech may become, as a share of its length."""


async def edit_speech(context: Context, account: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    """Do the edit that a document asks for; parts that it does not name stay as they are.

    Raises:
        HttpError: 404, the speech that it is made of is gone.
        WorkError: A part cannot be edited.
    """
    source = await source_of(context, account, doc)

    async def one(part: dict[str, Any]) -> dict[str, Any]:
        step = doc["edit"]["steps"].get(part["name"])
        if step is None:
            return part
        made = await (_stretched if "stretch" in step else _trimmed)(context, part, step)
        await keep_file(context, account, made["file"], is_public=doc["public"])
        return {**part, **made}

    parts = await _progress.together(one(part) for part in source["parts"])
    return {"parts": parts, "seconds": sum(part["seconds"] for part in parts)}


async def source_of(context: Context, account: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    """Return the speech that a document is made of.

    Raises:
        HttpError: 404, it is gone.
    """
    source = await context.store.get(KIND_NAME, doc["edit"]["source"], account=account)
    if source is None:
        raise HttpError(404, f"speechId {doc['edit']['source']!r} not found; it was deleted")
    return source


def edited(
    context: Context, source: Mapping[str, Any], steps: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Return id and document of new speech that an edit makes of *source*; it costs nothing."""
    doc = {
        "cost": 0.0,
        "script_id": source["script_id"],
        "audience": source["audience"],
        "public": source["public"],
        "created_at": context.now(),
        "parts": [],
        "edit": {"source": source["id"], "steps": dict(steps)},
    }
    return str(uuid.uuid4()), doc


def reduction(source: Mapping[str, Any], target_s: float, section: str) -> dict[str, Any]:
    """Return the steps that bring speech, or one section of it, to a length; none when it is short enough.

    Raises:
        HttpError: 400, no such section, or the speech would be faster than allowed.
    """
    parts = parts_named(source, section)
    length_s = sum(part["seconds"] for part in parts)
    stretch = target_s / length_s if length_s > 0 else 1.0
    if stretch >= 1.0:
        return {}
    if stretch < MIN_STRETCH:
        raise HttpError(
            400,
            f"targetLength {target_s:g} s is too short: the speech takes {length_s:.2f} s and can be brought "
            f"to {length_s * MIN_STRETCH:.2f} s at the least; shorten the script",
        )
    return {part["name"]: {"stretch": stretch} for part in parts}


def parts_named(source: Mapping[str, Any], section: str) -> list[dict[str, Any]]:
    """Return the parts of speech, or the one that is named.

    Raises:
        HttpError: 400, there is none of this name.
    """
    parts: list[dict[str, Any]] = source["parts"]
    found = [part for part in parts if not section or part["name"] == section]
    if not found:
        names = ", ".join(part["name"] for part in parts)
        raise HttpError(400, f"sectionId {section!r} is not in the speech; there are {names}")
    return found


async def _stretched(context: Context, part: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, Any]:
    return await _cut(context, part, stretch=step["stretch"])


async def _trimmed(context: Context, part: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, Any]:
    """Cut the silence off a part's ends, where it is long enough."""
    path = str(context.files.path(part["file"]))
    found = await context.work.run("edges", path=path, threshold=step["threshold"])
    start_s, end_s = 0.0, found["seconds"]
    if step["position"] in {"start", "both"} and found["start_s"] >= step["min_silence_s"]:
        start_s = found["start_s"]
    if step["position"] in {"end", "both"} and found["seconds"] - found["end_s"] >= step["min_silence_s"]:
        end_s = found["end_s"]
    if (start_s, end_s) == (0.0, found["seconds"]) or end_s <= start_s:  # a silent part stays as it is
        return {"file": part["file"], "seconds": part["seconds"]}
    return await _cut(context, part, offset_s=start_s, duration_s=end_s - start_s)


async def _cut(context: Context, part: Mapping[str, Any], **how: float) -> dict[str, Any]:
    path = context.files.scratch(".wav")
    try:
        made = await context.work.run(
            "excerpt", path=str(context.files.path(part["file"])), out=str(path), **how
        )
        return {"file": await context.files.keep(path), "seconds": made["seconds"]}
    finally:
        path.unlink(missing_ok=True)
