"""Jobs on api.audio v1: speech, and mastered tracks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from audiokit.errors import InvalidRequest, NotFound, RequestRefused
from audiokit.jobs._context import JobContext
from audiokit.jobs._identity import key_of
from audiokit.jobs._steps import Submission
from audiokit.services._check import folder_for
from audiokit.services._poll import Look
from audiokit.typing import StrPath

if TYPE_CHECKING:
    from audiokit.services.apiaudio import MasteredTrack, SectionTiming, SectionVoice, Speech


def _one_of_two(script_text: str | None, script_id: str | None) -> None:
    if (script_text is None) == (script_id is None):
        raise InvalidRequest(
            f"exactly one of script_text and script_id must be given, got {script_text!r} and {script_id!r}",
            field="script_text",
            value=script_text,
        )


async def _script_id(context: JobContext, job: SpeechJob | MasteringJob) -> str:
    """The script's id; a text becomes a script once for all listeners that hear it alike.

    The API knows speech and masters by script and listener only. So jobs that differ in anything else,
    say the voice, get scripts of their own, or one would be given the other's sound. The id is ours: a
    second POST of it changes nothing, and shows after a cut connection whether the first one arrived.
    """
    if job.script_id is not None:
        return job.script_id
    script_id = own_script_id(context.namespace, job)
    text = job.script_text or ""

    async def create() -> str:
        async with context.submit:
            made = await context.services.apiaudio.scripts.create(
                text, script_id=script_id, is_repeatable=True
            )
        return made.script_id

    return await context.once.get(("apiaudio script", script_id), create)


def own_script_id(namespace: str, job: SpeechJob | MasteringJob) -> str:
    """The id of the script that *job* makes from its text."""
    same = attrs.evolve(job, audience=None, to=None, key=None, timeout_s=None)
    if isinstance(same, MasteringJob):
        same = attrs.evolve(same, name=None)
    return f"audiokit-{namespace}-{key_of(same, 0)}"


async def _find(script_id: str, retrieve: Callable[[], Awaitable[object]]) -> str | None:
    """The id of work on a script that is ours alone, if the API has any for this listener."""
    try:
        await retrieve()
    except NotFound:
        return None
    except RequestRefused:
        return script_id  # it was taken, and failed: the look that follows says why
    return script_id


@attrs.frozen(kw_only=True)
class SpeechJob:
    """Have a v1 script spoken for one listener; the files are wav, one per section.

    Attributes:
        script_text: The script, or
        script_id: the id of one that exists.
        voice: Alias of a voice.
        speed: Percent (above 3) or factor (0.5 to 3).
        audience: The listener's values.
        sections: Overrides by section name.
        to: Folder for the files; None saves none.
        key: A name of one's own.
        timeout_s: Longest time in seconds.
    """

    script_text: str | None = None
    script_id: str | None = None
    voice: str | None = None
    speed: float | None = None
    audience: Mapping[str, str] | None = None
    sections: Mapping[str, SectionVoice] | None = None
    to: StrPath | None = None
    key: str | None = None
    timeout_s: float | None = None

    kind = "speech"
    api = "apiaudio"

    @staticmethod
    def records() -> Sequence[type]:
        """Records in its fields, which a journal may hold."""
        from audiokit.services.apiaudio import SectionVoice  # noqa: PLC0415 - loaded with the client

        return (SectionVoice,)

    def __attrs_post_init__(self) -> None:
        _one_of_two(self.script_text, self.script_id)

    async def prepare(self, context: JobContext) -> str:
        """Make the script."""
        return await _script_id(context, self)

    async def submission(self, context: JobContext, prepared: str) -> Submission:
        """How it is told from others: by its script, where that is our own."""
        if self.script_id is not None:
            return Submission()

        async def find(_: frozenset[str] | None) -> str | None:
            speech = context.services.apiaudio.speech
            return await _find(prepared, lambda: speech.retrieve(prepared, audience=self.audience))

        return Submission(find=find)

    async def submit(self, context: JobContext, prepared: str) -> Speech:
        """Ask for the speech."""
        async with context.submit:
            return await context.services.apiaudio.speech.create(
                prepared,
                voice=self.voice,
                speed=self.speed,
                audience=self.audience,
                sections=self.sections,
                sync=False,
                callback_url=context.callback_url,
            )

    async def look(self, context: JobContext, remote: Speech | str) -> tuple[Speech, Look]:
        """See whether all sections are there."""
        if isinstance(remote, str) or not remote.is_ready:
            script_id = remote if isinstance(remote, str) else remote.script_id
            request_id = None if isinstance(remote, str) else remote.request_id
            remote = await context.services.apiaudio.speech.retrieve(
                script_id, audience=self.audience, request_id=request_id
            )
        state = "ready" if remote.is_ready else "processing"
        return remote.raise_for_error(), Look(state=state, is_over=remote.is_ready)

    async def poll(self, context: JobContext, remote: Speech | str) -> Speech:
        """Follow the speech, unless the first answer had it."""
        if not isinstance(remote, str) and remote.is_ready:
            return remote.raise_for_error()
        script_id = remote if isinstance(remote, str) else remote.script_id
        request_id = None if isinstance(remote, str) else remote.request_id
        with context.also_called(script_id, request_id):
            return await context.follow(
                lambda: self.look(context, remote), what=self.kind, remote_id=script_id
            )

    async def collect(self, context: JobContext, remote: Speech | str) -> tuple[Speech, Sequence[Path]]:
        """Save the sections."""
        if isinstance(remote, str):
            remote, _ = await self.look(context, remote)
        if self.to is None:
            return remote, ()
        folder_for(self.to, len(remote.sections))
        paths = []
        for section in remote.sections.values():
            place, name = await context.place(self.to, section.name)
            async with context.transfer:
                paths.append(
                    await context.services.apiaudio.speech.save(
                        section, place, name=name, on_progress=context.received()
                    )
                )
        return remote, paths


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
    to: StrPath | None = None
    key: str | None = None
    timeout_s: float | None = None

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
        _one_of_two(self.script_text, self.script_id)
        if self.to is not None:
            folder_for(self.to, len(self.formats))

    @property
    def formats(self) -> list[str]:
        """The formats asked for."""
        return [self.end_format] if isinstance(self.end_format, str) else list(self.end_format)

    async def prepare(self, context: JobContext) -> str:
        """Make the script and its speech."""
        script_id = await _script_id(context, self)
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
                return await _find(script_id, lambda: speech.retrieve(script_id, audience=self.audience))

            how = Submission() if self.script_id is not None else Submission(find=find)
            made = await context.step("speech", lambda: spoken.submit(context, script_id), how)
            await spoken.poll(context, made)
        return script_id

    async def submission(self, context: JobContext, prepared: str) -> Submission:
        """How it is told from others: by its script, where that is our own."""
        if self.script_id is not None:
            return Submission()

        async def find(_: frozenset[str] | None) -> str | None:
            return await _find(prepared, lambda: self._retrieve(context, prepared, self.formats[0]))

        return Submission(find=find)

    async def submit(self, context: JobContext, prepared: str) -> str:
        """Ask for the track."""
        async with context.submit:
            await context.services.apiaudio.mastering.create(
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
        return prepared

    async def look(self, context: JobContext, remote: str) -> tuple[str, Look]:
        """See whether the track is there."""
        track = await self._retrieve(context, remote, self.formats[-1])
        state = "ready" if track.is_ready else "processing"
        return remote, Look(state=state, is_over=track.is_ready)

    async def poll(self, context: JobContext, remote: str) -> str:
        """Follow the track."""
        return await context.follow(lambda: self.look(context, remote), what=self.kind, remote_id=remote)

    async def collect(
        self, context: JobContext, remote: str
    ) -> tuple[Sequence[MasteredTrack], Sequence[Path]]:
        """Save each format."""
        tracks = [await self._retrieve(context, remote, one) for one in self.formats]
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
