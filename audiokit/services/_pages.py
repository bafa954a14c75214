"""Lists that come in pages: iterate over all items, or take one page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar

import attrs

from audiokit.errors import UnexpectedResponse

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        items: What is on it.
        total: Matches in all, not only on this page; None when the API does not say.
        offset: Matches before this page.
        is_counted: Whether `total` is the API's own count, and not taken from a page that was not full.
    """

    items: list[T]
    total: int | None
    offset: int
    is_counted: bool = True


def count_of(value: object) -> int | None:
    """A total as an API writes it, which may be a text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


class _OnlyAsync:
    """Says what to write instead of a plain ``for`` or ``await``; a checker says so itself."""

    if not TYPE_CHECKING:

        def __iter__(self) -> NoReturn:
            raise TypeError(
                "a list of an API is walked with `async for`, as in `[one async for one in ....list()]`"
            )

        def __await__(self) -> NoReturn:
            raise TypeError(
                "a list of an API is walked with `async for`; "
                "`await ....list().page()` gets its first page, with `items`"
            )


class Pages(_OnlyAsync, Generic[T]):
    """A list not fetched yet: ``async for item in ...`` walks all of it, `page` gets one page.

    Each iteration starts anew and asks for one page at a time. Objects made or deleted
    meanwhile can be missed or met twice, as with any list by offset.

    Args:
        fetch: Gets the page from an offset.
        offset: Where the list begins.
        operation: For messages.
        key: What tells an item from others; the item itself when not given.

    Raises:
        UnexpectedResponse: While iterating: the API counts more than it shows, the same page again and again.
    """

    def __init__(
        self,
        fetch: Callable[[int], Awaitable[Page[T]]],
        *,
        offset: int = 0,
        operation: str = "",
        key: Callable[[T], object] | None = None,
    ) -> None:
        self._fetch = fetch
        self._offset = offset
        self._operation = operation
        self._key = key

    async def page(self) -> Page[T]:
        """Get the first page, from the offset that was asked for."""
        return await self._fetch(self._offset)

    async def __aiter__(self) -> AsyncIterator[T]:
        offset, longest = self._offset, 0
        former: tuple[list[object], int | None] | None = None
        while True:
            page = await self._fetch(offset)
            keys = [item if self._key is None else self._key(item) for item in page.items]
            if not keys or self._is_again(page, keys, former):
                return
            for item in page.items:
                yield item
            offset += len(keys)
            # Without a count, the first page may be short only because the server allows no longer ones.
            is_told = page.is_counted or len(keys) < longest
            if is_told and page.total is not None and offset >= page.total:
                return
            longest, former = max(longest, len(keys)), (keys, page.total)

    def _is_again(
        self, page: Page[T], keys: list[object], former: tuple[list[object], int | None] | None
    ) -> bool:
        """Whether the server gives the page before again, because it does not heed the offset."""
        if former is None or keys != former[0]:
            return False
        if page.total is None or not page.is_counted:
            return True  # it has no pages, so this is all
        if page.total != former[1]:
            return False  # as many new ones have come as go on a page
        raise UnexpectedResponse(
            f"{self._operation}: the page from offset {page.offset} is the one before it again, while the "
            f"API counts {page.total} in all; what is beyond cannot be reached by pages: ask for larger ones",
            operation=self._operation,
            status=200,
        )


@attrs.frozen(kw_only=True)
class TokenPage(Generic[T]):
    """One page of a list whose pages follow each other by token.

    Attributes:
        items: What is on it.
        next_token: Asks for the page after this one; None on the last.
    """

    items: list[T]
    next_token: str | None


class TokenPages(_OnlyAsync, Generic[T]):
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
        token, seen = self._token, {hash(self._token)}
        while True:
            page = await self._fetch(token)
            for item in page.items:
                yield item
            # A server that gives a token again would never end. Digests, for lists of any length.
            if page.next_token is None or hash(page.next_token) in seen:
                return
            token = page.next_token
            seen.add(hash(token))
