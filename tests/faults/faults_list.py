"""All rows of the table, and all cells."""

from __future__ import annotations

from typing import Final

from faults_connection import BROKEN, NO_CONNECTION
from faults_content import CONTENT
from faults_framing import FRAMING
from faults_kinds import KINDS
from faults_status import REDIRECTS, STATUSES
from faults_transfers import TRANSFERS

FAULTS: Final = (*NO_CONNECTION, *BROKEN, *FRAMING, *CONTENT, *TRANSFERS, *REDIRECTS, *STATUSES)

CELLS: Final = tuple(
    (fault, kind, mode)
    for fault in FAULTS
    for kind in KINDS
    if fault.applies_to(kind)
    for mode in fault.modes
)
