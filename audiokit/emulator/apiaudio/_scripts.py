"""Scripts of v1: text by version, kept under an id that the caller may choose."""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING, Any

from audiokit.emulator import _markup_v1
from audiokit.emulator._fields import Fields, shown
from audiokit.emulator._http import HttpError
from audiokit.emulator._off_loop import off_loop
from audiokit.emulator._script import (
    MAX_SCRIPT_CHARACTERS,
    Effect,
    Media,
    Parameter,
    Say,
    Script,
    ScriptError,
    Section,
    SpeechPart,
)
from audiokit.emulator._store import MissingDocumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context

BASE_VERSION = "v0"
"""Version that holds ``scriptText``."""

KIND = "v1.script"
_NAME_LENGTH = 60
_ID_LENGTH = 200
_METADATA_BYTES = 2048
_WORDS_PER_SECOND = 2.8


async def save(context: Context, account: str, fields: Fields) -> dict[str, Any]:
    """Make a script, or write over the one with this ``scriptId``, and return its document.

    Raises:
        HttpError: 400, wrong fields or markup.
    """
    given_id = _given_id(fields)
    names = {key: given_id or _name(fields, key) for key in ("projectName", "moduleName", "scriptName")}
    if given_id:
        for key in names:
            fields.raw(key)  # taken from the id
    text = fields.required_text("scriptText", longest=MAX_SCRIPT_CHARACTERS)
    version = fields.text("version", default=BASE_VERSION) or BASE_VERSION
    texts = {version: text}
    for name, other in fields.mapping("versions").items():
        if name == BASE_VERSION or not isinstance(other, str):
            raise HttpError(
                400,
                f"versions.{name} must be a script text ({BASE_VERSION} is scriptText), got {shown(other)}",
            )
        if len(other) > MAX_SCRIPT_CHARACTERS:
            raise fields.error(
                f"versions.{name}",
                other,
                f"at most {MAX_SCRIPT_CHARACTERS} characters, it has {len(other)}",
            )
        texts[name] = other
    metadata = fields.mapping("metadata")
    if len(repr(metadata)) > 2 * _METADATA_BYTES:
        raise HttpError(400, f"metadata must be an object of at most {_METADATA_BYTES} bytes")
    fields_of = {name: "scriptText" if name == version else f"versions.{name}" for name in texts}
    told = await off_loop(
        lambda: {name: _tell(other, fields_of[name]) for name, other in texts.items()},
        characters=sum(map(len, texts.values())),
    )
    script_id = given_id or str(uuid.uuid4())
    created = {
        "scriptId": script_id,
        **names,
        "versions": texts,
        "told": told,
        "metadata": metadata,
        "creationDate": context.now(),
    }
    if await context.store.put_new(KIND, script_id, created, account=account):
        return created

    def merge(old: dict[str, Any]) -> dict[str, Any]:
        return {
            **old,
            "versions": {**old["versions"], **texts},
            "told": {**old.get("told", {}), **told},
            "metadata": metadata or old["metadata"],
        }

    return await context.store.modify(KIND, script_id, merge, account=account)


async def find(context: Context, account: str, script_id: str) -> dict[str, Any] | None:
    """Return a script's document, or None."""
    return await context.store.get(KIND, script_id, account=account)


async def find_all(context: Context, account: str) -> list[dict[str, Any]]:
    """Return the account's scripts, oldest first."""
    return await context.store.find(KIND, account=account)


async def delete(context: Context, account: str, script_id: str, version: str | None) -> None:
    """Delete a script, or one version of it.

    Raises:
        HttpError: 404, no such script or version; 400, the version is the script itself.
    """
    doc = await find(context, account, script_id)
    if doc is None:
        raise HttpError(404, f"scriptId {script_id!r} not found")
    if version is None:
        await context.store.delete(KIND, script_id, account=account)
        return
    text_of(doc, version)
    if version == BASE_VERSION or len(doc["versions"]) == 1:
        raise HttpError(400, f"version {version!r} is the script itself; delete the whole script instead")

    def without(old: dict[str, Any]) -> dict[str, Any]:
        kept = {key: old.get(key, {}) for key in ("versions", "told")}
        return {**old, **{key: {k: v for k, v in by.items() if k != version} for key, by in kept.items()}}

    await context.store.modify(KIND, script_id, without, account=account)


def version_name(doc: Mapping[str, Any], given: str) -> str:
    """Return a version as it takes part in identities: the base version has no name.

    When none is *given* it is the base version, or else a script's only version.
    """
    texts: dict[str, str] = doc["versions"]
    if not given and BASE_VERSION not in texts and len(texts) == 1:
        return next(iter(texts))
    return "" if given == BASE_VERSION else given


