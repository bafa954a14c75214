"""A chain of FFmpeg audio filters that takes and gives blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
from av import error
from av.filter import Graph

from audiokit.emulator.engine._resample import as_frame, joined_frames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audiokit.emulator.engine._base import Samples


class FilterChain:
    """Filters one after another, streaming.

    Args:
        filters: Names with their options in FFmpeg's own words.
        rate_hz: Sample rate of the blocks pushed.
        channels: 1 or 2.
    """

    def __init__(self, *filters: tuple[str, str], rate_hz: int, channels: int) -> None:
        self._rate_hz, self._channels = rate_hz, channels
        self._position = 0
        self._graph = Graph()
        last = self._graph.add_abuffer(
            sample_rate=rate_hz, format="flt", layout="mono" if channels == 1 else "stereo"
        )
        for name, options in (*filters, ("aformat", "sample_fmts=flt")):
            following = self._graph.add(name, options)
            last.link_to(following)
            last = following
        last.link_to(self._graph.add("abuffersink"))
        self._graph.configure()

    def push(self, block: Samples) -> Samples:
        """Send one block in and return what has come out, possibly nothing."""
        if not len(block):
            return block
        frame = as_frame(block, self._rate_hz)
        frame.pts = self._position
        self._position += len(block)
        self._graph.push(frame)
        return self._collect()

    def finish(self) -> Samples:
        """Close the input and return the rest."""
        if not self._position:
            return np.zeros((0, self._channels), np.float32)
        self._graph.push(None)
        return self._collect()

    def _collect(self) -> Samples:
        return joined_frames(list(self._pull()), self._channels)

    def _pull(self) -> Iterator[av.AudioFrame]:
        while True:
            try:
                frame = self._graph.pull()
            except (error.BlockingIOError, error.EOFError):
                return
            if isinstance(frame, av.AudioFrame):
                yield frame
