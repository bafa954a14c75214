"""Mastering: speech, music and media of a script as one finished track."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import attrs

from audiokit._unset import UNSET
from audiokit.errors import InvalidRequest
from audiokit.services._check import one_of
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._poll import Look
from audiokit.services.apiaudio._audience import Audience, as_audience, as_list, as_query
from audiokit.services.apiaudio._base import ApiAudioService
from audiokit.services.apiaudio._mastering_order import (
    END_FORMATS,
    SectionTiming,
    check_master,
    check_vast,
    end_formats,
)
from audiokit.services.apiaudio._timeline import TimelineTrack
from audiokit.transport import Target
from audiokit.transport._secrets import shown_url
from audiokit.typing import CallOptions, ProgressCallback, StrPath


@attrs.define
class MasteredTrack(Model):
    """A mastered track.

    Attributes:
        url: Where the (first) file is; None while the API is still working.
        warnings: What the API noticed; empty for nothing.
        share_url: Page to share it, when asked for.
    """

    url: str | None = attrs.field(default=None, repr=shown_url)
    message: str | None = None
    warnings: str | list[str] | None = None
    share_url: str | None = attrs.field(default=None, repr=shown_url)
    connection_id: str | None = None
    script: str | None = None
    version: str | None = None
    request_id: str | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the file is there; False after a 202."""
        return bool(self.url)


@attrs.define
class MasteringPreset(Model):
    """A preset; `name` is what `Mastering.create` takes as *mastering_preset*."""

    name: str
    description: str | None = None


@attrs.define
class _Presets(Model):
    presets: list[MasteringPreset]


_SOURCE = "Mastering resource page; official Python client 0.17; openapi v1"

CREATE = Endpoint(
    name="apiaudio.mastering.create",
    method="POST",
    path="/mastering",
    returns=MasteredTrack,
    expects=frozenset({200, 202}),
    look_up=("scriptId",),
    source=_SOURCE,
)
RETRIEVE = get(
    "apiaudio.mastering.retrieve",
    "/mastering",
    MasteredTrack,
    expects=frozenset({200, 202}),
    source=_SOURCE,
)
LIST_PRESETS = get(
    "apiaudio.mastering.list_presets",
    "/mastering-presets",
    _Presets,
    source="official Python client 0.17, Mastering; openapi v1",
)
CREATE_MEDIA_TIMELINE = Endpoint(
    name="apiaudio.mastering.create_media_timeline",
    method="POST",
    path="/media-timeline",
    returns=MasteredTrack,
    source="official Python client 0.17, Mastering",
)
FILE: Endpoint[None] = get("apiaudio.mastering.file", "{url}", None, source=_SOURCE)