def first_version(doc: Mapping[str, Any]) -> str:
    """Return the version that stands for a script in a list: the base version, or else the oldest."""
    texts: dict[str, str] = doc["versions"]
    return BASE_VERSION if BASE_VERSION in texts else next(iter(texts))


def text_of(doc: Mapping[str, Any], version: str) -> str:
    """Return the text of a version; empty means the base version.

    Raises:
        HttpError: 404, the script has no such version.
    """
    texts: dict[str, str] = doc["versions"]
    name = version or BASE_VERSION
    if name not in texts:
        raise HttpError(
            404, f"version {name!r} of script {doc['scriptId']!r} not found; there are {', '.join(texts)}"
        )
    return texts[name]


async def parsed(doc: Mapping[str, Any], version: str) -> Script:
    """Return a version of a script, parsed.

    Raises:
        HttpError: 404, the script has no such version.
    """
    text = text_of(doc, version)
    return await off_loop(lambda: _parse(text, "scriptText"), characters=len(text))


async def as_json(context: Context, account: str, doc: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the wire form of one version; empty means the one of `version_name`.

    Raises:
        HttpError: 404, the script has no such version.
    """
    version = version_name(doc, version)
    text = text_of(doc, version)
    told = doc.get("told", {}).get(version or BASE_VERSION)
    if told is None:  # of an emulator that did not keep it
        told = await off_loop(lambda: _tell(text, "scriptText"), characters=len(text))
        await _keep_told(context, account, doc["scriptId"], version or BASE_VERSION, text, told)
    return {
        "orgId": "emulator",
        "projectName": doc["projectName"],
        "moduleName": doc["moduleName"],
        "scriptName": doc["scriptName"],
        "scriptId": doc["scriptId"],
        "scriptText": text,
        "version": version or BASE_VERSION,
        "availableVersions": list(doc["versions"]),
        "estimatedLength": told["estimatedLength"],
        "sections": [
            {**section, "text_original": section["text"], "order": order, "orderString": str(order)}
            for order, section in enumerate(told["sections"])
        ],
        "metadata": doc["metadata"],
        "creationDate": doc["creationDate"],
        "containsDictionary": "<!" in text,
    }


def _tell(text: str, field: str) -> dict[str, Any]:
    """Return what replies say of a text beside itself: it is read once, not for every reply."""
    return {
        "estimatedLength": f"{len(text.split()) / _WORDS_PER_SECOND:.1f}",
        "sections": [_section_json(section) for section in _parse(text, field).sections],
    }


async def _keep_told(
    context: Context, account: str, script_id: str, version: str, text: str, told: Mapping[str, Any]
) -> None:
    def keep(old: dict[str, Any]) -> dict[str, Any]:
        if old["versions"].get(version) != text:
            return old
        return {**old, "told": {**old.get("told", {}), version: told}}

    with contextlib.suppress(MissingDocumentError):
        await context.store.modify(KIND, script_id, keep, account=account)


def _section_json(section: Section) -> dict[str, Any]:
    spoken = [_text(part) for part in section.speech]
    parameters = {
        item.name: item.fallback
        for part in section.speech
        for item in part.items
        if isinstance(item, Parameter)
    }
    return {
        "name": section.name,
        "text": " ".join(spoken),
        "parameters": parameters,
        "soundEffect": next((part.key for part in section.parts if isinstance(part, Effect)), None),
        "soundSegment": section.segment,
        "media": next((part.key for part in section.parts if isinstance(part, Media)), None),
    }


def _text(part: SpeechPart) -> str:
    pieces: list[str] = []
    for item in part.items:
        if isinstance(item, Say):
            pieces.append(item.text)
        elif isinstance(item, Parameter):
            pieces.append(
                "{{" + item.name + (f"|{item.fallback}" if item.fallback is not None else "") + "}}"
            )
    return "".join(pieces).strip()


def _parse(text: str, field: str) -> Script:
    try:
        return _markup_v1.parse(text)
    except ScriptError as error:
        raise HttpError(400, f"{field}: {error}") from None


def _given_id(fields: Fields) -> str:
    """Read the id that the caller chose, which later calls put into a path; empty when there is none."""
    script_id = fields.text("scriptId", longest=_ID_LENGTH).strip()
    if "/" in script_id or script_id in {".", ".."}:
        raise fields.error(
            "scriptId", script_id, "a name that can stand in a URL path: without '/', and not '.' or '..'"
        )
    return script_id


def _name(fields: Fields, key: str) -> str:
    name = fields.text(key, longest=_NAME_LENGTH).strip() or "default"
    if name.startswith("_"):
        raise HttpError(400, f"{key} must not begin with an underscore, got {shown(name)}")
    return name
