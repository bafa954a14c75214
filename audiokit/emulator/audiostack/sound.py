"""Production.Sound: templates and their segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator import _templates
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import HttpError, account_of, context_of
from audiokit.emulator._unavailable import partly
from audiokit.emulator._voice_search import parameters
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.audiostack._envelope import envelope
from audiokit.emulator.audiostack._filters import filtered, read_filters
from audiokit.emulator.audiostack.voices import wanted_text

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._templates import Template

_NAME_LENGTH = 200
_TEXT_LENGTH = 500
_MOST_WORDS = 50
_CHOSEN = 3
_FILTERS = {
    "collections": "collections",
    "genres": "genre",
    "moods": "tags",
    "tags": "tags",
    "contents": "contents",
}


async def create_template(request: Request) -> Response:
    """Register an empty template of a unique name."""
    fields = Fields(await read_json(request))
    is_elastic = fields.flag("isElastic")
    template = await _templates.create(
        context_of(request),
        account_of(request),
        name=fields.required_text("templateName", longest=_NAME_LENGTH),
        description=fields.text("description"),
        is_elastic=is_elastic,
    )
    warnings = ["isElastic is kept but changes nothing in the sound"] if is_elastic else []
    return await envelope(
        request,
        template_json(template),
        message="template created",
        warnings=[*warnings, *unknown_fields(fields)],
    )


async def delete_template(request: Request) -> Response:
    """Delete a template and all its segments."""
    name = request.path_params["templateName"]
    await _templates.delete(context_of(request), account_of(request), name)
    return await envelope(request, {}, message=f"template {name} deleted")


async def list_templates(request: Request) -> Response:
    """List templates; every given filter must match, several words of one filter all."""
    query = request.query_params
    found = [template_json(t) for t in await _templates.find_all(context_of(request), account_of(request))]
    for name, key in _FILTERS.items():
        terms = {
            word.strip().lower() for value in query.getlist(name) for word in value.split(",") if word.strip()
        }
        found = [item for item in found if terms <= _words(item[key])]
    warnings = ["filter 'instruments' has no effect: templates list none"] if query.get("instruments") else []
    return await envelope(request, {"templates": found}, message=f"{len(found)} templates", warnings=warnings)


async def update_template(request: Request) -> Response:
    """Change what is said of a template of one's own; what is not given stays."""
    fields = Fields(await read_json(request))
    changes: dict[str, Any] = {}
    for name in ("description", "genre", "tempo"):
        if fields.raw(name) is not None:
            changes[name] = fields.text(name, longest=_TEXT_LENGTH)
    for name in ("collections", "tags"):
        if (value := fields.raw(name)) is not None:
            if not isinstance(value, list) or len(value) > _MOST_WORDS or not all(map(_is_word, value)):
                raise fields.error(name, value, f"a list of at most {_MOST_WORDS} short texts")
            changes[name] = value
    template = await _templates.update(
        context_of(request), account_of(request), fields.required_text("templateName"), **changes
    )
    return await envelope(
        request, template_json(template), message="template updated", warnings=unknown_fields(fields)
    )


async def list_parameters(request: Request) -> Response:
    """List the values that templates have."""
    templates = await _templates.find_all(context_of(request), account_of(request))
    listed = parameters([template_json(t) for t in templates], ("genre", "tempo", "collections", "tags"))
    return await envelope(request, listed, message="parameters found")


async def select(request: Request) -> Response:
    """Choose templates whose descriptions have the mood and the text's own words; nothing judges the text."""
    fields = Fields(await read_json(request))
    text = f"{await wanted_text(request, fields)} {fields.text('mood', longest=_TEXT_LENGTH)}"
    words = {word.strip(".,;:!?\"'()").lower() for word in text.split()}
    templates = [
        template_json(t) for t in await _templates.find_all(context_of(request), account_of(request))
    ]
    chosen = sorted(templates, key=lambda item: -len(words & _all_words(item)))[:_CHOSEN]
    return await envelope(
        request, {"soundTemplates": chosen}, message="templates chosen", warnings=unknown_fields(fields)
    )


@partly
async def recommend(request: Request) -> Response:
    """Look up the templates that share most with a given one, or pass the filters."""
    fields = Fields(await read_json(request))
    if fields.text("fileId"):
        raise HttpError(
            501, "fileId is not emulated in recommendations: it needs a model that judges music; leave it out"
        )
    templates = [
        template_json(t) for t in await _templates.find_all(context_of(request), account_of(request))
    ]
    wanted_id, count = fields.text("soundTemplateId"), fields.number("numberOfResults", low=1, high=100)
    most = int(_CHOSEN if count is None else count)
    like = next((item for item in templates if item["soundTemplateId"] == wanted_id), None)
    if wanted_id and like is None:
        raise HttpError(404, f"soundTemplateId {wanted_id!r} not found")
    others = [item for item in templates if item is not like]
    forced = fields.flag("force_apply_filters")
    found = filtered(others, read_filters(fields.raw("filters")), at_least=0 if forced else most)
    if like is not None:
        found.sort(key=lambda item: -len(_all_words(like) & _all_words(item)))
    return await envelope(
        request,
        {"soundTemplates": found[:most]},
        message=f"{len(found)} templates fit",
        warnings=unknown_fields(fields),
    )


async def create_segment(request: Request) -> Response:
    """Make an uploaded wav file a segment of a template."""
    fields = Fields(await read_json(request))
    template, note = await _templates.add_segment(
        context_of(request),
        account_of(request),
        template=fields.required_text("templateName"),
        segment=fields.required_text("segmentName", "soundSegmentName", longest=_NAME_LENGTH),
        media_id=fields.required_text("mediaId"),
    )
    warnings = [note] if note else []
    return await envelope(
        request,
        template_json(template),
        message="segment added",
        warnings=[*warnings, *unknown_fields(fields)],
    )


def template_json(template: Template) -> dict[str, Any]:
    """Return the wire form; segments are listed under both names that clients read."""
    body = template.as_json()
    return {**body, "segments": body["contents"]}


def _words(value: str | list[str]) -> set[str]:
    return {value.lower()} if isinstance(value, str) else {item.lower() for item in value}


def _is_word(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _NAME_LENGTH


def _all_words(item: dict[str, Any]) -> set[str]:
    """Return what a template is described by, as single words."""
    named = (item["genre"], item["tempo"], *item["tags"], *item["collections"])
    return {word for text in named for word in text.lower().split()}
