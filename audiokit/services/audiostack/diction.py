"""Diction: dictionaries that say how words are read, the vendor's and one's own."""

from __future__ import annotations

import builtins
from typing import Any, Unpack

import attrs

from audiokit.services._check import one_of
from audiokit.services._endpoint import Endpoint, get
from audiokit.services.audiostack._base import AudioStackService, StackModel, given
from audiokit.transport import Retry, Transport
from audiokit.typing import CallOptions


@attrs.define
class Dictionary(StackModel):
    """A dictionary of one language; `words` and `content` are as the API writes them."""

    lang: str | None = None
    words: list[Any] = attrs.field(factory=list)
    word_category: str | None = None
    content: Any = None


@attrs.define
class DictionaryWord(StackModel):
    """A word of one's own: what is replaced, and by what, as the API writes them."""

    inputs: Any = None
    replacements: Any = None


@attrs.define
class _Dictionaries(StackModel):
    dictionaries: list[Dictionary] = attrs.field(factory=list)


@attrs.define
class _Words(StackModel):
    words: list[DictionaryWord] = attrs.field(factory=list)


_SOURCE = "official SDK 4.0, Speech.Diction"

LIST = get("audiostack.diction.list", "/speech/diction", _Dictionaries, source=_SOURCE)
CUSTOM_LIST = get("audiostack.diction.custom.list", "/speech/diction/custom", _Dictionaries, source=_SOURCE)
CREATE_WORD = Endpoint(
    name="audiostack.diction.custom.create_word",
    method="PUT",
    path="/speech/diction/custom/item",
    returns=DictionaryWord,
    retry=Retry.SAFE,  # sets a word's replacement
    source=_SOURCE,
)
LIST_WORDS = get(
    "audiostack.diction.custom.list_words",
    "/speech/diction/custom/items",  # plural here, singular for PUT and DELETE
    _Words,
    source=_SOURCE,
)
DELETE_WORD: Endpoint[None] = Endpoint(
    name="audiostack.diction.custom.delete_word",
    method="DELETE",
    path="/speech/diction/custom/item",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source=_SOURCE,
)


class CustomDiction(AudioStackService):
    """Calls on dictionaries of one's own."""

    async def list(self, **options: Unpack[CallOptions]) -> builtins.list[Dictionary]:
        """List one's own dictionaries."""
        return (await self._call(CUSTOM_LIST, options=options)).dictionaries

    async def create_word(
        self,
        word: str,
        replacement: str,
        *,
        lang: str | None = None,
        specialization: str | None = None,
        content_type: str | None = None,
        **options: Unpack[CallOptions],
    ) -> DictionaryWord:
        """Say how a word is read from now on.

        Args:
            word: The word as written.
            replacement: What to say instead.
            lang: Language family; the API's default is ``global``, for all.
            specialization: For this one only; the API's default is ``default``.
            content_type: ``basic`` for plain text, the API's default, or ``ipa``.
            options: See `CallOptions`.
        """
        one_of("content_type", content_type, {"basic", "ipa"})
        body = {
            "word": word,
            "replacement": replacement,
            "lang": lang,
            "specialization": specialization,
            "contentType": content_type,
        }
        return await self._call(CREATE_WORD, json=given(body), options=options)

    async def list_words(self, lang: str, **options: Unpack[CallOptions]) -> builtins.list[DictionaryWord]:
        """List the words of a language family, or of ``global``."""
        return (await self._call(LIST_WORDS, query={"lang": lang}, options=options)).words

    async def delete_word(
        self, word: str, *, lang: str, specialization: str | None = None, **options: Unpack[CallOptions]
    ) -> None:
        """Forget a word.

        Args:
            word: The word as written.
            lang: Language family, or ``global``.
            specialization: This one only; all when not given.
            options: See `CallOptions`.
        """
        query = {"lang": lang, "word": word, "specialization": specialization}
        await self._call(DELETE_WORD, query=query, options=options)


class Diction(AudioStackService):
    """Calls on the vendor's dictionaries; `custom` has one's own."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.custom = CustomDiction(transport)

    async def list(self, **options: Unpack[CallOptions]) -> builtins.list[Dictionary]:
        """List the vendor's dictionaries."""
        return (await self._call(LIST, options=options)).dictionaries
