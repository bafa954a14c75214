"""The look at every clip before anything is mixed: how long, how loud, where it sounds, whether it loops."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import attrs
import numpy as np

from audiokit.emulator.engine._base import RENDER_HZ, Samples, Signal
from audiokit.emulator.engine._duck import ACTIVITY_HZ
from audiokit.emulator.engine._meter import Meter
from audiokit.emulator.engine._source import Excerpt, ExcerptStream

if TYPE_CHECKING:
    from collections.abc import Callable

_HOP = RENDER_HZ // ACTIVITY_HZ


@attrs.frozen(kw_only=True)
class Survey:
    """What is known of an excerpt.

    Attributes:
        frames: Its length at the render rate.
        channels: That it is played on.
        lufs: Its loudness; None where it cannot be measured, or nobody asked for it.
        levels: RMS in steps of 10 ms.
        loops: Its end runs into its start as smoothly as it runs anywhere.
    """

    frames: int
    channels: int
    lufs: float | None
    levels: tuple[float, ...]
    loops: bool


def surveyor(channels: int, *, with_loudness: bool) -> Callable[[Excerpt], Survey]:
    """Return a function that surveys each excerpt once; loudness costs as much as all the rest."""
    return functools.cache(functools.partial(_survey, channels=channels, with_loudness=with_loudness))


def _survey(excerpt: Excerpt, *, channels: int, with_loudness: bool) -> Survey:
    stream = ExcerptStream(excerpt, rate_hz=RENDER_HZ, channels=channels)
    meter = Meter(RENDER_HZ, channels, true_peak=False) if with_loudness else None
    levels: list[Signal] = []
    frames, rest = 0, np.zeros(0, np.float32)
    first: Samples | None = None
    last = np.zeros((0, channels), np.float32)
    step_total = 0.0
    for block in stream.blocks():
        if not len(block):
            continue
        if meter is not None:
            meter.push(block)
        first = block[:1] if first is None else first
        step_total += float(
            np.abs(np.diff(block, axis=0, prepend=last[-1:] if len(last) else block[:1])).sum()
        )
        last, frames = block[-1:], frames + len(block)
        power = np.concatenate([rest, np.einsum("fc,fc->f", block, block) / channels])
        whole = len(power) // _HOP * _HOP
        levels.append(np.sqrt(power[:whole].reshape(-1, _HOP).mean(axis=1)).astype(np.float64))
        rest = power[whole:]
    if len(rest):
        levels.append(np.array([float(np.sqrt(rest.mean()))]))
    stream.close()
    return Survey(
        frames=frames,
        channels=channels,
        lufs=None if meter is None else meter.finish().lufs,
        levels=tuple(np.concatenate(levels).tolist()) if levels else (),
        loops=first is None or _is_smooth(first, last, step_total / max(frames * channels, 1)),
    )


def _is_smooth(first: Samples, last: Samples, usual_step: float) -> bool:
    """Whether the step from the last frame to the first is like any other step."""
    return float(np.abs(first - last).mean()) <= max(4.0 * usual_step, 1e-3)
