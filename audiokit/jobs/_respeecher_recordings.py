"""Jobs on the Respeecher Voice Marketplace that make originals and calibrations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from audiokit.errors import RemoteFailure
from audiokit.jobs._checks import place_or_none, seconds_or_none
from audiokit.jobs._context import JobContext
from audiokit.jobs._job import Services
from audiokit.jobs._respeecher_lists import find_original, look_at, recordings_of_folder
from audiokit.jobs._respeecher_upload import size_of
from audiokit.jobs._steps import Submission
from audiokit.services._poll import Look
from audiokit.typing import AudioData, StrPath

if TYPE_CHECKING:
    from audiokit.services.respeecher import Calibration, Recording

_STEM_CHARACTERS: Final = 40


@attrs.frozen(kw_only=True)
class TTSRecordingJob:
    """Have a text spoken: the result is an original, which conversions can be made from.

    Attributes:
        text: 1 to 1000 characters.
        folder_id: Folder that shall hold it.
        text_language: ISO 639 code; detected when not given.
        tts_voice_id: A voice from `TTSVoices.list`; newer gateways only.
        label: Up to 40 characters; made from the text when not given.
        label_token: As `ConversionJob`.
        to: Folder, or a file path; None saves none.
        key: A name of one's own.
        timeout_s: Longest time in seconds.
    """

    text: str
    folder_id: str
    text_language: str | None = None
    tts_voice_id: str | None = None
    label: str | None = None
    label_token: bool = True
    to: StrPath | None = attrs.field(default=None, validator=place_or_none)
    key: str | None = None
    timeout_s: float | None = attrs.field(default=None, validator=seconds_or_none)

    kind = "tts recording"
    api = "respeecher"

    @property
    def stem(self) -> str:
        """Name for files and labels."""
        return self.label or self.text[:_STEM_CHARACTERS]

    async def prepare(self, context: JobContext) -> None:
        """Nothing has to be there first."""

    async def submission(self, context: JobContext, prepared: None) -> Submission:  # noqa: ARG002 - as `Job` says
        """How it is told from others: by its label."""
        label = self._label(context)
        return Submission(find=lambda _: find_original(context.services, self.folder_id, label), label=label)

    async def submit(self, context: JobContext, prepared: None) -> str:  # noqa: ARG002 - as `Job` says
        """Hand the text in; gives the recording's id."""
        async with context.submit:
            made = await context.services.respeecher.recordings.create_tts(
                self.text,
                folder_id=self.folder_id,
                text_language=self.text_language,
                label=self._label(context),
                tts_voice_id=self.tts_voice_id,
            )
        return made.id

    async def look(self, context: JobContext, remote: Recording | str) -> tuple[Recording, Look]:
        """See how the recording stands."""
        recording_id = remote if isinstance(remote, str) else remote.id
        return look_at(await context.services.respeecher.recordings.get(recording_id))

    async def poll(self, context: JobContext, remote: Recording | str) -> Recording:
        """Follow the recording, by pages of its folder."""
        recording_id = remote if isinstance(remote, str) else remote.id
        done: Recording = await context.follow(
            lambda: self.look(context, remote),
            what=self.kind,
            remote_id=recording_id,
            listing=recordings_of_folder(context.services, self.folder_id),
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
        """Delete the recording that is no longer wanted; the API has no other way to cancel."""
        recording_id = remote if isinstance(remote, str) else remote.id
        await context.services.respeecher.recordings.delete(recording_id)

    def stream(
        self, services: Services, result: Recording
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The audio as it arrives."""
        return services.respeecher.recordings.stream(result)

    def _label(self, context: JobContext) -> str:
        if not self.label_token and self.label is not None:
            return self.label
        return context.label(self.stem, has_token=self.label_token)


@attrs.frozen(kw_only=True)
class CalibrationJob:
    """Have the pitch of a voice measured from a recording.

    Attributes:
        name: Unique in the account, 1 to 40 characters. It tells an unanswered upload from others.
        source: wav, ogg, mp3 or flac; three seconds of speech or more give a good figure.
        enable: Make it the one that orders use by default.
        key: A name of one's own.
        timeout_s: Longest time in seconds.
    """

    name: str
    source: AudioData
    enable: bool = False
    key: str | None = None
    timeout_s: float | None = attrs.field(default=None, validator=seconds_or_none)

    kind = "calibration"
    api = "respeecher"

    async def prepare(self, context: JobContext) -> None:
        """Nothing has to be there first."""

    async def submission(self, context: JobContext, prepared: None) -> Submission:  # noqa: ARG002 - as `Job` says
        """How it is told from others: names are unique, so a second one is refused."""

        async def find(_: frozenset[str] | None) -> str | None:
            async for one in context.services.respeecher.calibrations.list(search=self.name):
                if one.name == self.name:
                    return one.id
            return None

        return Submission(find=find, is_harmless=True, label=self.name)

    async def submit(self, context: JobContext, prepared: None) -> str:  # noqa: ARG002 - as `Job` says
        """Upload; gives the calibration's id."""
        async with context.transfer.carrying(await size_of(self.source)):
            made = await context.services.respeecher.calibrations.create(
                self.name, self.source, on_progress=context.sent()
            )
        return made.id

    async def look(self, context: JobContext, remote: Calibration | str) -> tuple[Calibration, Look]:
        """See how it stands."""
        calibration_id = remote if isinstance(remote, str) else remote.id
        found = await context.services.respeecher.calibrations.get(calibration_id)
        if found.state == "error":
            raise RemoteFailure(
                f"calibration {found.name!r} failed: {found.error or 'no reason given'}",
                operation="respeecher.calibrations.get",
                status=200,
                api_message=found.error or "",
            )
        return found, Look(state=found.state, is_over=found.state == "calibrated")

    async def collect(
        self, context: JobContext, remote: Calibration | str
    ) -> tuple[Calibration, Sequence[Path]]:
        """Enable it, if that was asked for."""
        calibrations = context.services.respeecher.calibrations
        calibration_id = remote if isinstance(remote, str) else remote.id
        if self.enable:
            return await calibrations.enable(calibration_id), ()
        return (await calibrations.get(calibration_id) if isinstance(remote, str) else remote), ()

    async def cancel(self, context: JobContext, remote: Calibration | str) -> None:
        """Delete the calibration that is no longer wanted."""
        calibration_id = remote if isinstance(remote, str) else remote.id
        await context.services.respeecher.calibrations.delete(calibration_id)
