"""Scripts: text with sections, each of which may name a segment of a sound template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import attrs

from audiokit.services._check import text
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint
from audiokit.services.audiostack._base import AudioStackService
from audiokit.typing import CallOptions


@attrs.define
class StackScript(Model):
    """A script."""

    script_id: str
    script_text: str | None = None
    project_name: str | None = None
    module_name: str | None = None
    script_name: str | None = None


CREATE = Endpoint(
    name="audiostack.scripts.create",
    method="POST",
    path="/content/script",
    returns=StackScript,
    source="custom sound design templates guide; official SDK 4.0, Content.Script",
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
        text("script_text", script_text, shortest=1, longest=1_000_000)
        body = {
            "scriptText": script_text,
            "projectName": project_name,
            "moduleName": module_name,
            "scriptName": script_name,
            "metadata": None if metadata is None else dict(metadata),
        }
        given = {name: value for name, value in body.items() if value is not None}
        return await self._call(CREATE, json=given, options=options)
