"""Sound templates: the built-in ones, rendered when first played, and those made from uploaded segments."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from audiokit.emulator import _media
from audiokit.emulator._catalogue import SOUND_TEMPLATES, SoundTemplate
from audiokit.emulator._http import HttpError
from audiokit.emulator._store import MissingDocumentError

if TYPE_CHECKING:
    from audiokit.emulator._context import Context

_TEMPLATE, _SEGMENT, _RENDERED = "template", "template_segment", "rendered_segment"
_NOBODY = "built-in"  # rendered built-in segments belong to no tenant
_NAMESPACE = uuid.UUID("8f1c1c62-5a0e-4d52-9d0e-6b1f7a52c7d1")


@attrs.frozen(kw_only=True)
class Segment:
    """A piece of a template that can be played: file, length in seconds, loudness in LUFS or None."""

    path: str
    seconds: float
    lufs: float | None


@attrs.frozen(kw_only=True)
class Template:
    """A sound template as both APIs show it; *style* is None for custom and silent ones."""

    name: str
    description: str
    contents: tuple[str, ...]
    tags: tuple[str, ...]
    collections: tuple[str, ...]
    genre: str
    tempo: str
    is_custom: bool
    is_elastic: bool = False
    style: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "templateName": self.name,
            "soundTemplateId": str(uuid.uuid5(_NAMESPACE, self.name)),
            "description": self.description,
            "contents": list(self.contents),
            "collections": list(self.collections),
            "tags": list(self.tags),
            "genre": self.genre,
            "tempo": self.tempo,
            "sample": None,
            "isElastic": self.is_elastic,
        }


def _built_in(template: SoundTemplate) -> Template:
    return Template(
        name=template.name,
        description=template.description,
        contents=template.contents,
        tags=template.tags,
        collections=template.collections,
        genre=template.genre,
        tempo=template.tempo,
        is_custom=False,
        style=template.style,
    )


_BUILT_IN = {template.name.casefold(): _built_in(template) for template in SOUND_TEMPLATES}


async def find_all(context: Context, account: str) -> list[Template]:
    """Return the built-in templates, then the account's own, oldest first."""
    own = [
        await _custom(context, account, doc) for doc in await context.store.find(_TEMPLATE, account=account)
    ]
    return [*_BUILT_IN.values(), *own]


async def find(context: Context, account: str, name: str) -> Template | None:
    """Return a template: own names are compared exactly, built-in ones without case."""
    doc = await context.store.get(_TEMPLATE, name, account=account)
    if doc is not None:
        return await _custom(context, account, doc)
    return _BUILT_IN.get(name.strip().casefold())


async def require(context: Context, account: str, name: str, *, status: int = 400) -> Template:
    """Return a template.

    Raises:
        HttpError: *status*, there is none of this name.
    """
    template = await find(context, account, name)
    if template is None:
        names = ", ".join(t.name for t in await find_all(context, account))
        raise HttpError(status, f"soundTemplate {name!r} not found; there are {names}")
    return template


async def create(
    context: Context, account: str, *, name: str, description: str, is_elastic: bool
) -> Template:
    """Register an empty template.

    Raises:
        HttpError: 409, the name is taken.
    """
    doc = {"name": name, "description": description, "is_elastic": is_elastic}
    is_taken = name.strip().casefold() in _BUILT_IN
    if is_taken or not await context.store.put_new(_TEMPLATE, name, doc, account=account):
        raise HttpError(
            409, f"templateName {name!r} is taken; template names are unique, delete that one first"
        )
    return await _custom(context, account, doc)


async def update(context: Context, account: str, name: str, **changes: Any) -> Template:
    """Change what is said of a template of the account.

    Raises:
        HttpError: 404, no such template; 400, it is built in.
    """
    try:
        doc = await context.store.update(_TEMPLATE, name, account=account, **changes)
    except MissingDocumentError:
        if name.strip().casefold() in _BUILT_IN:
            raise HttpError(400, f"templateName {name!r} is built in and cannot be changed") from None
        raise HttpError(404, f"templateName {name!r} not found") from None
    return await _custom(context, account, doc)


