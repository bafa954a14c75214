"""What all api.audio v1 services share."""

from __future__ import annotations

from typing import Any, Final, cast

from audiokit.services._dialect import APIAUDIO
from audiokit.services._service import Service

OPEN: Final = cast("type[Any]", Any)
"""What an endpoint returns whose answer the API describes nowhere: the decoded JSON as it came."""


class ApiAudioService(Service):
    """Base of the v1 services."""

    dialect = APIAUDIO
