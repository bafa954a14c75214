"""Lists that answer for many jobs with one call, and where in them each job is to be found.

Pages are asked for by offset, so a job's place has to be known. It is learned from what pages show: jobs
whose place is unknown are searched from the newest on. Counted from the oldest a place stays while objects
are added, and where objects were deleted a job is simply not where it was, and is searched again, or looked
at on its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Final, Generic, TypeVar

import attrs

from audiokit.errors import UsageError
from audiokit.jobs._poll_plan import Cohort, first_chance
from audiokit.jobs._poll_question import Question, Single
from audiokit.jobs._poll_waiting import Answer, Waiting
from audiokit.services._pages import Page
from audiokit.services._poll import Look

ItemT = TypeVar("ItemT")
T_co = TypeVar("T_co", covariant=True)

_CHANCE: Final = 0.05
_MOST_CHANCE: Final = 0.5
_EMPTY_PAGES: Final = 2
"""A search ends after so many pages in a row on which there was none of the jobs."""


@attrs.frozen(kw_only=True)
class Listing(Generic[ItemT, T_co]):
    """A list of an API in which jobs can be found.

    Attributes:
        key: Equal for equal lists; jobs that name the same one share its pages.
        fetch: Gets a page from an offset, newest or oldest objects first. The page must say its total.
        page_size: Objects on a full page.
        remote_of: The id of an object, as it was given to `Poller.wait`.
        read: What a look at the object would have given; raises where the job failed.
    """

    key: Hashable
    fetch: Callable[[int, bool], Awaitable[Page[ItemT]]] = attrs.field(eq=False)
    page_size: int = attrs.field(eq=False)
    remote_of: Callable[[ItemT], str] = attrs.field(eq=False)
    read: Callable[[ItemT], tuple[T_co, Look]] = attrs.field(eq=False)


class Shelf:
    """The jobs of one `Listing`, by place."""

    def __init__(self, listing: Listing[Any, Any], adopt: Callable[[Question], None]) -> None:
        self.listing = listing
        self._adopt = adopt
        self.page_size = listing.page_size
        self.is_broken = False
        self._by_remote: dict[str, list[Waiting]] = {}
        self._blocks: dict[int, Block] = {}
        self._search = Search(self)

    @property
    def is_empty(self) -> bool:
        """Whether no job is left in it."""
        return not self._by_remote

    def add(self, waiting: Waiting) -> None:
        """Take a job in."""
        self._by_remote.setdefault(waiting.remote, []).append(waiting)
        waiting.shelf = self
        self.search(waiting)

    def remove(self, waiting: Waiting) -> None:
        """Forget a job."""
        waiting.shelf = None
        others = self._by_remote.get(waiting.remote, [])
        if waiting in others:
            others.remove(waiting)
            if not others:
                del self._by_remote[waiting.remote]

    def search(self, waiting: Waiting) -> None:
        """Let a job's place be searched."""
        waiting.place = None
        self._search.admit(waiting)
        self._adopt(self._search)

    def found(self, page: Page[Any], *, newest_first: bool) -> tuple[list[Answer], int]:
        """Read a page: what it answers, and how many objects on it are somebody's. Notes their places."""
        count = len(page.items)
        total = page.offset + count if page.total is None else page.total
        if 0 < count < self.page_size and page.offset + count < total:
            self._shrink(count)
        answers: list[Answer] = []
        for index, item in enumerate(page.items):
            place = page.offset + index
            if newest_first:
                place = total - 1 - place
            for waiting in self._by_remote.get(self.listing.remote_of(item), ()):
                self._put(waiting, max(place, 0))
                answers.append(Answer.reading(waiting, self.listing.read, item))
        return answers, len(answers)

    def leave(self, waiting: Waiting) -> None:
        """From now on this one is looked at alone."""
        self.remove(waiting)
        self._adopt(Single(waiting))

    def give_up(self) -> None:
        """The list cannot be read: look at all its jobs one by one, and at those to come."""
        self.is_broken = True
        for waiting in [one for some in self._by_remote.values() for one in some]:
            self.leave(waiting)

    def _put(self, waiting: Waiting, place: int) -> None:
        waiting.place = place
        number = place // self.page_size
        block = self._blocks.get(number)
        if block is None or not block.waiting:
            block = self._blocks[number] = Block(self, number)
            self._adopt(block)
        if waiting.question is not block:
            block.admit(waiting)

    def _shrink(self, page_size: int) -> None:
        """The API gives less at once than was asked for."""
        self.page_size = page_size
        self._blocks.clear()
        for some in self._by_remote.values():
            for waiting in some:
                if waiting.place is not None:
                    self._put(waiting, waiting.place)


