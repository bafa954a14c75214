"""Cells that the transport does not keep yet, each with its reason; the tests fail when one is mended."""

from __future__ import annotations

from typing import Final

import attrs
from faults_expect import Mode
from faults_kinds import Kind
from faults_model import Fault


@attrs.frozen
class Known:
    reason: str
    kinds: tuple[Kind, ...] | None = None
    modes: tuple[Mode, ...] = tuple(Mode)


KNOWN: Final[dict[str, Known]] = {}


def known_bug(fault: Fault, kind: Kind, mode: Mode) -> str | None:
    """Why this cell fails for now, or None."""
    known = KNOWN.get(fault.name)
    if known is None or mode not in known.modes or not (known.kinds is None or kind in known.kinds):
        return None
    return known.reason
