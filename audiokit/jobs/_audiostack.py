"""Jobs on AudioStack v2: mixes."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
import attrs

from audiokit._formats import AudioFormat
from audiokit.errors import InvalidRequest, UnexpectedResponse
from audiokit.jobs._checks import place_or_none, seconds_or_none
from audiokit.jobs._context import JobContext
from audiokit.jobs._steps import Submission
from audiokit.services._check import file_of_format
from audiokit.services._poll import Look
from audiokit.typing import StrPath

if TYPE_CHECKING:
    from audiokit.services.audiostack import Mix, MixSection, MixTimeline


@attrs.frozen(kw_only=True)
class Spoken:
    """A speech to be mixed; *script_id* where the script is the job's own."""

    speech_id: str
    script_id: str | None = None


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
        encoder_preset: Encode the mix, too, e.g. ``mp3_high``; the encoding is what is saved then.
        loudness_preset: Loudness of the encoding, e.g. ``podcast``; needs *encoder_preset*.
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
    encoder_preset: str | None = None
    loudness_preset: str | None = None
    name: str | None = None
    to: StrPath | None = attrs.field(default=None, validator=place_or_none)
    key: str | None = None
    timeout_s: float | None = attrs.field(default=None, validator=seconds_or_none)

    kind = "mix"
    api = "audiostack"

    def __attrs_post_init__(self) -> None:
        given = [self.script_text, self.script_id, self.speech_id]
        if sum(one is not None for one in given) != 1:
            raise InvalidRequest(
                f"exactly one of script_text, script_id and speech_id must be given, got {given!r}",
                field="script_text",
                value=self.script_text,
            )
        if self.loudness_preset is not None and self.encoder_preset is None:
            raise InvalidRequest(
                "loudness_preset needs encoder_preset: it is a setting of the encoding",
                field="loudness_preset",
                value=self.loudness_preset,
            )

    @staticmethod
    def records() -> Sequence[type]:
        """Records in its fields, which a journal may hold."""
        from audiokit.services.audiostack import MixSection, MixTimeline  # noqa: PLC0415 - loaded with the client

        return (MixSection, MixTimeline)

    async def _check(self) -> None:
        """Refuse what is certainly wrong, before anything is sent."""
        from audiokit.services.audiostack.encoder import check_preset  # noqa: PLC0415 - loaded with the client
        from audiokit.services.audiostack.mixes import mix_body  # noqa: PLC0415
        from audiokit.services.audiostack.tts import check_speed  # noqa: PLC0415

        check_speed(self.speed)
        mix_body(
            speech=self.speech_id or "",  # one to come
            media_files=self.media_files,
            section_properties=self.section_properties,
            timeline_properties=self.timeline_properties,
        )
        if self.encoder_preset is not None:
            check_preset(self.encoder_preset)
        if self.to is not None and self.encoder_preset != "custom":  # whose format nobody has said
            audio = AudioFormat((self.encoder_preset or "wav").partition("_")[0])  # of mp3_high: mp3
            await anyio.to_thread.run_sync(file_of_format, self.to, audio)

    async def prepare(self, context: JobContext) -> Spoken:
        """Make the script and its speech, once it is clear that a mix can be ordered."""
        await self._check()
        if self.speech_id is not None:
            return Spoken(speech_id=self.speech_id)
        script_id = await self._script(context)
        stack = context.services.audiostack

        async def speak() -> str:
            async with context.submit:
                speech = await stack.tts.create(
                    script_id, voice=self.voice, speed=self.speed, audience=self.audience, sync=False
                )
            context.spent(speech.meta.credits_used or 0.0)
            return speech.speech_id

        async def find(_: frozenset[str] | None) -> str | None:
            return await _first(one.speech_id async for one in stack.tts.list(script_id=script_id))

        how = Submission() if self.script_id is not None else Submission(find=find, label=script_id)
        speech_id = str(await context.step("speech", speak, how))
        await context.follow(
            lambda: self._look_at_speech(context, speech_id), what="speech for mix", remote_id=speech_id
        )
        return Spoken(speech_id=speech_id, script_id=None if self.script_id is not None else script_id)

    async def submission(self, context: JobContext, prepared: Spoken) -> Submission:
        """How it is told from others: by its script, where that is its own."""
        if prepared.script_id is None:
            return Submission()

        async def find(_: frozenset[str] | None) -> str | None:
            mixes = context.services.audiostack.mixes
            return await _first(one.production_id async for one in mixes.list(script_id=prepared.script_id))

        return Submission(find=find, label=prepared.script_id)

    async def submit(self, context: JobContext, prepared: Spoken) -> Mix:
        """Ask for the mix."""
        async with context.submit:
            mix = await context.services.audiostack.mixes.create(
                speech=prepared.speech_id,
                sound_template=self.sound_template,
                media_files=self.media_files,
                section_properties=self.section_properties,
                timeline_properties=self.timeline_properties,
                mastering_preset=self.mastering_preset,
                public=self.public,
            )
        context.spent(mix.meta.credits_used or 0.0)
        return mix

    async def look(self, context: JobContext, remote: Mix | str) -> tuple[Mix, Look]:
        """See whether the files are there."""
        if isinstance(remote, str) or not remote.is_ready:
            production_id = remote if isinstance(remote, str) else remote.production_id
            remote = await context.services.audiostack.mixes.get(production_id)
        return remote, Look(state="ready" if remote.is_ready else "processing", is_over=remote.is_ready)

    async def poll(self, context: JobContext, remote: Mix | str) -> Mix:
        """Follow the mix, unless the first answer had it."""
        if not isinstance(remote, str) and remote.is_ready:
            return remote
        production_id = remote if isinstance(remote, str) else remote.production_id
        return await context.follow(
            lambda: self.look(context, remote), what=self.kind, remote_id=production_id
        )

    async def collect(self, context: JobContext, remote: Mix | str) -> tuple[Mix, Sequence[Path]]:
        """Encode, if that was asked for, and save the files."""
        if isinstance(remote, str):
            remote, _ = await self.look(context, remote)
        encoding_id = await self._encoded(context, remote) if self.encoder_preset is not None else None
        if self.to is None:
            return remote, ()
        place, name = await context.place(self.to, self.name or remote.files[0].filename or "mix")
        stack = context.services.audiostack
        async with context.transfer:
            if encoding_id is not None:
                encoding = await stack.encoder.get(encoding_id)
                return remote, [
                    await stack.encoder.download(encoding, place, name=name, on_progress=context.received())
                ]
            return remote, await stack.mixes.download(
                remote, place, name=name, on_progress=context.received()
            )

    async def _script(self, context: JobContext) -> str:
        """The id of the job's script: one of its own, so that what is made of it can be found."""
        if self.script_id is not None:
            return self.script_id
        scripts = context.services.audiostack.scripts
        name = f"audiokit-{context.token}"

        async def create() -> str:
            async with context.submit:
                made = await scripts.create(
                    self.script_text or "", project_name="audiokit", module_name="audiokit", script_name=name
                )
            return made.script_id

        # An answer that was lost leaves a script that nobody uses: it costs nothing.
        return str(await context.step("script", create, Submission(is_harmless=True)))

    async def _encoded(self, context: JobContext, mix: Mix) -> str:
        encoder = context.services.audiostack.encoder

        async def encode() -> str:
            async with context.submit:
                made = await encoder.encode_mix(
                    mix,
                    preset=self.encoder_preset or "",
                    public=self.public,
                    loudness_preset=self.loudness_preset,
                )
            context.spent(made.meta.credits_used or 0.0)
            if made.encoder_id is None:
                raise UnexpectedResponse(
                    "audiostack.encoder.encode_mix: the answer has no encoderId to look again with",
                    operation="audiostack.encoder.encode_mix",
                    status=200,
                )
            return made.encoder_id

        encoder_id = str(await context.step("encode", encode))

        async def look() -> tuple[str, Look]:
            found = await encoder.get(encoder_id)
            state = "ready" if found.is_ready else "processing"
            return encoder_id, Look(state=state, is_over=found.is_ready)

        return await context.follow(look, what="encoding", remote_id=encoder_id)

    async def _look_at_speech(self, context: JobContext, speech_id: str) -> tuple[str, Look]:
        speech = await context.services.audiostack.tts.get(speech_id)
        return speech_id, Look(state="ready" if speech.is_ready else "processing", is_over=speech.is_ready)


async def _first(ids: AsyncIterable[str]) -> str | None:
    async for one in ids:
        return one
    return None
