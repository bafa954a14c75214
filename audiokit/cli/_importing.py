"""Ctrl-C while modules are loaded, which takes a good part of a second."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Generator

INTERRUPTED = 130
"""Exit code of what Ctrl-C ended."""


@contextlib.contextmanager
def importing() -> Generator[None]:
    """Let Ctrl-C end the process at once and quietly: for a block that only imports.

    Python's own way would print where the import stopped; or lose the Ctrl-C, when it comes in a callback of
    the import system, where exceptions are ignored. Nothing is there yet that would have to be closed.
    """
    try:
        before = signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    except ValueError:  # not the main thread: Ctrl-C does not come here
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
