"""TTS: a script's sections as speech."""

from __future__ import annotations

import base64
import builtins
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Unpack

import anyio.to_thread
import attrs

from audiokit.errors import InvalidRequest
from audiokit.services._check import between, folder_for, seconds
from audiokit.services._convert import Model, wire
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._pages import TokenPages
from audiokit.services._poll import Look
from audiokit.services._spans import whole
from audiokit.services.audiostack._base import AudioStackService, StackAnswer, StackModel, given
from audiokit.services.audiostack.scripts import StackScript
from audiokit.transport import Reply, Retry, Target
from audiokit.transport._secrets import shown_url
from audiokit.typing import CallOptions, ProgressCallback, StrPath


@attrs.define
class TTSSection(Model):
    """One section's speech."""

    section_name: str | None = None
    url: str | None = attrs.field(default=None, repr=shown_url)
    audience: dict[str, Any] | None = None


@attrs.define
class TTS(StackModel):
    """The speech of a script.

    Attributes:
        is_ready: False after a 202: the API is still working.
    """

    speech_id: str
    sections: list[TTSSection] = attrs.field(factory=list)
    is_ready: bool = attrs.field(default=True, init=False)


@attrs.define
class SpeechPreview(StackModel):
    """A short text as speech.

    Attributes:
        encoded: The audio as text, as it came; `audio` has its bytes.
    """

    encoded: str = wire("bytes")

    @property
    def audio(self) -> bytes:
        """The audio itself, taken to be base64: the vendor does not say how it is written.

        Raises:
            ValueError: It is not base64; see `encoded`.
        """
        return base64.b64decode(self.encoded, validate=True)


@attrs.define
class _Speeches(StackModel):
    speech_ids: list[TTS] = attrs.field(factory=list)  # whole objects, despite the name


_MICROSECONDS: Final = 1_000_000
_SOURCE = "custom sound design templates guide; official SDK 4.0, Speech.TTS"

CREATE = Endpoint(
    name="audiostack.tts.create",
    method="POST",
    path="/speech/tts",
    returns=TTS,
    expects=frozenset({200, 202}),
    look_up=("scriptId",),
    source=_SOURCE,
)
GET = get("audiostack.tts.get", "/speech/tts/{speech_id}", TTS, expects=frozenset({200, 202}), source=_SOURCE)
DELETE: Endpoint[None] = Endpoint(
    name="audiostack.tts.delete",
    method="DELETE",
    path="/speech/tts/{speech_id}",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source=_SOURCE,
)
LIST = get("audiostack.tts.list", "/speech/tts", _Speeches, source=_SOURCE)
PREVIEW = Endpoint(
    name="audiostack.tts.preview",
    method="POST",
    path="/speech/tts/preview",
    returns=SpeechPreview,
    source=_SOURCE,
)
REDUCE = Endpoint(
    name="audiostack.tts.reduce",
    method="POST",
    path="/speech/tts/reduce",
    returns=TTS,
    expects=frozenset({200, 202}),
    source=_SOURCE,
)
REMOVE_PADDING = Endpoint(
    name="audiostack.tts.remove_padding",
    method="POST",
    path="/speech/tts/remove_padding",
    returns=TTS,
    expects=frozenset({200, 202}),
    source=_SOURCE,
)
ANNOTATE = Endpoint(
    name="audiostack.tts.annotate",
    method="POST",
    path="/speech/tts/annotate",
    returns=StackAnswer,
    source=_SOURCE,
)
FILE: Endpoint[None] = get("audiostack.tts.file", "{url}", None, source=_SOURCE)


