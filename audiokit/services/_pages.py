"""Lists that come in pages: iterate over all items, or take one page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

import attrs

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        items: What is on it.
        total: Matches in all, not only on this page; None when the API does not say.
        offset: Matches before this page.
    """

    items: list[T]
    total: int | None
    offset: int


class Pages(Generic[T]):
    """A list not fetched yet: ``async for item in ...`` walks all of it, `page` gets one page.

    Each iteration starts anew and asks for one page at a time. Objects made or deleted
    meanwhile can be missed or met twice, as with any list by offset.
    """

    def __init__(self, fetch: Callable[[int], Awaitable[Page[T]]], *, offset: int = 0) -> None:
        self._fetch = fetch
        self._offset = offset

    async def page(self) -> Page[T]:
        """Get the first page, from the offset that was asked for."""
        return await self._fetch(self._offset)

    async def __aiter__(self) -> AsyncIterator[T]:
        offset = self._offset
        while True:
            page = await self._fetch(offset)
            for item in page.items:
                yield item
            offset += len(page.items)
            if not page.items or (page.total is not None and offset >= page.total):
                return


@attrs.frozen(kw_only=True)
class TokenPage(Generic[T]):
    """One page of a list whose pages follow each other by token.

    Attributes:
        items: What is on it.
        next_token: Asks for the page after this one; None on the last.
    """

    items: list[T]
    next_token: str | None


class TokenPages(Generic[T]):
    """As `Pages`, for lists whose pages follow each other by token."""

    def __init__(
        self, fetch: Callable[[str | None], Awaitable[TokenPage[T]]], *, token: str | None = None
    ) -> None:
        self._fetch = fetch
        self._token = token

    async def page(self) -> TokenPage[T]:
        """Get the first page, or the one of the token that was given."""
        return await self._fetch(self._token)

    async def __aiter__(self) -> AsyncIterator[T]:
        token = self._token
        while True:
            page = await self._fetch(token)
            for item in page.items:
                yield item
            # A server that repeats the token it was given would never end.
            if page.next_token is None or page.next_token == token:
                return
            token = page.next_token
