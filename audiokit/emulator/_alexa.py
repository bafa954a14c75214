"""The one encoder setting that both v1 and v2 name: the mp3 that Alexa plays."""

from __future__ import annotations

from typing import Any, Final

ALEXA_SETTINGS: Final[dict[str, Any]] = {
    "format": "mp3",
    "bit_rate_kbps": 48,
    "rate_hz": 24_000,
    "channels": 1,
}
"""What the audio tag of Alexa's SSML takes: MPEG-2 layer 3 of 48 kbit/s."""
