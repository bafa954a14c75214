"""Production.Sound: templates and their segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator import _templates
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import account_of, context_of
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.audiostack._envelope import envelope

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._templates import Template

_NAME_LENGTH = 200
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
