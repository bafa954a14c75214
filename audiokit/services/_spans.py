"""Spans of time: seconds in our arguments, whole numbers of smaller units on some wires."""

from __future__ import annotations

from fractions import Fraction


def whole(span_s: float | None, *, per_second: int) -> int | None:
    """The nearest whole number of units, *per_second* to the second; None for None.

    Halves go to the even neighbour. *span_s* was checked to be finite.
    """
    return None if span_s is None else round(Fraction(span_s) * per_second)