class Mastering(ApiAudioService):
    """Calls on mastered tracks."""

    async def create(
        self,
        script_id: str,
        *,
        sound_template: str | None = None,
        audience: Audience | None = None,
        public: bool = False,
        vast: bool = False,
        end_format: str | Sequence[str] | None = None,
        force_length_s: float | None = None,
        media_files: Audience | None = None,
        media_volume_trim_db: float | None = None,
        section_properties: Mapping[str, SectionTiming] | None = None,
        match_voice: bool = False,
        channels: int | None = None,
        version: str | None = None,
        mastering_preset: str | None = None,
        share: bool = False,
        connectors: Sequence[Mapping[str, Any]] | None = None,
        callback_url: str | None = None,
        **options: Unpack[CallOptions],
    ) -> MasteredTrack:
        """Master a script whose speech has been made.

        Args:
            script_id: The script.
            sound_template: Name from `Sound.list_sound_templates`; no music when not given.
            audience: Values for the script's parameters, as for the speech. Several listeners
                give several tracks; the answer has the first, `retrieve` the others.
            public: Store the result where anyone on the internet can fetch it.
            vast: Also make a VAST document; needs ``public=True``.
            end_format: One or more of ``wav mp3 flac ogg mp3_very_low mp3_low mp3_medium
                mp3_high mp3_very_high mp3_alexa``; mp3 when not given.
            force_length_s: Exact length of the track, 0.001 to 86400 seconds; as long as it comes
                out when not given.
            media_files: Media id for each ``<<media::alias>>``.
            media_volume_trim_db: Gain for all media of this call, -12 to 12 dB; 0 when not given.
            section_properties: Ends and placement by section name.
            match_voice: Level the synthetic speech to the recorded media.
            channels: 1 mono or 2 stereo (the API's default).
            version: Script version; the script's text itself when not given.
            mastering_preset: Name of a preset, one of `list_presets`.
            share: Ask for a page to share; makes the files public.
            connectors: Third-party connectors to hand the result to.
            callback_url: Where the API shall send an event when it is done.
            options: See `CallOptions`.

        Returns:
            The track; `is_ready` tells whether it is finished.

        Raises:
            InvalidRequest: A value is outside what the contract allows; nothing was sent.
            RequestRefused: E.g. an unknown template, or a section without speech.
        """
        check_vast(public=public, vast=vast)
        check_master(
            audience=audience,
            end_format=end_format,
            force_length_s=force_length_s,
            media_files=media_files,
            media_volume_trim_db=media_volume_trim_db,
            section_properties=section_properties,
            channels=channels,
        )
        body = {
            "scriptId": script_id,
            "soundTemplate": sound_template,
            "audience": as_audience(audience),
            "public": public or None,
            "vast": vast or None,
            "endFormat": end_formats(end_format),
            "forceLength": force_length_s,
            "mediaFiles": as_list("media_files", media_files),
            "mediaVolumeTrim": media_volume_trim_db,
            "sectionProperties": None
            if section_properties is None
            else {name: timing.to_wire() for name, timing in section_properties.items()},
            "matchVoice": match_voice or None,
            "channels": channels,
            "version": version,
            "masteringPreset": mastering_preset,
            "share": share or None,
            "connectors": None if connectors is None else [dict(one) for one in connectors],
            "callback_url": callback_url,
        }
        given = {name: value for name, value in body.items() if value is not None}
        return read_track(await self._call(CREATE, json=given, options=options))

    async def create_and_wait(
        self,
        script_id: str,
        *,
        sound_template: str | None = None,
        audience: Audience | None = None,
        public: bool = False,
        vast: bool = False,
        end_format: str | Sequence[str] | None = None,
        force_length_s: float | None = None,
        media_files: Audience | None = None,
        media_volume_trim_db: float | None = None,
        section_properties: Mapping[str, SectionTiming] | None = None,
        match_voice: bool = False,
        channels: int | None = None,
        version: str | None = None,
        mastering_preset: str | None = None,
        share: bool = False,
        connectors: Sequence[Mapping[str, Any]] | None = None,
        callback_url: str | None = None,
        **options: Unpack[CallOptions],
    ) -> MasteredTrack:
        """Master a script and follow the first listener's track to the end.

        Args:
            script_id: The script.
            sound_template: Name from `Sound.list_sound_templates`; no music when not given.
            audience: Values for the script's parameters, as for the speech. Several listeners
                give several tracks; the answer has the first, `retrieve` the others.
            public: Store the result where anyone on the internet can fetch it.
            vast: Also make a VAST document; needs ``public=True``.
            end_format: One or more of ``wav mp3 flac ogg mp3_very_low mp3_low mp3_medium
                mp3_high mp3_very_high mp3_alexa``; mp3 when not given.
            force_length_s: Exact length of the track, 0.001 to 86400 seconds; as long as it comes
                out when not given.
            media_files: Media id for each ``<<media::alias>>``.
            media_volume_trim_db: Gain for all media of this call, -12 to 12 dB; 0 when not given.
            section_properties: Ends and placement by section name.
            match_voice: Level the synthetic speech to the recorded media.
            channels: 1 mono or 2 stereo (the API's default).
            version: Script version; the script's text itself when not given.
            mastering_preset: Name of a preset, one of `list_presets`.
            share: Ask for a page to share; makes the files public.
            connectors: Third-party connectors to hand the result to.
            callback_url: Where the API shall send an event when it is done.
            options: See `CallOptions`.

        Returns:
            The finished track.

        Raises:
            JobTimeout: Not finished within `timeout=` seconds (default `Timeouts.wait_s`).
        """
        budget = self._budget(options)
        track = await self.create(
            script_id,
            sound_template=sound_template,
            audience=audience,
            public=public,
            vast=vast,
            end_format=end_format,
            force_length_s=force_length_s,
            media_files=media_files,
            media_volume_trim_db=media_volume_trim_db,
            section_properties=section_properties,
            match_voice=match_voice,
            channels=channels,
            version=version,
            mastering_preset=mastering_preset,
            share=share,
            connectors=connectors,
            callback_url=callback_url,
            **budget.options(),
        )
        if track.is_ready:
            return track
        formats = end_formats(end_format)
        first = as_list("audience", audience) or [{}]
        return await self.wait(
            script_id,
            audience=first[0],
            version=version,
            public=public,
            end_format=formats[0] if formats else None,
            request_id=track.request_id,
            **budget.options(),
        )

    async def retrieve(
        self,
        script_id: str,
        *,
        audience: Mapping[str, str] | None = None,
        version: str | None = None,
        public: bool = False,
        vast: bool = False,
        end_format: str | None = None,
        request_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> MasteredTrack:
        """Get a mastered track by what identifies it.

        Args:
            script_id: The script.
            audience: The listener's values; the fallback track when not given.
            version: Script version.
            public: Look among the public files.
            vast: The VAST document's URL instead of the audio's; needs ``public=True``.
            end_format: Which of the rendered formats; mp3 when not given.
            request_id: One particular request.
            options: See `CallOptions`.

        Raises:
            NotFound: No such track was mastered.
        """
        check_vast(public=public, vast=vast)
        one_of("end_format", end_format, END_FORMATS)
        query = {
            **as_query(audience),
            "scriptId": script_id,
            "version": version or UNSET,
            "public": public or UNSET,
            "vast": vast or UNSET,
            "endFormat": end_format,
            "requestId": request_id,
        }
        return read_track(await self._call(RETRIEVE, query=query, options=options))

    async def wait(
        self,
        script_id: str,
        *,
        audience: Mapping[str, str] | None = None,
        version: str | None = None,
        public: bool = False,
        vast: bool = False,
        end_format: str | None = None,
        request_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> MasteredTrack:
        """Follow a track until its file is there.

        Args:
            script_id: The script.
            audience: The listener's values; the fallback track when not given.
            version: Script version.
            public: Look among the public files.
            vast: The VAST document's URL instead of the audio's; needs ``public=True``.
            end_format: Which of the rendered formats; mp3 when not given.
            request_id: One particular request.
            options: See `CallOptions`.
        """

        async def look(each: CallOptions) -> tuple[MasteredTrack, Look]:
            found = await self.retrieve(
                script_id,
                audience=audience,
                version=version,
                public=public,
                vast=vast,
                end_format=end_format,
                request_id=request_id,
                **each,
            )
            return found, Look(state="ready" if found.is_ready else "processing", is_over=found.is_ready)

        return await self._follow(look, what="mastering", remote_id=script_id, options=options)

    async def download(
        self,
        script_id: str,
        to: StrPath,
        *,
        audience: Mapping[str, str] | None = None,
        version: str | None = None,
        public: bool = False,
        vast: bool = False,
        end_format: str | None = None,
        request_id: str | None = None,
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> Path:
        """Save a mastered track, waiting for it first if need be.

        Args:
            script_id: The script.
            to: An existing folder (the API names the file) or a file path.
            audience: As `retrieve`; so are the arguments from *version* to *request_id*.
            version: Script version.
            public: Look among the public files.
            vast: Save the VAST document instead of the audio.
            end_format: Which format.
            request_id: One particular request.
            on_progress: Called after each chunk.
            options: See `CallOptions`; the timeout is for waiting (default `Timeouts.wait_s`).

        Returns:
            Path of the file.
        """
        track = await self.wait(
            script_id,
            audience=audience,
            version=version,
            public=public,
            vast=vast,
            end_format=end_format,
            request_id=request_id,
            **options,
        )
        rest = self._budget(options).without_timeout()
        return await self.save(track, to, is_audio=not vast, on_progress=on_progress, **rest)

    async def save(
        self,
        track: MasteredTrack,
        to: StrPath,
        *,
        name: str | None = None,
        is_audio: bool = True,
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> Path:
        """Save a track that is ready.

        The file's URL carries its own permission, so no key is sent there.

        Args:
            track: The track, with its `url`.
            to: An existing folder (the API names the file) or a file path.
            name: Name in a folder, without extension; the API's when not given.
            is_audio: False for a VAST document, which is no audio.
            on_progress: Called after each chunk.
            options: See `CallOptions`.

        Returns:
            Path of the file.

        Raises:
            InvalidRequest: The track is not ready; nothing was sent.
        """
        if not track.url:
            raise InvalidRequest(
                f"the track has no file yet (request {track.request_id!r}); wait for it first",
                field="track",
                value=track.request_id,
            )
        call = self._at(FILE, track.url, authorise=False, options=options)
        target = Target.of(to, name=name, must_be_audio=is_audio)
        return await self._save(FILE, call, target, on_progress=on_progress, options=options)

    async def list_presets(self, **options: Unpack[CallOptions]) -> builtins.list[MasteringPreset]:
        """List the presets that `create` can take as *mastering_preset*."""
        return (await self._call(LIST_PRESETS, options=options)).presets

    async def create_media_timeline(
        self,
        tracks: Sequence[TimelineTrack],
        *,
        end_format: str | Sequence[str] | None = None,
        mastering_preset: str | None = None,
        **options: Unpack[CallOptions],
    ) -> MasteredTrack:
        """Master uploaded files that are placed by hand, without a script.

        Args:
            tracks: One or more tracks, each of one clip or more.
            end_format: As for `create`.
            mastering_preset: Name of a preset.
            options: See `CallOptions`.

        Returns:
            The track, finished: the API has no way to ask for it later.

        Raises:
            InvalidRequest: A track has no clips, or a clip ends before it begins; nothing was sent.
        """
        if not tracks:
            raise InvalidRequest.of("tracks", builtins.list(tracks), "one track or more")
        body = {
            "timeline": [track.to_wire() for track in tracks],
            "endFormat": end_formats(end_format),
            "masteringPreset": mastering_preset,
        }
        given = {name: value for name, value in body.items() if value is not None}
        return read_track(await self._call(CREATE_MEDIA_TIMELINE, json=given, options=options))


def read_track(track: MasteredTrack) -> MasteredTrack:
    """The track with its message, which older deployments spell ``Message``."""
    message = track.extra.get("Message")
    if track.message is None and isinstance(message, str):
        track.message = message
    return track
