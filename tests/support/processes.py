"""Whether processes have ended that are not ours to wait for, and whether they hear Ctrl-C."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def hears_ctrl_c() -> None:
    """As `preexec_fn`: what a shell runs in the background ignores SIGINT, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def has_ended(pid: int) -> bool:
    """Whether a process does nothing any more.

    One that has ended stays in the table until its parent asks for its exit code; for an orphan that is
    init, which may take seconds.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    if not Path("/proc/self/stat").exists():
        return False
    try:
        status = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except (FileNotFoundError, ProcessLookupError):  # just now
        return True
    return status.rpartition(")")[2].split()[0] in {"Z", "X"}


def ends(pid: int, *, within_s: float) -> bool:
    """Wait for a process to end, *within_s* seconds at most."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if has_ended(pid):
            return True
        time.sleep(0.01)
    return has_ended(pid)
