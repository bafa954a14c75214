"""Sound: the music that tracks can be mastered over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.emulator import _templates
from audiokit.emulator._http import account_of, context_of
from audiokit.emulator.apiaudio._reply import check_filters, reply, words

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_FILTERS = ("genre", "tempo", "tags", "collections", "contents", "industryExamples")


async def list_templates(request: Request) -> Response:
    """List sound templates; every given filter must match, in a comma list every word."""
    check_filters(request.query_params, _FILTERS)
    wanted = {name: words(request.query_params, name) for name in _FILTERS}
    templates = [t.as_json() for t in await _templates.find_all(context_of(request), account_of(request))]
    return reply(
        {
            "templates": [
                template
                for template in templates
                if all(_matches(template.get(name, []), terms) for name, terms in wanted.items())
            ]
        }
    )


async def list_parameters(request: Request) -> Response:
    """List the values that the filters can take."""
    templates = await _templates.find_all(context_of(request), account_of(request))
    return reply(
        {
            "genre": sorted({t.genre for t in templates if t.genre}),
            "tempo": sorted({t.tempo for t in templates if t.tempo}),
            "collections": sorted({name for t in templates for name in t.collections}),
            "tags": sorted({name for t in templates for name in t.tags}),
        }
    )


def _matches(value: str | list[str], terms: list[str]) -> bool:
    has = {value.lower()} if isinstance(value, str) else {item.lower() for item in value}
    return all(term in has for term in terms)
