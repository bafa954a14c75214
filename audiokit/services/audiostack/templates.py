"""Sound templates of one's own."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, Unpack

import attrs

from audiokit.services._check import text
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._several import several
from audiokit.services.audiostack._base import (
    AudioStackService,
    StackAnswer,
    StackModel,
    exactly_one,
    given,
)
from audiokit.services.audiostack.scripts import StackScript
from audiokit.transport import Reply, Retry
from audiokit.transport._secrets import shown_document
from audiokit.typing import CallOptions


@attrs.define
class StackTemplate(StackModel):
    """A sound template: metadata, and segments added one by one."""

    template_name: str
    sound_template_id: str | None = None
    description: str | None = None
    segments: list[Any] = attrs.field(factory=list)
    contents: list[Any] = attrs.field(factory=list)
    genre: str | None = None
    tempo: str | None = None
    tags: list[str] = attrs.field(factory=list)
    collections: list[str] = attrs.field(factory=list)
    sample: Any = attrs.field(default=None, repr=shown_document)
    is_elastic: bool | None = None

    @property
    def segment_names(self) -> list[str]:
        """Names of the segments, from whichever of the two lists the API filled."""
        names = [
            item.get("segmentName") if isinstance(item, dict) else item
            for item in self.segments or self.contents
        ]
        return [name for name in names if isinstance(name, str)]


@attrs.define
class TemplateReply(StackModel):
    """Either the template itself, or an object that holds it."""

    template: StackTemplate | None = None
    template_name: str | None = None


@attrs.define
class RecommendedTemplate(StackModel):
    """A template that fits; what the API says beyond its name is in `extra`."""

    template_name: str | None = None
    sound_template_id: str | None = None


@attrs.define
class _Templates(StackModel):
    templates: list[StackTemplate] = attrs.field(factory=list)


@attrs.define
class _Recommended(StackModel):
    sound_templates: list[RecommendedTemplate] = attrs.field(factory=list)


Choice: TypeAlias = "str | Sequence[str] | None"

_SOURCE = "custom sound design templates guide; official SDK 4.0, Production.Sound"

CREATE = Endpoint(
    name="audiostack.templates.create",
    method="POST",
    path="/production/sound/template",
    returns=TemplateReply,
    source=_SOURCE,
)
DELETE: Endpoint[None] = Endpoint(
    name="audiostack.templates.delete",
    method="DELETE",
    path="/production/sound/template/{template_name}",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source=_SOURCE,
)
LIST = get("audiostack.templates.list", "/production/sound/template", _Templates, source=_SOURCE)
UPDATE = Endpoint(
    name="audiostack.templates.update",
    method="PUT",
    path="/production/sound/template",
    returns=TemplateReply,
    retry=Retry.SAFE,  # sets values
    source="reference of the first official SDK, Production.Sound (method inferred)",
)
SELECT = Endpoint(
    name="audiostack.templates.select",
    method="POST",
    path="/production/sound/select",
    returns=StackAnswer,
    source=_SOURCE,
)
RECOMMEND = Endpoint(
    name="audiostack.templates.recommend",
    method="POST",
    path="/production/sound/recommendations",
    returns=_Recommended,
    source=_SOURCE,
)
PARAMETERS = get(
    "audiostack.templates.parameters", "/production/sound/parameter", StackAnswer, source=_SOURCE
)


class TemplateService(AudioStackService):
    """Base of the services that answer with a template."""

    def _template(self, endpoint: Endpoint[TemplateReply], reply: Reply) -> StackTemplate:
        """The template in *reply*, which holds it directly or under ``template``."""
        outer = self._structure(endpoint, reply, TemplateReply)
        if outer.template is not None:
            outer.template.meta = outer.meta
            return outer.template
        if outer.template_name is None:
            raise self._unexpected(endpoint, reply, "holds no template")
        return self._structure(endpoint, reply, StackTemplate)


class Templates(TemplateService):
    """Calls on sound templates."""

    async def create(
        self,
        template_name: str,
        *,
        description: str | None = None,
        is_elastic: bool | None = None,
        **options: Unpack[CallOptions],
    ) -> StackTemplate:
        """Register a new template, still without segments.

        Args:
            template_name: Unique in the account.
            description: Free text.
            is_elastic: Not for self-serve accounts.
            options: See `CallOptions`.

        Raises:
            Conflict: The name is taken.
        """
        text("template_name", template_name, shortest=1, longest=1000)
        body = {"templateName": template_name, "description": description, "isElastic": is_elastic}
        return self._template(CREATE, await self._reply(CREATE, json=given(body), options=options))

    async def delete(self, template_name: str, **options: Unpack[CallOptions]) -> None:
        """Delete a template with all its segments.

        Raises:
            NotFound: There is none of this name.
        """
        await self._call(DELETE, path={"template_name": template_name}, options=options)

    async def list(
        self,
        *,
        moods: str | None = None,
        collections: Choice = None,
        instruments: Choice = None,
        genres: Choice = None,
        **options: Unpack[CallOptions],
    ) -> builtins.list[StackTemplate]:
        """List templates, one's own and the vendor's.

        Args:
            moods: Only of this mood.
            collections: Only of this collection, or of any of several.
            instruments: As *collections*.
            genres: As *collections*.
            options: See `CallOptions`.
        """
        query = {"moods": moods, "collections": collections, "instruments": instruments, "genres": genres}
        return (await self._call(LIST, query=query, options=options)).templates

    async def update(
        self,
        template_name: str,
        *,
        description: str | None = None,
        genre: str | None = None,
        tempo: str | None = None,
        collections: Choice = None,
        tags: Choice = None,
        **options: Unpack[CallOptions],
    ) -> StackTemplate:
        """Change what a template says of itself; what is not given stays.

        Args:
            template_name: The template; its name cannot change.
            description: Free text.
            genre: The genre.
            tempo: The tempo.
            collections: The new collections, all of them.
            tags: The new tags, all of them.
            options: See `CallOptions`.

        Returns:
            The template; only its name is known where the API answers without it.
        """
        text("template_name", template_name, shortest=1, longest=1000)
        body = {
            "templateName": template_name,
            "description": description,
            "genre": genre,
            "tempo": tempo,
            "collections": None if collections is None else several(collections),
            "tags": None if tags is None else several(tags),
        }
        reply = await self._reply(UPDATE, json=given(body), options=options)
        found = self._structure(UPDATE, reply, TemplateReply)
        if found.template is None and found.template_name is None:
            return StackTemplate(template_name=template_name)  # the contract promises no body here
        return self._template(UPDATE, reply)

    async def select(
        self,
        script: StackScript | str | None = None,
        *,
        content: str | None = None,
        mood: str | None = None,
        **options: Unpack[CallOptions],
    ) -> StackAnswer:
        """Have a template chosen for a script or for a text.

        Args:
            script: The script, or its id. Exactly one of *script* and *content*.
            content: The text itself.
            mood: A mood word.
            options: See `CallOptions`.

        Returns:
            The choice, in a shape the vendor does not publish.
        """
        exactly_one(script=script, content=content)
        body = {
            "scriptId": script.script_id if isinstance(script, StackScript) else script,
            "content": content,
            "mood": mood,
        }
        return await self._answer(SELECT, json=given(body), options=options)

    async def recommend(
        self,
        *,
        file_id: str | None = None,
        sound_template_id: str | None = None,
        number_of_results: int | None = None,
        filters: Sequence[Mapping[str, Any]] | None = None,
        force_apply_filters: bool | None = None,
        **options: Unpack[CallOptions],
    ) -> builtins.list[RecommendedTemplate]:
        """Find templates that sound like a file or like another template.

        Args:
            file_id: An uploaded file.
            sound_template_id: A template.
            number_of_results: How many to give; the API's default is 3.
            filters: As in `StackVoices.query`.
            force_apply_filters: Never relax the filters; the API's default is False.
            options: See `CallOptions`.
        """
        body = {
            "fileId": file_id,
            "soundTemplateId": sound_template_id,
            "numberOfResults": number_of_results,
            "filters": None if filters is None else [dict(one) for one in filters],
            "force_apply_filters": force_apply_filters,  # snake_case, unlike its neighbours
        }
        return (await self._call(RECOMMEND, json=given(body), options=options)).sound_templates

    async def parameters(self, **options: Unpack[CallOptions]) -> StackAnswer:
        """List what templates can be chosen by, in a shape the vendor does not publish."""
        return await self._answer(PARAMETERS, options=options)
