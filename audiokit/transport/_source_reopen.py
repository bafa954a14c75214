"""A callable of the caller's that opens the same bytes anew for each attempt."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeAlias

import anyio

from audiokit.errors import InvalidRequest, UsageError
from audiokit.transport._chunks import CLOSE_S, Chunk, Source, interrupted
from audiokit.transport._off_loop import begin, result_of
from audiokit.transport._same_bytes import SameBytes
from audiokit.typing import ProgressCallback

Look: TypeAlias = Callable[[Any, str | None], Awaitable[Source]]


class ReopenedSource:
    """Calls *reopen* once to look, and once for each attempt after the first; closes what it gave."""

    def __init__(self, reopen: Callable[[], Any], look: Look, first: _Opened, name: str | None) -> None:
        self._reopen = reopen
        self._look = look
        self._unused: _Opened | None = first
        self._same = SameBytes(_shown(reopen))
        source = first.source
        self.name = name or source.name
        self.size_bytes = source.size_bytes
        self.buffer_bytes = source.buffer_bytes
        self.is_replayable = True
        self.format = source.format
        self.looks_like = source.looks_like

    @classmethod
    async def look_at(cls, reopen: Callable[[], Any], look: Look, name: str | None) -> ReopenedSource:
        """Call it, and look at what it gives; whatever it raises goes on to the caller."""
        return cls(reopen, look, await _opened(reopen, look, name), name)

    async def open(self, *, on_progress: ProgressCallback | None = None) -> AsyncGenerator[Chunk]:
        """The bytes; refused where they are not those of the attempt before."""
        opened, self._unused = self._unused, None
        if opened is None:
            opened = await self._opened_again()
        self._same.start()
        try:
            now = (opened.source.size_bytes, opened.source.format)
            if now != (self.size_bytes, self.format):
                raise interrupted(
                    f"{_shown(self._reopen)} gave something else when it was called again: "
                    f"{_told(*now)}, at first {_told(self.size_bytes, self.format)}"
                )
            async with aclosing(opened.source.open(on_progress=on_progress)) as chunks:
                async for chunk in chunks:
                    self._same.add(chunk)
                    yield chunk
            self._same.finish()
        finally:
            await opened.aclose()

    async def _opened_again(self) -> _Opened:
        try:
            return await _opened(self._reopen, self._look, self.name)
        except (OSError, InvalidRequest) as error:
            raise interrupted(
                f"{_shown(self._reopen)} failed when it was called again: {error}; upload it again"
            ) from error

    async def aclose(self) -> None:
        """Close what was opened to look at it and not sent."""
        unused, self._unused = self._unused, None
        if unused is not None:
            await unused.aclose()


class _Opened:
    """A source, and what the callable gave to make it of."""

    def __init__(self, source: Source, given: Any) -> None:
        self.source = source
        self._given = given

    async def aclose(self) -> None:
        with anyio.move_on_after(CLOSE_S, shield=True):
            try:
                await self.source.aclose()
            finally:  # also when a cancellation comes just now, which no scope holds off
                await _close(self._given)


async def _opened(reopen: Callable[[], Any], look: Look, name: str | None) -> _Opened:
    given = await _called(reopen)
    if callable(given) and not hasattr(given, "read"):
        raise UsageError(f"{_shown(reopen)} must give bytes, a path, a file or an iterator, not a callable")
    try:
        return _Opened(await look(given, name), given)
    except BaseException:
        with anyio.move_on_after(CLOSE_S, shield=True):
            await _close(given)
        raise


async def _close(given: Any) -> None:
    """Close what the callable opened, whichever way it is closed."""
    close = getattr(given, "aclose", None) or getattr(given, "close", None)
    if close is not None:
        await _called(close)


async def _called(function: Callable[[], Any]) -> Any:
    """Call what may be async, or may block."""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        result = function()
    else:
        result = await result_of(begin(function))
    return await result if inspect.isawaitable(result) else result


def _shown(function: Callable[[], Any]) -> str:
    return f"the callable {getattr(function, '__qualname__', type(function).__name__)}"


def _told(size_bytes: int | None, audio: object) -> str:
    size = "an unknown number of" if size_bytes is None else size_bytes
    return f"{size} bytes of {getattr(audio, 'value', 'unknown data')}"
