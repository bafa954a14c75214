"""Save a stream to a file so that a complete file appears at once, or none at all."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from email.message import Message
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import unquote, urlsplit

import anyio
import anyio.to_thread
import attrs

from audiokit._formats import HEAD_BYTES, AudioFormat, sniff
from audiokit.errors import DownloadFailed, InvalidRequest
from audiokit.transport._files import open_file
from audiokit.typing import Progress, ProgressCallback, StrPath

WRITE_BYTES: Final = 1 << 20
"""Bytes gathered before one write: a thread hop per network chunk costs several times the CPU."""

_PIECE_BYTES: Final = 1 << 17
"""Given to the kernel at once. Measured on ext4: 1 MiB costs up to nine times as much, because the kernel
looks for memory in pieces as large."""

_MAX_NAME_BYTES: Final = 150
_MAX_EXTENSION: Final = 10
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f<>:\"|?*]")

StatusCheck: TypeAlias = Callable[[Any], Awaitable[None]]


def names_a_folder(to: StrPath) -> bool:
    """The rule for every ``to=``: a trailing slash or no extension means a folder, else a file.

    An existing folder is one whatever its name; that takes a look at the disk, see `Target`.

    Raises:
        InvalidRequest: It is no path at all.
    """
    try:
        text = os.fspath(to)
    except TypeError:
        text = None
    if not isinstance(text, str) or not text or "\0" in text:
        raise InvalidRequest.of("to", to, "a path: a folder, or a file with its extension")
    return text.endswith(("/", os.sep)) or not Path(text).suffix


@attrs.frozen(kw_only=True)
class Target:
    """Where a download goes.

    Attributes:
        path: A folder, made when missing (the name comes from `name` or the server, made safe), or
            the file's own path, whose missing parents are made.
        is_folder: What `names_a_folder` says of it.
        name: Base name for the folder form, without extension; the extension always
            follows the content.
        must_be_audio: Refuse content that is no audio, or a path whose extension names another format.
    """

    path: Path
    is_folder: bool
    name: str | None = None
    must_be_audio: bool = True

    @classmethod
    def of(cls, to: StrPath, *, name: str | None = None, must_be_audio: bool = True) -> Target:
        """Build from what a caller passes as ``to=``."""
        return cls(
            is_folder=names_a_folder(to), path=Path(os.fspath(to)), name=name, must_be_audio=must_be_audio
        )


async def save(
    chunks: AsyncIterator[bytes],
    target: Target,
    *,
    headers: Mapping[str, str],
    url: str,
    size_bytes: int | None,
    on_progress: ProgressCallback | None = None,
) -> Path:
    """Write *chunks* to a temporary file beside the target, check, and rename.

    Raises:
        DownloadFailed: Too few bytes came, or the disk refused them.
        InvalidRequest: The content is not what the target's extension says.
    """
    is_folder = target.is_folder or await anyio.to_thread.run_sync(target.path.is_dir)
    folder = target.path if is_folder else target.path.parent
    partial = folder / f".{secrets.token_hex(8)}.part"
    try:
        if target.is_folder or not is_folder:
            await anyio.to_thread.run_sync(lambda: folder.mkdir(parents=True, exist_ok=True))
        head, done = await _write(chunks, partial, size_bytes=size_bytes, on_progress=on_progress)
        if size_bytes is not None and done != size_bytes:
            raise DownloadFailed(
                f"only {done} of {size_bytes} bytes arrived; download it again", operation="download"
            )
        final = _final_path(target, folder, head, headers=headers, url=url, is_folder=is_folder)
        await anyio.to_thread.run_sync(os.replace, partial, final)
    except BaseException as error:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(_remove, partial)
        if isinstance(error, OSError):
            raise DownloadFailed(
                f"cannot write {str(target.path)!r}: {error.strerror or error}", operation="download"
            ) from error
        raise
    return final


def _remove(path: Path) -> None:
    """Remove a file if it is there; what keeps it there is told by the error under way."""
    with contextlib.suppress(OSError):
        path.unlink()


async def _write(
    chunks: AsyncIterator[bytes],
    path: Path,
    *,
    size_bytes: int | None,
    on_progress: ProgressCallback | None,
) -> tuple[bytes, int]:
    """Write and sync; gives back the first bytes and how many there were."""
    head, done = b"", 0
    pending: list[bytes] = []
    pending_bytes = 0
    file = await open_file(path, "xb")
    try:
        async for chunk in chunks:
            pending.append(chunk)
            pending_bytes += len(chunk)
            if pending_bytes >= WRITE_BYTES:
                await anyio.to_thread.run_sync(_write_all, file.fileno(), pending)
                pending, pending_bytes = [], 0
            if len(head) < HEAD_BYTES:
                head += chunk[: HEAD_BYTES - len(head)]
            done += len(chunk)
            if on_progress is not None:
                on_progress(Progress(done_bytes=done, total_bytes=size_bytes))
        await anyio.to_thread.run_sync(_write_all, file.fileno(), pending)
        await anyio.to_thread.run_sync(os.fsync, file.fileno())
    finally:
        with anyio.CancelScope(shield=True):
            await file.close()
    return head, done


def _write_all(number: int, pieces: list[bytes]) -> None:
    """Write the pieces one by one: joining them first would copy all that is downloaded."""
    for piece in pieces:
        left = memoryview(piece)
        while left:
            left = left[os.write(number, left[:_PIECE_BYTES]) :]


def _final_path(
    target: Target, folder: Path, head: bytes, *, headers: Mapping[str, str], url: str, is_folder: bool
) -> Path:
    audio = sniff(head, complete=len(head) < HEAD_BYTES)
    if target.must_be_audio and audio is None:
        raise DownloadFailed(
            f"what arrived from {urlsplit(url).path!r} is no audio; nothing was saved", operation="download"
        )
    if is_folder:
        served = safe_file_name(target.name or _served_name(headers, url))
        return folder / (_stem(served) + audio.extension if audio else served)
    wanted = _format_of_extension(target.path.suffix)
    if target.must_be_audio and audio is not None and target.path.suffix and wanted is not audio:
        raise InvalidRequest(
            f"to={str(target.path)!r} does not fit: the audio is {audio.value}; "
            f"end the name in {audio.extension}, or give a folder",
            field="to",
            value=str(target.path),
        )
    return target.path


def _format_of_extension(suffix: str) -> AudioFormat | None:
    aliases = {".oga": ".ogg", ".wave": ".wav"}
    suffix = aliases.get(suffix.lower(), suffix.lower())
    return next((audio for audio in AudioFormat if audio.extension == suffix), None)


def _served_name(headers: Mapping[str, str], url: str) -> str:
    message = Message()
    message["content-disposition"] = headers.get("content-disposition", "")
    return message.get_filename() or unquote(urlsplit(url).path.rsplit("/", 1)[-1])


def _stem(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    return stem if dot and _format_of_extension(f".{extension}") else name


def safe_file_name(name: str, *, fallback: str = "audio") -> str:
    """Reduce *name*, from a server or a user, to a harmless base name of at most 150 bytes.

    Folders, drive letters, control characters and leading dots go; ``../../etc/passwd``
    becomes ``passwd``.
    """
    base = _UNSAFE.sub("_", name.replace("\\", "/")).rsplit("/", 1)[-1]
    base = base.encode("utf-8", "replace").decode().strip(" .")
    stem, dot, extension = base.rpartition(".")
    if not dot or len(extension) > _MAX_EXTENSION:  # a long part after a dot is no extension
        stem, dot, extension = base, "", ""
    room = _MAX_NAME_BYTES - len((dot + extension).encode())
    stem = stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .")
    return stem + dot + extension if stem else fallback
