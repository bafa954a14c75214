"""Scripts: text with sections, parameters, media and sound segments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import attrs

from audiokit._unset import UNSET, UnsetType
from audiokit.errors import InvalidRequest
from audiokit.services._check import text
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint
from audiokit.services.apiaudio._base import ApiAudioService
from audiokit.typing import CallOptions

NAME_CHARACTERS = 60


@attrs.define
class Script(Model):
    """A script. `sections` lists what the text was split into, as the API describes it."""

    script_id: str
    script_text: str | None = None
    project_name: str | None = None
    module_name: str | None = None
    script_name: str | None = None
    org_id: str | None = None
    version: str | None = None
    available_versions: list[str] = attrs.field(factory=list)
    estimated_length: str | float | None = None
    sections: list[dict[str, Any]] = attrs.field(factory=list)
    creation_date: str | None = None
    contains_dictionary: bool | None = None


CREATE = Endpoint(
    name="apiaudio.scripts.create",
    method="POST",
    path="/script",
    returns=Script,
    source="official Python client 0.17, Script; openapi v1",
)


class Scripts(ApiAudioService):
    """Calls on scripts."""

    async def create(
        self,
        script_text: str,
        *,
        project_name: str | None = None,
        module_name: str | None = None,
        script_name: str | None = None,
        script_id: str | None = None,
        versions: Mapping[str, str] | None = None,
        version: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> Script:
        """Create a script, or update the one with the same *script_id*.

        Args:
            script_text: Text with ``<<sectionName::...>>``, ``<<soundSegment::...>>``,
                ``<<media::...>>`` and ``{{name|fallback}}``.
            project_name: Up to 60 characters, not starting with ``_``.
            module_name: As *project_name*.
            script_name: As *project_name*; mastered files are named after it.
            script_id: An id of one's own; makes the call safe to repeat.
            versions: Further versions by name; ``v0`` is *script_text* itself.
            version: Write this one version only.
            metadata: Free data, up to 2 kB.
            options: See `CallOptions`.

        Raises:
            InvalidRequest: A name is too long or starts with ``_``.
            RequestRefused: The markup is wrong; the message says where.
        """
        text("script_text", script_text, shortest=1, longest=1_000_000)
        body = {
            "scriptText": script_text,
            "projectName": _name("project_name", project_name),
            "moduleName": _name("module_name", module_name),
            "scriptName": _name("script_name", script_name),
            "scriptId": script_id or UNSET,
            "versions": UNSET if versions is None else dict(versions),
            "version": version or UNSET,
            "metadata": UNSET if metadata is None else dict(metadata),
        }
        return await self._call(CREATE, json=body, options=options)


def _name(field: str, value: str | None) -> str | UnsetType:
    if value is None:
        return UNSET
    text(field, value, shortest=1, longest=NAME_CHARACTERS)
    if value.startswith("_"):
        raise InvalidRequest.of(field, value, "a name that does not start with '_'")
    return value
