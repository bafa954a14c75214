"""What all api.audio v1 services share."""

from __future__ import annotations

from audiokit.services._dialect import APIAUDIO
from audiokit.services._service import Service


class ApiAudioService(Service):
    """Base of the v1 services."""

    dialect = APIAUDIO