class Block(Question):
    """Jobs that one page of a list answers for."""

    def __init__(self, shelf: Shelf, number: int) -> None:
        super().__init__()
        self._shelf = shelf
        self._number = number

    def __repr__(self) -> str:
        return f"<page {self._number} of {self._shelf.listing.key!r}: {len(self.waiting)} jobs>"

    async def ask(self) -> list[Answer]:
        """Read the page from the first of these jobs on, so that it also shows some of the next page's."""
        asked = list(self.waiting)
        if len(asked) == 1:
            return await self.ask_alone(asked[0])  # smaller, and right wherever it is
        self.alone = None
        first = min(waiting.place or 0 for waiting in asked)
        shelf = self._shelf
        page = await shelf.listing.fetch(first, False)  # noqa: FBT003 - the API's `direction`
        answers, _ = shelf.found(page, newest_first=False)
        seen = {answer.waiting for answer in answers}
        for waiting in asked:
            if waiting not in seen and waiting.question is not None:
                answers.append(Answer(waiting=waiting, is_lost=True))
        return answers

    def lost(self, waiting: Waiting) -> None:
        """It is not where it was: search once more, then look at it alone."""
        waiting.losses += 1
        if waiting.losses == 1:
            self._shelf.search(waiting)
        else:
            self._shelf.leave(waiting)

    def give_up(self) -> None:
        """See `Shelf.give_up`."""
        self._shelf.give_up()


class Search(Question):
    """Jobs of a list whose place is not known; looks for them page by page, the newest first."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self._shelf = shelf
        self._offset = 0
        self._empty_pages = 0
        self._sought: dict[Waiting, None] = {}
        """Those for which this pass through the list was begun."""

    def __repr__(self) -> str:
        return f"<search in {self._shelf.listing.key!r}: {len(self.waiting)} jobs>"

    @property
    def calls(self) -> int:
        """Pages that are likely to be needed."""
        return -(-len(self.waiting) // self._shelf.page_size)

    @property
    def answers_for(self) -> int:
        """One page shows no more than it holds."""
        return min(len(self.waiting), self._shelf.page_size)

    def best_moment(self, cohorts: Sequence[Cohort], price: float) -> float:
        """Just before the first of them may be over: to plan for it, its place has to be known."""
        moment = super().best_moment(cohorts, price)
        if len(self.waiting) > 1:
            moment = min(moment, first_chance(cohorts, min(max(_CHANCE, price), _MOST_CHANCE)))
        return moment

    async def ask(self) -> list[Answer]:
        """Read the next page of this pass, or the first of a new one."""
        if self._offset == 0:
            self._sought = dict(self.waiting)
            self._empty_pages = 0
        if len(self.waiting) == 1:
            return await self.ask_alone(next(iter(self.waiting)))
        self.alone = None
        shelf = self._shelf
        page = await shelf.listing.fetch(self._offset, True)  # noqa: FBT003 - the API's `direction`
        answers, hits = shelf.found(page, newest_first=True)
        self._offset += len(page.items)
        self._empty_pages = 0 if hits else self._empty_pages + 1
        missing = [waiting for waiting in self._sought if waiting.question is self]
        is_end = not page.items or (page.total is not None and self._offset >= page.total)
        if is_end or self._empty_pages >= _EMPTY_PAGES or not missing:
            self._offset = 0
            answers += [Answer(waiting=waiting, is_lost=True) for waiting in missing]
        return answers

    def lost(self, waiting: Waiting) -> None:
        """It is not in the list, or too far back: look at it alone."""
        self._shelf.leave(waiting)

    def give_up(self) -> None:
        """See `Shelf.give_up`."""
        self._shelf.give_up()


class Shelves:
    """The shelf of each list in use.

    Args:
        adopt: Called with each new question.
    """

    def __init__(self, adopt: Callable[[Question], None]) -> None:
        self._adopt = adopt
        self._shelves: dict[Hashable, Shelf] = {}

    def admit(self, waiting: Waiting, listing: Listing[Any, Any] | None) -> None:
        """Find what is to answer for a new job."""
        if listing is None:
            self._adopt(Single(waiting))
            return
        shelf = self._shelves.get(listing.key)
        if shelf is None:
            if listing.page_size < 1:
                raise UsageError(f"a Listing needs a page_size of 1 or more, got {listing.page_size!r}")
            shelf = self._shelves[listing.key] = Shelf(listing, self._adopt)
        if shelf.is_broken:
            self._adopt(Single(waiting))
        else:
            shelf.add(waiting)

    def tidy(self, shelf: Shelf) -> None:
        """Forget a list in which no job is left."""
        if shelf.is_empty:
            self._shelves.pop(shelf.listing.key, None)
