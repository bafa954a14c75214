"""Script.Directory and what works on many scripts at once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from audiokit.emulator._http import HttpError, account_of, context_of, required_query
from audiokit.emulator.apiaudio import _scripts
from audiokit.emulator.apiaudio._reply import reply

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_LEVELS = ("projectName", "moduleName", "scriptName")
_TEXTS = {
    "BibleVerse": "In the beginning was the Word.",
    "FunFact": "Honey keeps for thousands of years without going bad.",
    "InspirationalQuote": "Begin anywhere, but begin.",
    "Joke": "Why did the loudspeaker go home? It had heard enough.",
    "MovieSynopsis": "A radio host falls in love with a voice that calls in every night at three.",
    "Poem": "The rain on the roof keeps time with the clock, and neither of them knows the song.",
    "PhilosophicalQuestion": "If nobody listens to a podcast, did it make a sound?",
    "Recipe": "Slice two tomatoes, add salt, oil and basil, and wait ten minutes.",
    "TriviaQuestion": "How many strings does a violin have?",
}


async def list_projects(request: Request) -> Response:
    """List the projects that scripts are in."""
    return reply(await _paths(request, depth=1, prefixes=()))


async def list_modules(request: Request) -> Response:
    """List modules, as ``project/module``, by the beginning of the project's name."""
    return reply(await _paths(request, depth=2, prefixes=(required_query(request, "projectPrefix"),)))


async def list_script_names(request: Request) -> Response:
    """List scripts, as ``project/module/script``, by the beginnings of the other two names."""
    prefixes = (required_query(request, "projectPrefix"), required_query(request, "modulePrefix"))
    return reply(await _paths(request, depth=3, prefixes=prefixes))


async def delete_many(request: Request) -> Response:
    """Delete all scripts of a project, of a module in it, or of one name in that."""
    query = request.query_params
    wanted = {"projectName": required_query(request, "projectName")}
    for above, name in itertools.pairwise(_LEVELS):
        if query.get(name):
            if above not in wanted:
                raise HttpError(400, f"{name} names a level below {above}; give that one, too")
            wanted[name] = query[name]
    context, account = context_of(request), account_of(request)
    found = [
        doc["scriptId"]
        for doc in await _scripts.find_all(context, account)
        if all(doc[name] == value for name, value in wanted.items())
    ]
    await context.store.delete_all([(_scripts.KIND, script_id) for script_id in found], account=account)
    return reply({"message": f"deleted {len(found)} scripts", "scriptIds": found})


async def random_text(request: Request) -> Response:
    """Give a text to try things out with; the emulator has one of each category."""
    category = request.query_params.get("category") or "FunFact"
    if category not in _TEXTS:
        text = f"category {category!r} must be one of {', '.join(_TEXTS)}"
        raise HttpError(400, text, body={"message": text})
    return reply(_TEXTS[category])


async def _paths(request: Request, *, depth: int, prefixes: tuple[str, ...]) -> list[str]:
    docs = await _scripts.find_all(context_of(request), account_of(request))
    matching = [
        doc
        for doc in docs
        if all(doc[level].startswith(prefix) for level, prefix in zip(_LEVELS, prefixes, strict=False))
    ]
    return list(dict.fromkeys("/".join(doc[level] for level in _LEVELS[:depth]) for doc in matching))
