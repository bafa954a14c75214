"""Lexi: dictionaries, built-in and one's own; speech follows them with ``useDictionary``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator import _diction
from audiokit.emulator._body import read_json
from audiokit.emulator._dictionaries import BUILT_IN
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import HttpError, account_of, context_of, required_query
from audiokit.emulator._unavailable import partly
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.apiaudio._reply import check_filters, reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response


async def find(request: Request) -> Response:
    """List the built-in dictionaries, of one language and type when asked for."""
    query = request.query_params
    check_filters(query, ("lang", "type"))
    wanted = {name: query[name].lower() for name in ("lang", "type") if query.get(name)}
    listed = [{"dictId": one.dict_id, "lang": one.lang, "type": one.type} for one in BUILT_IN]
    return reply([one for one in listed if all(one[name] == value for name, value in wanted.items())])


async def list_types(_request: Request) -> Response:
    """List the kinds of built-in dictionaries."""
    return reply({"types": sorted({one.type for one in BUILT_IN})})


async def list_dictionary(request: Request) -> Response:
    """List the words of a built-in dictionary."""
    dict_id = request.path_params["dict_id"]
    for one in BUILT_IN:
        if one.dict_id == dict_id:
            return reply(list(one.words))
    raise HttpError(404, f"dictionary {dict_id!r} not found; there are {_names()}")


async def search(request: Request) -> Response:
    """Look a word up in the built-in dictionaries of a language."""
    word = request.path_params["word"].strip().casefold()
    family = request.path_params["language"].partition("-")[0].lower()
    found = [
        {"dictId": one.dict_id, "lang": one.lang, "type": one.type, "word": written, "replacement": spoken}
        for one in BUILT_IN
        if one.lang == family
        for written, spoken in one.words.items()
        if written.casefold() == word
    ]
    return reply(found)


async def list_custom(request: Request) -> Response:
    """List one's own dictionaries: one for each language that has words."""
    words = await _diction.own_words(context_of(request), account_of(request))
    langs = list(dict.fromkeys(word["lang"] for word in words))
    return reply(
        [{"lang": lang, "words": [_entry(word) for word in words if word["lang"] == lang]} for lang in langs]
    )


async def list_words(request: Request) -> Response:
    """List one's own words of a language."""
    lang = required_query(request, "lang").strip()
    words = await _diction.own_words(context_of(request), account_of(request), lang=lang)
    return reply({"lang": lang.lower(), "words": [_entry(word) for word in words]})


@partly
async def register(request: Request) -> Response:
    """Keep what is said for a word."""
    fields = Fields(await read_json(request))
    word = await _diction.register(context_of(request), account_of(request), fields, lang="")
    return reply({"message": "word registered", **_entry(word)}, warnings=unknown_fields(fields))


async def delete(request: Request) -> Response:
    """Forget a word, or one specialisation of it."""
    word, lang = required_query(request, "word"), required_query(request, "lang")
    only = request.query_params.get("specialization")
    count = await _diction.delete(context_of(request), account_of(request), word, lang, only)
    return reply({"message": f"deleted {count} of word {word}"})


def _entry(doc: Mapping[str, Any]) -> dict[str, Any]:
    return {key: doc[key] for key in ("word", "replacement", "lang", "specialization", "contentType")}


def _names() -> str:
    return ", ".join(one.dict_id for one in BUILT_IN)
