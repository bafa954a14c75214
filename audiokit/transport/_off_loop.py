"""Work beside the event loop that is begun now and waited for later."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

import anyio
import anyio.to_thread

from audiokit.transport._chunks import CLOSE_S

T = TypeVar("T")


def begin(work: Callable[..., T], *arguments: Any, within: Executor | None = None) -> asyncio.Future[T]:
    """Begin *work* in a thread of the loop's, or of *within*; end it with `result_of` or `settle`."""
    context = contextvars.copy_context()

    def run() -> T:
        return context.run(_guarded, work, *arguments)

    return asyncio.get_running_loop().run_in_executor(within, run)


def _guarded(work: Callable[..., T], *arguments: Any) -> T:
    try:
        return work(*arguments)
    except StopIteration as error:  # no future takes one: who waits would wait for ever
        raise RuntimeError(f"{work!r} raised StopIteration") from error


async def result_of(future: asyncio.Future[T], *, stall_s: float | None = None) -> T:
    """Wait for what was begun. Who is cancelled here does not cancel it: a thread would go on unseen.

    Raises:
        Stalled: It took longer than *stall_s* seconds, and goes on.
    """
    if not future.done():
        await asyncio.wait([future], timeout=stall_s)
        if not future.done():
            raise Stalled(stall_s)
    return future.result()


async def in_time(waiting: Awaitable[T], stall_s: float | None) -> T:
    """Wait in the caller's own task.

    Raises:
        Stalled: It took longer than *stall_s* seconds, and was cancelled.
    """
    limit = asyncio.timeout(stall_s)
    try:
        async with limit:
            return await waiting
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise Stalled(stall_s) from error


class Stalled(TimeoutError):
    """Something gave nothing for too long."""

    def __init__(self, stall_s: float | None) -> None:
        super().__init__(f"it gave nothing for {stall_s:g} s (Timeouts.stall_s)")


async def settle(future: asyncio.Future[Any] | None) -> None:
    """End what nobody wants any more: a task is cancelled, a thread is waited for, 5 s at most."""
    if future is None:
        return
    if isinstance(future, asyncio.Task):
        future.cancel()
    future.add_done_callback(_seen)
    if not future.done():
        with anyio.move_on_after(CLOSE_S, shield=True):
            await asyncio.wait([future])


def _seen(future: asyncio.Future[Any]) -> None:
    """Its error concerns nobody any more."""
    if not future.cancelled():
        future.exception()


async def made(make: Callable[[], T], discard: Callable[[T], object]) -> T:
    """Make something in a thread that has to be closed: what nobody waited for is discarded there."""
    lock = threading.Lock()
    results: list[T] = []
    is_wanted = True

    def work() -> None:
        result = make()
        with lock:
            if is_wanted:
                results.append(result)
                return
        discard(result)

    try:
        await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
    except BaseException:
        with lock:
            is_wanted = False
        for result in results:
            discard(result)
        raise
    return results[0]
