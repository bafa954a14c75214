"""Jobs on the Respeecher Voice Marketplace: conversions."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from audiokit.errors import InvalidRequest, NotFound
from audiokit.jobs._checks import place_or_none, seconds_or_none
from audiokit.jobs._context import JobContext
from audiokit.jobs._fields import spooled_sha256
from audiokit.jobs._job import Services
from audiokit.jobs._respeecher_lists import (
    conversions_of,
    find_conversion,
    ids_of,
    look_at,
    recordings_of_folder,
)
from audiokit.jobs._respeecher_upload import Upload, facts_of, known_facts_of, same_upload
from audiokit.jobs._steps import Submission
from audiokit.services._poll import Look
from audiokit.typing import AudioData, StrPath

if TYPE_CHECKING:
    from audiokit.services.respeecher import Conversion, Recording


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
        label_token: End the label (and that of the upload) in eight characters that tell the job, at
            the cost of as many of the label's own. A submission whose answer was lost is found by
            them; without them it may end up uncertain.
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
    label_token: bool = True
    to: StrPath | None = attrs.field(default=None, validator=place_or_none)
    key: str | None = None
    timeout_s: float | None = attrs.field(default=None, validator=seconds_or_none)

    kind = "conversion"
    api = "respeecher"

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
        if isinstance(self.source, str | os.PathLike) and spooled_sha256(self.source) is None:
            return Path(os.fspath(self.source)).stem
        return self.label or self.original_id or "audio"

    async def prepare(self, context: JobContext) -> str:
        """Upload the source and wait until it is ready; gives the original's id.

        What no order could be made of is refused first: an upload is among the slow and limited calls.
        """
        self._conversion(context).to_wire()
        _check_id("voice_id", self.voice_id, "kit.respeecher.voices.list()")
        _check_id("calibration_id", self.calibration_id, "kit.respeecher.calibrations.list()")
        if self.original_id is not None:
            await self._note_others(context, self.original_id)
            return self.original_id
        upload = self._upload()
        if upload is None:  # kept apart by __attrs_post_init__
            raise InvalidRequest.of("source", self.source, "a source with a folder_id")
        return await context.shared(await same_upload(upload, context.key), upload)

    async def submission(self, context: JobContext, prepared: str) -> Submission:
        """How the order is told from others."""

        async def find(known: frozenset[str] | None) -> str | None:
            return await find_conversion(context.services, prepared, self._label(context), known)

        # Unless there is a limit to credits, they are not worth a call.
        facts = known_facts_of(context, prepared)
        if facts is None and context.has_budget:
            facts = await facts_of(context, prepared)
        if facts is not None:
            context.note_length(facts.length_s)
        return Submission(
            find=find,
            lock=f"order:{prepared}",
            place=f"conversions:{prepared}",
            label=self._label(context),
            credits=0.0 if facts is None else facts.credits,
        )

    async def submit(self, context: JobContext, prepared: str) -> str:
        """Order the conversion; gives the id of the recording to come."""
        async with context.submit:
            try:
                orders = await context.services.respeecher.orders.create(
                    prepared, [self._conversion(context)], calibration_id=self.calibration_id
                )
            except NotFound as error:  # the original, perhaps: deleted since it was uploaded
                if (upload := self._upload()) is not None:
                    await context.forget_shared(await same_upload(upload, context.key), error)
                raise
        return orders[0].conversion_id

    async def look(self, context: JobContext, remote: Recording | str) -> tuple[Recording, Look]:
        """See how the conversion stands."""
        return look_at(await context.services.respeecher.recordings.get(_id(remote)))

    async def poll(self, context: JobContext, remote: Recording | str) -> Recording:
        """Follow the conversion, by pages of its folder or of its original's conversions."""
        if self.folder_id is not None:
            listing = recordings_of_folder(context.services, self.folder_id)
        else:
            listing = conversions_of(context.services, str(self.original_id))
        done: Recording = await context.follow(
            lambda: self.look(context, remote), what=self.kind, remote_id=_id(remote), listing=listing
        )
        return done

    async def collect(self, context: JobContext, remote: Recording | str) -> tuple[Recording, Sequence[Path]]:
        """Save the audio."""
        recordings = context.services.respeecher.recordings
        recording = await recordings.get(remote) if isinstance(remote, str) else remote
        if self.to is None:
            return recording, ()
        place, name = await context.place(self.to, self.stem)
        async with context.transfer:
            path = await recordings.download(recording, place, name=name, on_progress=context.received())
        return recording, [path]

    async def cancel(self, context: JobContext, remote: Recording | str) -> None:
        """Delete the conversion that is no longer wanted; the API has no other way to cancel."""
        await context.services.respeecher.recordings.delete(_id(remote))

    def stream(
        self, services: Services, result: Recording
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The audio as it arrives."""
        return services.respeecher.recordings.stream(result)

    def _conversion(self, context: JobContext) -> Conversion:
        from audiokit.services.respeecher import Conversion  # noqa: PLC0415 - loaded with the client

        return Conversion(
            voice_id=self.voice_id,
            narration_style_id=self.narration_style_id,
            accent_id=self.accent_id,
            semitones_correction=self.semitones_correction,
            label=self._label(context),
        )

    def _label(self, context: JobContext) -> str:
        if not self.label_token and self.label is not None:
            return self.label
        name = self.label if self.label is not None else self.stem
        return context.label(name, has_token=self.label_token)

    def _upload(self) -> Upload | None:
        if self.source is None or self.folder_id is None:
            return None
        return Upload(
            source=self.source, folder_id=self.folder_id, stem=self.stem, label_token=self.label_token
        )

    async def _note_others(self, context: JobContext, original_id: str) -> None:
        """Before the first order of this journal: conversions that are there are not ours."""
        if context.is_recorded:
            place = f"conversions:{original_id}"

            async def others() -> Sequence[str]:
                return await ids_of(context.services.respeecher.recordings.list_conversions(original_id))

            await context.once.get(("noted", place), lambda: context.note_others(place, others))


def _check_id(field: str, value: str | None, where: str) -> None:
    """Refuse what is no id, e.g. a name: the API would, but after the upload."""
    if value is None:
        return
    try:
        uuid.UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise InvalidRequest(
            f"{field} must be a UUID, got {value!r}; ids are in {where}", field=field, value=value
        ) from None


def _id(remote: Recording | str) -> str:
    return remote if isinstance(remote, str) else remote.id
