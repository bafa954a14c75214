"""What each extra brings, so that what is missing can be said before it is missed."""

from __future__ import annotations

import importlib.util
from typing import Final

MODULES: Final = {
    "emulator": (
        "starlette",
        "uvicorn",
        "python_multipart",
        "numpy",
        "av",
        "soundfile",
        "python_stretch",
        "espeakng_loader",
    ),
    "cli": ("rich",),
    "otel": ("opentelemetry",),
}
"""Modules by extra; a test holds them beside pyproject's lists."""


def missing(extra: str) -> list[str]:
    """Modules of *extra* that are not installed; none is imported."""
    return [name for name in MODULES[extra] if importlib.util.find_spec(name) is None]
