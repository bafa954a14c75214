"""Speech: a script's sections as wav files; mastering needs it first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Unpack

import anyio
import anyio.to_thread
import attrs

from audiokit._unset import UNSET
from audiokit.errors import InvalidRequest, RemoteFailure
from audiokit.services._check import between, folder_for, records
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._poll import Look
from audiokit.services._spans import whole
from audiokit.services.apiaudio._audience import Audience, as_audience, as_list, as_query
from audiokit.services.apiaudio._base import ApiAudioService
from audiokit.transport import Reply, Target, safe_file_name
from audiokit.transport._secrets import shown_url
from audiokit.typing import CallOptions, ProgressCallback, StrPath

Speed = float | int

_LINK: Final = re.compile(r"(https?://|/)\S+")
_MILLISECONDS: Final = 1000


@attrs.frozen(kw_only=True)
class SectionVoice:
    """How one section is spoken; what is not given follows the whole call.

    Attributes:
        voice: Alias of a voice.
        speed: Percent (above 3) or factor (0.5 to 3).
        effect: Name of an effect.
        silence_padding_s: Silence around the section, 0 to 60 seconds; sent as whole milliseconds, rounded.
    """

    voice: str | None = None
    speed: Speed | None = None
    effect: str | None = None
    silence_padding_s: float | None = None

    def to_wire(self) -> dict[str, Any]:
        """The entry as the API takes it."""
        between("silence_padding_s", self.silence_padding_s, 0, 60, "seconds")
        values = {
            "voice": self.voice,
            "speed": self.speed,
            "effect": self.effect,
            # snake_case here, and only here
            "silence_padding": whole(self.silence_padding_s, per_second=_MILLISECONDS),
        }
        return {name: value for name, value in values.items() if value is not None}


@attrs.frozen(kw_only=True)
class SpokenSection:
    """One section's speech: a `url`, or the `error` that kept it from being made."""

    name: str
    url: str | None = attrs.field(default=None, repr=shown_url)
    error: str | None = None


@attrs.frozen(kw_only=True)
class Speech:
    """The speech of a script for one listener.

    Attributes:
        script_id: The script.
        sections: By name, in the script's order; empty while the API is still working.
        is_ready: False after a 202: the API is still working.
        request_id: The API's id of the request, when it gave one.
        raw: The answer as it came; where a section failed, with ``***`` in the place of the client's key.
    """

    script_id: str
    sections: Mapping[str, SpokenSection]
    is_ready: bool
    request_id: str | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False)

    def raise_for_error(self) -> Speech:
        """Raise `RemoteFailure` when a section failed, though the call as a whole did not."""
        failed = [section for section in self.sections.values() if section.error is not None]
        if failed:
            said = "; ".join(f"section {section.name!r}: {section.error}" for section in failed)
            raise RemoteFailure(
                f"{CREATE.name}: {said}", operation=CREATE.name, status=200, api_message=said, body=self.raw
            )
        return self


@attrs.define
class _Document(Model):
    """Any object; its keys are section names."""


CREATE = Endpoint(
    name="apiaudio.speech.create",
    method="POST",
    path="/speech",
    returns=_Document,
    expects=frozenset({200, 202}),
    look_up=("scriptId",),
    source="official Python client 0.17, Speech; openapi v1",
)
RETRIEVE = get(
    "apiaudio.speech.retrieve",
    "/speech",
    _Document,
    expects=frozenset({200, 202}),
    source="official Python client 0.17, Speech",
)
FILE: Endpoint[None] = get(
    "apiaudio.speech.file", "{url}", None, source="official Python client 0.17, Speech"
)


