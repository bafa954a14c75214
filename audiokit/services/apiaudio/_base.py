"""What all api.audio v1 services share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

from audiokit.services._dialect import APIAUDIO
from audiokit.services._service import Service
from audiokit.services._several import several

OPEN: Final = cast("type[Any]", Any)
"""What an endpoint returns whose answer the API describes nowhere: the decoded JSON as it came."""


class ApiAudioService(Service):
    """Base of the v1 services."""

    dialect = APIAUDIO


def comma_separated(value: str | Iterable[str] | None) -> str | None:
    """Several words as the one text that queries of v1 take; a text stays as it is, None too."""
    return None if value is None else ",".join(several(value))
