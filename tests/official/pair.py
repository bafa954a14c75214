"""One operation, asked for through the official client and through ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
from recorder import Answer

from audiokit import AudioKit


@attrs.frozen
class Pair:
    """The same operation twice.

    Attributes:
        name: The official client's name of it.
        official: Calls the official client.
        ours: Calls ours.
        answers: What both are answered, in turn.
        variant: What sets it apart from other pairs of the same name.
    """

    name: str
    official: Callable[[], Any]
    ours: Callable[[AudioKit], Awaitable[Any]]
    answers: tuple[Answer, ...]
    variant: str = ""

    @property
    def title(self) -> str:
        """Name and variant."""
        return f"{self.name} ({self.variant})" if self.variant else self.name


async def collect(pages: Any) -> list[Any]:
    """All items of a list that comes in pages."""
    return [item async for item in pages]
