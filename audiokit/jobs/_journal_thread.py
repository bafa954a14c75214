"""The way between the event loop and the journal's one thread.

What is asked for in one round of the loop goes over together, and comes back together: one hand-over each
way for a thousand records. Whoever a batch wakes up may ask again before the next batch leaves.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import anyio

from audiokit.errors import JournalError, UsageError
from audiokit.jobs._journal_draft import Op
from audiokit.jobs._journal_ledger import Ledger

_Inbox: TypeAlias = "queue.SimpleQueue[tuple[list[Op], Callable[[list[Op]], None]] | None]"

_forks = 0


def _count_fork() -> None:
    global _forks  # noqa: PLW0603 - there is one process
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_fork)


class JournalThread:
    """Opens a ledger in a thread of its own, feeds it, and closes it there.

    Args:
        path: For messages.
        open_ledger: Called in the thread.
    """

    def __init__(self, path: Path, open_ledger: Callable[[], Ledger]) -> None:
        self._path = path
        self._open_ledger = open_ledger
        self._loop: asyncio.AbstractEventLoop | None = None
        self._home = (0, 0)  # thread and forks of the loop; asking the system at each record costs more
        self._pid = os.getpid()
        self._ledger: Ledger | None = None
        self._is_closing = False
        self._ended: asyncio.Future[None] | None = None
        self._waiting: list[Op] = []
        self._is_at_work = False  # a batch is with the thread, or is about to leave
        self._inbox: _Inbox = queue.SimpleQueue()

    @property
    def state(self) -> str:
        """In a word, for people."""
        if self._pid != os.getpid():
            return f"of process {self._pid}"
        return "closed" if self._is_closing else "open" if self._ledger else "not open"

    async def open(self) -> None:
        """Start the thread and wait until the ledger is open; raises what opening it raises."""
        if self._loop is not None:
            raise UsageError("a journal can be opened only once; make a new one")
        self._loop = asyncio.get_running_loop()
        self._pid, self._home = os.getpid(), (threading.get_ident(), _forks)
        opened: asyncio.Future[Ledger] = self._loop.create_future()
        self._ended = self._loop.create_future()
        threading.Thread(
            target=_work,
            args=(self._open_ledger, self._inbox, self._loop, opened, self._ended),
            name="audiokit journal",
            daemon=True,
        ).start()
        try:
            self._ledger = await opened
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Finish what was asked for, close the ledger, end the thread; safe to call again."""
        if self._ended is None:
            return
        self._check_place()
        self.finish()
        with anyio.CancelScope(shield=True):  # without a limit: what is noted goes to the disk first
            await asyncio.shield(self._ended)

    def finish(self) -> None:
        """Have the thread end after what was asked for, without waiting for it."""
        if not self._is_closing and self._pid == os.getpid():
            self._is_closing = True
            self._hand_over()
            self._inbox.put(None)

    def future(self) -> asyncio.Future[Any]:
        """A future for an operation; refuses where none can be answered.

        Raises:
            UsageError: The journal is not open, or was opened in another process or loop.
        """
        loop = self._loop
        if loop is None or self._ledger is None or self._is_closing:
            raise self._not_usable()
        # A thread runs one loop at a time, so this is the loop of the journal.
        if self._home != (threading.get_ident(), _forks) or not loop.is_running():
            self._check_place()
        return loop.create_future()

    @property
    def ledger(self) -> Ledger:
        """The open ledger, for the parts of it that any thread may use."""
        if self._ledger is None or self._is_closing:
            raise self._not_usable()
        self._check_place()
        return self._ledger

    def ask(self, op: Op) -> asyncio.Future[Any]:
        """Queue *op*, made with a `future`, which has the answer."""
        self._waiting.append(op)
        if not self._is_at_work:
            self._is_at_work = True
            op.future.get_loop().call_soon(self._hand_over)
        return op.future

    def _not_usable(self) -> UsageError:
        return UsageError(f"journal {str(self._path)!r} is {self.state}: use it inside its `async with`")

    def _check_place(self) -> None:
        if self._pid != os.getpid():
            raise UsageError(
                f"journal {str(self._path)!r} was opened in process {self._pid} and is used in process "
                f"{os.getpid()}, after a fork: open one of its own there"
            )
        if self._loop is not asyncio.get_running_loop():
            raise UsageError(
                f"journal {str(self._path)!r} is used in another event loop than the one it was opened in"
            )

    def _hand_over(self) -> None:
        batch, self._waiting = self._waiting, []
        if batch:
            self._inbox.put((batch, self._settle))
        else:
            self._is_at_work = False

    def _settle(self, batch: Sequence[Op]) -> None:
        for op in batch:
            if not op.future.done():  # else whoever waited was cancelled
                if op.error is None:
                    op.future.set_result(op.result)
                else:
                    op.future.set_exception(op.error)
        asyncio.get_running_loop().call_soon(self._hand_over)


def _work(
    open_ledger: Callable[[], Ledger],
    inbox: _Inbox,
    loop: asyncio.AbstractEventLoop,
    opened: asyncio.Future[Ledger],
    ended: asyncio.Future[None],
) -> None:
    """What the thread does; it keeps nothing of the journal alive, so that a forgotten one is noticed."""
    try:
        ledger = open_ledger()
        _post(loop, _answer, opened, ledger)
        try:
            while (item := inbox.get()) is not None:
                batch, settle = item
                _apply(ledger, batch)
                _post(loop, settle, batch)
                del item, batch, settle
        finally:
            ledger.close()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is for whoever opens
        _post(loop, _refuse, opened, error)
    finally:
        _post(loop, _answer, ended, None)


def _apply(ledger: Ledger, batch: list[Op]) -> None:
    try:
        ledger.apply(batch)
    except Exception as error:  # noqa: BLE001 - a fault of ours must not leave the waiting ones waiting
        for op in batch:
            op.error = JournalError(f"journal {ledger.path!r} failed: {error!r}", path=ledger.path)
            op.error.__cause__ = error


def _post(loop: asyncio.AbstractEventLoop, callback: Callable[..., object], *arguments: object) -> None:
    try:
        loop.call_soon_threadsafe(callback, *arguments)
    except RuntimeError:
        return  # the loop was closed, so nobody waits any more


def _answer(future: asyncio.Future[Any], result: object) -> None:
    if not future.done():
        future.set_result(result)


def _refuse(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
