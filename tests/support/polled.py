"""A service whose work takes a given time, seen by single looks and by lists, counting calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import attrs

from audiokit.errors import RemoteFailure
from audiokit.jobs._poll_lists import Listing
from audiokit.services._pages import Page
from audiokit.services._poll import Look

LATENCY_S = 0.1


@attrs.define
class Work:
    """One piece of remote work."""

    id: str
    done_at: float
    state: str = "processing"


@attrs.define(eq=False)
class Service:
    """Counts calls; `failing` may raise for a call, told as ``look ID`` or ``page OFFSET``."""

    works: list[Work] = attrs.field(factory=list)
    calls: list[tuple[float, str]] = attrs.field(factory=list)
    failing: Callable[[str], Exception | None] = lambda _: None
    hidden: set[str] = attrs.field(factory=set)
    largest_page: int = 1000
    tells_total: bool = True
    retry_after: float | None = None

    def add(self, name: str, takes_s: float) -> Work:
        """Begin a piece of work now."""
        work = Work(name, asyncio.get_running_loop().time() + takes_s)
        self.works.append(work)
        return work

    @property
    def asked(self) -> list[str]:
        """What was asked for, in sequence."""
        return [what for _, what in self.calls]

    def look(self, name: str) -> Callable[[], Any]:
        """A single look at this work."""

        async def look() -> tuple[Work, Look]:
            await self._call(f"look {name}")
            return self.read(next(one for one in self.works if one.id == name))

        return look

    def read(self, work: Work) -> tuple[Work, Look]:
        """What a look at an object gives."""
        if work.state == "error":
            raise RemoteFailure(f"{work.id} failed", operation="test", status=200)
        is_over = asyncio.get_running_loop().time() >= work.done_at
        state = "done" if is_over else "processing"
        return work, Look(state=state, is_over=is_over, retry_after=self.retry_after)

    def listing(self, page_size: int = 10, key: str = "all") -> Listing[Work, Work]:
        """All works, oldest first by place."""

        async def fetch(offset: int, newest_first: bool) -> Page[Work]:  # noqa: FBT001 - as `Listing` says
            await self._call(f"page {offset}{' newest' if newest_first else ''}")
            found = [one for one in self.works if one.id not in self.hidden]
            found = found[::-1] if newest_first else found
            items = found[offset : offset + min(page_size, self.largest_page)]
            return Page(items=items, total=len(found) if self.tells_total else None, offset=offset)

        return Listing(
            key=key, fetch=fetch, page_size=page_size, remote_of=lambda one: one.id, read=self.read
        )

    async def _call(self, what: str) -> None:
        self.calls.append((asyncio.get_running_loop().time(), what))
        await asyncio.sleep(LATENCY_S)
        error = self.failing(what)
        if error is not None:
            raise error
