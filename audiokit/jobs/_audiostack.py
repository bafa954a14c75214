"""Jobs on AudioStack v2: mixes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from audiokit.errors import InvalidRequest
from audiokit.jobs._context import JobContext
from audiokit.services._poll import Look
from audiokit.typing import StrPath

if TYPE_CHECKING:
    from audiokit.services.audiostack import Mix, MixSection, MixTimeline


@attrs.frozen(kw_only=True)
class MixJob:
    """Have a v2 script spoken and mixed with a sound template.

    Attributes:
        script_text: The script, or
        script_id: the id of one that exists, or
        speech_id: the id of a speech that exists.
        voice: Alias of a voice.
        speed: Factor, 0.5 to 3.
        audience: Text by placeholder id.
        sound_template: Template whose segments the sections name.
        media_files: Media id by media name.
        section_properties: Timing by section name.
        timeline_properties: Timing of the whole.
        mastering_preset: Name of a preset.
        public: Result open to all.
        name: Stem of the files in a folder.
        to: Folder, or a file path; None saves none.
        key: A name of one's own.
        timeout_s: Longest time in seconds.
    """

    script_text: str | None = None
    script_id: str | None = None
    speech_id: str | None = None
    voice: str | None = None
    speed: float | None = None
    audience: Mapping[str, str] | None = None
    sound_template: str | None = None
    media_files: Mapping[str, str] | None = None
    section_properties: Mapping[str, MixSection] | None = None
    timeline_properties: MixTimeline | None = None
    mastering_preset: str | None = None
    public: bool | None = None
    name: str | None = None
    to: StrPath | None = None
    key: str | None = None
    timeout_s: float | None = None

    kind = "mix"

    def __attrs_post_init__(self) -> None:
        given = [self.script_text, self.script_id, self.speech_id]
        if sum(one is not None for one in given) != 1:
            raise InvalidRequest(
                f"exactly one of script_text, script_id and speech_id must be given, got {given!r}",
                field="script_text",
                value=self.script_text,
            )

    async def prepare(self, context: JobContext) -> str:
        """Make the script and its speech; gives the speech's id."""
        if self.speech_id is not None:
            return self.speech_id
        stack = context.services.audiostack
        async with context.submit:
            script_id = self.script_id or (await stack.scripts.create(self.script_text or "")).script_id
            speech = await stack.tts.create(
                script_id, voice=self.voice, speed=self.speed, audience=self.audience, sync=False
            )
        if not speech.is_ready:
            await context.follow(
                lambda: self._look_at_speech(context, speech.speech_id),
                what="speech for mix",
                remote_id=speech.speech_id,
            )
        return speech.speech_id

    async def submit(self, context: JobContext, prepared: str) -> Mix:
        """Ask for the mix."""
        async with context.submit:
            return await context.services.audiostack.mixes.create(
                speech=prepared,
                sound_template=self.sound_template,
                media_files=self.media_files,
                section_properties=self.section_properties,
                timeline_properties=self.timeline_properties,
                mastering_preset=self.mastering_preset,
                public=self.public,
            )

    async def look(self, context: JobContext, remote: Mix) -> tuple[Mix, Look]:
        """See whether the files are there."""
        if not remote.is_ready:
            remote = await context.services.audiostack.mixes.get(remote.production_id)
        return remote, Look(state="ready" if remote.is_ready else "processing", is_over=remote.is_ready)

    async def collect(self, context: JobContext, remote: Mix) -> tuple[Mix, Sequence[Path]]:
        """Save the files."""
        if self.to is None:
            return remote, ()
        place, name = await context.place(self.to, self.name or remote.files[0].filename or "mix")
        async with context.transfer:
            return remote, await context.services.audiostack.mixes.download(remote, place, name=name)

    async def _look_at_speech(self, context: JobContext, speech_id: str) -> tuple[str, Look]:
        speech = await context.services.audiostack.tts.get(speech_id)
        return speech_id, Look(state="ready" if speech.is_ready else "processing", is_over=speech.is_ready)
