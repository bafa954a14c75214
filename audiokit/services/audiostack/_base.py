"""What all AudioStack v2 services share."""

from __future__ import annotations

from audiokit.services._dialect import AUDIOSTACK
from audiokit.services._service import Service


class AudioStackService(Service):
    """Base of the v2 services."""

    dialect = AUDIOSTACK
