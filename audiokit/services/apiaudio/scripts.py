"""Scripts: text with sections, parameters, media and sound segments."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Unpack

import attrs

from audiokit._unset import UNSET, UnsetType
from audiokit.errors import InvalidRequest
from audiokit.services._check import text
from audiokit.services._convert import Model, wire
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._service import QueryValue
from audiokit.services.apiaudio._base import ApiAudioService
from audiokit.services.apiaudio.directory import Directory
from audiokit.transport import Retry, Transport
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


@attrs.define
class ScriptPreview(Model):
    """A script as it will be spoken: the dictionary applied to its text.

    Attributes:
        script_text: The text after the dictionary.
        words_not_in_dictionary: Words the dictionary does not know.
    """

    script_text: str | None = None
    words_not_in_dictionary: list[str] = wire("wordsNotInDict", factory=list)


@attrs.define
class _Scripts(Model):
    scripts: list[Script]


_SOURCE = "official Python client 0.17, Script; openapi v1"

CREATE = Endpoint(
    name="apiaudio.scripts.create",
    method="POST",
    path="/script",
    returns=Script,
    source=_SOURCE,
)
RETRIEVE = get("apiaudio.scripts.retrieve", "/script/{script_id}", Script, source=_SOURCE)
PREVIEW = get("apiaudio.scripts.preview", "/script/{script_id}", ScriptPreview, source=_SOURCE)
LIST = get("apiaudio.scripts.list", "/script", _Scripts, source=_SOURCE)
DELETE: Endpoint[None] = Endpoint(
    name="apiaudio.scripts.delete",
    method="DELETE",
    path="/script/{script_id}[/{version}]",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source="official Python client 0.17, Script",
)
DELETE_MULTIPLE: Endpoint[None] = Endpoint(
    name="apiaudio.scripts.delete_multiple",
    method="DELETE",
    path="/scripts",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source="official Python client 0.17, Script (its changelog prints another path)",
)
RANDOM_TEXT = get("apiaudio.scripts.get_random_text", "/script/random", str, source=_SOURCE)


class Scripts(ApiAudioService):
    """Calls on scripts; the tree they hang in is at `directory`."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.directory = Directory(transport)

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

    async def retrieve(
        self, script_id: str, *, version: str | None = None, **options: Unpack[CallOptions]
    ) -> Script:
        """Get a script.

        Args:
            script_id: The script.
            version: Which version; ``v0`` when not given.
            options: See `CallOptions`.

        Raises:
            NotFound: There is no such script or version.
        """
        return await self._call(
            RETRIEVE, path={"script_id": script_id}, query={"version": version}, options=options
        )

    async def preview(self, script_id: str, *, voice: str, **options: Unpack[CallOptions]) -> ScriptPreview:
        """Get a script with the dictionary applied, without having it spoken.

        Args:
            script_id: The script.
            voice: The voice that shall speak; its language decides the dictionary.
            options: See `CallOptions`.
        """
        query: dict[str, QueryValue] = {"preview": True, "voice": voice}
        return await self._call(PREVIEW, path={"script_id": script_id}, query=query, options=options)

    async def list(
        self,
        *,
        project_name: str | None = None,
        module_name: str | None = None,
        script_name: str | None = None,
        script_id: str | None = None,
        verbose: bool | None = None,
        **options: Unpack[CallOptions],
    ) -> builtins.list[Script]:
        """List scripts; the API gives at most 1000.

        Args:
            project_name: Only those of this project.
            module_name: Only those of this module; needs *project_name*.
            script_name: Only those of this name; needs the two others.
            script_id: Only this one.
            verbose: False leaves out all but names and id; the API's default is True.
            options: See `CallOptions`.

        Raises:
            InvalidRequest: A name was given without those above it.
        """
        _check_levels(project_name, module_name, script_name)
        query = {
            "projectName": project_name,
            "moduleName": module_name,
            "scriptName": script_name,
            "scriptId": script_id,
            "verbose": verbose,
        }
        reply = await self._reply(LIST, query=query, options=options)
        document = self._document(LIST, reply)
        if isinstance(document, list):  # older deployments answer the bare list
            document = {"scripts": document}
        return self._structure_document(LIST, reply, document, _Scripts).scripts

    async def delete(
        self, script_id: str, *, version: str | None = None, **options: Unpack[CallOptions]
    ) -> None:
        """Delete a script with all its versions, or one *version* of it.

        Raises:
            NotFound: There is no such script or version.
        """
        await self._call(DELETE, path={"script_id": script_id, "version": version}, options=options)

    async def delete_multiple(
        self,
        project_name: str,
        *,
        module_name: str | None = None,
        script_name: str | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        """Delete all scripts of a project, of one of its modules, or of one name in that module.

        Raises:
            InvalidRequest: *script_name* was given without *module_name*.
        """
        text("project_name", project_name, shortest=1, longest=NAME_CHARACTERS)
        _check_levels(project_name, module_name, script_name)
        query = {"projectName": project_name, "moduleName": module_name, "scriptName": script_name}
        await self._call(DELETE_MULTIPLE, query=query, options=options)

    async def get_random_text(self, category: str | None = None, **options: Unpack[CallOptions]) -> str:
        """Get some text to try things out with.

        Args:
            category: ``BibleVerse``, ``FunFact`` (the API's default), ``InspirationalQuote``, ``Joke``,
                ``MovieSynopsis``, ``Poem``, ``PhilosophicalQuestion``, ``Recipe`` or ``TriviaQuestion``.
            options: See `CallOptions`.
        """
        return await self._call(RANDOM_TEXT, query={"category": category}, options=options)


def _name(field: str, value: str | None) -> str | UnsetType:
    if value is None:
        return UNSET
    text(field, value, shortest=1, longest=NAME_CHARACTERS)
    if value.startswith("_"):
        raise InvalidRequest.of(field, value, "a name that does not start with '_'")
    return value


def _check_levels(project_name: str | None, module_name: str | None, script_name: str | None) -> None:
    """A level of the tree means nothing without those above it: a server would ignore or widen it."""
    levels = [("project_name", project_name), ("module_name", module_name), ("script_name", script_name)]
    for (above, upper), (field, value) in pairwise(levels):
        if value is not None and upper is None:
            raise InvalidRequest(
                f"{field}={value!r} needs {above}: it names a level below it", field=field, value=value
            )
