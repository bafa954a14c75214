"""Sound templates: the music of a track."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Unpack

import attrs

from audiokit.services._convert import Model
from audiokit.services._endpoint import get
from audiokit.services.apiaudio._base import ApiAudioService, comma_separated
from audiokit.typing import CallOptions


@attrs.define
class SoundTemplate(Model):
    """A sound template; `contents` names its segments and effects."""

    template_name: str
    sound_template_id: str | None = None
    description: str | None = None
    contents: list[str] = attrs.field(factory=list)
    collections: list[str] = attrs.field(factory=list)
    tags: list[str] = attrs.field(factory=list)
    genre: str | None = None
    tempo: str | None = None
    sample: str | None = None
    is_elastic: bool | None = None


@attrs.define
class SoundParameters(Model):
    """What `Sound.list_sound_templates` can filter by: the values each filter knows."""

    genre: list[str] = attrs.field(factory=list)
    tempo: list[str] = attrs.field(factory=list)
    collections: list[str] = attrs.field(factory=list)
    tags: list[str] = attrs.field(factory=list)


@attrs.define
class _Templates(Model):
    templates: list[SoundTemplate]


LIST = get(
    "apiaudio.sound.list_sound_templates",
    "/sound/template",
    _Templates,
    source="Mastering resource page (named); official Python client 0.17; openapi v1",
)


PARAMETERS = get(
    "apiaudio.sound.list_parameters",
    "/sound/parameter",
    SoundParameters,
    source="official Python client 0.17, Sound; openapi v1",
)


class Sound(ApiAudioService):
    """Calls on sound templates."""

    async def list_sound_templates(
        self,
        *,
        genre: str | None = None,
        tempo: str | None = None,
        tags: str | Iterable[str] | None = None,
        collections: str | Iterable[str] | None = None,
        contents: str | Iterable[str] | None = None,
        industry_examples: str | Iterable[str] | None = None,
        **options: Unpack[CallOptions],
    ) -> builtins.list[SoundTemplate]:
        """List the sound templates that match all filters given.

        Args:
            genre: E.g. ``electronic``, ``acoustic``.
            tempo: ``down``, ``mid`` or ``up``.
            tags: All must match; so with the other plural filters.
            collections: E.g. ``newscast``, ``commercial``.
            contents: Segments it must have, e.g. ``intro``.
            industry_examples: E.g. ``news``, ``travel``.
            options: See `CallOptions`.
        """
        query = {
            "genre": genre,
            "tempo": tempo,
            "tags": comma_separated(tags),
            "collections": comma_separated(collections),
            "contents": comma_separated(contents),
            "industryExamples": comma_separated(industry_examples),
        }
        return (await self._call(LIST, query=query, options=options)).templates

    async def list_parameters(self, **options: Unpack[CallOptions]) -> SoundParameters:
        """Get the values that the filters of `list_sound_templates` know."""
        return await self._call(PARAMETERS, options=options)

    list = list_sound_templates