class TTSService(AudioStackService):
    """Calls on speech."""

    async def create(
        self,
        script: StackScript | str,
        *,
        voice: str | None = None,
        speed: float | None = None,
        silence_padding_s: float | None = None,
        audience: Mapping[str, str] | None = None,
        sections: Mapping[str, Mapping[str, Any]] | None = None,
        section_to_produce: str | None = None,
        voice_intelligence: bool | None = None,
        public: bool | None = None,
        sync: bool | None = None,
        use_cache: bool | None = None,
        use_denoiser: bool | None = None,
        use_autofix: bool | None = None,
        **options: Unpack[CallOptions],
    ) -> TTS:
        """Have a script spoken; every call makes a new speech.

        Args:
            script: The script, or its id.
            voice: Alias of a voice; the API's default is Joanna.
            speed: Factor, 0.5 to 3; the API's default is 1.
            silence_padding_s: Silence around sections in seconds, half before, half after. Sent as a
                text of whole microseconds, rounded.
            audience: Text for each placeholder id. One listener; a plain mapping here.
            sections: Overrides by section name, e.g. ``{"intro": {"voice": "wren"}}``; sent as they are,
                so under the API's names and in its units.
            section_to_produce: Speak this section only; all when not given.
            voice_intelligence: Let the API improve the reading; its default is False.
            public: URLs open to all; the API's default is False.
            sync: False has the API answer at once; its default is True.
            use_cache: Reuse earlier renderings; the API's default is True.
            use_denoiser: Clean the speech; the API's default is False.
            use_autofix: Repair bad renderings; the API's default is False.
            options: See `CallOptions`.

        Returns:
            The speech; `is_ready` tells whether it is finished.
        """
        check_speed(speed)
        seconds("silence_padding_s", silence_padding_s)
        padding = whole(silence_padding_s, per_second=_MICROSECONDS)
        body = {
            "scriptId": script.script_id if isinstance(script, StackScript) else script,
            "voice": voice,
            "speed": speed,
            "silencePadding": None if padding is None else str(padding),
            "audience": None if audience is None else dict(audience),
            "sections": None
            if sections is None
            else {name: dict(settings) for name, settings in sections.items()},
            "sectionToProduce": section_to_produce,
            "voiceIntelligence": voice_intelligence,
            "public": public,
            "sync": sync,
            "useCache": use_cache,
            "useDenoiser": use_denoiser,
            "useAutofix": use_autofix,
        }
        return self._tts(CREATE, await self._reply(CREATE, json=given(body), options=options))

    async def create_and_wait(
        self,
        script: StackScript | str,
        *,
        voice: str | None = None,
        speed: float | None = None,
        silence_padding_s: float | None = None,
        audience: Mapping[str, str] | None = None,
        sections: Mapping[str, Mapping[str, Any]] | None = None,
        section_to_produce: str | None = None,
        voice_intelligence: bool | None = None,
        public: bool | None = None,
        sync: bool | None = None,
        use_cache: bool | None = None,
        use_denoiser: bool | None = None,
        use_autofix: bool | None = None,
        restarts: int = 0,
        **options: Unpack[CallOptions],
    ) -> TTS:
        """Have a script spoken and follow it to the end.

        Args:
            script: The script, or its id.
            voice: Alias of a voice; the API's default is Joanna.
            speed: Factor, 0.5 to 3; the API's default is 1.
            silence_padding_s: Silence around sections in seconds, half before, half after. Sent as a
                text of whole microseconds, rounded.
            audience: Text for each placeholder id. One listener; a plain mapping here.
            sections: Overrides by section name, e.g. ``{"intro": {"voice": "wren"}}``; sent as they are,
                so under the API's names and in its units.
            section_to_produce: Speak this section only; all when not given.
            voice_intelligence: Let the API improve the reading; its default is False.
            public: URLs open to all; the API's default is False.
            sync: False has the API answer at once; its default is True.
            use_cache: Reuse earlier renderings; the API's default is True.
            use_denoiser: Clean the speech; the API's default is False.
            use_autofix: Repair bad renderings; the API's default is False.
            restarts: How often to begin afresh, as a new and paid speech, when one is not finished in time;
                the time is shared equally among the starts. 0 or more.
            options: See `CallOptions`.

        Raises:
            JobTimeout: Not finished within `timeout=` seconds (default `Timeouts.wait_s`).
        """

        async def once(each: CallOptions) -> TTS:
            budget = self._budget(each)
            speech = await self.create(
                script,
                voice=voice,
                speed=speed,
                silence_padding_s=silence_padding_s,
                audience=audience,
                sections=sections,
                section_to_produce=section_to_produce,
                voice_intelligence=voice_intelligence,
                public=public,
                sync=sync,
                use_cache=use_cache,
                use_denoiser=use_denoiser,
                use_autofix=use_autofix,
                **budget.options(),
            )
            return await self._ready(speech, public=public, options=budget.options())

        return await self._with_restarts(once, restarts=restarts, options=options)

    async def get(self, speech_id: str, *, public: bool | None = None, **options: Unpack[CallOptions]) -> TTS:
        """Get a speech; `is_ready` tells whether it is finished."""
        reply = await self._reply(
            GET, path={"speech_id": speech_id}, query={"public": public}, options=options
        )
        return self._tts(GET, reply)

    async def wait(
        self, speech_id: str, *, public: bool | None = None, **options: Unpack[CallOptions]
    ) -> TTS:
        """Follow a speech until it is finished."""

        async def look(each: CallOptions) -> tuple[TTS, Look]:
            found = await self.get(speech_id, public=public, **each)
            return found, Look(state="ready" if found.is_ready else "processing", is_over=found.is_ready)

        return await self._follow(look, what="speech", remote_id=speech_id, options=options)

    async def delete(self, speech_id: str, **options: Unpack[CallOptions]) -> None:
        """Delete a speech and its audio."""
        await self._call(DELETE, path={"speech_id": speech_id}, options=options)

    def list(
        self,
        *,
        project_name: str | None = None,
        module_name: str | None = None,
        script_name: str | None = None,
        script_id: str | None = None,
        verbose: bool | None = None,
        pagination_token: str | None = None,
        **options: Unpack[CallOptions],
    ) -> TokenPages[TTS]:
        """List speeches; those without sections must be got before they are downloaded.

        Args:
            project_name: Only of this project.
            module_name: Only of this module.
            script_name: Only of this script name.
            script_id: Only of this script.
            verbose: False gives ids and names only.
            pagination_token: Begin with the page of this token.
            options: See `CallOptions`.
        """
        query = {
            "projectName": project_name,
            "moduleName": module_name,
            "scriptName": script_name,
            "scriptId": script_id,
            "verbose": verbose,
        }
        return self._token_pages(
            LIST, query, lambda found: found.speech_ids, pagination_token=pagination_token, options=options
        )

    async def preview(self, text: str, *, voice: str, **options: Unpack[CallOptions]) -> SpeechPreview:
        """Have a short text spoken without keeping it.

        Args:
            text: The text.
            voice: Alias of a voice.
            options: See `CallOptions`.
        """
        reply = await self._reply(PREVIEW, json={"text": text, "voice": voice}, options=options)
        document = self._document(PREVIEW, reply)
        if isinstance(document, dict) and "bytes" in document:
            document = {**document, "data": None}  # the audio stands beside `data`, not in it
        return self._structure_document(PREVIEW, reply, document, SpeechPreview)

    async def reduce(
        self,
        speech: TTS | str,
        *,
        target_length_s: float,
        section_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> TTS:
        """Make a speech shorter.

        Args:
            speech: The speech, or its id.
            target_length_s: Length to reach in seconds.
            section_id: One section only.
            options: See `CallOptions`.

        Returns:
            The speech; `is_ready` tells whether it is finished.
        """
        body = {"speechId": _id_of(speech), "targetLength": target_length_s, "sectionId": section_id}
        return self._tts(REDUCE, await self._reply(REDUCE, json=given(body), options=options))

    async def remove_padding(
        self,
        speech: TTS | str,
        *,
        min_silence_s: float | None = None,
        silence_threshold: float | None = None,
        position: str | None = None,
        section_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> TTS:
        """Cut silence off a speech.

        Args:
            speech: The speech, or its id.
            min_silence_s: Shortest silence to cut, in seconds; the API's default is 1.5.
            silence_threshold: Amplitude below which it is silent, of 1.0; the API's default is 0.001.
            position: Where; the API's default is ``end``.
            section_id: One section only.
            options: See `CallOptions`.

        Returns:
            The speech; `is_ready` tells whether it is finished.
        """
        body = {
            "speechId": _id_of(speech),
            "minSilenceDuration": min_silence_s,
            "silenceThreshold": silence_threshold,
            "position": position,
            "sectionId": section_id,
        }
        reply = await self._reply(REMOVE_PADDING, json=given(body), options=options)
        return self._tts(REMOVE_PADDING, reply)

    async def annotate(
        self,
        speech: TTS | str,
        *,
        script_reference: str | None = None,
        language_code: str | None = None,
        continuous_recognition: bool | None = None,
        **options: Unpack[CallOptions],
    ) -> StackAnswer:
        """Get the times of a speech's words.

        Args:
            speech: The speech, or its id.
            script_reference: Text to align with.
            language_code: E.g. ``en-US``.
            continuous_recognition: For long speech; the API's default is False.
            options: See `CallOptions`.

        Returns:
            Words with times, in a shape the vendor does not publish.
        """
        body = {
            "speechId": _id_of(speech),
            "scriptReference": script_reference,
            "language_code": language_code,
            "continuous_recognition": continuous_recognition,
        }
        return await self._answer(ANNOTATE, json=given(body), options=options)

    async def download(
        self,
        speech: TTS,
        to: StrPath,
        *,
        name: str | None = None,
        auto_name: bool = False,
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> builtins.list[Path]:
        """Save all sections of a finished speech as wav.

        Args:
            speech: The speech.
            to: An existing folder.
            name: Name without extension: ``name_1_of_3`` and so on; the sections' names when not given.
            auto_name: Name after the listener instead: ``name=Ann~city=Rome``, numbered as with *name*
                where there are several sections.
            on_progress: Called after each chunk.
            options: See `CallOptions`.

        Returns:
            Paths, in the order of `TTS.sections`.

        Raises:
            InvalidRequest: The speech is not finished, or both kinds of names were asked for.
        """
        if name is not None and auto_name:
            raise InvalidRequest.of("auto_name", auto_name, f"left out where name is given ({name!r})")
        if not speech.sections:
            raise InvalidRequest(
                f"speech {speech.speech_id} has no sections yet; wait for it, or get it, first",
                field="speech",
                value=speech.speech_id,
            )
        await anyio.to_thread.run_sync(folder_for, to, len(speech.sections))
        paths: builtins.list[Path] = []
        for number, section in enumerate(speech.sections, start=1):
            if not section.url:
                raise InvalidRequest(
                    f"speech {speech.speech_id} is not finished; wait for it first",
                    field="speech",
                    value=speech.speech_id,
                )
            base = name
            if auto_name and section.audience:
                base = "~".join(f"{key}={value}" for key, value in section.audience.items())
            numbered = section.section_name
            if base is not None:
                # All sections have one listener; without numbers each would replace the one before.
                is_alone = auto_name and len(speech.sections) == 1
                numbered = base if is_alone else f"{base}_{number}_of_{len(speech.sections)}"
            call = self._at(FILE, section.url, options=options)
            target = Target.of(to, name=numbered)
            paths.append(await self._save(FILE, call, target, on_progress=on_progress, options=options))
        return paths

    async def _ready(self, speech: TTS, *, public: bool | None, options: CallOptions) -> TTS:
        return speech if speech.is_ready else await self.wait(speech.speech_id, public=public, **options)

    def _tts(self, endpoint: Endpoint[TTS], reply: Reply) -> TTS:
        speech = self._structure(endpoint, reply, TTS)
        speech.is_ready = reply.status == 200
        return speech


def check_speed(speed: float | None) -> None:
    """Refuse a speed that no speech can have."""
    between("speed", speed, 0.5, 3)


def _id_of(speech: TTS | str) -> str:
    return speech.speech_id if isinstance(speech, TTS) else speech
