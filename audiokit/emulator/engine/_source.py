"""One clip of a file as a stream: the wanted stretch of it, at the wanted rate, channels and tempo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from audiokit.emulator.engine._base import Refused, Samples
from audiokit.emulator.engine._decode import AudioReader
from audiokit.emulator.engine._fold import folding
from audiokit.emulator.engine._graph import FilterChain
from audiokit.emulator.engine._resample import Resampler

if TYPE_CHECKING:
    from collections.abc import Iterator

MIN_STRETCH, MAX_STRETCH = 0.25, 2.0


@attrs.frozen(kw_only=True)
class Excerpt:
    """What to play of a file.

    Attributes:
        path: The file.
        offset_s: Seconds of it to skip.
        duration_s: Seconds to play, after stretching; None for all the rest.
        stretch: Factor on its length, 0.25 to 2.0, without change of pitch.
    """

    path: str
    offset_s: float = 0.0
    duration_s: float | None = None
    stretch: float = 1.0

    def __attrs_post_init__(self) -> None:
        if self.offset_s < 0 or (self.duration_s is not None and self.duration_s < 0):
            raise Refused(
                f"a clip starts {self.offset_s:g} s into its file and lasts {self.duration_s!r} s: both >= 0"
            )
        if not MIN_STRETCH <= self.stretch <= MAX_STRETCH:
            raise Refused(f"stretch must be {MIN_STRETCH:g} to {MAX_STRETCH:g}, got {self.stretch!r}")


class ExcerptStream:
    """An excerpt, opened and read forward.

    Args:
        excerpt: What to play.
        rate_hz: Rate of the frames given.
        channels: 1 or 2.
    """

    def __init__(self, excerpt: Excerpt, *, rate_hz: int, channels: int) -> None:
        self._reader = AudioReader(excerpt.path)
        # Not a method: a generator that held on to its stream would keep whole blocks alive until the next
        # run of the cycle collector, and arrays do not count as a reason to run it.
        self._blocks = _cut(self._reader, excerpt, rate_hz, channels)
        self._rest = np.zeros((0, channels), np.float32)

    def read(self, frames: int) -> Samples:
        """Give the next frames: as many as asked for, fewer only at the end."""
        waiting, have = [self._rest], len(self._rest)
        while have < frames:
            block = next(self._blocks, None)
            if block is None:
                break
            waiting.append(block)
            have += len(block)
        joined = np.concatenate(waiting) if len(waiting) > 1 else waiting[0]
        self._rest = joined[frames:]
        return joined[:frames]

    def blocks(self) -> Iterator[Samples]:
        """Give all the rest in blocks of whatever size is cheapest."""
        return self._blocks

    def close(self) -> None:
        """Close the file; harmless when done twice."""
        self._reader.close()


def _cut(reader: AudioReader, excerpt: Excerpt, rate_hz: int, channels: int) -> Iterator[Samples]:
    """Give an excerpt's blocks up to its duration."""
    left = None if excerpt.duration_s is None else round(excerpt.duration_s * rate_hz)
    for block in _converted(reader, excerpt, rate_hz, channels):
        if left is None:
            yield block
            continue
        if left <= 0:
            return
        yield block[:left]
        left -= len(block)


def _converted(reader: AudioReader, excerpt: Excerpt, rate_hz: int, channels: int) -> Iterator[Samples]:
    skip = round(excerpt.offset_s * reader.sample_rate_hz)
    resampler = Resampler(reader.sample_rate_hz, rate_hz, channels)
    tempo = _Tempo(excerpt.stretch, rate_hz, channels)
    fold = folding(excerpt.path, channels)
    for block in reader.blocks():
        if skip >= len(block):
            skip -= len(block)
            continue
        wanted, skip = block[skip:], 0
        yield tempo.push(resampler.push(fold(wanted)))
    yield tempo.push(resampler.finish())
    yield tempo.finish()


class _Tempo:
    """Changes the length of what passes to exactly the wanted factor."""

    def __init__(self, stretch: float, rate_hz: int, channels: int) -> None:
        self._stretch, self._channels = stretch, channels
        self._pushed = self._returned = 0
        self._chain = (
            None
            if stretch == 1.0
            else FilterChain(("atempo", f"{1 / stretch:.9f}"), rate_hz=rate_hz, channels=channels)
        )

    def push(self, block: Samples) -> Samples:
        if self._chain is None:
            return block
        self._pushed += len(block)
        out = self._chain.push(block)
        self._returned += len(out)
        return out

    def finish(self) -> Samples:
        if self._chain is None:
            return np.zeros((0, self._channels), np.float32)
        out = self._chain.finish()
        missing = round(self._pushed * self._stretch) - self._returned - len(out)
        if missing < 0:
            return out[: max(0, len(out) + missing)]
        return np.concatenate([out, np.zeros((missing, self._channels), np.float32)])
