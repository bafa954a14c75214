"""Lexi: how words are pronounced, by the API's dictionaries and by one's own."""

from __future__ import annotations

import builtins
from typing import Any, Unpack

import attrs

from audiokit.services._check import one_of, text
from audiokit.services._convert import Model, wire
from audiokit.services._endpoint import Endpoint, get
from audiokit.services.apiaudio._base import OPEN, ApiAudioService
from audiokit.transport import Retry
from audiokit.typing import CallOptions


@attrs.define
class Dictionary(Model):
    """A dictionary of the API, e.g. of names or places in one language."""

    dictionary_id: str = wire("dictId")
    language: str | None = wire("lang", default=None)
    type: str | None = None


@attrs.define
class _Types(Model):
    types: list[str]


_SOURCE = "official Python client 0.17, Lexi"

LIST = get("apiaudio.lexi.list", "/diction", list[Dictionary], source=_SOURCE + "; openapi v1")
LIST_CUSTOM: Endpoint[Any] = get("apiaudio.lexi.list_custom_dicts", "/diction/custom", OPEN, source=_SOURCE)
REGISTER: Endpoint[Any] = Endpoint(
    name="apiaudio.lexi.register_custom_word",
    method="PUT",
    path="/diction/custom/item",
    returns=OPEN,
    retry=Retry.SAFE,  # sets a value
    source=_SOURCE,
)
LIST_WORDS: Endpoint[Any] = get(
    "apiaudio.lexi.list_custom_words", "/diction/custom/item", OPEN, source=_SOURCE
)
DELETE: Endpoint[None] = Endpoint(
    name="apiaudio.lexi.delete_custom_word",
    method="DELETE",
    path="/diction/custom/item",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source=_SOURCE,
)
WORDS = get("apiaudio.lexi.list_dictionary", "/diction/list/{dictionary_id}", list[str], source="openapi v1")
TYPES = get("apiaudio.lexi.list_types", "/diction/list_types", _Types, source="openapi v1")
SEARCH: Endpoint[Any] = get(
    "apiaudio.lexi.search", "/diction/search/{word}/{language}", OPEN, source="openapi v1"
)


class Lexi(ApiAudioService):
    """Calls on dictionaries. Speech uses them with ``use_dictionary=True``."""

    async def list(
        self,
        *,
        language: str | None = None,
        kind: str | None = None,
        **options: Unpack[CallOptions],
    ) -> builtins.list[Dictionary]:
        """List the API's dictionaries.

        Args:
            language: Only those of this language.
            kind: Only those of this type, see `list_types`.
            options: See `CallOptions`.
        """
        return await self._call(LIST, query={"lang": language, "type": kind}, options=options)

    async def list_types(self, **options: Unpack[CallOptions]) -> builtins.list[str]:
        """List the types that dictionaries have."""
        return (await self._call(TYPES, options=options)).types

    async def list_dictionary(self, dictionary_id: str, **options: Unpack[CallOptions]) -> builtins.list[str]:
        """List the words of one of the API's dictionaries, e.g. ``de_boy_names``."""
        return await self._call(WORDS, path={"dictionary_id": dictionary_id}, options=options)

    async def search(self, word: str, language: str, **options: Unpack[CallOptions]) -> Any:
        """Look a word up in the dictionaries of a language.

        Returns:
            The decoded answer; its shape is not published.
        """
        return await self._call(SEARCH, path={"word": word, "language": language}, options=options)

    async def list_custom_dicts(self, **options: Unpack[CallOptions]) -> Any:
        """List one's own dictionaries.

        Returns:
            The decoded answer; its shape is not published.
        """
        return await self._call(LIST_CUSTOM, options=options)

    async def list_custom_words(self, language: str, **options: Unpack[CallOptions]) -> Any:
        """List one's own words of a language.

        Args:
            language: A language family like ``en``, or ``global``.
            options: See `CallOptions`.

        Returns:
            The decoded answer; its shape is not published.
        """
        return await self._call(LIST_WORDS, query={"lang": language}, options=options)

    async def register_custom_word(
        self,
        word: str,
        replacement: str,
        *,
        language: str,
        specialization: str | None = None,
        content_type: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Any:
        """Say something else, or say it differently, wherever a word stands.

        Args:
            word: The word as it is written.
            replacement: What to say instead.
            language: A language family like ``en``, or ``global``.
            specialization: Only for this voice, dialect or provider, which wins in this order;
                ``default`` when not given.
            content_type: ``basic`` or ``ipa``, what *replacement* is written in; ``basic`` when not given.
            options: See `CallOptions`.

        Returns:
            The decoded answer; its shape is not published.
        """
        text("word", word, shortest=1, longest=1000)
        one_of("content_type", content_type, ("basic", "ipa"))
        body = {
            "word": word,
            "replacement": replacement,
            "lang": language,
            "specialization": specialization,
            "contentType": content_type,
        }
        given = {name: value for name, value in body.items() if value is not None}
        return await self._call(REGISTER, json=given, options=options)

    async def delete_custom_word(
        self, word: str, *, language: str, specialization: str | None = None, **options: Unpack[CallOptions]
    ) -> None:
        """Forget a word of one's own, or one specialisation of it."""
        text("word", word, shortest=1, longest=1000)
        query = {"word": word, "lang": language, "specialization": specialization}
        await self._call(DELETE, query=query, options=options)
