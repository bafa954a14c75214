"""All routes of the API in matching order: fixed paths before ids, downloads last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.emulator.respeecher import (
    account,
    calibration,
    downloads,
    folders,
    models,
    notes,
    orders,
    projects,
    recordings,
    stats,
    tts,
    voices,
)

if TYPE_CHECKING:
    from starlette.routing import Route

routes: list[Route] = [
    *account.routes,
    *calibration.routes,
    *projects.routes,
    *folders.routes,
    *tts.routes,
    *models.routes,
    *recordings.routes,
    *notes.routes,
    *stats.routes,
    *orders.routes,
    *voices.routes,
    *downloads.routes,
]
"""Every route, each named after its operation."""
