"""Recordings that clients bring: a signed URL for a PUT, then checked and measured. Shared by v1 and v2."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import attrs
from starlette.responses import Response

from audiokit.emulator._body import save_body
from audiokit.emulator._http import HttpError, context_of, safe_name, signed_access, work_refusal
from audiokit.emulator._plan import Clip
from audiokit.emulator._store import MissingDocumentError
from audiokit.emulator._warnings import warning_header
from audiokit.emulator._work import WorkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request

    from audiokit.emulator._context import Context
    from audiokit.emulator._script import Script

UPLOAD_PATH = "/upload/{account}/{media_id}"
"""Route of the presigned PUT, below each API's mount."""

KIND = "media"
"""Kind of a recording's document."""

_UPLOAD_TTL_S = 3600


async def announce(
    request: Request,
    account: str,
    *,
    file_name: str,
    tags: Iterable[str] = (),
    more: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Make a media id and the URL its bytes are to be PUT to; the name is a label, never a path.

    Args:
        request: The call.
        account: Tenant.
        file_name: Name of the recording.
        tags: Words to find it by.
        more: What else its document keeps.
    """
    context = context_of(request)
    media_id = str(uuid.uuid4())
    doc = {
        "id": media_id,
        "filename": safe_name(file_name),
        "tags": [tag.strip() for tag in tags if tag.strip()],
        "file": None,
        "created_at": context.now(),
        **(more or {}),
    }
    await context.store.put(KIND, media_id, doc, account=account)
    path = UPLOAD_PATH.format(account=account, media_id=media_id)
    url = context.signed_url(request, path, ttl_s=_UPLOAD_TTL_S, method="PUT")
    return {"mediaId": media_id, "fileUploadUrl": url}


@signed_access
async def receive(request: Request) -> Response:
    """Take the bytes of a presigned PUT: 200 with an empty body, and a warning when some are damaged.

    Raises:
        HttpError: 400, empty or no audio that can be decoded; 404, deleted meanwhile; 413, too large; 500,
            the check itself failed.
    """
    context = context_of(request)
    account, media_id = request.path_params["account"], request.path_params["media_id"]
    doc = await find(context, account, media_id)
    if doc is None:
        raise HttpError(404, f"mediaId {media_id!r} not found; ask for a new upload URL")
    settings = context.settings
    path = context.files.scratch()
    size_bytes = await save_body(request, path, limit_bytes=settings.max_upload_bytes)
    try:
        if not size_bytes:
            raise HttpError(
                400, f"the upload of {doc['filename']!r} is empty; send the audio as the body of the PUT"
            )
        try:
            probe = await context.work.run("probe", path=str(path), max_seconds=settings.max_audio_s)
        except WorkError as error:
            failure, name = work_refusal(error), doc["filename"]
            if error.kind == "refused":
                raise HttpError(
                    failure.status, f"the upload of {name!r} is refused: {failure.message}"
                ) from error
            raise HttpError(
                failure.status, f"the upload of {name!r} was not checked: {failure.message}; upload it again"
            ) from error
        file_id = await context.files.keep(path)
    finally:
        path.unlink(missing_ok=True)
    known = {
        "file": file_id,
        "size_bytes": size_bytes,
        "format": probe["format"],
        "seconds": probe["seconds"],
        "lufs": probe.get("lufs"),
        "note": probe.get("note"),
    }
    try:
        await context.store.update(KIND, media_id, account=account, **known)
    except MissingDocumentError:
        await context.store.forget_files(file_id)
        raise HttpError(404, f"mediaId {media_id!r} was deleted while it was uploaded") from None
    headers = {"Warning": warning_header([probe["note"]])} if probe.get("note") else None
    return Response(status_code=200, headers=headers)


async def find(context: Context, account: str, media_id: str) -> dict[str, Any] | None:
    """Return a media document, or None."""
    return await context.store.get(KIND, media_id, account=account)


async def find_all(context: Context, account: str) -> list[dict[str, Any]]:
    """Return the account's media, oldest first."""
    return await context.store.find(KIND, account=account)


async def delete(context: Context, account: str, media_id: str) -> bool:
    """Forget a recording; return whether there was one."""
    return await context.store.delete(KIND, media_id, account=account)


@attrs.frozen(kw_only=True)
class BoundMedia:
    """A recording bound to a key of the script; *note* says what is wrong with it, or None."""

    clip: Clip
    note: str | None


async def bind(context: Context, account: str, key: str, media_id: str) -> BoundMedia:
    """Return the recording to be played for a key of the script.

    Raises:
        HttpError: 400, the id is unknown or nothing was uploaded for it.
    """
    doc = await find(context, account, media_id)
    if doc is None:
        raise HttpError(400, f"mediaFiles: mediaId {media_id!r} for {key!r} not found; upload it first")
    if doc["file"] is None:
        raise HttpError(
            400,
            f"mediaFiles: mediaId {media_id!r} for {key!r} has no content; PUT the file to its upload URL",
        )
    path = str(context.files.path(doc["file"]))
    note = f"media {key!r}: {doc['note']}" if doc["note"] else None
    return BoundMedia(clip=Clip(kind="media", path=path, seconds=doc["seconds"], lufs=doc["lufs"]), note=note)


async def bind_all(
    context: Context, account: str, script: Script, files: Mapping[str, str]
) -> tuple[dict[str, Clip], list[str]]:
    """Bind every media tag of a script to an uploaded recording.

    Returns:
        The recordings by key, and notes about those that are damaged.

    Raises:
        HttpError: 400, a tag has no recording, or a name fits no tag.
    """
    clips: dict[str, Clip] = {}
    notes: list[str] = []
    for key in script.media_keys:
        if key not in files:
            raise HttpError(400, f"mediaFiles has no mediaId for {key!r}, which the script plays")
        bound = await bind(context, account, key, files[key])
        clips[key] = bound.clip
        if bound.note:
            notes.append(bound.note)
    if unused := [key for key in files if key not in clips]:
        has = ", ".join(map(repr, script.media_keys)) or "none"
        raise HttpError(400, f"mediaFiles names {unused[0]!r}, but the script's media tags are: {has}")
    return clips, notes
