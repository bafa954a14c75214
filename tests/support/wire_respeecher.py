"""The table of Respeecher."""

from __future__ import annotations

import wire_respeecher_account
import wire_respeecher_projects
import wire_respeecher_recordings
import wire_respeecher_voices
from wire import Table

TABLE = Table(
    api="respeecher",
    contract="respeecher",
    rows=[
        *wire_respeecher_account.ROWS,
        *wire_respeecher_projects.ROWS,
        *wire_respeecher_recordings.ROWS,
        *wire_respeecher_voices.ROWS,
    ],
)
