"""Scripts: text with sections, each of which may name a segment of a sound template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import attrs

from audiokit.services._check import text
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._pages import TokenPages
from audiokit.services.audiostack._base import AudioStackService, StackAnswer, StackModel, given
from audiokit.transport import Retry
from audiokit.typing import CallOptions

TEXT_CHARACTERS = 1_000_000


@attrs.define
class StackScript(StackModel):
    """A script."""

    script_id: str
    script_text: str | None = None
    project_name: str | None = None
    module_name: str | None = None
    script_name: str | None = None


@attrs.define
class _Scripts(StackModel):
    scripts: list[StackScript] = attrs.field(factory=list)


_SOURCE = "custom sound design templates guide; official SDK 4.0, Content.Script"

CREATE = Endpoint(
    name="audiostack.scripts.create",
    method="POST",
    path="/content/script",
    returns=StackScript,
    source=_SOURCE,
)
GET = get("audiostack.scripts.get", "/content/script/{script_id}[/{version}]", StackScript, source=_SOURCE)
UPDATE = Endpoint(
    name="audiostack.scripts.update",
    method="PUT",
    path="/content/script",
    returns=StackScript,
    retry=Retry.SAFE,  # the same text again
    source=_SOURCE,
)
DELETE: Endpoint[None] = Endpoint(
    name="audiostack.scripts.delete",
    method="DELETE",
    path="/content/script/{script_id}[/{version}]",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source=_SOURCE,
)
LIST = get("audiostack.scripts.list", "/content/scripts", _Scripts, source=_SOURCE)
DELETE_MANY: Endpoint[None] = Endpoint(
    name="audiostack.scripts.delete_many",
    method="DELETE",
    path="/content/scripts",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source="reference of the first official SDK, Content.Script",
)
GENERATE_ADVERT = Endpoint(
    name="audiostack.scripts.generate_advert",
    method="POST",
    path="/content/generate/advert",
    returns=StackAnswer,
    source=_SOURCE,
)


class StackScripts(AudioStackService):
    """Calls on scripts."""

    async def create(
        self,
        script_text: str,
        *,
        project_name: str | None = None,
        module_name: str | None = None,
        script_name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> StackScript:
        """Create a script; always a new one.

        Args:
            script_text: Text, e.g. ``<as:section name="main" soundSegment="main">Hello</as:section>``
                with ``<as:placeholder id="name">friend</as:placeholder>`` inside.
            project_name: Project level of the script tree.
            module_name: Module level.
            script_name: Script level.
            metadata: Free data.
            options: See `CallOptions`.
        """
        text("script_text", script_text, shortest=1, longest=TEXT_CHARACTERS)
        body = {
            "scriptText": script_text,
            "projectName": project_name,
            "moduleName": module_name,
            "scriptName": script_name,
            "metadata": None if metadata is None else dict(metadata),
        }
        return await self._call(CREATE, json=given(body), options=options)

    async def get(
        self,
        script_id: str,
        *,
        version: str | None = None,
        preview_with_voice: str | None = None,
        **options: Unpack[CallOptions],
    ) -> StackScript:
        """Get a script.

        Args:
            script_id: The script.
            version: One version of it; the API's default is ``v0``.
            preview_with_voice: Alias of a voice: the text as the dictionaries have that voice read it.
            options: See `CallOptions`.
        """
        query = {"preview": True if preview_with_voice else None, "voice": preview_with_voice or None}
        return await self._call(
            GET, path={"script_id": script_id, "version": version}, query=query, options=options
        )

    async def update(
        self,
        script_id: str,
        script_text: str,
        *,
        version: str | None = None,
        **options: Unpack[CallOptions],
    ) -> StackScript:
        """Replace a script's text.

        Args:
            script_id: The script.
            script_text: The new text.
            version: Write this version, or add it; the API's default is ``v0``.
            options: See `CallOptions`.
        """
        text("script_text", script_text, shortest=1, longest=TEXT_CHARACTERS)
        text("script_id", script_id, shortest=1, longest=1000)  # in the body, where no path filler checks it
        body = {"scriptId": script_id, "scriptText": script_text, "version": version}
        return await self._call(UPDATE, json=given(body), options=options)

    async def delete(
        self, script_id: str, *, version: str | None = None, **options: Unpack[CallOptions]
    ) -> None:
        """Delete a script with all its versions, or only one *version*."""
        await self._call(DELETE, path={"script_id": script_id, "version": version}, options=options)

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
    ) -> TokenPages[StackScript]:
        """List scripts, up to 1000 to a page.

        Args:
            project_name: Only of this project.
            module_name: Only of this module.
            script_name: Only of this script name.
            script_id: Only this one.
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
            LIST, query, lambda found: found.scripts, pagination_token=pagination_token, options=options
        )

    async def delete_many(
        self,
        *,
        project_name: str | None = None,
        module_name: str | None = None,
        script_name: str | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        """Delete all scripts of a level of the script tree.

        Args:
            project_name: Of this project.
            module_name: Of this module.
            script_name: Of this script name.
            options: See `CallOptions`.

        Raises:
            InvalidRequest: No level was named: that would delete every script of the account.
        """
        query = {"projectName": project_name, "moduleName": module_name, "scriptName": script_name}
        if not any(query.values()):
            # The contract calls all three optional; nobody means that by forgetting them.
            text("project_name", project_name or "", shortest=1, longest=1000)
        await self._call(DELETE_MANY, query=query, options=options)

    async def generate_advert(
        self,
        product_name: str,
        product_description: str,
        *,
        mood: str | None = None,
        tone: str | None = None,
        third_person: bool | None = None,
        ad_length_s: int | None = None,
        **options: Unpack[CallOptions],
    ) -> StackAnswer:
        """Have an advert written.

        Args:
            product_name: What to advertise.
            product_description: What it is.
            mood: A mood word.
            tone: A tone word.
            third_person: Grammatical person; the API's default is True.
            ad_length_s: Spoken length in seconds; the API's default is 30.
            options: See `CallOptions`.

        Returns:
            The text, in a shape the vendor does not publish.
        """
        body = {
            "productName": product_name,
            "productDescription": product_description,
            "mood": mood,
            "tone": tone,
            "thirdPerson": third_person,
            "adLength": ad_length_s,
        }
        return await self._answer(GENERATE_ADVERT, json=given(body), options=options)
