"""Voices: which there are, and which fits."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import attrs

from audiokit.errors import InvalidRequest
from audiokit.services._check import between
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._pages import Page, Pages
from audiokit.services.audiostack._base import (
    AudioStackService,
    StackAnswer,
    StackModel,
    exactly_one,
    given,
)
from audiokit.services.audiostack.scripts import StackScript
from audiokit.transport import Retry
from audiokit.typing import CallOptions


@attrs.define
class StackVoice(StackModel):
    """A voice; `alias` is what speech calls for. What else the API says is in `extra`."""

    alias: str | None = None
    provider: str | None = None


@attrs.define
class _Voices(StackModel):
    voices: list[StackVoice] = attrs.field(factory=list)


_SOURCE = "official SDK 4.0, Speech.Voice"

LIST = get("audiostack.voices.list", "/speech/voice", _Voices, source=_SOURCE)
QUERY = Endpoint(
    name="audiostack.voices.query",
    method="POST",
    path="/speech/voice/query",
    returns=_Voices,
    retry=Retry.SAFE,  # only reads
    source=_SOURCE,
)
SELECT = Endpoint(
    name="audiostack.voices.select",
    method="POST",
    path="/speech/voice/select",
    returns=StackAnswer,
    source=_SOURCE,
)
PARAMETERS = get("audiostack.voices.parameters", "/speech/voice/parameter", StackAnswer, source=_SOURCE)
GET = get(
    "audiostack.voices.get",
    "/speech/voice/name/{name}",
    StackVoice,
    source="reference of the first official SDK, Speech.Voice (path inferred)",
)


class StackVoices(AudioStackService):
    """Calls on voices."""

    async def list(self, **options: Unpack[CallOptions]) -> builtins.list[StackVoice]:
        """List all voices."""
        return (await self._call(LIST, options=options)).voices

    def query(
        self,
        filters: Sequence[Mapping[str, Any]] = (),
        *,
        minimum_number_of_results: int | None = None,
        force_apply_filters: bool | None = None,
        page: int = 1,
        page_size: int = 1000,
        **options: Unpack[CallOptions],
    ) -> Pages[StackVoice]:
        """Find voices.

        Args:
            filters: Each ``{operator: {attribute: [values]}}``, e.g. ``{"in": {"gender": ["female"]}}``;
                operators seen are ``in`` and ``greaterThanOrEquals``.
            minimum_number_of_results: Relax the filters to reach this many; the API's default is 3.
            force_apply_filters: Never relax them; the API's default is True.
            page: First page to get, counted from 1.
            page_size: Voices to a page.
            options: See `CallOptions`.
        """
        between("page", page, 1, 2**31)
        between("page_size", page_size, 1, 2**31)
        body = {
            "filters": [dict(one) for one in filters] or None,
            "minimumNumberOfResults": minimum_number_of_results,
            "forceApplyFilters": force_apply_filters,
        }

        async def fetch(offset: int) -> Page[StackVoice]:
            paging = {"page": 1 + offset // page_size, "pageLimit": page_size}
            voices = (await self._call(QUERY, json={**given(body), **paging}, options=options)).voices
            # No total is given: a page that is not exactly full is the last.
            total = None if len(voices) == page_size else offset + len(voices)
            return Page(items=voices, total=total, offset=offset)

        return Pages(fetch, offset=(page - 1) * page_size)

    async def select(
        self,
        script: StackScript | str | None = None,
        *,
        content: str | None = None,
        tone: str | None = None,
        target_length_s: int | None = None,
        **options: Unpack[CallOptions],
    ) -> StackAnswer:
        """Have a voice chosen for a script or for a text.

        Args:
            script: The script, or its id. Exactly one of *script* and *content*.
            content: The text itself.
            tone: A tone word.
            target_length_s: Length to be reached in seconds, with *script* only; the API's default is 20.
            options: See `CallOptions`.

        Returns:
            The choice, in a shape the vendor does not publish.
        """
        exactly_one(script=script, content=content)
        if content is not None and target_length_s is not None:
            raise InvalidRequest.of("target_length_s", target_length_s, "left out where content is given")
        body = {
            "scriptId": script.script_id if isinstance(script, StackScript) else script,
            "content": content,
            "tone": tone,
            "targetLength": target_length_s,
        }
        return await self._answer(SELECT, json=given(body), options=options)

    async def get(self, name: str, **options: Unpack[CallOptions]) -> StackVoice:
        """Get one voice by its alias."""
        return await self._call(GET, path={"name": name}, options=options)

    async def parameters(self, **options: Unpack[CallOptions]) -> StackAnswer:
        """List what voices can be found by, in a shape the vendor does not publish."""
        return await self._answer(PARAMETERS, options=options)
