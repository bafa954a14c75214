"""Jobs on api.audio v1: speech."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
import attrs

from audiokit._formats import AudioFormat
from audiokit.jobs._apiaudio_scripts import found, one_of_two, script_of
from audiokit.jobs._checks import place_or_none, seconds_or_none
from audiokit.jobs._context import JobContext
from audiokit.jobs._steps import Submission
from audiokit.services._check import file_of_format, folder_for
from audiokit.services._poll import Look
from audiokit.typing import StrPath

if TYPE_CHECKING:
    from audiokit.services.apiaudio import SectionVoice, Speech


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
    to: StrPath | None = attrs.field(default=None, validator=place_or_none)
    key: str | None = None
    timeout_s: float | None = attrs.field(default=None, validator=seconds_or_none)

    kind = "speech"
    api = "apiaudio"

    @staticmethod
    def records() -> Sequence[type]:
        """Records in its fields, which a journal may hold."""
        from audiokit.services.apiaudio import SectionVoice  # noqa: PLC0415 - loaded with the client

        return (SectionVoice,)

    def __attrs_post_init__(self) -> None:
        one_of_two(self.script_text, self.script_id)

    async def _check(self) -> None:
        """Refuse what is certainly wrong, before anything is sent."""
        from audiokit.services.apiaudio.speech import check_speech  # noqa: PLC0415 - loaded with the client

        check_speech(speed=self.speed, audience=self.audience, sections=self.sections)
        if self.to is not None:
            await anyio.to_thread.run_sync(file_of_format, self.to, AudioFormat.WAV)

    async def prepare(self, context: JobContext) -> str:
        """Make the script, once it is clear that it can be spoken."""
        await self._check()
        return await script_of(context, self)

    async def submission(self, context: JobContext, prepared: str) -> Submission:
        """How it is told from others: by its script, where that is our own."""
        if self.script_id is not None:
            return Submission()

        async def find(_: frozenset[str] | None) -> str | None:
            speech = context.services.apiaudio.speech
            return await found(prepared, lambda: speech.retrieve(prepared, audience=self.audience))

        return Submission(find=find, label=prepared)

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
