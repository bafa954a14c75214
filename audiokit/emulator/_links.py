"""Links to finished files: names shown to clients, the routes that serve them, public and private.

A file is found by its hash. The name at the end of a link is for the eyes only and never reaches a path.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from audiokit._formats import HEAD_BYTES, sniff
from audiokit.emulator._http import HttpError, context_of, file_reply, open_access, signed_access

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._context import Context

FILE_KIND = "v2.file"
"""Documents that let an account fetch a file of AudioStack v2."""

_PUBLIC = "public_file"
_LINKS = (FILE_KIND, _PUBLIC)
_EVERYBODY = "public"
_PRIVATE_TTL_S = 24 * 3600
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:"<>?*]|\.\.+')
_LONGEST = 150


def file_label(text: str, *, extension: str = "") -> str:
    """Turn client text into a harmless name: no separators, control characters, ``..`` or leading dot."""
    stem = _UNSAFE.sub("_", text).strip(" .")[:_LONGEST].rstrip(" .") or "file"
    return f"{stem}.{extension}" if extension else stem


def absolute_url(request: Request, path: str) -> str:
    """Return an absolute URL for a quoted path below the API's mount."""
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}{path}"


def private_url(request: Request, file_id: str, name: str) -> str:
    """Return a link that works without a key until it expires."""
    return context_of(request).signed_url(request, f"/private/{file_id}/{name}", ttl_s=_PRIVATE_TTL_S)


def public_url(request: Request, file_id: str, name: str) -> str:
    """Return a link that works for everybody, for a file that was published."""
    return absolute_url(request, f"/public/{file_id}/{quote(name, safe='~')}")


async def publish(context: Context, file_id: str) -> None:
    """Let everybody fetch a file."""
    await context.store.put(_PUBLIC, file_id, {"file": file_id}, account=_EVERYBODY)


async def forget_links(context: Context, file_ids: Iterable[str]) -> None:
    """Take back links that nothing stands behind any more; files that only links named go with them.

    Behind an account's own link stands a document of the account, behind one for everybody a public document.
    """
    for file_id in set(file_ids):
        named = await context.store.naming(file_id)
        owners = {account for account, kind, _ in named if kind not in _LINKS}
        if await context.store.is_published(file_id):
            owners.add(_EVERYBODY)
        for account, kind, id_ in named:
            if kind in _LINKS and account not in owners:
                await context.store.delete(kind, id_, account=account)


@signed_access
async def serve_private(request: Request) -> Response:
    """Send a file by a signed link."""
    return await send_file(request)


@open_access
async def serve_public(request: Request) -> Response:
    """Send a published file."""
    context = context_of(request)
    if await context.store.get(_PUBLIC, request.path_params["file_id"], account=_EVERYBODY) is None:
        raise HttpError(404, "no public file has this link")
    return await send_file(request)


async def send_file(request: Request) -> Response:
    """Send the file of ``file_id`` under the ``name`` of the link, with the extension its content has."""
    return await send(context_of(request), request.path_params["file_id"], str(request.path_params["name"]))


async def send(context: Context, file_id: str, name: str) -> Response:
    """Send a file by its hash under *name*, with the extension its content has.

    Raises:
        HttpError: 404, there is no such file.
    """
    try:
        path = context.files.path(file_id)
    except ValueError:
        raise HttpError(404, "no file has this link") from None
    stem, _, _ = name.rpartition(".")
    extension = await asyncio.to_thread(_extension, path)
    return file_reply(path, name=f"{stem or 'file'}.{extension}", file_id=file_id)


def _extension(path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = sniff(file.read(HEAD_BYTES))
    except OSError:
        raise HttpError(404, "the file of this link is no longer there") from None
    return found.value if found else "bin"
