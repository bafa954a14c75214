"""How many clips of a track sound at once: each is an open file and a decoder of the worker that mixes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_AT_ONCE: Final = 64
"""Most clips of a track that may sound at the same time."""

_TOUCHING_S: Final = 0.03  # a cross-fade of a loop


def most_at_once(spans: Iterable[tuple[float, float]]) -> tuple[int, float]:
    """Say how many of these sound at the same time at most, and when first.

    Args:
        spans: Start and end of each in seconds; neighbours that overlap by less than 30 ms only touch.
    """
    changes: list[tuple[float, int]] = []
    for start, end in spans:
        changes += [(start, 1), (max((start + end) / 2, end - _TOUCHING_S), -1)]
    count = most = 0
    when = 0.0
    for moment, change in sorted(changes):
        count += change
        if count > most:
            most, when = count, moment
    return most, when
