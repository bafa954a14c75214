"""Sound templates of one's own."""

from __future__ import annotations

from typing import Any, Unpack

import attrs

from audiokit.errors import UnexpectedResponse
from audiokit.services._check import text
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint
from audiokit.services.audiostack._base import AudioStackService
from audiokit.transport import Reply, Retry
from audiokit.typing import CallOptions


@attrs.define
class StackTemplate(Model):
    """A sound template: metadata, and segments added one by one."""

    template_name: str
    description: str | None = None
    segments: list[Any] = attrs.field(factory=list)
    contents: list[Any] = attrs.field(factory=list)
    genre: str | None = None
    tempo: str | None = None
    tags: list[str] = attrs.field(factory=list)
    collections: list[str] = attrs.field(factory=list)

    @property
    def segment_names(self) -> list[str]:
        """Names of the segments, from whichever of the two lists the API filled."""
        names = [
            item.get("segmentName") if isinstance(item, dict) else item
            for item in self.segments or self.contents
        ]
        return [name for name in names if isinstance(name, str)]


@attrs.define
class TemplateReply(Model):
    """Either the template itself, or an object that holds it."""

    template: StackTemplate | None = None
    template_name: str | None = None


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


class Templates(AudioStackService):
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
        given = {name: value for name, value in body.items() if value is not None}
        return template_of(self, CREATE, await self._reply(CREATE, json=given, options=options))

    async def delete(self, template_name: str, **options: Unpack[CallOptions]) -> None:
        """Delete a template with all its segments.

        Raises:
            NotFound: There is none of this name.
        """
        await self._call(DELETE, path={"template_name": template_name}, options=options)


def template_of(service: AudioStackService, endpoint: Endpoint[TemplateReply], reply: Reply) -> StackTemplate:
    """The template in *reply*, which holds it directly or under ``template``."""
    outer = service._structure(endpoint, reply, TemplateReply)
    if outer.template is not None:
        return outer.template
    if outer.template_name is None:
        raise UnexpectedResponse(
            f"{endpoint.name}: the answer holds no template", operation=endpoint.name, status=reply.status
        )
    return service._structure(endpoint, reply, StackTemplate)
