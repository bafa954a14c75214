"""Which paths are being written by this process: two downloads never share one."""

from __future__ import annotations

import os
from typing import Final

from audiokit.errors import DownloadFailed

_taken: Final[dict[str, object]] = {}

if hasattr(os, "register_at_fork"):
    # The child has none of the downloads, so none of their paths are taken there.
    os.register_at_fork(after_in_child=_taken.clear)


class Claim:
    """A path that is this download's alone until `release`.

    Other processes are not seen: each writes under a name of its own and renames, so that the last one
    to be complete wins, and none is ever mixed with another.

    Args:
        path: With its folder resolved, so that two spellings of one path are one.
        shown: As the caller wrote it, for the message.
        operation: Who asks, for the error.

    Raises:
        DownloadFailed: It is taken.
    """

    def __init__(self, path: str, *, shown: str, operation: str = "download") -> None:
        self._path = os.path.normcase(path)
        self._token = object()
        # One step, as loops of several threads may download at once.
        if _taken.setdefault(self._path, self._token) is not self._token:
            raise DownloadFailed(
                f"{shown!r} is being written by another download of this process; "
                "wait for that one, or give this one another name",
                operation=operation,
                attempts=0,
            )

    def __del__(self) -> None:
        self.release()  # for a download that was thrown away in mid-air

    def release(self) -> None:
        """Give the path free; twice does nothing."""
        if _taken.get(self._path) is self._token:
            del _taken[self._path]
