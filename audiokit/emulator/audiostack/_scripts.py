"""Scripts of v2: always a new id, text by version."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from audiokit.emulator import _markup_v2
from audiokit.emulator._http import HttpError
from audiokit.emulator._off_loop import off_loop
from audiokit.emulator._script import MAX_SCRIPT_CHARACTERS, Script, ScriptError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context
    from audiokit.emulator._fields import Fields

BASE_VERSION = "v0"
KIND = "v2.script"
_NAMES = ("projectName", "moduleName", "scriptName")
_NAME_LENGTH = 100


async def create(context: Context, account: str, fields: Fields) -> tuple[dict[str, Any], list[str]]:
    """Make a script and return its document, and warnings about its markup.

    Raises:
        HttpError: 400, wrong fields or markup.
    """
    text = fields.required_text("scriptText", longest=MAX_SCRIPT_CHARACTERS)
    names = {name: fields.text(name, longest=_NAME_LENGTH) or "default" for name in _NAMES}
    metadata = fields.mapping("metadata")
    _, warnings = await parse(text)
    script_id = str(uuid.uuid4())
    doc = {"scriptId": script_id, **names, "versions": {BASE_VERSION: text}, "metadata": metadata}
    await context.store.put(KIND, script_id, doc, account=account)
    return doc, warnings


async def update(context: Context, account: str, fields: Fields) -> tuple[dict[str, Any], str, list[str]]:
    """Write or add a version; return the document, the version and warnings.

    Raises:
        HttpError: 400, wrong fields or markup; 404, no such script.
    """
    script_id, text = (
        fields.required_text("scriptId"),
        fields.required_text("scriptText", longest=MAX_SCRIPT_CHARACTERS),
    )
    version = fields.text("version") or BASE_VERSION
    _, warnings = await parse(text)
    await require(context, account, script_id)
    doc = await context.store.modify(
        KIND, script_id, lambda old: {**old, "versions": {**old["versions"], version: text}}, account=account
    )
    return doc, version, warnings


async def require(context: Context, account: str, script_id: str) -> dict[str, Any]:
    """Return a script's document.

    Raises:
        HttpError: 404, no such script.
    """
    doc = await context.store.get(KIND, script_id, account=account)
    if doc is None:
        raise HttpError(404, f"scriptId {script_id!r} not found; create the script first")
    return doc


def text_of(doc: Mapping[str, Any], version: str = BASE_VERSION) -> str:
    """Return a version's text.

    Raises:
        HttpError: 404, no such version.
    """
    texts: dict[str, str] = doc["versions"]
    if version not in texts:
        raise HttpError(
            404, f"version {version!r} of script {doc['scriptId']!r} not found; there are {', '.join(texts)}"
        )
    return texts[version]


async def parse(text: str) -> tuple[Script, list[str]]:
    """Parse a script, markup faults being a 400."""
    try:
        return await off_loop(lambda: _markup_v2.parse(text), characters=len(text))
    except ScriptError as error:
        raise HttpError(400, f"scriptText: {error}") from None


def as_json(doc: Mapping[str, Any], version: str = BASE_VERSION) -> dict[str, Any]:
    """Return the wire form of one version."""
    return {
        "scriptId": doc["scriptId"],
        **{name: doc[name] for name in _NAMES},
        "scriptText": text_of(doc, version),
    }
