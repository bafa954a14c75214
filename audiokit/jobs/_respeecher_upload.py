"""One upload for all jobs that need it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio.to_thread
import attrs

from audiokit.jobs._context import JobContext
from audiokit.jobs._fields import spooled_sha256
from audiokit.jobs._respeecher_lists import find_original, look_at, recordings_of_folder
from audiokit.jobs._steps import Submission
from audiokit.services._poll import Look
from audiokit.typing import AudioData

if TYPE_CHECKING:
    from audiokit.services.respeecher import Recording

_STEP: Final = "upload"
# Vendor plans: a credit is about a minute of speech-to-speech, or 4000 characters of text.
SECONDS_PER_CREDIT: Final = 60.0
CHARACTERS_PER_CREDIT: Final = 4000.0


@attrs.frozen(kw_only=True)
class Upload:
    """An original to be, in a folder; several jobs may share it.

    Attributes:
        source: wav, ogg, mp3 or flac.
        folder_id: Where it goes.
        stem: What its label is made from.
        label_token: Let the label tell it from others.
    """

    source: AudioData
    folder_id: str
    stem: str
    label_token: bool
    key: str | None = None

    kind = "_upload"
    api = "respeecher"

    async def make(self, context: JobContext) -> str:
        """Upload, wait until it is ready, and give the original's id."""
        label = context.label(self.stem, has_token=self.label_token)

        async def send() -> str:
            async with context.transfer.carrying(await size_of(self.source)):
                sent = await context.services.respeecher.recordings.upload(
                    self.source, folder_id=self.folder_id, label=label, on_progress=context.sent()
                )
            return sent.id

        original_id = str(
            await context.step(
                _STEP,
                send,
                Submission(
                    find=lambda _: find_original(context.services, self.folder_id, label),
                    is_harmless=True,  # it costs nothing, but for the time
                    label=label,
                ),
            )
        )

        async def look() -> tuple[Recording, Look]:
            return look_at(await context.services.respeecher.recordings.get(original_id))

        found = await context.follow(
            look,
            what="upload",
            remote_id=original_id,
            listing=recordings_of_folder(context.services, self.folder_id),
        )
        await facts_of(context, original_id, known=found)
        return original_id


@attrs.frozen
class OriginalFacts:
    """What converting an original takes: credits, and seconds of audio where they are known."""

    credits: float
    length_s: float | None


def known_facts_of(context: JobContext, original_id: str) -> OriginalFacts | None:
    """What an original is like, where it was met before."""
    found: OriginalFacts | None = context.once.peek(("respeecher original", original_id))
    return found


async def facts_of(context: JobContext, original_id: str, *, known: Recording | None = None) -> OriginalFacts:
    """What an original is like: told by *known*, or asked for once."""

    async def ask() -> OriginalFacts:
        original = known or await context.services.respeecher.recordings.get(original_id)
        if original.tts:
            price = len(original.text or "") / CHARACTERS_PER_CREDIT
        else:
            price = (original.duration_s or 0.0) / SECONDS_PER_CREDIT
        return OriginalFacts(price, original.duration_s)

    return await context.once.get(("respeecher original", original_id), ask)


async def same_upload(upload: Upload, key: str) -> str:
    """What two jobs must have in common to share an upload; reads the disk, or hashes, in a thread."""
    return await anyio.to_thread.run_sync(_same, upload, key)


def _same(upload: Upload, key: str) -> str:
    source = upload.source
    digest = hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else spooled_sha256(source)
    if digest is not None:
        told = f"bytes {digest}"
    elif isinstance(source, str | os.PathLike):
        path = Path(os.fspath(source)).absolute()
        try:
            status = path.stat()
            told = f"path {path}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ino}"
        except (OSError, ValueError):  # the upload itself will say what is wrong
            told = f"path {path}"
    else:
        told = f"stream {key}"  # an async iterable can be read only once, so it is nobody else's
    text = f"{told}\0{upload.folder_id}\0{upload.label_token}"
    return "upload-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


async def size_of(source: AudioData) -> int | None:
    """Bytes of a source, or None where nobody knows before it is read."""
    if isinstance(source, bytes):
        return len(source)
    if not isinstance(source, str | os.PathLike):
        return None
    path = Path(os.fspath(source))
    try:
        return (await anyio.to_thread.run_sync(path.stat)).st_size
    except (OSError, ValueError):  # the upload itself will say what is wrong
        return None
