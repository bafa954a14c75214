"""Virtual time: an event loop that never waits, and a stub of Respeecher's recordings that lives in it."""

from __future__ import annotations

import asyncio
import random
import selectors
from collections import deque
from collections.abc import Coroutine, Iterable
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs

import attrs
import httpx
import orjson

T = TypeVar("T")

LATENCY_S: Final = (0.05, 0.25)
FOLDER: Final = "folder-1"
PROJECT: Final = "project-1"


class _Selector(selectors.DefaultSelector):
    """Says at once that the time is over, and how much of it."""

    passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        found = super().select(0)
        if not found and timeout > 0:
            self.passed_s += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time moves on to the next timer as soon as no task can run."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.passed_s


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


class SlidingWindow:
    """At most so many calls in any span, exactly; the server's side of the rate limit."""

    def __init__(self, times: int = 500, seconds: float = 300.0) -> None:
        self.times = times
        self.seconds = seconds
        self.refused = 0
        self._taken: deque[float] = deque()

    def take(self, now: float) -> bool:
        while self._taken and self._taken[0] <= now - self.seconds:
            self._taken.popleft()
        if len(self._taken) >= self.times:
            self.refused += 1
            return False
        self._taken.append(now)
        return True

    def opens_in_s(self, now: float) -> float:
        return self._taken[0] + self.seconds - now if self._taken else 0.0


@attrs.define(eq=False)
class Stored:
    """A recording on the server; `done_at` in seconds of virtual time, negative for what was there before."""

    id: str
    original_id: str | None
    done_at: float
    audio_s: float


class Server(httpx.AsyncBaseTransport):
    """The calls of the contract that tell of recordings: one by id, lists by folder, project and original.

    Lists sort by creation and cannot be filtered by state; pages hold at most 100 objects.
    """

    def __init__(self, stored: Iterable[Stored], rng: random.Random, *, largest_page: int = 100) -> None:
        self.calls = 0
        self.window = SlidingWindow()
        self._all = list(stored)
        self._by_id = {one.id: one for one in self._all}
        self._of_original: dict[str, list[Stored]] = {}
        for one in self._all:
            if one.original_id is not None:
                self._of_original.setdefault(one.original_id, []).append(one)
        self._rng = rng
        self._largest_page = largest_page

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self._rng.uniform(*LATENCY_S) / 2)
        now = asyncio.get_running_loop().time()
        self.calls += 1
        if self.window.take(now):
            status, body, headers = *self._answer(request.url, now), {}
        else:
            status, body = 429, {"detail": "too many requests"}
            headers = {"retry-after": str(int(self.window.opens_in_s(now)) + 1)}
        await asyncio.sleep(self._rng.uniform(*LATENCY_S) / 2)
        return httpx.Response(
            status,
            headers={**headers, "content-type": "application/json"},
            stream=_Body(orjson.dumps(body)),
            request=request,
        )

    def _answer(self, url: httpx.URL, now: float) -> tuple[int, Any]:
        query = {name: values[0] for name, values in parse_qs(url.query.decode()).items()}
        match url.path.removeprefix("/api/recordings").strip("/"):
            case "":
                is_known = query.get("folder_id") == FOLDER or query.get("project_id") == PROJECT
                return 200, self._page(self._all if is_known else [], query, now)
            case "conversions":
                return 200, self._page(self._of_original.get(query["original_id"], []), query, now)
            case remote if remote in self._by_id:
                return 200, _document(self._by_id[remote], now)
            case _:
                return 404, {"detail": "no such recording"}

    def _page(self, found: list[Stored], query: dict[str, str], now: float) -> dict[str, Any]:
        limit = min(int(query.get("limit", 50)), self._largest_page)
        offset = int(query.get("offset", 0))
        if query.get("direction") == "desc":
            found = found[::-1]
        return {
            "list": [_document(one, now) for one in found[offset : offset + limit]],
            "pagination": {"count": len(found), "limit": limit, "offset": offset},
        }


class _Body(httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self):
        yield self._content


def _document(one: Stored, now: float) -> dict[str, Any]:
    is_done = now >= one.done_at
    return {
        "id": one.id,
        "project_id": PROJECT,
        "parent_folder_id": FOLDER,
        "type": "original" if one.original_id is None else "converted",
        "state": "done" if is_done else "processing",
        "url": f"/api/files/{one.id}.wav" if is_done else None,
        "original_id": one.original_id,
        "label": one.id,
        "duration": one.audio_s,
        "created_at": "2026-01-01T00:00:00Z",
        "starred": False,
        "tts": False,
        "active": True,
    }
