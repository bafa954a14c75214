"""Orchestrator: from text to mastered track in one call of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import attrs

from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint
from audiokit.services.apiaudio._base import ApiAudioService
from audiokit.services.apiaudio.mastering import MasteredTrack, read_track
from audiokit.transport import Retry
from audiokit.typing import CallOptions


@attrs.define
class OrchestratorHelp(Model):
    """What the API says of these calls; `paths` maps each path to its description."""

    description: str | None = None
    paths: dict[str, Any] = attrs.field(factory=dict)


_SOURCE = "official Python client 0.17, Orchestrator; openapi v1"

CREATE_AUDIO = Endpoint(
    name="apiaudio.orchestrator.create_audio",
    method="POST",
    path="/orchestrator/create_audio",
    returns=MasteredTrack,
    source=_SOURCE,
)
THREE_SECTIONS = Endpoint(
    name="apiaudio.orchestrator.create_three_sections",
    method="POST",
    path="/orchestrator/create_three_sections",
    returns=MasteredTrack,
    source=_SOURCE,
)
MEDIA_WITH_SOUND = Endpoint(
    name="apiaudio.orchestrator.create_media_with_sound",
    method="POST",
    path="/orchestrator/media_with_sound",
    returns=MasteredTrack,
    source=_SOURCE,
)
HELP = Endpoint(
    name="apiaudio.orchestrator.help",
    method="OPTIONS",
    path="/orchestrator",
    returns=OrchestratorHelp,
    retry=Retry.SAFE,  # reads only
    source=_SOURCE,
)


class Orchestration(ApiAudioService):
    """Calls that do script, speech and mastering at once; save what they give with `Mastering.save`.

    Not to be confused with `AudioKit.orchestrator`, which runs jobs of all three APIs.
    """

    async def create_audio(
        self,
        script_text: str,
        *,
        voice: str,
        sound_template: str | None = None,
        **options: Unpack[CallOptions],
    ) -> MasteredTrack:
        """Make a track of a text, which may hold markup.

        Args:
            script_text: As for `Scripts.create`.
            voice: Alias of a voice.
            sound_template: Name of a sound template; no music when not given.
            options: See `CallOptions`.
        """
        body = {"scriptText": script_text, "voice": voice, "soundTemplate": sound_template}
        return await self._track(CREATE_AUDIO, body, options)

    async def create_three_sections(
        self,
        *,
        intro_text: str,
        main_text: str,
        outro_text: str,
        voice: str,
        sound_template: str | None = None,
        **options: Unpack[CallOptions],
    ) -> MasteredTrack:
        """Make a track of three texts, each over its own segment.

        Args:
            intro_text: Text of the intro; this and the next two as for `Scripts.create`.
            main_text: Text of the middle.
            outro_text: Text of the end.
            voice: Alias of a voice.
            sound_template: Name of a sound template; no music when not given.
            options: See `CallOptions`.
        """
        body = {
            "introText": intro_text,
            "mainText": main_text,
            "outroText": outro_text,
            "voice": voice,
            "soundTemplate": sound_template,
        }
        return await self._track(THREE_SECTIONS, body, options)

    async def create_media_with_sound(
        self, media_id: str, *, sound_template: str, **options: Unpack[CallOptions]
    ) -> MasteredTrack:
        """Put music under an uploaded recording."""
        body = {"mediaId": media_id, "soundTemplate": sound_template}
        return await self._track(MEDIA_WITH_SOUND, body, options)

    async def help(self, **options: Unpack[CallOptions]) -> OrchestratorHelp:
        """Ask the API what it offers here."""
        return await self._call(HELP, options=options)

    async def _track(
        self, endpoint: Endpoint[MasteredTrack], body: Mapping[str, str | None], options: CallOptions
    ) -> MasteredTrack:
        given = {name: value for name, value in body.items() if value is not None}
        return read_track(await self._call(endpoint, json=given, options=options))
