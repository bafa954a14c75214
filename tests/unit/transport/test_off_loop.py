"""Work beside the event loop: waited for, settled, and never left open by who gave up waiting."""

from __future__ import annotations

import asyncio
import contextvars
import os
import socket
import threading

import pytest

from audiokit.transport._off_loop import begin, made, result_of, settle
from audiokit.transport._pipes import DescriptorFeed, feed_of_socket


async def test_work_runs_in_a_thread_with_the_callers_context() -> None:
    """What a tracer keeps in context variables is there too."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("kept")
    found = await result_of(begin(lambda name: (name, variable.get(), threading.get_ident()), "x"))
    assert ("x", "kept") == found[:2]
    assert threading.get_ident() != found[2]


async def test_waiting_can_be_cancelled_without_losing_the_work() -> None:
    """Who waits again gets the result."""
    go_on = threading.Event()
    future = begin(go_on.wait, 10)
    waiting = asyncio.create_task(result_of(future))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert not future.done()
    go_on.set()
    assert await result_of(future)


async def test_settling_hides_the_error_of_what_nobody_wants() -> None:
    """Nor does the loop complain of an error that nobody looked at."""

    def fails() -> None:
        raise ZeroDivisionError

    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    await settle(begin(fails))
    await settle(None)
    assert [] == complaints


async def test_settling_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that hangs keeps its thread, and nobody else."""
    monkeypatch.setattr("audiokit.transport._off_loop.CLOSE_S", 0.02)
    go_on = threading.Event()
    future = begin(go_on.wait, 10)
    await settle(future)
    assert not future.done()
    go_on.set()
    await result_of(future)


@pytest.mark.parametrize("is_late", [True, False])
async def test_what_was_made_for_nobody_is_discarded(is_late: bool) -> None:  # noqa: FBT001
    """Whether the thread was still at it or just done when the waiting ended."""
    go_on, is_made, is_discarded = threading.Event(), threading.Event(), threading.Event()
    discarded: list[str] = []

    def make() -> str:
        is_made.set()
        if is_late:
            assert go_on.wait(10)
        return "thing"

    def discard(thing: str) -> None:
        discarded.append(thing)
        is_discarded.set()

    waiting = asyncio.create_task(made(make, discard))
    while not is_made.is_set():  # noqa: ASYNC110 - the other way round there is nothing to await
        await asyncio.sleep(0)
    if not is_late:
        threading.Event().wait(0.05)  # the thread is through, and the loop has not heard of it
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    assert await asyncio.to_thread(is_discarded.wait, 5)
    assert ["thing"] == discarded


async def test_readiness_without_bytes_is_waited_over() -> None:
    """Another reader may have been faster: that is not the end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"x")
        answers = iter([None, None, b"data"])
        feed = DescriptorFeed(os.dup(ours.fileno()), lambda: next(answers))
        assert b"data" == await feed.read()
        await feed.aclose()
        await feed.aclose()


async def test_waking_up_for_nothing_is_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems may say that there is something to read where there is not."""
    ours, theirs = socket.socketpair()
    wakes = 0

    async def wake(_: int) -> None:
        nonlocal wakes
        wakes += 1
        if wakes == 3:
            theirs.send(b"data")

    monkeypatch.setattr("anyio.wait_readable", wake)
    with ours, theirs:
        ours.settimeout(0)
        feed = feed_of_socket(ours)
        assert (b"data", 3) == (await feed.read(), wakes)
        await feed.aclose()
