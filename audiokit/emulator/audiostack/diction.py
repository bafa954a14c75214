"""Speech.Diction: dictionaries, built-in and one's own; speech follows them with ``voiceIntelligence``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator import _diction
from audiokit.emulator._body import read_json
from audiokit.emulator._dictionaries import BUILT_IN
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import account_of, context_of, required_query
from audiokit.emulator._unavailable import partly
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.audiostack._envelope import envelope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response


async def find(request: Request) -> Response:
    """List the built-in dictionaries."""
    listed = [
        {"lang": one.lang, "words": list(one.words), "wordCategory": one.type, "content": "basic"}
        for one in BUILT_IN
    ]
    return await envelope(request, {"dictionaries": listed}, message=f"{len(listed)} dictionaries")


async def list_custom(request: Request) -> Response:
    """List one's own dictionaries: one for each language that has words."""
    words = await _diction.own_words(context_of(request), account_of(request))
    listed = [
        {"lang": lang, "words": [doc["word"] for doc in words if doc["lang"] == lang]}
        for lang in dict.fromkeys(doc["lang"] for doc in words)
    ]
    return await envelope(request, {"dictionaries": listed}, message=f"{len(listed)} dictionaries")


async def list_words(request: Request) -> Response:
    """List one's own words of a language."""
    words = await _diction.own_words(
        context_of(request), account_of(request), lang=required_query(request, "lang")
    )
    return await envelope(request, {"words": [_entry(doc) for doc in words]}, message=f"{len(words)} words")


@partly
async def register(request: Request) -> Response:
    """Keep what is said for a word; without a language in all of them."""
    fields = Fields(await read_json(request))
    doc = await _diction.register(context_of(request), account_of(request), fields, lang=_diction.GLOBAL)
    return await envelope(request, _entry(doc), message="word kept", warnings=unknown_fields(fields))


async def delete(request: Request) -> Response:
    """Forget a word, or one specialisation of it."""
    word, lang = required_query(request, "word"), required_query(request, "lang")
    only = request.query_params.get("specialization")
    count = await _diction.delete(context_of(request), account_of(request), word, lang, only)
    return await envelope(request, {}, message=f"{count} entries deleted")


def _entry(doc: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: doc[name] for name in ("lang", "specialization", "contentType")}
    return {"inputs": doc["word"], "replacements": doc["replacement"], **rest}
