"""Jobs on api.audio v1: mastered tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
import attrs

from audiokit._formats import AudioFormat
from audiokit.jobs._apiaudio_scripts import found, one_of_two, script_of
from audiokit.jobs._apiaudio_speech import SpeechJob
from audiokit.jobs._checks import place_or_none, seconds_or_none
from audiokit.jobs._context import JobContext
from audiokit.jobs._steps import Submission
from audiokit.services._check import file_of_format, folder_for
from audiokit.services._poll import Look
from audiokit.typing import StrPath

if TYPE_CHECKING:
    from audiokit.services.apiaudio import MasteredTrack, SectionTiming, SectionVoice


@attrs.frozen(kw_only=True)
class MasterOrdered:
    """What a master is asked for by: its script; and the request, which webhooks name."""

    script_id: str
    request_id: str | None = None


@attrs.frozen(kw_only=True)
class MasteringJob:
    """Have a v1 script spoken and mastered for one listener.

    Attributes:
        script_text: The script, or
        script_id: the id of one that exists.
        voice: Alias of a voice.
        speed: Percent (above 3) or factor (0.5 to 3).
        sections: Voice overrides by section name.
        audience: The listener's values.
        sound_template: Music; none when not given.
        end_format: One or more formats, as `Mastering.create`.
        force_length_s: Exact length in seconds.
        media_files: Media id by alias.
        media_volume_trim_db: -12 to 12 dB.
        section_properties: Ends and placement by section name.
        match_voice: Level the speech to the recorded media.
        channels: 1 or 2.
        public: Results open to all.
        mastering_preset: Name of a preset.
        has_speech: The speech exists already, so only master.
        name: Stem of the files in a folder; the script's when not given.
        to: Folder, or with one format a file path; None saves none.
        key: A name of one's own.
        timeout_s: Longest time in seconds.
    """

    script_text: str | None = None
    script_id: str | None = None
    voice: str | None = None
    speed: float | None = None
    sections: Mapping[str, SectionVoice] | None = None
    audience: Mapping[str, str] | None = None
    sound_template: str | None = None
    end_format: str | Sequence[str] = "mp3"
    force_length_s: float | None = None
    media_files: Mapping[str, str] | None = None
    media_volume_trim_db: float | None = None
    section_properties: Mapping[str, SectionTiming] | None = None
    match_voice: bool = False
    channels: int | None = None
    public: bool = False
    mastering_preset: str | None = None
    has_speech: bool = False
    name: str | None = None
    to: StrPath | None = attrs.field(default=None, validator=place_or_none)
    key: str | None = None
    timeout_s: float | None = attrs.field(default=None, validator=seconds_or_none)

    kind = "mastering"
    api = "apiaudio"

    @staticmethod
    def records() -> Sequence[type]:
        """Records in its fields, which a journal may hold."""
        from audiokit.services.apiaudio import (  # noqa: PLC0415 - loaded with the client
            SectionTiming,
            SectionVoice,
        )

        return (SectionTiming, SectionVoice)

    def __attrs_post_init__(self) -> None:
        one_of_two(self.script_text, self.script_id)
        if self.to is not None and isinstance(self.end_format, Sequence):
            folder_for(self.to, len(self.formats))

    @property
    def formats(self) -> list[str]:
        """The formats asked for."""
        return [self.end_format] if isinstance(self.end_format, str) else list(self.end_format)

    async def _check(self) -> None:
        """Refuse what is certainly wrong, before anything is sent."""
        from audiokit.services.apiaudio._mastering_order import (  # noqa: PLC0415 - loaded with the client
            check_master,
        )
        from audiokit.services.apiaudio.speech import check_speech  # noqa: PLC0415

        if not self.has_speech:
            check_speech(speed=self.speed, audience=self.audience, sections=self.sections)
        check_master(
            audience=self.audience,
            end_format=self.end_format,
            force_length_s=self.force_length_s,
            media_files=self.media_files,
            media_volume_trim_db=self.media_volume_trim_db,
            section_properties=self.section_properties,
            channels=self.channels,
        )
        if self.to is not None and len(self.formats) == 1:
            audio = AudioFormat(self.formats[0].partition("_")[0])  # of mp3_high: mp3
            await anyio.to_thread.run_sync(file_of_format, self.to, audio)

    async def prepare(self, context: JobContext) -> str:
        """Make the script and its speech, once it is clear that a master can be ordered."""
        await self._check()
        script_id = await script_of(context, self)
        if not self.has_speech:
            spoken = SpeechJob(
                script_id=script_id,
                voice=self.voice,
                speed=self.speed,
                audience=self.audience,
                sections=self.sections,
            )
            speech = context.services.apiaudio.speech

            async def find(_: frozenset[str] | None) -> str | None:
                return await found(script_id, lambda: speech.retrieve(script_id, audience=self.audience))

            how = Submission() if self.script_id is not None else Submission(find=find, label=script_id)
            made = await context.step("speech", lambda: spoken.submit(context, script_id), how)
            await spoken.poll(context, made)
        return script_id

    async def submission(self, context: JobContext, prepared: str) -> Submission:
        """How it is told from others: by its script, where that is our own."""
        if self.script_id is not None:
            return Submission()

        async def find(_: frozenset[str] | None) -> str | None:
            return await found(prepared, lambda: self._retrieve(context, prepared, self.formats[0]))

        return Submission(find=find, label=prepared)

    async def submit(self, context: JobContext, prepared: str) -> MasterOrdered:
        """Ask for the track."""
        async with context.submit:
            track = await context.services.apiaudio.mastering.create(
                prepared,
                sound_template=self.sound_template,
                audience=self.audience,
                public=self.public,
                end_format=self.formats,
                force_length_s=self.force_length_s,
                media_files=self.media_files,
                media_volume_trim_db=self.media_volume_trim_db,
                section_properties=self.section_properties,
                match_voice=self.match_voice,
                channels=self.channels,
                mastering_preset=self.mastering_preset,
                callback_url=context.callback_url,
            )
        return MasterOrdered(script_id=prepared, request_id=track.request_id)

    async def look(self, context: JobContext, remote: MasterOrdered | str) -> tuple[str, Look]:
        """See whether the track is there."""
        script_id = remote if isinstance(remote, str) else remote.script_id
        track = await self._retrieve(context, script_id, self.formats[-1])
        state = "ready" if track.is_ready else "processing"
        return script_id, Look(state=state, is_over=track.is_ready)

    async def poll(self, context: JobContext, remote: MasterOrdered | str) -> str:
        """Follow the track."""
        order = MasterOrdered(script_id=remote) if isinstance(remote, str) else remote
        with context.also_called(order.script_id, order.request_id):
            return await context.follow(
                lambda: self.look(context, order), what=self.kind, remote_id=order.script_id
            )

    async def collect(
        self, context: JobContext, remote: MasterOrdered | str
    ) -> tuple[Sequence[MasteredTrack], Sequence[Path]]:
        """Save each format."""
        script_id = remote if isinstance(remote, str) else remote.script_id
        tracks = [await self._retrieve(context, script_id, one) for one in self.formats]
        if self.to is None:
            return tracks, ()
        paths = []
        for one, track in zip(self.formats, tracks, strict=True):
            stem = self.name or self.script_id or "master"
            # Several mp3 qualities end alike, so the quality is part of the name.
            place, name = await context.place(self.to, f"{stem}_{one}" if "_" in one else stem)
            async with context.transfer:
                paths.append(
                    await context.services.apiaudio.mastering.save(
                        track, place, name=name, on_progress=context.received()
                    )
                )
        return tracks, paths

    async def _retrieve(self, context: JobContext, script_id: str, end_format: str) -> MasteredTrack:
        return await context.services.apiaudio.mastering.retrieve(
            script_id, audience=self.audience, public=self.public, end_format=end_format
        )
