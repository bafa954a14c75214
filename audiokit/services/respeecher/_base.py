"""What all Respeecher services share: the dialect, and lists by offset."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from audiokit.services._check import between
from audiokit.services._dialect import RESPEECHER
from audiokit.services._endpoint import Endpoint
from audiokit.services._pages import Page, Pages, count_of
from audiokit.services._service import QueryValue, Service
from audiokit.transport import Call, Reply, Target, fetch_and_extract
from audiokit.typing import CallOptions, ProgressCallback, StrPath

T = TypeVar("T")

AUDIO_FORMATS = frozenset({"wav", "ogg", "mp3", "flac"})
LABEL_CHARACTERS = 40


class RespeecherService(Service):
    """Base of the Respeecher services."""

    dialect = RESPEECHER

    def _structure_document(
        self, endpoint: Endpoint[Any], reply: Reply, document: object, into: type[T]
    ) -> T:
        """As `Service`; the reasons of failed work go into errors, which models raise without our key."""
        found = super()._structure_document(endpoint, reply, document, into)
        models: list[Any] = found if isinstance(found, list) else [found]
        for one in models:
            if isinstance(reason := getattr(one, "error", None), str):
                one.error = self._said(endpoint, reason)
        return found

    def _pages(
        self,
        endpoint: Endpoint[list[T]],
        query: Mapping[str, QueryValue],
        *,
        page_size: int,
        offset: int,
        largest: int,
        options: CallOptions,
    ) -> Pages[T]:
        """The list that *query* selects; *options* hold for each page."""
        between("page_size", page_size, 1, largest)
        between("offset", offset, 0, 2**31)

        async def fetch(at: int) -> Page[T]:
            reply = await self._reply(
                endpoint, query={**query, "limit": page_size, "offset": at}, options=options
            )
            document = self._document(endpoint, reply)
            items = self._structure_document(endpoint, reply, document, endpoint.returns or list)
            pagination = document.get("pagination") if isinstance(document, dict) else None
            total = count_of(pagination.get("count")) if isinstance(pagination, dict) else None
            # A bare list that is longer than was asked for is all there is; one that is not full may be.
            is_counted = total is not None or len(items) > page_size
            if total is None and len(items) != page_size:
                total = at + len(items)
            return Page(items=items, total=total, offset=at, is_counted=is_counted)

        return Pages(
            fetch, offset=offset, operation=endpoint.name, key=lambda item: getattr(item, "id", item)
        )

    async def _save_archive(
        self,
        endpoint: Endpoint[None],
        call: Call,
        to: StrPath,
        *,
        extract: bool,
        on_progress: ProgressCallback | None,
        options: CallOptions,
    ) -> Path:
        """Download a zip to *to*, or with *extract* its content to the new folder *to*."""

        async def save(target: Target) -> Path:
            return await self._save(endpoint, call, target, on_progress=on_progress, options=options)

        return await (fetch_and_extract(save, to) if extract else save(Target.of(to, must_be_audio=False)))