async def delete(context: Context, account: str, name: str) -> None:
    """Remove a template of the account and all its segments; the media files stay.

    Raises:
        HttpError: 404, no such template; 400, it is built in.
    """
    if not await context.store.delete(_TEMPLATE, name, account=account):
        if name.strip().casefold() in _BUILT_IN:
            raise HttpError(400, f"templateName {name!r} is built in and cannot be deleted")
        raise HttpError(404, f"templateName {name!r} not found")
    for segment in await context.store.find(_SEGMENT, account=account, parent=name):
        await context.store.delete(_SEGMENT, segment["id"], account=account)


async def add_segment(
    context: Context, account: str, *, template: str, segment: str, media_id: str
) -> tuple[Template, str | None]:
    """Make an uploaded wav file a segment of a template; an earlier one of this name is replaced.

    Returns:
        The template, and what was wrong with the file, or None.

    Raises:
        HttpError: 404, unknown template or media; 400, the template is built in; 400, not a wav file.
    """
    found = await require(context, account, template, status=404)
    if not found.is_custom:
        raise HttpError(
            400, f"templateName {template!r} is built in; create a template of your own for segments"
        )
    media = await _media.find(context, account, media_id)
    if media is None:
        raise HttpError(404, f"mediaId {media_id!r} not found; upload the file first")
    if media["file"] is None:
        raise HttpError(400, f"mediaId {media_id!r} has no content yet; PUT the file to its upload URL first")
    if media["format"] != "wav":
        raise HttpError(
            400,
            f"mediaId {media_id!r} ({media['filename']!r}) is {media['format']}; only wav can be a segment, "
            "convert it and upload it again",
        )
    key = hashlib.sha256(orjson.dumps([template, segment])).hexdigest()
    doc = {
        "id": key,
        "name": segment,
        "file": media["file"],
        "seconds": media["seconds"],
        "lufs": media["lufs"],
    }
    await context.store.put(_SEGMENT, key, doc, account=account, parent=template)
    return await require(context, account, template), media["note"]


async def play(context: Context, account: str, template: Template, segment: str) -> Segment | None:
    """Return a segment's file, rendering a built-in one when it is played for the first time.

    Returns:
        The segment, or None when the template is the silent one.

    Raises:
        HttpError: 400, the template has no such segment (it may have been deleted meanwhile).
    """
    check_segment(template, segment)
    if template.is_custom:
        for doc in await context.store.find(_SEGMENT, account=account, parent=template.name):
            if doc["name"] == segment:
                path = str(context.files.path(doc["file"]))
                return Segment(path=path, seconds=doc["seconds"], lufs=doc["lufs"])
        raise missing_segment(template, segment)
    if template.style is None:
        return None
    key = f"{template.name}/{segment}"
    doc = await context.store.get(_RENDERED, key, account=_NOBODY) or {}
    if not doc or not context.files.path(doc["file"]).is_file():
        doc = await _render(context, template, segment)
        await context.store.put(_RENDERED, key, doc, account=_NOBODY)
    return Segment(path=str(context.files.path(doc["file"])), seconds=doc["seconds"], lufs=doc["lufs"])


def check_segment(template: Template, segment: str) -> None:
    """Refuse a segment that the template lacks.

    Raises:
        HttpError: 400, naming the segment and those there are.
    """
    if segment not in template.contents:
        raise missing_segment(template, segment)


def missing_segment(template: Template, segment: str) -> HttpError:
    """Make the refusal of a segment that the template lacks."""
    has = ", ".join(template.contents) or "no segments yet"
    return HttpError(
        400, f"soundSegment {segment!r} is not in sound template {template.name!r}, which has {has}"
    )


async def _render(context: Context, template: Template, segment: str) -> dict[str, Any]:
    path = context.files.scratch(".wav")
    try:
        await context.work.run("template", style=template.style, segment=segment, out=str(path))
        probe = await context.work.run("probe", path=str(path), max_seconds=context.settings.max_audio_s)
        file_id = await context.files.keep(path)
    finally:
        path.unlink(missing_ok=True)
    return {"file": file_id, "seconds": probe["seconds"], "lufs": probe.get("lufs")}


async def _custom(context: Context, account: str, doc: dict[str, Any]) -> Template:
    segments = await context.store.find(_SEGMENT, account=account, parent=doc["name"])
    return Template(
        name=doc["name"],
        description=doc["description"],
        contents=tuple(segment["name"] for segment in segments),
        tags=tuple(doc.get("tags", ())),
        collections=tuple(doc.get("collections", ())),
        genre=doc.get("genre", ""),
        tempo=doc.get("tempo", ""),
        is_custom=True,
        is_elastic=doc["is_elastic"],
    )
