"""Voices: who can speak."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from typing import Any, Unpack

import attrs

from audiokit.services._check import between
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._pages import Page, Pages
from audiokit.services._service import QueryValue
from audiokit.services.apiaudio._base import ApiAudioService, comma_separated
from audiokit.transport import Retry
from audiokit.typing import CallOptions


@attrs.define
class Voice(Model):
    """A voice.

    Attributes:
        alias: The name to give as *voice* of a speech.
        language_code: Like ``en-US``.
        section_character_limit: Most characters of one section.
        audio_sample: URL of a sample.
    """

    alias: str | None = None
    voice_id: str | None = None
    tier: str | None = None
    language: str | None = None
    language_code: str | None = None
    accent: str | None = None
    gender: str | None = None
    age_bracket: str | None = None
    provider: str | None = None
    provider_full_name: str | None = None
    tags: list[str] = attrs.field(factory=list)
    industry_examples: list[str] = attrs.field(factory=list)
    supported_styles: list[str] = attrs.field(factory=list)
    long_soft_description: str | None = None
    section_character_limit: int | str | None = None
    time_performance: str | None = None
    neural_standard: str | None = None
    audio_sample: str | None = None
    picture: str | None = None


@attrs.define
class _Voices(Model):
    voices: list[Voice]


_SOURCE = "official Python client 0.17, Voice; openapi v1"

LIST = get("apiaudio.voices.list", "/voice", _Voices, source=_SOURCE)
QUERY = Endpoint(
    name="apiaudio.voices.query",
    method="POST",
    path="/voice",
    returns=_Voices,
    retry=Retry.SAFE,  # reads only
    source="official Python client changelog; official npm client 0.9",
)
PARAMETERS = get(
    "apiaudio.voices.list_parameters", "/voice/parameter", dict[str, builtins.list[str]], source=_SOURCE
)
GET = get("apiaudio.voices.get", "/voice/name/{name}", Voice, source="openapi v1")

LARGEST_PAGE = 1000


class Voices(ApiAudioService):
    """Calls on voices."""

    def list(
        self,
        *,
        provider: str | None = None,
        language: str | None = None,
        language_code: str | None = None,
        accent: str | None = None,
        gender: str | None = None,
        age_bracket: str | None = None,
        tags: str | Iterable[str] | None = None,
        industry_examples: str | Iterable[str] | None = None,
        time_performance: str | None = None,
        section_character_limit: int | str | None = None,
        sort: str | None = None,
        page_size: int = 100,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[Voice]:
        """List the voices that match all filters given.

        Args:
            provider: E.g. ``google``, ``polly``, ``azure``.
            language: E.g. ``english``.
            language_code: E.g. ``en-US``.
            accent: E.g. ``american``.
            gender: ``male``, ``female`` or ``character``.
            age_bracket: ``adult``, ``child`` or ``senior``.
            tags: All must match.
            industry_examples: E.g. ``advertising``.
            time_performance: ``slow``, ``medium`` or ``fast``.
            section_character_limit: Characters that one section must be allowed to have.
            sort: An attribute's name, or ``priority``.
            page_size: Voices asked for at once, 1 to 1000.
            offset: Voices to skip.
            options: See `CallOptions`.

        Raises:
            RequestRefused: The API does not know a filter; the message names those it allows.
        """
        query: dict[str, QueryValue] = {
            "provider": provider,
            "language": language,
            "languageCode": language_code,
            "accent": accent,
            "gender": gender,
            "ageBracket": age_bracket,
            "tags": comma_separated(tags),
            "industryExamples": comma_separated(industry_examples),
            "timePerformance": time_performance,
            "sectionCharacterLimit": section_character_limit,
            "sort": sort,
        }
        return self._voices(LIST, query, None, page_size, offset, options)

    def query(
        self,
        query: Mapping[str, Any],
        *,
        sort: str | None = None,
        page_size: int = 100,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[Voice]:
        """List the voices that a query selects.

        ::

            kit.apiaudio.voices.query({"language": "english", "sectionCharacterLimit": {"$gte": 1000}})

        Args:
            query: The API's name of an attribute, to its value or to one of ``$gt $gte $lt $lte
                $contains $is_in $ne`` with a value.
            sort: Attribute to sort by.
            page_size: Voices asked for at once, 1 to 1000.
            offset: Voices to skip.
            options: See `CallOptions`.
        """
        return self._voices(QUERY, {"sort": sort}, {"query": dict(query)}, page_size, offset, options)

    async def list_parameters(self, **options: Unpack[CallOptions]) -> dict[str, builtins.list[str]]:
        """Get what `list` can filter by: attribute to allowed values."""
        return await self._call(PARAMETERS, options=options)

    async def get(self, name: str, **options: Unpack[CallOptions]) -> Voice:
        """Get one voice by its alias or its provider's id.

        Raises:
            NotFound: There is none of this name.
        """
        return await self._call(GET, path={"name": name}, options=options)

    def _voices(
        self,
        endpoint: Endpoint[_Voices],
        query: Mapping[str, QueryValue],
        json: Mapping[str, Any] | None,
        page_size: int,
        offset: int,
        options: CallOptions,
    ) -> Pages[Voice]:
        between("page_size", page_size, 1, LARGEST_PAGE)
        between("offset", offset, 0, 2**31)

        async def fetch(at: int) -> Page[Voice]:
            found = await self._call(
                endpoint, query={**query, "limit": page_size, "offset": at}, json=json, options=options
            )
            # The API counts nothing. A page that is not full ends the list; so does one that is more
            # than full, from a server that does not page.
            total = None if len(found.voices) == page_size else at + len(found.voices)
            return Page(items=found.voices, total=total, offset=at)

        return Pages(fetch, offset=offset)
