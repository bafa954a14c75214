"""Credits of the account."""

from __future__ import annotations

from typing import Unpack

import attrs

from audiokit.services._convert import Model, wire
from audiokit.services._endpoint import get
from audiokit.services.respeecher._base import RespeecherService
from audiokit.typing import CallOptions


@attrs.define
class Balance(Model):
    """What is left. One credit is about a minute of speech-to-speech, or 4000 characters of text.

    Attributes:
        left: Credits left; fractions occur.
        initial: Credits the account began with.
    """

    left: float = wire("credits")
    initial: float | None = wire("initial_credits", default=None)


GET = get("respeecher.credits.get", "/api/credits", Balance, source="vendor endpoint reference, Credits")


class Credits(RespeecherService):
    """Ask for the balance."""

    async def get(self, **options: Unpack[CallOptions]) -> Balance:
        """Get the credits left."""
        return await self._call(GET, options=options)
