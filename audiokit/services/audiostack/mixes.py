"""Mixes: speech over the segments of a sound template."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

import anyio.to_thread
import attrs

from audiokit.errors import InvalidRequest
from audiokit.services._check import folder_for, one_of, records, seconds
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._pages import TokenPages
from audiokit.services._poll import Look
from audiokit.services.audiostack._base import (
    AudioStackService,
    StackAnswer,
    StackModel,
    exactly_one,
    given,
)
from audiokit.services.audiostack.tts import TTS
from audiokit.transport import Reply, Retry, Target
from audiokit.transport._secrets import shown_url
from audiokit.typing import CallOptions, ProgressCallback, StrPath


@attrs.frozen(kw_only=True)
class MixSection:
    """Timing of one section, in seconds; `alignment` is ``left``, ``centre`` or ``right``."""

    start_at_s: float | None = None
    end_at_s: float | None = None
    alignment: str | None = None
    fade_in_s: float | None = None
    fade_out_s: float | None = None
    padding_s: float | None = None

    def to_wire(self) -> dict[str, Any]:
        """The entry as the API takes it."""
        one_of("alignment", self.alignment, ("left", "centre", "right"))
        return _seconds(self, {"alignment": self.alignment})


@attrs.frozen(kw_only=True)
class MixTimeline:
    """Timing of the whole mix, in seconds: exact length, start of speech, music after it, fades."""

    force_length_s: float | None = None
    speech_start_s: float | None = None
    sound_tail_s: float | None = None
    fade_in_s: float | None = None
    fade_out_s: float | None = None
    padding_s: float | None = None

    def to_wire(self) -> dict[str, Any]:
        """The entry as the API takes it."""
        return _seconds(self, {})


def _seconds(record: MixSection | MixTimeline, others: Mapping[str, Any]) -> dict[str, Any]:
    """Fields ending in ``_s`` under their wire names, without unit and without what is None."""
    values = attrs.asdict(record, filter=lambda field, _: field.name.endswith("_s"))
    for name, value in values.items():
        seconds(name, value)
    named = {_WIRE_NAMES[name]: value for name, value in values.items()} | dict(others)
    return {name: value for name, value in named.items() if value is not None}


_WIRE_NAMES = {
    "start_at_s": "startAt",
    "end_at_s": "endAt",
    "fade_in_s": "fadeIn",
    "fade_out_s": "fadeOut",
    "padding_s": "padding",
    "force_length_s": "forceLength",
    "speech_start_s": "speechStart",
    "sound_tail_s": "soundTail",
}


@attrs.define
class MixFile(Model):
    """One file of a mix; `filename` comes without extension."""

    url: str = attrs.field(repr=shown_url)
    filename: str | None = None
    format: str | None = None


@attrs.define
class Mix(StackModel):
    """A mix.

    Attributes:
        is_ready: False after a 202: the API is still working.
    """

    production_id: str
    files: list[MixFile] = attrs.field(factory=list)
    is_ready: bool = attrs.field(default=True, init=False)


@attrs.define
class _Mixes(StackModel):
    production_ids: list[Mix] = attrs.field(factory=list)  # whole objects, despite the name


@attrs.define
class _Presets(StackModel):
    presets: list[Any] = attrs.field(factory=list)


_SOURCE = "custom sound design templates guide; official SDK 4.0, Production.Mix"

CREATE = Endpoint(
    name="audiostack.mixes.create",
    method="POST",
    path="/production/mix",
    returns=Mix,
    expects=frozenset({200, 202}),
    look_up=("scriptId", "speechId"),
    source=_SOURCE,
)
GET = get(
    "audiostack.mixes.get",
    "/production/mix/{production_id}",
    Mix,
    expects=frozenset({200, 202}),
    source=_SOURCE,
)
VALIDATE = Endpoint(
    name="audiostack.mixes.validate",
    method="POST",
    path="/production/validate",
    returns=StackAnswer,
    retry=Retry.SAFE,  # makes nothing and costs nothing
    source=_SOURCE,
)
DELETE: Endpoint[None] = Endpoint(
    name="audiostack.mixes.delete",
    method="DELETE",
    path="/production/mix/{production_id}",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source=_SOURCE,
)
LIST = get("audiostack.mixes.list", "/production/mixes", _Mixes, source=_SOURCE)
LIST_PRESETS = get("audiostack.mixes.list_presets", "/production/mix/presets", _Presets, source=_SOURCE)
FILE: Endpoint[None] = get("audiostack.mixes.file", "{url}", None, source=_SOURCE)


class Mixes(AudioStackService):
    """Calls on mixes."""

    async def create(
        self,
        *,
        speech: TTS | str | None = None,
        script_id: str | None = None,
        sound_template: str | None = None,
        media_files: Mapping[str, str] | None = None,
        fx_files: Mapping[str, str] | None = None,
        section_properties: Mapping[str, MixSection] | None = None,
        timeline_properties: MixTimeline | None = None,
        mastering_preset: str | None = None,
        public: bool | None = None,
        export_settings: Mapping[str, Any] | None = None,
        strict_validation: bool | None = None,
        sections: Mapping[str, Mapping[str, Any]] | None = None,
        sound_layer: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Mix:
        """Mix speech with a sound template.

        Args:
            speech: A finished speech, or its id. Exactly one of *speech* and *script_id*.
            script_id: The script itself, for scripts without speech.
            sound_template: Template whose segments the script's sections name.
            media_files: Media id for each ``as:media``.
            fx_files: Effect id for each ``as:fx``.
            section_properties: Timing by section name, in seconds.
            timeline_properties: Timing of the whole, in seconds.
            mastering_preset: E.g. ``balanced``, ``lightducking``; see `list_presets`.
            public: Result open to all; the API's default is False.
            export_settings: E.g. ``{"ttsTrack": True}`` for the speech alone as a second file.
            strict_validation: False lets clips overlap; the API's default is True.
            sections: Settings by section name; sent as they are, so under the API's names.
            sound_layer: Layer of the template; the API's default is ``default``.
            options: See `CallOptions`.

        Returns:
            The mix; `is_ready` tells whether it is finished. Its files are wav.

        Raises:
            RequestRefused: E.g. a section names a segment that the template has not.
        """
        body = mix_body(
            speech=speech,
            script_id=script_id,
            sound_template=sound_template,
            media_files=media_files,
            fx_files=fx_files,
            section_properties=section_properties,
            timeline_properties=timeline_properties,
            mastering_preset=mastering_preset,
            public=public,
            export_settings=export_settings,
            strict_validation=strict_validation,
            sections=sections,
            sound_layer=sound_layer,
        )
        return self._mix(CREATE, await self._reply(CREATE, json=body, options=options))

    async def create_and_wait(
        self,
        *,
        speech: TTS | str | None = None,
        script_id: str | None = None,
        sound_template: str | None = None,
        media_files: Mapping[str, str] | None = None,
        fx_files: Mapping[str, str] | None = None,
        section_properties: Mapping[str, MixSection] | None = None,
        timeline_properties: MixTimeline | None = None,
        mastering_preset: str | None = None,
        public: bool | None = None,
        export_settings: Mapping[str, Any] | None = None,
        strict_validation: bool | None = None,
        sections: Mapping[str, Mapping[str, Any]] | None = None,
        sound_layer: str | None = None,
        restarts: int = 0,
        **options: Unpack[CallOptions],
    ) -> Mix:
        """Mix and follow to the end.

        Args:
            speech: A finished speech, or its id. Exactly one of *speech* and *script_id*.
            script_id: The script itself, for scripts without speech.
            sound_template: Template whose segments the script's sections name.
            media_files: Media id for each ``as:media``.
            fx_files: Effect id for each ``as:fx``.
            section_properties: Timing by section name, in seconds.
            timeline_properties: Timing of the whole, in seconds.
            mastering_preset: E.g. ``balanced``, ``lightducking``; see `list_presets`.
            public: Result open to all; the API's default is False.
            export_settings: E.g. ``{"ttsTrack": True}`` for the speech alone as a second file.
            strict_validation: False lets clips overlap; the API's default is True.
            sections: Settings by section name; sent as they are, so under the API's names.
            sound_layer: Layer of the template; the API's default is ``default``.
            restarts: How often to begin afresh, as a new and paid mix, when one is not finished in time;
                the time is shared equally among the starts. 0 or more.
            options: See `CallOptions`.

        Raises:
            JobTimeout: Not finished within `timeout=` seconds (default `Timeouts.wait_s`).
        """

        async def once(each: CallOptions) -> Mix:
            budget = self._budget(each)
            mix = await self.create(
                speech=speech,
                script_id=script_id,
                sound_template=sound_template,
                media_files=media_files,
                fx_files=fx_files,
                section_properties=section_properties,
                timeline_properties=timeline_properties,
                mastering_preset=mastering_preset,
                public=public,
                export_settings=export_settings,
                strict_validation=strict_validation,
                sections=sections,
                sound_layer=sound_layer,
                **budget.options(),
            )
            return mix if mix.is_ready else await self.wait(mix.production_id, **budget.options())

        return await self._with_restarts(once, restarts=restarts, options=options)

    async def validate(
        self,
        *,
        speech: TTS | str | None = None,
        script_id: str | None = None,
        sound_template: str | None = None,
        media_files: Mapping[str, str] | None = None,
        fx_files: Mapping[str, str] | None = None,
        section_properties: Mapping[str, MixSection] | None = None,
        timeline_properties: MixTimeline | None = None,
        mastering_preset: str | None = None,
        public: bool | None = None,
        export_settings: Mapping[str, Any] | None = None,
        strict_validation: bool | None = None,
        sections: Mapping[str, Mapping[str, Any]] | None = None,
        sound_layer: str | None = None,
        **options: Unpack[CallOptions],
    ) -> StackAnswer:
        """Check the arguments of a mix without making it or paying for it.

        Args:
            speech: A finished speech, or its id. Exactly one of *speech* and *script_id*.
            script_id: The script itself, for scripts without speech.
            sound_template: Template whose segments the script's sections name.
            media_files: Media id for each ``as:media``.
            fx_files: Effect id for each ``as:fx``.
            section_properties: Timing by section name, in seconds.
            timeline_properties: Timing of the whole, in seconds.
            mastering_preset: E.g. ``balanced``, ``lightducking``; see `list_presets`.
            public: Result open to all; the API's default is False.
            export_settings: E.g. ``{"ttsTrack": True}`` for the speech alone as a second file.
            strict_validation: False lets clips overlap; the API's default is True.
            sections: Settings by section name; sent as they are, so under the API's names.
            sound_layer: Layer of the template; the API's default is ``default``.
            options: See `CallOptions`.

        Returns:
            What the API says; `StackAnswer.meta` has its message and warnings.

        Raises:
            RequestRefused: The mix would be refused; the message says why.
        """
        body = mix_body(
            speech=speech,
            script_id=script_id,
            sound_template=sound_template,
            media_files=media_files,
            fx_files=fx_files,
            section_properties=section_properties,
            timeline_properties=timeline_properties,
            mastering_preset=mastering_preset,
            public=public,
            export_settings=export_settings,
            strict_validation=strict_validation,
            sections=sections,
            sound_layer=sound_layer,
        )
        return await self._answer(VALIDATE, json=body, options=options)

    async def get(self, production_id: str, **options: Unpack[CallOptions]) -> Mix:
        """Get a mix; `is_ready` tells whether it is finished."""
        return self._mix(GET, await self._reply(GET, path={"production_id": production_id}, options=options))

    async def wait(self, production_id: str, **options: Unpack[CallOptions]) -> Mix:
        """Follow a mix until it is finished."""

        async def look(each: CallOptions) -> tuple[Mix, Look]:
            found = await self.get(production_id, **each)
            return found, Look(state="ready" if found.is_ready else "processing", is_over=found.is_ready)

        return await self._follow(look, what="mix", remote_id=production_id, options=options)

    async def delete(self, production_id: str, **options: Unpack[CallOptions]) -> None:
        """Delete a mix and its files."""
        await self._call(DELETE, path={"production_id": production_id}, options=options)

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
    ) -> TokenPages[Mix]:
        """List mixes; those without files must be got before they are downloaded.

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
            LIST,
            query,
            lambda found: found.production_ids,
            pagination_token=pagination_token,
            options=options,
        )

    async def list_presets(self, **options: Unpack[CallOptions]) -> builtins.list[Any]:
        """List what `mastering_preset` may be, as the API writes it."""
        return (await self._call(LIST_PRESETS, options=options)).presets

    async def download(
        self,
        mix: Mix,
        to: StrPath,
        *,
        name: str | None = None,
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> builtins.list[Path]:
        """Save all files of a finished mix.

        Args:
            mix: The mix.
            to: An existing folder; a file path only where the mix has one file.
            name: Name in the folder, without extension: ``name_0``, ``name_1`` and so on for
                several files; the API's names when not given.
            on_progress: Called after each chunk.
            options: See `CallOptions`.

        Returns:
            Paths, in the order of `Mix.files`.
        """
        if not mix.files:
            raise InvalidRequest(
                f"mix {mix.production_id} has no files yet; wait for it first",
                field="mix",
                value=mix.production_id,
            )
        await anyio.to_thread.run_sync(folder_for, to, len(mix.files))
        paths = []
        for index, file in enumerate(mix.files):
            numbered = f"{name}_{index}" if name and len(mix.files) > 1 else name
            target = Target.of(to, name=numbered or file.filename)
            call = self._at(FILE, file.url, options=options)
            paths.append(await self._save(FILE, call, target, on_progress=on_progress, options=options))
        return paths

    def _mix(self, endpoint: Endpoint[Mix], reply: Reply) -> Mix:
        mix = self._structure(endpoint, reply, Mix)
        mix.is_ready = reply.status == 200
        return mix


def mix_body(
    *,
    speech: TTS | str | None = None,
    script_id: str | None = None,
    sound_template: str | None = None,
    media_files: Mapping[str, str] | None = None,
    fx_files: Mapping[str, str] | None = None,
    section_properties: Mapping[str, MixSection] | None = None,
    timeline_properties: MixTimeline | None = None,
    mastering_preset: str | None = None,
    public: bool | None = None,
    export_settings: Mapping[str, Any] | None = None,
    strict_validation: bool | None = None,
    sections: Mapping[str, Mapping[str, Any]] | None = None,
    sound_layer: str | None = None,
) -> dict[str, Any]:
    """What `create` and `validate` send; raises `InvalidRequest` as they do."""
    exactly_one(speech=speech, script_id=script_id)
    records("section_properties", section_properties, MixSection)
    return given(
        {
            "speechId": speech.speech_id if isinstance(speech, TTS) else speech,
            "scriptId": script_id,
            "soundTemplate": sound_template,
            "mediaFiles": _dict(media_files),
            "fxFiles": _dict(fx_files),
            "sectionProperties": None
            if section_properties is None
            else {name: one.to_wire() for name, one in section_properties.items()},
            "timelineProperties": None if timeline_properties is None else timeline_properties.to_wire(),
            "masteringPreset": mastering_preset,
            "public": public,
            "exportSettings": _dict(export_settings),
            "strictValidation": strict_validation,
            "sections": None
            if sections is None
            else {name: dict(settings) for name, settings in sections.items()},
            "soundLayer": sound_layer,
        }
    )


def _dict(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if value is None else dict(value)
