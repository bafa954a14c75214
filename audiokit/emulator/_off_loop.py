"""Work on texts: short ones at once, long ones in a thread, so that others are answered meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_LONG = 10_000  # characters; their markup is read in about 10 ms


async def off_loop(work: Callable[[], T], *, characters: int) -> T:
    """Do *work*, which takes the longer the more *characters* it is about; what it raises is raised here."""
    return work() if characters <= _LONG else await asyncio.to_thread(work)
