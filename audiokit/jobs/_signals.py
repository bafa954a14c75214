"""The first signal stops well, the second at once: only where a program asks for it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Protocol

from audiokit.errors import UsageError


class Stoppable(Protocol):
    """What signals stop."""

    def stop(self) -> None:
        """Begin nothing more."""
        ...

    def interrupt(self) -> None:
        """Stop what is under way."""
        ...


@contextmanager
def stopping(what: Stoppable, signals: Sequence[signal.Signals], *, drain_s: float) -> Generator[None]:
    """Have *signals* stop *what* inside the block, and put back what they did before.

    Raises:
        UsageError: Not in the main thread, or this platform's event loop takes no handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        raise UsageError("until_signal() works in the main thread only: no other one gets signals")
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None

    def on_signal() -> None:
        nonlocal timer
        if timer is None:
            what.stop()
            timer = loop.call_later(drain_s, what.interrupt)
        else:
            what.interrupt()

    before = {one: signal.getsignal(one) for one in signals}
    try:
        for one in signals:
            loop.add_signal_handler(one, on_signal)
    except NotImplementedError:
        raise UsageError(
            "until_signal() needs an event loop with signal handlers; call `stop` from your own"
        ) from None
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
        for one, handler in before.items():
            loop.remove_signal_handler(one)
            if handler is not None:  # None: it was not installed from Python
                signal.signal(one, handler)