class SpeechService(ApiAudioService):
    """Calls on speech."""

    async def create(
        self,
        script_id: str,
        *,
        voice: str | None = None,
        speed: Speed | None = None,
        effect: str | None = None,
        silence_padding_s: float | None = None,
        audience: Audience | None = None,
        sections: Mapping[str, SectionVoice] | None = None,
        version: str | None = None,
        sync: bool | None = None,
        use_dictionary: bool | None = None,
        use_text_normalizer: bool | None = None,
        callback_url: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Speech:
        """Have a script spoken.

        Args:
            script_id: The script.
            voice: Alias of a voice; the API's default is Joanna.
            speed: Percent (above 3, up to 300) or factor (0.5 to 3); 100 percent when not given.
            effect: Name of a voice effect, e.g. ``chewie``; none when not given.
            silence_padding_s: Silence around each section, 0 to 60 seconds; none when not given. Sent
                as whole milliseconds, rounded; of the two units in the vendor's pages, the client's.
            audience: Values for the script's parameters; the fallbacks when not given. Use
                the same when mastering.
            sections: Overrides by section name.
            version: Script version; the script's text itself when not given.
            sync: False has the API answer at once; its default is True.
            use_dictionary: Apply the pronunciation dictionary; the API's default is False.
            use_text_normalizer: Normalise the text (German voices); the API's default is False.
            callback_url: Where the API shall send an event when it is done.
            options: See `CallOptions`.

        Returns:
            The speech; `is_ready` tells whether it is finished. A section can have failed
            although the call succeeded: see `Speech.raise_for_error`.
        """
        check_speech(speed=speed, audience=audience, sections=sections)
        between("silence_padding_s", silence_padding_s, 0, 60, "seconds")
        body = {
            "scriptId": script_id,
            "voice": voice,
            "speed": speed,
            "effect": effect,
            "silencePadding": whole(silence_padding_s, per_second=_MILLISECONDS),
            "audience": as_audience(audience),
            "sections": None
            if sections is None
            else {name: section.to_wire() for name, section in sections.items()},
            "version": version,
            "sync": sync,
            "useDictionary": use_dictionary,
            "useTextNormalizer": use_text_normalizer,
            "callback_url": callback_url,
        }
        given = {name: value for name, value in body.items() if value is not None}
        return self._speech(CREATE, script_id, await self._reply(CREATE, json=given, options=options))

    async def create_and_wait(
        self,
        script_id: str,
        *,
        voice: str | None = None,
        speed: Speed | None = None,
        audience: Audience | None = None,
        sections: Mapping[str, SectionVoice] | None = None,
        silence_padding_s: float | None = None,
        effect: str | None = None,
        version: str | None = None,
        sync: bool | None = None,
        use_dictionary: bool | None = None,
        use_text_normalizer: bool | None = None,
        callback_url: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Speech:
        """Have a script spoken and follow the first listener's speech to the end.

        Args:
            script_id: The script.
            voice: Alias of a voice; the API's default is Joanna.
            speed: Percent (above 3, up to 300) or factor (0.5 to 3); 100 percent when not given.
            audience: Values for the script's parameters; the fallbacks when not given. Use
                the same when mastering.
            sections: Overrides by section name.
            silence_padding_s: Silence around each section, 0 to 60 seconds; none when not given. Sent
                as whole milliseconds, rounded; of the two units in the vendor's pages, the client's.
            effect: Name of a voice effect, e.g. ``chewie``; none when not given.
            version: Script version; the script's text itself when not given.
            sync: False has the API answer at once; its default is True.
            use_dictionary: Apply the pronunciation dictionary; the API's default is False.
            use_text_normalizer: Normalise the text (German voices); the API's default is False.
            callback_url: Where the API shall send an event when it is done.
            options: See `CallOptions`.

        Raises:
            RemoteFailure: A section could not be spoken.
            JobTimeout: Not finished within `timeout=` seconds (default `Timeouts.wait_s`).
        """
        budget = self._budget(options)
        speech = await self.create(
            script_id,
            voice=voice,
            speed=speed,
            audience=audience,
            sections=sections,
            silence_padding_s=silence_padding_s,
            effect=effect,
            version=version,
            sync=sync,
            use_dictionary=use_dictionary,
            use_text_normalizer=use_text_normalizer,
            callback_url=callback_url,
            **budget.options(),
        )
        if not speech.is_ready:
            first = as_list("audience", audience) or [{}]
            speech = await self.wait(
                script_id,
                audience=first[0],
                version=version,
                request_id=speech.request_id,
                **budget.options(),
            )
        return speech.raise_for_error()

    async def retrieve(
        self,
        script_id: str,
        *,
        audience: Mapping[str, str] | None = None,
        version: str | None = None,
        section: str | None = None,
        request_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Speech:
        """Get the speech of a script for one listener.

        Args:
            script_id: The script.
            audience: The listener's values; without them the fallback speech, not the latest.
            version: Script version.
            section: One section only.
            request_id: One particular request.
            options: See `CallOptions`.
        """
        query = {
            **as_query(audience),
            "scriptId": script_id,
            "version": version or UNSET,
            "section": section,
            "requestId": request_id,
        }
        return self._speech(RETRIEVE, script_id, await self._reply(RETRIEVE, query=query, options=options))

    async def wait(
        self,
        script_id: str,
        *,
        audience: Mapping[str, str] | None = None,
        version: str | None = None,
        section: str | None = None,
        request_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Speech:
        """Follow the speech of a script until it is ready.

        Args:
            script_id: The script.
            audience: The listener's values; without them the fallback speech, not the latest.
            version: Script version.
            section: One section only.
            request_id: One particular request.
            options: See `CallOptions`.
        """

        async def look(each: CallOptions) -> tuple[Speech, Look]:
            found = await self.retrieve(
                script_id,
                audience=audience,
                version=version,
                section=section,
                request_id=request_id,
                **each,
            )
            return found, Look(state="ready" if found.is_ready else "processing", is_over=found.is_ready)

        return await self._follow(look, what="speech", remote_id=script_id, options=options)

    async def save(
        self,
        section: SpokenSection,
        to: StrPath,
        *,
        name: str | None = None,
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> Path:
        """Save one section's wav.

        Args:
            section: A section that has a url.
            to: An existing folder or a file path.
            name: Name in a folder, without extension; the section's when not given.
            on_progress: Called after each chunk.

        Returns:
            Path of the file.

        Raises:
            InvalidRequest: The section has no audio.
        """
        if not section.url:
            raise InvalidRequest(
                f"section {section.name!r} has no audio: {section.error}", field="section", value=section.name
            )
        call = self._at(FILE, section.url, authorise=False, options=options)
        target = Target.of(to, name=name or section.name)
        return await self._save(FILE, call, target, on_progress=on_progress, options=options)

    async def download(
        self,
        script_id: str,
        to: StrPath,
        *,
        audience: Mapping[str, str] | None = None,
        version: str | None = None,
        section: str | None = None,
        request_id: str | None = None,
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> list[Path]:
        """Save the speech of a script, a wav per section, waiting for it first if need be.

        Args:
            script_id: The script.
            to: A folder, where files are named after their sections; or a file path, only where
                there is one section.
            audience: As `retrieve`; so are *version*, *section* and *request_id*.
            version: Script version.
            section: One section only.
            request_id: One particular request.
            on_progress: Called after each chunk of each file.
            options: See `CallOptions`; the timeout is for waiting (default `Timeouts.wait_s`).

        Returns:
            Paths, in the order of the sections.

        Raises:
            RemoteFailure: A section could not be spoken.
            InvalidRequest: *to* is no folder although there are several sections.
        """
        speech = await self.wait(
            script_id, audience=audience, version=version, section=section, request_id=request_id, **options
        )
        sections = list(speech.raise_for_error().sections.values())
        await anyio.to_thread.run_sync(folder_for, to, len(sections))
        rest = self._budget(options).without_timeout()
        return [
            await self.save(one, to, name=name, on_progress=on_progress, **rest)
            for one, name in zip(sections, _file_names(sections), strict=True)
        ]

    def _speech(self, endpoint: Endpoint[_Document], script_id: str, reply: Reply) -> Speech:
        raw = self._structure(endpoint, reply, _Document).extra
        request_id = raw.get("requestId")
        request_id = request_id if isinstance(request_id, str) else None
        if reply.status == 202:
            return Speech(script_id=script_id, sections={}, is_ready=False, request_id=request_id, raw=raw)
        sections = {
            name: self._scrubbed(endpoint, _section(name, value))
            for name, value in raw.items()
            if isinstance(value, dict) or (isinstance(value, str) and _LINK.fullmatch(value))
        }
        if not sections and raw:
            raise self._unexpected(endpoint, reply, "names no section")
        if any(section.error is not None for section in sections.values()):
            raw = self._shown(endpoint, raw)  # it goes into an error
        return Speech(script_id=script_id, sections=sections, is_ready=True, request_id=request_id, raw=raw)

    def _scrubbed(self, endpoint: Endpoint[_Document], section: SpokenSection) -> SpokenSection:
        """A reason goes into an error, which `Speech` raises without knowing the client's key."""
        if section.error is None:
            return section
        return attrs.evolve(section, error=self._said(endpoint, section.error))


def check_speech(
    *, speed: Speed | None, audience: Audience | None, sections: Mapping[str, SectionVoice] | None
) -> None:
    """Refuse what no script can be spoken with; arguments as `SpeechService.create`."""
    between("speed", speed, 0.5, 300)
    as_audience(audience)
    records("sections", sections, SectionVoice)
    for section in (sections or {}).values():
        section.to_wire()


def _section(name: str, value: str | dict[str, Any]) -> SpokenSection:
    """POST answers an object per section, GET a URL."""
    if isinstance(value, str):
        return SpokenSection(name=name, url=value)
    status = str(value.get("status_code", "201"))
    if status.startswith("2") and isinstance(value.get("url"), str):
        return SpokenSection(name=name, url=value["url"])
    return SpokenSection(name=name, error=str(value.get("message") or f"status_code {status}"))


def _file_names(sections: Sequence[SpokenSection]) -> list[str]:
    """A file name per section; where two would be the same, or differ in case only, numbers are added."""
    names = [safe_file_name(section.name, fallback="section") for section in sections]
    taken = Counter(name.casefold() for name in names)
    return [
        name if taken[name.casefold()] == 1 else f"{number}_{name}"
        for number, name in enumerate(names, start=1)
    ]
