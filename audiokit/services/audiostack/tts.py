"""TTS: a script's sections as speech."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

import attrs

from audiokit.errors import InvalidRequest
from audiokit.services._check import between
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._poll import Look
from audiokit.services.audiostack._base import AudioStackService
from audiokit.services.audiostack.scripts import StackScript
from audiokit.transport import Reply, Target
from audiokit.typing import CallOptions, StrPath


@attrs.define
class TTSSection(Model):
    """One section's speech."""

    section_name: str | None = None
    url: str | None = None
    audience: dict[str, Any] | None = None


@attrs.define
class TTS(Model):
    """The speech of a script.

    Attributes:
        is_ready: False after a 202: the API is still working.
    """

    speech_id: str
    sections: list[TTSSection] = attrs.field(factory=list)
    is_ready: bool = attrs.field(default=True, init=False)


_SOURCE = "custom sound design templates guide; official SDK 4.0, Speech.TTS"

CREATE = Endpoint(
    name="audiostack.tts.create",
    method="POST",
    path="/speech/tts",
    returns=TTS,
    expects=frozenset({200, 202}),
    source=_SOURCE,
)
GET = get("audiostack.tts.get", "/speech/tts/{speech_id}", TTS, expects=frozenset({200, 202}), source=_SOURCE)
FILE: Endpoint[None] = get("audiostack.tts.file", "{url}", None, source=_SOURCE)


class TTSService(AudioStackService):
    """Calls on speech."""

    async def create(
        self,
        script: StackScript | str,
        *,
        voice: str | None = None,
        speed: float | None = None,
        silence_padding: str | None = None,
        audience: Mapping[str, str] | None = None,
        sections: Mapping[str, Mapping[str, Any]] | None = None,
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
            speed: Factor, 0.5 to 3.
            silence_padding: Silence around sections in microseconds, as a string: half before, half after.
            audience: Text for each placeholder id. One listener; a plain mapping here.
            sections: Overrides by section name, e.g. ``{"intro": {"voice": "wren"}}``.
            voice_intelligence: Let the API improve the reading.
            public: URLs open to all.
            sync: False has the API answer at once.
            use_cache: Reuse earlier renderings.
            use_denoiser: Clean the speech.
            use_autofix: Repair bad renderings.
            options: See `CallOptions`.

        Returns:
            The speech; `is_ready` tells whether it is finished.
        """
        between("speed", speed, 0.5, 3)
        if silence_padding is not None and not isinstance(silence_padding, str):
            raise InvalidRequest.of("silence_padding", silence_padding, "a string of microseconds")
        body = {
            "scriptId": script.script_id if isinstance(script, StackScript) else script,
            "voice": voice,
            "speed": speed,
            "silencePadding": silence_padding,
            "audience": None if audience is None else dict(audience),
            "sections": None
            if sections is None
            else {name: dict(settings) for name, settings in sections.items()},
            "voiceIntelligence": voice_intelligence,
            "public": public,
            "sync": sync,
            "useCache": use_cache,
            "useDenoiser": use_denoiser,
            "useAutofix": use_autofix,
        }
        given = {name: value for name, value in body.items() if value is not None}
        return self._tts(CREATE, await self._reply(CREATE, json=given, options=options))

    async def create_and_wait(
        self,
        script: StackScript | str,
        *,
        voice: str | None = None,
        speed: float | None = None,
        silence_padding: str | None = None,
        audience: Mapping[str, str] | None = None,
        sections: Mapping[str, Mapping[str, Any]] | None = None,
        public: bool | None = None,
        **options: Unpack[CallOptions],
    ) -> TTS:
        """Have a script spoken and follow it to the end; arguments as `create`.

        Raises:
            JobTimeout: Not finished within `timeout=` seconds (default `Timeouts.wait_s`).
        """
        budget = self._budget(options)
        speech = await self.create(
            script,
            voice=voice,
            speed=speed,
            silence_padding=silence_padding,
            audience=audience,
            sections=sections,
            public=public,
            **budget.options(),
        )
        if speech.is_ready:
            return speech
        return await self.wait(speech.speech_id, public=public, **budget.options())

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

    async def download(
        self, speech: TTS, to: StrPath, *, name: str | None = None, **options: Unpack[CallOptions]
    ) -> list[Path]:
        """Save all sections of a finished speech as wav.

        Args:
            speech: The speech.
            to: An existing folder.
            name: Name without extension: ``name_1_of_3`` and so on; the sections' names when not given.
            options: See `CallOptions`.

        Returns:
            Paths, in the order of `TTS.sections`.

        Raises:
            InvalidRequest: The speech is not finished.
        """
        paths: list[Path] = []
        for number, section in enumerate(speech.sections, start=1):
            if section.url is None:
                raise InvalidRequest(
                    f"speech {speech.speech_id} is not finished; wait for it first",
                    field="speech",
                    value=speech.speech_id,
                )
            numbered = f"{name}_{number}_of_{len(speech.sections)}" if name else section.section_name
            call = self._at(FILE, section.url, options=options)
            paths.append(await self._save(FILE, call, Target.of(to, name=numbered), options=options))
        return paths

    def _tts(self, endpoint: Endpoint[TTS], reply: Reply) -> TTS:
        speech = self._structure(endpoint, reply, TTS)
        speech.is_ready = reply.status == 200
        return speech
