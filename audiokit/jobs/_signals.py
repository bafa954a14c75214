"""The first signal stops well, the second at once: only where a program asks for it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Protocol

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
        UsageError: Not in the main thread, this platform's event loop takes no handlers, or one of *signals*
            cannot be caught.
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

    with ExitStack() as stack:
        for one in signals:
            before = _kept(loop, one)
            try:
                loop.add_signal_handler(one, on_signal)
            except NotImplementedError:
                raise UsageError(
                    "until_signal() needs an event loop with signal handlers; call `stop` from your own"
                ) from None
            except (OSError, RuntimeError, ValueError) as error:
                raise UsageError(f"until_signal() cannot take {one!r}: {error}") from error
            stack.callback(before)
            stack.callback(loop.remove_signal_handler, one)
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()


def _kept(loop: asyncio.AbstractEventLoop, one: signal.Signals) -> Callable[[], object]:
    """What puts back the present handler of a signal, be it the loop's or the process's.

    asyncio has no way to ask for the loop's; where a loop keeps them elsewhere, the process's is put back.
    """
    handles: Mapping[int, Any] = getattr(loop, "_signal_handlers", None) or {}
    handler, handle = signal.getsignal(one), handles.get(one)
    if handle is not None:
        return partial(loop.add_signal_handler, one, handle._callback, *handle._args)
    if handler is None:  # it was not installed from Python
        return lambda: None
    return partial(signal.signal, one, handler)
