"""Jobs on the Respeecher Voice Marketplace: conversions."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
import attrs

from audiokit.errors import InvalidRequest
from audiokit.jobs._context import JobContext, label_of
from audiokit.services._poll import Look
from audiokit.typing import AudioData, StrPath

if TYPE_CHECKING:
    from audiokit.services.respeecher import Recording


@attrs.frozen(kw_only=True)
class ConversionJob:
    """Upload a recording, have it converted to a voice, save the result.

    The same source in the same folder is uploaded once, however many jobs use it.

    Attributes:
        source: wav, ogg, mp3 or flac to upload, with *folder_id*; or
        original_id: the id of a recording that exists.
        folder_id: Folder that shall hold the upload.
        voice_id: Target voice.
        semitones_correction: Semitones on top of the voice's own shift.
        accent_id: Accent of the voice, for recorded originals.
        narration_style_id: Style of the voice, for originals spoken from text.
        calibration_id: Calibration to use; the enabled one when not given.
        label: Label of the conversion, up to 40 characters; made from the source when not given.
        to: Folder, or a file path; None saves none.
        key: A name of one's own.
        timeout_s: Longest time in seconds.
    """

    voice_id: str
    source: AudioData | None = None
    original_id: str | None = None
    folder_id: str | None = None
    semitones_correction: float | None = None
    accent_id: str | None = None
    narration_style_id: str | None = None
    calibration_id: str | None = None
    label: str | None = None
    to: StrPath | None = None
    key: str | None = None
    timeout_s: float | None = None

    kind = "conversion"

    def __attrs_post_init__(self) -> None:
        if (self.source is None) == (self.original_id is None):
            raise InvalidRequest(
                "exactly one of source and original_id must be given",
                field="source",
                value=self.original_id,
            )
        if self.source is not None and self.folder_id is None:
            raise InvalidRequest(
                "folder_id must be given with source: it is where the upload goes",
                field="folder_id",
                value=None,
            )

    @property
    def stem(self) -> str:
        """Name for files and labels, from the source."""
        if isinstance(self.source, str | os.PathLike):
            return Path(os.fspath(self.source)).stem
        return self.label or self.original_id or "audio"

    async def prepare(self, context: JobContext) -> str:
        """Upload the source and wait until it is ready; gives the original's id."""
        if self.original_id is not None:
            return self.original_id
        shared = await anyio.to_thread.run_sync(self._shared_key, context.key)
        return await context.once.get(shared, lambda: self._upload(context))

    def _shared_key(self, key: str) -> tuple[object, ...]:
        """What two jobs must have in common to share one upload; reads the disk."""
        source: object = self.source
        if isinstance(source, str | os.PathLike):
            path = Path(os.fspath(source)).absolute()
            try:
                status = path.stat()
            except (OSError, ValueError):  # the upload itself will say what is wrong
                return ("recording", path, self.folder_id)
            source = (path, status.st_size, status.st_mtime_ns, status.st_ino)
        elif isinstance(source, bytes):
            source = hashlib.sha256(source).digest()
        else:
            source = key  # an async iterable can be read only once, so it is nobody else's
        return ("recording", source, self.folder_id)

    async def submit(self, context: JobContext, prepared: str) -> str:
        """Order the conversion; gives the id of the recording to come."""
        from audiokit.services.respeecher import Conversion  # noqa: PLC0415 - loaded with the client

        conversion = Conversion(
            voice_id=self.voice_id,
            narration_style_id=self.narration_style_id,
            accent_id=self.accent_id,
            semitones_correction=self.semitones_correction,
            label=self.label if self.label is not None else label_of(self.stem),
        )
        async with context.submit:
            orders = await context.services.respeecher.orders.create(
                prepared, [conversion], calibration_id=self.calibration_id
            )
        return orders[0].conversion_id

    async def look(self, context: JobContext, remote: str) -> tuple[str, Look]:
        """See how the conversion stands."""
        recording = await context.services.respeecher.recordings.get(remote)
        recording.raise_for_error()
        return remote, Look(state=recording.state, is_over=recording.is_over)

    async def collect(self, context: JobContext, remote: str) -> tuple[Recording, Sequence[Path]]:
        """Save the audio."""
        recordings = context.services.respeecher.recordings
        recording = await recordings.get(remote)
        if self.to is None:
            return recording, ()
        place, name = await context.place(self.to, self.stem)
        async with context.transfer:
            return recording, [await recordings.download(recording, place, name=name)]

    async def _upload(self, context: JobContext) -> str:
        if self.source is None or self.folder_id is None:  # kept apart by __attrs_post_init__
            raise InvalidRequest.of("source", self.source, "a source with a folder_id")
        recordings = context.services.respeecher.recordings
        async with context.transfer:
            uploaded = await recordings.upload(
                self.source, folder_id=self.folder_id, label=label_of(self.stem)
            )

        async def look() -> tuple[str, Look]:
            found = (await recordings.get(uploaded.id)).raise_for_error()
            return found.id, Look(state=found.state, is_over=found.is_over)

        return await context.follow(look, what="uploaded recording", remote_id=uploaded.id)
